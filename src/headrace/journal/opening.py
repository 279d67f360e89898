"""How a folder becomes an open journal: settled whose it is, locked, its torn tail mended, its index caught up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from headrace.journal import identity as identities
from headrace.journal import segment
from headrace.journal.catalogue import Catalogue
from headrace.journal.index import Index
from headrace.journal.layout import Identity, Mark, RunRecord
from headrace.journal.ledger import Ledger
from headrace.journal.lock import Lock
from headrace.journal.recover import mend
from headrace.journal.segment import SegmentWriter


class Opened(NamedTuple):
    """The parts of an open journal; `torn_bytes` were left half written by a crash, and are cut off."""

    known: identities.Known
    ledger: Ledger
    catalogue: Catalogue
    unfinished: RunRecord | None
    torn_bytes: int = 0


def to_read(folder: Path, identity: Identity | None) -> Opened:
    """Without a lock, and changing nothing. Raises JournalError, OSError."""
    known = identities.look(folder, identity)
    catalogue = Catalogue(folder, known.uid, Index.snapshot(folder, known.uid))
    try:
        tail = catalogue.catch_up(lambda: Index.private(known.uid))
        ledger = Ledger(folder, catalogue, tail.mark if tail else Mark(0, 0))
        return Opened(known, ledger, catalogue, _unfinished(catalogue))
    except BaseException:
        catalogue.close()
        raise


def to_write(folder: Path, identity: Identity | None, clock: Callable[[], float], segment_bytes: int) -> Opened:
    """With the lock, which the ledger holds from here on. Raises JournalBusy, JournalError, OSError."""
    if identity is None:
        identity = identities.look(folder, None).identity
    segment.make_folder(folder)
    lock = Lock.take(folder, clock())
    try:
        return _locked(folder, identity, lock, clock, segment_bytes)
    except BaseException:
        lock.release()
        raise


def _locked(folder: Path, identity: Identity, lock: Lock, clock: Callable[[], float], segment_bytes: int) -> Opened:
    known = identities.settle(folder, identity)
    for number in segment.numbers(folder)[-1:]:  # what a killed process wrote may be in the kernel only
        segment.sync_file(segment.path_of(folder, number))
        segment.sync_folder(folder)
    catalogue = Catalogue(folder, known.uid, Index.open(folder, known.uid))
    try:
        torn_bytes = 0
        while (tail := catalogue.catch_up(lambda: Index.remade(folder, known.uid))) is not None and tail.torn:
            torn_bytes += mend(folder, tail)
        end = tail.mark if tail else Mark(0, 0)
        ledger = Ledger(folder, catalogue, end)
        writer = SegmentWriter(
            folder, known.uid, identity, clock=clock, segment_bytes=segment_bytes, written=end, note=ledger.note
        )
        opened = Opened(known, ledger, catalogue, _unfinished(catalogue), torn_bytes)
        if tail is not None and not tail.closed:
            writer.go_on(tail.run_id)
            if tail.damaged:  # nothing is appended to a segment that has lost something
                writer.seal()
    except BaseException:
        catalogue.close()
        raise
    ledger.arm(lock, writer)
    return opened


def _unfinished(catalogue: Catalogue) -> RunRecord | None:
    return next((row.run for row in catalogue.runs() if row.state == "unfinished"), None)
