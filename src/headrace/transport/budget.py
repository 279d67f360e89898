"""The one budget of an origin and credential, as a state machine: what may be sent when, and what an answer teaches.

No clock and no waiting: every method is told the time. `governor` adds both.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

from headrace.model.event import Budget as BudgetEvent
from headrace.model.plan import DeclaredLimit
from headrace.transport.meter import Meter
from headrace.transport.ratelimit import Policy, Reading

Outcome: TypeAlias = Literal["fine", "refused", "failed", "dropped"]
"""How an attempt ended: with an answer; with 429; with 5xx, a timeout or a broken connection; cancelled by us."""

_DECLARED = "declared"
_CUT: dict[Outcome, float] = {"refused": 0.5, "failed": 0.75}
# An API counts a request when it arrives, however long the answer takes: after this long it is taken as counted.
_COUNTED_AFTER_S = 0.25
_COUNTED_AFTER_SHARE = 1 / 20
_FIND_OUT_EVERY_S = 1.0


class Lease:
    """The right to send one request, from `take` until `give_back`."""

    __slots__ = ("answered", "expired", "sent_at", "settled")

    def __init__(self, sent_at: float, answered: int, expired: dict[str, int]) -> None:
        self.sent_at = sent_at
        self.answered = answered
        self.expired = expired
        self.settled = False


class Budget:
    """Limits by name, a pause, and how many requests may be in flight at once.

    The last falls by half on a 429 and by a quarter on a failure, once for each round of requests, and rises by one
    for each round that went well (additive increase, multiplicative decrease).
    """

    def __init__(self, *, max_concurrency: int, declared: DeclaredLimit | None, now: float) -> None:
        self._ceiling = max_concurrency
        self._allowed = float(max_concurrency)
        self._cut_at = -math.inf
        self._paused_until = -math.inf
        self._leases: dict[Lease, None] = {}
        self._settled_in_flight = 0
        self._answered = 0
        self._answered_at = now
        self._meters: dict[str, Meter] = {}
        if declared is not None:
            self._meters[_DECLARED] = Meter(declared.requests, declared.window_s, now)
        self._shown: BudgetEvent | None = None

    @property
    def concurrency(self) -> int:
        """How many may be out at once, as of now."""
        return max(1, int(self._allowed))

    def opens_in(self, now: float) -> float:
        """Seconds until the next request may go: 0 now, inf not before another one is answered."""
        if len(self._leases) >= self.concurrency:
            return math.inf
        self._settle_old(now)
        held = len(self._leases) - self._settled_in_flight
        wait = max(0.0, self._paused_until - now)
        for meter in self._meters.values():
            wait = max(wait, self._meter_opens_in(meter, now, held))
        if wait == math.inf:  # an answer helps, and so does time where units of slow requests are held
            unsettled = (lease.sent_at for lease in self._leases if not lease.settled)
            wait = max(0.0, next(unsettled, math.inf) + self._counted_after() - now)
        return wait

    def _meter_opens_in(self, meter: Meter, now: float, held: int) -> float:
        """With nothing in flight one request may find out: at the stated reset, or where no relief is known at all."""
        opens_in = meter.opens_in(now, held)
        if self._leases:
            return opens_in
        if meter.reset_at is not None:
            return min(opens_in, max(0.0, meter.reset_at - now))
        return opens_in if opens_in < math.inf else max(0.0, self._answered_at + _FIND_OUT_EVERY_S - now)

    def take(self, now: float) -> Lease:
        """A lease. Only when `opens_in` says 0."""
        for meter in self._meters.values():
            if meter.reset_at is not None and meter.reset_at <= now:
                meter.reset_at = None  # it opens the way once
        lease = Lease(now, self._answered, {name: meter.expired for name, meter in self._meters.items()})
        self._leases[lease] = None
        return lease

    def give_back(self, lease: Lease, now: float, outcome: Outcome, reading: Reading | None = None) -> None:
        """The attempt is over; a lease given back before changes nothing."""
        if lease not in self._leases:
            return
        self._settle_old(now)
        del self._leases[lease]
        if lease.settled:
            self._settled_in_flight -= 1
        elif outcome != "refused":
            for meter in self._meters.values():
                meter.settle(now)
        if reading is not None:
            self._learn(reading, lease, now, outcome)
        elif outcome == "fine":
            self._forget_the_untold()
        self._answered += 1
        self._answered_at = now
        self._adapt(lease, now, outcome)

    def pause(self, until: float) -> None:
        """Nothing is sent before `until`. A longer pause stays."""
        self._paused_until = max(self._paused_until, until)

    def news(self) -> BudgetEvent | None:
        """The state of the tightest limit, if it is worth telling since it was last asked for."""
        told = [meter for name, meter in self._meters.items() if name != _DECLARED and meter.told]
        if not told:
            return None
        meter = min(told, key=lambda meter: (meter.remaining or 0) / meter.limit)
        event = BudgetEvent(meter.limit, meter.remaining, meter.window_s, meter.model)
        shown = self._shown
        if shown is not None and (shown.limit, shown.window_s, shown.model) == (
            event.limit,
            event.window_s,
            event.model,
        ):
            moved = abs((shown.remaining or 0) - (event.remaining or 0))
            if moved * 20 < meter.limit:
                return None
        self._shown = event
        return event

    def _settle_old(self, now: float) -> None:
        """Take those as counted that have been out for long: a slow answer must not hold units for ever."""
        for lease in self._leases:
            if lease.sent_at + self._counted_after() > now:
                return
            if not lease.settled:
                lease.settled = True
                self._settled_in_flight += 1
                for meter in self._meters.values():
                    meter.settle(now)

    def _forget_the_untold(self) -> None:
        """An answer tells nothing: a limit with no window cannot be foretold. Many APIs state it with a 429 only."""
        self._meters = {name: meter for name, meter in self._meters.items() if meter.window_s is not None}

    def _counted_after(self) -> float:
        shortest = min((meter.window_s for meter in self._meters.values() if meter.window_s), default=0.0)
        return max(_COUNTED_AFTER_S, shortest * _COUNTED_AFTER_SHARE)

    def _learn(self, reading: Reading, lease: Lease, now: float, outcome: Outcome) -> None:
        if reading.concurrency is not None:
            self._ceiling = max(1, min(self._ceiling, reading.concurrency))
            self._allowed = min(self._allowed, self._ceiling)
        for policy in reading.policies:
            # A limit that is new to us has counted what was counted before we knew of it.
            meter = self._meter(policy, now, counted=self._settled_in_flight + (outcome != "refused"))
            if meter is None:
                continue
            # Where the limit is not stated, the most that was ever left is taken for it.
            meter.resize(policy.limit or max(meter.limit, policy.remaining or 0), policy.window_s)
            if policy.reset_s is not None:
                meter.resets_in(now, policy.reset_s)
            if policy.remaining is not None:
                meter.correct(
                    now,
                    policy.remaining,
                    since=(lease.sent_at, lease.expired.get(policy.name, meter.expired)),
                    after=self._answered - lease.answered + self._settled_in_flight,
                    before=len(self._leases) - self._settled_in_flight,
                )
                if outcome == "refused" and policy.remaining == 0:
                    meter.refused()

    def _meter(self, policy: Policy, now: float, *, counted: int) -> Meter | None:
        known = self._meters.get(policy.name)
        if known is not None or (policy.limit is None and policy.remaining is None):
            return known
        limit = policy.limit or max(1, policy.remaining or 0)
        meter = self._meters[policy.name] = Meter(limit, policy.window_s, now)
        for _ in range(counted):
            meter.settle(now)
        return meter

    def _adapt(self, lease: Lease, now: float, outcome: Outcome) -> None:
        if outcome == "fine":
            self._allowed = min(float(self._ceiling), self._allowed + 1 / self._allowed)
        elif outcome in _CUT and lease.sent_at > self._cut_at:
            self._allowed = max(1.0, self._allowed * _CUT[outcome])
            self._cut_at = now
