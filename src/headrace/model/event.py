"""What happens in a run, as small facts: progress, log and report subscribe to one callback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec


class WalkStarted(msgspec.Struct, frozen=True, tag="walk_started"):
    """`pages` and `records` are what the journal already holds of it (0 for a new walk)."""

    walk: str
    pages: int = 0
    records: int = 0
    note: str = ""


class RunStarted(msgspec.Struct, frozen=True, tag="run_started"):
    """`held` is what the journal already has of the walks, also of those that this try will not get to."""

    run_id: str
    walks: tuple[str, ...]
    resumed: bool
    held: tuple[WalkStarted, ...] = ()


class PageFetched(msgspec.Struct, frozen=True, tag="page_fetched"):
    """A page was accepted and journaled. `expected_records` is a total that the API stated, if any."""

    walk: str
    number: int
    records: int
    body_bytes: int
    elapsed_s: float
    expected_records: int | None = None


class Attempted(msgspec.Struct, frozen=True, tag="attempted"):
    """One HTTP request went out and ended: `status` None means that no whole response came (see `fault`)."""

    walk: str
    status: int | None
    elapsed_s: float
    fault: str = ""


class Retried(msgspec.Struct, frozen=True, tag="retried"):
    """An attempt failed and the request will be asked again after `wait_s`."""

    walk: str
    attempt: int
    reason: str
    wait_s: float


class Throttled(msgspec.Struct, frozen=True, tag="throttled"):
    """The budget held a request back for `wait_s`, so that the API would not have to refuse it."""

    walk: str
    wait_s: float


class Budget(msgspec.Struct, frozen=True, tag="budget"):
    """What the API's headers say of the budget; `model` is how the governor reads them."""

    limit: int | None
    remaining: int | None
    window_s: float | None
    model: str


class WalkEnded(msgspec.Struct, frozen=True, tag="walk_ended"):
    """`rows` and `cut_by` are of a child resource: how many rows of its parent were walked, and the parent that was not
    walked to its own end, where that is why.
    """

    walk: str
    stopped: Literal["end", "early", "limit", "error", "interrupted"]
    why: str
    proven: bool
    rows: int | None = None
    cut_by: str = ""


class TableWritten(msgspec.Struct, frozen=True, tag="table_written"):
    """A batch was staged."""

    walk: str
    table: str
    rows: int


class Delivered(msgspec.Struct, frozen=True, tag="delivered"):
    """Pages of a walk up to `pages` are staged in the warehouse."""

    walk: str
    pages: int
    records: int


class Rejected(msgspec.Struct, frozen=True, tag="rejected"):
    """So many records of a batch became no row, for one reason; `page` and `record` are the place of the first."""

    walk: str
    reason: str
    records: int
    page: int
    record: int


class Committing(msgspec.Struct, frozen=True, tag="committing"):
    """What is staged enters the dataset now."""


class Noticed(msgspec.Struct, frozen=True, tag="noticed"):
    """Something that the reader of the report should know; `walk` may be empty."""

    walk: str
    message: str
    severity: Literal["note", "warning", "error"] = "note"


class RunEnded(msgspec.Struct, frozen=True, tag="run_ended"):
    status: Literal["complete", "incomplete", "failed", "interrupted"]


Event: TypeAlias = (
    RunStarted
    | WalkStarted
    | PageFetched
    | Attempted
    | Retried
    | Throttled
    | Budget
    | WalkEnded
    | TableWritten
    | Delivered
    | Rejected
    | Committing
    | Noticed
    | RunEnded
)
Emit: TypeAlias = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The listener of a run that nobody watches."""
    del event
