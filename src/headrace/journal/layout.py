"""The nouns of the journal: whose it is, what a run and a walk have come to, where a frame lies, what is wrong."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import msgspec

from headrace.model.position import Position, Seen

RunState: TypeAlias = Literal["unfinished", "finished", "abandoned", "lost"]


class Identity(msgspec.Struct, frozen=True):
    """What one journal folder belongs to. `destination` is URL-like and redacted: `duckdb:///x.duckdb`."""

    pipeline: str
    destination: str
    dataset: str

    def __str__(self) -> str:
        return f"pipeline {self.pipeline!r}, destination {self.destination}, dataset {self.dataset!r}"


class RunRecord(msgspec.Struct, frozen=True):
    """How a run was begun. `started_at` is in seconds since the epoch; `resources` are those that were chosen.

    `seen` is what the warehouse had of each increment then, by walk: however often the run is taken up, it asks from
    there.
    """

    run_id: str
    started_at: float
    resources: tuple[str, ...]
    plan_name: str
    full_refresh: bool = False
    limit_pages: int | None = None
    seen: dict[str, Seen] = {}


class WalkState(msgspec.Struct, frozen=True):
    """How far a walk has come: `pages` pages, numbers 0 … pages − 1, written.

    `last` is the `next` of the last page (None: no page yet). `detected` is the newest detection made on its pages.
    `ended`: `last` is `Done`. `body_bytes` counts bodies as received.
    """

    walk: str
    fingerprint: str
    pages: int
    records: int
    last: Position | None
    detected: bytes
    ended: bool
    body_bytes: int = 0
    attempt: int = 1
    """How often the walk was begun in its run, each time with another fingerprint."""


class RunSummary(msgspec.Struct, frozen=True):
    """One run for `journal list`. `stored_bytes` is what its segments take on disk.

    `state` is "lost" where damage or an interrupted prune took the frame that began the run.
    """

    run: RunRecord
    state: RunState
    over_at: float | None
    walks: int
    walks_ended: int
    pages: int
    records: int
    body_bytes: int
    stored_bytes: int
    segments: tuple[int, ...]


class Problem(msgspec.Struct, frozen=True):
    """Bytes that are not what was written: file name in the folder, offset and length in bytes, and why."""

    file: str
    offset: int
    length: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}, offset {self.offset}, {self.length} bytes: {self.why}"


class Pruned(msgspec.Struct, frozen=True):
    """What `prune` removed."""

    runs: tuple[str, ...]
    segments: int
    stored_bytes: int


class Location(NamedTuple):
    """Where one frame lies: segment number, offset and length in bytes."""

    segment: int
    offset: int
    length: int

    @property
    def mark(self) -> Mark:
        """The place just after the frame."""
        return Mark(self.segment, self.offset + self.length)


class Mark(NamedTuple):
    """A place in the journal: everything before `offset` of `segment`, and all earlier segments. Marks compare."""

    segment: int
    offset: int
