"""The records of a played API: as many as make three pages, each with a mark that no other record has."""

from __future__ import annotations

from typing import Any

from tests.truth.facts import Endpoint, Facts

MARK = "mark"
_UNSAID = 20
_MOST = 1000
_OF_PARENTS = 3  # records of a page of parents: each of them is one more walk


def page_size(endpoint: Endpoint) -> int:
    """How many records a page has at most."""
    if endpoint.is_parent:
        return _OF_PARENTS
    return min(endpoint.paging.size or _UNSAID, _UNSAID if endpoint.parent else _MOST)


class Shelf:
    """All records of an API, by endpoint and by the value that the path has for its parent."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._lists: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._opened: dict[str, str] = {}

    def records(self, endpoint: Endpoint, parent: str = "") -> list[dict[str, Any]]:
        """The list at an endpoint. The first parent has three pages, the last none, the others have one record."""
        found = self._lists.get((endpoint.name, parent))
        if found is None:
            number = self._number(endpoint, parent)
            found = [_record(endpoint, parent, place) for place in range(number)]
            self._lists[endpoint.name, parent] = found
        return found

    def parents(self, endpoint: Endpoint, within: list[str] | None = None) -> list[str]:
        """The values that the path of a child takes, or the one empty value of a list without a parent.

        `within`: those alone that the parent has for these values of its own path.
        """
        above = self._facts.named(endpoint.parent) if endpoint.parent else None
        if above is None:
            return [""]
        key = endpoint.parent_key or "id"
        return [
            str(_at(row, key))
            for one in (self.parents(above) if within is None else within)
            for row in self.records(above, one)
        ]

    def marks(self, endpoint: Endpoint, parents: list[str] | None = None) -> list[str]:
        """What a whole load holds."""
        if parents is None and endpoint.is_open:
            parents = [value for name, value in self._lists if name == endpoint.name]
        values = self.parents(endpoint) if parents is None else parents
        return [str(row[MARK]) for value in values for row in self.records(endpoint, value)]

    def _number(self, endpoint: Endpoint, parent: str) -> int:
        if endpoint.is_one:
            return 1
        if endpoint.is_open:  # any value is one of this API's; the first that is asked for has a list of some length
            self._opened.setdefault(endpoint.name, parent)
            size = page_size(endpoint)
            return 2 * size + size // 2 + 1 if self._opened[endpoint.name] == parent else 1
        known = self.parents(endpoint)
        if endpoint.parent and parent not in known:
            return 0
        if endpoint.parent and parent != known[0]:
            return 0 if parent == known[-1] else 1
        size = page_size(endpoint)
        return 2 * size + size // 2 + 1


def _record(endpoint: Endpoint, parent: str, place: int) -> dict[str, Any]:
    own = f"{endpoint.name}-{parent}-{place}" if parent else f"{endpoint.name}-{place}"
    unique = "".join(letter if letter.isalnum() or letter == "-" else "-" for letter in own)
    record: dict[str, Any] = {MARK: own, "title": f"number {place}"}
    for name in (
        *endpoint.fields,
        *([endpoint.paging.path] if endpoint.paging.path_from and endpoint.paging.path else []),
    ):
        _put(record, name, unique)
    parts = len(endpoint.key)
    for number, name in enumerate(endpoint.key):
        if parts == 1:
            _put(record, name, unique)
        else:  # no part of a key of several is one by itself
            _put(record, name, f"{parent}{place // 7 if number == 0 else place % 7 if number == 1 else place}")
    for name in endpoint.fields:
        _put(record, name, unique)
    return record


def _put(record: dict[str, Any], path: str, value: str) -> None:
    keys = [path] if path.startswith("@") else path.split(".")
    for key in keys[:-1]:
        record = record.setdefault(key, {})
    record[keys[-1]] = value


def _at(record: dict[str, Any], path: str) -> Any:
    for key in path.split("."):
        record = record[key]
    return record


put = _put
"""Put a value into nested objects, by the path of its keys."""
