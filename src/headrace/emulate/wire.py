"""HTTP/1.1 as bytes: what a request says that the emulator needs, and the head of a response."""

from __future__ import annotations

from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

import msgspec

MOST_HEAD_BYTES = 65_536
MOST_BODY_BYTES = 1 << 20

_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
_WANTED = {
    b"authorization", b"accept-encoding", b"connection", b"content-length", b"transfer-encoding", b"expect",
}  # fmt: skip


class BadRequest(Exception):
    """Bytes that are no request which this server reads; `status` is the answer, and the connection ends."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Request(msgspec.Struct, frozen=True):
    """One request. `expects` is True where the client waits for 100 Continue before it sends the body."""

    method: str
    target: str
    authorization: str | None
    gzip: bool
    keep_alive: bool
    body_bytes: int
    expects: bool


def parse(buffer: bytearray) -> tuple[Request, int] | None:
    """The first request's head and its size, None while it is not whole; raises `BadRequest`."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > MOST_HEAD_BYTES:
            raise BadRequest(431)
        return None
    lines = bytes(buffer[:end]).split(b"\r\n")
    first = lines[0].split(b" ")
    if len(first) != 3 or not first[2].startswith(b"HTTP/1."):  # noqa: PLR2004 - method, target, version
        raise BadRequest(400)
    found: dict[bytes, bytes] = {}
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in _WANTED:
            found[name] = value.strip()
    connection = found.get(b"connection", b"").lower()
    if b"transfer-encoding" in found:
        raise BadRequest(411)
    length = found.get(b"content-length", b"0")
    if not length.isdigit():
        raise BadRequest(400)
    if int(length) > MOST_BODY_BYTES:
        raise BadRequest(413)
    authorization = found.get(b"authorization")
    request = Request(
        method=first[0].decode("latin-1"),
        target=first[1].decode("latin-1"),
        authorization=None if authorization is None else authorization.decode("latin-1"),
        gzip=b"gzip" in found.get(b"accept-encoding", b""),
        keep_alive=connection != b"close" if first[2] == b"HTTP/1.1" else connection == b"keep-alive",
        body_bytes=int(length),
        expects=found.get(b"expect", b"").lower() == b"100-continue",
    )
    return request, end + 4


@lru_cache(maxsize=4)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


def head(status: int, content_type: bytes, length: int, extra: bytes, now_s: float, *, keep_alive: bool) -> bytes:
    """Status line and headers. `extra` are whole header lines, `length` the bytes that the body is said to have."""
    return b"HTTP/1.1 %d %b\r\nContent-Type: %b\r\nContent-Length: %d\r\nDate: %b\r\n%b%b\r\n" % (
        status,
        _REASONS[status],
        content_type,
        length,
        _date(int(now_s)),
        extra,
        b"" if keep_alive else b"Connection: close\r\n",
    )
