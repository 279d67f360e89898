"""Values of rows above a parent's: where a configuration names them, and how they come down dlt's pipes.

dlt knows fields of one parent alone. So before it reads a configuration, a field of an ancestor is written as one of
the nearest parent, under a name that says what it is; its value goes beside the pages, as what dlt calls their meta.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from dlt.common import jsonpath

from headrace.spec.lines import nearest

_MARK = "__above__"
_PLACES = ("path", "params", "headers", "json", "data")
_ABSENT = object()
Owner: TypeAlias = Callable[[str, str], tuple[str, str]]


class Place(NamedTuple):
    """Where a value stands: a resource, and a path below its row, or one of the row's keys."""

    resource: str
    field: str
    is_key: bool = False

    def of(self, row: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the JSON door
        """The value in a row, or `_ABSENT`."""
        if self.is_key:
            return row.get(self.field, _ABSENT)
        found = jsonpath.find_values(self.field, row)
        return found[0] if found else _ABSENT


@dataclass(frozen=True, slots=True)
class Line:
    """What resources below want of the rows that a page was asked for. `again`: the page was there for another line."""

    values: Mapping[Place, Any]
    again: bool = False
    place: Any = None
    """Where the increment of the row stands, if there is one."""

    def value(self, place: Place) -> Any:  # noqa: ANN401 - the JSON door
        """Raises ValueError where the row above has none, in the way in which dlt does."""
        if place not in self.values:
            raise ValueError(
                f"Resource expects a field `{place.field}` to be present in the rows of `{place.resource}`"
            )
        return self.values[place]


NOTHING = Line({})


def further(line: Line, parent: str, row: Mapping[str, Any], wanted: tuple[Place, ...]) -> Line:
    """The line of what is asked for with a row of `parent`, which has come by way of `line`."""
    found = {place: place.of(row) if place.resource == parent else line.values.get(place, _ABSENT) for place in wanted}
    return Line({place: value for place, value in found.items() if value is not _ABSENT})


def place_of(field: str) -> Place | None:
    """What a field of the nearest parent stands for, if it is that of an ancestor."""
    mark, _, rest = field.partition(".")
    resource, _, path = rest.partition(".")
    return Place(resource, path) if mark == _MARK else None


def handed_down(
    parents: Mapping[str, str | None], wanted: Mapping[str, tuple[Place, ...]]
) -> dict[str, tuple[Place, ...]]:
    """By resource, what those below it want of its parent's row and of those above.

    `parents` are of all resources, a parent before its children; `wanted` is what each takes itself of rows above.
    """
    found: dict[str, tuple[Place, ...]] = dict.fromkeys(parents, ())
    for name, parent in reversed(list(parents.items())):
        if parent is not None:
            further_up = (place for place in (*wanted[name], *found[name]) if place.resource != parent)
            found[parent] = tuple(dict.fromkeys((*found[parent], *further_up)))
    return found


def check_above(name: str, places: tuple[Place, ...], parents: Mapping[str, str | None]) -> None:
    """Raises ValueError for a place that is in no row above that of the parent."""
    line: list[str] = []
    above = parents[name]
    while above is not None:
        above = parents[above]
        line += [above] if above is not None else []
    for place in places:
        if place.resource not in line:
            raise ValueError(
                f"Resource `{name}` takes `{place.field}` of `{place.resource}`, which is not above its parent"
            )


def hide_ancestors(config: dict[str, Any]) -> None:
    """Write every field of an ancestor as one of the nearest parent; what has no nearest is left for dlt to refuse."""
    resources = [one for one in config.get("resources") or [] if isinstance(one, dict)]
    named = {str(one.get("name")): tuple(dict.fromkeys(owner for owner, _ in _fields(one))) for one in resources}
    for one in resources:
        names = named[str(one.get("name"))]
        parent = nearest(names, named) if len(names) > 1 else None
        if parent is not None:
            _renamed(one, _below(parent))


def _below(parent: str) -> Owner:
    return lambda owner, field: (owner, field) if owner == parent else (parent, f"{_MARK}.{owner}.{field}")


def _fields(resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields of other resources that a resource names, each with its owner."""
    found: list[tuple[str, str]] = []

    def kept(owner: str, field: str) -> tuple[str, str]:
        found.append((owner, field))
        return owner, field

    _renamed(resource, kept)
    return iter(found)


def _renamed(resource: dict[str, Any], owner: Owner) -> None:
    """Put each field that a resource names as `owner` says."""
    endpoint = resource.get("endpoint")
    if isinstance(endpoint, str):
        resource["endpoint"] = _text(endpoint, owner)
    if isinstance(endpoint, dict):
        for key in _PLACES:
            if key in endpoint:
                endpoint[key] = _value(endpoint[key], owner)


def _value(value: Any, owner: Owner) -> Any:  # noqa: ANN401 - the JSON door
    match value:
        case {"type": "resolve", "resource": str() as resource, "field": str() as field}:
            resource, field = owner(resource, field)
            return {**value, "resource": resource, "field": field}
        case dict() if type(value) is dict:
            return {_value(key, owner): _value(one, owner) for key, one in value.items()}
        case list() if type(value) is list:
            return [_value(one, owner) for one in value]
        case str():
            return _text(value, owner)
        case _:
            return value


def _text(words: str, owner: Owner) -> str:
    """A text with its placeholders put anew; as it is where its braces do not pair."""
    try:
        pieces = list(string.Formatter().parse(words))
    except ValueError:
        return words
    return "".join(
        literal.replace("{", "{{").replace("}", "}}")
        + (
            ""
            if name is None
            else "{" + _name(name, owner) + (f"!{how}" if how else "") + (f":{form}" if form else "") + "}"
        )
        for literal, name, form, how in pieces
    )


def _name(name: str, owner: Owner) -> str:
    match name.split(".", 2):
        case ["resources", resource, field] if resource and field:
            return ".".join(("resources", *owner(resource, field)))
        case _:
            return name
