"""How staged rows enter a warehouse of plain dictionaries, in the way that their table asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from headrace.model.strategy import DeleteInsert, Scd2
from headrace.model.table import ROW, TableSchema
from headrace.sinks.absence import without_absence
from headrace.sinks.memory_rows import Row, delete, last_reads, widen
from headrace.sinks.memory_strategies import Merge
from headrace.sinks.settle import Entry
from headrace.sinks.versions import moment_of


@dataclass(slots=True)
class Staged:
    """One row in the staging; `place` counts the roots, and says of a child on which it hangs if that matters."""

    walk: str
    table: str
    row: Row
    place: int


class Tables(Protocol):
    """As much of a warehouse as rows enter by."""

    tables: dict[str, list[Row]]
    staged: list[Staged]


def place_of(row: Row, at: int, first: int) -> int:
    """The place of a root among all staged rows, or that of the one which a row hangs on."""
    return int(row.pop(ROW)) + first if ROW in row else at


def enter(here: Tables, entry: Entry, tables: Sequence[TableSchema], load_id: str, counts: dict[str, int]) -> int:
    """Let the rows of one entry in. How many of them a later read of the same key replaced."""
    if entry.emptied:
        for table in tables:
            if table.name in here.tables:
                here.tables[table.name] = []
    new = {
        table.name: [staged.row for staged in here.staged if staged.table == table.name and staged.walk in entry.walks]
        for table in tables
    }
    if entry.disposition == "skip" or not new.get(entry.table):
        return 0
    lost = 0
    if entry.disposition == "merge" and isinstance(tables[0].strategy, DeleteInsert):
        delete(here.tables, tables, new[entry.table])
        new, lost = last_reads(new, tables)
    elif entry.disposition == "merge":
        new, lost = _by_strategy(here, entry, tables, load_id)
    for table in tables:
        rows = new[table.name]
        if rows or table.name in here.tables:
            here.tables.setdefault(table.name, []).extend(
                {**row, "_dlt_load_id": load_id} if table.parent is None else dict(row) for row in rows
            )
            widen(here.tables[table.name], table)
            counts[table.name] = counts.get(table.name, 0) + len(rows)
    return lost


def _by_strategy(
    here: Tables, entry: Entry, tables: Sequence[TableSchema], load_id: str
) -> tuple[dict[str, list[Row]], int]:
    way = tables[0].strategy
    assert not isinstance(way, DeleteInsert)  # noqa: S101 - for mypy
    placed = {
        table.name: [(one.place, one.row) for one in here.staged if one.table == table.name and one.walk in entry.walks]
        for table in tables
    }
    if entry.lacks:
        tables = [without_absence(tables[0]), *tables[1:]]
    moment = moment_of(way, load_id) if isinstance(way, Scd2) else None
    return Merge(here.tables, tables, moment, entry.joins).enter(way, placed)
