"""Small tables, batches and loads for the sinks' tests, and a world that stages, commits and reads in one line each."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb
import msgspec
import pyarrow as pa

from headrace.model.plan import Disposition
from headrace.model.strategy import DeleteInsert, Scd2, Strategy, links_by_root_id
from headrace.model.table import ROW, Column, DataType, Receipt, Reject, Schema, TableBatch, TableSchema, Watermark
from headrace.sinks.base import AskedFor, Commit, Sink, SinkState, Staging, WalkCommit
from headrace.sinks.ddl import STAGED, quote
from headrace.sinks.duckdb import DuckDBSink
from headrace.sinks.memory import MemorySink, Warehouse

Row = dict[str, Any]
Record = tuple[int, str, list[str]]

ARROW: Mapping[DataType, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "decimal": pa.decimal128(38, 9),
    "wei": pa.decimal128(38, 0),
    "binary": pa.binary(),
    "json": pa.string(),
}


def root(
    name: str,
    columns: Mapping[str, DataType],
    *,
    disposition: Disposition = "append",
    key: Sequence[str] = (),
    merge_key: Sequence[str] = (),
    way: Strategy | None = None,
) -> TableSchema:
    """A root table: the data's columns, then `_dlt_load_id` and `_dlt_id`, as dlt has them."""
    data = [Column(column, kind, nullable=column not in {*key, *merge_key}) for column, kind in columns.items()]
    system = [Column("_dlt_load_id", "text", nullable=False), Column("_dlt_id", "text", nullable=False)]
    if isinstance(way, Scd2):
        data = [Column(way.valid_from, "timestamp"), Column(way.valid_to, "timestamp"), *data]
    strategy = way or DeleteInsert()
    return TableSchema(name, name, None, (*data, *system), disposition, tuple(key), tuple(merge_key), strategy)


def child(parent: TableSchema, field: str, columns: Mapping[str, DataType]) -> TableSchema:
    """A child table; with `_dlt_root_id` where the root merges."""
    data = [Column(column, kind) for column, kind in columns.items()]
    merges = (parent.disposition == "merge" and links_by_root_id(parent.strategy)) or any(
        column.name == "_dlt_root_id" for column in parent.columns
    )
    ids = ["_dlt_root_id", "_dlt_parent_id"] if merges else ["_dlt_parent_id"]
    system = [Column(name, "text", nullable=False) for name in ids]
    system += [Column("_dlt_list_idx", "bigint", nullable=False), Column("_dlt_id", "text", nullable=False)]
    return TableSchema(f"{parent.name}__{field}", parent.root, parent.name, (*data, *system), parent.disposition)


def batch(table: TableSchema, rows: Sequence[Row]) -> TableBatch:
    """Rows as a batch; columns that no row has are left out, as decode leaves them."""
    present = [column for column in table.columns if any(column.name in row for row in rows)]
    fields = pa.schema([pa.field(column.name, ARROW[column.data_type]) for column in present])
    return TableBatch(table, pa.Table.from_pylist(list(rows), schema=fields))


def schema(*tables: TableSchema) -> Schema:
    return Schema({table.name: table for table in tables})


class Reader(Protocol):
    """How tests look into a warehouse from outside."""

    def new_sink(self) -> Sink: ...

    def rows(self, table: str) -> list[Row]: ...

    def tables(self) -> set[str]: ...

    def rejects(self) -> list[tuple[str, str, int, int, str, bytes]]: ...

    def loads(self) -> list[str]: ...

    def staged_rows(self) -> int: ...


class InMemory:
    """Looks into a `Warehouse`."""

    def __init__(self) -> None:
        self.warehouse = Warehouse()

    def new_sink(self) -> Sink:
        return MemorySink(self.warehouse)

    def rows(self, table: str) -> list[Row]:
        return self.warehouse.tables.get(table, [])

    def tables(self) -> set[str]:
        return set(self.warehouse.tables)

    def rejects(self) -> list[tuple[str, str, int, int, str, bytes]]:
        return [(r.table, r.walk, r.page, r.record, r.reason, r.body) for _, r in self.warehouse.rejects]

    def loads(self) -> list[str]:
        return self.warehouse.loads

    def staged_rows(self) -> int:
        return len(self.warehouse.staged)


class InDuckDB:
    """Looks into a DuckDB file through a connection of its own."""

    def __init__(self, path: Path, dataset: str = "data") -> None:
        self.path = path
        self.dataset = dataset
        self._held: duckdb.DuckDBPyConnection | None = None

    def new_sink(self) -> Sink:
        return DuckDBSink(self.path, self.dataset)

    def query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with contextlib.ExitStack() as stack:
            connection = self._held or stack.enter_context(duckdb.connect(str(self.path)))
            connection.execute("SET TimeZone = 'UTC'")
            rows: list[tuple[Any, ...]] = connection.execute(sql, parameters).fetchall()
            return rows

    def hold(self) -> InDuckDB:
        """Keep a connection: for a file that nothing writes to any more."""
        self._held = duckdb.connect(str(self.path))
        return self

    def name(self, table: str) -> str:
        return f"{quote(self.path.stem)}.{quote(self.dataset)}.{quote(table)}"

    def columns(self, table: str) -> list[tuple[str, str, bool]]:
        """Name, type and whether it takes nulls."""
        return self.query(
            "SELECT column_name, data_type, is_nullable FROM duckdb_columns()"
            " WHERE schema_name = ? AND table_name = ? ORDER BY column_index",
            self.dataset,
            table,
        )

    def rows(self, table: str) -> list[Row]:
        names = [name for name, *_ in self.columns(table)]
        found = self.query(f"SELECT * FROM {self.name(table)}") if names else []
        return [dict(zip(names, row, strict=True)) for row in found]

    def all_tables(self) -> set[str]:
        found = self.query("SELECT table_name FROM duckdb_tables() WHERE schema_name = ?", self.dataset)
        return {name for (name,) in found}

    def tables(self) -> set[str]:
        return {name for name in self.all_tables() if not name.startswith(("_headrace_", "_dlt_"))}

    def rejects(self) -> list[tuple[str, str, int, int, str, bytes]]:
        found = self.query(f'SELECT "table", walk, page, record, reason, body FROM {self.name("_headrace_rejects")}')
        return [(table, walk, page, record, reason, body) for table, walk, page, record, reason, body in found]

    def loads(self) -> list[str]:
        return [load for (load,) in self.query(f"SELECT load_id FROM {self.name('_dlt_loads')} ORDER BY inserted_at")]

    def staged_rows(self) -> int:
        tables = [self.name(table) for table in self.all_tables() if table.startswith(STAGED)]
        return sum(self.query(f"SELECT count(*) FROM {table}")[0][0] for table in tables)


class World:
    """One warehouse over many runs. Pages are counted for each walk; a walk fills the table of its first batch."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.sink = reader.new_sink()
        self.run_id = ""
        self.marks: dict[str, Watermark] = {}
        self.fingerprints: dict[str, str] = {}
        self.schema = Schema({})
        self._commits = 0

    def open(self, run_id: str, fingerprints: Mapping[str, str] | None = None) -> SinkState:
        """Begin or resume a run with what the warehouse knows."""
        state = self.sink.open(run_id, fingerprints or {})
        self.fingerprints.update(fingerprints or {})
        self.run_id, self.schema = run_id, state.schema
        self.marks = dict(state.committed)
        for walk, mark in state.staged.items():
            if walk not in self.marks or mark.pages > self.marks[walk].pages:
                self.marks[walk] = mark
        return state

    def reopen(self, run_id: str | None = None) -> SinkState:
        """As a new process would."""
        self.sink.close()
        self.sink = self.reader.new_sink()
        return self.open(run_id or self.run_id)

    def stage(self, walk: str, *batches: TableBatch, rejects: Sequence[Reject] = (), pages: int = 1) -> Receipt:
        """The walk's next pages."""
        before = self.marks.get(walk, Watermark(walk, 0))
        records = before.records + sum(part.rows.num_rows for part in batches if part.schema.parent is None)
        mark = Watermark(
            walk, before.pages + pages, records + len(rejects), fingerprint=self.fingerprints.get(walk, "")
        )
        self.schema = Schema({**self.schema.tables, **{part.schema.name: part.schema for part in batches}})
        receipt = self.sink.stage(Staging(tuple(batches), tuple(rejects), mark, self.schema, before.pages))
        self.marks[walk] = mark
        return receipt

    def commit(
        self,
        *walks: str,
        table: str = "",
        disposition: Disposition | None = None,
        complete: bool = True,
        load_id: str | None = None,
        drop: Sequence[str] = (),
        provisional: bool = False,
        asked_for: Sequence[AskedFor] | None = None,
    ) -> Receipt:
        """Commit walks, each into the root table named like it unless `table` says otherwise."""
        self._commits += 1
        load_id = load_id or f"{self.run_id}.{self._commits}"
        parts = tuple(
            self.walk_commit(walk, table or walk, disposition, complete=complete, provisional=provisional)
            for walk in walks
        )
        if asked_for is not None:
            parts = tuple(msgspec.structs.replace(part, asked_for=tuple(asked_for)) for part in parts)
        return self.sink.commit(Commit(self.run_id, load_id, "tests", self.schema, parts, tuple(drop)))

    def walk_commit(
        self, walk: str, table: str, disposition: Disposition | None, *, complete: bool, provisional: bool = False
    ) -> WalkCommit:
        """What it asks for is its fingerprint."""
        known = self.schema.tables.get(table)
        way = disposition or (known.disposition if known else "append")
        mark = self.marks.get(walk, Watermark(walk, 0))
        mark = msgspec.structs.replace(mark, complete=complete)
        stopped, asks = "end" if complete else "error", self.fingerprints.get(walk, "")
        return WalkCommit(walk, table, way, mark, stopped, "told to", complete, asks=asks, provisional=provisional)

    def load(self, run_id: str, *batches: TableBatch, complete: bool = True) -> Receipt:
        """A whole run of one walk into the root of its first batch."""
        self.open(run_id)
        walk = batches[0].schema.root
        self.stage(walk, *batches)
        return self.commit(walk, complete=complete)

    def rows(self, table: str, *columns: str) -> list[Any]:
        """The rows of a table, sorted, as tuples of the columns asked for."""
        found = self.reader.rows(table)
        return sorted((tuple(row.get(column) for column in columns) for row in found), key=repr)

    def values(self, table: str, column: str) -> list[Any]:
        """One column of a table, sorted."""
        return sorted((row.get(column) for row in self.reader.rows(table)), key=repr)


def people(*records: Record, table: TableSchema, pets: TableSchema, run: str = "") -> list[TableBatch]:
    """Batches of a root (id, name) with one child table (value): records are (id, name, pets)."""
    roots: list[Row] = []
    kids: list[Row] = []
    for number, (key, name, values) in enumerate(records):
        row_id = f"{run}{table.name}{number}"
        roots.append({"id": key, "name": name, "_dlt_id": row_id})
        for index, value in enumerate(values):
            kids.append(
                {
                    "value": value,
                    "_dlt_parent_id": row_id,
                    "_dlt_list_idx": index,
                    "_dlt_id": f"{row_id}.{index}",
                    **({"_dlt_root_id": row_id} if any(c.name == "_dlt_root_id" for c in pets.columns) else {}),
                }
            )
    return [batch(table, roots), *([batch(pets, kids)] if kids else [])]


def digested(*records: Record, table: TableSchema, pets: TableSchema, **more: Sequence[Any]) -> list[TableBatch]:
    """As `people`, with ids that are made of the key (of all of it in a table of versions) and of places in lists.

    `more` are further columns of the root.
    """
    roots: list[Row] = []
    kids: list[Row] = []
    places: list[int] = []
    has_root_id = any(column.name == "_dlt_root_id" for column in pets.columns)
    for number, (key, name, values) in enumerate(records):
        row_id = f"{key} {name} {values}" if isinstance(table.strategy, Scd2) else f"{key}"
        others = {column: values[number] for column, values in more.items()}
        roots.append({"id": key, "name": name, "_dlt_id": row_id, **others})
        for index, value in enumerate(values):
            ids = {"_dlt_parent_id": row_id, "_dlt_id": f"{row_id}.{index}"} | (
                {"_dlt_root_id": row_id} if has_root_id else {}
            )
            kids.append({"value": value, "_dlt_list_idx": index, **ids})
            places.append(number)
    below = batch(pets, kids)
    placed = TableBatch(pets, below.rows.append_column(ROW, pa.array(places, pa.int64())))
    return [batch(table, roots), *([placed] if kids else [])]
