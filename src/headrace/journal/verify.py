"""Reading every byte of a journal and naming each that is not what was written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from headrace.errors import JournalError
from headrace.journal import frame, identity, segment
from headrace.journal.frame import Entry
from headrace.journal.layout import Mark, Problem
from headrace.journal.scan import Damage, Segment

_SETTLE_S = 0.1


def verify(
    folder: Path, uid: str, until: Mark | None = None, *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Problem]:
    """Every problem, in order. `until` ends the check where this process is still writing.

    A torn tail is looked at twice: another process may be writing it.
    """
    yield from _identity(folder)
    sequence = _Sequence()
    numbers = [number for number in segment.numbers(folder) if until is None or number <= until.segment]
    for number in numbers:
        name = segment.path_of(folder, number).name
        sealed = False
        with Segment(folder, uid, number) as source:
            end = until.offset if until is not None and until.segment == number else source.size
            for found in _found(source, end, sleep):
                entry = found.entry if isinstance(found, Damage) else found
                if isinstance(found, Damage):
                    yield Problem(name, found.offset, found.length, found.why)
                if entry is not None:
                    sealed = isinstance(entry.item, frame.Sealed)
                    place = entry.location
                    yield from (Problem(name, place.offset, place.length, why) for why in sequence.faults(entry.item))
            if not sealed and number != numbers[-1]:
                yield Problem(name, source.size, 0, "the segment is cut short: its last frame is missing")


def _identity(folder: Path) -> Iterator[Problem]:
    path = folder / identity.FILE
    if not path.exists():
        yield Problem(identity.FILE, 0, 0, "the file is missing; the next run makes it again from the segments")
        return
    try:
        identity.read(folder)
    except JournalError as error:
        yield Problem(identity.FILE, 0, path.stat().st_size, str(error))


def _found(source: Segment, end: int, sleep: Callable[[float], None]) -> Iterator[Entry | Damage]:
    if (damage := source.check_magic()) is not None:
        yield damage
    for found in source.frames(min(segment.HEAD_BYTES, end), end, whole=True):
        if isinstance(found, Damage) and found.offset + found.length == end:
            sleep(_SETTLE_S)
            yield next(source.frames(found.offset, max(end, source.size_now()), whole=True))
            return
        yield found


class _Sequence:
    """What must come before what: a run before its frames, page 0 before page 1."""

    def __init__(self) -> None:
        self._runs: set[str] = set()
        self._pages: dict[tuple[str, str], tuple[int, int]] = {}

    def faults(self, item: frame.Item) -> Iterator[str]:
        match item:
            case frame.RunBegun():
                self._runs.add(item.run.run_id)
            case frame.WalkBegun():
                self._pages[item.run_id, item.walk] = (item.attempt, 0)
            case frame.PageKept():
                attempt, expected = self._pages.get((item.run_id, item.walk), (item.attempt, 0))
                if item.attempt >= attempt and item.number > expected:
                    yield f"pages {expected} to {item.number - 1} of walk {item.walk!r} are missing before this one"
                self._pages[item.run_id, item.walk] = (item.attempt, item.number + 1)
            case _:
                pass
        run_id = frame.run_of(item)
        if run_id is not None and run_id not in self._runs and not isinstance(item, frame.SegmentOpened):
            self._runs.add(run_id)
            yield f"the beginning of run {run_id} is missing before this"
