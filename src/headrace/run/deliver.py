"""The delivering half: pages in order, gathered into batches, decoded side by side, staged one after another."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from headrace.decode.columns import Decoded, cast
from headrace.decode.infer import fold
from headrace.decode.losses import summed
from headrace.decode.names import table_name
from headrace.decode.observe import Reader
from headrace.decode.observed import Observation
from headrace.decode.rows import RecordPage, page_prefix
from headrace.decode.rules import DecodeRules
from headrace.decode.shape import as_known
from headrace.journal.write import Journal
from headrace.model.event import Delivered, Emit, Noticed, Rejected, TableWritten
from headrace.model.page import PageRef
from headrace.model.plan import Resource
from headrace.model.table import Receipt, Reject, Schema, Watermark
from headrace.run.budget import ByteBudget
from headrace.run.conduct import FetchedPage
from headrace.run.reread import records_of
from headrace.sinks.base import Commit, Sink, SinkState, Staging

T = TypeVar("T")
BATCH_BYTES = 6 << 20
DECODERS = 2
VARIANTS_SHOWN = 3
AHEAD = 2  # batches of one walk that are under way at once


@dataclass(slots=True)
class Batch:
    """Consecutive pages of one resource, from its page `first` on, up to about `BATCH_BYTES` of bodies.

    `count` is how many came, those without a record included.
    """

    first: int
    count: int = 0
    pages: list[RecordPage] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    body_bytes: int = 0
    records: int = 0
    last: PageRef | None = None

    def add(self, came: FetchedPage, page: RecordPage | None) -> None:
        """Take one more page."""
        self.count += 1
        self.body_bytes += came.size
        self.rejects += came.rejects
        if came.ref is not None:
            self.last = came.ref
            self.records += came.ref.records
        if page is not None:
            self.pages.append(page)


class Delivery:
    """Takes pages as they are journaled and brings them into the sink's staging, within a budget of bytes."""

    def __init__(
        self, journal: Journal, run_id: str, sink: Sink, *, budget_bytes: int, rules: DecodeRules, emit: Emit
    ) -> None:
        self._journal = journal
        self._run_id = run_id
        self._sink = sink
        self._emit = emit
        self._rules = rules
        self._budget = ByteBudget(budget_bytes)
        self._decoders = ThreadPoolExecutor(DECODERS, thread_name_prefix="headrace-decode")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="headrace-sink")
        self._queues: dict[str, asyncio.Queue[FetchedPage | None]] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._fingerprints: Mapping[str, str] = {}
        self._losses: dict[str, Counter[str]] = {}
        self.schema = self._schema_before = Schema({})
        self.committed: set[str] = set()
        self.rejects: dict[str, int] = {}
        self.watermarks: dict[str, Watermark] = {}

    async def open(self, fingerprints: Mapping[str, str]) -> SinkState:
        """Open the sink; its schema and watermarks are the place to go on from. Raises SinkError."""
        self._fingerprints = fingerprints
        state = await self._write(self._sink.open, self._run_id, fingerprints)
        self.schema = self._schema_before = state.schema
        self.committed = set(state.committed)
        for mark in (*state.staged.values(), *state.committed.values()):
            if mark.pages > self._pages_taken(mark.walk):
                self.watermarks[mark.walk] = mark
        for sentence in state.warnings:
            self._emit(Noticed("", sentence, "warning"))
        return state

    def expect(self, resource: str) -> None:
        """Make room for a resource: `put` and `finish` may be called for it from now on."""
        self._queues[resource] = asyncio.Queue()

    async def put(self, resource: str, page: FetchedPage) -> None:
        """Hand over a resource's next page, which is in the journal; waits while too many bytes are under way.

        All its pages come, in order, those of an earlier try as well: what the warehouse has of them is passed over.
        """
        await self._budget.acquire(page.size)
        self._queues[resource].put_nowait(page)

    def finish(self, resource: str) -> None:
        """No more pages of this resource will come."""
        self._queues[resource].put_nowait(None)

    async def run(self, resource: Resource) -> None:
        """Deliver one resource: what is put and lies beyond the watermark. Raises SinkError."""
        resource = as_known(resource, self.schema)
        reader = Reader(resource, self._rules)
        under_way: deque[asyncio.Task[None]] = deque()
        async with asyncio.TaskGroup() as group:
            async for batch in self._batches(resource):
                before = under_way[-1] if under_way else None
                under_way.append(group.create_task(self._deliver(reader, resource, batch, before)))
                if len(under_way) > AHEAD:
                    await under_way.popleft()
        for sentence in (*self._new_variants(resource), *summed(self._losses.get(resource.name, {}))):
            self._emit(Noticed(resource.name, sentence, "warning"))

    async def commit(self, commit: Callable[[Schema], Commit]) -> Receipt:
        """The final transaction, over what is staged. Raises SinkError."""
        return await self._write(self._sink.commit, commit(self.schema))

    def close(self) -> None:
        """Let go of the sink and the threads."""
        self._decoders.shutdown(cancel_futures=True)
        self._writer.submit(self._sink.close).result()
        self._writer.shutdown()

    def _new_variants(self, resource: Resource) -> Iterator[str]:
        """A sentence if values went into new columns beside the ones of their name."""
        root = table_name(resource)
        new: list[str] = []
        for table in self.schema.tables.values():
            if table.root == root:
                before = self._schema_before.tables.get(table.name)
                known = {column.name for column in before.columns} if before else set()
                variants = [column.name for column in table.columns if column.variant and column.name not in known]
                new += (f"{table.name}.{name}" for name in variants)
        if new:
            more = f" and {len(new) - VARIANTS_SHOWN} more" if len(new) > VARIANTS_SHOWN else ""
            mend = (
                "; --widen-numbers keeps fractions in one column" if any(n.endswith("__v_double") for n in new) else ""
            )
            shown = ", ".join(new[:VARIANTS_SHOWN])
            yield f"{shown}{more}: beside the column of that name, for values that it cannot hold, as in dlt{mend}"

    def _pages_taken(self, walk: str) -> int:
        mark = self.watermarks.get(walk)
        return mark.pages if mark else 0

    async def _decode(self, call: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._decoders, call, *args)

    async def _write(self, call: Callable[..., T], *args: object) -> T:
        """Every call of the sink is made from its one thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, call, *args)

    @property
    def _batch_bytes(self) -> int:
        """Half of the budget holds a batch in the making for every walk, so that the other half is always in use."""
        return min(BATCH_BYTES, self._budget.limit_bytes // (2 * max(1, len(self._queues))))

    async def _batches(self, resource: Resource) -> AsyncIterator[Batch]:
        taken, number = self._pages_taken(resource.name), 0
        batch = Batch(taken)
        while (page := await self._queues[resource.name].get()) is not None:
            number += 1
            if number <= taken:
                await self._budget.release(page.size)
                continue
            batch.add(page, await self._record_page(resource, page, number - 1))
            if batch.body_bytes >= self._batch_bytes:
                yield batch
                batch = Batch(number)
        if batch.count:
            yield batch

    async def _record_page(self, resource: Resource, page: FetchedPage, number: int) -> RecordPage | None:
        """The records, with the page's place among those of the resource; the ids lead back to the page itself."""
        ref = page.ref
        if ref is None:
            return None
        if page.records is None:
            records = await asyncio.to_thread(records_of, self._journal, resource, page)
        else:
            records = records_of(self._journal, resource, page)
        prefix = page_prefix(self._journal.uid, self._run_id, ref.walk, ref.number)
        return RecordPage(number=number, prefix=prefix, records=records, numbers=page.numbers)

    async def _deliver(
        self, reader: Reader, resource: Resource, batch: Batch, before: asyncio.Task[None] | None
    ) -> None:
        """Observe a batch while the one before it is still under way; then fold, cast and stage it in its turn."""
        observation = await self._decode(reader.observe, batch.pages)
        if before is not None:
            await before
        async with self._turns.setdefault(table_name(resource), asyncio.Lock()):
            decoded, tables = await self._decode(self._settle, observation, resource)
            mark = await self._write(self._take, resource.name, batch, decoded, tables)
        await self._budget.release(batch.body_bytes)
        self._tell(resource.name, mark, decoded, len(batch.rejects))

    def _settle(self, observation: Observation, resource: Resource) -> tuple[Decoded, Schema]:
        """The batch as tables, and the walk's tables as they are after this batch."""
        folded = fold(self.schema, observation, resource)
        root = table_name(resource)
        own = {name: table for name, table in folded.schema.tables.items() if table.root == root}
        return cast(observation, folded), Schema(own)

    def _take(self, walk: str, batch: Batch, decoded: Decoded, tables: Schema) -> Watermark:
        """In the sink's thread: stage a batch, with its watermark and the schema of all that is staged after it."""
        # The warehouse takes only what a power cut cannot take from the journal.
        if batch.last is not None and not self._journal.is_synced(batch.last):
            self._journal.sync()
        before = self.watermarks.get(walk, Watermark(walk, 0))
        mark = Watermark(walk, batch.first + batch.count, before.records + batch.records)
        mark = msgspec.structs.replace(mark, fingerprint=self._fingerprints[walk])
        schema = Schema({**self.schema.tables, **tables.tables})
        rejects = (*decoded.rejects, *batch.rejects)
        self._sink.stage(Staging(decoded.batches, rejects, mark, schema, batch.first))
        self.schema, self.watermarks[walk] = schema, mark
        return mark

    def _tell(self, walk: str, mark: Watermark, decoded: Decoded, unfit: int) -> None:
        self.rejects[walk] = self.rejects.get(walk, 0) + len(decoded.rejects) + unfit
        for batch in decoded.batches:
            self._emit(TableWritten(walk, batch.schema.name, batch.rows.num_rows))
        for rejected in _by_reason(walk, decoded.rejects):
            self._emit(rejected)
        self._losses.setdefault(walk, Counter()).update(decoded.counts)
        self._emit(Delivered(walk, mark.pages, mark.records))


def _by_reason(walk: str, rejects: Sequence[Reject]) -> Iterator[Rejected]:
    """The rejects of a batch, those with the same reason as one."""
    same: dict[str, list[Reject]] = {}
    for reject in rejects:
        same.setdefault(reject.reason, []).append(reject)
    for reason, alike in same.items():
        yield Rejected(walk, reason, len(alike), alike[0].page, alike[0].record)
