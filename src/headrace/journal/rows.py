"""The rows of the index, each with a checksum of its own.

SQLite has none, and a walk that went on from a wrong position would lose data without a word.
"""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path
from typing import TypeVar

import msgspec

from headrace.errors import JournalError
from headrace.journal.frame import SegmentOpened
from headrace.journal.layout import Location, RunRecord, RunState, WalkState
from headrace.journal.room import refusal
from headrace.model import position


class Stale(Exception):
    """The index cannot be trusted, or is of another journal: make it again from the segments."""


DOUBTS = (sqlite3.Error, UnicodeDecodeError, Stale)
"""All that a spoilt index may raise: SQLite's own messages may quote bytes of it that are no text."""


def impossible(folder: Path, error: Exception) -> JournalError:
    """What to say where not even a new index can be had: a full disk, nearly always."""
    reason = getattr(error, "strerror", None) or str(error) or "it does not keep what was written to it"
    return refusal(
        f"The journal {folder} can have no index: {reason}; make room there and in the folder for temporary files, "
        f"and run again to resume.",
        error,
    )


class About(msgspec.Struct, frozen=True, array_like=True):
    """Which journal the index is of, and in which form."""

    format: int
    uid: str


class SegmentRow(msgspec.Struct, array_like=True):
    """`taken`: the offset up to which the segment's frames are in the index."""

    run_id: str
    opened: SegmentOpened | None
    taken: int
    sealed: bool = False


class RunRow(msgspec.Struct, array_like=True):
    """A run; `report` is where its newest report lies."""

    run: RunRecord
    state: RunState
    over_at: float | None = None
    report: Location | None = None


class WalkRow(msgspec.Struct, array_like=True):
    """A walk's current attempt. `last` is the `next` of its last page, as `model.position.dump` gives it."""

    run_id: str
    walk: str
    attempt: int
    fingerprint: str
    pages: int = 0
    records: int = 0
    body_bytes: int = 0
    last: bytes | None = None
    detected: bytes = b""
    ended: bool = False


class PageRow(msgspec.Struct, frozen=True, array_like=True):
    """A page of a walk's current attempt."""

    segment: int
    offset: int
    length: int
    body_bytes: int
    records: int
    position: bytes
    next: bytes
    records_digest: bytes
    detected: bytes


RowT = TypeVar("RowT", About, SegmentRow, RunRow, WalkRow, PageRow)
_encode = msgspec.msgpack.Encoder().encode


def page_key(walk: int, number: int) -> int:
    """One key for a page, of the walk's key and the page's number."""
    if not isinstance(walk, int) or not isinstance(number, int):
        raise Stale
    return walk << 40 | number


def pack(row: RowT, key: int) -> bytes:
    """The row with a checksum in front, which covers the key too: a row that strayed to another key is found."""
    data = _encode(row)
    return zlib.crc32(data, key & 0xFFFF_FFFF ^ key >> 32).to_bytes(4, "little") + data


def unpack(kind: type[RowT], data: bytes, key: int) -> RowT:
    """The row that `pack` made for this key. Raises `Stale` on anything else."""
    if not isinstance(data, bytes) or not isinstance(key, int):  # SQLite's columns may hold anything
        raise Stale
    if zlib.crc32(data[4:], key & 0xFFFF_FFFF ^ key >> 32).to_bytes(4, "little") != data[:4]:
        raise Stale
    return msgspec.msgpack.decode(data[4:], type=kind)


def state_of(row: WalkRow) -> WalkState:
    """The row as others see it."""
    return WalkState(
        walk=row.walk,
        fingerprint=row.fingerprint,
        pages=row.pages,
        records=row.records,
        last=None if row.last is None else position.load(row.last),
        detected=row.detected,
        ended=row.ended,
        body_bytes=row.body_bytes,
        attempt=row.attempt,
    )
