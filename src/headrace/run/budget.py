"""How many bytes of pages may be under way between the journal and the warehouse: the bound on memory."""

from __future__ import annotations

import asyncio


class ByteBudget:
    """A count of bytes with waiting; one page is always let through, however large it is."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held = 0
        self._released = asyncio.Condition()

    @property
    def is_tight(self) -> bool:
        """Whether more than half is held: time to hand on small batches rather than to wait for large ones."""
        return self._held > self._limit // 2

    async def acquire(self, size: int) -> None:
        """Take `size` bytes, waiting until they fit or nothing else is held."""
        async with self._released:
            await self._released.wait_for(lambda: self._held == 0 or self._held + size <= self._limit)
            self._held += size

    async def release(self, size: int) -> None:
        """Give `size` bytes back."""
        async with self._released:
            self._held -= size
            self._released.notify_all()
