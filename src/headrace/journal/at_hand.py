"""What the index does not hold yet: frames that are not synced, and the walks of the unfinished run as written."""

from __future__ import annotations

from headrace.journal import frame
from headrace.journal.frame import Entry
from headrace.journal.layout import Mark
from headrace.journal.rows import WalkRow


class AtHand:
    """Bounded: frames leave when they are synced, walks when they have ended and are synced.

    The caller holds the ledger's lock around every call.
    """

    def __init__(self) -> None:
        self._pending: list[Entry] = []
        self._walks: dict[str, WalkRow] = {}
        self._synced_pages: dict[str, int] = {}

    def note(self, entry: Entry) -> None:
        """A frame was written."""
        self._pending.append(entry)

    def begin(self, row: WalkRow) -> None:
        """A walk was begun, or begun again."""
        self._walks[row.walk] = row
        self._synced_pages[row.walk] = 0

    def bring(self, row: WalkRow) -> WalkRow:
        """A walk that is wholly in the index comes back to be gone on with."""
        self._synced_pages.setdefault(row.walk, row.pages)
        return self._walks.setdefault(row.walk, row)

    def walk(self, walk: str) -> WalkRow | None:
        """The walk as written; None if it is not at hand (the index has it, or nobody)."""
        return self._walks.get(walk)

    def synced_pages(self, walk: str) -> int | None:
        """How many pages of a walk are synced; None if it is not at hand."""
        return self._synced_pages.get(walk)

    def grow(self, row: WalkRow, page: frame.PageKept, body_bytes: int) -> None:
        """A page was written to the walk."""
        row.pages += 1
        row.records += page.records
        row.body_bytes += body_bytes
        row.last, row.ended = page.next, page.ended
        row.detected = page.detected or row.detected

    def synced(self, mark: Mark) -> list[Entry]:
        """The frames that are synced and not in the index."""
        count = 0
        while count < len(self._pending) and self._pending[count].location.mark <= mark:
            count += 1
        return self._pending[:count]

    def indexed(self, entries: list[Entry]) -> None:
        """These, the first ones, are in the index now."""
        del self._pending[: len(entries)]
        touched = set()
        for entry in entries:
            item = entry.item
            if isinstance(item, frame.PageKept):
                row = self._walks.get(item.walk)
                if row is not None and row.run_id == item.run_id and row.attempt == item.attempt:
                    self._synced_pages[item.walk] = item.number + 1
                    touched.add(item.walk)
        for walk in touched:
            row = self._walks[walk]
            if row.ended and self._synced_pages[walk] == row.pages:
                del self._walks[walk], self._synced_pages[walk]

    def clear(self) -> None:
        """The run is over: its walks are in the index."""
        self._walks.clear()
        self._synced_pages.clear()
