"""A warehouse in plain dictionaries, with the meaning of the real ones: for tests, and to read what a sink must do."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from headrace.errors import SinkError
from headrace.model.position import Seen
from headrace.model.table import Figures, Receipt, Reject, Schema, Watermark
from headrace.sinks.base import Commit, SinkState, Staging, WalkCommit
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
from headrace.sinks.memory_delivered import Delivered, goes
from headrace.sinks.memory_entering import Staged, enter, place_of
from headrace.sinks.memory_rows import Row, remove
from headrace.sinks.settle import (
    Settlement,
    begun_again,
    check_roots,
    family,
    further,
    is_of,
    later,
    roots_of,
    settle,
    to_take,
)


@dataclass(slots=True)
class Warehouse:
    """What outlives a sink: give the same one to the next, as one would a database file."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    loads: list[str] = field(default_factory=list)
    positions: dict[tuple[str, str], tuple[str, Watermark]] = field(default_factory=dict)
    walks: list[tuple[str, WalkCommit]] = field(default_factory=list)
    rejects: list[tuple[str, Reject]] = field(default_factory=list)
    seen: dict[str, Seen] = field(default_factory=dict)
    delivered: list[Delivered] = field(default_factory=list)
    figures: dict[tuple[str, str, str], Figures] = field(default_factory=dict)
    schema: Schema = field(default_factory=lambda: Schema({}))
    staging_run: str = ""
    staged: list[Staged] = field(default_factory=list)
    staged_marks: dict[str, Watermark] = field(default_factory=dict)
    staged_rejects: list[Reject] = field(default_factory=list)
    staged_schema: Schema | None = None

    def empty_staging(self) -> None:
        """Forget all that is staged."""
        self.staged, self.staged_marks, self.staged_rejects, self.staged_schema = [], {}, [], None


class MemorySink:
    """A `Sink` over a `Warehouse`. A failed call changes nothing."""

    def __init__(self, warehouse: Warehouse | None = None) -> None:
        self.warehouse = warehouse or Warehouse()
        self._run_id: str | None = None

    def open(self, run_id: str, fingerprints: Mapping[str, str]) -> SinkState:
        """Say what is there; staging of another run is dropped, and walks that have begun again."""
        here = self.warehouse
        if here.staging_run != run_id:
            here.empty_staging()
            here.figures = {key: kept for key, kept in here.figures.items() if key[2] != STAGED}
        here.staging_run = self._run_id = run_id
        for walk in begun_again([*here.staged_marks.values(), *self._committed.values()], fingerprints):
            here.staged = [staged for staged in here.staged if staged.walk != walk]
            here.staged_rejects = [reject for reject in here.staged_rejects if reject.walk != walk]
            here.staged_marks.pop(walk, None)
            here.positions.pop((run_id, walk), None)
            for known in here.delivered:
                known.abandoned |= (known.run_id, known.delivery.walk) == (run_id, walk)
            here.figures = {key: kept for key, kept in here.figures.items() if key[:2] != (run_id, walk)}
        again = frozenset(known.delivery.walk for known in self._abandoned)
        return SinkState(here.staged_schema or here.schema, dict(here.staged_marks), self._committed, again)

    def seen(self) -> dict[str, Seen]:
        """How far increments have come."""
        return dict(self.warehouse.seen)

    def stage(self, staging: Staging) -> Receipt:
        """Take one batch. Repeating a watermark that is taken does nothing."""
        here, mark = self.warehouse, staging.watermark
        taken = later(here.staged_marks.get(mark.walk), self._committed.get(mark.walk))
        if not to_take(staging, taken):
            return Receipt(rows={}, watermarks=(taken,) if taken else ())
        check_roots(staging, roots_of(here.staged_schema or here.schema))
        rows: dict[str, int] = {}
        first = 1 + max((staged.place for staged in here.staged), default=-1)
        for batch in staging.batches:
            listed = enumerate(batch.rows.to_pylist(), first)
            new = [Staged(mark.walk, batch.schema.name, row, place_of(row, at, first)) for at, row in listed]
            here.staged += new
            rows[batch.schema.name] = rows.get(batch.schema.name, 0) + len(new)
        here.staged_rejects += staging.rejects
        here.staged_marks[mark.walk] = mark
        here.staged_schema = staging.schema
        figures, key = of_batch(staging), (self._opened, mark.walk, STAGED)
        if figures != NOTHING:
            here.figures[key] = added(here.figures.get(key, NOTHING), figures)
        return Receipt(rows, watermarks=(mark,))

    def commit(self, commit: Commit) -> Receipt:
        """Merge, append or replace from the staging, and empty it."""
        if commit.run_id != self._opened:
            raise SinkError(f"run {commit.run_id!r} cannot commit: the warehouse was opened for run {self._run_id!r}")
        abandoned = [known.delivery for known in self._abandoned]
        provisional = [known.delivery for known in self._provisional]
        settlement = settle(
            commit,
            self.warehouse.staged_marks,
            self._committed,
            self._begun,
            rejected=rejecting(self._counted),
            abandoned=abandoned,
            provisional=provisional,
        )
        rows, duplicates, load_id = dict[str, int](), dict[str, int](), last_load(self._counted)
        if not moves_nothing(settlement):
            after, load_id = copy.deepcopy(self.warehouse), commit.load_id
            rows, duplicates = _take(after, commit, settlement)
            _count(after, commit, settlement, rows, duplicates)
            for name in after.__slots__:
                setattr(self.warehouse, name, getattr(after, name))
        marks = (self._committed.get(walk.walk) for walk in commit.walks)
        return Receipt(rows, tuple(mark for mark in marks if mark), load_id, duplicates, together(self._counted))

    def close(self) -> None:
        """Forget the run; the warehouse stays."""
        self._run_id = None

    @property
    def _opened(self) -> str:
        if self._run_id is None:
            raise SinkError("the warehouse is not open: call open(run_id) first")
        return self._run_id

    @property
    def _committed(self) -> dict[str, Watermark]:
        run_id = self._opened
        return {walk: mark for (run, walk), (_, mark) in self.warehouse.positions.items() if run == run_id}

    @property
    def _abandoned(self) -> list[Delivered]:
        return [known for known in self.warehouse.delivered if known.abandoned and known.run_id == self._run_id]

    @property
    def _provisional(self) -> list[Delivered]:
        return [known for known in self.warehouse.delivered if known.is_provisional_to(self._opened)]

    @property
    def _counted(self) -> Counted:
        return {(walk, load): kept for (run, walk, load), kept in self.warehouse.figures.items() if run == self._run_id}

    @property
    def _begun(self) -> set[str]:
        return {table for (run, _), (table, _) in self.warehouse.positions.items() if run == self._run_id}


def _take(here: Warehouse, commit: Commit, settlement: Settlement) -> tuple[dict[str, int], dict[str, int]]:
    """Do in `here` what was settled. Gives the rows inserted by table, and the duplicates by root."""
    if unknown := {staged.table for staged in here.staged} - commit.schema.tables.keys():
        raise SinkError(f"rows are staged for {sorted(unknown)}, which the schema of the commit lacks: add them to it")
    rows: dict[str, int] = {}
    duplicates: dict[str, int] = {}
    for dropped in settlement.dropped:
        for table in family(dropped, here.schema, commit.schema):
            here.tables.pop(table.name, None)
    _withdraw(here, commit, settlement)
    for entry in settlement.entries:
        lost = enter(here, entry, family(entry.table, here.schema, commit.schema), commit.load_id, rows)
        if lost:
            duplicates[entry.table] = duplicates.get(entry.table, 0) + lost
    leaving = settlement.entered
    here.rejects += [(commit.load_id, reject) for reject in here.staged_rejects if reject.walk in leaving]
    here.staged_rejects = [reject for reject in here.staged_rejects if reject.walk not in leaving]
    here.staged = [staged for staged in here.staged if staged.walk not in leaving]
    here.staged_marks = {walk: mark for walk, mark in here.staged_marks.items() if walk not in leaving}
    for root, mark in settlement.positions:
        here.positions[commit.run_id, mark.walk] = (root, mark)
    here.walks += [(commit.load_id, walk) for walk in commit.walks]
    again = tuple(each.walk for each in commit.walks if each.table in settlement.dropped)
    here.seen = {walk: seen for walk, seen in here.seen.items() if not is_of(walk, again)}
    here.seen |= {walk: further(here.seen.get(walk), seen) for walk, seen in commit.seen.items()}
    if commit.load_id not in here.loads:
        here.loads.append(commit.load_id)
    here.schema = commit.schema
    if not here.staged_marks:
        here.empty_staging()
    return rows, duplicates


def _withdraw(here: Warehouse, commit: Commit, settlement: Settlement) -> None:
    """Take back what earlier attempts have brought, and note what the walks bring now."""
    brought = {(known.delivery.load_id, known.delivery.walk): known.ids for known in here.delivered}
    for old in settlement.withdrawn:
        if old.table not in here.tables:
            continue
        ids = brought[old.load_id, old.walk]
        gone = [row for row in here.tables.get(old.table, []) if goes(row, old, ids)]
        kept = {row["_dlt_id"] for row in here.tables.get(old.table, []) if not goes(row, old, ids)}
        remove(here.tables, family(old.table, here.schema, commit.schema), gone, kept)
    withdrawn = {old.which for old in settlement.withdrawn}
    waiting = {old.which: old for old in settlement.waiting}
    dealt_with = [known for known in here.delivered if known.is_dealt_with(commit.run_id, settlement.entered)]
    for known in dealt_with:
        which = known.delivery.which
        if which in withdrawn and known.run_id != commit.run_id:
            here.positions.pop((known.run_id, known.delivery.walk), None)
            known.abandoned = True
        if which in waiting:
            known.delivery = waiting[which]
        else:
            here.delivered.remove(known)
    for new in settlement.deliveries:
        own = (staged.row["_dlt_id"] for staged in here.staged if (staged.walk, staged.table) == (new.walk, new.table))
        here.delivered.append(Delivered(commit.run_id, new, frozenset(own)))
    provisional = {walk.walk: walk.provisional for walk in commit.walks}
    for known in here.delivered:
        if known.run_id == commit.run_id and known.delivery.walk in provisional:
            still = provisional[known.delivery.walk] and not known.delivery.keyed
            known.delivery = msgspec.structs.replace(known.delivery, provisional=still)


def _count(
    here: Warehouse, commit: Commit, settlement: Settlement, rows: Mapping[str, int], duplicates: Mapping[str, int]
) -> None:
    """Keep the figures of the walks that have entered."""
    for walk in commit.walks:
        if walk.walk in settlement.entered:
            staged = here.figures.pop((commit.run_id, walk.walk, STAGED), NOTHING)
            brought = of_entry(walk, commit.schema, rows, duplicates, staged)
            here.figures[commit.run_id, walk.walk, commit.load_id] = brought
