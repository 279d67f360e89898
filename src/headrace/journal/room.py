"""Whether the disk has no room, which is mended in another way than a journal that is wrong."""

from __future__ import annotations

import errno
import sqlite3

from headrace.errors import JournalError, JournalFull

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_SQLITE = frozenset((
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE, sqlite3.SQLITE_IOERR_SHMSIZE,
))  # fmt: skip
"""What SQLite says where a file cannot grow: a quota or a limit of the file's size is no SQLITE_FULL to it."""


def refusal(message: str, error: BaseException) -> JournalError:
    """What to raise where the system has refused a file: `JournalFull` for want of room."""
    full = error.errno in _FULL if isinstance(error, OSError) else getattr(error, "sqlite_errorcode", 0) in _SQLITE
    return JournalFull(message) if full else JournalError(message)
