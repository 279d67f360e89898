"""The one table of exit codes: what a shell is told about a run, and why."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from headrace.errors import ConfigError, HeadraceError, Interrupted, JournalError, JournalFull, SinkError, SourceError

if TYPE_CHECKING:
    from headrace.report.collect import RunReport


class Exit(enum.IntEnum):
    """Exit codes by what the caller should do next."""

    DONE = 0
    """Done; complete."""
    LOOK = 1
    """Done, but something needs eyes: rejects, an unproven walk, drift that was not reconciled."""
    MEND = 2
    """The configuration, a flag, a need or the journal is not right; nothing was fetched."""
    SOURCE = 3
    """The API refused or failed for good, or headrace itself did; what was fetched is kept: run again to resume."""
    SINK = 4
    """The warehouse (or the disk of the journal, or a schema contract) refused; what was fetched is kept."""
    INTERRUPTED = 130
    """Stopped by the user: run again to resume."""


KINDS: tuple[tuple[type[BaseException], str, Exit], ...] = (
    (Interrupted, "interrupted", Exit.INTERRUPTED),
    (KeyboardInterrupt, "interrupted", Exit.INTERRUPTED),
    (ConfigError, "config", Exit.MEND),
    (JournalFull, "disk", Exit.SINK),
    (JournalError, "journal", Exit.MEND),
    (SinkError, "sink", Exit.SINK),
    (SourceError, "source", Exit.SOURCE),
    (HeadraceError, "source", Exit.SOURCE),
    (BaseException, "internal", Exit.SOURCE),
)
"""Exception → the `kind` of a report's error → exit code. Above wins over below, also where a run has several."""


def kind_of(error: BaseException) -> str:
    """The word that a report uses for this error."""
    return next(kind for klass, kind, _ in KINDS if isinstance(error, klass))


def exit_code(outcome: RunReport | BaseException) -> Exit:
    """The exit code of a finished run, or of an error that kept it from running."""
    if isinstance(outcome, BaseException):
        return next(code for klass, _, code in KINDS if isinstance(outcome, klass))
    kinds = {failure.kind for failure in outcome.errors}
    for _, kind, code in KINDS:
        if kind in kinds:
            # A journal that fails after pages came in is a disk that fails, not a wrong journal.
            late = kind == "journal" and any(each.pages for each in outcome.resources.values())
            return Exit.SINK if late else code
    if outcome.status == "failed":
        cut = any(each.stopped == "interrupted" for each in outcome.resources.values())
        return Exit.INTERRUPTED if cut else Exit.SOURCE
    rejected = any(each.rejects for each in outcome.resources.values())
    return Exit.LOOK if outcome.status == "incomplete" or rejected else Exit.DONE
