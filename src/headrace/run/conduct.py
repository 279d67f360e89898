"""The fetching half: drives each walk from page to page, and lets a page count only once it is in the journal."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import msgspec

from headrace.envelope.split import Splitter, compile_splitter
from headrace.errors import SourceError
from headrace.model.envelope import Absent, Envelope, Facts, Visit
from headrace.model.event import Emit, Noticed, PageFetched, WalkEnded, WalkStarted
from headrace.model.page import Page, PageRef, Reply
from headrace.model.plan import AutoPaging, Client, Resource
from headrace.model.position import AtOffset, AtPage, Done, Position, Start, dump
from headrace.model.table import Reject
from headrace.run.desk import Desk, Sizes
from headrace.run.resume import OpenWalk
from headrace.transport.base import Ignored, Transport
from headrace.walk.after import after, ask
from headrace.walk.detect import Detection, detect
from headrace.walk.request import build
from headrace.walk.sieve import Sieve
from headrace.walk.stuck import doubted
from headrace.walk.value import all_alike

# Response headers that say something about a page; none of them can hold a credential.
KEPT_HEADERS = ("content-type", "date", "etag", "last-modified", "link", "next-page", "deprecation", "sunset")


class FetchedPage(msgspec.Struct, frozen=True):
    """A page that is in the journal; `records` None means that they are to be read there again.

    `added` are members, as JSON text, that every record takes from its parent's row. `ref` None: there is no page,
    only `rejects`, the parent's rows that could not be asked for.
    """

    ref: PageRef | None
    records: Sequence[bytes] | None
    added: bytes = b""
    rejects: tuple[Reject, ...] = ()
    sieve: Sieve | None = None
    held_bytes: int | None = None
    """What the budget counts for it; None: nothing yet. Whoever takes the page gives it back."""
    numbers: Sequence[int] | None = None
    """The places in the page of the records that stayed, once they are sifted; None: all."""

    @property
    def size(self) -> int:
        """Bytes of its body."""
        return self.ref.body_bytes if self.ref else 0


class WalkEnd(msgspec.Struct, frozen=True):
    """How a walk ended in this process; `error` is set where `stopped` is "error".

    `held` False: a replay, and the journal does not hold the walk to its end.
    """

    walk: str
    stopped: Literal["end", "early", "limit", "error", "interrupted"]
    why: str
    proven: bool
    error: SourceError | None = None
    held: bool = True


Deliver = Callable[[FetchedPage], Awaitable[None]]


class Walker:
    """One walk under way: where it stands, and what it has seen, so that a circle is noticed.

    `before` are its pages that the journal holds. `sizes` knows how large a page is likely to be.
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
    ) -> None:
        state = walk.state
        self._sieve = sieve
        self.walk = walk
        self._detected = state.detected if state else b""
        self.resource = detected(walk.resource, self._detected)
        self.position: Position = (state.last if state else None) or Start()
        self.pages = state.pages if state else 0
        self.records = state.records if state else 0
        self._client = client
        self._desk = desk
        self._sizes = sizes
        self._emit = emit
        if self._detected:  # by an earlier try, whose report nobody may have seen
            emit(Noticed(self.resource.name, msgspec.json.decode(self._detected, type=Detection).why))
        self._visited: set[int] = set()
        self._cursor_seen = self.pages > 1
        self._last_digest = b""
        self._repeats = 0
        for ref in before if not walk.ended else ():
            sizes.note(ref.body_bytes)
            self._saw(ref.position, ref.records_digest)
        self._splitter: Splitter = compile_splitter(ask(self.resource))

    async def step(self, transport: Transport) -> FetchedPage:
        """Fetch, accept and journal the page at the present position, and move on. Raises SourceError.

        Its bytes are taken from the budget before it is asked for, by the size of the one before it.
        """
        taken = await self._desk.budget.acquire_about(self._sizes.likely)
        try:
            page = await self._fetched(transport)
        except BaseException:
            self._desk.budget.release(taken)
            raise
        self._desk.budget.correct(taken, page.size)
        return msgspec.structs.replace(page, held_bytes=page.size)

    async def _fetched(self, transport: Transport) -> FetchedPage:
        request = build(self._client, self.resource, self.position)
        started = asyncio.get_running_loop().time()
        conceal = functools.partial(transport.conceal, request)
        try:
            page, envelope = await transport.fetch(
                request, self.resource.retry, lambda reply: self._accept(reply, conceal), self.resource.actions
            )
        except Ignored as ignored:
            return await self._end(ignored)
        ref = await self._desk.append(page)
        self._sizes.note(len(page.body))
        self._cursor_seen = self._cursor_seen or not isinstance(page.next, Done)
        self._saw(page.position, page.records_digest)
        self.position = page.next
        self.pages += 1
        self.records += page.records
        elapsed = asyncio.get_running_loop().time() - started
        self._emit(
            PageFetched(self.resource.name, page.number, page.records, len(page.body), elapsed, _expected(envelope))
        )
        return FetchedPage(ref, envelope.records, sieve=self._sieve)

    async def _end(self, ignored: Ignored) -> FetchedPage:
        """Journal the end that an ignored reply is, as a page that holds nothing, and that is not counted as one."""
        page = Page(
            walk=self.walk.name,
            number=self.pages,
            position=self.position,
            next=Done(ignored.why, proven=True),
            body=b"",
            status=ignored.status,
            headers={},
            fetched_at=time.time(),
            records=0,
            records_digest=digest_of(()),
            fingerprint=self.walk.fingerprint,
            detected=self._detected,
        )
        ref = await self._desk.append(page)
        self.position = page.next
        return FetchedPage(ref, ())

    def _saw(self, position: Position, digest: bytes) -> None:
        """Remember where the walk was, and count how many pages in a row have brought the same records."""
        if not isinstance(position, AtOffset | AtPage):  # these only ever grow
            self._visited.add(_short(position))
        self._repeats = self._repeats + 1 if digest == self._last_digest else 1
        self._last_digest = digest

    def _visits(self) -> tuple[Visit, ...]:
        """The earlier pages at this very position. The journal knows them; a number for each is kept at hand."""
        here = _short(self.position)
        if here not in self._visited:
            return ()
        refs = self._desk.journal.refs(self._desk.run_id, self.walk.name)
        return tuple(Visit(ref.number, ref.records_digest) for ref in refs if _short(ref.position) == here)

    def _accept(self, reply: Reply, conceal: Callable[[str], str]) -> tuple[Page, Envelope]:
        """Make a page of a reply. Raises BodyRejected (retried) or WalkStuck (not)."""
        envelope = self._splitter.split(reply.body)
        if self.resource.selector is None or isinstance(self.resource.paging, AutoPaging):
            envelope = self._detect(reply, envelope)
        digest = digest_of(envelope.records)
        repeats = self._repeats if digest == self._last_digest else 0
        facts = Facts(
            page=self.pages,
            records=len(envelope.records),
            records_digest=digest,
            url=reply.url,
            cursor=conceal(envelope.cursor) if isinstance(envelope.cursor, str) else envelope.cursor,
            total=envelope.total,
            has_more=envelope.has_more,
            headers=reply.headers,
            visits=self._visits(),
            cursor_seen=self._cursor_seen,
            records_before=self.records,
            repeats=repeats,
            alike=repeats > 0 and all_alike(envelope.records),
        )
        page = Page(
            walk=self.walk.name,
            number=self.pages,
            position=self.position,
            next=doubted(self._after(facts, envelope.records), reply.status, envelope),
            body=reply.body,
            status=reply.status,
            headers={name: reply.headers[name] for name in KEPT_HEADERS if name in reply.headers},
            fetched_at=reply.fetched_at,
            records=len(envelope.records),
            records_digest=digest,
            fingerprint=self.walk.fingerprint,
            detected=self._detected,
        )
        return page, envelope

    def _after(self, facts: Facts, records: Sequence[bytes]) -> Position:
        following = after(self.resource.paging, self.position, facts)
        if self._sieve is not None and not isinstance(following, Done) and self._sieve.is_past(records):
            return Done("the rows have passed the bound of the increment, by its row_order", proven=True)
        return following

    def _detect(self, reply: Reply, envelope: Envelope) -> Envelope:
        detection = detect(self.resource, reply.headers, reply.body, envelope)
        self._detected = msgspec.json.encode(detection)
        self.resource = detected(self.resource, self._detected)
        self._emit(Noticed(self.resource.name, detection.why))
        self._splitter = compile_splitter(ask(self.resource))
        return self._splitter.split(reply.body)


async def conduct(
    walker: Walker, transport: Transport, deliver: Deliver, *, limit_pages: int | None, emit: Emit
) -> WalkEnd:
    """Drive one walk to its end. Its own failure is its outcome; other walks go on."""
    name = walker.resource.name
    emit(WalkStarted(name, walker.pages, walker.records))
    try:
        end = await drive(walker, transport, deliver, limit_pages)
    except asyncio.CancelledError:
        emit(WalkEnded(name, "interrupted", "the run was interrupted", proven=False))
        raise
    emit(WalkEnded(name, end.stopped, end.why, proven=end.proven))
    return end


async def drive(walker: Walker, transport: Transport, deliver: Deliver, limit_pages: int | None = None) -> WalkEnd:
    """`conduct` without a word: for the walks of a child resource, which are told of together."""
    try:
        return await _steps(walker, transport, deliver, limit_pages)
    except SourceError as error:
        return WalkEnd(walker.resource.name, "error", str(error), proven=False, error=error)


async def _steps(walker: Walker, transport: Transport, deliver: Deliver, limit_pages: int | None) -> WalkEnd:
    name = walker.resource.name
    while not isinstance(walker.position, Done):
        if limit_pages is not None and walker.pages >= limit_pages:
            return WalkEnd(name, "limit", f"--limit-pages {limit_pages} was reached", proven=False)
        await deliver(await walker.step(transport))
    done = walker.position
    return WalkEnd(name, done.stopped, done.why, proven=done.proven)


def recalled(walk: OpenWalk, emit: Emit) -> WalkEnd:
    """How a walk stands by the journal alone, for a replay."""
    name, done, state = walk.resource.name, walk.ended, walk.state
    emit(WalkStarted(name, state.pages if state else 0, state.records if state else 0))
    end = WalkEnd(name, done.stopped, done.why, proven=done.proven) if done else not_held(name)
    emit(WalkEnded(name, end.stopped, end.why, proven=end.proven))
    return end


def not_held(name: str) -> WalkEnd:
    """The end of a walk that a replay does not find in the journal."""
    return WalkEnd(name, "early", "the journal does not hold the end of this walk", proven=False, held=False)


def detected(resource: Resource, detection: bytes) -> Resource:
    """The resource with what its first page settled; `detection` as the journal keeps it, empty for nothing."""
    if not detection:
        return resource
    found = msgspec.json.decode(detection, type=Detection)
    return msgspec.structs.replace(resource, paging=found.paging, selector=found.selector)


def digest_of(records: Sequence[bytes]) -> bytes:
    """By which the records of a page are known again."""
    return hashlib.blake2b(b"\n".join(records), digest_size=16).digest()


def _short(position: Position) -> int:
    """A digest of a position: cursors may be long, and a walk has many (measured: 70 bytes for a page)."""
    return int.from_bytes(hashlib.blake2b(dump(position), digest_size=7).digest())


def _expected(envelope: Envelope) -> int | None:
    total = envelope.total
    return total if isinstance(total, int) and not isinstance(total, bool | Absent) else None
