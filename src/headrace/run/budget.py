"""How many bytes of pages may be under way between the journal and the warehouse: the bound on memory."""

from __future__ import annotations

import asyncio


class ByteBudget:
    """A count of bytes with waiting; one page is always let through, however large it is."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._held = 0
        self._released = asyncio.Condition()

    async def acquire(self, size: int) -> None:
        """Take `size` bytes, waiting until they fit or nothing else is held."""
        async with self._released:
            await self._released.wait_for(lambda: self._held == 0 or self._held + size <= self.limit_bytes)
            self._held += size

    async def release(self, size: int) -> None:
        """Give `size` bytes back."""
        async with self._released:
            self._held -= size
            self._released.notify_all()
