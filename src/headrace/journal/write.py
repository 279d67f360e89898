"""The journal of one pipeline, destination and dataset: opened, appended to, asked, and closed.

One thread appends; others may sync, ask and read at the same time.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from headrace.errors import JournalError
from headrace.journal import frame, pages, read
from headrace.journal.layout import Identity, Location, Problem, Pruned, RunRecord, RunSummary, WalkState
from headrace.journal.lock import holder_of
from headrace.journal.opening import Opened, to_read, to_write
from headrace.journal.prune import forget, prunable
from headrace.journal.room import refusal
from headrace.journal.rows import DOUBTS, WalkRow, impossible, state_of
from headrace.journal.segment import SEGMENT_BYTES
from headrace.journal.verify import verify
from headrace.model.page import Page, PageRef


def open_journal(
    folder: Path,
    identity: Identity | None,
    *,
    clock: Callable[[], float] = time.time,
    read_only: bool = False,
    segment_bytes: int = SEGMENT_BYTES,
) -> Journal:
    """The journal in `folder`, made if it is not there; locked until it is closed.

    `read_only` takes no lock, changes nothing and may be used while a run goes on. `identity` None takes whichever
    the folder belongs to. A torn tail of the last segment, left by a crash, is cut off (`Journal.torn_bytes`).

    Raises:
        JournalBusy: another process holds it; names it.
        JournalError: it belongs to another destination, there is none, or the system refuses.
    """
    try:
        if read_only:
            return Journal(folder, to_read(folder, identity))
        return Journal(folder, to_write(folder, identity, clock, segment_bytes), clock=clock)
    except OSError as error:
        raise refusal(
            f"The journal {folder} cannot be opened: {error.strerror}; mend that or choose another with --journal DIR.",
            error,
        ) from error
    except DOUBTS as error:
        raise impossible(folder, error) from error


class Journal:
    """An open journal; a context manager. `uid` is 16 hexadecimal characters, made once for the folder.

    `torn_bytes` counts what a crash left half written and opening cut off.
    """

    def __init__(self, folder: Path, opened: Opened, *, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.uid = opened.known.uid
        self.identity = opened.known.identity
        self.torn_bytes = opened.torn_bytes
        self._ledger = opened.ledger
        self._catalogue = opened.catalogue
        self._clock = clock
        self._run = opened.unfinished

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def holder(self) -> str:
        """Which process is writing it now, in words; empty where none is. Told without a lock."""
        return holder_of(self.folder)

    # --- runs ---------------------------------------------------------------------------------

    @property
    def unfinished(self) -> RunRecord | None:
        """The run that is not over; a journal holds at most one."""
        return self._run

    def begin(self, run: RunRecord) -> None:
        """Begin a run. Raises JournalError while another is unfinished, or where the id was used before."""
        if self._run is not None or self._catalogue.run(run.run_id) is not None:
            raise JournalError(
                f"Run {(self._run or run).run_id} was begun before; resume it, or abandon it with --new."
            )
        self._ledger.put(run.run_id, frame.RunBegun(run))
        self._run = run

    def abandon(self, run_id: str) -> None:
        """End the unfinished run without a report: the next one begins anew."""
        self._over(run_id, frame.RunOver(run_id, self._clock(), "abandoned"), b"")

    def finish(self, run_id: str, report: bytes) -> None:
        """The marker: the run is over and this is its report; written and synced. The last write of a run."""
        self._over(run_id, frame.RunOver(run_id, self._clock(), "finished"), report)

    def note_report(self, run_id: str, report: bytes) -> None:
        """Keep the report of a run that is not over yet, synced, so that a rerun may print it."""
        self._check_run(run_id)
        self._ledger.put(run_id, frame.ReportKept(run_id, self._clock()), report)
        self._ledger.sync()

    def report(self, run_id: str) -> bytes | None:
        """The newest report of a run, as it was handed in."""
        row = self._catalogue.run(run_id)
        return None if row is None or row.report is None else read.at(self.folder, self.uid, row.report).body

    def runs(self) -> list[RunSummary]:
        """Every run, the oldest first."""
        self._ledger.settle()
        return self._catalogue.summaries()

    # --- walks and pages ----------------------------------------------------------------------

    def walk(self, run_id: str, walk: str) -> WalkState | None:
        """How far a walk has come; None if it was not begun."""
        row = self._row(run_id, walk)
        return None if row is None else state_of(row)

    def walks(self, run_id: str) -> Iterator[WalkState]:
        """The walks of a run in the order in which they were begun."""
        self._ledger.settle()
        return map(state_of, self._catalogue.walks(run_id))

    def begin_walk(self, run_id: str, walk: str, fingerprint: str) -> WalkState:
        """Begin a walk, or go on with it; with another fingerprint it begins again, and its pages no longer count."""
        self._check_run(run_id)
        row = self._row(run_id, walk)
        if row is None or row.fingerprint != fingerprint:
            attempt = row.attempt + 1 if row else 1
            row = WalkRow(run_id, walk, attempt, fingerprint)
            self._ledger.begin_walk(row)
        return state_of(row)

    def append(self, run_id: str, page: Page) -> PageRef:
        """Write a page: the kernel has all of it on return, so that it outlives this process (SIGKILL included).

        Raises JournalError on a page that is not the walk's next one, or that the system does not take.
        """
        self._check_run(run_id)
        row = self._row(run_id, page.walk)
        if row is None:
            raise JournalError(f"Walk {page.walk!r} has a page before it was begun; begin it first.")
        if row.ended or page.number != row.pages:
            raise JournalError(
                f"Page {page.number} of walk {page.walk!r} cannot follow its {row.pages} pages"
                f"{' and its end' if row.ended else ''}; resume the walk where it stands."
            )
        location = self._ledger.grow(row, pages.kept(run_id, row.attempt, page), page.body)
        return pages.ref(page, row.attempt, location)

    def refs(self, run_id: str, walk: str, start: int = 0) -> list[PageRef]:
        """The pages of a walk's current attempt in order, from number `start` on. Syncs first."""
        self._ledger.settle()
        row = self._row(run_id, walk)
        attempt = row.attempt if row else 1
        return [ref for rows in self._catalogue.pages(run_id, walk, start) for ref in pages.refs(walk, attempt, rows)]

    def all_refs(self) -> Iterator[tuple[str, PageRef]]:
        """Every page of every run, the newest run first, with the run's id. Holds a bounded part at a time."""
        self._ledger.settle()
        for run in reversed(self._catalogue.runs()):
            for row in self._catalogue.walks(run.run.run_id):
                for rows in self._catalogue.pages(row.run_id, row.walk):
                    yield from ((row.run_id, ref) for ref in pages.refs(row.walk, row.attempt, rows))

    def read(self, ref: PageRef) -> Page:
        """The page itself, every byte checked. Raises JournalError where it is damaged or pruned."""
        return pages.page(self.folder, self.uid, ref)

    # --- on the disk --------------------------------------------------------------------------

    def sync(self) -> None:
        """Put on the disk all that is written. From any thread."""
        self._ledger.sync()

    def start_syncer(self) -> None:
        """From here on a thread syncs within 100 ms or 8 MB. Its failures are raised by the next append or sync."""
        self._ledger.start_syncer()

    def is_synced(self, ref: PageRef) -> bool:
        """Whether a power cut cannot take the page any more."""
        return Location(ref.segment, ref.offset, ref.length).mark <= self._ledger.synced

    def synced_pages(self, run_id: str, walk: str) -> int:
        """How many pages of a walk, from its first on, are on the disk and in the index: all, after `sync`."""
        count = self._ledger.synced_pages(walk) if self._is_unfinished(run_id) else None
        if count is not None:
            return count
        row = self._catalogue.walk(run_id, walk)
        return row.pages if row else 0

    def verify(self) -> Iterator[Problem]:
        """Read every byte and name what is not as it was written."""
        return verify(self.folder, self.uid, self._ledger.written)

    def prune(self, *, keep_runs: int | None = None, before: float | None = None) -> Pruned:
        """Remove runs that are over, in whole segments: all but the newest `keep_runs`, or those over `before`."""
        if self._run is None:
            self._ledger.seal()
        self._ledger.sync()
        return forget(
            self.folder, self._catalogue, prunable(self._catalogue.runs(), keep_runs=keep_runs, before=before)
        )

    def close(self) -> None:
        """Sync, and let others have the journal; may be called twice."""
        self._ledger.close()

    # --- inside -------------------------------------------------------------------------------

    def _over(self, run_id: str, item: frame.RunOver, report: bytes) -> None:
        self._check_run(run_id)
        self._ledger.put(run_id, item, report)
        self._ledger.sync()
        self._run = None
        self._ledger.clear()
        with contextlib.suppress(JournalError):  # no room for the last few bytes: the next run seals it
            self._ledger.seal()

    def _is_unfinished(self, run_id: str) -> bool:
        return self._run is not None and self._run.run_id == run_id

    def _check_run(self, run_id: str) -> None:
        if not self._is_unfinished(run_id):
            raise JournalError(f"Run {run_id} is not the unfinished run of the journal {self.folder}; begin it first.")

    def _row(self, run_id: str, walk: str) -> WalkRow | None:
        return self._ledger.row(run_id, walk) if self._is_unfinished(run_id) else self._catalogue.walk(run_id, walk)
