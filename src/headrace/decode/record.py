"""How one record becomes rows, in Python and in dlt's own order: the row lane's heart, and the yardstick for order.

dlt opens the last nested object of a record first, so the columns of `{"a": {…}, "b": {…}}` come as b's, then a's;
a later value under the same name replaces an earlier one but keeps its place.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Never, Self

import msgspec

from headrace.decode.losses import Loss, Losses, Lost, add
from headrace.decode.names import joined, normalise
from headrace.decode.shape import Shape

_decode = msgspec.json.Decoder().decode


class Literal(float):
    """A number with a fraction or an exponent, and how it was written."""

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> Self:
        """The number that the text says."""
        self = super().__new__(cls, text)
        self.text = text
        return self


_decode_literally = msgspec.json.Decoder(float_hook=Literal).decode


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


def parse(body: bytes) -> Any:  # noqa: ANN401 - the JSON door
    """The value of a JSON text, integers exact. Raises Unreadable.

    Bytes that are not UTF-8 and halves of surrogate pairs become U+FFFD; of a key that comes twice the last one stands.
    """
    return _parsed(body, _decode, float)[0]


def read(body: bytes, shape: Shape, losses: Losses) -> Any:  # noqa: ANN401
    """As `parse`, and note in `losses` what that alone has lost of a record.

    Where a column of the shape keeps all digits, numbers with a fraction or an exponent are `Literal`.
    """
    value, is_unicode = _parsed(body, _decode_literally, Literal) if shape.decimals else _parsed(body, _decode, float)
    if not is_unicode:
        add(losses, Lost(shape.table, Loss.UNICODE))
    # Every key is followed by a colon in the bytes: as many as in the value, and none can have come twice.
    if len(_KEY_END.findall(body)) != _count_keys(value):
        repeated = _repeated_keys(body)
        if repeated:
            add(losses, Lost(shape.table, Loss.REPEATED), repeated)
    return value


_KEY_END = re.compile(rb'"\s*:')


def _count_keys(value: Any) -> int:  # noqa: ANN401
    count = 0
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            count += len(current)
            waiting += [item for item in current.values() if isinstance(item, (dict, list))]
        elif isinstance(current, list):
            waiting += [item for item in current if isinstance(item, (dict, list))]
    return count


def _parsed(body: bytes, decode: Callable[[bytes], Any], number: type[float]) -> tuple[Any, bool]:
    """The value, and whether its texts are as they came; `decode` makes a `number` of each float."""
    try:
        return decode(body), True
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError:
        raise Unreadable("nests too deeply to be read") from None
    try:
        loaded = json.loads(body.decode("utf-8", "replace"), parse_constant=_no_number, parse_float=number)
        mended = _mended(loaded)
    except ValueError as error:
        raise Unreadable(f"is not valid JSON ({error})") from None
    except RecursionError:
        raise Unreadable("nests too deeply to be read") from None
    return mended, mended == loaded and _is_utf8(body)


def _no_number(name: str) -> Never:
    raise ValueError(f"{name} is no number")


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _repeated_keys(body: bytes) -> int:
    """How many values a later one under the same key of the same object replaces."""
    replaced = 0

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal replaced
        found = dict(pairs)
        if len(found) < len(pairs):
            valued = [key for key, value in pairs if value is not None]
            replaced += len(valued) - len(set(valued))
        return found

    # A number is only there or not, so its digits are not read.
    with contextlib.suppress(RecursionError):
        json.loads(body.decode("utf-8", "replace"), object_pairs_hook=look, parse_int=len, parse_float=len)
    return replaced


def _mended(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def rows_of(record: Any, shape: Shape, losses: Losses) -> list[Row]:  # noqa: ANN401
    """All rows of a record, parents before children, depth first. `losses` takes what was lost on the way."""
    unfolding = _Unfolding(shape, losses)
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

    def __init__(self, shape: Shape, losses: Losses) -> None:
        self.rows: list[Row] = []
        self._shape = shape
        self._losses = losses

    def add(self, fields: dict[str, Any], spot: _Spot, depth: int) -> None:
        """One object and all below it."""
        values, lists = _flatten(fields, spot.table, self._shape, depth, self._losses)
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
            self._row(spot, {"value": _scalar(item, spot.table, "value", self._losses)})

    def _row(self, spot: _Spot, values: dict[str, Any]) -> None:
        self.rows.append(Row(spot.table, spot.parent_table, spot.parent, spot.list_index, values))


def _flatten(
    fields: dict[str, Any], table: str, shape: Shape, depth: int, losses: Losses
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
            if nested and level > 0 and not shape.stays_json(table, name):
                if isinstance(value, dict):
                    waiting.append((value, (*path, part), level - 1))
                    continue
                if lists.get((*path, part)):
                    add(losses, Lost(f"{table}.{name}", Loss.NAMES))
                lists[(*path, part)] = value
                continue
            if values.get(name) is not None:
                add(losses, Lost(f"{table}.{name}", Loss.NAMES))
            values[name] = value if nested else _scalar(value, table, name, losses)
    return values, [(joined(path[:-1], path[-1]), items) for path, items in lists.items()]


def _scalar(value: Any, table: str, name: str, losses: Losses) -> Any:  # noqa: ANN401
    if isinstance(value, float) and not math.isfinite(value):
        add(losses, Lost(f"{table}.{name}", Loss.INFINITE))
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
