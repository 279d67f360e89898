"""The staging's data tables in DuckDB: made, widened and filled batch by batch, and dropped when they are empty."""

# ruff: noqa: S608 - identifiers come through ddl.quote, values are parameters

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.errors import SinkError
from headrace.model.table import ROW, TableBatch
from headrace.sinks.database import Database
from headrace.sinks.ddl import (
    LOAD_ID,
    STAGED,
    TYPES,
    WALK,
    Catalog,
    Names,
    add_columns,
    create_staged,
    quote,
    staged_in,
    temporary,
    widen_columns,
    with_load_id,
)

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = "_headrace_batch"


class StagedTables:
    """Staging tables as of now, within whatever transaction is open. Make a new one after a transaction failed."""

    def __init__(self, database: Database, names: Names, catalog: Catalog) -> None:
        self._database = database
        self._names = names
        self._there = staged_in(catalog)
        self._next_row: dict[str, int] = {}
        self._first_row: dict[str, int] = {}

    @property
    def catalog(self) -> Catalog:
        """The tables that are ours: each row of them knows its walk."""
        return {name: columns for name, columns in self._there.items() if WALK in columns}

    def insert(self, batch: TableBatch, walk: int) -> int:
        """Insert the rows of a batch, in their order, as rows of the walk with this number. How many they are."""
        if not batch.rows.num_rows:
            return 0
        self._make_room(batch)
        # Which load it will be is known with the commit alone.
        load = f", '' AS {quote(LOAD_ID)}" if batch.schema.parent is None else ""
        with self._database.lending(_BATCH, self._in_order(batch)):
            self._database.run(
                f"INSERT INTO {self._names.staged(batch.schema.name)} BY NAME"
                f" SELECT *, {walk} AS {quote(WALK)}{load} FROM {temporary(_BATCH)}"
            )
        return int(batch.rows.num_rows)

    def forget(self, walk: int) -> None:
        """Delete the rows of the walk with this number."""
        for name in self.catalog:
            self._database.run(f"DELETE FROM {self._names.staged(name)} WHERE {quote(WALK)} = {walk}")

    def drop(self) -> None:
        """Drop every table of ours."""
        for name in self.catalog:
            self._database.run(f"DROP TABLE {self._names.staged(name)}")
            del self._there[name]
        self._next_row.clear()

    def _in_order(self, batch: TableBatch) -> pa.Table:
        """The rows of a root, numbered as they were read: among equal keys the last one wins.

        Those of a child say which of the root's rows they hang on, if the merge needs it.
        """
        import pyarrow as pa  # noqa: PLC0415 - 0.1 s that only a run should pay
        import pyarrow.compute as pc  # noqa: PLC0415

        if batch.schema.parent is not None:
            if ROW not in batch.rows.schema.names:
                return batch.rows
            at = batch.rows.schema.names.index(ROW)
            return batch.rows.set_column(at, ROW, pc.add(batch.rows[ROW], self._first_row[batch.schema.root]))
        name, count = batch.schema.name, batch.rows.num_rows
        first = self._next_row.get(name)
        if first is None:
            query = f"SELECT coalesce(max({quote(ROW)}), -1) + 1 FROM {self._names.staged(name)}"
            first = self._database.number(query)
        self._first_row[name], self._next_row[name] = first, first + count
        return batch.rows.append_column(ROW, pa.array(range(first, first + count), pa.int64()))

    def _make_room(self, batch: TableBatch) -> None:
        """Make or widen the table for a batch."""
        table, columns = batch.schema, with_load_id(batch.schema)
        there = self._there.get(table.name)
        if there is not None and WALK not in there:
            raise SinkError(
                f"schema {self._names.dataset!r} of the warehouse holds a table {STAGED + table.name!r} that headrace "
                "did not make, where its own staging must be: rename that table, or choose another dataset"
            )
        if there is None:
            numbered = ROW in batch.rows.schema.names
            self._database.run(create_staged(self._names, table, numbered=numbered))
            own = {WALK: "INTEGER"} | ({ROW: "BIGINT"} if numbered or table.parent is None else {})
            self._there[table.name] = {column.name: TYPES[column.data_type] for column in columns} | own
            return
        name = self._names.staged(table.name)
        if ROW in batch.rows.schema.names and ROW not in there:
            self._database.run(f"ALTER TABLE {name} ADD COLUMN {quote(ROW)} BIGINT")
            there[ROW] = "BIGINT"
        widening = widen_columns(name, there, columns)
        for statement in (*add_columns(name, there, columns), *widening):
            self._database.run(statement)
        typed = {column.name: TYPES[column.data_type] for column in columns}
        self._there[table.name] = there | typed if widening else typed | there
