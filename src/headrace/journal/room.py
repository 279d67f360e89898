"""Whether the disk has no room, which is mended in another way than a journal that is wrong."""

from __future__ import annotations

import errno
import sqlite3

from headrace.errors import JournalError, JournalFull

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_SQLITE = frozenset((sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR))  # the low byte of a code says what it is about


def refusal(message: str, error: BaseException) -> JournalError:
    """What to raise where the system has refused a file: `JournalFull` for want of room."""
    if isinstance(error, OSError):
        full = error.errno in _FULL
    else:
        full = getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE
    return JournalFull(message) if full else JournalError(message)
