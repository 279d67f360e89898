"""Reading a segment from end to end: whole frames, damage, and where frames begin again after it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

from headrace.journal import frame
from headrace.journal.frame import Broken, Entry, Place
from headrace.journal.layout import Location
from headrace.journal.segment import HEAD_BYTES, path_of

_GLANCE_BYTES = 4096  # takes in the header and meta of nearly every page
_STRIDE_BYTES = 1 << 20


class Damage(NamedTuple):
    """Bytes that are no whole frame. `entry` is there where only the frame's body is bad."""

    offset: int
    length: int
    why: str
    entry: Entry | None = None


class Segment:
    """One segment, open for reading at any place, from any thread. `size` is its length when it was opened."""

    def __init__(self, folder: Path, uid: str, number: int) -> None:
        self.uid = uid
        self.number = number
        self._fd = os.open(path_of(folder, number), os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._fd).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def size_now(self) -> int:
        """Its length by now: another process may be appending."""
        return os.fstat(self._fd).st_size

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes; fewer at the end of the file."""
        data = os.pread(self._fd, length, offset)
        while len(data) < length and (more := os.pread(self._fd, length - len(data), offset + len(data))):
            data += more
        return data

    def place(self, offset: int) -> Place:
        """The place that a frame's header is checked against."""
        return Place(self.uid, self.number, offset)

    def check_magic(self) -> Damage | None:
        """The first bytes of the file, which belong to no frame."""
        if self.read(0, HEAD_BYTES) == frame.FILE_MAGIC:
            return None
        return Damage(0, min(HEAD_BYTES, self.size), "the file does not begin as a segment of a journal")

    def frames(self, start: int, end: int, *, whole: bool) -> Iterator[Entry | Damage]:
        """What lies between two offsets, in order, nothing left out. `whole` also checks the bodies."""
        offset = start
        while offset < end:
            found = self._frame(offset, end, whole=whole)
            yield found
            length = found.length if isinstance(found, Damage) else found.location.length
            offset += length

    def _frame(self, offset: int, end: int, *, whole: bool) -> Entry | Damage:
        data = self.read(offset, min(_GLANCE_BYTES, end - offset))
        try:
            header = frame.read_header(data, self.place(offset))
        except Broken as broken:
            return Damage(offset, self._resume(offset + 1, end) - offset, str(broken))
        length = header.frame_bytes
        if length > end - offset:
            return Damage(offset, self._resume(offset + 1, end) - offset, "a frame is cut short")
        if len(data) < (length if whole else frame.HEADER.size + header.meta_bytes):
            data = self.read(offset, length)
        try:
            entry = Entry(Location(self.number, offset, length), frame.read_item(header, data), header.raw_bytes)
        except Broken as broken:
            return Damage(offset, length, str(broken))
        if whole:
            try:
                frame.check_body(header, data)
            except Broken as broken:
                return Damage(offset, length, str(broken), entry)
        return entry

    def _resume(self, start: int, end: int) -> int:
        """Where the next frame with a sound header begins; `end` if nowhere."""
        offset = start
        while offset < end:
            data = self.read(offset, min(_STRIDE_BYTES, end - offset))
            at = data.find(frame.FRAME_MAGIC)
            while at >= 0:
                if self._begins_frame(offset + at, end):
                    return offset + at
                at = data.find(frame.FRAME_MAGIC, at + 1)
            if offset + len(data) >= end or not data:
                break
            offset += max(1, len(data) - len(frame.FRAME_MAGIC) + 1)
        return end

    def _begins_frame(self, offset: int, end: int) -> bool:
        try:
            header = frame.read_header(self.read(offset, frame.HEADER.size), self.place(offset))
        except Broken:
            return False
        return header.frame_bytes <= end - offset
