"""A parent with children in pages, on both levels, of which a server gives those since a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.rest_api.both import Loaded, Which, loaded, pipeline, source
from tests.rest_api.serving import Answer, Api

Config = dict[str, Any]
Prepare = Callable[[Any], Any]
SINCE: Config = {"cursor_path": "at", "initial_value": 0, "start_param": "since"}
CURSOR = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}


class Family:
    """`children` are the values of the children by parent; a test adds to them. `parents` are those listed."""

    def __init__(self, api: Api, children: dict[int, list[Any]]) -> None:
        self.api = api
        self.children = children
        self.parents = list(children)
        api.routes["/parents"] = lambda query: paged([{"id": n, "at": n} for n in self.parents], query)
        for number in children:
            api.routes[f"/parents/{number}/children"] = self._answer(number)

    def asked(self) -> dict[str, int]:
        """How often each parent was asked for its first page, by what was asked; then it is forgotten."""
        found = {
            url: times for url, times in self.api.asked.items() if "/children" in url and "cursor=" not in url
        }  # fmt: skip
        self.api.asked.clear()
        return found

    def since(self, number: int, value: int) -> Answer:
        """The children of one parent since a value."""
        return lambda query: self._answer(number)({"since": str(value), **query})

    def _answer(self, number: int) -> Answer:
        def answer(query: Mapping[str, str]) -> Any:
            since = query.get("since")
            rows = [
                value if isinstance(value, dict) else {"id": f"{number}-{value}", "at": value}
                for value in self.children[number]
                if since is None or isinstance(value, dict) or str(value).zfill(9) >= since.zfill(9)
            ]
            return paged(rows, query)

        return answer


def paged(rows: list[Any], query: Mapping[str, str], size: int = 2) -> Any:
    start = int(query.get("cursor", "0"))
    following = start + size if start + size < len(rows) else None
    return {"data": rows[start : start + size], "next": following}


def config(api: Api, increment: Config | None = None, /, parents: Config | None = None, **hints: Any) -> Config:
    """The parents, and their children by an increment; `hints` are of the children, `endpoint` goes into theirs."""
    endpoint = {"path": "parents/{resources.parents.id}/children", "data_selector": "data"}
    endpoint |= {"incremental": SINCE if increment is None else increment} | hints.pop("endpoint", {})
    return {
        "client": {"base_url": api.url, "paginator": CURSOR, **hints.pop("client", {})},
        "resources": [
            {"name": "parents", "endpoint": {"data_selector": "data"}, **(parents or {})},
            {"name": "children", "endpoint": endpoint, **hints},
        ],
    }


def run(which: Which, line: Any, given: Config, prepare: Prepare = lambda one: one) -> Loaded:
    """One run of this pipeline by the source of ours or of dlt."""
    line.run(prepare(source(which, given)), loader_file_format="parquet")
    return loaded(line)


def new_line(folder: Path, which: Which = "ours") -> Any:
    return pipeline(which, folder)


def ids(loaded: Loaded, name: str = "children") -> list[str]:
    """The ids of the children that there are, as often as they are there."""
    return sorted(row["id"] for row in loaded.tables.rows.get(name, []))


def resource_state(loaded: Loaded, name: str = "children") -> Any:
    sources = loaded.state or {}
    return sources.get("rest_api", {}).get("resources", {}).get(name, {})
