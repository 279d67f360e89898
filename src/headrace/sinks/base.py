"""What every warehouse must offer: staging in bounded transactions, and one final transaction for all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from headrace.model.plan import Disposition
from headrace.model.position import Seen
from headrace.model.table import Figures, Receipt, Reject, Schema, TableBatch, Watermark


class SinkState(msgspec.Struct, frozen=True):
    """What the warehouse knows when a run opens it.

    `schema` is the newest one that it holds (of the staging if that belongs to this run, else of the dataset).
    `staged` and `committed` are this run's watermarks by walk; a walk goes on at the larger of both. `abandoned` are
    walks of which this run had brought rows before they began again. `warnings` are sentences on what somebody else
    has left in the dataset, and this sink does not do; `contracts` are more of them, by resource, for those whose
    configuration has no schema contract.
    """

    schema: Schema
    staged: dict[str, Watermark]
    committed: dict[str, Watermark]
    abandoned: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    contracts: dict[str, str] = {}


class Staging(msgspec.Struct, frozen=True):
    """One bounded transaction into the staging: rows, rejects, the walk's new watermark and the schema after it.

    Root rows carry no `_dlt_load_id`: the final transaction adds it, so that a load that takes several runs is one.
    `first_page` is the number of the first page in it; given, a gap after what is taken is a SinkError, and an overlap.
    `figures` are the losses and variants of the batch; the rest of them the sink counts itself.
    """

    batches: tuple[TableBatch, ...]
    rejects: tuple[Reject, ...]
    watermark: Watermark
    schema: Schema
    first_page: int | None = None
    figures: Figures = Figures()


class AskedFor(msgspec.Struct, frozen=True):
    """What rows of a parent (one, or a batch of them) have brought: pages, as the first characters of their ids.

    `rows` are digests: of what a row says of itself, and from where the increment of its own goes on.
    """

    rows: tuple[str, ...]
    pages: tuple[str, ...] = ()


class WalkCommit(msgspec.Struct, frozen=True):
    """How one walk enters the dataset. A `replace` that is not complete stays in the staging.

    `provisional`: how far its increment has come is not written down, so the next run asks for the same rows again;
    they take the place of these, if no key does that. `asks` is what it asked for, as a digest; `asked_for`, of a
    child whose rows may come again, which rows of its parent it was asked for (None: of anything else). `lacks`: it
    was not asked for rows of its parent that were rejected, or that others above it would have brought.
    """

    walk: str
    table: str
    disposition: Disposition
    watermark: Watermark
    stopped: str
    why: str
    proven: bool
    asks: str = ""
    provisional: bool = False
    asked_for: tuple[AskedFor, ...] | None = None
    lacks: bool = False


class Commit(msgspec.Struct, frozen=True):
    """The final transaction: merge the staging into the dataset, write the load record and the positions.

    `drop` names root tables that are dropped, children included, before anything is merged (`--full-refresh`).
    `seen` says how far increments have come, by walk; what is kept of other walks stays. `schema_name` is what the
    schema is called where the dataset has no name for it yet.
    """

    run_id: str
    load_id: str
    schema_name: str
    schema: Schema
    walks: tuple[WalkCommit, ...]
    drop: tuple[str, ...] = ()
    seen: dict[str, Seen] = {}


class Sink(Protocol):
    """A warehouse for one dataset. Used from one thread at a time. Every failure is a `SinkError`."""

    def open(self, run_id: str, fingerprints: Mapping[str, str]) -> SinkState:
        """Connect, make what is missing, and say what is already there.

        Staging of another run is dropped. Of a walk that is known with another fingerprint than the one given,
        what is staged is dropped and what is committed no longer counts: it has begun again. The rows that this run
        has committed of it go with the commit that takes its first new ones, but for those that a key has merged.
        So do the provisional ones of an earlier run, if the walk asks for the same again; of a child, those of the rows
        of its parent that it is asked for again.
        """
        ...

    def seen(self) -> dict[str, Seen]:
        """How far increments have come, by walk. May be called before `open`; makes nothing."""
        ...

    def stage(self, staging: Staging) -> Receipt:
        """Take one batch, with its watermark, in one transaction. Repeating a watermark that is taken does nothing."""
        ...

    def commit(self, commit: Commit) -> Receipt:
        """Merge, append or replace from the staging, write `_dlt_loads` and positions, and empty the staging.

        Where nothing enters, nothing is written, and the receipt is that of the run as it was committed before.
        """
        ...

    def close(self) -> None:
        """Let go of the warehouse; may be called twice."""
        ...
