"""Which rows come again: in the next run, by what a walk asks for, and where another run has come between."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from headrace.errors import ConfigError
from headrace.journal.layout import RunRecord
from headrace.model.guess import KEY
from headrace.model.plan import Incremental, Resource
from headrace.model.position import Seen
from headrace.model.strategy import Scd2
from headrace.run.resume import OpenWalk, into, owner_of
from headrace.sinks.base import SinkState
from headrace.sinks.settle import further


def line_of(resource: Resource, known: Mapping[str, Resource]) -> list[Resource]:
    """A resource, then those above it."""
    line = [resource]
    while (parent := line[-1].parent) is not None:
        line.append(known[parent.resource])
    return line


def asked_for(walk: OpenWalk, line: Sequence[Resource], record: RunRecord) -> str:
    """A digest of what a walk asks for, wherever it stands: the requests, and from where the increments go on.

    Each row of a parent says that for itself (`Rows`).
    """
    way, names = walk.resource, {each.name for each in line}
    since = sorted(
        (name, seen)
        for name, seen in record.seen.items()
        if {name, owner_of(name)} & names and owner_of(name) != way.name
    )
    parts = (walk.fingerprint, *into(way), since)
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()


def may_come_again(line: Sequence[Resource]) -> bool:
    """Whether a run that proves nothing leaves rows of the resource that the next one brings again."""
    way = line[0]
    keyed = is_keyed(way) and KEY not in way.guesses
    return not keyed and any(each.incremental is not None and each.incremental.end_value is None for each in line)


def comes_again(line: Sequence[Resource], seen: Iterable[str]) -> bool:
    """Whether the next run brings the same rows: the nearest increment has not moved. `seen` says which have."""
    moved = {name for walk in seen for name in (walk, owner_of(walk))}
    for each in line:
        if each.incremental is not None:
            return each.incremental.end_value is None and each.name not in moved
    return False


def check_not_outrun(walks: Iterable[OpenWalk], record: RunRecord, state: SinkState, now: Mapping[str, Seen]) -> None:
    """Raises ConfigError where another run has loaded what a walk of this one has still to bring, by no key.

    `now` is how far increments have come; `record` keeps where they stood when this run began.
    """
    for walk in walks:
        way, mark = walk.resource, state.committed.get(walk.resource.name)
        rule = way.incremental
        if rule is None or rule.end_value is not None or way.disposition == "replace" or is_keyed(way):
            continue
        if record.full_refresh or way.name in state.abandoned or (mark is not None and mark.complete):
            continue
        for name, seen in now.items():
            then = record.seen.get(name) or record.seen.get(owner_of(name))
            if way.name in {name, owner_of(name)} and _is_beyond(seen, then, rule):
                raise ConfigError(
                    f"since this run began, another one has loaded `{way.name}` up to {seen.last_value}, so its rows"
                    " would be there twice: run with --new, which goes on from where the warehouse stands"
                )


def is_keyed(resource: Resource) -> bool:
    """Whether rows that come again take the place of those that are there."""
    keys = resource.primary_key or resource.merge_key
    return resource.disposition == "merge" and (bool(keys) or isinstance(resource.strategy, Scd2))


def _is_beyond(now: Seen, then: Seen | None, rule: Incremental) -> bool:
    if now.cursor_path != rule.cursor_path or now.last_value is None:
        return False
    known = then is not None and then.cursor_path == rule.cursor_path and then.last_value is not None
    before = then if then is not None and known else Seen(rule.cursor_path, rule.initial_value)
    one, other = before.last_value, now.last_value
    if one == other:
        return not set(now.digests) <= set(before.digests)
    return one is None or further(before, now) == now
