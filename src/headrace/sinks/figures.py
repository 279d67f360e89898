"""What each walk of a run has brought, counted in the very transactions that take it: a report outlives a kill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from headrace.model.table import Alike, Figures, Schema
from headrace.sinks.base import Staging, WalkCommit
from headrace.sinks.settle import Settlement

Counted: TypeAlias = dict[tuple[str, str], Figures]
"""The figures of one run by walk and load; what is only staged has the load STAGED."""

STAGED = ""
NOTHING = Figures()
_REASONS_KEPT = 50


def of_batch(staging: Staging) -> Figures:
    """The figures of what is being staged."""
    reasons: dict[str, Alike] = {}
    for each in staging.rejects:
        _count(reasons, each.reason, Alike(1, each.page, each.record))
    return msgspec.structs.replace(staging.figures, rejects=len(staging.rejects), reasons=reasons)


def of_entry(
    walk: WalkCommit, schema: Schema, rows: Mapping[str, int], duplicates: Mapping[str, int], staged: Figures
) -> Figures:
    """Those of a walk that enters: what was staged of it, with what has become of its rows."""
    own = {name: count for name, count in rows.items() if name in schema.tables and _root(schema, name) == walk.table}
    return msgspec.structs.replace(staged, rows=own, duplicates=duplicates.get(walk.table, 0))


def moves_nothing(settlement: Settlement) -> bool:
    """Whether a commit changes no table and no position: then it is no load."""
    return not settlement.positions and not settlement.dropped and not settlement.entries


def together(counted: Mapping[tuple[str, str], Figures]) -> dict[str, Figures]:
    """By walk, over all loads."""
    found: dict[str, Figures] = {}
    for (walk, _), figures in counted.items():
        found[walk] = added(found.get(walk, NOTHING), figures)
    return found


def rejecting(counted: Mapping[tuple[str, str], Figures]) -> frozenset[str]:
    """The walks of which something was rejected."""
    return frozenset(walk for (walk, _), figures in counted.items() if figures.rejects)


def last_load(counted: Mapping[tuple[str, str], Figures]) -> str:
    """The newest load of the run; load ids begin with the time."""
    return max((load_id for _, load_id in counted), default=STAGED)


def added(one: Figures, other: Figures) -> Figures:
    """Both, in this order."""
    reasons = dict(one.reasons)
    for reason, alike in other.reasons.items():
        _count(reasons, reason, alike)
    return Figures(
        rows=dict(Counter(one.rows) + Counter(other.rows)) if one.rows else other.rows,
        duplicates=one.duplicates + other.duplicates,
        rejects=one.rejects + other.rejects,
        reasons=reasons,
        losses=dict(Counter(one.losses) + Counter(other.losses)),
        variants=tuple(dict.fromkeys((*one.variants, *other.variants))),
    )


def _count(reasons: dict[str, Alike], reason: str, alike: Alike) -> None:
    """Add to those of the same reason; very many reasons are counted as one, for they are written with each batch."""
    reason = reason if reason in reasons or len(reasons) < _REASONS_KEPT else "other reasons"
    first = reasons.get(reason)
    reasons[reason] = Alike(first.records + alike.records, first.page, first.record) if first else alike


def _root(schema: Schema, table: str) -> str:
    return schema.tables[table].root
