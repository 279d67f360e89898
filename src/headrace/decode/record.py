"""How one record becomes rows, in Python and in dlt's own order: the row lane's heart, and the yardstick for order.

dlt opens the last nested object of a record first, so the columns of `{"a": {…}, "b": {…}}` come as b's, then a's;
a later value under the same name replaces an earlier one but keeps its place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from headrace.decode.names import joined, normalise
from headrace.decode.shape import Shape

_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `values` by column, nulls included, in order; `parent` is the place of the parent row in the record."""

    table: str
    parent_table: str | None
    parent: int
    list_index: int
    values: dict[str, Any]


class Unreadable(ValueError):
    """A record that is not JSON; the message says why, to stand after "the record"."""


def parse(body: bytes, counts: dict[str, int] | None = None) -> Any:  # noqa: ANN401 - the JSON door
    """The value of a JSON text, integers exact. Raises Unreadable.

    Bytes that are not UTF-8 and halves of surrogate pairs become U+FFFD; `counts` takes how many records had some.
    """
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError:
        raise Unreadable("nests too deeply to be read") from None
    try:
        loaded = json.loads(body.decode("utf-8", "replace"))
        mended = _mended(loaded)
    except ValueError as error:
        raise Unreadable(f"is not valid JSON ({error})") from None
    except RecursionError:
        raise Unreadable("nests too deeply to be read") from None
    if counts is not None and (mended != loaded or not _is_utf8(body)):
        _count(counts, "a record held text that is not valid Unicode; U+FFFD stands for what could not be read")
    return mended


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _count(counts: dict[str, int], sentence: str) -> None:
    counts[sentence] = counts.get(sentence, 0) + 1


def _mended(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def rows_of(record: Any, shape: Shape, counts: dict[str, int]) -> list[Row]:  # noqa: ANN401
    """All rows of a record, parents before children, depth first. `counts` takes what was lost on the way."""
    unfolding = _Unfolding(shape, counts)
    unfolding.add(record if isinstance(record, dict) else {"value": record}, _Spot(shape.table), shape.depth)
    return unfolding.rows


@dataclass(frozen=True, slots=True)
class _Spot:
    table: str
    parent_table: str | None = None
    parent: int = -1
    list_index: int = 0


class _Unfolding:
    """The rows of one record as they come up."""

    def __init__(self, shape: Shape, counts: dict[str, int]) -> None:
        self.rows: list[Row] = []
        self._shape = shape
        self._counts = counts

    def add(self, fields: dict[str, Any], spot: _Spot, depth: int) -> None:
        """One object and all below it."""
        values, lists = _flatten(fields, spot.table, self._shape, depth, self._counts)
        me = len(self.rows)
        self._row(spot, values)
        for name, items in lists:
            table = joined((spot.table,), name)
            for index, item in enumerate(items):
                self._item(item, _Spot(table, spot.table, me, index), depth - 1)

    def _item(self, item: Any, spot: _Spot, depth: int) -> None:  # noqa: ANN401
        if isinstance(item, dict):
            self.add(item, spot, depth)
        elif isinstance(item, list):
            self.add({"list": item}, spot, depth - 1)
        else:
            self._row(spot, {"value": _scalar(item, spot.table, "value", self._counts)})

    def _row(self, spot: _Spot, values: dict[str, Any]) -> None:
        self.rows.append(Row(spot.table, spot.parent_table, spot.parent, spot.list_index, values))


def _flatten(
    fields: dict[str, Any], table: str, shape: Shape, depth: int, counts: dict[str, int]
) -> tuple[dict[str, Any], list[tuple[str, list[Any]]]]:
    """The columns of one object and its lists, by name."""
    values: dict[str, Any] = {}
    lists: dict[tuple[str, ...], list[Any]] = {}
    waiting: list[tuple[dict[str, Any], tuple[str, ...], int]] = [(fields, (), depth)]
    while waiting:
        current, path, level = waiting.pop()
        for key, value in current.items():
            part = normalise(key)
            name = joined(path, part)
            nested = isinstance(value, (dict, list))
            if nested and level > 0 and not (name in shape.json and table == shape.table):
                if isinstance(value, dict):
                    waiting.append((value, (*path, part), level - 1))
                    continue
                if lists.get((*path, part)):
                    _lose(counts, table, name)
                lists[(*path, part)] = value
                continue
            if values.get(name) is not None:
                _lose(counts, table, name)
            values[name] = value if nested else _scalar(value, table, name, counts)
    return values, [(joined(path[:-1], path[-1]), items) for path, items in lists.items()]


def _lose(counts: dict[str, int], table: str, name: str) -> None:
    _count(counts, f"{table}.{name}: two keys of one record have this name; the last one stands, as in dlt")


def _scalar(value: Any, table: str, name: str, counts: dict[str, int]) -> Any:  # noqa: ANN401
    if isinstance(value, float) and not math.isfinite(value):
        _count(counts, f"{table}.{name}: a number beyond the range of a double became null, as in dlt")
        return None
    return value


def kinds_of(records: Iterator[Any]) -> dict[str, set[str]]:
    """The keys that hold values of several kinds at one place of the records, and these kinds as `split` has them."""
    seen: dict[tuple[Any, ...], set[str]] = {}
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), record) for record in records]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            for key, item in value.items():
                kind = _part(item)
                if kind:
                    here = (*path, key)
                    seen.setdefault(here, set()).add(kind)
                    if kind in "LO":
                        waiting.append((here, item))
        elif isinstance(value, list):
            waiting.extend(((*path, 0), item) for item in value if isinstance(item, (dict, list)))
    mixed: dict[str, set[str]] = {}
    for path, kinds in seen.items():
        if len(kinds) > 1:
            mixed.setdefault(path[-1], set()).update(kinds)
    return mixed


def _part(value: Any) -> str:  # noqa: ANN401
    match value:
        case None:
            return ""
        case bool():
            return "B"
        case int() | float():
            return "N"
        case str():
            return "S"
        case list():
            return "L"
        case _:
            return "O"
