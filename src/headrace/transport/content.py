"""How a body is unpacked (RFC 9110 §8.4): whole or not at all, and never larger than it may be.

Done here and not by the HTTP library: a body cut short has to be seen, and a small body must not unpack to a huge one.
"""

from __future__ import annotations

import zlib
from http import HTTPStatus
from typing import Protocol

import brotli
import zstandard

from headrace.transport.fault import Fault

_STEP = 1 << 20
_PIECE = 1 << 16
_ZSTD_RATIO = 1 << 15  # a block of four bytes stands for 128 KiB at most


class _Unpacker(Protocol):
    def __call__(self, body: bytes, limit: int) -> bytes: ...


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body with its codings taken off, the last applied first. `limit` is in bytes, for every stage.

    Raises:
        Fault: "truncated" where it ends too early, "encoding" where it is none of that coding, "too_large" beyond.
    """
    for name in reversed([part.strip().lower() for part in encoding.split(",") if part.strip()]):
        if name == "identity" or not body:
            continue
        unpack = _UNPACKERS.get(name)
        if unpack is None:
            raise Fault("encoding", f"the body is packed as {name!r}, which was not asked for")
        body = unpack(body, limit)
    return body


def is_empty(status: int, body: bytes) -> bool:
    """Whether nothing came where a body belongs (RFC 9110 has none with 204 and 205)."""
    return status not in (HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT) and (not body or body.isspace())


def too_large(limit: int) -> Fault:
    """The fault of a body beyond the limit, in bytes."""
    return Fault("too_large", f"the body is larger than the {limit:,} bytes allowed")


def _short(name: str) -> Fault:
    return Fault("truncated", f"the {name} body ends too early")


def _broken(name: str) -> Fault:
    return Fault("encoding", f"the body is not valid {name}")


def _gzip(body: bytes, limit: int) -> bytes:
    """RFC 1952: one or more members, one after another. In pieces: of each, what follows a member is copied."""
    parts: list[bytes] = []
    size = 0
    member = zlib.decompressobj(wbits=31)
    for start in range(0, len(body), _PIECE):
        rest = body[start : start + _PIECE]
        while rest:
            if member.eof:
                if not (rest + body[start + _PIECE : start + _PIECE + 1]).startswith(b"\x1f\x8b"):
                    return b"".join(parts)  # padding after the last member, as some servers send
                member = zlib.decompressobj(wbits=31)
            part = _inflated(member, rest, limit - size, "gzip")
            parts.append(part)
            size += len(part)
            if size > limit:
                raise too_large(limit)
            rest = member.unused_data
    if not member.eof:
        raise _short("gzip")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _deflate(body: bytes, limit: int) -> bytes:
    """The zlib format by the standard; many servers send the bare stream."""
    zlib_header = body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0  # noqa: PLR2004 - RFC 1950 §2.2
    stream = zlib.decompressobj(wbits=15 if zlib_header else -15)
    out = _inflated(stream, body, limit, "deflate")
    if len(out) > limit:
        raise too_large(limit)
    if not stream.eof:
        raise _short("deflate")
    return out


def _inflated(stream: zlib._Decompress, body: bytes, limit: int, name: str) -> bytes:
    """What the piece holds, or one byte more than `limit` of it."""
    try:
        return stream.decompress(body, limit + 1)
    except zlib.error:
        raise _broken(name) from None


def _brotli(body: bytes, limit: int) -> bytes:
    stream = brotli.Decompressor()
    parts: list[bytes] = []
    size = 0
    try:
        part = stream.process(body, output_buffer_limit=_STEP)
        while part or not stream.can_accept_more_data():
            parts.append(part)
            size += len(part)
            if size > limit:
                raise too_large(limit)
            part = stream.process(b"", output_buffer_limit=_STEP)
    except brotli.error:
        raise _broken("brotli") from None
    if not stream.is_finished():
        raise _short("brotli")
    return b"".join(parts)


def _zstd(body: bytes, limit: int) -> bytes:
    """RFC 8878: frames one after another, of which all have to be whole.

    The steps are small enough for one not to unpack to more than the limit.
    """
    parts: list[bytes] = []
    size = 0
    step = max(64, min(_STEP, limit // _ZSTD_RATIO))
    rest = body
    try:
        while rest:
            stream = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
            for start in range(0, len(rest), step):
                part = stream.decompress(rest[start : start + step])
                parts.append(part)
                size += len(part)
                if size > limit:
                    raise too_large(limit)
                if stream.eof:
                    rest = stream.unused_data + rest[start + step :]
                    break
            else:
                raise _short("zstd")
    except zstandard.ZstdError:
        raise _broken("zstd") from None
    return b"".join(parts)


_UNPACKERS: dict[str, _Unpacker] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
