"""How long the walks of one resource may take in this run, all together, and what becomes of the request under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class OutOfTime(Exception):
    """The deadline has passed: the walk stands where it is, and the next run goes on with its next page."""


class Deadline:
    """Begins with the first request that is made within it. `seconds` None: there is none."""

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._ends_at: float | None = None

    @asynccontextmanager
    async def within(self) -> AsyncIterator[None]:
        """Do something while there is time. Raises OutOfTime where there is none, or none left before it is done."""
        if self._seconds is None:
            yield
            return
        left = self._left(self._seconds)
        if left <= 0:
            raise self._over()
        try:
            async with asyncio.timeout(left) as scope:
                yield
        except TimeoutError:
            if scope.expired():
                raise self._over() from None
            raise

    def _left(self, seconds: float) -> float:
        now = asyncio.get_running_loop().time()
        if self._ends_at is None:
            self._ends_at = now + seconds
        return self._ends_at - now

    def _over(self) -> OutOfTime:
        return OutOfTime(
            f"the deadline of {self._seconds:g} s is over: run again, and the walk goes on where it stands"
        )
