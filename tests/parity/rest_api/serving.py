"""A web server on a real socket, in a thread of its own: it answers as a function says and keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from aiohttp import web


@dataclass(frozen=True)
class Asked:
    """One request. `raw_path` is as it came over the wire, `origin` is the server's own address."""

    method: str
    raw_path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    origin: str

    @property
    def segments(self) -> list[str]:
        return [unquote(segment) for segment in self.raw_path.strip("/").split("/")]

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"null")

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Answer:
    """`body` is sent as JSON, unless it is bytes already."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handle = Callable[[Asked], "Answer | Awaitable[Answer]"]


@dataclass
class Server:
    """A running server. `handle` may be replaced, and `asked` emptied, while nothing is under way."""

    handle: Handle
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """The raw paths asked for, in order."""
        return [asked.raw_path for asked in self.asked]

    async def answer(self, request: web.BaseRequest) -> web.Response:
        raw_path, _, _ = request.raw_path.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, raw_path, dict(request.query), headers, await request.read(), self.url)
        self.asked.append(asked)
        given = self.handle(asked)
        answer = given if isinstance(given, Answer) else await given
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        kind = {} if "Content-Type" in answer.headers else {"Content-Type": "application/json"}
        return web.Response(body=body, status=answer.status, headers=answer.headers | kind)


@contextmanager
def serving(handle: Handle) -> Iterator[Server]:
    """A server on a free port of this machine, until the block is left."""
    server = Server(handle)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        runner = asyncio.run_coroutine_threadsafe(_start(server), loop).result()
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _start(server: Server) -> web.ServerRunner:
    runner = web.ServerRunner(web.Server(server.answer), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner
