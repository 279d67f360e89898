"""How a walk ends in this process, and the ends that have no page to tell of them."""

from __future__ import annotations

import json
import shlex
from http import HTTPStatus
from typing import Final, Literal

import msgspec

from headrace.errors import ContractBroken, RequestRefused, SourceError
from headrace.model.event import Emit, WalkEnded, WalkStarted
from headrace.model.plan import Resource, ResponseAction
from headrace.run.deadline import OutOfTime
from headrace.run.resume import OpenWalk

_OF_ONE_ROW: Final = frozenset((HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE))


class WalkEnd(msgspec.Struct, frozen=True):
    """How a walk ended in this process; `error` is set where `stopped` is "error".

    `held` False: the journal does not hold the walk to its end, though nothing failed: its deadline is over, or this is
    a replay. The next run goes on with it. `rows` and `cut_by` as in `WalkEnded`.
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


def failed_row(resource: Resource, end: WalkEnd) -> WalkEnd:
    """The end of the walk of one row; where the API refused that one, with the flag that lets the others go on."""
    refusal = end.error
    if not isinstance(refusal, RequestRefused) or refusal.status not in _OF_ONE_ROW:
        return end
    actions = [*resource.actions, ResponseAction(refusal.status)]
    stated = ({"status_code": each.status, "content": each.content, "action": each.action} for each in actions)
    value = json.dumps([{key: part for key, part in each.items() if part is not None} for each in stated])
    mend = shlex.quote(f"resources.{resource.name}.endpoint.response_actions={value}")
    said = (
        f"{str(refusal).rstrip('.')}; if rows that are refused so have nothing to load, run again with `--set {mend}`,"
        " and the other rows go on."
    )
    return failed(end.walk, RequestRefused(said, url=refusal.url, status=refusal.status))


def out_of_time(name: str, over: OutOfTime) -> WalkEnd:
    """The end, in this run, of a walk that was not done in the time that it had."""
    return WalkEnd(name, "early", str(over), proven=False, held=False)


def not_held(name: str) -> WalkEnd:
    """The end of a walk that a replay does not find in the journal."""
    return WalkEnd(name, "early", "the journal does not hold the end of this walk", proven=False, held=False)
