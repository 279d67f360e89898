"""A child resource: one walk for each distinct request that its parent's rows give, side by side, taken in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from headrace.decode.rows import page_prefix
from headrace.errors import SourceError
from headrace.model.event import Emit, Event, Noticed, PageFetched, WalkStarted
from headrace.model.page import PageRef
from headrace.model.plan import Client, Resource
from headrace.model.position import Seen
from headrace.model.table import Reject
from headrace.run.conduct import Deliver, FetchedPage, Walker, drive
from headrace.run.deadline import Deadline
from headrace.run.desk import Desk, Sizes
from headrace.run.early import Room
from headrace.run.ends import WalkEnd, failed, failed_row, interrupted, not_held
from headrace.run.inquest import Inquest
from headrace.run.resume import owner_of
from headrace.run.rows import Rows, RowWalk
from headrace.sinks.base import AskedFor
from headrace.transport.base import Transport

AHEAD_WALKS = 64  # walks under way at once; the transport's own limit holds for their requests
AHEAD_ROWS = 1000  # rows of the parent that may wait for their turn

_Turn: TypeAlias = RowWalk | FetchedPage | None
"""What has its turn: the walk of a row, rejects, or the end."""


class Fan:
    """All walks of one child resource. Its pages have one order, that of the parent's rows, whatever comes first.

    `transport` None: nothing is fetched, and the journal's pages are all there is (a replay). `keeps_rows`: it must be
    known afterwards which rows were asked for, and with which pages.
    """

    def __init__(
        self,
        resource: Resource,
        rows: Rows,
        client: Client,
        desk: Desk,
        transport: Transport | None,
        *,
        limit_pages: int | None,
        keeps_rows: bool,
        emit: Emit,
    ) -> None:
        self.resource = resource
        self.end: WalkEnd | None = None
        self._rows = rows
        self._client = client
        self._desk = desk
        self._sizes = Sizes(desk.budget)
        self._early = Room(desk.shelf, desk.early_pages)  # for all walks together
        self._inquest = Inquest()
        self._deadline = Deadline(resource.deadline_s, resource.retry.timeout_s)  # likewise
        self.seen: dict[str, Seen] = {}
        self.rejects = 0
        """How many rows of the parent could not be asked for."""
        self._asked: dict[tuple[str, ...], list[str]] | None = {} if keeps_rows else None
        self._transport = transport
        self._limit_pages = limit_pages
        self._emit = emit
        self._coming: asyncio.Queue[_Turn] = asyncio.Queue(AHEAD_ROWS)
        # Nothing is fetched beyond a limit: then one row is walked at a time.
        self._room = asyncio.Semaphore(AHEAD_WALKS if limit_pages is None else 1)
        self._pages = 0
        self._said: set[Noticed] = set()
        self._under_way: set[asyncio.Task[None]] = set()
        self._kept_bytes = 0
        self._parent_end: WalkEnd | None = None

    @property
    def asked_for(self) -> tuple[AskedFor, ...] | None:
        """The rows that have had their turn, if they have to be known."""
        if self._asked is None:
            return None
        return tuple(AskedFor(rows, tuple(pages)) for rows, pages in self._asked.items())

    # --- the parent's side --------------------------------------------------------------------

    async def feed(self, page: FetchedPage, records: Sequence[bytes]) -> None:
        """Take the rows of the parent's next page. Waits while too many rows have not had their turn."""
        if page.again and not self._rows.wants_above:
            return
        rejects: list[Reject] = []
        said = self._rows.settle(records)
        if said:
            self._emit(Noticed(self.resource.name, said))
        for number, record in enumerate(records):
            if self.end is not None:
                return
            row = self._rows.read(page, number, record)
            if isinstance(row, Reject):
                rejects.append(row)
            elif row is not None:
                await self._coming.put(row)
        self.rejects += len(rejects)
        if rejects:
            await self._coming.put(FetchedPage(None, (), rejects=tuple(rejects)))
        begun = self._rows.begun_before()
        if begun is not None and self.end is None:
            await self._coming.put(begun)

    async def close(self, parent_end: WalkEnd) -> None:
        """No more rows will come; this is how the parent ended."""
        self._parent_end = parent_end
        # Rows that wait for their batch go with those that come once the parent is gone on with.
        comes_again = parent_end.stopped in {"error", "interrupted"} or not parent_end.held
        rest = None if comes_again else self._rows.rest()
        if rest is not None and self.end is None:
            await self._coming.put(rest)
        await self._coming.put(None)

    # --- its own side -------------------------------------------------------------------------

    async def run(self, deliver: Deliver) -> WalkEnd:
        """Walk every row, and hand on the pages in order."""
        name = self.resource.name
        before = [each for each in self._desk.journal.walks(self._desk.run_id) if owner_of(each.walk) == name]
        self._emit(WalkStarted(name, sum(each.pages for each in before), sum(each.records for each in before)))
        try:
            self.end = await self._walk_all(deliver)
        except asyncio.CancelledError:
            self._emit(interrupted(name).event)
            raise
        if self._parent_end is None or not self._coming.empty():  # nobody may wait for room that never comes
            while await self._coming.get() is not None:
                pass
        if self._rows.repeated:
            said = f"{self._rows.repeated} rows of the parent gave the request of an earlier row, which was asked once"
            self._emit(Noticed(name, said))
        self._emit(self.end.event)
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
            turns.put_nowait(coming)
            if isinstance(coming, RowWalk) and not coming.again:
                await self._room.acquire()
                task = group.create_task(self._walk(coming))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
        turns.put_nowait(None)

    async def _in_order(self, turns: asyncio.Queue[_Turn], deliver: Deliver) -> WalkEnd:
        """Hand on what has its turn, up to the first walk that failed."""
        name, limit = self.resource.name, self._limit_pages
        walks = 0
        weak: WalkEnd | None = None
        while (turn := await turns.get()) is not None:
            if isinstance(turn, FetchedPage):
                await deliver(turn)
                continue
            if self._is_full:
                return WalkEnd(name, "limit", f"--limit-pages {limit} was reached", proven=False)
            if turn.again:
                await self._hand_down(turn, deliver)
                continue
            end = await self._hand_on(turn, deliver)
            if not self._is_full:
                self._room.release()
            walks += 1
            if end is None:
                return WalkEnd(name, "early", "the walk of a row was stopped", proven=False)
            # Pages are counted in the order of the rows: nothing may be taken beyond one that is not whole.
            if end.stopped == "error" or not end.held or (end.stopped == "limit" and self._is_full):
                return failed_row(self.resource, end)
            weak = weak or (None if end.proven else end)
            self._note(turn, None)
            if turn.sieve is not None and turn.sieve.seen is not None and end.proven:
                self.seen[turn.remembered_as] = turn.sieve.seen
        return self._whole(walks, weak)

    def _note(self, turn: RowWalk, ref: PageRef | None) -> None:
        """These rows are asked for, and this page is theirs."""
        if self._asked is not None:
            pages = self._asked.setdefault(turn.rows, [])
            if ref is not None:
                uid, run_id = self._desk.journal.uid, self._desk.run_id
                pages.append(page_prefix(uid, run_id, ref.walk, ref.number, ref.attempt))

    async def _hand_on(self, row: RowWalk, deliver: Deliver) -> WalkEnd | None:
        """The pages of one walk as they come; then how it ended, also where it is what cannot be taken of it."""
        while (page := await row.pages.get()) is not None:
            self._keep(-page.size if page.records is not None else 0)
            self._note(row, page.ref)
            try:
                await deliver(page)
            except SourceError as error:
                return failed(self.resource.name, error)
            self._pages += 1
        return row.end

    async def _hand_down(self, row: RowWalk, deliver: Deliver) -> None:
        """The pages of a walk that an earlier row has had made, for what hangs on them and wants values of this row."""
        for ref in await self._desk.refs(row.walk.name):
            await deliver(FetchedPage(ref, None, row.added, sieve=row.sieve, above=row.above, again=True))

    @property
    def _is_full(self) -> bool:
        """Whether the limit is reached; an earlier try, which had another one, may have brought more."""
        return self._limit_pages is not None and self._pages >= self._limit_pages

    def _whole(self, walks: int, weak: WalkEnd | None) -> WalkEnd:
        """How the resource ended, with every row of the parent walked."""
        name, parent = self.resource.name, self._parent_end
        if weak is not None:
            return WalkEnd(name, "limit" if weak.stopped == "limit" else "early", weak.why, proven=False)
        if parent is not None and not parent.proven:
            why = f"its parent `{parent.walk}` was not walked to its end"
            return WalkEnd(name, "early", why, proven=False, held=parent.held, rows=walks, cut_by=parent.walk)
        if self._inquest.question:
            return WalkEnd(name, "early", self._inquest.question.rstrip("."), proven=False, rows=walks)
        each = "row" if self._rows.batch is None else "batch of rows"
        why = f"all {walks} walks, one for each {each} of its parent, came to their end"
        return WalkEnd(name, "end", why, proven=True, rows=walks)

    async def _walk(self, row: RowWalk) -> None:
        """One row's walk, from where the journal has it."""
        try:
            row.end = await self._walked(row)
        finally:
            row.pages.put_nowait(None)

    async def _walked(self, row: RowWalk) -> WalkEnd:
        limit = None if self._limit_pages is None else self._limit_pages - self._pages
        walk, name = row.walk, self.resource.name
        self._inquest.recall(walk.state.detected if walk.state else b"")
        before = await self._desk.refs(walk.name) if walk.state else []
        for ref in before:
            row.pages.put_nowait(FetchedPage(ref, None, row.added, sieve=row.sieve, above=row.above))
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
            inquest=self._inquest,
            deadline=self._deadline,
        )

        async def keep(page: FetchedPage) -> None:
            """Until its turn comes; what there is no room for is read again from the journal."""
            records = page.records if self._desk.shelf.take(page.size) else None
            self._keep(page.size if records is not None else 0)
            self._desk.budget.release(page.held_bytes or 0)
            row.pages.put_nowait(FetchedPage(page.ref, records, row.added, sieve=row.sieve, above=row.above))

        return await drive(walker, self._transport, keep, limit)

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
