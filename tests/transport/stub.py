"""A server that answers as a test says, and a transport that speaks to it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from headrace.model.event import Attempted, Event, Retried
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import Client, Ref, RetryPolicy, Text, text
from headrace.transport.base import Transport
from headrace.transport.client import open_transport

T = TypeVar("T")
AT_ONCE = RetryPolicy(base_s=0.0)
Script = Callable[["Asked"], "Answer | Awaitable[Answer]"]


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass(frozen=True)
class Answer:
    """`body` with a Content-Length of its own making, unless `headers` state another; `raw` replaces all of it."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None
    close: bool = False
    reset: bool = False

    def written(self) -> bytes:
        if self.raw is not None:
            return self.raw
        names = {name.lower() for name, _ in self.headers}
        own = () if names & {"content-length", "transfer-encoding"} else (("Content-Length", str(len(self.body))),)
        lines = "".join(f"{name}: {value}\r\n" for name, value in (*own, *self.headers))
        return f"HTTP/1.1 {self.status} Said\r\n{lines}\r\n".encode() + self.body


@dataclass
class Stub:
    script: Script
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    url: str = ""

    @property
    def targets(self) -> list[str]:
        return [asked.target for asked in self.asked]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while (asked := await _asked(reader, number)) is not None:
                self.asked.append(asked)
                given = self.script(asked)
                answer = given if isinstance(given, Answer) else await given
                if answer.reset:
                    writer.transport.abort()
                    return
                writer.write(answer.written())
                await writer.drain()
                if answer.close:
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


async def _asked(reader: asyncio.StreamReader, connection: int) -> Asked | None:
    line = await reader.readline()
    if not line:
        return None
    method, target, _ = line.decode().split(" ")
    headers: dict[str, str] = {}
    while (line := await reader.readline()).strip():
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, body, connection)


@asynccontextmanager
async def serving(script: Script | Iterable[Answer], *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Stub]:
    """A stub on a free port. Answers given as a list are given in order, the last of them again and again."""
    stub = Stub(script if callable(script) else _in_order(list(script)))
    talks: set[asyncio.Task[Any]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        await stub.talk(reader, writer)

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    stub.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield stub
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


def _in_order(answers: list[Answer]) -> Script:
    left = list(reversed(answers))
    return lambda _asked: left.pop() if len(left) > 1 else left[0]


class Heard(list[Event]):
    """All events, in order."""

    @property
    def statuses(self) -> list[int | None]:
        return [event.status for event in self if isinstance(event, Attempted)]

    @property
    def faults(self) -> list[str]:
        return [event.fault for event in self if isinstance(event, Attempted) and event.fault]

    @property
    def retries(self) -> list[Retried]:
        return [event for event in self if isinstance(event, Retried)]


SECRETS = {"token": "s3cr3t/to+ken&é", "plain": "plain-secret-12345", "empty": ""}


def secret(name: str) -> Text:
    return text(Ref(name))


@asynccontextmanager
async def talking(
    client: Client | str, emit: Callable[[Event], None] | None = None, **more: Any
) -> AsyncIterator[Transport]:
    one = Client(client) if isinstance(client, str) else client
    lookup = SECRETS | more.pop("secrets", {})
    async with open_transport(one, resolve=lambda ref: lookup.get(ref.name), emit=emit or Heard().append, **more) as it:
        yield it


def whole(reply: Reply) -> Reply:
    return reply


async def fetch(transport: Transport, request: PageRequest | str, retry: RetryPolicy = AT_ONCE) -> Reply:
    return await transport.fetch(PageRequest(request) if isinstance(request, str) else request, retry, whole)


def go(test: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(test)
