"""How long the walks of one resource may take in this run, all together, and what becomes of the request under way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_FIRST_S = 60.0


class OutOfTime(Exception):
    """The deadline has passed: the walk stands where it is, and the next run goes on with its next page."""


class Deadline:
    """Begins with the first request that is made within it. `seconds` None: there is none.

    The first answer is waited for beyond it, for `first_s` at least: runs that have less time than one answer takes
    would never get on.
    """

    def __init__(self, seconds: float | None = None, first_s: float | None = None) -> None:
        self._seconds = seconds
        self._first_s = max(seconds or 0.0, first_s or _FIRST_S)
        self._ends_at: float | None = None
        self._is_first = True

    async def within(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What is asked for, None where it was not. Raises OutOfTime where there is no time, or none left for it."""
        if self._seconds is None:
            return await ask()
        is_first, self._is_first = self._is_first, False
        left = self._left(self._seconds)
        if is_first:
            left = max(left, self._first_s)
        if left <= 0:
            raise OutOfTime(f"{self._over}: run again, and the walk goes on where it stands")
        try:
            async with asyncio.timeout(left) as scope:
                came = await ask()
        except TimeoutError:
            if not scope.expired():
                raise
            if is_first:
                raise OutOfTime(
                    f"{self._over}, and no answer came in {self._first_s:g} s: state a longer one"
                ) from None
            raise OutOfTime(f"{self._over}: run again, and the walk goes on where it stands") from None
        if came is None:
            self._is_first = is_first
        return came

    def _left(self, seconds: float) -> float:
        now = asyncio.get_running_loop().time()
        if self._ends_at is None:
            self._ends_at = now + seconds
        return self._ends_at - now

    @property
    def _over(self) -> str:
        return f"the deadline of {self._seconds:g} s is over"
