"""How what is written becomes synced and then indexed, and the locks that let several threads have a part in it.

Two locks, taken in this order: the catalogue's (SQLite, and what leaves `AtHand`) and `_lock` (the open segment, and
what is at hand). Neither is held while the disk is waited for, except to seal a segment.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from headrace.errors import JournalError
from headrace.journal import frame
from headrace.journal.at_hand import AtHand
from headrace.journal.catalogue import Catalogue
from headrace.journal.layout import Location, Mark
from headrace.journal.lock import Lock
from headrace.journal.rows import WalkRow
from headrace.journal.segment import SegmentWriter
from headrace.journal.sync import LIMIT_BYTES, Syncer


class Ledger:
    """One open journal's frames. Without a writer it only tells how far they go."""

    def __init__(self, folder: Path, catalogue: Catalogue, end: Mark) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._end = end
        self._lock = threading.Lock()
        self._at_hand = AtHand()
        self._held: Lock | None = None
        self._writer: SegmentWriter | None = None
        self._syncer: Syncer | None = None

    def arm(self, lock: Lock, writer: SegmentWriter) -> None:
        """From here on it can be written to, and the lock is its own."""
        self._held, self._writer = lock, writer

    def note(self, entry: frame.Entry) -> None:
        """The writer wrote a frame; the caller holds the lock, or is the only one to know the writer."""
        self._at_hand.note(entry)

    def put(self, run_id: str, item: frame.Item, body: bytes = b"") -> Location:
        """Write one frame."""
        with self._lock:
            location = self._writing().put(run_id, item, body)
        self._nudge()
        return location

    def begin_walk(self, row: WalkRow) -> None:
        """Write that a walk begins, and keep it at hand."""
        with self._lock:
            self._writing().put(row.run_id, frame.WalkBegun(row.run_id, row.walk, row.attempt, row.fingerprint))
            self._at_hand.begin(row)
        self._nudge()

    def grow(self, row: WalkRow, page: frame.PageKept, body: bytes) -> Location:
        """Write the next page of a walk."""
        with self._lock:
            location = self._writing().put(row.run_id, page, body)
            self._at_hand.grow(row, page, len(body))
        self._nudge()
        return location

    def row(self, run_id: str, walk: str) -> WalkRow | None:
        """A walk of the unfinished run as it is written."""
        with self._lock:
            row = self._at_hand.walk(walk)
        if row is not None:
            return row
        with self._catalogue.lock:
            found = self._catalogue.walk(run_id, walk)
            if found is None or found.ended:
                return found
            with self._lock:
                return self._at_hand.bring(found)

    def synced_pages(self, walk: str) -> int | None:
        """How many pages of a walk of the unfinished run are synced; None: all that the index has."""
        with self._lock:
            return self._at_hand.synced_pages(walk)

    @property
    def synced(self) -> Mark:
        """Everything before it is on the disk."""
        return self._writer.synced if self._writer else self._end

    @property
    def written(self) -> Mark | None:
        """Where this process writes next; None where it does not write."""
        return self._writer.written if self._writer else None

    def sync(self) -> None:
        """Put on the disk all that is written, and then into the index. From any thread."""
        with self._lock:
            writer = self._writing()
            point = writer.sync_point()
        if point is not None:
            fd, mark = point
            try:
                os.fdatasync(fd)
            except OSError as error:
                with self._lock:
                    raise writer.fail(error) from error
            finally:
                os.close(fd)
            with self._lock:
                writer.synced_to(mark)
        with self._catalogue.lock:
            with self._lock:
                entries = self._at_hand.synced(writer.synced)
            if entries:
                self._catalogue.apply(entries, writer.synced)
                with self._lock:
                    self._at_hand.indexed(entries)

    def settle(self) -> None:
        """Before the index is asked: see that it holds all that is written."""
        if self._writer is not None:
            self.sync()

    def start_syncer(self) -> None:
        """Sync from a thread of its own from here on."""
        self._writing()
        if self._syncer is None:
            self._syncer = Syncer(self.sync)

    def seal(self) -> None:
        """Close the last segment for good."""
        with self._lock:
            self._writing().seal()
        self.sync()

    def clear(self) -> None:
        """The run is over, and all of it synced."""
        with self._lock:
            self._at_hand.clear()

    def close(self) -> None:
        """Sync, and let go of everything; may be called twice."""
        writer = self._writer
        try:
            if self._syncer is not None:
                self._syncer.stop()
            self.settle()
        finally:
            self._writer = None
            if writer is not None:
                writer.close()
            self._catalogue.close()
            if self._held is not None:
                self._held.release()

    def _writing(self) -> SegmentWriter:
        if self._writer is None:
            raise JournalError(f"The journal {self._folder} is closed, or open for reading only; open it to write.")
        if self._syncer is not None and self._syncer.error is not None:
            raise type(self._syncer.error)(str(self._syncer.error)) from self._syncer.error
        return self._writer

    def _nudge(self) -> None:
        waiting = self._writing().unsynced_bytes
        if self._syncer is not None:
            self._syncer.nudge(waiting)
        if waiting >= LIMIT_BYTES:
            self.sync()
