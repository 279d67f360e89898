"""The vendor's two rate limits, in exact integer arithmetic, and the header triple that tells of them."""

from __future__ import annotations

from collections import deque
from typing import Protocol

import msgspec

SECOND_NS = 1_000_000_000


class Limiter(Protocol):
    """A limit for one key. Times are nanoseconds of a clock that does not run backwards."""

    def take(self, now_ns: int, cost: int = 1) -> bool:
        """Count a request and say True, or refuse it, count nothing and say False."""
        ...

    def state(self, now_ns: int) -> State | None:
        """What the headers tell as of now, None where there is no limit."""
        ...


class State(msgspec.Struct, frozen=True):
    """What the headers tell: the limit of a window, what is left of it, and the wait for more of it."""

    limit: int
    window_s: float
    remaining: int
    reset_s: int

    def lines(self) -> bytes:
        """The header triple as the vendor writes it, each line ended by CRLF; the limit is no bare integer."""
        limit = b"RateLimit-Limit: %d, %d;window=%g\r\n" % (self.limit, self.limit, self.window_s)
        return limit + b"RateLimit-Remaining: %d\r\nRateLimit-Reset: %d\r\n" % (self.remaining, self.reset_s)


def _ceil(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


class TokenBucket:
    """Holds `limit` units, refilled evenly over the window; Reset is the wait for one more unit, at least 1 s.

    The level is kept in parts of a unit, as many as the window has nanoseconds, so that no float can round.
    """

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._unit = round(window_s * SECOND_NS)
        self._level = limit * self._unit
        self._at_ns: int | None = None

    def _refill(self, now_ns: int) -> None:
        if self._at_ns is not None and now_ns > self._at_ns:
            self._level = min(self._limit * self._unit, self._level + (now_ns - self._at_ns) * self._limit)
        self._at_ns = now_ns

    def take(self, now_ns: int, cost: int = 1) -> bool:
        """Spend `cost` units if the bucket holds them."""
        self._refill(now_ns)
        if self._level < cost * self._unit:
            return False
        self._level -= cost * self._unit
        return True

    def state(self, now_ns: int) -> State:
        """Whole units left, and seconds until one more unit is there, rounded up."""
        self._refill(now_ns)
        remaining, part = divmod(self._level, self._unit)
        wait_ns = _ceil(self._unit - part, self._limit)
        return State(self._limit, self._unit / SECOND_NS, remaining, max(1, _ceil(wait_ns, SECOND_NS)))


class SlidingWindow:
    """At most `limit` units in any window that ends now; Reset is the wait until the earliest leaves it."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_ns = round(window_s * SECOND_NS)
        self._counted: deque[int] = deque()

    def _forget(self, now_ns: int) -> None:
        edge = now_ns - self._window_ns
        while self._counted and self._counted[0] <= edge:
            self._counted.popleft()

    def take(self, now_ns: int, cost: int = 1) -> bool:
        """Log the request if the window has room for it."""
        self._forget(now_ns)
        if len(self._counted) + cost > self._limit:
            return False
        self._counted.extend([now_ns] * cost)
        return True

    def state(self, now_ns: int) -> State:
        """Room left, and seconds until the earliest counted request leaves, rounded up; 0 when none is counted."""
        self._forget(now_ns)
        wait_ns = self._counted[0] + self._window_ns - now_ns if self._counted else 0
        remaining = self._limit - len(self._counted)
        return State(self._limit, self._window_ns / SECOND_NS, remaining, _ceil(wait_ns, SECOND_NS))


class NoLimit:
    """Lets everything through and has nothing to tell."""

    def take(self, now_ns: int, cost: int = 1) -> bool:  # noqa: ARG002 - the Protocol's signature
        """Let the request through."""
        return True

    def state(self, now_ns: int) -> State | None:  # noqa: ARG002 - the Protocol's signature
        """Nothing to tell."""
        return None


class Limits:
    """One limiter for each key, made when the key is first seen."""

    def __init__(self, kind: str, rate: tuple[int, float] | None) -> None:
        self._kind = kind
        self._rate = rate
        self._of: dict[str, Limiter] = {}

    def of(self, key: str) -> Limiter:
        """The limiter of a key; "" for requests without a valid key."""
        found = self._of.get(key)
        if found is None:
            found = self._of[key] = self._new()
        return found

    def _new(self) -> Limiter:
        if self._rate is None or self._kind == "none":
            return NoLimit()
        return SlidingWindow(*self._rate) if self._kind == "window" else TokenBucket(*self._rate)
