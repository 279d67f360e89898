"""What is delivered, as it travels in dlt's pipeline state: within the very package that delivers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from headrace.model.position import Seen
from headrace.model.table import Figures, Watermark
from headrace.sinks.base import Commit
from headrace.sinks.settle import Delivery, Settlement, further, is_of

_PLACE = "headrace"
"""Where it lies among the states of dlt's sources."""
_EARLIER_RUNS = 8
_LINEAGE = 64  # the newest load is told by its id, a time, and clocks of several machines may differ


class Position(msgspec.Struct, frozen=True):
    """How far a walk is delivered, and the root table that it fills."""

    table: str
    mark: Watermark


class Counted(msgspec.Struct, frozen=True):
    """What one load has brought of a walk."""

    walk: str
    load_id: str
    figures: Figures


class Kept(msgspec.Struct, frozen=True):
    """All that is known of what was delivered: of the last run (`run_id`), and how far increments have come.

    `load_id` is the last package. `deliveries` are what has to be known of a walk that begins again; those of walks
    that have are `abandoned`. `provisional` are those of earlier runs that the next one of their walk brings again.
    `seen` is that of the last pipeline, `others` that of others which load the dataset. `earlier` are other runs, the
    newest first: each journal may have one that is not over. What is `leaving` goes before the last package is loaded,
    which goes on from those of the `lineage`, itself the last of them.
    """

    run_id: str = ""
    load_id: str = ""
    positions: tuple[Position, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    abandoned: tuple[Delivery, ...] = ()
    provisional: tuple[Delivery, ...] = ()
    counted: tuple[Counted, ...] = ()
    seen: dict[str, Seen] = {}
    pipeline: str = ""
    others: dict[str, dict[str, Seen]] = {}
    earlier: tuple[Kept, ...] = ()
    leaving: tuple[Delivery, ...] = ()
    lineage: tuple[str, ...] = ()

    @property
    def committed(self) -> dict[str, Watermark]:
        """How far each walk of the run is delivered."""
        return {position.mark.walk: position.mark for position in self.positions}

    @property
    def begun(self) -> set[str]:
        """The root tables that the run has begun to fill."""
        return {position.table for position in self.positions}

    @property
    def figures(self) -> dict[tuple[str, str], Figures]:
        """What each load has brought of each walk."""
        return {(each.walk, each.load_id): each.figures for each in self.counted}


def of_pipeline(kept: Kept, pipeline: str) -> Kept:
    """The same with the increments of a pipeline."""
    if kept.pipeline == pipeline:
        return kept
    others = {**kept.others, kept.pipeline: kept.seen}
    return msgspec.structs.replace(kept, pipeline=pipeline, seen=others.pop(pipeline, {}), others=others)


def of_run(kept: Kept, run_id: str) -> Kept:
    """What of it counts for a run: all if it is the last one, and what is kept of it if it is an earlier one."""
    if kept.run_id == run_id:
        return kept
    known = (Kept(kept.run_id, "", kept.positions, kept.deliveries, kept.abandoned, (), kept.counted), *kept.earlier)
    own = next((each for each in known if each.run_id == run_id), Kept(run_id))
    brought = (*kept.provisional, *kept.abandoned, *kept.deliveries)
    ours = {each.which for each in (*own.abandoned, *own.deliveries)}
    return msgspec.structs.replace(
        kept,
        run_id=run_id,
        positions=own.positions,
        deliveries=own.deliveries,
        abandoned=own.abandoned,
        provisional=tuple(each for each in brought if each.provisional and each.which not in ours),
        counted=own.counted,
        earlier=tuple(each for each in known if each.positions and each is not own)[:_EARLIER_RUNS],
    )


def begun_anew(kept: Kept, walks: list[str]) -> Kept:
    """The same where these walks have begun again: what is delivered of them no longer counts."""
    return msgspec.structs.replace(
        kept,
        positions=tuple(each for each in kept.positions if each.mark.walk not in walks),
        deliveries=tuple(each for each in kept.deliveries if each.walk not in walks),
        abandoned=(*kept.abandoned, *(each for each in kept.deliveries if each.walk in walks)),
        counted=tuple(each for each in kept.counted if each.walk not in walks),
    )


def after(
    kept: Kept, commit: Commit, settlement: Settlement, counted: tuple[Counted, ...], leaving: tuple[Delivery, ...]
) -> Kept:
    """What is known once a commit has gone through."""
    entered = settlement.entered
    again = tuple(each.walk for each in commit.walks if each.table in settlement.dropped)
    seen = {walk: seen for walk, seen in kept.seen.items() if not is_of(walk, again)}
    return msgspec.structs.replace(
        kept,
        load_id=commit.load_id,
        positions=(
            *(each for each in kept.positions if each.mark.walk not in entered),
            *(Position(table, mark) for table, mark in settlement.positions),
        ),
        deliveries=tuple(map(_decided(commit), (*kept.deliveries, *settlement.deliveries))),
        abandoned=tuple(each for each in kept.abandoned if each.walk not in entered),
        provisional=(*(each for each in kept.provisional if each.walk not in entered), *settlement.waiting),
        counted=(*kept.counted, *counted),
        seen=seen | {walk: further(seen.get(walk), new) for walk, new in commit.seen.items()},
        earlier=tuple(_undone(each, settlement) for each in kept.earlier),
        leaving=leaving,
        lineage=tuple(dict.fromkeys((*kept.lineage, kept.load_id, commit.load_id)))[-_LINEAGE:],
    )


def _undone(run: Kept, settlement: Settlement) -> Kept:
    """An earlier run whose rows were taken back: should it go on, it brings them again, and what is left goes."""
    own, withdrawn = {old.which for old in run.deliveries}, {old.which for old in settlement.withdrawn}
    walks = {walk for load_id, walk in withdrawn if (load_id, walk) in own}
    left = tuple(old for old in settlement.waiting if old.which in own & withdrawn)
    return msgspec.structs.replace(
        run,
        abandoned=(*run.abandoned, *left),
        positions=tuple(each for each in run.positions if each.mark.walk not in walks),
        deliveries=tuple(each for each in run.deliveries if each.walk not in walks),
        counted=tuple(each for each in run.counted if each.walk not in walks),
    )


def _decided(commit: Commit) -> Callable[[Delivery], Delivery]:
    """Whether a delivery is provisional is known better with each commit of its run."""
    known = {walk.walk: walk.provisional for walk in commit.walks}

    def decided(each: Delivery) -> Delivery:
        provisional = known.get(each.walk, each.provisional) and not each.keyed
        return msgspec.structs.replace(each, provisional=provisional, asked_for=each.asked_for if provisional else ())

    return decided


def read(state: Mapping[str, Any]) -> Kept:
    """What a pipeline's state holds of ours; nothing if headrace has never loaded with it."""
    ours = (state.get("sources") or {}).get(_PLACE)
    return msgspec.convert(ours, Kept) if ours else Kept()


def write(state: dict[str, Any], kept: Kept) -> None:
    """Put it into a pipeline's state."""
    state.setdefault("sources", {})[_PLACE] = msgspec.to_builtins(kept)
