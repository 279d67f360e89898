"""Bringing the index up to the end of the segments, and finding where the last whole frame ends after a crash."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from headrace.journal import frame, segment
from headrace.journal.frame import Entry
from headrace.journal.index import Index
from headrace.journal.layout import Mark
from headrace.journal.rows import DOUBTS
from headrace.journal.scan import Damage, Segment

_BATCH = 2000


class Tail(msgspec.Struct, frozen=True):
    """The last segment: whole frames up to `end`, a torn tail up to `size`.

    `closed`: nothing may be appended (it is sealed). `damaged`: there is damage before `end`.
    """

    number: int
    end: int
    size: int
    run_id: str
    closed: bool = False
    damaged: bool = False

    @property
    def torn(self) -> bool:
        """Whether there is something to cut off."""
        return self.size > self.end or not self.run_id

    @property
    def mark(self) -> Mark:
        """The end of the journal."""
        return Mark(self.number, self.end)


def recover(index: Index, folder: Path, uid: str, until: Mark | None = None) -> Tail | None:
    """Take into the index what the segments hold beyond it (up to `until`); None where there is no segment.

    Bodies are checked in the last segment only: there a crash may have left half a frame. Nothing is written to it.
    """
    numbers = [number for number in segment.numbers(folder) if until is None or number <= until.segment]
    if not _fits(index, folder, numbers):
        index.reset()
    tail = None
    for number in numbers:
        tail = _catch_up(index, folder, uid, number, last=number == numbers[-1], until=until)
    return tail


def _fits(index: Index, folder: Path, numbers: list[int]) -> bool:
    """Whether the index is one of these very segments, and of a beginning of them."""
    try:
        rows = index.segments()
    except DOUBTS:
        return False
    if numbers[: len(rows)] != list(rows):
        return False
    return all(
        row.opened == segment.read_opening(folder, number) and row.taken <= segment.size_of(folder, number)
        for number, row in rows.items()
    )


def _catch_up(index: Index, folder: Path, uid: str, number: int, *, last: bool, until: Mark | None) -> Tail:
    row = index.segments().get(number)
    start = row.taken if row else segment.HEAD_BYTES
    with Segment(folder, uid, number) as source:
        size = min(source.size, until.offset) if until and until.segment == number else source.size
        scan = _Scan(start, row.run_id if row else "", closed=row is not None and row.sealed)
        batch: list[Entry] = []
        for entry in scan.sound(source.frames(start, size, whole=last)):
            batch.append(entry)
            if len(batch) >= _BATCH:
                index.apply(batch)
                batch.clear()
        index.apply(batch)
    return Tail(number, scan.end, size, scan.run_id, scan.closed, scan.damaged)


class _Scan:
    """Tells a torn tail from damage: damage has a whole frame after it."""

    def __init__(self, start: int, run_id: str, *, closed: bool) -> None:
        self.end = start
        self.run_id = run_id
        self.closed = closed
        self.damaged = False

    def sound(self, found: Iterator[Entry | Damage]) -> Iterator[Entry]:
        """The frames that count. A page whose body alone is bad does, unless it is part of the torn tail."""
        held: list[Damage] = []
        for one in found:
            if isinstance(one, Damage):
                held.append(one)
                continue
            self.damaged |= bool(held)
            yield from (damage.entry for damage in held if damage.entry)
            held.clear()
            self.end = one.location.mark.offset
            self.run_id = frame.run_of(one.item) or self.run_id
            self.closed = isinstance(one.item, frame.Sealed)
            yield one


def mend(folder: Path, tail: Tail) -> int:
    """Cut off the torn tail, or remove the file where not even its first frame is whole; gives the bytes dropped."""
    path = segment.path_of(folder, tail.number)
    if tail.run_id:
        os.truncate(path, tail.end)
        segment.sync_file(path)
    else:
        path.unlink()
        segment.sync_folder(folder)
    return tail.size - tail.end if tail.run_id else tail.size
