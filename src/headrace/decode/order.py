"""In which order new tables and columns enter the schema: as they would have come up, record by record, in dlt.

Arrow tells no order of keys in a single record, so the few records that first show something new are read again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow.compute as pc

from headrace.decode.observed import Observation
from headrace.decode.record import Row, parse, rows_of
from headrace.decode.shape import Shape
from headrace.model.table import Column

_LAST = 1 << 30


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A column that the schema does not have yet, and where it first has a value: a row of observed table `place`.

    `beside` is the column of the data that it comes with: itself, or for a variant the one it belongs to. What the
    data does not hold (the columns of our own) follows it.
    """

    column: Column
    table: str
    place: int
    row: int
    beside: str


def in_order(newcomers: Iterable[Newcomer], observation: Observation, shape: Shape) -> list[Newcomer]:
    """The newcomers in order of appearance; equal ones stay as given."""
    records: dict[int, dict[str, list[tuple[int, Row]]]] = {}

    def key(newcomer: Newcomer) -> tuple[int, int, int]:
        roots = observation.tables[newcomer.place].root_rows
        root_row = int(roots[newcomer.row].as_py())
        if root_row not in records:
            records[root_row] = _rows_by_table(observation, root_row, shape)
        local = newcomer.row - int(pc.index(roots, root_row).as_py())
        rows = records[root_row].get(newcomer.table, [])
        if local >= len(rows):  # pragma: no cover - both ways of reading agree on rows
            return root_row, _LAST, _LAST
        number, row = rows[local]
        names = list(row.values)
        return root_row, number, names.index(newcomer.beside) if newcomer.beside in names else _LAST

    return sorted(newcomers, key=key)


def _rows_by_table(observation: Observation, root_row: int, shape: Shape) -> dict[str, list[tuple[int, Row]]]:
    rows = rows_of(parse(observation.body(observation.record(root_row))), shape, {})
    by_table: dict[str, list[tuple[int, Row]]] = {}
    for number, row in enumerate(rows):
        by_table.setdefault(row.table, []).append((number, row))
    return by_table
