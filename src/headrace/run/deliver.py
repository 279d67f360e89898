"""The delivering half: pages in order, gathered into batches, decoded side by side, staged one after another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

import msgspec

from headrace.decode.columns import Decoded, cast
from headrace.decode.infer import fold
from headrace.decode.names import table_name
from headrace.decode.observe import Reader
from headrace.decode.observed import Observation
from headrace.decode.rows import RecordPage, page_prefix
from headrace.decode.rules import DecodeRules
from headrace.decode.shape import as_known
from headrace.errors import ContractBroken
from headrace.model.event import Delivered, Emit, Noticed, TableWritten
from headrace.model.page import PageRef
from headrace.model.plan import Disposition, Resource
from headrace.model.position import Seen
from headrace.model.table import Figures, Receipt, Reject, Schema, Watermark
from headrace.run.conduct import FetchedPage
from headrace.run.desk import Desk
from headrace.run.reread import records_of
from headrace.sinks.base import Commit, Sink, SinkState, Staging
from headrace.walk.detect import settled

T = TypeVar("T")
BATCH_BYTES = 6 << 20
DECODERS = 2
AHEAD = 2  # batches of one walk that are under way at once


class _Nudge:
    """Comes between the pages of a resource when somebody waits for bytes."""


_NUDGE = _Nudge()
_Item: TypeAlias = FetchedPage | _Nudge | None
"""What a queue holds: None after the last page."""


@dataclass(slots=True)
class Batch:
    """Consecutive pages of one resource, from its page `first` on, up to about `BATCH_BYTES` of bodies.

    `count` is how many came, those without a record included; `held_bytes` is what the budget counts for them.
    """

    first: int
    count: int = 0
    pages: list[RecordPage] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    held_bytes: int = 0
    records: int = 0
    last: PageRef | None = None
    detected: bytes = b""
    """What a page of the resource has settled by now."""

    def add(self, came: FetchedPage, page: RecordPage | None) -> None:
        """Take one more page."""
        self.count += 1
        self.held_bytes += came.held_bytes or 0
        self.rejects += came.rejects
        if came.ref is not None:
            self.last = came.ref
            self.records += came.ref.records
        if page is not None:
            self.pages.append(page)


class Delivery:
    """Takes pages as they are journaled and brings them into the sink's staging.

    A batch waits for more pages as long as nobody waits for the bytes that it holds.
    """

    def __init__(self, desk: Desk, sink: Sink, *, rules: DecodeRules, emit: Emit) -> None:
        self._journal = desk.journal
        self._run_id = desk.run_id
        self._budget = desk.budget
        self._sink = sink
        self._emit = emit
        self._rules = rules
        self._decoders = ThreadPoolExecutor(DECODERS, thread_name_prefix="headrace-decode")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="headrace-sink")
        self._queues: dict[str, asyncio.Queue[_Item]] = {}
        self._under_way: dict[str, int] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._fingerprints: Mapping[str, str] = {}
        self._budget.when_short(self._nudge)
        self.schema = Schema({})
        self.committed: set[str] = set()
        self.watermarks: dict[str, Watermark] = {}
        self.dispositions: dict[str, Disposition] = {}
        """Of the resources whose first page had something to say of it."""
        self.refused: dict[str, ContractBroken] = {}
        """The resources whose schema contract does not take what came: they are not delivered any further."""

    async def open(self, fingerprints: Mapping[str, str]) -> SinkState:
        """Open the sink; its schema and watermarks are the place to go on from. Raises SinkError."""
        self._fingerprints = fingerprints
        state = await self._write(self._sink.open, self._run_id, fingerprints)
        self.schema = state.schema
        self.committed = set(state.committed)
        for mark in (*state.staged.values(), *state.committed.values()):
            if mark.pages > self._pages_taken(mark.walk):
                self.watermarks[mark.walk] = mark
        for sentence in state.warnings:
            self._emit(Noticed("", sentence, "warning"))
        return state

    async def seen(self) -> dict[str, Seen]:
        """How far increments have come in the warehouse. Raises SinkError."""
        return await self._write(self._sink.seen)

    def expect(self, resource: str) -> None:
        """Make room for a resource: `put` and `finish` may be called for it from now on."""
        self._queues[resource] = asyncio.Queue()
        self._under_way[resource] = 0

    def put(self, resource: str, page: FetchedPage) -> None:
        """Hand over a resource's next page, which is in the journal, with the bytes that are held for it.

        All its pages come, in order, those of an earlier try as well: what the warehouse has of them is passed over.
        """
        self._queues[resource].put_nowait(page)

    def finish(self, resource: str) -> None:
        """No more pages of this resource will come."""
        self._queues[resource].put_nowait(None)

    async def run(self, resource: Resource) -> None:
        """Deliver one resource: what is put and lies beyond the watermark. Raises SinkError."""
        stated, resource = resource, as_known(resource, self.schema)
        reader, detected = Reader(resource, self._rules), b""
        under_way: deque[asyncio.Task[None]] = deque()
        async with asyncio.TaskGroup() as group:
            async for batch in self._batches(resource):
                if batch.detected != detected:
                    detected = batch.detected
                    resource = as_known(settled(stated, detected), self.schema)
                    reader = Reader(resource, self._rules)
                before = under_way[-1] if under_way else None
                under_way.append(group.create_task(self._deliver(reader, resource, batch, before)))
                if len(under_way) > AHEAD:
                    await under_way.popleft()

    def make_anew(self, roots: Container[str]) -> None:
        """These tables and their children are dropped by the commit: what enters them now is their first load."""
        tables = {
            name: msgspec.structs.replace(table, since=self._run_id) if table.root in roots else table
            for name, table in self.schema.tables.items()
        }
        self.schema = Schema(tables)

    async def commit(self, commit: Callable[[Schema], Commit]) -> Receipt:
        """The final transaction, over what is staged. Raises SinkError."""
        return await self._write(self._sink.commit, commit(self.schema))

    def close(self) -> None:
        """Let go of the sink and the threads."""
        self._decoders.shutdown(cancel_futures=True)
        self._writer.submit(self._sink.close).result()
        self._writer.shutdown()

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

    def _nudge(self) -> None:
        for queue in self._queues.values():
            queue.put_nowait(_NUDGE)

    async def _batches(self, resource: Resource) -> AsyncIterator[Batch]:
        name = resource.name
        taken, number, detected = self._pages_taken(name), 0, b""
        batch = Batch(taken)
        while (came := await self._queues[name].get()) is not None:
            if isinstance(came, FetchedPage):
                number += 1
                if came.ref is not None and came.ref.detected and not detected:
                    detected = came.ref.detected
                    self.dispositions[name] = settled(resource, detected).disposition
                if number <= taken:
                    self._budget.release(came.held_bytes or 0)
                    continue
                batch.add(came, await self._record_page(resource, came, number - 1))
                batch.detected = detected
            if batch.held_bytes >= self._batch_bytes or (batch.held_bytes and self._must_go(name)):
                self._under_way[name] += 1
                yield batch
                batch = Batch(number)
        if batch.count:
            self._under_way[name] += 1
            yield batch

    def _must_go(self, resource: str) -> bool:
        """Whether somebody waits for bytes, and this resource has nothing under way that gives any back."""
        return self._budget.is_short and not self._under_way[resource]

    async def _record_page(self, resource: Resource, page: FetchedPage, number: int) -> RecordPage | None:
        """The records, with the page's place among those of the resource; the ids lead back to the page itself."""
        ref = page.ref
        if ref is None:
            return None
        if page.records is None:
            records = await asyncio.to_thread(records_of, self._journal, resource, page)
        else:
            records = records_of(self._journal, resource, page)
        prefix = page_prefix(self._journal.uid, self._run_id, ref.walk, ref.number, ref.attempt)
        return RecordPage(number=number, prefix=prefix, records=records, numbers=page.numbers)

    async def _deliver(
        self, reader: Reader, resource: Resource, batch: Batch, before: asyncio.Task[None] | None
    ) -> None:
        """Observe a batch while the one before it is still under way; then fold, cast and stage it in its turn."""
        observation = await self._decode(reader.observe, batch.pages)
        if before is not None:
            await before
        if resource.name not in self.refused:
            await self._stage(resource, batch, observation)
        self._budget.release(batch.held_bytes)
        self._under_way[resource.name] -= 1
        if self._budget.is_short:
            self._queues[resource.name].put_nowait(_NUDGE)

    async def _stage(self, resource: Resource, batch: Batch, observation: Observation) -> None:
        async with self._turns.setdefault(table_name(resource), asyncio.Lock()):
            try:
                decoded, tables = await self._decode(self._settle, observation, resource)
            except ContractBroken as error:
                self.refused[resource.name] = error
                return
            mark = await self._write(self._take, resource.name, batch, decoded, tables)
        self._tell(resource.name, mark, decoded)

    def _settle(self, observation: Observation, resource: Resource) -> tuple[Decoded, Schema]:
        """The batch as tables, and the walk's tables as they are after this batch."""
        folded = fold(self.schema, observation, resource, self._run_id)
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
        figures = Figures(losses=decoded.counts, variants=tuple(_new_variants(self.schema, tables)))
        self._sink.stage(Staging(decoded.batches, rejects, mark, schema, batch.first, figures))
        self.schema, self.watermarks[walk] = schema, mark
        return mark

    def _tell(self, walk: str, mark: Watermark, decoded: Decoded) -> None:
        for batch in decoded.batches:
            self._emit(TableWritten(walk, batch.schema.name, batch.rows.num_rows))
        self._emit(Delivered(walk, mark.pages, mark.records))


def _new_variants(before: Schema, after: Schema) -> Iterator[str]:
    """The columns that values went into because the one of their name cannot hold them."""
    for table in after.tables.values():
        known = before.tables.get(table.name)
        names = {column.name for column in known.columns} if known else set[str]()
        yield from (f"{table.name}.{each.name}" for each in table.columns if each.variant and each.name not in names)
