"""Which run this is: a new one, or the unfinished one of the journal, walk by walk."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping

import msgspec

from headrace.errors import ConfigError
from headrace.journal.layout import RunRecord, WalkState
from headrace.journal.write import Journal
from headrace.model.event import Emit, Noticed
from headrace.model.plan import Plan, Resource
from headrace.model.position import Done, Seen
from headrace.model.strategy import DeleteInsert
from headrace.run.options import RunOptions
from headrace.walk.bind import EVERYTHING, bind
from headrace.walk.request import fingerprint
from headrace.walk.sieve import Sieve


class OpenWalk(msgspec.Struct, frozen=True):
    """A walk of this run, called `name` in the journal: `state` is what the journal already holds of it.

    That of a resource with a parent has no pages itself: it stands for those of its parent's rows (`run.fan`).
    `delivered_as` is the fingerprint by which the warehouse knows what it has taken of the resource: that of the
    requests, how often they were begun, and where the rows go. Whatever changes of these, the rows are delivered anew.
    """

    name: str
    resource: Resource
    fingerprint: str
    state: WalkState | None
    attempt: int = 1

    @property
    def delivered_as(self) -> str:
        """See above."""
        way = self.resource
        parts = (self.fingerprint, self.attempt, *into(way))
        return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()

    @property
    def ended(self) -> Done | None:
        """How the walk ended, if all its pages are in the journal."""
        last = self.state.last if self.state else None
        return last if isinstance(last, Done) else None


def into(way: Resource) -> tuple[object, ...]:
    """Where the rows of a resource go, and how they enter."""
    how = () if way.strategy == DeleteInsert() else (way.strategy,)
    return (way.table, way.disposition, way.primary_key, way.merge_key, *how)


class OpenRun(msgspec.Struct, frozen=True):
    """The run at hand. `waiting` are walks of it that were not chosen this time and stay open.

    `over`: it had ended before, and is replayed once more.
    """

    record: RunRecord
    walks: tuple[OpenWalk, ...]
    waiting: tuple[str, ...]
    resumed: bool
    over: bool = False


def to_resume(journal: Journal, options: RunOptions) -> RunRecord | None:
    """The unfinished run that the options go on with, if there is one."""
    record = journal.unfinished
    is_left = record is not None and (options.new or (options.full_refresh and not record.full_refresh))
    return None if is_left else record


def open_run(
    journal: Journal,
    plan: Plan,
    options: RunOptions,
    emit: Emit,
    read_seen: Callable[[], Mapping[str, Seen]],
    *,
    started_at: float,
) -> OpenRun:
    """The unfinished run of the journal, or a new one; walks that must restart are begun anew.

    `read_seen` asks the warehouse how far increments have come; a new run keeps the answer. `started_at` is when a
    new one begins.

    Raises:
        ConfigError: a replay was asked for, and the journal holds no run.
    """
    record, resumed = to_resume(journal, options), True
    if journal.unfinished and record is None:
        journal.abandon(journal.unfinished.run_id)
    over = record is None and options.mode == "replay"
    if record is None:
        record = _last(journal) if over else _begin(journal, plan, options, read_seen, started_at)
        resumed = False
    walks: dict[str, OpenWalk] = {}
    for resource in plan.resources:
        if options.mode != "replay" or journal.walk(record.run_id, resource.name) is not None:
            above = walks[resource.parent.resource] if resource.parent else None
            walks[resource.name] = _open_walk(journal, record, plan, resource, options, above=above, emit=emit)
    if not walks:
        raise ConfigError("The journal holds nothing of these resources to replay; `headrace fetch` brings it.")
    others = [
        state.walk
        for state in journal.walks(record.run_id)
        if state.walk not in walks and owner_of(state.walk) not in walks
    ]
    for name in () if options.resources else others:
        emit(Noticed(name, "it is no longer in the configuration: what was fetched of it is left in the journal"))
    waiting = tuple(others) if options.resources else ()
    return OpenRun(record=record, walks=tuple(walks.values()), waiting=waiting, resumed=resumed, over=over)


def sieve_of(resource: Resource, record: RunRecord, walk: str) -> Sieve | None:
    """What lets the new records of a walk through, from where the warehouse stood when the run began.

    What dlt has loaded for the rows of a parent has one place for all of them.
    """
    rule = resource.incremental
    seen = record.seen.get(walk) or record.seen.get(owner_of(walk))
    return None if rule is None else Sieve(resource, rule, seen)


def row_walk(resource: str, key: str) -> str:
    """The name, in the journal, of the walk that one row of the parent gives."""
    return f"{resource}/{key}"


def owner_of(walk: str) -> str:
    """The resource of such a walk."""
    return walk.rpartition("/")[0]


def _last(journal: Journal) -> RunRecord:
    """The run that finished last: a warehouse that has it takes nothing again, another one takes all of it."""
    for summary in reversed(journal.runs()):
        if summary.state == "finished":
            return summary.run
    raise ConfigError("The journal holds no run to replay; `headrace fetch` or `headrace run` makes one.")


def _begin(
    journal: Journal,
    plan: Plan,
    options: RunOptions,
    read_seen: Callable[[], Mapping[str, Seen]],
    started_at: float,
) -> RunRecord:
    chosen = {resource.name for resource in plan.resources}
    again = chosen if options.full_refresh else set[str]()
    record = RunRecord(
        run_id=time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(started_at)) + "-" + secrets.token_hex(3),
        started_at=started_at,
        resources=tuple(resource.name for resource in plan.resources),
        plan_name=plan.name,
        full_refresh=options.full_refresh,
        limit_pages=options.limit_pages,
        # Also for resources that are not chosen now: the run may be gone on with by others.
        seen={walk: seen for walk, seen in read_seen().items() if not {walk, owner_of(walk)} & again},
    )
    journal.begin(record)
    return record


def _open_walk(
    journal: Journal,
    record: RunRecord,
    plan: Plan,
    resource: Resource,
    options: RunOptions,
    *,
    above: OpenWalk | None,
    emit: Emit,
) -> OpenWalk:
    name = resource.name
    if resource.parent is None:
        sieve = sieve_of(resource, record, name)
        resource = bind(resource, {}, sieve.window if sieve else EVERYTHING)
    mark = fingerprint(plan.client, resource)
    if above is not None:  # other rows of the parent, or in another order, are other walks
        mark = hashlib.blake2b(f"{mark} {above.fingerprint} {above.attempt}".encode(), digest_size=16).hexdigest()
    state = journal.walk(record.run_id, name)
    if options.mode == "replay":
        return OpenWalk(name, resource, state.fingerprint if state else mark, state, state.attempt if state else 1)
    if state is not None and state.fingerprint != mark:
        if state.pages or any(each.pages for each in journal.walks(record.run_id) if owner_of(each.walk) == name):
            emit(Noticed(name, _again(resource), "warning"))
        state = None
    begun = state or journal.begin_walk(record.run_id, name, mark)
    return OpenWalk(name, resource, mark, state, begun.attempt)


def _again(resource: Resource) -> str:
    again = "the configuration has changed since the run began, so the walk starts again"
    if resource.disposition == "append":
        again += "; what an earlier attempt has loaded of it goes as its first new rows come"
    return again
