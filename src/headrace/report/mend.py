"""What has to be mended before a run can go on, told by the kind of the error that stopped it, never by its words."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Literal, TypeAlias

from headrace.envelope.absent import SelectorAbsent
from headrace.errors import (
    AnswerLate,
    ContractBroken,
    ForeignOrigin,
    HeadraceError,
    Interrupted,
    RequestRefused,
    RetriesSpent,
    SinkError,
    SourceError,
    WalkStuck,
)

Mend: TypeAlias = Literal[
    "credentials",
    "request",
    "selector",
    "answer",
    "origin",
    "paging",
    "contract",
    "warehouse",
    "time",
    "again",
    "cause",
]

_OK = range(200, 300)


def mend_of(error: BaseException) -> Mend:  # noqa: C901, PLR0911 - one return for each kind
    """The one thing to mend. "again": nothing, time may do it. "cause": what the error's own sentence says."""
    match error:
        case ForeignOrigin():
            return "origin"
        case WalkStuck():
            return "paging"
        case SourceError() if any(isinstance(each, SelectorAbsent) for each in _behind(error)):
            return "selector"
        case SourceError(status=int(status)) if status in _OK:
            return "answer"
        case RequestRefused(status=HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN):
            return "credentials"
        case RequestRefused(status=int()):
            return "request"
        case AnswerLate():
            return "time"
        case RetriesSpent() | Interrupted():
            return "again"
        case ContractBroken():
            return "contract"
        case SinkError():
            return "warehouse"
        case HeadraceError():
            return "cause"
        case _:
            return "again"


def _behind(error: BaseException) -> Iterator[BaseException]:
    """The errors that led to this one, also where the traceback is told to leave them out."""
    before = error.__cause__ or error.__context__
    while before is not None:
        yield before
        before = before.__cause__ or before.__context__
