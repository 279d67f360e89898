"""Which list of a body holds the records when no selector is stated: dlt's rule without its losses.

dlt takes the first list whose key is one of its names for records, else the first list it meets, three levels deep.
Kept here, with these differences: a list inside `meta`, `links` and the like comes after one outside; an unrelated
list that is empty or holds no objects (`warnings: []`) gives way to one that has objects; `value` is a name for
records too, and capitals do not matter; a null under such a name is an empty list if all else is about paging.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import Raw

from headrace.envelope.find import elements, kind, members
from headrace.envelope.path import render

RECORD_KEYS: Final = frozenset(
    ("data", "items", "results", "entries", "records", "rows", "entities", "payload", "content", "objects", "values")
) | {"value"}
_ASIDE_KEYS: Final = frozenset(
    ("meta", "metadata", "pagination", "paging", "links", "_links", "extras", "headers", "errors", "warnings")
)
_PAGING_KEY: Final = re.compile(
    r"@?(odata|next|prev|first|last|self|page|paging|pagination|per_?page|limit|offset|cursor|total|count|size|has_?"
    r"(more|next)|meta|links|_links|status|success|object|url)",
    re.IGNORECASE,
)
_DEPTH: Final = 3


class Choice(msgspec.Struct, frozen=True):
    """The selector of the records; empty for a null body. `note` says what was passed over, if that may matter."""

    selector: str
    note: str = ""


class _List(msgspec.Struct, frozen=True):
    keys: tuple[str, ...]
    rows: int
    objects: bool

    @property
    def named(self) -> bool:
        return self.keys[-1].lower() in RECORD_KEYS

    @property
    def aside(self) -> bool:
        return any(key.lower() in _ASIDE_KEYS for key in self.keys)


def is_about_paging(key: str) -> bool:
    """Whether a key beside the records is one that pages have."""
    return _PAGING_KEY.match(key) is not None


def choose(root: Raw) -> Choice:
    """Choose the records of a body: a list, the body itself if it is one or holds none."""
    if kind(root) == "null":
        return Choice("")
    found: list[_List] = []
    _collect(root, (), found)
    if not found:
        return Choice(_null_list(root) or "$")
    best = min(found, key=_rank)  # the first of equals, in document order
    fuller = next((other for other in found if other.rows and not best.rows and not other.aside), None)
    note = f"`{render(fuller.keys)}` was passed over, with {fuller.rows} elements" if fuller else ""
    return Choice(render(best.keys), note)


def listed(root: Raw) -> str | None:
    """Where a body has a list that looks like records: not aside, and under a name for records or with objects."""
    if kind(root) == "list":
        return "$"
    found: list[_List] = []
    _collect(root, (), found)
    likely = [one for one in found if not one.aside and (one.named or one.objects)]
    return render(min(likely, key=_rank).keys) if likely else None


def within(root: Raw) -> str | None:
    """Where an object that was taken for a record is but the wrapping of the records; None where it is a record.

    It wraps them if there is one list of objects right below it, under a name for records or beside nothing but keys
    about paging.
    """
    held = members(root)
    lists = [key for key, value in held.items() if any(kind(one) == "object" for one in elements(value))]
    if len(lists) != 1:
        return None
    wraps = lists[0].lower() in RECORD_KEYS or all(key in lists or is_about_paging(key) for key in held)
    return lists[0] if wraps else None


def _rank(one: _List) -> tuple[bool, bool, bool, bool]:
    return (one.aside, not one.named, not one.rows, not one.objects)


def _collect(value: Raw, keys: tuple[str, ...], found: list[_List]) -> None:
    if len(keys) >= _DEPTH:
        return
    for key, below in members(value).items():
        match kind(below):
            case "list":
                row = elements(below)
                found.append(_List((*keys, key), len(row), any(kind(one) == "object" for one in row)))
            case "object":
                _collect(below, (*keys, key), found)
            case _:
                pass


def _null_list(root: Raw) -> str | None:
    """`{"results": null, "next": null}` is an empty page, not a record."""
    held = members(root)
    nulls = [key for key, value in held.items() if key.lower() in RECORD_KEYS and kind(value) == "null"]
    if len(nulls) == 1 and all(key in nulls or is_about_paging(key) for key in held):
        return render((nulls[0],))
    return None
