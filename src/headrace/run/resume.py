"""Which run this is: a new one, or the unfinished one of the journal, walk by walk."""

from __future__ import annotations

import hashlib
import secrets
import time

import msgspec

from headrace.errors import ConfigError
from headrace.journal.layout import RunRecord, WalkState
from headrace.journal.write import Journal
from headrace.model.event import Emit, Noticed
from headrace.model.plan import Plan, Resource
from headrace.model.position import Done
from headrace.run.options import RunOptions
from headrace.walk.request import fingerprint


class OpenWalk(msgspec.Struct, frozen=True):
    """A walk of this run: `state` is what the journal already holds of it.

    `delivered_as` is the fingerprint by which the warehouse knows what it has taken of the walk: that of the requests,
    how often they were begun, and where the rows go. Whatever changes of these, the rows are delivered anew.
    """

    resource: Resource
    fingerprint: str
    state: WalkState | None
    attempt: int = 1

    @property
    def delivered_as(self) -> str:
        """See above."""
        way = self.resource
        parts = (self.fingerprint, self.attempt, way.table, way.disposition, way.primary_key, way.merge_key)
        return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()

    @property
    def ended(self) -> Done | None:
        """How the walk ended, if all its pages are in the journal."""
        last = self.state.last if self.state else None
        return last if isinstance(last, Done) else None


class OpenRun(msgspec.Struct, frozen=True):
    """The run at hand. `waiting` are walks of it that were not chosen this time and stay open.

    `over`: it had ended before, and is replayed once more.
    """

    record: RunRecord
    walks: tuple[OpenWalk, ...]
    waiting: tuple[str, ...]
    resumed: bool
    over: bool = False


def open_run(journal: Journal, plan: Plan, options: RunOptions, emit: Emit) -> OpenRun:
    """The unfinished run of the journal, or a new one; walks that must restart are begun anew.

    Raises:
        ConfigError: a replay was asked for, and the journal holds no run.
    """
    if journal.unfinished and (options.new or (options.full_refresh and not journal.unfinished.full_refresh)):
        journal.abandon(journal.unfinished.run_id)
    record, resumed = journal.unfinished, True
    over = record is None and options.mode == "replay"
    if record is None:
        record, resumed = (_last(journal) if over else _begin(journal, plan, options)), False
    walks = tuple(
        _open_walk(journal, record, plan, resource, options, emit=emit)
        for resource in plan.resources
        if options.mode != "replay" or resource.name in record.resources
    )
    chosen = {walk.resource.name for walk in walks}
    others = [state.walk for state in journal.walks(record.run_id) if state.walk not in chosen]
    for name in () if options.resources else others:
        emit(Noticed(name, "it is no longer in the configuration: what was fetched of it is left in the journal"))
    waiting = tuple(others) if options.resources else ()
    return OpenRun(record=record, walks=walks, waiting=waiting, resumed=resumed, over=over)


def _last(journal: Journal) -> RunRecord:
    """The run that finished last: a warehouse that has it takes nothing again, another one takes all of it."""
    for summary in reversed(journal.runs()):
        if summary.state == "finished":
            return summary.run
    raise ConfigError("The journal holds no run to replay; `headrace fetch` or `headrace run` makes one.")


def _begin(journal: Journal, plan: Plan, options: RunOptions) -> RunRecord:
    started_at = time.time()
    record = RunRecord(
        run_id=time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(started_at)) + "-" + secrets.token_hex(3),
        started_at=started_at,
        resources=tuple(resource.name for resource in plan.resources),
        plan_name=plan.name,
        full_refresh=options.full_refresh,
        limit_pages=options.limit_pages,
    )
    journal.begin(record)
    return record


def _open_walk(
    journal: Journal, record: RunRecord, plan: Plan, resource: Resource, options: RunOptions, *, emit: Emit
) -> OpenWalk:
    mark = fingerprint(plan.client, resource)
    state = journal.walk(record.run_id, resource.name)
    if options.mode == "replay":
        return OpenWalk(resource, state.fingerprint if state else mark, state, state.attempt if state else 1)
    if state is not None and state.fingerprint != mark:
        again = "its configuration has changed since the run began: the walk starts again"
        if resource.disposition == "append":
            again += "; rows of it that an earlier attempt has loaded stay, and are there twice if they come again"
        emit(Noticed(resource.name, again, "warning"))
        state = None
    begun = state or journal.begin_walk(record.run_id, resource.name, mark)
    return OpenWalk(resource, mark, state, begun.attempt)
