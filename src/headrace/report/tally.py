"""How a stream of events adds up: one set of counters for each walk, and those of the run."""

from __future__ import annotations

import dataclasses
import re
import threading
from collections import Counter
from typing import Literal, TypeAlias, assert_never

from headrace.model.event import (
    Attempted,
    Budget,
    Committing,
    Delivered,
    Event,
    Noticed,
    PageFetched,
    Rejected,
    Retried,
    RunEnded,
    RunStarted,
    TableWritten,
    Throttled,
    WalkEnded,
    WalkStarted,
)

Activity: TypeAlias = Literal["waiting", "walking", "held", "retrying", "ended"]
Stopped: TypeAlias = Literal["end", "early", "limit", "error", "interrupted"]

TOO_MANY = 429
_REASONS_KEPT = 20
_STATUS_FIRST = re.compile(r"(?:the api answered |http |status )?([4-9]\d\d)\b")
_STATUS = re.compile(r"\b([4-5]\d\d)\b")
_FAULTS = (  # what a reason says → the one word it is counted under; the first match wins
    ("cut short", "truncated"),
    ("too early", "truncated"),
    ("truncat", "truncated"),
    ("html or xml", "html"),
    ("is html", "html"),
    ("not json", "not_json"),
    ("in time", "timeout"),
    ("timeout", "timeout"),
    ("timed out", "timeout"),
    ("name server", "dns"),
    ("certificate", "tls"),
    ("tls", "tls"),
    ("reset", "reset"),
    ("was closed", "reset"),
    ("disconnected", "reset"),
    ("connection failed", "reset"),
    ("connection", "connection"),
    ("html", "html"),
    ("no records at", "selector"),
)


def reason_kind(reason: str) -> str:
    """The one word that a retry is counted under: an HTTP status ("429"), "reset", "timeout", "html" or such.

    A status counts where the reason begins with it; elsewhere a figure may be a number of bytes or a piece of a body.
    """
    lowered = reason.lower()
    if begins := _STATUS_FIRST.match(lowered):
        return begins[1]
    for sign, kind in _FAULTS:
        if sign in lowered:
            return kind
    found = _STATUS.search(lowered)
    return found[1] if found else "other"


@dataclasses.dataclass(slots=True)
class WalkTally:
    """What has happened on one walk. `pages` and `records` include what an earlier try left in the journal."""

    name: str
    activity: Activity = "waiting"
    pages: int = 0
    records: int = 0
    resumed_pages: int = 0
    resumed_records: int = 0
    body_bytes: int = 0
    requests: int = 0
    throttled_s: float = 0.0
    wait_s: float = 0.0
    retry_reason: str = ""
    retried: Counter[str] = dataclasses.field(default_factory=Counter)
    expected_records: int | None = None
    delivered_records: int = 0
    staged_rows: Counter[str] = dataclasses.field(default_factory=Counter)
    rejected: dict[str, Rejected] = dataclasses.field(default_factory=dict)
    """By reason: how many records, and where the first one lies."""
    stopped: Stopped | None = None
    why: str = ""
    proven: bool = False
    rows: int | None = None
    cut_by: str = ""

    @property
    def retries(self) -> int:
        """How many attempts were asked again."""
        return self.retried.total()


@dataclasses.dataclass(slots=True)
class Tally:
    """The sum of all events so far. Fetching and delivering emit from their own threads: `add` takes a lock."""

    walks: dict[str, WalkTally] = dataclasses.field(default_factory=dict)
    run_id: str = ""
    resumed: bool = False
    requests: int = 0
    http_429: int = 0
    budget: Budget | None = None
    committing: int | None = None
    ended: bool = False
    notices: dict[Noticed, int] = dataclasses.field(default_factory=dict)
    """Each notice with how often it came, in order of first appearance."""
    _lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def walk(self, name: str) -> WalkTally:
        """The counters of one walk, made when it is first heard of."""
        found = self.walks.get(name)
        if found is None:
            found = self.walks[name] = WalkTally(name)
        return found

    def add(self, event: Event) -> None:
        """Count one event. Never raises and never does I/O: it runs inside the fetch loop."""
        with self._lock:
            self._add(event)

    def snapshot(self) -> list[WalkTally]:
        """The walks in order of appearance, safe to read from another thread (counters may still move)."""
        with self._lock:
            return list(self.walks.values())

    def _add(self, event: Event) -> None:
        match event:
            case Attempted() | Throttled() | Retried():
                self._request(event)
            case PageFetched() | WalkStarted() | WalkEnded() | TableWritten() | Delivered() | Rejected():
                self._walk(event)
            case Budget():
                self.budget = event
            case RunStarted():
                self.run_id, self.resumed = event.run_id, event.resumed
                for name in event.walks:
                    self.walk(name)
                for held in event.held:
                    _resume(self.walk(held.walk), held)
            case Committing():
                self.committing = sum(rows > 0 for walk in self.walks.values() for rows in walk.staged_rows.values())
            case Noticed():
                self.notices[event] = self.notices.get(event, 0) + 1
            case RunEnded():
                self.ended = True
            case _:
                assert_never(event)

    def _request(self, event: Attempted | Throttled | Retried) -> None:
        walk = self.walk(event.walk)
        match event:
            case Attempted():
                walk.requests += 1
                self.requests += 1
                self.http_429 += event.status == TOO_MANY
                walk.activity = "walking"
            case Throttled():
                walk.throttled_s += event.wait_s
                walk.activity, walk.wait_s = "held", event.wait_s
            case Retried():
                kind = reason_kind(event.reason)
                walk.retried[kind] += 1
                walk.activity, walk.wait_s, walk.retry_reason = "retrying", event.wait_s, kind
            case _:
                assert_never(event)

    def _walk(self, event: PageFetched | WalkStarted | WalkEnded | TableWritten | Delivered | Rejected) -> None:
        walk = self.walk(event.walk)
        match event:
            case PageFetched():
                walk.pages += 1
                walk.records += event.records
                walk.body_bytes += event.body_bytes
                if event.expected_records is not None:
                    walk.expected_records = event.expected_records
                walk.activity = "walking"
            case WalkStarted():
                _resume(walk, event)
                walk.activity = "walking"
            case WalkEnded():
                walk.stopped, walk.why, walk.proven = event.stopped, event.why, event.proven
                walk.rows, walk.cut_by = event.rows, event.cut_by
                walk.activity = "ended"
            case TableWritten():
                walk.staged_rows[event.table] += event.rows
            case Delivered():
                walk.delivered_records = event.records
            case Rejected():
                _reject(walk, event)
            case _:
                assert_never(event)


def _resume(walk: WalkTally, held: WalkStarted) -> None:
    walk.pages = walk.resumed_pages = held.pages
    walk.records = walk.resumed_records = held.records


def _reject(walk: WalkTally, event: Rejected) -> None:
    """Add to the records of the same reason; very many reasons are counted as one, so that the report stays small."""
    reason = event.reason if event.reason in walk.rejected or len(walk.rejected) < _REASONS_KEPT else "other reasons"
    first = walk.rejected.get(reason, event)
    records = event.records + (first.records if first is not event else 0)
    walk.rejected[reason] = Rejected(walk.name, reason, records, first.page, first.record)
