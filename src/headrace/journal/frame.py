"""The bytes of a segment: 16 bytes of magic, then frames; every byte of a frame is under one of its three checksums.

A frame is a header of 32 bytes, a meta (msgpack) and a body (zstd, or as it is where that is no larger).
The header's checksum also covers the journal's uid, the segment's number and the frame's offset, which are not in it:
a frame that was copied to another place, or that lies inside a body, is not taken for one.
"""

from __future__ import annotations

import struct
import zlib
from typing import Literal, NamedTuple, TypeAlias, assert_never

import msgspec
import zstandard

from headrace.journal.layout import Location, RunRecord

VERSION = 1
FILE_MAGIC = b"headrace journal"
FRAME_MAGIC = b"HRJ1"
HEADER = struct.Struct("<4sBBHIIIIII")
_PLACE = struct.Struct("<QQ")
_CHECKED = HEADER.size - 4
_RAW, _ZSTD = 0, 1
MAX_FRAME_BYTES = 0x7FFF_F000
"""What Linux takes in one write (write(2)), so that a frame goes down in one call."""


class SegmentOpened(msgspec.Struct, frozen=True, array_like=True):
    """First frame of every segment: a segment says by itself what it belongs to. It holds frames of one run only."""

    version: int
    uid: str
    number: int
    run_id: str
    pipeline: str
    destination: str
    dataset: str
    created_at: float


class RunBegun(msgspec.Struct, frozen=True, array_like=True):
    """A run was begun."""

    run: RunRecord


class WalkBegun(msgspec.Struct, frozen=True, array_like=True):
    """A walk was begun, or (a higher `attempt`) begun again: its earlier pages no longer count."""

    run_id: str
    walk: str
    attempt: int
    fingerprint: str


class PageKept(msgspec.Struct, frozen=True, array_like=True):
    """A page; its bytes are the frame's body. Positions are as `model.position.dump` gives them."""

    run_id: str
    walk: str
    attempt: int
    number: int
    position: bytes
    next: bytes
    ended: bool
    records: int
    records_digest: bytes
    fingerprint: str
    detected: bytes
    status: int
    fetched_at: float
    headers: dict[str, str]


class ReportKept(msgspec.Struct, frozen=True, array_like=True):
    """The report of a run that is not over yet; the report is the frame's body."""

    run_id: str
    at: float


class RunOver(msgspec.Struct, frozen=True, array_like=True):
    """The marker: the run is over. The body of a finished run's is its report."""

    run_id: str
    at: float
    state: Literal["finished", "abandoned"]


class Sealed(msgspec.Struct, frozen=True, array_like=True):
    """Last frame of a sealed segment: nothing was cut off after it."""

    at: float


Item: TypeAlias = SegmentOpened | RunBegun | WalkBegun | PageKept | ReportKept | RunOver | Sealed

_KINDS: tuple[type[Item], ...] = (SegmentOpened, RunBegun, WalkBegun, PageKept, ReportKept, RunOver, Sealed)
_KIND_OF = {kind: number for number, kind in enumerate(_KINDS, start=1)}
_DECODERS = {number: msgspec.msgpack.Decoder(kind) for kind, number in _KIND_OF.items()}
_OPENING = msgspec.msgpack.Decoder(SegmentOpened)
_encoder = msgspec.msgpack.Encoder()


class Entry(NamedTuple):
    """A frame's meaning and place; `raw_bytes` is the length of its body before compression."""

    location: Location
    item: Item
    raw_bytes: int


class Header(NamedTuple):
    """A frame's header that passed its checksum. Lengths are in bytes."""

    kind: int
    codec: int
    meta_bytes: int
    body_bytes: int
    raw_bytes: int
    meta_crc: int
    body_crc: int

    @property
    def frame_bytes(self) -> int:
        """Length of the whole frame."""
        return HEADER.size + self.meta_bytes + self.body_bytes


class Place(NamedTuple):
    """What a header's checksum covers beside the header."""

    uid: str
    segment: int
    offset: int


class Broken(ValueError):
    """Bytes that are not what was written; `str()` says which part, in a few words."""


def encode(place: Place, item: Item, body: bytes, compressor: zstandard.ZstdCompressor) -> bytes:
    """The whole frame, for exactly this place."""
    meta = _encoder.encode(item)
    packed = compressor.compress(body) if body else b""
    codec = _ZSTD if len(packed) < len(body) else _RAW
    stored = packed if codec == _ZSTD else body
    head = HEADER.pack(
        FRAME_MAGIC,
        _KIND_OF[type(item)],
        codec,
        0,
        len(meta),
        len(stored),
        len(body),
        zlib.crc32(meta),
        zlib.crc32(stored),
        0,
    )[:_CHECKED]
    return b"".join((head, _header_crc(head, place).to_bytes(4, "little"), meta, stored))


def read_header(data: bytes, place: Place) -> Header:
    """The header at the start of `data`. Raises `Broken`."""
    if len(data) < HEADER.size:
        raise Broken("the header of a frame is cut short")
    magic, kind, codec, _, meta_bytes, body_bytes, raw_bytes, meta_crc, body_crc, crc = HEADER.unpack_from(data)
    if magic != FRAME_MAGIC or crc != _header_crc(data[:_CHECKED], place):
        raise Broken("the header of a frame does not match its checksum")
    return Header(kind, codec, meta_bytes, body_bytes, raw_bytes, meta_crc, body_crc)


def read_item(header: Header, data: bytes) -> Item:
    """What the frame at the start of `data` means; the body need not be there. Raises `Broken`."""
    meta = data[HEADER.size : HEADER.size + header.meta_bytes]
    if len(meta) < header.meta_bytes or zlib.crc32(meta) != header.meta_crc:
        raise Broken("the meta of a frame does not match its checksum")
    decoder = _DECODERS.get(header.kind)
    if decoder is None:
        raise Broken(f"frames of kind {header.kind} are not known to this version of headrace")
    try:
        return decoder.decode(meta)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Broken("the meta of a frame cannot be read by this version of headrace") from error


def check_body(header: Header, data: bytes) -> bytes:
    """The body as stored, of the whole frame `data`. Raises `Broken`."""
    stored = data[HEADER.size + header.meta_bytes : header.frame_bytes]
    if len(stored) < header.body_bytes or zlib.crc32(stored) != header.body_crc:
        raise Broken("the body of a frame does not match its checksum")
    return stored


def read_body(header: Header, data: bytes) -> bytes:
    """The body as it was handed in, of the whole frame `data`. Raises `Broken`."""
    stored = check_body(header, data)
    match header.codec:
        case 0:
            body = stored
        case 1:
            try:
                body = zstandard.ZstdDecompressor().decompress(stored, max_output_size=header.raw_bytes)
            except zstandard.ZstdError as error:
                raise Broken("the body of a frame cannot be decompressed") from error
        case codec:
            raise Broken(f"codec {codec} is not known to this version of headrace")
    if len(body) != header.raw_bytes:
        raise Broken("the body of a frame has another length than its header says")
    return body


def read_opening(data: bytes, offset: int) -> SegmentOpened | None:
    """A segment's first frame, checked by the uid and number that it holds itself; None where it is damaged."""
    if len(data) < HEADER.size:
        return None
    meta_bytes = HEADER.unpack_from(data)[4]
    try:
        opened = _OPENING.decode(data[HEADER.size : HEADER.size + meta_bytes])
        item = read_item(read_header(data, Place(opened.uid, opened.number, offset)), data)
    except (Broken, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return item if isinstance(item, SegmentOpened) else None


def run_of(item: Item) -> str | None:
    """The run that an item belongs to; None for the end of a segment."""
    match item:
        case RunBegun():
            return item.run.run_id
        case SegmentOpened() | WalkBegun() | PageKept() | ReportKept() | RunOver():
            return item.run_id
        case Sealed():
            return None
        case _:
            assert_never(item)


def _header_crc(head: bytes, place: Place) -> int:
    return zlib.crc32(b"".join((head, place.uid.encode(), _PLACE.pack(place.segment, place.offset))))
