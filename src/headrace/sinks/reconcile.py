"""What a stored schema becomes when the warehouse says otherwise: the catalog always wins."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headrace.model.table import Column, Schema, TableSchema
from headrace.sinks.ddl import Catalog, data_type

_Columns = Mapping[str, str]


def reconcile(newest: Schema, stored: Schema, data: Catalog, staged: Catalog) -> Schema:
    """The `newest` schema, less what somebody dropped, with the types that somebody changed.

    `stored` is the dataset's schema at its last commit: only what it names can have been dropped. Tables that dlt
    made in the dataset before and that no schema names are taken up, and columns that it has added since, so a move
    from dlt goes on with the same types.
    """
    tables: dict[str, TableSchema] = {}
    for table in newest.tables.values():
        waiting = staged.get(table.name, {})
        there = {**waiting, **data.get(table.name, {})}
        # Numbers that were widened in the staging alone are widened in the dataset by the commit.
        there |= {name: sql for name, sql in waiting.items() if sql == "DOUBLE" and there[name] == "BIGINT"}
        if table.name in stored.tables and not there and not _has_child(table, data):
            continue
        known = _reconciled(table, stored.tables.get(table.name), there)
        added = _added(known, table, data.get(table.name, {}))
        tables[table.name] = msgspec.structs.replace(known, columns=(*known.columns, *added))
    return Schema(_adopted(tables, data))


def _has_child(table: TableSchema, data: Catalog) -> bool:
    """Whether a child outlived its table; then the entry stays, since a schema has no child without a parent."""
    return any(_is_child(columns) and name.startswith(f"{table.name}__") for name, columns in data.items())


def _reconciled(table: TableSchema, before: TableSchema | None, there: _Columns) -> TableSchema:
    known = {column.name for column in before.columns} if before and there else set()
    types = {name.lower(): sql for name, sql in there.items()}
    columns = tuple(
        _retyped(column, types.get(column.name.lower()))
        for column in table.columns
        if column.name not in known or column.name.lower() in types
    )
    return msgspec.structs.replace(table, columns=columns)


def _added(known: TableSchema, newest: TableSchema, there: _Columns) -> tuple[Column, ...]:
    """Columns of the data that somebody else has added; the loader's own come with the rows that need them."""
    names = {column.name.lower() for column in (*known.columns, *newest.columns)}
    return tuple(
        column for column in _columns(there) if column.name.lower() not in names and not column.name.startswith("_dlt_")
    )


def _retyped(column: Column, sql: str | None) -> Column:
    real = data_type(sql) if sql else None
    return column if real is None or real == column.data_type else msgspec.structs.replace(column, data_type=real)


def _adopted(tables: dict[str, TableSchema], data: Catalog) -> dict[str, TableSchema]:
    adopted = dict(tables)
    for name in sorted(data, key=len):  # a parent's name is shorter than its children's
        columns = data[name]
        if name in adopted or name.startswith(("_dlt_", "_headrace_")) or "_dlt_id" not in columns:
            continue
        if "_dlt_load_id" in columns:
            adopted[name] = TableSchema(name, root=name, parent=None, columns=_columns(columns))
        elif _is_child(columns) and (parent := _parent(name, adopted)):
            adopted[name] = TableSchema(name, root=parent.root, parent=parent.name, columns=_columns(columns))
    return adopted


def _is_child(columns: _Columns) -> bool:
    return "_dlt_parent_id" in columns


def _parent(name: str, tables: Mapping[str, TableSchema]) -> TableSchema | None:
    """The table with the longest name that `name` continues after a path separator."""
    above = [table for table in tables.values() if name.startswith(f"{table.name}__")]
    return max(above, key=lambda table: len(table.name), default=None)


def _columns(columns: _Columns) -> tuple[Column, ...]:
    typed = ((name, data_type(sql)) for name, sql in columns.items())
    return tuple(Column(name, real, variant="__v_" in name) for name, real in typed if real)
