"""What of the walks of a run enters with a commit, and how far their increments have come by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from headrace.decode.names import table_name
from headrace.journal.layout import RunRecord
from headrace.model.plan import Resource
from headrace.model.position import Seen
from headrace.model.table import Watermark
from headrace.run.again import asked_for, comes_again, is_keyed, line_of
from headrace.run.deliver import Delivery
from headrace.run.ends import WalkEnd
from headrace.run.resume import OpenWalk
from headrace.sinks.base import AskedFor, WalkCommit


class Walked(NamedTuple):
    """A walk that is loaded, how it ended, and how far it has seen: by its own name, or by rows of its parent.

    `asked_for` are those rows, if they have to be known.
    """

    walk: OpenWalk
    end: WalkEnd
    seen: Mapping[str, Seen]
    asked_for: tuple[AskedFor, ...] | None = None


def entering(
    walked: Sequence[Walked],
    known: Mapping[str, Resource],
    ends: Mapping[str, WalkEnd],
    record: RunRecord,
    delivery: Delivery,
) -> tuple[tuple[WalkCommit, ...], dict[str, Seen]]:
    """How the walks enter, and the places that are written down with them. `known` are all resources by name."""
    seen: dict[str, Seen] = {}
    for each in walked:
        if _moves(each, ends, delivery):
            seen |= each.seen
    return tuple(_walk_commit(each, known, record, delivery, seen) for each in walked), seen


def _moves(one: Walked, ends: Mapping[str, WalkEnd], delivery: Delivery) -> bool:
    """Whether the places of a walk move: rows that it, or a child of it, was not walked for must come again."""
    way = one.walk.resource
    if not all(child in ends and ends[child].proven for child in way.children):
        return False
    # Of the rows of a parent each has its own place; where no key replaces rows, they are taken back as a whole.
    merges = delivery.dispositions.get(way.name, way.disposition) == "merge" and is_keyed(way)
    return one.end.proven or (way.parent is not None and merges)


def _walk_commit(
    one: Walked, known: Mapping[str, Resource], record: RunRecord, delivery: Delivery, seen: Mapping[str, Seen]
) -> WalkCommit:
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
        provisional=comes_again(line, seen),
        asked_for=one.asked_for,
    )
