"""Which journals a command looks into, and how they are opened."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.errors import ConfigError

if TYPE_CHECKING:
    from headrace.journal.write import Journal

HOME = Path(".headrace")


def journals_of(named: str | None) -> list[Path]:
    """The journal that was named, or all of this folder's. Raises ConfigError where there is none."""
    if named is not None:
        return [Path(named)]
    found = sorted(path for path in HOME.iterdir() if path.is_dir()) if HOME.is_dir() else []
    if not found:
        raise ConfigError(f"There is no journal in {HOME}/ of this folder; name one with --journal DIR")
    return found


def opened(folder: Path, *, read_only: bool = True) -> contextlib.closing[Journal]:
    """The journal in a folder. Raises ConfigError where there is none, JournalBusy, JournalError."""
    from headrace.journal.write import open_journal

    if not folder.is_dir():
        raise ConfigError(f"There is no journal in {folder}; name one with --journal DIR")
    return contextlib.closing(open_journal(folder, None, read_only=read_only))
