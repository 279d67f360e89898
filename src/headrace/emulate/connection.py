"""One client's connection: requests in order, answers in order, however they arrive and however slow they are."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator

from headrace.emulate import refuse, wire
from headrace.emulate.desk import Desk, Outcome
from headrace.emulate.wire import BadRequest, Request

WRITE_HIGH_BYTES = 1 << 20
LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER on with no time: closing sends a reset instead of a normal end."""


class Connection(asyncio.Protocol):
    """Reads pipelined requests one by one: the next is looked at when the last one's answer is written."""

    def __init__(self, desk: Desk, alive: set[Connection]) -> None:
        self._desk = desk
        self._alive = alive
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._busy = False
        self._paused = False
        self._continued = False
        self._closes = False
        self._stream: Iterator[bytes] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; answers up to 1 MB do not pause."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream server makes no other
        transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES)
        self._transport = transport
        self._alive.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget what was still to come."""
        self._alive.discard(self)
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()

    def abort(self) -> None:
        """End at once."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        self._buffer += data
        self._advance()

    def pause_writing(self) -> None:
        """The client reads slowly: no further answers for now."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on where it stopped."""
        self._paused = False
        if self._stream is not None:
            self._pump()
        self._advance()

    def _advance(self) -> None:
        while self._buffer and not self._busy and not self._paused and self._open() is not None:
            try:
                found = wire.parse(self._buffer)
            except BadRequest as bad:
                self._give_up(bad.status)
                return
            if found is None:
                return
            request, size = found
            if len(self._buffer) < size + request.body_bytes:
                self._continue(request)
                return
            body = bytes(self._buffer[size : size + request.body_bytes])
            del self._buffer[: size + request.body_bytes]
            self._continued = False
            self._answer(request, self._desk.take(request, body))

    def _open(self) -> asyncio.Transport | None:
        transport = self._transport
        return None if transport is None or transport.is_closing() else transport

    def _continue(self, request: Request) -> None:
        if request.expects and not self._continued and self._transport is not None:
            self._continued = True
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _give_up(self, status: int) -> None:
        transport = self._open()
        if transport is not None:
            answer = refuse.plain(status, "The request cannot be read.")
            now_s = self._desk.now_s()
            transport.write(
                wire.head(status, answer.content_type, len(answer.body), b"", now_s, keep_alive=False) + answer.body
            )
            transport.close()

    def _answer(self, request: Request, outcome: Outcome) -> None:
        if outcome.delay_s:
            self._busy = True
            self._timer = self._loop.call_later(outcome.delay_s, self._later, request, outcome)
        else:
            self._send(request, outcome)

    def _later(self, request: Request, outcome: Outcome) -> None:
        self._busy = False
        self._send(request, outcome)
        self._advance()

    def _send(self, request: Request, outcome: Outcome) -> None:
        transport, answer = self._open(), outcome.answer
        if transport is None:
            return
        if outcome.cut == "reset":
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            transport.abort()
            return
        size = outcome.stream_bytes if outcome.stream is not None else len(answer.body)
        head = wire.head(
            answer.status, answer.content_type, size, answer.extra, self._desk.now_s(), keep_alive=request.keep_alive
        )
        if outcome.cut == "truncate":
            transport.write(head + answer.body[: size // 2])
            transport.close()
            return
        transport.write(head if request.method == "HEAD" else head + answer.body)
        if outcome.served:
            self._desk.stats.served(outcome.served)
        if outcome.stream is not None and request.method != "HEAD":
            self._busy = True
            self._stream = outcome.stream
            self._closes = not request.keep_alive
            self._pump()
        elif not request.keep_alive:
            transport.close()

    def _pump(self) -> None:
        transport = self._open()
        while transport is not None and self._stream is not None and not self._paused:
            part = next(self._stream, None)
            if part is None:
                self._stream = None
                self._busy = False
                if self._closes:
                    transport.close()
            else:
                transport.write(part)
