"""The embedded warehouse: one DuckDB file, a staging within the dataset, one transaction for each step."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import MappingProxyType

import msgspec

from headrace.errors import SinkError
from headrace.model.position import Seen
from headrace.model.table import Receipt, Watermark
from headrace.sinks.base import Commit, SinkState, Staging
from headrace.sinks.database import Database
from headrace.sinks.ddl import Catalog, Names
from headrace.sinks.deliveries import Deliveries
from headrace.sinks.entering import Dataset
from headrace.sinks.faults import sentence, unfit
from headrace.sinks.figure_table import FigureTable
from headrace.sinks.figures import (
    NOTHING,
    STAGED,
    Counted,
    added,
    last_load,
    moves_nothing,
    of_batch,
    of_entry,
    rejecting,
    together,
)
from headrace.sinks.ledger import Ledger, Staged
from headrace.sinks.reconcile import reconcile
from headrace.sinks.settle import Delivery, begun_again, check_roots, later, roots_of, settle, to_take
from headrace.sinks.staged import StagedTables
from headrace.sinks.takeover import Takeover

DEFAULT_MEMORY_BYTES = 192 << 20
_LEAST_MEMORY_BYTES = 64 << 20
# One thread is not only leaner but faster here: the statements are many and small (0.67 s against 0.81 s for staging
# 361,000 rows, 1.2 s against 1.4 s for merging them, on two cores), and the other core is decode's.
_THREADS = 1
# The log that a commit leaves behind unless it is rewritten into the file at once: DuckDB's own default.
_SETTLED_LOG_BYTES = 16 << 20


class DuckDBSink:
    """A dataset in the DuckDB file at `path`, which is made if it is missing. Nothing is opened before `open`.

    `pipeline` is what dlt would call the one that loads it (without, the schema's name). `memory_budget_bytes` is
    DuckDB's `memory_limit`; beyond it, rows spill into a folder beside the file. `done`: see `Takeover`.
    """

    def __init__(
        self,
        path: Path,
        dataset: str,
        *,
        pipeline: str = "",
        memory_budget_bytes: int = DEFAULT_MEMORY_BYTES,
        done: Mapping[str, AbstractSet[str]] = MappingProxyType({}),
    ) -> None:
        self._done = done
        self._path = path
        self._dataset = dataset
        self._pipeline = pipeline
        self._memory_bytes = max(memory_budget_bytes, _LEAST_MEMORY_BYTES)
        self._session: _Session | None = None

    def open(self, run_id: str, fingerprints: Mapping[str, str]) -> SinkState:
        """Connect, make what is missing, and say what is already there. See `base.Sink.open`."""
        session = self._connected()
        session.limit_log(self._memory_bytes)
        return session.begin(run_id, fingerprints)

    def seen(self) -> dict[str, Seen]:
        """How far increments have come; makes nothing. See `base.Sink.seen`."""
        if self._session is None and not self._path.exists():
            return {}
        return self._connected().seen()

    def stage(self, staging: Staging) -> Receipt:
        """Take one batch, with its watermark, in one transaction. Repeating a watermark that is taken does nothing."""
        return self._opened.stage(staging)

    def commit(self, commit: Commit) -> Receipt:
        """Merge, append or replace from the staging, write `_dlt_loads` and positions, and empty the staging."""
        # Staged rows stay in the log, which is cheap. With the commit the log is rewritten into the file, less them.
        self._opened.limit_log(_SETTLED_LOG_BYTES)
        try:
            return self._opened.commit(commit)
        finally:
            self._opened.limit_log(self._memory_bytes)

    def close(self) -> None:
        """Let go of the file; may be called twice. What DuckDB put beside it goes too, if it is empty."""
        if self._session is None:
            return
        session, self._session = self._session, None
        session.close()
        with contextlib.suppress(OSError):
            _spill_folder(self._path).rmdir()

    def _connected(self) -> _Session:
        if self._session is None:
            database = _connect(self._path, self._memory_bytes)
            self._session = _Session(database, self._path, self._dataset, pipeline=self._pipeline, done=self._done)
        return self._session

    @property
    def _opened(self) -> _Session:
        if self._session is None:
            raise SinkError(f"the warehouse {str(self._path)!r} is not open: call open(run_id) first")
        return self._session


class _Session:
    """An open connection, and what is known of the warehouse as of the last transaction that went through."""

    def __init__(
        self, database: Database, path: Path, dataset: str, *, pipeline: str, done: Mapping[str, AbstractSet[str]]
    ) -> None:
        self._database = database
        self._path = path
        self._run_id = ""
        with _told(path):
            ((catalog,),) = database.run("SELECT current_database()")
            self._names = Names(catalog, dataset)
            self._ledger = Ledger(database, self._names, pipeline)
            self._deliveries = Deliveries(database, self._names)
            self._figures = FigureTable(database, self._names)
            self._dlt = Takeover(database, self._names, pipeline, done)
        self._tables = StagedTables(database, self._names, {})
        self._staged: dict[str, Staged] = {}
        self._staged_schema = b""
        self._committed: dict[str, Watermark] = {}
        self._begun: set[str] = set()
        self._abandoned: list[Delivery] = []
        self._provisional: list[Delivery] = []
        self._roots: dict[str, str] = {}
        self._counted: Counted = {}

    def begin(self, run_id: str, fingerprints: Mapping[str, str]) -> SinkState:
        """Take up the run: its own staging is kept, another's is dropped, and that of walks that have begun again."""
        with self._transaction():
            self._ledger.create()
            self._deliveries.create(run_id)
            self._figures.create(run_id)
            if self._ledger.staging_runs() - {run_id}:
                self._drop_staging()
            self._forget(run_id, fingerprints)
        self._run_id = run_id
        with _told(self._path):
            warnings, contracts = self._dlt.warnings(fingerprints), self._dlt.contracts(fingerprints)
            return msgspec.structs.replace(self._read(), warnings=warnings, contracts=contracts)

    def seen(self) -> dict[str, Seen]:
        """How far increments have come."""
        with _told(self._path):
            return self._dlt.seen(self._ledger.seen())

    def stage(self, staging: Staging) -> Receipt:
        """One transaction into the staging."""
        mark, known = staging.watermark, self._staged.get(staging.watermark.walk)
        taken = later(known.mark if known else None, self._committed.get(mark.walk))
        if not to_take(staging, taken):
            return Receipt(rows={}, watermarks=(taken,) if taken else ())
        check_roots(staging, self._roots)
        number = known.number if known else 1 + max((staged.number for staged in self._staged.values()), default=0)
        roots = [batch.schema.root for batch in staging.batches]
        staged = Staged(number, mark, roots[0] if roots else known.root if known else "")
        schema = msgspec.json.encode(staging.schema)
        rows: dict[str, int] = {}
        figures, before = of_batch(staging), self._counted.get((mark.walk, STAGED), NOTHING)
        with self._transaction():
            for batch in staging.batches:
                rows[batch.schema.name] = rows.get(batch.schema.name, 0) + self._tables.insert(batch, number)
            self._ledger.write_rejects(staging.rejects)
            self._ledger.write_staged(self._run_id, staged)
            if figures != NOTHING:
                self._figures.write(self._run_id, mark.walk, STAGED, added(before, figures))
            if schema != self._staged_schema:
                self._ledger.write_staged_schema(schema)
        self._staged[mark.walk], self._staged_schema = staged, schema
        self._roots |= {batch.schema.name: batch.schema.root for batch in staging.batches}
        if figures != NOTHING:
            self._counted[mark.walk, STAGED] = added(before, figures)
        return Receipt(rows, watermarks=(mark,))

    def commit(self, commit: Commit) -> Receipt:
        """One transaction from the staging into the dataset."""
        if commit.run_id != self._run_id:
            raise SinkError(f"run {commit.run_id!r} cannot commit: the warehouse was opened for run {self._run_id!r}")
        settlement = settle(
            commit,
            self._marks,
            self._committed,
            self._begun,
            rejected=rejecting(self._counted),
            abandoned=self._abandoned,
            provisional=self._provisional,
        )
        if moves_nothing(settlement):
            return self._receipt(commit, {}, {}, last_load(self._counted))
        leaving = [walk for walk in self._staged if walk in settlement.entered]
        with self._transaction():
            stored, _ = self._ledger.schemas()
            dataset = Dataset(self._database, self._names, stored, commit.schema)
            self._deliveries.note(self._run_id, settlement.deliveries, self._staged)
            dataset.take(settlement, self._staged, commit.load_id)
            for other, undone in self._deliveries.forget(self._run_id, settlement):
                self._ledger.undo(other, undone)
            self._deliveries.decide(self._run_id, commit.walks)
            self._ledger.move_rejects(leaving, commit.load_id)
            self._ledger.forget_staged(leaving)
            self._ledger.write_positions(commit, settlement)
            self._ledger.write_walks(commit, settlement)
            seen = self._ledger.write_seen(commit, settlement, self._dlt.seen(self._ledger.seen()))
            self._ledger.write_load(commit, self._dlt.write(commit, seen, dataset.there))
            for walk in commit.walks:
                if walk.walk in settlement.entered:
                    staged = self._counted.get((walk.walk, STAGED), NOTHING)
                    brought = of_entry(walk, commit.schema, dataset.rows, dataset.duplicates, staged)
                    self._figures.forget(self._run_id, [walk.walk], STAGED)
                    self._figures.write(self._run_id, walk.walk, commit.load_id, brought)
            if len(leaving) == len(self._staged):
                self._drop_staging()
        with _told(self._path):
            self._read()
        return self._receipt(commit, dataset.rows, dataset.duplicates, commit.load_id)

    def limit_log(self, log_bytes: int) -> None:
        """How large the write-ahead log may grow before DuckDB rewrites it into the file."""
        with _told(self._path):
            self._database.run(f"SET checkpoint_threshold = '{log_bytes} bytes'")

    def close(self) -> None:
        """Let go of the connection."""
        with _told(self._path):
            self._database.close()

    def _receipt(self, commit: Commit, rows: dict[str, int], duplicates: dict[str, int], load_id: str) -> Receipt:
        delivered = (self._committed.get(walk.walk) for walk in commit.walks)
        marks = tuple(mark for mark in delivered if mark)
        return Receipt(rows, marks, load_id, duplicates, together(self._counted))

    @property
    def _marks(self) -> dict[str, Watermark]:
        return {walk: staged.mark for walk, staged in self._staged.items()}

    def _forget(self, run_id: str, fingerprints: Mapping[str, str]) -> None:
        staged, (committed, _) = self._ledger.staged(), self._ledger.committed(run_id)
        marks = [*(each.mark for each in staged.values()), *committed.values()]
        walks = begun_again(marks, fingerprints)
        if not walks:
            return
        tables = StagedTables(self._database, self._names, self._catalog())
        for walk in walks:
            if walk in staged:
                tables.forget(staged[walk].number)
        self._ledger.forget(run_id, walks)
        self._deliveries.abandon(run_id, walks)
        self._figures.forget(run_id, walks)

    def _drop_staging(self) -> None:
        StagedTables(self._database, self._names, self._catalog()).drop()
        self._ledger.clear_staging()

    def _catalog(self) -> Catalog:
        return self._database.catalog(self._names.catalog, self._names.dataset)

    def _read(self) -> SinkState:
        """Read everything that this object knows of the warehouse afresh."""
        data = self._catalog()
        self._tables = StagedTables(self._database, self._names, data)
        self._staged = self._ledger.staged()
        self._committed, self._begun = self._ledger.committed(self._run_id)
        self._abandoned = self._deliveries.abandoned(self._run_id)
        self._provisional = self._deliveries.provisional(self._run_id)
        self._counted = self._figures.read(self._run_id)
        stored, newest = self._ledger.schemas()
        self._staged_schema = msgspec.json.encode(newest) if newest else b""
        schema = reconcile(newest or stored, stored, data, self._tables.catalog)
        self._roots = roots_of(schema)
        again = frozenset(old.walk for old in self._abandoned)
        return SinkState(schema, staged=self._marks, committed=dict(self._committed), abandoned=again)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of the block or nothing. After a failure, what is known is read again."""
        with _told(self._path):
            self._database.run("BEGIN TRANSACTION")
            try:
                yield
                self._database.run("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        """Undo as far as DuckDB lets us: the error that led here is the one to tell."""
        with contextlib.suppress(*_driver_errors()):
            self._database.run("ROLLBACK")
        with contextlib.suppress(*_driver_errors()):
            self._read()


def _connect(path: Path, memory_bytes: int) -> Database:
    import duckdb  # noqa: PLC0415 - 0.1 s that only a run into DuckDB should pay

    if trouble := unfit(path):
        raise SinkError(trouble)
    with _told(path):
        database = Database(duckdb.connect(str(path)))
        try:
            _set(database, path, memory_bytes)
        except BaseException:
            database.close()
            raise
    return database


def _set(database: Database, path: Path, memory_bytes: int) -> None:
    """Set after connecting, not with it: a file that is open in this process takes no other configuration."""
    database.run(f"SET memory_limit = '{memory_bytes} bytes'")
    database.run(f"SET threads = {_THREADS}")
    database.run("SET preserve_insertion_order = true")
    database.run("SET TimeZone = 'UTC'")
    folder = str(_spill_folder(path))
    # Once used, the folder cannot be set again, not even to itself.
    if database.run("SELECT current_setting('temp_directory')") != [(folder,)]:
        database.run("SET temp_directory = '" + folder.replace("'", "''") + "'")


def _spill_folder(path: Path) -> Path:
    return path.with_name(f"{path.name}.tmp")


def _driver_errors() -> tuple[type[Exception], ...]:
    import duckdb  # noqa: PLC0415 - imported already where this is called

    return (duckdb.Error, RuntimeError)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """DuckDB's errors become SinkErrors here, and nowhere else."""
    import duckdb  # noqa: PLC0415 - as above

    try:
        yield
    except duckdb.Error as error:
        raise SinkError(sentence(str(error), path)) from error
