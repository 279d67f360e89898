"""All walks of one configuration in one thread: one event loop, one pool of connections, one budget.

The walks run ahead of whoever takes their pages, a few pages each; a walk that nobody takes from stands still.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Iterator, Sequence

from headrace.model.event import Emit, Noticed
from headrace.model.plan import Client, Ref, Resource
from headrace.model.records import Records
from headrace.rest_api.walk import Walk
from headrace.run.budget import Shelf
from headrace.run.early import Room
from headrace.transport.base import Ignored, Transport
from headrace.transport.client import open_transport
from headrace.transport.send import Timeouts

AHEAD = 16  # pages of one walk that wait to be taken
CONCURRENCY = 96
EARLY_BYTES = 32 << 20  # of pages that were asked for before their turn, of all walks
_PATIENCE_S = 0.5  # how long dlt is kept from looking at its signals
_IDLE_S = 1.0  # how long the connections are kept for the next walk
_TICK_S = 0.02  # each time that pages are announced costs both threads a switch, so it is not done for every page


class Stream:
    """The pages of one walk, on their way from the engine's thread to the one that takes them."""

    __slots__ = ("ended", "error", "pages", "room", "task")

    def __init__(self) -> None:
        self.pages: deque[Records] = deque()
        self.room = asyncio.Semaphore(AHEAD)
        self.task: asyncio.Task[None] | None = None
        self.ended = False
        self.error: BaseException | None = None

    @property
    def stirs(self) -> bool:
        """Whether there is something to take: a page, or how the walk ended."""
        return bool(self.pages) or self.ended


class Engine:
    """Starts its thread with the first walk and ends it soon after the last one. For any number of threads."""

    def __init__(self, client: Client, named: Sequence[str], emit: Emit, timeouts: Timeouts = Timeouts()) -> None:  # noqa: B008 - frozen
        self._client = client
        self._named = named
        self._emit = emit
        self._timeouts = timeouts
        self._changed = threading.Condition()
        self._shelf = Shelf(EARLY_BYTES)
        self._rooms: dict[str, Room] = {}  # one for all walks of a resource
        self._open = 0
        self._announced_s = 0.0
        self._announcing = False
        self._awaited: dict[int, Stream] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._transport: asyncio.Future[Transport]
        self._closing: asyncio.Event | None = None

    def open(self, resource: Resource) -> Stream:
        """Begin a walk. Whoever opens a stream closes it."""
        with self._changed:
            loop = self._running()
            self._open += 1
        stream = Stream()
        loop.call_soon_threadsafe(self._begin, loop, stream, resource)
        return stream

    def take(self, stream: Stream) -> Iterator[list[Records]]:
        """The pages of a stream, in order, as many as there are; none while another has some, or after some time.

        Raises what the walk ended with.
        """
        me = id(stream)
        try:
            while True:
                with self._changed:
                    self._awaited[me] = stream
                    self._changed.wait_for(lambda: any(one.stirs for one in self._awaited.values()), _PATIENCE_S)
                    ended = stream.ended  # looked at first: what comes before the end is in `pages` by then
                    pages = [stream.pages.popleft() for _ in range(len(stream.pages))]
                if pages:
                    self._call(_release, stream, len(pages))
                elif ended:
                    break
                yield pages
        finally:
            with self._changed:
                self._awaited.pop(me, None)
        if stream.error is not None:
            raise stream.error

    def close(self, stream: Stream) -> None:
        """No more of this walk is wanted."""
        with self._changed:
            self._open -= 1
        self._call(self._end, stream)

    def _call(self, what: object, *args: object) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(what, *args)  # type: ignore[arg-type]

    def _running(self) -> asyncio.AbstractEventLoop:
        """The loop, begun if it is not there. Called with the lock held."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._announcing = False  # what the loop before this one had still to announce went with it
            self._transport, self._closing = self._loop.create_future(), asyncio.Event()
            threading.Thread(
                target=self._run, args=(self._loop, self._transport, self._closing), name="headrace-walks", daemon=True
            ).start()
        return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop, opened: asyncio.Future[Transport], closing: asyncio.Event) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(self._main(opened, closing))

    async def _main(self, opened: asyncio.Future[Transport], closing: asyncio.Event) -> None:
        try:
            async with open_transport(
                self._client,
                resolve=_no_reference,
                emit=self._emit,
                named=self._named,
                max_concurrency=CONCURRENCY,
                timeouts=self._timeouts,
            ) as transport:
                opened.set_result(transport)
                await closing.wait()
        except Exception as error:  # noqa: BLE001 - every walk that waits for the transport raises it
            if not opened.done():
                opened.set_exception(error)
            await closing.wait()

    def _begin(self, loop: asyncio.AbstractEventLoop, stream: Stream, resource: Resource) -> None:
        stream.task = loop.create_task(self._walk(stream, resource))

    async def _walk(self, stream: Stream, resource: Resource) -> None:
        try:
            transport = await asyncio.shield(self._transport)
            room = self._rooms.setdefault(resource.name, Room(self._shelf))
            async with contextlib.aclosing(Walk(self._client, resource, self._emit, room).pages(transport)) as pages:
                async for page in pages:
                    await stream.room.acquire()
                    stream.pages.append(page)
                    self._stir()
        except Ignored as why:
            self._emit(Noticed(resource.name, f"the walk ends here: {why}"))
        except BaseException as error:  # noqa: BLE001 - raised where the pages are taken
            stream.error = error
        finally:
            stream.ended = True
            self._stir()

    def _stir(self) -> None:
        """Announce that there is something to take: at once, or a tick after the last time."""
        if self._announcing:
            return
        loop = asyncio.get_running_loop()
        wait_s = self._announced_s + _TICK_S - loop.time()
        if wait_s > 0:
            self._announcing = True
            loop.call_later(wait_s, self._announce, loop)
        else:
            self._announce(loop)

    def _announce(self, loop: asyncio.AbstractEventLoop) -> None:
        self._announcing = False
        self._announced_s = loop.time()
        with self._changed:
            self._changed.notify_all()

    def _end(self, stream: Stream) -> None:
        if stream.task is not None:
            stream.task.cancel()
        if self._open == 0 and self._loop is not None:
            self._loop.call_later(_IDLE_S, self._rest)

    def _rest(self) -> None:
        """End the thread if no walk has begun meanwhile."""
        with self._changed:
            if self._open or self._closing is None:
                return
            closing, self._closing, self._loop = self._closing, None, None
        closing.set()


def _release(stream: Stream, pages: int) -> None:
    for _ in range(pages):
        stream.room.release()


def _no_reference(ref: Ref) -> str | None:
    """There is none: dlt has looked up every secret before the configuration comes here."""
    del ref
    return None
