"""Where one walk stands and what it has seen of its way: each page is judged here, in its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec
import xxhash

from headrace.envelope.split import Splitter, compile_splitter
from headrace.model.envelope import Envelope, Facts, Visit
from headrace.model.event import Emit, Noticed
from headrace.model.page import Reply
from headrace.model.plan import AutoPaging, Resource
from headrace.model.position import AtOffset, AtPage, Done, Position, Start, dump
from headrace.model.records import Records
from headrace.walk.after import after, ask
from headrace.walk.ahead import ahead
from headrace.walk.detect import Detection, detect, settled, with_detection
from headrace.walk.reference import answerable
from headrace.walk.sieve import Sieve
from headrace.walk.stuck import check_itself, doubted
from headrace.walk.value import all_alike


class Judged(msgspec.Struct, frozen=True):
    """What a page means for its walk: its facts, and the position that follows it."""

    facts: Facts
    next: Position


class Course:
    """A walk under way. `pages` and `records` count what came of it, `detected` is what its first page settled.

    `recall` gives the earlier pages at a position, and is called only where there are some.
    """

    def __init__(
        self,
        resource: Resource,
        *,
        emit: Emit,
        recall: Callable[[Position], tuple[Visit, ...]],
        sieve: Sieve | None = None,
        position: Position | None = None,
        pages: int = 0,
        records: int = 0,
        detected: bytes = b"",
    ) -> None:
        self.resource = settled(resource, detected)
        self.position: Position = position or Start()
        self.pages = pages
        self.records = records
        self.detected = detected
        self._emit = emit
        self._recall = recall
        self._sieve = sieve
        self._splitter: Splitter = compile_splitter(ask(self.resource))
        self._visited: set[int] = set()
        self._cursor_seen = pages > 1
        self._last_digest = b""
        self._repeats = 0
        self._said_repeated = False

    def accept(self, reply: Reply) -> Envelope:
        """Split a reply, of whatever page; the first one settles what the resource leaves open. Raises BodyRejected."""
        envelope = self._splitter.split(reply.body)
        if self._is_settled:
            return envelope
        detection = detect(self.resource, reply.headers, reply.body, envelope)
        self.settle(detection)
        return self._splitter.split(reply.body)

    def settle(self, detection: Detection) -> None:
        """Go on by what the first page has shown, and say so."""
        self.detected = msgspec.json.encode(detection)
        self._cursor_seen = self._cursor_seen or detection.leads
        self.resource = with_detection(self.resource, detection)
        self._splitter = compile_splitter(ask(self.resource))
        for event in told(self.resource.name, detection):
            self._emit(event)

    @property
    def is_doubtful(self) -> bool:
        """Whether the next page is the first, and values of the resource are guesses that it has to bear out."""
        return self.pages == 0 and not self.detected and bool(self.resource.guesses)

    def judge(self, reply: Reply, envelope: Envelope) -> Judged:
        """What the page at the present position means. Raises WalkStuck."""
        digest = digest_of(envelope.records)
        repeats = self._repeats if digest == self._last_digest else 0
        facts = Facts(
            page=self.pages,
            records=len(envelope.records),
            records_digest=digest,
            url=reply.url,
            cursor=envelope.cursor,
            total=envelope.total,
            has_more=envelope.has_more,
            headers=reply.headers,
            visits=self._recall(self.position) if _short(self.position) in self._visited else (),
            cursor_seen=self._cursor_seen,
            records_before=self.records,
            repeats=repeats,
            alike=repeats > 0 and all_alike(envelope.records),
        )
        following = after(self.resource.paging, self.position, facts)
        check_itself(following, self.position, facts)
        self._tell_repeated(facts)
        if self._sieve is not None and not isinstance(following, Done) and self._sieve.is_past(envelope.records):
            following = Done("the rows have passed the bound of the increment, by its row_order", proven=True)
        return Judged(facts, doubted(answerable(following, self.resource, facts), reply.status, envelope))

    def _tell_repeated(self, facts: Facts) -> None:
        """Say once that a page brings what the one before it brought; to a full page of equal records that happens."""
        if facts.repeats and facts.records and not facts.alike and not self._said_repeated:
            self._said_repeated = True
            said = (
                f"pages {facts.page - 1} and {facts.page} (counted from 0) have the same records, so these rows may be"
                " there twice: check the paginator, unless the data really is so"
            )
            self._emit(Noticed(self.resource.name, said, "warning"))

    def foreseen(self, judged: Judged, most: int) -> list[Position]:
        """The positions that will follow the page at hand, as far as they are known, at most `most`."""
        if isinstance(judged.next, Done) or not self._is_settled:
            return []
        if self._sieve is not None and self._sieve.may_end_walks:  # few of an increment's pages may be new
            most = min(most, judged.facts.page + 1)
        return ahead(self.resource.paging, self.position, judged.facts, most)

    def go(self, judged: Judged) -> None:
        """Move on behind the page at hand."""
        self.remember(self.position, judged.facts.records_digest)
        self._cursor_seen = self._cursor_seen or not isinstance(judged.next, Done)
        self.position = judged.next
        self.pages += 1
        self.records += judged.facts.records

    def remember(self, position: Position, digest: bytes) -> None:
        """A page of the walk was there, and brought these records."""
        if not counts(position):
            self._visited.add(_short(position))
        self._repeats = self._repeats + 1 if digest == self._last_digest else 1
        self._last_digest = digest

    @property
    def _is_settled(self) -> bool:
        return self.resource.selector is not None and not isinstance(self.resource.paging, AutoPaging)


def told(walk: str, detection: Detection) -> Iterator[Noticed]:
    """What a reader should know of a detection."""
    if detection.why:
        yield Noticed(walk, detection.why)
    if detection.doubt:
        yield Noticed(walk, detection.doubt, "warning")


def counts(position: Position) -> bool:
    """Whether the position is a number that only ever grows, so that no walk comes to it twice."""
    return isinstance(position, AtOffset | AtPage)


def digest_of(records: Sequence[bytes]) -> bytes:
    """By which the records of a page are known again: 16 bytes. Nobody gains by forging them, so speed counts."""
    return xxhash.xxh3_128_digest(Records.of(records).lines)


def _short(position: Position) -> int:
    """A digest of a position: cursors may be long, and a walk has many (measured: 70 bytes for a page)."""
    return xxhash.xxh3_64_intdigest(dump(position))
