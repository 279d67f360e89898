"""What DuckDB's errors mean, in one sentence each, with the mend."""

from __future__ import annotations

import os
import re
from pathlib import Path

from headrace.sinks.ddl import STAGED

_HELD = re.compile(r"Conflicting lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_NOT_NULL = re.compile(r"NOT NULL constraint failed: (?P<column>\S+)")
_MAGIC, _MAGIC_AT, _MAGIC_END = b"DUCK", 8, 12
_SHOWN_CHARACTERS = 300

# What the error says (any of these) → what to do about it; the first that fits counts.
_MENDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("Could not set lock",), "is held by another process: close what has it open, then run again"),
    (
        ("we can only read version", "newer version", "storage version"),
        "was written by another version of DuckDB: install that version or a newer one (`pip install -U duckdb`)",
    ),
    (("not a valid DuckDB database", "Corrupt database file"), "is no DuckDB database, or is damaged: name another"),
    (("Is a directory",), "is a folder: name a file"),
    (("No such file or directory",), "cannot be made: create its folder first"),
    (
        ("Permission denied", "Read-only file system", "read-only mode"),
        "may not be written: give this user write access to it and to its folder, or name another file",
    ),
    (
        ("No space left", "File too large", "quota exceeded", "max_temp_directory_size"),
        "has no room to grow on its disk: free some space, then run again; what was fetched is kept",
    ),
    (("Out of Memory",), "needs more memory than it was given: raise the memory budget, then run again"),
    (
        ("different configuration",),
        "is open in this process with other settings: close that connection, then run again",
    ),
    (
        ("write-write conflict", "Conflict on", "TransactionContext Error"),
        "was changed by another connection meanwhile: run again",
    ),
    (("has been invalidated",), "had to be closed after an earlier error: run again"),
)


def sentence(error: str, path: Path) -> str:
    """One sentence on a DuckDB error: which database, what happened, and what to do. Never a row's values at length."""
    where = f"the warehouse {str(path)!r}"
    if held := _HELD.search(error):
        return f"{where} is held by another process ({held['program']}, PID {held['pid']}): close it, then run again"
    if missing := _NOT_NULL.search(error):
        column = missing["column"].removeprefix(STAGED)
        return f"{where} has no null in column {column!r}, but the data has: let the column take nulls"
    for signs, mend in _MENDS:
        if any(sign in error for sign in signs):
            return f"{where} {mend}"
    told = " ".join(error.split("\n\n", 1)[0].split())[:_SHOWN_CHARACTERS]
    return f"{where} refused: {told}"


def unfit(path: Path) -> str | None:
    """Why no database can be at `path`, before DuckDB is asked (it would download an extension for SQLite's files)."""
    where = f"the warehouse {str(path)!r}"
    if not path.parent.is_dir():
        return f"{where} cannot be made: create the folder {str(path.parent)!r} first"
    if path.is_dir():
        return f"{where} is a folder: name a file"
    # DuckDB itself would notice with the first batch only, when it makes its log beside the file.
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        return sentence("Permission denied", path)
    try:
        with path.open("rb") as file:
            head = file.read(_MAGIC_END)
    except FileNotFoundError:
        return None
    except OSError as error:
        return sentence(str(error), path)
    return None if not head or head[_MAGIC_AT:] == _MAGIC else sentence("not a valid DuckDB database", path)
