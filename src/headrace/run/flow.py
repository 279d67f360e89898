"""Fetching and delivering side by side, then the commit: what happens to the walks of one run."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, assert_never

import msgspec

from headrace.decode.names import table_name
from headrace.decode.rules import DecodeRules
from headrace.journal.write import Journal
from headrace.model.event import Committing, Emit
from headrace.model.plan import Plan
from headrace.model.table import Receipt, Schema, Watermark
from headrace.run.conduct import Deliver, FetchedPage, WalkEnd, Walker, conduct, recalled
from headrace.run.deliver import Delivery
from headrace.run.options import RunOptions
from headrace.run.resume import OpenRun, OpenWalk
from headrace.sinks.base import Commit, WalkCommit
from headrace.sinks.open import open_sink
from headrace.spec.secrets import Lookup
from headrace.transport.base import Transport
from headrace.transport.client import MAX_CONCURRENCY, open_transport


@dataclass(frozen=True, slots=True)
class Job:
    """What a run works with: the plan, where its data goes, and who listens."""

    plan: Plan
    options: RunOptions
    resolve: Lookup
    destination: str
    dataset: str
    folder: Path
    emit: Emit


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the warehouse took: rows by resource and table, rejects and duplicates by resource."""

    load_id: str = ""
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    rejects: dict[str, int] = field(default_factory=dict)
    duplicates: dict[str, int] = field(default_factory=dict)


class Flow:
    """One run on its way. `ends` says how each walk ended, also when the run as a whole does not get to its end."""

    def __init__(self, job: Job, journal: Journal, run: OpenRun) -> None:
        self.ends: dict[str, WalkEnd] = {}
        self._job = job
        self._journal = journal
        self._run = run

    async def go(self) -> Loaded:
        """Fetch, deliver and commit, as the mode asks. Walks fail alone.

        Raises:
            SinkError, JournalError: the warehouse or the journal refused.
            asyncio.CancelledError: the user pressed Ctrl-C.
        """
        with _ctrl_c_cancels_this_task():
            match self._job.options.mode:
                case "fetch":
                    async with self._transport() as transport:
                        await _together(self._fetch(walk, transport, _leave) for walk in self._run.walks)
                    return Loaded()
                case "run":
                    async with self._delivery() as delivery, self._transport() as transport:
                        fetching = [self._fetch_into(delivery, walk, transport) for walk in self._run.walks]
                        return await self._load(delivery, fetching)
                case "replay":
                    async with self._delivery() as delivery:
                        return await self._load(delivery, [self._recall(delivery, walk) for walk in self._run.walks])
                case mode:
                    assert_never(mode)

    def _transport(self) -> AbstractAsyncContextManager[Transport]:
        job = self._job
        return open_transport(
            job.plan.client,
            resolve=job.resolve,
            emit=job.emit,
            named=[path for one in job.plan.resources if "://" in (path := one.request.path)],
            rate=job.options.rate,
            max_concurrency=job.options.max_concurrency or MAX_CONCURRENCY,
        )

    @contextlib.asynccontextmanager
    async def _delivery(self) -> AsyncIterator[Delivery]:
        """The delivering half with its sink open. Memory: a fifth for pages under way, three for the warehouse."""
        job, run_id, share = self._job, self._run.record.run_id, (self._job.options.memory_mb << 20) // 5
        sink = open_sink(job.destination, job.dataset, memory_budget_bytes=3 * share)
        rules = DecodeRules(widen_numbers=job.options.widen_numbers, strict=job.options.strict)
        delivery = Delivery(self._journal, run_id, sink, budget_bytes=share, rules=rules, emit=job.emit)
        try:
            await delivery.open({walk.resource.name: walk.delivered_as for walk in self._run.walks})
            for walk in self._run.walks:
                delivery.expect(walk.resource.name)
            yield delivery
        finally:
            delivery.close()

    async def _load(self, delivery: Delivery, pages: Iterable[Coroutine[Any, Any, None]]) -> Loaded:
        """Let pages come and be delivered, side by side, and commit what is there."""
        await _together([*pages, *(delivery.run(walk.resource) for walk in self._run.walks)])
        load_id = f"{time.time():.7f}"
        receipt = await delivery.commit(lambda schema: self._commit(delivery, schema, load_id))
        return self._loaded(delivery, receipt, load_id)

    async def _fetch_into(self, delivery: Delivery, walk: OpenWalk, transport: Transport) -> None:
        try:
            await self._fetch(walk, transport, delivery.put)
        finally:
            delivery.finish(walk.resource.name)

    async def _fetch(self, walk: OpenWalk, transport: Transport, deliver: Deliver) -> None:
        job = self._job
        walker = Walker(job.plan.client, walk, self._journal, self._run.record.run_id, job.emit)
        self.ends[walk.resource.name] = await conduct(
            walker, transport, deliver, limit_pages=job.options.limit_pages, emit=job.emit
        )

    async def _recall(self, delivery: Delivery, walk: OpenWalk) -> None:
        """A walk of a replay: nothing is fetched, and how it ended is what the journal says."""
        self.ends[walk.resource.name] = recalled(walk, self._job.emit)
        delivery.finish(walk.resource.name)

    def _commit(self, delivery: Delivery, schema: Schema, load_id: str) -> Commit:
        run = self._run
        self._job.emit(Committing())
        walks = tuple(self._walk_commit(walk, delivery.watermarks) for walk in run.walks)
        fresh = {walk.resource.name for walk in run.walks} - delivery.committed
        dropped = {walk.table for walk in walks if walk.walk in fresh} if run.record.full_refresh else set[str]()
        return Commit(run.record.run_id, load_id, self._job.plan.name, schema, walks, tuple(sorted(dropped)))

    def _walk_commit(self, walk: OpenWalk, marks: Mapping[str, Watermark]) -> WalkCommit:
        name = walk.resource.name
        end = self.ends[name]
        mark = msgspec.structs.replace(
            marks.get(name, Watermark(name, 0, fingerprint=walk.delivered_as)), complete=end.proven
        )
        table = table_name(walk.resource)
        return WalkCommit(name, table, walk.resource.disposition, mark, end.stopped, end.why, end.proven)

    def _loaded(self, delivery: Delivery, receipt: Receipt, load_id: str) -> Loaded:
        rows: dict[str, dict[str, int]] = {}
        duplicates: dict[str, int] = {}
        for walk in self._run.walks:
            name, root = walk.resource.name, table_name(walk.resource)
            tables = [table.name for table in delivery.schema.tables.values() if table.root == root]
            rows[name] = {table: receipt.rows[table] for table in tables if table in receipt.rows}
            duplicates[name] = receipt.duplicates.get(root, 0)
        return Loaded(load_id=load_id, rows=rows, rejects=delivery.rejects, duplicates=duplicates)


async def _leave(page: FetchedPage) -> None:
    """What `fetch` does with a page that is in the journal: nothing more."""
    del page


async def _together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of it side by side; the first failure cancels the rest and is raised as itself, not in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except BaseExceptionGroup as failures:
        first: BaseException = failures
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from failures


@contextlib.contextmanager
def _ctrl_c_cancels_this_task() -> Iterator[None]:
    """The first Ctrl-C or SIGTERM cancels this task, so that the run ends in order; a second one ends the process.

    A SIGTERM that the caller has taken for himself (a scheduler that runs us in its own process) is left to him.
    """
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    if task is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    before = signal.getsignal(signal.SIGTERM)
    ours = before in (signal.SIG_DFL, signal.default_int_handler)
    taken = (signal.SIGINT, signal.SIGTERM) if ours else (signal.SIGINT,)

    def release() -> None:
        for number in taken:
            loop.remove_signal_handler(number)
        if ours:
            signal.signal(signal.SIGTERM, before)

    def cancel() -> None:
        release()
        task.cancel()

    for number in taken:
        loop.add_signal_handler(number, cancel)
    try:
        yield
    finally:
        release()
