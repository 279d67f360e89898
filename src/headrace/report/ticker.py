"""What a pipe or a log is told of a run under way: plain lines, few enough to read."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import IO

from headrace.model.event import Committing, Event, Noticed, PageFetched, RunEnded, RunStarted, WalkEnded, WalkStarted
from headrace.report.speed import Speed
from headrace.report.tally import Tally
from headrace.report.words import cause, count, many, window

LINE_EVERY_S = 5.0


class Ticker:
    """Plain lines for a pipe or a log: what begins, what ends, what is odd, and a sign of life every few seconds."""

    def __init__(
        self, tally: Tally, stream: IO[str], clock: Callable[[], float], every_s: float = LINE_EVERY_S
    ) -> None:
        self._tally = tally
        self._stream = stream
        self._clock = clock
        self._every_s = every_s
        self._began_s = self._said_s = clock()
        self._noticed: set[Noticed] = set()
        self._failed: dict[str, str] = {}
        self._speed = Speed(window_s=every_s)

    def __call__(self, event: Event) -> None:
        """Say this event, if it is worth a line."""
        match event:
            case PageFetched():
                self._sign_of_life()
            case RunStarted():
                self._say(
                    f"{'resuming' if event.resumed else 'began'} run {event.run_id}: {many(len(event.walks), 'walk')}"
                )
            case WalkStarted() if event.pages:
                self._say(f"{event.walk}: goes on after {many(event.pages, 'page')} ({many(event.records, 'record')})")
            case WalkEnded():
                self._end(event)
            case Committing() if self._tally.committing:
                self._say(f"committing {many(self._tally.committing, 'table')}")
            case Noticed() if event not in self._noticed:
                self._noticed.add(event)
                self._say(f"{event.walk}: {event.message}" if event.walk else event.message)
            case RunEnded():
                self._say(f"run {event.status}")
            case _:
                pass

    def _end(self, event: WalkEnded) -> None:
        walk = self._tally.walk(event.walk)
        proof = "" if event.proven or event.stopped in {"error", "interrupted"} else ", not proven complete"
        done = f"{many(walk.pages, 'page')}, {many(walk.records, 'record')}"
        why = event.why
        if event.stopped == "error":
            first = self._failed.setdefault(cause(why), event.walk)
            why = why if first == event.walk else f"for the same cause as {first}"
        self._say(f"{event.walk}: {event.stopped}{proof}, {done}: {why}")

    def _sign_of_life(self) -> None:
        now_s = self._clock()
        if now_s - self._said_s < self._every_s:
            return
        walks = self._tally.snapshot()
        records = sum(walk.records for walk in walks)
        speed = self._speed.sample(now_s, records)
        under_way = sum(walk.activity in {"walking", "held", "retrying"} for walk in walks)
        said = [many(records, "record"), f"{many(under_way, 'walk')} under way", window(self._tally.budget)]
        if speed:
            said.insert(1, f"{count(speed)} records/s")
        self._say(", ".join(part for part in said if part))

    def _say(self, words: str) -> None:
        self._said_s = self._clock()
        with contextlib.suppress(OSError):  # a full disk behind the log is no reason to stop the run
            print(f"{self._said_s - self._began_s:7.1f} s  {words}", file=self._stream, flush=True)
