"""A child resource: one walk for each distinct request that its parent's rows give, side by side, taken in order."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from headrace.decode.names import table_name
from headrace.envelope.path import render
from headrace.envelope.pick import Picker
from headrace.journal.layout import RunRecord
from headrace.model.envelope import ABSENT, Absent
from headrace.model.event import Emit, Event, Noticed, PageFetched, WalkEnded, WalkStarted
from headrace.model.plan import Client, Json
from headrace.model.position import Seen
from headrace.model.table import Reject
from headrace.run.conduct import Deliver, FetchedPage, WalkEnd, Walker, drive, not_held
from headrace.run.desk import Desk, Sizes
from headrace.run.early import Room
from headrace.run.resume import OpenWalk, owner_of, row_walk, sieve_of
from headrace.transport.base import Transport
from headrace.walk.bind import Row, Unfit, bind, fields_of
from headrace.walk.request import fingerprint
from headrace.walk.sieve import Sieve

AHEAD_WALKS = 64  # walks under way at once; the transport's own limit holds for their requests
AHEAD_ROWS = 1000  # rows of the parent that may wait for their turn


@dataclass(slots=True)
class _RowWalk:
    """The walk of one row: its pages as they come, None after the last."""

    walk: OpenWalk
    added: bytes
    sieve: Sieve | None
    remembered_as: str
    pages: asyncio.Queue[FetchedPage | None] = field(default_factory=asyncio.Queue)
    end: WalkEnd | None = None


_Turn: TypeAlias = _RowWalk | FetchedPage | None
"""What has its turn: the walk of a row, rejects, or the end."""


class Fan:
    """All walks of one child resource. Its pages have one order, that of the parent's rows, whatever comes first.

    `transport` None: nothing is fetched, and the journal's pages are all there is (a replay).
    """

    def __init__(
        self,
        walk: OpenWalk,
        client: Client,
        desk: Desk,
        record: RunRecord,
        transport: Transport | None,
        *,
        limit_pages: int | None,
        emit: Emit,
    ) -> None:
        self.resource = walk.resource
        self.end: WalkEnd | None = None
        self._client = client
        self._desk = desk
        self._journal = desk.journal
        self._record = record
        self._run_id = record.run_id
        self._sizes = Sizes(desk.budget)
        self._early = Room(desk.shelf, desk.early_pages)  # for all walks together
        self.seen: dict[str, Seen] = {}
        self._transport = transport
        self._limit_pages = limit_pages
        self._emit = emit
        self._attempt = walk.attempt
        self._parent = walk.resource.parent
        self._fields = fields_of(walk.resource)
        include = self._parent.include if self._parent else ()
        self._picker = Picker([*self._fields, *(render((key,)) for key in include)])
        self._coming: asyncio.Queue[_Turn] = asyncio.Queue(AHEAD_ROWS)
        self._room = asyncio.Semaphore(min(AHEAD_WALKS, limit_pages or AHEAD_WALKS))
        self._seen: set[str] = set()
        self._repeated = 0
        self._said: set[Noticed] = set()
        self._under_way: set[asyncio.Task[None]] = set()
        self._kept_bytes = 0
        self._parent_end: WalkEnd | None = None

    # --- the parent's side --------------------------------------------------------------------

    async def feed(self, page: FetchedPage, records: Sequence[bytes]) -> None:
        """Take the rows of the parent's next page. Waits while too many rows have not had their turn."""
        rejects: list[Reject] = []
        for number, record in enumerate(records):
            if self.end is not None:
                return
            try:
                row = self._row(record)
            except (Unfit, msgspec.DecodeError) as unfit:
                rejects.append(self._reject(page, number, record, str(unfit)))
                continue
            if row.walk.name in self._seen:
                self._repeated += 1
                continue
            self._seen.add(row.walk.name)
            await self._coming.put(row)
        if rejects:
            await self._coming.put(FetchedPage(None, (), rejects=tuple(rejects)))

    async def close(self, parent_end: WalkEnd) -> None:
        """No more rows will come; this is how the parent ended."""
        self._parent_end = parent_end
        await self._coming.put(None)

    def _row(self, record: bytes) -> _RowWalk:
        values = self._picker.pick(record)
        count = len(self._fields)
        row: Row = dict(zip(self._fields, values[:count], strict=True))
        added = self._added(values[count:])
        bound = bind(self.resource, row)
        whole = msgspec.json.encode((fingerprint(self._client, bound), bound.request.headers)) + added
        key = hashlib.blake2b(whole, digest_size=10).hexdigest()
        remembered_as = row_walk(self.resource.name, key)
        sieve = sieve_of(self.resource, self._record, remembered_as)
        if sieve is not None:
            bound = bind(self.resource, row, sieve.window)
        name = remembered_as if self._attempt == 1 else f"{remembered_as}.{self._attempt}"
        walk = OpenWalk(name, bound, fingerprint(self._client, bound), self._journal.walk(self._run_id, name))
        return _RowWalk(walk, added, sieve, remembered_as)

    def _added(self, values: tuple[Json | Absent, ...]) -> bytes:
        """The included values as members of an object, without its braces. Raises Unfit where one is missing."""
        if self._parent is None or not self._parent.include:
            return b""
        parent, keys = self._parent.resource, self._parent.include
        for key, value in zip(keys, values, strict=True):
            if value is ABSENT:
                raise Unfit(f"`{key}`, which include_from_parent names, is missing")
        members = {f"_{parent}_{key}": value for key, value in zip(keys, values, strict=True)}
        return msgspec.json.encode(members)[1:-1]

    def _reject(self, page: FetchedPage, number: int, record: bytes, why: str) -> Reject:
        parent = self._parent.resource if self._parent else ""
        reason = f"a row of its parent `{parent}` gives no request: {why}"
        at = page.ref.number if page.ref else 0
        return Reject(table_name(self.resource), self.resource.name, at, number, reason, record)

    # --- its own side -------------------------------------------------------------------------

    async def run(self, deliver: Deliver) -> WalkEnd:
        """Walk every row, and hand on the pages in order."""
        name = self.resource.name
        before = [each for each in self._journal.walks(self._run_id) if owner_of(each.walk) == name]
        self._emit(WalkStarted(name, sum(each.pages for each in before), sum(each.records for each in before)))
        try:
            self.end = await self._walk_all(deliver)
        except asyncio.CancelledError:
            self._emit(WalkEnded(name, "interrupted", "the run was interrupted", proven=False))
            raise
        if self._parent_end is None or not self._coming.empty():  # nobody may wait for room that never comes
            while await self._coming.get() is not None:
                pass
        if self._repeated:
            said = f"{self._repeated} rows of the parent gave the request of an earlier row, which was asked once"
            self._emit(Noticed(name, said))
        self._emit(WalkEnded(name, self.end.stopped, self.end.why, proven=self.end.proven))
        return self.end

    async def _walk_all(self, deliver: Deliver) -> WalkEnd:
        turns: asyncio.Queue[_Turn] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            begin = group.create_task(self._begin(turns, group))
            end = await self._in_order(turns, deliver)
            begin.cancel()
            for task in self._under_way:
                task.cancel()
        self._desk.shelf.give_back(self._kept_bytes)
        self._kept_bytes = 0
        return end

    async def _begin(self, turns: asyncio.Queue[_Turn], group: asyncio.TaskGroup) -> None:
        """Begin walks as there is room, whoever's turn it is."""
        while (coming := await self._coming.get()) is not None:
            if isinstance(coming, _RowWalk):
                await self._room.acquire()
                task = group.create_task(self._walk(coming))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            turns.put_nowait(coming)
        turns.put_nowait(None)

    async def _in_order(self, turns: asyncio.Queue[_Turn], deliver: Deliver) -> WalkEnd:
        """Hand on what has its turn, up to the first walk that failed."""
        name, limit = self.resource.name, self._limit_pages
        pages = walks = 0
        weak: WalkEnd | None = None
        while (turn := await turns.get()) is not None:
            if isinstance(turn, FetchedPage):
                await deliver(turn)
                continue
            while (page := await turn.pages.get()) is not None:
                if pages == limit:
                    return WalkEnd(name, "limit", f"--limit-pages {limit} was reached", proven=False)
                self._keep(-page.size if page.records is not None else 0)
                await deliver(page)
                pages += 1
            self._room.release()
            walks += 1
            end = turn.end
            if end is None or end.stopped in {"error", "limit"}:
                return end or WalkEnd(name, "early", "the walk of a row was stopped", proven=False)
            weak = weak or (None if end.proven and end.held else end)
            if turn.sieve is not None and turn.sieve.seen is not None and end.proven:
                self.seen[turn.remembered_as] = turn.sieve.seen
        return self._whole(walks, weak)

    def _whole(self, walks: int, weak: WalkEnd | None) -> WalkEnd:
        """How the resource ended, with every row of the parent walked."""
        name, parent = self.resource.name, self._parent_end
        if weak is not None:
            return WalkEnd(name, "early", weak.why, proven=False, held=weak.held)
        if parent is not None and not parent.proven:
            why = f"its parent `{parent.walk}` was not walked to its end"
            return WalkEnd(name, "early", why, proven=False, held=parent.held)
        return WalkEnd(
            name, "end", f"all {walks} walks, one for each row of its parent, came to their end", proven=True
        )

    async def _walk(self, row: _RowWalk) -> None:
        """One row's walk, from where the journal has it."""
        try:
            row.end = await self._walked(row)
        finally:
            row.pages.put_nowait(None)

    async def _walked(self, row: _RowWalk) -> WalkEnd:
        walk, name = row.walk, self.resource.name
        before = await self._desk.refs(walk.name) if walk.state else []
        for ref in before:
            row.pages.put_nowait(FetchedPage(ref, None, row.added, sieve=row.sieve))
        if walk.ended is not None:
            return WalkEnd(name, walk.ended.stopped, walk.ended.why, proven=walk.ended.proven)
        if self._transport is None:
            return not_held(name)
        if walk.state is None:
            await self._desk.begin_walk(walk.name, walk.fingerprint)
        walker = Walker(
            self._client,
            walk,
            self._desk,
            emit=self._told,
            sizes=self._sizes,
            before=before,
            sieve=row.sieve,
            room=self._early,
        )

        async def keep(page: FetchedPage) -> None:
            """Until its turn comes; what there is no room for is read again from the journal."""
            records = page.records if self._desk.shelf.take(page.size) else None
            self._keep(page.size if records is not None else 0)
            self._desk.budget.release(page.held_bytes or 0)
            row.pages.put_nowait(FetchedPage(page.ref, records, row.added, sieve=row.sieve))

        return await drive(walker, self._transport, keep, self._limit_pages)

    def _keep(self, size: int) -> None:
        """So many bytes more lie on the shelf; where they leave it, they make room there."""
        self._kept_bytes += size
        if size < 0:
            self._desk.shelf.give_back(-size)

    def _told(self, event: Event) -> None:
        """What one of many walks has to tell: no total of its own, and no notice twice."""
        match event:
            case PageFetched():
                self._emit(msgspec.structs.replace(event, expected_records=None))
            case Noticed() if event in self._said:
                return
            case Noticed():
                self._said.add(event)
                self._emit(event)
            case _:
                self._emit(event)
