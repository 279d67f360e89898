"""What the segments hold, to be asked quickly: a cache in SQLite, made again from the segments whenever in doubt.

It holds only what is synced, so it is never ahead of the segments.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from headrace.journal.frame import Entry
from headrace.journal.rows import DOUBTS, About, PageRow, RunRow, SegmentRow, Stale, WalkRow, pack, page_key, unpack
from headrace.journal.take import Batch, find_walk

FILE = "index.sqlite"
_FORMAT = 1
_TABLES = """
CREATE TABLE about (key INTEGER PRIMARY KEY, row BLOB NOT NULL);
CREATE TABLE segments (number INTEGER PRIMARY KEY, row BLOB NOT NULL);
CREATE TABLE runs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, row BLOB NOT NULL);
CREATE TABLE walks (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, name TEXT NOT NULL, row BLOB NOT NULL,
                    UNIQUE (run, name));
CREATE TABLE pages (walk INTEGER, number INTEGER, row BLOB NOT NULL, PRIMARY KEY (walk, number)) WITHOUT ROWID;
"""
_DROP = "".join(f"DROP TABLE IF EXISTS {name};" for name in ("about", "segments", "runs", "walks", "pages"))


class Index:
    """The index of one journal. Used by one thread at a time. Every doubt is `Stale`; sqlite3.Error may come too."""

    def __init__(self, connection: sqlite3.Connection, uid: str) -> None:
        self._db = connection
        self._uid = uid

    @classmethod
    def open(cls, folder: Path, uid: str) -> Index:
        """The folder's index; made new where there is none, or none that can be read."""
        try:
            return cls._opened(folder / FILE, uid)
        except DOUBTS:
            return cls.remade(folder, uid)

    @classmethod
    def remade(cls, folder: Path, uid: str) -> Index:
        """The folder's index, empty, in a new file."""
        for suffix in ("", "-wal", "-shm"):
            (folder / f"{FILE}{suffix}").unlink(missing_ok=True)
        return cls._opened(folder / FILE, uid)

    @classmethod
    def snapshot(cls, folder: Path, uid: str) -> Index:
        """A private copy of the folder's index, or an empty one; the folder is left as it is."""
        path = folder / FILE
        copy = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        try:
            uri = f"{path.resolve().as_uri()}?mode=ro"
            with contextlib.closing(sqlite3.connect(uri, uri=True)) as source:
                source.backup(copy)
            _check(copy, uid)
        except DOUBTS:
            copy.close()
            return cls.private(uid)
        return cls(copy, uid)

    @classmethod
    def private(cls, uid: str) -> Index:
        """An empty index in a temporary file that SQLite removes by itself."""
        index = cls(sqlite3.connect("", isolation_level=None, check_same_thread=False), uid)
        try:
            index.reset()
        except BaseException:
            index.close()
            raise
        return index

    @classmethod
    def _opened(cls, path: Path, uid: str) -> Index:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # SQLite's other files take this mode
        index = cls(sqlite3.connect(path, isolation_level=None, check_same_thread=False), uid)
        try:
            index._db.execute("PRAGMA journal_mode=WAL")
            index._db.execute("PRAGMA synchronous=NORMAL")
            if index._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                _check(index._db, uid)
            else:
                index.reset()
        except BaseException:
            index.close()
            raise
        return index

    def reset(self) -> None:
        """Empty it."""
        self._db.executescript(f"BEGIN;{_DROP}{_TABLES}")
        self._db.execute("INSERT INTO about VALUES (0, ?)", (pack(About(_FORMAT, self._uid), 0),))
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._db.close()

    def apply(self, entries: Iterable[Entry]) -> None:
        """Take in frames, in the order in which they lie in the segments; all of them or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            Batch(self._db).take(entries)
            self._db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    def segments(self) -> dict[int, SegmentRow]:
        """The segments by number, in order."""
        rows = self._db.execute("SELECT number, row FROM segments ORDER BY number")
        return {number: unpack(SegmentRow, row, number) for number, row in rows}

    def runs(self) -> list[RunRow]:
        """The runs in the order in which they were begun."""
        return [unpack(RunRow, row, key) for key, row in self._db.execute("SELECT id, row FROM runs ORDER BY id")]

    def run(self, run_id: str) -> RunRow | None:
        """One run."""
        found = self._db.execute("SELECT id, row FROM runs WHERE name = ?", (run_id,)).fetchone()
        return None if found is None else unpack(RunRow, found[1], found[0])

    def walks(self, run_id: str, after: int, count: int) -> list[tuple[int, WalkRow]]:
        """Up to `count` walks of a run, as they were begun, with their keys; those with a key above `after`."""
        sql = (
            "SELECT walks.id, walks.row FROM walks JOIN runs ON runs.id = walks.run "
            "WHERE runs.name = ? AND walks.id > ? ORDER BY walks.id LIMIT ?"
        )
        rows = self._db.execute(sql, (run_id, after, count)).fetchall()
        walks = [(key, unpack(WalkRow, row, key)) for key, row in rows]
        if any(key <= before for before, key in pairwise([after, *(key for key, _ in walks)])):
            raise Stale
        return walks

    def walk(self, run_id: str, walk: str) -> WalkRow | None:
        """One walk."""
        found = find_walk(self._db, run_id, walk)
        return None if found is None else found[1]

    def pages(self, run_id: str, walk: str, start: int, count: int) -> list[tuple[int, PageRow]]:
        """Up to `count` pages of a walk from number `start` on, with their numbers."""
        found = find_walk(self._db, run_id, walk)
        if found is None:
            return []
        key, row = found
        sql = "SELECT number, row FROM pages WHERE walk = ? AND number >= ? ORDER BY number LIMIT ?"
        rows = self._db.execute(sql, (key, start, count)).fetchall()
        pages = [(number, unpack(PageRow, data, page_key(key, number))) for number, data in rows]
        if [number for number, _ in pages] != list(range(start, min(row.pages, start + count))):
            raise Stale
        return pages

    def forget(self, run_id: str) -> list[int]:
        """Drop a run; gives the segments that held it, in order."""
        held = [number for number, row in self.segments().items() if row.run_id == run_id]
        self._db.execute("BEGIN IMMEDIATE")
        of_run = "(SELECT id FROM runs WHERE name = ?)"
        self._db.execute(
            f"DELETE FROM pages WHERE walk IN (SELECT id FROM walks WHERE run IN {of_run})",  # noqa: S608 — a constant
            (run_id,),
        )
        self._db.execute(f"DELETE FROM walks WHERE run IN {of_run}", (run_id,))  # noqa: S608 — a constant
        self._db.execute("DELETE FROM runs WHERE name = ?", (run_id,))
        self._db.executemany("DELETE FROM segments WHERE number = ?", [(number,) for number in held])
        self._db.execute("COMMIT")
        return held


def _check(db: sqlite3.Connection, uid: str) -> None:
    row = db.execute("SELECT row FROM about WHERE key = 0").fetchone()
    if row is None or unpack(About, row[0], 0) != About(_FORMAT, uid):
        raise Stale
