"""What of the walks of a run enters with a commit, and how far their increments have come by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import msgspec

from headrace.decode.names import table_name
from headrace.journal.layout import RunRecord
from headrace.model.plan import Resource
from headrace.model.position import Seen
from headrace.model.strategy import takes_whole_loads
from headrace.model.table import Schema, Watermark
from headrace.run.again import asked_for, comes_again, is_keyed, line_of
from headrace.run.deliver import Delivery
from headrace.run.ends import WalkEnd
from headrace.run.resume import OpenWalk
from headrace.sinks.base import AskedFor, WalkCommit
from headrace.sinks.settle import held_back


class Walked(NamedTuple):
    """A walk that is loaded, how it ended, and how far it has seen: by its own name, or by rows of its parent.

    `asked_for` are those rows, if they have to be known. `lacks` as in `WalkCommit`.
    """

    walk: OpenWalk
    end: WalkEnd
    seen: Mapping[str, Seen]
    asked_for: tuple[AskedFor, ...] | None = None
    lacks: bool = False


def entering(
    walked: Sequence[Walked],
    known: Mapping[str, Resource],
    ends: Mapping[str, WalkEnd],
    *,
    record: RunRecord,
    delivery: Delivery,
    schema: Schema,
) -> tuple[tuple[WalkCommit, ...], dict[str, Seen]]:
    """How the walks enter, and the places that are written down with them. `known` are all resources by name."""
    commits = [_walk_commit(each, known, record, delivery) for each in walked]
    loaded = {name for name, end in ends.items() if end.proven} - held_back(commits, schema) - delivery.refused.keys()
    seen: dict[str, Seen] = {}
    for each, commit in zip(walked, commits, strict=True):
        if _moves(each, commit, known, loaded):
            seen |= each.seen
    lines = (line_of(each.walk.resource, known) for each in walked)
    again = (comes_again(line, seen) for line in lines)
    told = zip(commits, again, strict=True)
    return tuple(msgspec.structs.replace(commit, provisional=one) for commit, one in told), seen


def _moves(one: Walked, commit: WalkCommit, known: Mapping[str, Resource], loaded: AbstractSet[str]) -> bool:
    """Whether the places of a walk move: rows that it, or one below it, was not walked for must come again.

    `loaded` are the walks that came to their end and do not wait in the staging.
    """
    way = one.walk.resource
    if not _all_below(way, known, loaded):
        return False
    # Of the rows of a parent each has its own place; where no key replaces rows, they are taken back as a whole.
    merges = commit.disposition == "merge" and is_keyed(way) and not takes_whole_loads(commit.disposition, way.strategy)
    return way.name in loaded or (way.parent is not None and merges)


def _all_below(way: Resource, known: Mapping[str, Resource], loaded: AbstractSet[str]) -> bool:
    return all(child in loaded and _all_below(known[child], known, loaded) for child in way.children)


def _walk_commit(one: Walked, known: Mapping[str, Resource], record: RunRecord, delivery: Delivery) -> WalkCommit:
    walk, end, way = one.walk, one.end, one.walk.resource
    mark = delivery.watermarks.get(way.name, Watermark(way.name, 0, fingerprint=walk.delivered_as))
    line = line_of(way, known)
    return WalkCommit(
        walk=way.name,
        table=table_name(way),
        disposition=delivery.dispositions.get(way.name, way.disposition),
        watermark=msgspec.structs.replace(mark, complete=end.proven),
        stopped=end.stopped,
        why=end.why,
        proven=end.proven,
        asks=asked_for(walk, line, record),
        asked_for=one.asked_for,
        lacks=one.lacks,
    )
