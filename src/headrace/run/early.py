"""Pages that are asked for before their turn: side by side, as far as they are foreseen and there is room for them.

Nobody ever waits for this room. What there is none for is asked for in its turn, from the run's own budget, so pages
that lie here never keep the one that has its turn from coming.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from headrace.model.envelope import Envelope
from headrace.model.page import Reply
from headrace.model.plan import Client, Resource
from headrace.model.position import Position
from headrace.run.budget import Shelf
from headrace.transport.base import Transport
from headrace.walk.request import build

EARLY_PAGES = 8  # of one resource, however many walks it has; the transport's own limits hold for their requests


class Arrived(msgspec.Struct, frozen=True):
    """A page that has come, to be judged when its turn comes."""

    reply: Reply
    envelope: Envelope
    elapsed_s: float

    @property
    def held_bytes(self) -> int:
        """It is there twice, as a body and as records."""
        return 2 * len(self.reply.body)


class Asking(Protocol):
    """Whoever asks for a page and takes the reply: a walk, or a trial."""

    @property
    def resource(self) -> Resource: ...  # noqa: D102
    def accept(self, reply: Reply) -> Envelope: ...  # noqa: D102


async def fetch(transport: Transport, client: Client, course: Asking, position: Position) -> Arrived:
    """Ask for the page at a position. Raises SourceError, or Ignored."""
    started = asyncio.get_running_loop().time()
    request = build(client, course.resource, position)
    reply, envelope = await transport.fetch(
        request, course.resource.retry, lambda reply: (reply, course.accept(reply)), course.resource.actions
    )
    if isinstance(envelope.cursor, str):
        envelope = msgspec.structs.replace(envelope, cursor=transport.conceal(request, envelope.cursor))
    return Arrived(reply, envelope, asyncio.get_running_loop().time() - started)


class Room:
    """What the walks of one resource may have under way before its turn: so many pages, and bytes of a shelf."""

    def __init__(self, shelf: Shelf, pages: int = EARLY_PAGES) -> None:
        self.pages = pages
        self._shelf = shelf

    def take(self, size: int) -> bool:
        """Take the room of one page, if it is there."""
        if self.pages <= 0 or not self._shelf.take(size):
            return False
        self.pages -= 1
        return True

    def correct(self, taken: int, size: int) -> None:
        """What was taken for `taken` bytes is `size` bytes large."""
        self._shelf.give_back(taken - size)

    def give_back(self, size: int) -> None:
        """Give the room of one page back."""
        self.pages += 1
        self._shelf.give_back(size)


@dataclass(slots=True, eq=False)
class _Page:
    """One page under way, or come."""

    position: Position
    size: int
    task: asyncio.Task[Arrived]


class Early:
    """The pages of one walk that were asked for before their turn, in the order of their turns. To be closed."""

    def __init__(self, room: Room, ask: Callable[[Position], Awaitable[Arrived]]) -> None:
        self._room = room
        self.ask = ask
        self._pages: deque[_Page] = deque()
        self._given_up: set[asyncio.Task[Arrived]] = set()

    def foresee(self, positions: Sequence[Position], size: int) -> None:
        """Ask for the pages at the next positions, in order, while there is room for as many bytes as `size`."""
        for position in positions[len(self._pages) :]:
            if not self._room.take(size):
                return
            self._pages.append(self._begun(position, size))

    async def page(self, position: Position) -> Arrived | None:
        """The page whose turn it is, if it was asked for early; it stays here until `taken`.

        Raises what its fetch raised.
        """
        if self._pages and self._pages[0].position != position:  # the walk goes another way than it seemed
            self._give_up()
        return await self._pages[0].task if self._pages else None

    def taken(self) -> None:
        """The page whose turn it is has found room elsewhere."""
        if self._pages:
            self._room.give_back(self._pages.popleft().size)

    async def close(self) -> None:
        """Throw away what has not had its turn, and wait until nothing of it is under way."""
        self._give_up()
        await asyncio.gather(*self._given_up, return_exceptions=True)

    def _begun(self, position: Position, size: int) -> _Page:
        async def work() -> Arrived:
            arrived = await self.ask(position)
            self._room.correct(page.size, arrived.held_bytes)
            page.size = arrived.held_bytes
            return arrived

        page = _Page(position, size, asyncio.ensure_future(work()))
        return page

    def _give_up(self) -> None:
        while self._pages:
            page = self._pages.pop()
            self._room.give_back(page.size)
            page.task.cancel()  # one that has failed is not told of after this
            self._given_up.add(page.task)
            page.task.add_done_callback(self._given_up.discard)
