"""What must change before a run can go on follows from the kind of its error alone."""

from __future__ import annotations

import pytest

from headrace.envelope.absent import SelectorAbsent
from headrace.errors import (
    AnswerLate,
    BodyRejected,
    ConfigError,
    ContractBroken,
    ForeignOrigin,
    Interrupted,
    JournalError,
    RequestRefused,
    RetriesSpent,
    SinkError,
    SourceError,
    WalkStuck,
)
from headrace.report.collect import failure
from headrace.report.mend import Mend, mend_of


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        (RequestRefused("x", status=401), "credentials"),
        (RequestRefused("x", status=403), "credentials"),
        (RequestRefused("x", status=404), "request"),
        (RequestRefused("x", status=400), "request"),
        (RequestRefused("x", status=422), "request"),
        (RequestRefused("certificate"), "cause"),
        (RetriesSpent("x", status=503), "again"),
        (RetriesSpent("x", status=429), "again"),
        (RetriesSpent("no connection"), "again"),
        (AnswerLate("x"), "time"),
        (RetriesSpent("html", status=200), "answer"),
        (ForeignOrigin("x"), "origin"),
        (WalkStuck("x"), "paging"),
        (ContractBroken("x"), "contract"),
        (SinkError("x"), "warehouse"),
        (JournalError("x"), "cause"),
        (ConfigError("x"), "cause"),
        (Interrupted("x"), "again"),
        (KeyboardInterrupt(), "again"),
        (ValueError("a fault of ours"), "again"),
    ],
)
def test_each_kind_of_error_has_its_mend(error: BaseException, mend: Mend) -> None:
    assert mend_of(error) == mend


def raised(kind: type[SourceError], behind: BodyRejected) -> SourceError:
    """An error as transport raises it: the body's own fault is behind it, and left out of the traceback."""
    try:
        try:
            try:
                raise behind
            except BodyRejected as rejected:
                raise RuntimeError("an attempt failed") from rejected
        except RuntimeError:
            raise kind("x", status=200) from None
    except SourceError as error:
        return error


@pytest.mark.parametrize("kind", [RetriesSpent, RequestRefused])
def test_a_body_without_the_selector_is_known_by_what_is_behind_the_error(kind: type[SourceError]) -> None:
    assert mend_of(raised(kind, SelectorAbsent("no records at `x`"))) == "selector"
    assert mend_of(raised(kind, BodyRejected("html"))) == "answer"


def test_a_failure_names_secrets_only_where_they_are_to_be_mended() -> None:
    refused = failure(RequestRefused("x", status=401), "users", ("token",))
    assert (refused.resource, refused.mend, refused.secrets) == ("users", "credentials", ("token",))
    assert failure(RequestRefused("x", status=404), "users", ("token",)).secrets == ()
