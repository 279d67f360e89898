"""Rows in plain dictionaries: deleting by key with what hangs on them, and the last read of each key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from headrace.model.strategy import Order
from headrace.model.table import TableSchema

Row: TypeAlias = dict[str, Any]
_Key: TypeAlias = tuple[Any, ...]


def delete(data: dict[str, list[Row]], tables: Sequence[TableSchema], new: Sequence[Row]) -> None:
    """Delete the roots whose primary or merge key the new rows have, and what hangs on them."""
    root = tables[0]
    keys = [key for key in (root.primary_key, root.merge_key) if key]
    read = [(key, {key_of(row, key) for row in new} - {None}) for key in keys]
    doomed = [row for row in data.get(root.name, []) if any(key_of(row, key) in known for key, known in read)]
    remove(data, tables, doomed)


def remove(
    data: dict[str, list[Row]],
    tables: Sequence[TableSchema],
    roots: Sequence[Row],
    kept: AbstractSet[str] = frozenset(),
) -> None:
    """Delete some rows of the root, and what hangs on their ids, but for those in `kept`."""
    ids = {row["_dlt_id"] for row in roots} - kept
    gone = {id(row) for row in roots} | dict(_under(data, tables, ids)).keys()
    for table in tables:
        if table.name in data:
            data[table.name] = [row for row in data[table.name] if id(row) not in gone]


def last_reads(new: Mapping[str, list[Row]], tables: Sequence[TableSchema]) -> tuple[dict[str, list[Row]], int]:
    """Of roots with one primary key only the last, or the first by the table's order, less what is marked to go.

    Of their children only those that hang on a root that stays. How many rows another one of their key replaced, too.
    """
    root, rows = tables[0], new[tables[0].name]
    best = best_of(rows, root.primary_key, root.dedup_sort, last=True)
    stay = [row for number, row in enumerate(rows) if number in best and not is_marked(row, root)]
    orphaned = {row["_dlt_id"] for row in rows} - {row["_dlt_id"] for row in stay}
    under = dict(_under(new, tables, orphaned))
    entering = {
        table.name: stay if table.parent is None else [row for row in new[table.name] if id(row) not in under]
        for table in tables
    }
    return entering, len(rows) - len(best)


def is_marked(row: Row, root: TableSchema) -> bool:
    """Whether the row is there to say that its key is to go."""
    return bool(root.hard_delete) and row.get(root.hard_delete) not in {None, False}


def best_of(rows: Sequence[Row], key: Sequence[str], sort: tuple[str, Order] | None, *, last: bool) -> set[int]:
    """The numbers of the rows that stand for their key: the first by `sort`, and among equals the last or first one."""
    best: dict[_Key, int] = {}
    without = set[int]()
    numbers = range(len(rows) - 1, -1, -1) if last else range(len(rows))
    for number in numbers:
        own = key_of(rows[number], key)
        if own is None:
            without.add(number)
        elif own not in best or _is_before(rows[number], rows[best[own]], sort):
            best[own] = number
    return without | {*best.values()}


def _is_before(row: Row, other: Row, sort: tuple[str, Order] | None) -> bool:
    one, two = (None, None) if sort is None else (row.get(sort[0]), other.get(sort[0]))
    if one is None or two is None:
        return one is not None and two is None
    return bool(one < two) if sort is not None and sort[1] == "asc" else bool(one > two)


def _under(
    data: Mapping[str, list[Row]], tables: Sequence[TableSchema], ids: Iterable[str]
) -> Iterator[tuple[int, Row]]:
    """The rows that hang on roots with these ids: by their root's id, else by their parent's."""
    roots = set(ids)
    known = {tables[0].name: roots}
    for table in tables[1:]:
        parents = known.get(table.parent or "", set())
        hanging = [
            row
            for row in data.get(table.name, [])
            if (
                row["_dlt_root_id"] in roots
                if row.get("_dlt_root_id") is not None
                else row["_dlt_parent_id"] in parents
            )
        ]
        known[table.name] = {row["_dlt_id"] for row in hanging}
        yield from ((id(row), row) for row in hanging)


def key_of(row: Row, columns: Sequence[str]) -> _Key | None:
    """The key of a row, or None if it has none: nulls are equal to nothing."""
    values = tuple(row.get(column) for column in columns)
    return values if values and all(value is not None for value in values) else None


def widen(rows: Iterable[Row], table: TableSchema) -> None:
    """Every row has every column, as in a database."""
    for row in rows:
        for column in table.columns:
            row.setdefault(column.name, None)
