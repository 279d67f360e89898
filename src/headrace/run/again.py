"""Which rows the next run brings again: by what a walk asks for, and by the increment that it depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from headrace.journal.layout import RunRecord
from headrace.model.plan import Resource
from headrace.run.resume import OpenWalk, owner_of


def line_of(resource: Resource, known: Mapping[str, Resource]) -> list[Resource]:
    """A resource, then those above it."""
    line = [resource]
    while (parent := line[-1].parent) is not None:
        line.append(known[parent.resource])
    return line


def asked_for(walk: OpenWalk, line: Sequence[Resource], record: RunRecord) -> str:
    """A digest of what a walk asks for, wherever it stands: the requests, and from where all its increments go on."""
    way, names = walk.resource, {each.name for each in line}
    since = sorted((name, seen) for name, seen in record.seen.items() if {name, owner_of(name)} & names)
    parts = (walk.fingerprint, way.table, way.disposition, way.primary_key, way.merge_key, since)
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()


def comes_again(line: Sequence[Resource], seen: Iterable[str]) -> bool:
    """Whether the next run brings the same rows: the nearest increment has not moved. `seen` says which have."""
    moved = {name for walk in seen for name in (walk, owner_of(walk))}
    for each in line:
        if each.incremental is not None:
            return each.incremental.end_value is None and each.name not in moved
    return False
