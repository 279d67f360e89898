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

    The walks that come after the first wait for it once; what it leaves open, each of them asks for itself. `question`
    is what none of them has answered.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._is_begun = False
        self._found: Detection | None = None
        self._question = ""

    @property
    def question(self) -> str:
        """A sentence with the flag that answers it; empty once a walk has settled the guesses of all."""
        return "" if self._found is not None else self._question

    def recall(self, detected: bytes) -> None:
        """What an earlier try has settled, as the journal has it: a resume does not ask again."""
        found = msgspec.json.decode(detected, type=Detection) if detected else None
        if found is not None and found.question:
            self._question = found.question
        elif found is not None and not self._is_begun:
            self._found, self._is_begun = found, True

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
        passed: _Passed | None = None
        trial = next(inquiry)
        while True:
            outcome, took_s = await _tried(transport, client, trial, is_first=elapsed_s == 0)
            elapsed_s += took_s
            passed = outcome if isinstance(outcome, _Passed) else passed
            try:
                trial = inquiry.send(outcome)
            except StopIteration as end:
                verdict: Verdict = end.value
                break
            except SourceError as refusal:
                raise self._judged(refusal, passed, course) from None
        if verdict.detection is not None:
            self._settle(verdict.detection, course)
        return Arrived(verdict.first.reply, verdict.first.envelope, elapsed_s)

    def _settle(self, found: Detection, course: Course) -> None:
        if found.question:
            self._question = found.question
        else:
            self._found = found
        course.settle(found)

    def _judged(self, refusal: SourceError, passed: _Passed | None, course: Course) -> SourceError | Ignored:
        """What a refusal is where the first request was one that a response action ignores.

        That is the end of the walk, but bears out no guess: of a row there may be nothing, of a whole list there is.
        """
        if passed is None or (refusal is not passed and course.resource.parent is None):
            return refusal
        if refusal is not passed:
            way = course.resource
            self._settle(Detection(way.paging, way.selector, "", question=str(refusal)), course)
        return passed.ignored


class _Passed(SourceError):
    """The refusal that a response action ignores, on trial."""

    def __init__(self, ignored: Ignored) -> None:
        super().__init__(ignored.why, status=ignored.status)
        self.ignored = ignored


async def _tried(transport: Transport, client: Client, trial: Trial, *, is_first: bool) -> tuple[Outcome, float]:
    """Ask for a trial. What a response action ignores is a refusal here, whatever comes of it."""
    try:
        arrived = await fetch(transport, client, trial, trial.position)
    except SourceError as refusal:
        return refusal, 0.001
    except Ignored as ignored:
        return _Passed(ignored) if is_first else SourceError(ignored.why, status=ignored.status), 0.001
    return Came(arrived.reply, arrived.envelope), arrived.elapsed_s
