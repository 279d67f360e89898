"""The slow lane: a batch that Arrow cannot read goes through Python objects, into the very same observation."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import pyarrow as pa

from headrace.decode.losses import Losses, add
from headrace.decode.observed import ARROW_OF_KIND, Invalid, Kind, ObservedColumn, ObservedTable
from headrace.decode.record import Literal as Digits
from headrace.decode.record import Row, Unreadable, read, rows_of
from headrace.decode.shape import Shape

_UNREADABLE = "the record {}; look at the page and ask the API's owner"
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
ALWAYS_FITS = 1e28
"""Smaller numbers fit into any decimal column, once they are rounded to its places."""


@dataclass(slots=True)
class Taken:
    """What the row lane made of a batch."""

    tables: tuple[ObservedTable, ...]
    invalid: tuple[Invalid, ...]
    record_of_row: pa.Array | None
    losses: Losses


@dataclass(slots=True)
class _Table:
    name: str
    parent: int | None
    rows: int = 0
    parent_rows: list[int] = field(default_factory=list)
    list_index: list[int] = field(default_factory=list)
    root_rows: list[int] = field(default_factory=list)
    columns: dict[str, dict[Kind, tuple[list[int], list[Any]]]] = field(default_factory=dict)
    decimals: frozenset[str] = frozenset()

    def add(self, row: Row, parent_row: int, root_row: int) -> int:
        if row.parent_table is not None:
            self.parent_rows.append(parent_row)
            self.list_index.append(row.list_index)
        self.root_rows.append(root_row)
        for name, value in row.values.items():
            if value is not None:
                kind, held = _digits(value) if name in self.decimals else _kind(value)
                places, values = self.columns.setdefault(name, {}).setdefault(kind, ([], []))
                places.append(self.rows)
                values.append(held)
        self.rows += 1
        return self.rows - 1

    def observed(self) -> ObservedTable:
        return ObservedTable(
            self.name,
            self.parent,
            self.rows,
            pa.array(self.parent_rows, pa.int64()),
            pa.array(self.list_index, pa.int64()),
            pa.array(self.root_rows, pa.int64()),
            {
                name: ObservedColumn({kind: _spread(kind, *found, self.rows) for kind, found in parts.items()})
                for name, parts in self.columns.items()
            },
        )


def take(records: Sequence[bytes], shape: Shape, *, strict: bool = False) -> Taken:
    """Parse every record, tell the unreadable ones, and lay out the rows of the others by table.

    `strict`: a record that loses something on the way is not taken either.
    """
    tables: dict[tuple[str, int | None], _Table] = {}
    invalid: list[Invalid] = []
    kept: list[int] = []
    losses: Losses = {}
    for number, body in enumerate(records):
        lost: Losses = {}
        try:
            rows = rows_of(read(body, shape, lost), shape, lost)
        except Unreadable as error:
            invalid.append(Invalid(number, _UNREADABLE.format(error)))
            continue
        except RecursionError:
            invalid.append(Invalid(number, _UNREADABLE.format("nests too deeply to be read")))
            continue
        if strict and lost:
            invalid.append(Invalid(number, next(iter(lost)).reason))
            continue
        for one, count in lost.items():
            add(losses, one, count)
        _place(rows, tables, len(kept), shape)
        kept.append(number)
    return Taken(
        tuple(table.observed() for table in tables.values()),
        tuple(invalid),
        pa.array(kept, pa.int64()) if invalid else None,
        losses,
    )


def _place(rows: list[Row], tables: dict[tuple[str, int | None], _Table], root_row: int, shape: Shape) -> None:
    """Add the rows of one record. A table that is reached from two tables stands twice, once below each."""
    numbers = {id(table): number for number, table in enumerate(tables.values())}
    placed: list[tuple[int, int]] = []
    for row in rows:
        parent, parent_row = placed[row.parent] if row.parent >= 0 else (None, -1)
        key = (row.table, parent)
        table = tables.get(key)
        if table is None:
            decimals = shape.decimals if parent is None else frozenset[str]()
            table = tables[key] = _Table(row.table, parent, decimals=decimals)
            numbers[id(table)] = len(tables) - 1
        placed.append((numbers[id(table)], table.add(row, parent_row, root_row)))


def _digits(value: Any) -> tuple[Kind, Any]:  # noqa: ANN401 - a JSON value
    """A number for a decimal column is taken as the text that it was written as: that has all of its digits."""
    if isinstance(value, Digits) and abs(value) < ALWAYS_FITS:
        return "text", value.text
    return _kind(value)


def _kind(value: Any) -> tuple[Kind, Any]:  # noqa: ANN401 - a JSON value
    match value:
        case bool():
            return "bool", value
        case int():
            return ("bigint", value) if _SMALLEST <= value <= _LARGEST else ("huge", str(value))
        case float():
            return "double", value
        case str():
            return "text", value
        case _:
            return "json", json_text(value)


def json_text(value: Any, order: Literal["sorted"] | None = None) -> str:  # noqa: ANN401
    """Compact JSON as dlt writes it (`1e+16`, not `1e16`); integers beyond 64 bits keep their digits."""
    try:
        text = msgspec.json.encode(value, enc_hook=float, order=order).decode()
    except (OverflowError, ValueError):
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=order == "sorted")
    return _STRING_OR_EXPONENT.sub(_with_sign, text) if _EXPONENT.search(text) else text


_EXPONENT = re.compile(r"[0-9]e[0-9]")
_STRING_OR_EXPONENT = re.compile(r'"(?:[^"\\]|\\.)*"|[0-9]e[0-9]')


def _with_sign(match: re.Match[str]) -> str:
    found = match.group()
    return found if found.startswith('"') else found.replace("e", "e+")


def _spread(kind: Kind, places: list[int], values: list[Any], rows: int) -> pa.Array:
    full: list[Any] = [None] * rows
    for place, value in zip(places, values, strict=True):
        full[place] = value
    return pa.array(full, ARROW_OF_KIND[kind])
