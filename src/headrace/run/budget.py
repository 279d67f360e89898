"""How many bytes of pages may be in memory, from the request until the warehouse has them: the bound on memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class ByteBudget:
    """A count of bytes with waiting, first come, first served; one page is always let through, however large it is.

    Whoever holds bytes must be able to give them back without taking more: then nobody waits for ever. Those who keep
    them for company (batches in the making) ask for `when_short`, and let go while `is_short`.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._held = 0
        self._waiting: deque[tuple[Callable[[], int], asyncio.Future[int]]] = deque()
        self._when_short: list[Callable[[], None]] = []

    @property
    def is_short(self) -> bool:
        """Whether somebody waits for bytes."""
        return bool(self._waiting)

    def when_short(self, call: Callable[[], None]) -> None:
        """Have this called each time that somebody begins to wait."""
        self._when_short.append(call)

    async def acquire(self, size: int) -> None:
        """Take `size` bytes, waiting until they fit or nothing else is held."""
        await self.acquire_about(lambda: size)

    async def acquire_about(self, size: Callable[[], int]) -> int:
        """As `acquire`, for a size that may become better known while this waits. How many bytes were taken."""
        if not self._waiting and self._fits(size()):
            return self._take(size())
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        for call in self._when_short:
            call()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(turn.result())
            elif (size, turn) in self._waiting:
                self._waiting.remove((size, turn))
                self._admit()
            raise

    def correct(self, taken: int, size: int) -> None:
        """What was taken for `taken` bytes is `size` bytes large; there is no waiting for the difference."""
        self.release(taken - size)

    def release(self, size: int) -> None:
        """Give `size` bytes back."""
        self._held -= size
        self._admit()

    def _fits(self, size: int) -> bool:
        return self._held == 0 or self._held + size <= self.limit_bytes

    def _take(self, size: int) -> int:
        self._held += size
        return size

    def _admit(self) -> None:
        while self._waiting and self._fits(self._waiting[0][0]()):
            size, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(self._take(size()))


class Shelf:
    """Bytes that may be kept as long as there is room, and are given up at once where there is none."""

    def __init__(self, limit_bytes: int) -> None:
        self._room = limit_bytes

    def take(self, size: int) -> bool:
        """Take `size` bytes if they fit."""
        fits = size <= self._room
        self._room -= size if fits else 0
        return fits

    def give_back(self, size: int) -> None:
        """Give `size` bytes back."""
        self._room += size
