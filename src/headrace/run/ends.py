"""How a walk ends in this process, and the ends that have no page to tell of them."""

from __future__ import annotations

from typing import Literal

import msgspec

from headrace.errors import SourceError
from headrace.model.event import Emit, WalkEnded, WalkStarted
from headrace.run.deadline import OutOfTime
from headrace.run.resume import OpenWalk


class WalkEnd(msgspec.Struct, frozen=True):
    """How a walk ended in this process; `error` is set where `stopped` is "error".

    `held` False: the journal does not hold the walk to its end, though nothing failed: its deadline is over, or this is
    a replay. The next run goes on with it. `rows` and `cut_by` as in `WalkEnded`.
    """

    walk: str
    stopped: Literal["end", "early", "limit", "error", "interrupted"]
    why: str
    proven: bool
    error: SourceError | None = None
    held: bool = True
    rows: int | None = None
    cut_by: str = ""

    @property
    def event(self) -> WalkEnded:
        """What is told of it."""
        return WalkEnded(self.walk, self.stopped, self.why, self.proven, self.rows, self.cut_by)


def recalled(walk: OpenWalk, emit: Emit) -> WalkEnd:
    """How a walk stands by the journal alone, for a replay."""
    name, done, state = walk.resource.name, walk.ended, walk.state
    emit(WalkStarted(name, state.pages if state else 0, state.records if state else 0))
    end = WalkEnd(name, done.stopped, done.why, proven=done.proven) if done else not_held(name)
    emit(end.event)
    return end


def interrupted(name: str) -> WalkEnd:
    """The end of a walk that was under way when the user stopped the run."""
    return WalkEnd(name, "interrupted", "the run was interrupted", proven=False)


def failed(name: str, error: SourceError) -> WalkEnd:
    """The end of a walk by an error of its own."""
    return WalkEnd(name, "error", str(error), proven=False, error=error)


def out_of_time(name: str, over: OutOfTime) -> WalkEnd:
    """The end, in this run, of a walk that was not done in the time that it had."""
    return WalkEnd(name, "early", str(over), proven=False, held=False)


def not_held(name: str) -> WalkEnd:
    """The end of a walk that a replay does not find in the journal."""
    return WalkEnd(name, "early", "the journal does not hold the end of this walk", proven=False, held=False)
