"""What is known of an API: its paths, auth, paging, selectors and keys, as the corpus's `truth/` files state them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

_VARIABLE = re.compile(r"\{\{.*?\}\}|\{.*?\}")
_UNPLAYED = ("custom", "selector_custom", "decoder", "custom_partition", "base_url")


@dataclass(frozen=True)
class Paging:
    """How an endpoint pages; None: not said."""

    kind: str = "single"
    param: str | None = None
    path: str | None = None
    size_param: str | None = None
    size: int | None = None
    start: int | None = None
    location: str | None = None
    path_from: str | None = None


@dataclass(frozen=True)
class Auth:
    """How requests prove who they come from; kind None: by code of its own."""

    kind: str | None = "none"
    name: str | None = None
    location: str | None = None
    value_prefix: str = ""


@dataclass(frozen=True)
class Endpoint:
    """One list of an API. `parent` is the name of the endpoint whose records' `parent_key` fills `parent_param`."""

    name: str
    path: str
    method: str = "GET"
    paging: Paging = Paging()
    selector: str = "$"
    key: tuple[str, ...] = ("id",)
    parent: str | None = None
    parent_key: str | None = None
    parent_param: str | None = None
    above_param: str | None = None
    """The variable of the path that holds the parent's own parent, where there is one."""
    fields: tuple[str, ...] = ()
    """Fields that other endpoints or an increment need of its records."""
    is_parent: bool = False

    @property
    def is_one(self) -> bool:
        """Whether it has one record, and no list: that of the parent's row which its path ends with."""
        named = self.parent is not None and self.path.rstrip("/").endswith(f"{{{self.parent_param}}}")
        return named and self.paging.kind == "single" and (self.selector == "$" or self.parent_key in self.key)

    @property
    def is_open(self) -> bool:
        """Whether its path has a variable whose values nobody lists."""
        return self.parent is None and _VARIABLE.search(self.path) is not None

    @property
    def shape(self) -> str:
        """The path with a star for each variable, by which it is found again."""
        return shape_of(self.path)

    @property
    def pattern(self) -> re.Pattern[str]:
        """Of the paths that lead here; the parent's value is the group `parent`, that of its own parent `above`."""
        parts, at = [], 0
        for found in _VARIABLE.finditer(self.path.strip("/")):
            parts.append(re.escape(self.path.strip("/")[at : found.start()]))
            name = found[0].strip("{} ")
            group = {self.parent_param: "parent", self.above_param: "above"}.get(name) if self.parent else None
            parts.append(f"(?P<{group}>[^/]+)" if group and f"<{group}>" not in "".join(parts) else "[^/]+")
            at = found.end()
        return re.compile("".join(parts) + re.escape(self.path.strip("/")[at:]))


@dataclass(frozen=True)
class Facts:
    """All that is known of one API."""

    auth: Auth = Auth()
    endpoints: tuple[Endpoint, ...] = ()
    unplayed: tuple[str, ...] = field(default=())
    """Shapes of paths that the API has, but whose behaviour is not known well enough to be played."""

    @property
    def beginnings(self) -> list[str]:
        """What all paths begin with, the shortest first: some documentations count it to the base URL."""
        folders = [shape.split("/")[:-1] for shape in (*(each.shape for each in self.endpoints), *self.unplayed)]
        shared = list(takewhile(lambda steps: len(set(steps)) == 1 and steps[0] != "*", zip(*folders, strict=False)))
        return ["/".join(steps[0] for steps in shared[: number + 1]) for number in range(len(shared))]

    def at(self, shape: str) -> Endpoint | None:
        """The endpoint whose path has this shape."""
        return next((each for each in self.endpoints if each.shape == shape), None)

    def named(self, name: str) -> Endpoint | None:
        """The endpoint of that name."""
        return next((each for each in self.endpoints if each.name == name), None)


def shape_of(path: str) -> str:
    """A path with its variables made alike, and without its query."""
    return _VARIABLE.sub("*", path).split("?")[0].strip("/")


def read_facts(path: Path) -> Facts:
    """The facts of one file; of several resources with one path, the first says how it behaves."""
    raw = yaml.safe_load(path.read_text())
    rows: dict[str, dict[str, Any]] = {}
    for row in raw["resources"] or []:
        rows.setdefault(shape_of(str(row["path"])), row)
    played = {shape: row for shape, row in rows.items() if _is_played(row)}
    for shape, row in list(played.items()):
        if row.get("other_parents") and not _between(row, played):
            del played[shape]
    names = {row["name"] for row in played.values()}
    # A child whose parent cannot be played has nobody to give its path a value.
    while orphans := [shape for shape, row in played.items() if row["parent"] and row["parent"] not in names]:
        for shape in orphans:
            names.discard(played.pop(shape)["name"])
    endpoints = tuple(_endpoint(row, list(played.values())) for row in played.values())
    auth = raw["auth"] or {}
    kind = auth.get("kind")
    if auth.get("custom"):
        kind = None
    return Facts(
        Auth(kind, auth.get("name"), auth.get("location"), auth.get("value_prefix") or ""),
        endpoints,
        tuple(shape for shape in rows if shape not in played),
    )


def _is_played(row: dict[str, Any]) -> bool:
    paging, selector = row["paging"] or {}, row["selector"]
    if any(row.get(key) for key in _UNPLAYED) or paging.get("custom") or selector is None or "[" in selector:
        return False
    named = isinstance(row["path"], str) and re.search(r"\w", shape_of(row["path"]))
    if "*" in selector or not named or "://" in row["path"]:
        return False
    kind, own_body = paging.get("kind"), paging.get("path") and not paging.get("path_from")
    if kind == "cursor" and not (paging.get("param") and (paging.get("path") or paging.get("location") == "header")):
        return False
    if kind in {"cursor", "next_url"} and (not paging.get("path") or (own_body and selector == "$")):
        return False
    if kind in {"offset", "page_number"} and not paging.get("param"):
        return False
    owned = not row["parent"] or f"{{{row.get('parent_param')}}}" in row["path"]
    return kind is not None and owned and paging.get("location") != "header"


def _between(row: dict[str, Any], played: dict[str, dict[str, Any]]) -> bool:
    """Take for the parent of a row with several the one that is below the others; whether its path then is clear."""
    among = {row["parent"], *row["other_parents"]}
    known = [other for other in played.values() if other["name"] in among]
    nearest = next((one for one in known if one["parent"] and (among == {one["name"]} or one["parent"] in among)), None)
    variables = [found[0].strip("{} ") for found in _VARIABLE.finditer(row["path"])]
    if nearest is None or len(variables) != 2 or nearest["parent_param"] not in variables:
        return False
    if nearest["name"] != row["parent"]:
        row["parent"], row["parent_key"] = nearest["name"], "id"
    row["above_param"] = nearest["parent_param"]
    row["parent_param"] = next(name for name in variables if name != row["above_param"])
    return True


def _endpoint(row: dict[str, Any], rows: list[dict[str, Any]]) -> Endpoint:
    paging = {name: row["paging"].get(name) for name in Paging.__dataclass_fields__}
    children = [other for other in rows if other["parent"] == row["name"]]
    needed = [str(other["parent_key"] or "id") for other in children]
    incremental = (row["incremental"] or {}).get("cursor_field")
    return Endpoint(
        name=row["name"],
        path=row["path"],
        method=row["method"] or "GET",
        paging=Paging(**paging),
        selector=row["selector"],
        key=tuple(str(key) for key in row["primary_key"] or ()),
        parent=row["parent"],
        parent_key=str(row.get("parent_key") or "id"),
        parent_param=row.get("parent_param"),
        above_param=row.get("above_param"),
        fields=(*needed, *([incremental] if isinstance(incremental, str) else [])),
        is_parent=bool(children),
    )
