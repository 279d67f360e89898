"""The tables that headrace keeps about its own work, of the dataset and of the staging, and what is written in them."""

# ruff: noqa: S608 - identifiers come through ddl.quote, values are parameters

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from headrace.model.position import Seen
from headrace.model.table import Reject, Schema, Watermark
from headrace.sinks.base import Commit
from headrace.sinks.database import Database
from headrace.sinks.ddl import Names, quote
from headrace.sinks.dlt_state import resource_of
from headrace.sinks.settle import Settlement, further
from headrace.sinks.takeover import LOADS, TABLES, Described

POSITIONS, REJECTS, WALKS, SCHEMA = "_headrace_positions", "_headrace_rejects", "_headrace_walks", "_headrace_schema"
INCREMENTS = "_headrace_increments"

_REJECT = '"table" VARCHAR, walk VARCHAR, page BIGINT, record BIGINT, reason VARCHAR, body BLOB'
_PROGRESS = "pages, records, complete, fingerprint"
_SCHEMA = "version_hash VARCHAR, schema VARCHAR, inserted_at TIMESTAMP WITH TIME ZONE"
_DATA_TABLES: Mapping[str, str] = {
    # As dlt makes it, so that either can write to it.
    LOADS: "load_id VARCHAR NOT NULL, schema_name VARCHAR, status BIGINT NOT NULL, "
    "inserted_at TIMESTAMP WITH TIME ZONE NOT NULL, schema_version_hash VARCHAR",
    POSITIONS: 'run_id VARCHAR, load_id VARCHAR, walk VARCHAR, "table" VARCHAR, '
    "pages BIGINT, records BIGINT, complete BOOLEAN, fingerprint VARCHAR",
    WALKS: 'load_id VARCHAR, walk VARCHAR, "table" VARCHAR, disposition VARCHAR, stopped VARCHAR, why VARCHAR, '
    "proven BOOLEAN, pages BIGINT, records BIGINT, entered BOOLEAN",
    REJECTS: f"load_id VARCHAR, {_REJECT}",
    SCHEMA: _SCHEMA,
    INCREMENTS: "pipeline VARCHAR, walk VARCHAR, state VARCHAR",
    **TABLES,
}
_STAGED_POSITIONS, _STAGED_REJECTS, _STAGED_SCHEMA = (
    f"_headrace_staging_{kind}" for kind in ("positions", "rejects", "schema")
)
_STAGED_TABLES: Mapping[str, str] = {
    _STAGED_POSITIONS: 'run_id VARCHAR, walk VARCHAR, "table" VARCHAR, number INTEGER, '
    "pages BIGINT, records BIGINT, complete BOOLEAN, fingerprint VARCHAR",
    _STAGED_REJECTS: _REJECT,
    _STAGED_SCHEMA: _SCHEMA,
}


class Staged(msgspec.Struct, frozen=True):
    """A walk in the staging: its number there (in each of its rows), how far it has come, and the root it fills.

    `root` is empty as long as the walk has brought no row.
    """

    number: int
    mark: Watermark
    root: str = ""


class Ledger:
    """Reads and writes the system tables, within whatever transaction is open.

    Several pipelines may load one dataset; how far increments have come is known of `pipeline` alone, as with dlt.
    """

    def __init__(self, database: Database, names: Names, pipeline: str) -> None:
        self._run = database.run
        self._names = names
        self._pipeline = pipeline

    def create(self) -> None:
        """Make what must be there before anything is read or staged."""
        self._run(f"CREATE SCHEMA IF NOT EXISTS {quote(self._names.catalog)}.{quote(self._names.dataset)}")
        for name, columns in {**_DATA_TABLES, **_STAGED_TABLES}.items():
            self._run(f"CREATE TABLE IF NOT EXISTS {self._data(name)} ({columns})")

    def staging_runs(self) -> set[str]:
        """The runs that the staging holds something of; one at most."""
        return {run for (run,) in self._run(f"SELECT DISTINCT run_id FROM {self._data(_STAGED_POSITIONS)}")}

    def staged(self) -> dict[str, Staged]:
        """The walks in the staging."""
        columns = f'number, "table", walk, {_PROGRESS}'
        rows = self._run(f"SELECT {columns} FROM {self._data(_STAGED_POSITIONS)}")
        return {walk: Staged(number, Watermark(walk, *mark), root) for number, root, walk, *mark in rows}

    def committed(self, run_id: str) -> tuple[dict[str, Watermark], set[str]]:
        """How far each walk of a run is in the dataset, and the root tables that the run has begun to fill."""
        rows = self._run(f'SELECT "table", walk, {_PROGRESS} FROM {self._data(POSITIONS)} WHERE run_id = ?', [run_id])
        return {walk: Watermark(walk, *mark) for _, walk, *mark in rows}, {table for table, *_ in rows}

    def schemas(self) -> tuple[Schema, Schema | None]:
        """The schema of the dataset, and that of the staging if it has one."""
        dataset, staging = (
            self._run(f"SELECT schema FROM {table}") for table in (self._data(SCHEMA), self._data(_STAGED_SCHEMA))
        )
        return _decoded(dataset) or Schema({}), _decoded(staging)

    def write_staged(self, run_id: str, staged: Staged) -> None:
        """Note how far a walk is staged."""
        mark = staged.mark
        self._run(f"DELETE FROM {self._data(_STAGED_POSITIONS)} WHERE walk = ?", [mark.walk])
        self._run(
            f"INSERT INTO {self._data(_STAGED_POSITIONS)} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [run_id, mark.walk, staged.root, staged.number, *_progress(mark)],
        )

    def write_rejects(self, rejects: Iterable[Reject]) -> None:
        """Put rejects into the staging."""
        self._insert(self._data(_STAGED_REJECTS), [msgspec.structs.astuple(reject) for reject in rejects])

    def write_staged_schema(self, schema: bytes) -> None:
        """Keep the schema of all that is staged."""
        self._write_schema(self._data(_STAGED_SCHEMA), schema)

    def move_rejects(self, walks: Sequence[str], load_id: str) -> None:
        """Rejects of these walks leave the staging for the dataset."""
        of_walks = "WHERE walk IN (SELECT unnest(?))"
        self._run(
            f"INSERT INTO {self._data(REJECTS)} SELECT ?, r.* FROM {self._data(_STAGED_REJECTS)} AS r {of_walks}",
            [load_id, list(walks)],
        )
        self._run(f"DELETE FROM {self._data(_STAGED_REJECTS)} {of_walks}", [list(walks)])

    def forget_staged(self, walks: Sequence[str]) -> None:
        """These walks have left the staging."""
        self._run(f"DELETE FROM {self._data(_STAGED_POSITIONS)} WHERE walk IN (SELECT unnest(?))", [list(walks)])

    def forget(self, run_id: str, walks: Sequence[str]) -> None:
        """These walks of the run have begun again: nothing of them counts."""
        of_walks = "WHERE walk IN (SELECT unnest(?))"
        self._run(f"DELETE FROM {self._data(_STAGED_REJECTS)} {of_walks}", [list(walks)])
        self._run(f"DELETE FROM {self._data(POSITIONS)} {of_walks} AND run_id = ?", [list(walks), run_id])
        self.forget_staged(walks)

    def undo(self, run_id: str, walk: str) -> None:
        """What another run has committed of this walk stands there no longer: should it go on, it begins anew."""
        self._run(f"DELETE FROM {self._data(POSITIONS)} WHERE run_id = ? AND walk = ?", [run_id, walk])

    def clear_staging(self) -> None:
        """Nothing is staged any more."""
        for table in _STAGED_TABLES:
            self._run(f"DELETE FROM {self._data(table)}")

    def write_positions(self, commit: Commit, settlement: Settlement) -> None:
        """Note how far the walks that enter are delivered."""
        walks = [mark.walk for _, mark in settlement.positions]
        self._run(
            f"DELETE FROM {self._data(POSITIONS)} WHERE run_id = ? AND walk IN (SELECT unnest(?))",
            [commit.run_id, walks],
        )
        self._insert(
            self._data(POSITIONS),
            [
                (commit.run_id, commit.load_id, mark.walk, table, *_progress(mark))
                for table, mark in settlement.positions
            ],
        )

    def write_walks(self, commit: Commit, settlement: Settlement) -> None:
        """Note how each walk of this load ended."""
        self._run(f"DELETE FROM {self._data(WALKS)} WHERE load_id = ?", [commit.load_id])
        self._insert(
            self._data(WALKS),
            [
                (
                    *(commit.load_id, walk.walk, walk.table, walk.disposition, walk.stopped, walk.why, walk.proven),
                    *(walk.watermark.pages, walk.watermark.records, walk.walk in settlement.entered),
                )
                for walk in commit.walks
            ],
        )

    def seen(self) -> dict[str, Seen]:
        """How far increments have come; nothing where the dataset is not there."""
        known = "SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? AND table_name = ?"
        if not self._run(known, [self._names.catalog, self._names.dataset, INCREMENTS]):
            return {}
        query = f"SELECT walk, state FROM {self._data(INCREMENTS)} WHERE pipeline = ?"
        rows = self._run(query, [self._pipeline])
        return {walk: msgspec.json.decode(state, type=Seen) for walk, state in rows}

    def write_seen(self, commit: Commit, settlement: Settlement, before: Mapping[str, Seen]) -> dict[str, Seen]:
        """Note how far increments have come, and give all; those of a resource that is dropped begin again."""
        again = {each.walk for each in commit.walks if each.table in settlement.dropped}
        kept = {walk: seen for walk, seen in before.items() if walk not in again and resource_of(walk) not in again}
        # One place for all rows of a parent, as dlt keeps it, has served once each of them has its own.
        apart = {resource_of(walk) for walk in commit.seen} - commit.seen.keys()
        new = {walk: further(kept.get(walk), seen) for walk, seen in commit.seen.items()}
        after = {walk: seen for walk, seen in kept.items() if walk not in apart} | new
        if after != self.seen():
            self._run(f"DELETE FROM {self._data(INCREMENTS)} WHERE pipeline = ?", [self._pipeline])
            rows = [(self._pipeline, walk, msgspec.json.encode(seen).decode()) for walk, seen in after.items()]
            self._insert(self._data(INCREMENTS), rows)
        return after

    def write_load(self, commit: Commit, described: Described) -> None:
        """Note that the load is complete, once; and keep its schema."""
        schema = msgspec.json.encode(commit.schema)
        self._run(f"DELETE FROM {self._data(LOADS)} WHERE load_id = ?", [commit.load_id])
        self._run(
            f"INSERT INTO {self._data(LOADS)} VALUES (?, ?, 0, now(), ?)",
            [commit.load_id, described.schema_name, described.version_hash],
        )
        self._write_schema(self._data(SCHEMA), schema)

    def _write_schema(self, table: str, schema: bytes) -> None:
        self._run(f"DELETE FROM {table}")
        self._run(f"INSERT INTO {table} VALUES (?, ?, now())", [version_hash(schema), schema.decode()])

    def _insert(self, table: str, rows: Sequence[Sequence[object]]) -> None:
        if rows:
            columns = list(zip(*rows, strict=True))
            lists = ", ".join("unnest(?)" for _ in columns)
            self._run(f"INSERT INTO {table} SELECT {lists}", [list(column) for column in columns])

    def _data(self, table: str) -> str:
        return self._names.data(table)


def _progress(mark: Watermark) -> tuple[int, int, bool, str]:
    return mark.pages, mark.records, mark.complete, mark.fingerprint


def version_hash(schema: bytes) -> str:
    """Base 64 of a SHA3-256, as dlt makes its own."""
    return base64.b64encode(hashlib.sha3_256(schema).digest()).decode()


def _decoded(rows: list[tuple[str]]) -> Schema | None:
    return msgspec.json.decode(rows[0][0], type=Schema) if rows else None
