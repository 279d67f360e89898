"""Whether the page after the first is another one: a parameter that the API ignores brings the same page for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from headrace.envelope.path import render
from headrace.errors import WalkStuck
from headrace.model.envelope import Absent
from headrace.model.guess import (
    BASE_PAGE,
    CURSOR_PARAM,
    CURSOR_PATH,
    OFFSET_PARAM,
    PAGE_PARAM,
    PAGINATOR,
    SIZE_PARAM,
    flag,
)
from headrace.model.plan import (
    Cursor,
    LinkHeader,
    NextUrl,
    Offset,
    PageNumber,
    Paging,
    Resource,
    SinglePage,
    text,
)
from headrace.model.position import AtPage, Done, Position, Start
from headrace.walk.after import after
from headrace.walk.detect import is_url, param_for, parsed
from headrace.walk.link_header import target_of
from headrace.walk.sighting import Sighting, sight
from headrace.walk.trial import Came, Dialogue, facts_of, is_same, look, probe
from headrace.walk.value import all_alike, count

_LEAST_CAP: Final = 10
_KEYS: Final = ("id", "key", "uuid", "_id")
_Found = tuple[Resource, str]
"""The resource as it is now understood, and what there is to say of it."""


def moved(resource: Resource, first: Came) -> Dialogue[_Found]:
    """See that the guessed place of the next page leads on. Raises WalkStuck, with a question."""
    guesses = resource.guesses
    match resource.paging:
        case Offset() if OFFSET_PARAM in guesses:
            return (yield from _counted(_sized(resource, first), first, OFFSET_PARAM))
        case Offset():
            return _sized(resource, first), ""
        case Cursor() if CURSOR_PATH in guesses:
            return (yield from _sourced(resource, first))
        case NextUrl() if CURSOR_PATH in guesses or CURSOR_PARAM in guesses:
            return (yield from _linked(resource, first))
        case _:
            return resource, ""


def _with(resource: Resource, paging: Paging) -> Resource:
    return msgspec.structs.replace(resource, paging=paging)


# --- offsets and page numbers --------------------------------------------------------------------


def _sized(resource: Resource, first: Came) -> Resource:
    """An offset advances by what comes, where the API ignores the size that it is asked for by a guessed name."""
    rule, came = resource.paging, len(first.records)
    if not isinstance(rule, Offset) or SIZE_PARAM not in resource.guesses or came <= rule.size:
        return resource
    return _with(resource, msgspec.structs.replace(rule, size=came))


def numbered(resource: Resource, first: Came) -> Dialogue[tuple[Resource, Came, str]]:
    """Find out whether pages are counted from 0 or from 1: from where the first two differ."""
    rule = resource.paging
    if not isinstance(rule, PageNumber) or BASE_PAGE not in resource.guesses:
        return resource, first, ""
    from_0 = _with(resource, msgspec.structs.replace(rule, base=0, start=0))
    zero = yield probe(from_0)
    if not isinstance(zero, Came) or not zero.records:
        return resource, first, ""
    if not _is_within(first.records, zero.records):
        return from_0, zero, f"pages are counted from 0: page 0 of `{rule.param}` holds other records than page 1"
    if len(first.records) == 0 or all_alike(first.records):
        return resource, first, ""
    found, said = yield from _counted(resource, first, PAGE_PARAM, AtPage(rule.start + 1))
    return found, first, said


def _counted(resource: Resource, first: Came, param: str, following: Position | None = None) -> Dialogue[_Found]:
    """See that a counted page is another one than the first."""
    if following is None:
        following = after(resource.paging, Start(), facts_of(first))
    if isinstance(following, Done) or all_alike(first.records):
        return resource, ""
    second = yield probe(resource, following)
    if not isinstance(second, Came) or not is_same(second.records, first.records):
        return resource, ""
    return (yield from _unmoved(resource, first, param))


def _unmoved(resource: Resource, first: Came, guess: str) -> Dialogue[_Found]:
    """The parameter is ignored: by an API that has no more, or that calls it by another name?"""
    rule, came = resource.paging, len(first.records)
    assert isinstance(rule, Offset | PageNumber)  # noqa: S101 - only these are counted
    root = parsed(first.reply.body)
    seen = sight(root).total_records if root is not None else ()
    totals = {count(one.value) for one in seen if one.keys[-1].lower() != "count"}  # that may be the page's own
    single = _with(resource, SinglePage(rule.size, rule.size_param))
    said = f"`{rule.param}` changes nothing, and the first page"
    if totals == {came}:
        return single, f"{said} has all {came} records by the API's own total: there is one page"
    if rule.size is not None and 1 < came < rule.size and not _may_be_a_cap(came):
        smaller = yield probe(_asked_for(resource, came - 1))
        if isinstance(smaller, Came) and len(smaller.records) == came - 1:
            return single, f"{said} is shorter than it may be: there is one page"
    name = resource.name
    raise WalkStuck(
        f"`{rule.param}` seems not to be how this API pages: the second page has the same {came} records as the first;"
        f" if they are all, run again with {flag(name, PAGINATOR, 'single_page')}, else with"
        f" {flag(name, guess, 'NAME')}.",
        url=first.reply.url,
    )


def _is_within(one: Sequence[bytes], other: Sequence[bytes]) -> bool:
    """Whether most records of a page are in another: it moves by some where rows come or go between two requests."""
    there = set(other)
    return 2 * sum(record in there for record in one) > len(one)


def is_short(resource: Resource, records: int) -> bool:
    """Whether a first page is so short that it may well be all, and says nothing of how a longer list would go on."""
    size = resource.paging.size
    return records < size and not _may_be_a_cap(records) if size else records < _LEAST_CAP


def _may_be_a_cap(records: int) -> bool:
    """Whether an API may cap its pages at so many: then a smaller size is honoured, and a page is full all the same."""
    return records >= _LEAST_CAP and (records % 5 == 0 or records & (records - 1) == 0)


def _asked_for(resource: Resource, size: int) -> Resource:
    """The resource with another page size."""
    rule = resource.paging
    if isinstance(rule, Offset):
        return _with(resource, msgspec.structs.replace(rule, size=size))
    request = resource.request
    params = tuple((name, text(str(size)) if name == rule.size_param else value) for name, value in request.params)
    return msgspec.structs.replace(resource, request=msgspec.structs.replace(request, params=params))


# --- cursors and links ---------------------------------------------------------------------------


def _sourced(resource: Resource, first: Came) -> Dialogue[_Found]:
    """Find the next cursor of a scaffold that only says which parameter it goes into."""
    rule = resource.paging
    assert isinstance(rule, Cursor)  # noqa: S101 - the caller has looked
    if not isinstance(first.envelope.cursor, Absent):
        return (yield from _led(resource, first, ""))
    found = _elsewhere(rule, rule.param or "", first)
    if found is None:
        return (yield from keyset(resource, rule, first))
    paging, path = found
    return (yield from _led(_with(resource, paging), first, f"the next page is told at {path}"))


def keyset(resource: Resource, rule: Cursor, first: Came) -> Dialogue[_Found]:
    """Where the body tells nothing, the cursor may be a field of the last record, as in `starting_after=<id>`.

    The page after it must have records, and none of the first page's. Raises WalkStuck, with a question.
    """
    last = msgspec.json.decode(first.records[-1])
    fields = dict.fromkeys((rule.param or "", *resource.primary_key[:1], *_KEYS))
    for field in fields if isinstance(last, dict) else ():
        if not isinstance(last.get(field), str | int) or isinstance(last[field], bool):
            continue
        path = f"{resource.selector}[-1].{render((field,))}"
        tried = _with(resource, msgspec.structs.replace(rule, path=path))
        following = after(tried.paging, Start(), facts_of(Came(first.reply, look(tried, first.reply.body))))
        second = yield probe(tried, following)
        if isinstance(second, Came) and second.records and set(second.records).isdisjoint(first.records):
            return tried, f"`{rule.param}` takes `{field}` of a page's last record"
    raise _where(resource, rule.path, first)


def _linked(resource: Resource, first: Came) -> Dialogue[_Found]:
    """See that what is followed as a link is one."""
    rule = resource.paging
    assert isinstance(rule, NextUrl)  # noqa: S101 - the caller has looked
    value = first.envelope.cursor
    keys = tuple(rule.path.split("."))
    if isinstance(value, Absent):
        found = _elsewhere(rule, keys[-1], first)
        if found is None:
            if CURSOR_PATH in resource.guesses:
                raise _where(resource, rule.path, first)
            return resource, ""
        paging, path = found
        return (yield from _led(_with(resource, paging), first, f"the next page is told at {path}"))
    if not value or (isinstance(value, str) and _is_link(value)):
        return resource, ""
    param = param_for(Sighting(keys, None))
    cursor = Cursor(rule.path, param, size=rule.size, size_param=rule.size_param)
    said = f"the value at `{rule.path}` is no link, so it is sent as `{param}`"
    return (yield from _led(_with(resource, cursor), first, said))


def _is_link(value: str) -> bool:
    return value.lower().startswith(("http://", "https://", "/", "?"))


def _elsewhere(rule: Cursor | NextUrl, name: str, first: Came) -> tuple[Paging, str] | None:
    """Where else the first page tells of the next one, the key of the same name first."""
    size, size_param = rule.size, rule.size_param
    root = parsed(first.reply.body)
    seen = sight(root, name) if root is not None else None
    for one in (*seen.named, *seen.next) if seen is not None else ():
        if isinstance(one.value, bool) or not one.value:
            continue
        if is_url(one) and isinstance(one.value, str) and _is_link(one.value):
            return NextUrl(one.path, size, size_param), f"`{one.path}`"
        param = rule.param if isinstance(rule, Cursor) else param_for(one)
        return Cursor(one.path, param, follow_urls=True, size=size, size_param=size_param), f"`{one.path}`"
    if target_of(first.reply.headers, "next") is not None:
        return LinkHeader("next", size, size_param), "the Link header"
    return None


def _led(resource: Resource, first: Came, said: str) -> Dialogue[_Found]:
    """See that the next cursor leads to another page."""
    again = Came(first.reply, look(resource, first.reply.body))
    following = after(resource.paging, Start(), facts_of(again))
    if isinstance(following, Done) or not isinstance(resource.paging, Cursor):
        return resource, said
    second = yield probe(resource, following)
    if isinstance(second, Came) and not is_same(second.records, first.records):
        return resource, said
    rule, name = resource.paging, resource.name
    problem = "was refused" if not isinstance(second, Came) else "has the same records as the first"
    raise WalkStuck(
        f"`{rule.param}` seems not to be where the cursor at `{rule.path}` goes: the second page {problem}; run again"
        f" with {flag(name, CURSOR_PARAM, 'NAME')}.",
        url=first.reply.url,
    )


def _where(resource: Resource, path: str, first: Came) -> WalkStuck:
    return WalkStuck(
        f"The first page has nothing at `{path}`, and nothing else in it leads to another page; run again with"
        f" {flag(resource.name, CURSOR_PATH, 'PATH')}, or, if its {len(first.records)} records are all, with"
        f" {flag(resource.name, PAGINATOR, 'single_page')}.",
        url=first.reply.url,
    )
