"""Taking frames into the tables of the index: what each kind of frame changes there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from headrace.journal import frame, segment
from headrace.journal.frame import Entry
from headrace.journal.layout import RunRecord
from headrace.journal.rows import PageRow, RunRow, SegmentRow, WalkRow, pack, page_key, unpack


def find_walk(db: sqlite3.Connection, run_id: str, walk: str) -> tuple[int, WalkRow] | None:
    """A walk's key and row."""
    sql = (
        "SELECT walks.id, walks.row FROM walks JOIN runs ON runs.id = walks.run WHERE runs.name = ? AND walks.name = ?"
    )
    found = db.execute(sql, (run_id, walk)).fetchone()
    return None if found is None else (found[0], unpack(WalkRow, found[1], found[0]))


class Batch:
    """One transaction's worth of entries on its way into the tables."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._run_keys: dict[str, int] = {}
        self._walks: dict[tuple[str, str], tuple[int, WalkRow]] = {}
        self._pages: list[tuple[int, int, bytes]] = []

    def take(self, entries: Iterable[Entry]) -> None:
        """Write all that they change. The caller begins and commits the transaction."""
        taken: dict[int, tuple[str, int]] = {}
        for entry in entries:
            self._take(entry)
            taken[entry.location.segment] = (frame.run_of(entry.item) or "", entry.location.mark.offset)
        self._write_pages()
        self._db.executemany(
            "UPDATE walks SET row = ? WHERE id = ?", [(pack(row, key), key) for key, row in self._walks.values()]
        )
        for number, (run_id, offset) in taken.items():
            row = self._segment(number, run_id)
            row.taken = offset
            self._save_segment(number, row)

    def _take(self, entry: Entry) -> None:
        item = entry.item
        number = entry.location.segment
        match item:
            case frame.SegmentOpened():
                lost = RunRecord(item.run_id, item.created_at, (), "")
                self._run(item.run_id, RunRow(lost, "lost"))
                self._save_segment(number, SegmentRow(item.run_id, item, entry.location.mark.offset))
            case frame.RunBegun():
                self._begin(item.run)
            case frame.WalkBegun():
                self._begin_walk(item)
            case frame.PageKept():
                self._page(item, entry)
            case frame.ReportKept():
                self._change(item.run_id, report=entry.location)
            case frame.RunOver(state="finished"):
                self._change(item.run_id, state="finished", over_at=item.at, report=entry.location)
            case frame.RunOver():
                self._change(item.run_id, state="abandoned", over_at=item.at)
            case frame.Sealed():
                row = self._segment(number, "")
                row.sealed = True
                self._save_segment(number, row)

    def _begin(self, run: RunRecord) -> None:
        for key, data in self._db.execute("SELECT id, row FROM runs").fetchall():
            row = unpack(RunRow, data, key)
            if row.state == "unfinished":  # its end was lost: a journal holds one unfinished run, and this is it now
                if row.run.run_id == run.run_id:
                    return
                row.state, row.over_at = "abandoned", run.started_at
                self._db.execute("UPDATE runs SET row = ? WHERE id = ?", (pack(row, key), key))
        self._run(run.run_id, RunRow(run, "lost"))
        self._change(run.run_id, run=run, state="unfinished")

    def _begin_walk(self, item: frame.WalkBegun) -> None:
        run_key = self._run(item.run_id, RunRow(RunRecord(item.run_id, 0.0, (), ""), "lost"))
        found = self._walk(item.run_id, item.walk)
        row = WalkRow(item.run_id, item.walk, item.attempt, item.fingerprint)
        if found is None:
            sql = "INSERT INTO walks (run, name, row) VALUES (?, ?, x'')"
            key = self._db.execute(sql, (run_key, item.walk)).lastrowid or 0
        elif item.attempt <= found[1].attempt:
            return
        else:
            key = found[0]
            self._write_pages()
            self._db.execute("DELETE FROM pages WHERE walk = ?", (key,))
        self._walks[item.run_id, item.walk] = (key, row)

    def _page(self, item: frame.PageKept, entry: Entry) -> None:
        found = self._walk(item.run_id, item.walk)
        if found is None:  # the frame that began the walk is damaged
            self._begin_walk(frame.WalkBegun(item.run_id, item.walk, item.attempt, item.fingerprint))
            found = self._walks[item.run_id, item.walk]
        key, row = found
        if item.attempt != row.attempt or item.number != row.pages:
            return  # a page before it is damaged: what follows a gap does not count
        row.pages += 1
        row.records += item.records
        row.body_bytes += entry.raw_bytes
        row.last, row.ended = item.next, item.ended
        row.detected = item.detected or row.detected
        page = PageRow(
            *entry.location,
            entry.raw_bytes,
            item.records,
            item.position,
            item.next,
            item.records_digest,
            item.detected,
        )
        self._pages.append((key, item.number, pack(page, page_key(key, item.number))))

    def _write_pages(self) -> None:
        self._db.executemany("INSERT OR REPLACE INTO pages VALUES (?, ?, ?)", self._pages)
        self._pages.clear()

    def _run(self, run_id: str, new: RunRow) -> int:
        """The key of a run, which is made if it is not there."""
        if run_id not in self._run_keys:
            found = self._db.execute("SELECT id FROM runs WHERE name = ?", (run_id,)).fetchone()
            key = int(found[0]) if found else 0
            if not key:
                key = self._db.execute("INSERT INTO runs (name, row) VALUES (?, x'')", (run_id,)).lastrowid or 0
                self._db.execute("UPDATE runs SET row = ? WHERE id = ?", (pack(new, key), key))
            self._run_keys[run_id] = key
        return self._run_keys[run_id]

    def _change(self, run_id: str, **changes: object) -> None:
        key = self._run(run_id, RunRow(RunRecord(run_id, 0.0, (), ""), "lost"))
        data = self._db.execute("SELECT row FROM runs WHERE id = ?", (key,)).fetchone()[0]
        row = msgspec.structs.replace(unpack(RunRow, data, key), **changes)
        self._db.execute("UPDATE runs SET row = ? WHERE id = ?", (pack(row, key), key))

    def _walk(self, run_id: str, walk: str) -> tuple[int, WalkRow] | None:
        if (run_id, walk) not in self._walks:
            found = find_walk(self._db, run_id, walk)
            if found is None:
                return None
            self._walks[run_id, walk] = found
        return self._walks[run_id, walk]

    def _segment(self, number: int, run_id: str) -> SegmentRow:
        found = self._db.execute("SELECT row FROM segments WHERE number = ?", (number,)).fetchone()
        if found is None:  # the frame that opened it is damaged
            return SegmentRow(run_id, None, segment.HEAD_BYTES)
        return unpack(SegmentRow, found[0], number)

    def _save_segment(self, number: int, row: SegmentRow) -> None:
        self._db.execute("INSERT OR REPLACE INTO segments VALUES (?, ?)", (number, pack(row, number)))
