"""Who has to wait: every request of every walk asks here first, and every answer is told here.

One budget for each origin and credential, waiters served in order.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from headrace.errors import RetriesSpent
from headrace.model.event import Emit, Noticed, Throttled
from headrace.model.plan import DeclaredLimit
from headrace.transport.budget import Budget, Lease, Outcome
from headrace.transport.message import one_line
from headrace.transport.ratelimit import Reading

Clock: TypeAlias = Callable[[], float]
Sleep: TypeAlias = Callable[[float], Awaitable[None]]

_LOOK_AGAIN_S = 0.05  # an answer may open the budget earlier than was foreseen
_LOOK_AGAIN_SHARE = 0.1
_TELL_FROM_S = 0.001
_TELL_EVERY_S = 1.0
_NEWS_EVERY_S = 0.25
_QUOTED = 120  # characters of a header that a notice quotes


class _Gate:
    """One budget, the queue before it, and what wakes the first in the queue."""

    __slots__ = ("budget", "changed", "news_at", "noticed", "queue")

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.queue = asyncio.Lock()  # fair: first come, first served
        self.changed = asyncio.Event()
        self.news_at = -math.inf
        self.noticed: set[str] = set()


class Governor:
    """Hands out leases. `declared` is the limit that the user or the document states, for each budget.

    `scrub` takes the secrets out of what is quoted of an API's headers.
    """

    def __init__(
        self,
        *,
        max_concurrency: int,
        declared: DeclaredLimit | None,
        longest_wait_s: float,
        emit: Emit,
        clock: Clock,
        sleep: Sleep,
        scrub: Callable[[str], str],
    ) -> None:
        self._scrub = scrub
        self._max_concurrency = max_concurrency
        self._declared = declared
        self._longest_wait_s = longest_wait_s
        self._emit = emit
        self._clock = clock
        self._sleep = sleep
        self._gates: dict[str, _Gate] = {}

    async def acquire(self, key: str, walk: str) -> Lease:
        """Wait until the budget allows one more request.

        Raises:
            RetriesSpent: it will not within the longest wait.
        """
        gate = self._gate(key)
        if not gate.queue.locked() and gate.budget.opens_in(now := self._clock()) <= 0:
            return gate.budget.take(now)
        asked = self._clock()
        told = 0.0
        throttled = False
        async with gate.queue:
            while (wait := gate.budget.opens_in(now := self._clock())) > 0:
                if wait == math.inf:
                    gate.changed.clear()
                    await gate.changed.wait()
                    continue
                self._check(wait)
                throttled = True
                await self._sleep(min(wait, max(_LOOK_AGAIN_S, wait * _LOOK_AGAIN_SHARE)))
                if self._clock() - asked - told >= _TELL_EVERY_S:
                    told += self._tell(walk, self._clock() - asked - told)
            lease = gate.budget.take(now)
        if throttled or now - asked > _TELL_EVERY_S:
            self._tell(walk, now - asked - told)
        return lease

    def give_back(self, key: str, lease: Lease, outcome: Outcome, reading: Reading | None = None) -> None:
        """The attempt is over, in whatever way. Must be called once for each lease; a second call changes nothing."""
        gate = self._gate(key)
        now = self._clock()
        gate.budget.give_back(lease, now, outcome, reading)
        gate.changed.set()
        if reading is None:
            return
        self._notice(gate, key, reading)
        if now >= gate.news_at and (news := gate.budget.news()) is not None:
            gate.news_at = now + _NEWS_EVERY_S
            self._emit(news)

    def pause(self, key: str, seconds: float) -> None:
        """Hold back every request of this budget."""
        self._gate(key).budget.pause(self._clock() + seconds)

    def _gate(self, key: str) -> _Gate:
        gate = self._gates.get(key)
        if gate is None:
            budget = Budget(max_concurrency=self._max_concurrency, declared=self._declared, now=self._clock())
            gate = self._gates[key] = _Gate(budget)
        return gate

    def _check(self, wait: float) -> None:
        if wait > self._longest_wait_s:
            raise RetriesSpent(
                f"The API's budget is spent and opens again in {duration(wait)}, which is longer than is waited for at "
                "once; run again then."
            )

    def _tell(self, walk: str, seconds: float) -> float:
        if seconds >= _TELL_FROM_S:
            self._emit(Throttled(walk, seconds))
        return seconds

    def _notice(self, gate: _Gate, key: str, reading: Reading) -> None:
        """Say once how the headers are read, and once what could not be used."""
        texts = list(reading.notes)
        if reading.form not in gate.noticed:
            gate.noticed.add(reading.form)
            texts.append(f"{_reading_in_words(key, reading)} ({one_line(reading.raw, self._scrub, _QUOTED)})")
        for text in (one_line(text, self._scrub) for text in texts):
            if text not in gate.noticed and len(gate.noticed) < 20:  # noqa: PLR2004 - a server that varies it for ever
                gate.noticed.add(text)
                self._emit(Noticed("", text))


def _reading_in_words(key: str, reading: Reading) -> str:
    origin = key.partition(" ")[0]
    parts = []
    for policy in reading.policies:
        limit = "an unstated number" if policy.limit is None else f"{policy.limit:,}"
        window = "" if policy.window_s is None else f" in {duration(policy.window_s)}"
        parts.append(f"{limit} requests{window}")
    if reading.concurrency is not None:
        parts.append(f"{reading.concurrency} at once")
    return f"the rate limit of {origin} is read as {' and '.join(parts)}"


def duration(seconds: float) -> str:
    """Seconds in words: "40 s", "12 min", "2 h 5 min", "3 days"."""
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.3g} s"
    minutes = math.ceil(seconds / 60)
    if minutes < 120:  # noqa: PLR2004 - two hours
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:  # noqa: PLR2004 - two days
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{math.ceil(minutes / 1440)} days"
