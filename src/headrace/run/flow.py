"""Fetching and delivering side by side, then the commit: what happens to the walks of one run."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, assert_never

from headrace.decode.names import table_name
from headrace.decode.rules import DecodeRules
from headrace.errors import ContractBroken, SourceError
from headrace.journal.write import Journal
from headrace.model.envelope import Scalar
from headrace.model.event import Committing, Emit, Noticed
from headrace.model.page import PageRef
from headrace.model.plan import Plan, Text
from headrace.model.strategy import takes_whole_loads
from headrace.model.table import Figures, Receipt, Schema
from headrace.run.again import check_not_outrun, line_of, may_come_again
from headrace.run.conduct import FetchedPage, Walker, conduct
from headrace.run.deliver import Delivery
from headrace.run.desk import Desk, Sizes
from headrace.run.early import EARLY_PAGES, Room
from headrace.run.ends import WalkEnd, failed, recalled
from headrace.run.entering import Walked, entering
from headrace.run.fan import Fan
from headrace.run.notices import key_doubts, not_gone, told
from headrace.run.options import RunOptions
from headrace.run.outlet import Outlet
from headrace.run.resume import OpenRun, OpenWalk, sieve_of
from headrace.run.rows import Rows
from headrace.run.tasks import ctrl_c_cancels_this_task, together, unbroken
from headrace.sinks import takeover
from headrace.sinks.base import Commit
from headrace.sinks.open import open_sink
from headrace.spec.secrets import Lookup
from headrace.transport.base import MAX_CONCURRENCY, Transport
from headrace.transport.client import open_transport
from headrace.walk.ahead import is_foreseen
from headrace.walk.line import handed_down
from headrace.walk.sieve import Sieve


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
    """What the warehouse has of the run: rows by resource and table, rejects and duplicates by resource.

    `is_new`: something entered now, and not only in an earlier try.
    """

    load_id: str = ""
    is_new: bool = False
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    rejects: dict[str, int] = field(default_factory=dict)
    duplicates: dict[str, int] = field(default_factory=dict)


class Flow:
    """One run on its way. `ends` says how each walk ended, also when the run as a whole does not get to its end.

    `loaded` is there once the commit has gone through.
    """

    def __init__(self, job: Job, journal: Journal, run: OpenRun) -> None:
        self.ends: dict[str, WalkEnd] = {}
        self.loaded: Loaded | None = None
        self._share = (job.options.memory_mb << 20) // 5
        self._concurrency = job.options.max_concurrency or MAX_CONCURRENCY
        self._desk = Desk(
            journal,
            run.record.run_id,
            self._share,
            early=any(walk.resource.parent or is_foreseen(walk.resource.paging) for walk in run.walks),
            early_pages=min(EARLY_PAGES, self._concurrency - 1),
        )
        self._fans: dict[str, Fan] = {}
        self._sieves: dict[str, Sieve | None] = {}
        self._job = job
        self._run = run

    async def go(self) -> None:
        """Fetch, deliver and commit, as the mode asks. Walks fail alone.

        Raises:
            ConfigError: another run has loaded since this one began what it would bring once more.
            SinkError, JournalError: the warehouse or the journal refused.
            asyncio.CancelledError: the user pressed Ctrl-C.
        """
        try:
            with ctrl_c_cancels_this_task():
                await self._go()
        finally:
            self._desk.close()

    async def _go(self) -> None:
        match self._job.options.mode:
            case "fetch":
                async with self._transport() as transport:
                    await together(self._walks(transport, None))
            case "run":
                async with self._delivery() as delivery, self._transport() as transport:
                    await self._load(delivery, self._walks(transport, delivery))
            case "replay":
                async with self._delivery() as delivery:
                    await self._load(delivery, self._walks(None, delivery))
            case mode:
                assert_never(mode)

    @property
    def watermarks(self) -> dict[str, Scalar]:
        """How far the increments of resources without a parent have come, of those that were walked to their end."""
        found = {}
        for name, sieve in self._sieves.items():
            end = self.ends.get(name)
            if sieve is not None and sieve.seen is not None and end is not None and end.proven:
                found[name] = sieve.seen.last_value
        return found

    def _transport(self) -> AbstractAsyncContextManager[Transport]:
        job = self._job
        return open_transport(
            job.plan.client,
            resolve=job.resolve,
            emit=job.emit,
            named=[path for one in job.plan.resources if "://" in (path := _literal(one.request.path))],
            rate=job.options.rate,
            max_concurrency=self._concurrency,
        )

    @contextlib.asynccontextmanager
    async def _delivery(self) -> AsyncIterator[Delivery]:
        """The delivering half with its sink open. Memory: a fifth for pages under way, three for the warehouse."""
        job = self._job
        sink = open_sink(
            job.destination,
            job.dataset,
            pipeline=job.plan.name,
            folder=job.folder,
            memory_budget_bytes=3 * self._share,
            resources=job.plan.resources,
        )
        rules = DecodeRules(widen_numbers=job.options.widen_numbers, strict=job.options.strict)
        delivery = Delivery(self._desk, sink, rules=rules, emit=job.emit)
        try:
            state = await delivery.open({walk.resource.name: walk.delivered_as for walk in self._loaded_walks})
            check_not_outrun(self._loaded_walks, self._run.record, state, await delivery.seen())
            for walk in self._loaded_walks:
                if walk.resource.contract is None and (said := state.contracts.get(walk.resource.name)):
                    job.emit(Noticed(walk.resource.name, said, "warning"))
            refreshed = self._refreshed(delivery)
            delivery.make_anew({table_name(w.resource) for w in self._loaded_walks if w.resource.name in refreshed})
            for walk in self._loaded_walks:
                delivery.expect(walk.resource.name)
            yield delivery
        finally:
            delivery.close()

    async def _load(self, delivery: Delivery, pages: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Let pages come and be delivered, side by side, and commit what is there."""
        await together([*pages, *(delivery.run(walk.resource) for walk in self._loaded_walks)])
        for name, error in delivery.refused.items():
            self.ends[name] = failed(name, error)
            self._job.emit(self.ends[name].event)
        load_id = f"{time.time():.7f}"
        receipt = await unbroken(delivery.commit(lambda schema: self._commit(delivery, schema, load_id)))
        doubts = key_doubts(receipt.figures, (walk.resource for walk in self._loaded_walks))
        lacking = {walk.resource.name for walk in self._loaded_walks if self._lacks(walk)}
        partial = not_gone(receipt.figures, lacking, (walk.resource for walk in self._loaded_walks))
        for event in (*told(receipt.figures), *doubts, *partial):
            self._job.emit(event)
        self.loaded = self._loaded(receipt, load_id)

    @property
    def _loaded_walks(self) -> list[OpenWalk]:
        """All but those that are walked for their children's sake."""
        return [walk for walk in self._run.walks if walk.resource.selected]

    def _walks(self, transport: Transport | None, delivery: Delivery | None) -> Iterator[Coroutine[Any, Any, None]]:
        """The work of every resource, each with its pages going where they are wanted."""
        job = self._job
        known = {walk.resource.name: walk.resource for walk in self._run.walks}
        outlets: dict[str, Outlet] = {}
        down = handed_down([walk.resource for walk in self._run.walks])
        for walk in self._run.walks:
            way = walk.resource
            outlets[way.name] = outlet = Outlet(self._desk, way, delivery if way.selected else None)
            if way.parent is None:
                yield self._root(walk, outlet, transport)
                continue
            client, record = job.plan.client, self._run.record
            fan = self._fans[way.name] = Fan(
                way,
                Rows(walk, way.parent, client, self._desk.journal, record, down=down[way.name]),
                client,
                self._desk,
                transport,
                limit_pages=job.options.limit_pages,
                keeps_rows=may_come_again(line_of(way, known)),
                emit=job.emit,
            )
            outlets[way.parent.resource].fans.append(fan)
            yield self._fan(fan, outlet)

    async def _root(self, walk: OpenWalk, outlet: Outlet, transport: Transport | None) -> None:
        """A resource without a parent: what the journal has of it, then what is fetched."""
        job, name = self._job, walk.resource.name
        try:
            sieve = self._sieves[name] = sieve_of(walk.resource, self._run.record, walk.name)
            before = await self._desk.refs(walk.name) if walk.state else []
            unsifted = await self._hand_on(name, before, sieve, outlet)
            if unsifted is not None:
                self.ends[name] = unsifted
                job.emit(unsifted.event)
            elif transport is None:
                self.ends[name] = recalled(walk, job.emit)
            else:
                walker = Walker(
                    job.plan.client,
                    walk,
                    self._desk,
                    emit=job.emit,
                    sizes=Sizes(self._desk.budget),
                    before=before,
                    sieve=sieve,
                    room=Room(self._desk.shelf, self._desk.early_pages),
                )
                self.ends[name] = await conduct(
                    walker, transport, outlet.put, limit_pages=job.options.limit_pages, emit=job.emit
                )
        finally:
            await outlet.finish(self.ends.get(name))

    async def _hand_on(
        self, name: str, before: Sequence[PageRef], sieve: Sieve | None, outlet: Outlet
    ) -> WalkEnd | None:
        """What an earlier try has brought. If it cannot be sifted, that is the end of this walk alone."""
        try:
            for ref in before:
                await outlet.put(FetchedPage(ref, None, sieve=sieve))
        except SourceError as error:
            return failed(name, error)
        return None

    async def _fan(self, fan: Fan, outlet: Outlet) -> None:
        name = fan.resource.name
        try:
            self.ends[name] = await fan.run(outlet.put)
        finally:
            await outlet.finish(self.ends.get(name))

    def _commit(self, delivery: Delivery, schema: Schema, load_id: str) -> Commit:
        run = self._run
        self._job.emit(Committing())
        # What is refused does not enter, but where all walks of a table enter together, the others wait for it.
        walked = [
            self._walked(walk)
            for walk in self._loaded_walks
            if walk.resource.name not in delivery.refused
            or takes_whole_loads(walk.resource.disposition, walk.resource.strategy)
        ]
        known = {each.resource.name: each.resource for each in run.walks}
        walks, seen = entering(walked, known, self.ends, record=run.record, delivery=delivery, schema=schema)
        dropped = {walk.table for walk in walks if walk.walk in self._refreshed(delivery)}
        return Commit(run.record.run_id, load_id, takeover.SCHEMA, schema, walks, tuple(sorted(dropped)), seen)

    def _refreshed(self, delivery: Delivery) -> set[str]:
        """The resources whose tables this run makes anew."""
        fresh = {walk.resource.name for walk in self._loaded_walks} - delivery.committed
        return fresh & set(self._run.record.resources) if self._run.record.full_refresh else set()

    def _walked(self, walk: OpenWalk) -> Walked:
        name = walk.resource.name
        end, sieve, fan = self.ends[name], self._sieves.get(name), self._fans.get(name)
        if isinstance(end.error, ContractBroken):
            return Walked(walk, end, {})
        if fan is not None:
            return Walked(walk, end, fan.seen, fan.asked_for, lacks=self._lacks(walk))
        return Walked(walk, end, {name: sieve.seen} if sieve is not None and sieve.seen is not None else {})

    def _lacks(self, walk: OpenWalk) -> bool:
        """Whether rows above it were rejected, so that it was not asked for all there is."""
        known = {each.resource.name: each.resource for each in self._run.walks}
        fans = (self._fans.get(each.name) for each in line_of(walk.resource, known))
        return any(fan.rejects for fan in fans if fan is not None)

    def _loaded(self, receipt: Receipt, load_id: str) -> Loaded:
        figures = {
            walk.resource.name: receipt.figures.get(walk.resource.name, Figures()) for walk in self._loaded_walks
        }
        return Loaded(
            load_id=receipt.load_id,
            is_new=receipt.load_id == load_id,
            rows={name: each.rows for name, each in figures.items()},
            rejects={name: each.rejects for name, each in figures.items()},
            duplicates={name: each.duplicates for name, each in figures.items()},
        )


def _literal(path: str | Text) -> str:
    """What is known of a path before its slots are filled."""
    return path if isinstance(path, str) else "".join(part if isinstance(part, str) else "_" for part in path.parts)
