"""The fetching half: drives each walk from page to page, and lets a page count only once it is in the journal."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from headrace.errors import SourceError
from headrace.model.envelope import Absent, Envelope, Visit
from headrace.model.event import Emit, PageFetched, WalkStarted
from headrace.model.guess import KEY
from headrace.model.page import Page, PageRef
from headrace.model.plan import AncestorKey, Client, Json, Resource
from headrace.model.position import Done, Position, dump
from headrace.model.table import Reject
from headrace.run.deadline import Deadline, OutOfTime
from headrace.run.desk import Desk, Sizes
from headrace.run.early import EARLY_PAGES, Arrived, Early, Room, fetch
from headrace.run.ends import WalkEnd, failed, interrupted, out_of_time
from headrace.run.inquest import Inquest
from headrace.run.resume import OpenWalk
from headrace.transport.base import Ignored, Transport
from headrace.walk.course import Course, Judged, digest_of, told
from headrace.walk.detect import Detection
from headrace.walk.sieve import Sieve

# Response headers that say something about a page; none of them can hold a credential.
KEPT_HEADERS = ("content-type", "date", "etag", "last-modified", "link", "next-page", "deprecation", "sunset")


class FetchedPage(msgspec.Struct, frozen=True):
    """A page that is in the journal; `records` None means that they are to be read there again.

    `added` are members, as JSON text, that every record takes from its parent's row. `ref` None: there is no page,
    only `rejects`, the parent's rows that could not be asked for. `above` are the values that resources below want of
    the rows that this page was asked for; `again`: the page has been here before, with other ones.
    """

    ref: PageRef | None
    records: Sequence[bytes] | None
    added: bytes = b""
    rejects: tuple[Reject, ...] = ()
    above: Mapping[AncestorKey, Json] = {}
    again: bool = False
    sieve: Sieve | None = None
    held_bytes: int | None = None
    """What the budget counts for it; None: nothing yet. Whoever takes the page gives it back."""
    numbers: Sequence[int] | None = None
    """The places in the page of the records that stayed, once they are sifted; None: all."""

    @property
    def size(self) -> int:
        """Bytes of its body."""
        return self.ref.body_bytes if self.ref else 0


Deliver = Callable[[FetchedPage], Awaitable[None]]


class Walker:
    """One walk under way: from page to page, each in the journal before it counts. To be closed.

    `before` are its pages that the journal holds. `sizes` knows how large a page is likely to be. `room` is what it
    may have under way before its turn; without it, each page is asked for when the one before it is in the journal.
    `inquest` and `deadline` are shared by the walks of a resource.
    """

    def __init__(
        self,
        client: Client,
        walk: OpenWalk,
        desk: Desk,
        *,
        emit: Emit,
        sizes: Sizes,
        before: Sequence[PageRef] = (),
        sieve: Sieve | None = None,
        room: Room | None = None,
        inquest: Inquest | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        state = walk.state
        self._sieve = sieve
        self.walk = walk
        self.course = Course(
            walk.resource,
            emit=emit,
            recall=self._visits,
            sieve=sieve,
            position=state.last if state else None,
            pages=state.pages if state else 0,
            records=state.records if state else 0,
            detected=state.detected if state else b"",
        )
        self._client = client
        self._desk = desk
        self._sizes = sizes
        self._emit = emit
        self._room = room or Room(desk.shelf, 0)
        self._inquest = inquest or Inquest()
        self._deadline = deadline or Deadline(walk.resource.deadline_s, walk.resource.retry.timeout_s)
        self._early: Early | None = None
        if state and state.detected:  # by an earlier try, whose report nobody may have seen
            found = msgspec.json.decode(state.detected, type=Detection)
            if KEY not in walk.resource.guesses:  # it has been stated since
                found = msgspec.structs.replace(found, doubt="")
            for event in told(self.resource.name, found):
                emit(event)
        for ref in before if not walk.ended else ():
            sizes.note(ref.body_bytes)
            self.course.remember(ref.position, ref.records_digest)

    @property
    def resource(self) -> Resource:
        """With what its first page settled."""
        return self.course.resource

    @property
    def position(self) -> Position:
        """Of the page whose turn it is."""
        return self.course.position

    @property
    def pages(self) -> int:
        """How many have come."""
        return self.course.pages

    async def step(self, transport: Transport, limit_pages: int | None = None) -> FetchedPage:
        """Fetch, accept and journal the page at the present position, and move on. Raises SourceError, or OutOfTime.

        Its bytes are taken from the budget before it is asked for, by the size of the one before it; or before it is
        journaled, where it was asked for early. After it, those that are foreseen are asked for early.
        """
        if self._early is None:
            self._early = Early(self._room, functools.partial(fetch, transport, self._client, self.course))
        try:
            return await self._stepped(self._early, transport, limit_pages)
        except Ignored as ignored:
            return await self._end(ignored)

    async def close(self) -> None:
        """Throw away what was asked for early."""
        if self._early is not None:
            await self._early.close()

    async def _asked(self, early: Early, transport: Transport) -> Arrived:
        """The page at the present position; the first one when what was guessed is settled."""
        if self.course.is_doubtful:
            return await self._inquest.first(transport, self._client, self.course)
        return await early.ask(self.position)

    async def _stepped(self, early: Early, transport: Transport, limit_pages: int | None) -> FetchedPage:
        budget = self._desk.budget
        arrived = await self._deadline.within(lambda: early.page(self.position))
        size = arrived.held_bytes if arrived else None
        taken = await budget.acquire_about(lambda: self._sizes.likely() if size is None else size)
        try:
            early.taken()
            if arrived is None:
                arrived = await self._deadline.within(lambda: self._asked(early, transport))
            judged = self.course.judge(arrived.reply, arrived.envelope)
            ref = await self._desk.append(self._page(arrived, judged))
        except BaseException:
            budget.release(taken)
            raise
        budget.correct(taken, ref.body_bytes)
        self._sizes.note(ref.body_bytes)
        left = EARLY_PAGES if limit_pages is None else min(EARLY_PAGES, limit_pages - self.pages - 1)
        foreseen = self.course.foreseen(judged, left)
        self.course.go(judged)
        early.foresee(foreseen, arrived.held_bytes)
        self._emit(
            PageFetched(
                self.resource.name,
                ref.number,
                ref.records,
                ref.body_bytes,
                arrived.elapsed_s,
                _expected(arrived.envelope),
            )
        )
        return FetchedPage(ref, arrived.envelope.records, sieve=self._sieve, held_bytes=ref.body_bytes)

    def _page(self, arrived: Arrived, judged: Judged) -> Page:
        reply = arrived.reply
        return Page(
            walk=self.walk.name,
            number=self.pages,
            position=self.position,
            next=judged.next,
            body=reply.body,
            status=reply.status,
            headers={name: reply.headers[name] for name in KEPT_HEADERS if name in reply.headers},
            fetched_at=reply.fetched_at,
            records=judged.facts.records,
            records_digest=judged.facts.records_digest,
            fingerprint=self.walk.fingerprint,
            detected=self.course.detected,
        )

    async def _end(self, ignored: Ignored) -> FetchedPage:
        """Journal the end that an ignored reply is, as a page that holds nothing, and that is not counted as one."""
        done = Done(ignored.why, proven=True)
        page = Page(
            walk=self.walk.name,
            number=self.pages,
            position=self.position,
            next=done,
            body=b"",
            status=ignored.status,
            headers={},
            fetched_at=time.time(),
            records=0,
            records_digest=digest_of(()),
            fingerprint=self.walk.fingerprint,
            detected=self.course.detected,
        )
        ref = await self._desk.append(page)
        self.course.position = done
        return FetchedPage(ref, (), held_bytes=0)

    def _visits(self, position: Position) -> tuple[Visit, ...]:
        """The earlier pages at a position. The journal knows them; a number for each is kept at hand."""
        here = dump(position)
        refs = self._desk.journal.refs(self._desk.run_id, self.walk.name)
        return tuple(Visit(ref.number, ref.records_digest) for ref in refs if dump(ref.position) == here)


async def conduct(
    walker: Walker, transport: Transport, deliver: Deliver, *, limit_pages: int | None, emit: Emit
) -> WalkEnd:
    """Drive one walk to its end. Its own failure is its outcome; other walks go on."""
    name = walker.resource.name
    emit(WalkStarted(name, walker.pages, walker.course.records))
    try:
        end = await drive(walker, transport, deliver, limit_pages)
    except asyncio.CancelledError:
        emit(interrupted(name).event)
        raise
    emit(end.event)
    return end


async def drive(walker: Walker, transport: Transport, deliver: Deliver, limit_pages: int | None = None) -> WalkEnd:
    """`conduct` without a word: for the walks of a child resource, which are told of together."""
    try:
        return await _steps(walker, transport, deliver, limit_pages)
    except SourceError as error:
        return failed(walker.resource.name, error)
    except OutOfTime as over:
        return out_of_time(walker.resource.name, over)
    finally:
        await walker.close()


async def _steps(walker: Walker, transport: Transport, deliver: Deliver, limit_pages: int | None) -> WalkEnd:
    name = walker.resource.name
    while not isinstance(walker.position, Done):
        if limit_pages is not None and walker.pages >= limit_pages:
            return WalkEnd(name, "limit", f"--limit-pages {limit_pages} was reached", proven=False)
        await deliver(await walker.step(transport, limit_pages))
    done = walker.position
    return WalkEnd(name, done.stopped, done.why, proven=done.proven)


def _expected(envelope: Envelope) -> int | None:
    total = envelope.total
    return total if isinstance(total, int) and not isinstance(total, bool | Absent) else None
