"""How much of one limit is left, foretold by two models at once and set right by what each response says.

An API tells its `remaining` but not how it refills. A token bucket refills evenly; a sliding window gives units back
as the requests that took them grow old (a fixed window is close to it). Both are kept, and the one whose forecasts
have been wrong by less is believed; while neither is ahead, the more careful of the two.

Both are lower bounds. A request in flight may be counted at any time between its sending and its answer, so it is
held in reserve until the answer and counted as taken only then. A response's `remaining` is true for some moment of
its own flight: it bounds the level from both sides, and a forecast outside these bounds is moved to the nearer one.
Hence with a truthful API and no other client nothing is ever sent that would be refused.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import takewhile
from typing import Literal, TypeAlias

Model: TypeAlias = Literal["bucket", "window", "cautious", "remaining", "declared"]

# How far two clocks may drift apart. Later is safe.
_DRIFT = 1e-4
# Old evidence fades with each response, so that an API that changes its ways is believed again.
_FADE = 0.995
_AHEAD = 2.0
_DOUBT = 3.0
_LEAST_RESET_S = 0.25
_RESET_MARGIN_S = 0.02
_NO_RESERVE_BELOW = 20
_MOST_SLACK = 0.5


class Meter:
    """One limit of `limit` units in `window_s` seconds (None: not stated). Times are of one monotonic clock.

    `told` is False while only our own requests are known: then the sliding window holds, which is safe for all.
    """

    __slots__ = (
        "_at",
        "_bucket_error",
        "_expiring",
        "_extra_reserve",
        "_level",
        "_longest_flight_s",
        "_used",
        "_window_error",
        "expired",
        "limit",
        "remaining",
        "reset_at",
        "told",
        "window_s",
    )

    def __init__(self, limit: int, window_s: float | None, now: float) -> None:
        self.limit = limit
        self.window_s = window_s
        self.told = False
        self.remaining: int | None = None
        self.reset_at: float | None = None
        self.expired = 0
        self._level = float(limit)
        self._at = now
        self._expiring: deque[tuple[float, int]] = deque()
        self._used = 0
        self._bucket_error = 0.0
        self._window_error = 0.0
        self._extra_reserve = 0.0
        self._longest_flight_s = 0.0

    @property
    def model(self) -> Model:
        """Which forecast counts."""
        if not self.told:
            return "declared"
        if self.window_s is None:
            return "remaining"
        if self._window_error > _AHEAD * self._bucket_error + _DOUBT:
            return "bucket"
        if self._bucket_error > _AHEAD * self._window_error + _DOUBT:
            return "window"
        return "cautious"

    @property
    def reserve(self) -> int:
        """Units left alone: one, and more after refusals that no forecast explains."""
        return (
            0
            if self.limit < _NO_RESERVE_BELOW or not self.told
            else min(1 + int(self._extra_reserve), self.limit // 10)
        )

    @property
    def _rate(self) -> float:
        return self.limit / self.window_s * (1 - _DRIFT) if self.window_s else 0.0

    def opens_in(self, now: float, held: int) -> float:
        """Seconds until one more request may go, with `held` units kept for those in flight; inf: not by time alone."""
        self._advance(now)
        need = held + self.reserve + 1
        if need > self.limit:
            return math.inf
        model = self.model
        if model == "bucket":
            return self._bucket_opens_in(need)
        if model in ("window", "declared"):
            return self._window_opens_in(now, need)
        return max(self._bucket_opens_in(need), self._window_opens_in(now, need))

    def settle(self, now: float) -> None:
        """Count one unit as taken."""
        self._advance(now)
        self._level -= 1
        self._take(now, 1)

    def resize(self, limit: int, window_s: float | None) -> None:
        """The API states another limit or window than before; no window: none stated."""
        self._level += limit - self.limit
        self.limit = limit
        if window_s is not None and window_s != self.window_s:
            self.window_s = window_s
            self._expiring.clear()
            self._used = 0

    def correct(self, now: float, remaining: int, *, since: tuple[float, int], after: int, before: int) -> None:
        """Set the forecasts right by a response's `remaining`.

        `since` is when its request was sent, and `expired` then. At most `after` other requests were counted later
        than it although taken as counted by now, and at most `before` earlier although not taken so yet.
        """
        self._advance(now)
        sent_at, expired = since
        slack_s = self._slack(now - sent_at)
        low = min(remaining, self.limit) - after
        bucket_high = remaining + before + 1 + self._rate * (now - sent_at)
        window_high = remaining + before + (self.expired - expired)
        room = self.limit - self._used
        if self.told:
            refilled = self._level + self._rate * slack_s
            self._bucket_error = self._bucket_error * _FADE + max(0.0, low - refilled, self._level - bucket_high)
            freed = room + self._expire_within(now + slack_s) if low > room else room
            self._window_error = self._window_error * _FADE + max(0, low - freed, room - window_high)
        self.told = True
        self.remaining = remaining
        self._extra_reserve *= _FADE
        self._level = max(low, min(self._level, bucket_high))
        if room < low:
            self._give_back(low - room)
        elif room > window_high:
            self._take(now, room - window_high)

    def resets_in(self, now: float, seconds: float) -> None:
        """The API says when relief comes: one unit at least is free by then."""
        self.reset_at = now + max(seconds, _LEAST_RESET_S) + _RESET_MARGIN_S

    def refused(self) -> None:
        """A request was refused for this limit: forecasts were too high, so more is left alone."""
        self._extra_reserve = min(2 * self._extra_reserve + 1, self.limit / 10)

    def _slack(self, flight_s: float) -> float:
        """How much later than the API a forecast may be and still be right: units count here from the answer on."""
        self._longest_flight_s = max(flight_s, self._longest_flight_s * _FADE)
        window_s = self.window_s or 0.0
        return min(self._longest_flight_s + 2 * _DRIFT * window_s, _MOST_SLACK * window_s)

    def _expire_within(self, until: float) -> int:
        return sum(units for _, units in takewhile(lambda one: one[0] <= until, self._expiring))

    def _advance(self, now: float) -> None:
        if now > self._at:
            self._level = min(float(self.limit), self._level + (now - self._at) * self._rate)
            self._at = now
        while self._expiring and self._expiring[0][0] <= now:
            _, units = self._expiring.popleft()
            self._used -= units
            self.expired += units

    def _take(self, now: float, units: int) -> None:
        expiry = now + self.window_s * (1 + _DRIFT) if self.window_s else math.inf
        self._expiring.append((expiry, units))
        self._used += units

    def _give_back(self, units: int) -> None:
        while units > 0 and self._expiring:
            expiry, held = self._expiring.popleft()
            back = min(units, held)
            if held > back:
                self._expiring.appendleft((expiry, held - back))
            self._used -= back
            units -= back

    def _bucket_opens_in(self, need: int) -> float:
        if self._level >= need:
            return 0.0
        return (need - self._level) / self._rate if self._rate else math.inf

    def _window_opens_in(self, now: float, need: int) -> float:
        missing = need - (self.limit - self._used)
        if missing <= 0:
            return 0.0
        for expiry, units in self._expiring:
            missing -= units
            if missing <= 0:
                return max(0.0, expiry - now)
        return math.inf
