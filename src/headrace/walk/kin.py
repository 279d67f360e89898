"""Whether a resource of which nothing is said pages as the others of its document do: a second page shows it."""

from __future__ import annotations

import msgspec

from headrace.envelope.path import render
from headrace.errors import WalkStuck
from headrace.model.envelope import Absent
from headrace.model.guess import BASE_PAGE
from headrace.model.plan import Cursor, Offset, PageNumber, Resource
from headrace.model.position import Done, Start
from headrace.walk.after import after
from headrace.walk.moves import keyset, numbered
from headrace.walk.trial import Came, Dialogue, facts_of, look, probe
from headrace.walk.value import all_alike

_SAID = "nothing says how it pages, but it pages as the other resources do"


def as_kin(resource: Resource, first: Came) -> Dialogue[tuple[Resource, Came, str]]:
    """The resource with the paging of its kin, if that leads from its first page to another one."""
    if not all_alike(first.records):
        match resource.kin:
            case Cursor() as kin:
                return (yield from _by_cursor(resource, kin, first))
            case Offset() | PageNumber() as kin:
                return (yield from _by_count(resource, kin, first))
            case _:
                pass
    return resource, first, ""


def _by_cursor(resource: Resource, kin: Cursor, first: Came) -> Dialogue[tuple[Resource, Came, str]]:
    """Only where the kin do not say either where the cursor is: any other would have been found in the first page."""
    tried = msgspec.structs.replace(resource, paging=kin)
    unsaid = kin.param is not None and kin.path == render((kin.param,))
    if not unsaid or not isinstance(look(tried, first.reply.body).cursor, Absent):
        return resource, first, ""
    try:
        found, _ = yield from keyset(tried, kin, first)
    except WalkStuck:
        return resource, first, ""
    return found, first, _SAID


def _by_count(resource: Resource, kin: Offset | PageNumber, first: Came) -> Dialogue[tuple[Resource, Came, str]]:
    if isinstance(
        kin, Offset
    ):  # the first page was asked for without a size, and may hold more than the pages of its kin
        kin = msgspec.structs.replace(kin, size=max(kin.size, len(first.records)))
    tried = msgspec.structs.replace(resource, paging=kin)
    following = after(kin, Start(), facts_of(Came(first.reply, look(tried, first.reply.body))))
    if isinstance(following, Done):
        return resource, first, ""
    second = yield probe(tried, following)
    if not isinstance(second, Came) or not second.records or not set(second.records).isdisjoint(first.records):
        return resource, first, ""
    if isinstance(kin, Offset):
        return tried, first, _SAID
    tried, first, more = yield from numbered(msgspec.structs.replace(tried, guesses=frozenset({BASE_PAGE})), first)
    return tried, first, f"{_SAID}; {more}" if more else _SAID
