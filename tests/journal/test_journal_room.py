"""A disk without room is told from one that fails: the first is mended by making room, and has its own exit code."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from headrace.errors import JournalFull
from headrace.journal.room import refusal


def of_sqlite(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_SHMSIZE])
def test_what_cannot_be_written_is_want_of_room(code: int) -> None:
    assert isinstance(refusal("x", of_sqlite(code)), JournalFull)


@pytest.mark.parametrize(
    "code",
    [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_LOCK, sqlite3.SQLITE_IOERR_CORRUPTFS],
)
def test_what_cannot_be_read_or_locked_is_not(code: int) -> None:
    assert not isinstance(refusal("x", of_sqlite(code)), JournalFull)


def test_a_database_that_may_not_grow_says_that_it_is_full(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as base:
        base.execute("CREATE TABLE t (a)")
        base.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as raised:
            base.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert isinstance(refusal("x", raised.value), JournalFull)


@pytest.mark.parametrize(("code", "full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EIO, False)])
def test_so_it_is_with_files(code: int, full: bool) -> None:
    assert isinstance(refusal("x", OSError(code, "no")), JournalFull) is full
