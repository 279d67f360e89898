"""Asks what `walk.verify` wants to know before the first page counts, once for all walks of a resource."""

from __future__ import annotations

import asyncio

import msgspec

from headrace.errors import SourceError
from headrace.model.plan import Client
from headrace.run.early import Arrived, fetch
from headrace.transport.base import Ignored, Transport
from headrace.walk.course import Course
from headrace.walk.detect import Detection
from headrace.walk.trial import Came, Outcome, Trial
from headrace.walk.verify import Verdict, inquire


class Inquest:
    """What the first page with records, of whichever walk of a resource, has settled for all of them.

    The walks that come after the first wait for it once; what it leaves open, each of them asks for itself.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._is_begun = False
        self._found: Detection | None = None

    def recall(self, detected: bytes) -> None:
        """What an earlier try has settled, as the journal has it: a resume does not ask again."""
        if detected and not self._is_begun:
            self._found, self._is_begun = msgspec.json.decode(detected, type=Detection), True

    async def first(self, transport: Transport, client: Client, course: Course) -> Arrived:
        """The first page of a walk, with what was guessed settled. Raises SourceError, or Ignored."""
        if not self._is_begun:
            async with self._lock:
                if not self._is_begun:
                    try:
                        return await self._inquired(transport, client, course)
                    finally:
                        self._is_begun = True
        if self._found is None:
            return await self._inquired(transport, client, course)
        course.settle(self._found)
        return await fetch(transport, client, course, course.position)

    async def _inquired(self, transport: Transport, client: Client, course: Course) -> Arrived:
        inquiry = inquire(course.resource)
        elapsed_s = 0.0
        trial = next(inquiry)
        while True:
            outcome, took_s = await _tried(transport, client, trial, is_first=elapsed_s == 0)
            elapsed_s += took_s
            try:
                trial = inquiry.send(outcome)
            except StopIteration as end:
                verdict: Verdict = end.value
                break
        if verdict.detection is not None:
            self._found = verdict.detection
            course.settle(verdict.detection)
        return Arrived(verdict.first.reply, verdict.first.envelope, elapsed_s)


async def _tried(transport: Transport, client: Client, trial: Trial, *, is_first: bool) -> tuple[Outcome, float]:
    """Ask for a trial. Raises Ignored for the very first request alone: of any other it is a refusal."""
    try:
        arrived = await fetch(transport, client, trial, trial.position)
    except SourceError as refusal:
        return refusal, 0.001
    except Ignored as ignored:
        if is_first:
            raise
        return SourceError(ignored.why, status=ignored.status), 0.001
    return Came(arrived.reply, arrived.envelope), arrived.elapsed_s
