"""How a walk ends in this process, and the ends that have no page to tell of them."""

from __future__ import annotations

from typing import Literal

import msgspec

from headrace.errors import ContractBroken, SourceError
from headrace.model.event import Emit, WalkEnded, WalkStarted
from headrace.run.resume import OpenWalk


class WalkEnd(msgspec.Struct, frozen=True):
    """How a walk ended in this process; `error` is set where `stopped` is "error".

    `held` False: a replay, and the journal does not hold the walk to its end. `rows` and `cut_by` as in `WalkEnded`.
    """

    walk: str
    stopped: Literal["end", "early", "limit", "error", "interrupted"]
    why: str
    proven: bool
    error: SourceError | ContractBroken | None = None
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


def failed(name: str, error: SourceError | ContractBroken) -> WalkEnd:
    """The end of a walk by an error of its own."""
    return WalkEnd(name, "error", str(error), proven=False, error=error)


def not_held(name: str) -> WalkEnd:
    """The end of a walk that a replay does not find in the journal."""
    return WalkEnd(name, "early", "the journal does not hold the end of this walk", proven=False, held=False)
