"""Rows in plain dictionaries: deleting by key with what hangs on them, and the last read of each key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from headrace.model.table import TableSchema

Row: TypeAlias = dict[str, Any]
_Key: TypeAlias = tuple[Any, ...]


def delete(data: dict[str, list[Row]], tables: Sequence[TableSchema], new: Sequence[Row]) -> None:
    """Delete the roots whose primary or merge key the new rows have, and what hangs on them."""
    root = tables[0]
    keys = [key for key in (root.primary_key, root.merge_key) if key]
    read = [(key, {_key(row, key) for row in new} - {None}) for key in keys]
    doomed = [row for row in data.get(root.name, []) if any(_key(row, key) in known for key, known in read)]
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


def last_reads(new: Mapping[str, list[Row]], tables: Sequence[TableSchema]) -> dict[str, list[Row]]:
    """Of roots with one primary key only the last, and of their children only those that hang on a root that stays."""
    root = tables[0]
    last = {key: row for row in new[root.name] if (key := _key(row, root.primary_key)) is not None}
    stay = [row for row in new[root.name] if (key := _key(row, root.primary_key)) is None or last[key] is row]
    orphaned = {row["_dlt_id"] for row in new[root.name]} - {row["_dlt_id"] for row in stay}
    under = dict(_under(new, tables, orphaned))
    return {
        table.name: stay if table.parent is None else [row for row in new[table.name] if id(row) not in under]
        for table in tables
    }


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


def _key(row: Row, columns: Sequence[str]) -> _Key | None:
    """The key of a row, or None if it has none: nulls are equal to nothing."""
    values = tuple(row.get(column) for column in columns)
    return values if values and all(value is not None for value in values) else None


def widen(rows: Iterable[Row], table: TableSchema) -> None:
    """Every row has every column, as in a database."""
    for row in rows:
        for column in table.columns:
            row.setdefault(column.name, None)
