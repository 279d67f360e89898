"""The two generators behind every resource: the pages of a root, and the pages of the children of a parent's page."""

# dlt reads the annotations of these functions when they are wrapped, so they must be there as objects.
# ruff: noqa: UP045

import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple, Optional

import msgspec
from dlt.extract import Incremental
from dlt.extract.items import DataItemWithMeta
from dlt.extract.state import get_current_pipe

from headrace.rest_api.channel import Channel
from headrace.rest_api.child import ChildIncrement, tell_one_cursor
from headrace.rest_api.endpoint import Endpoint, NoRequest, encoded
from headrace.rest_api.engine import Stream
from headrace.rest_api.line import NOTHING, Line
from headrace.rest_api.page import JsonPage, LastPage, with_members
from headrace.rest_api.places import Place

_log = logging.getLogger("headrace.rest_api")
_CHILDREN_AHEAD = 128  # walks of one parent's page that are under way before their turn


def root_pages(endpoint: Endpoint, incremental_object: Optional[Incremental[Any]]) -> Iterator[Any]:
    """The pages of an endpoint without parent; None while other resources have pages and this one has none."""
    filled = endpoint.filled({}, incremental_object)
    if endpoint.means is None:
        yield from endpoint.by_dlt(filled)
        return
    engine = endpoint.engine
    stream = engine.open(endpoint.resource(filled))
    try:
        yield None  # so that every resource has begun before the first one is waited for
        pipe = get_current_pipe()
        several = isinstance(pipe, Channel) and pipe.gathers
        for pages in engine.take(stream):
            if not pages:
                yield None
            elif several:
                yield JsonPage(*pages)
            else:
                yield from map(JsonPage, pages)
    finally:
        engine.close(stream)
    yield LastPage(waits=False)
    yield LastPage()


def child_pages(
    items: Any,  # noqa: ANN401 - rows of whatever resource is the parent
    endpoint: Endpoint,
    incremental_object: Optional[Incremental[Any]],
    meta: Any = None,  # noqa: ANN401 - dlt's, or the line of the rows
) -> Iterator[Any]:
    """The pages of all rows of a parent's page, in the order of the rows. Equal requests are made once."""
    rows = items if isinstance(items, list) else [items]
    came = meta if isinstance(meta, Line) else NOTHING
    if came.again and not endpoint.wants_above:
        return
    pipe = get_current_pipe()
    if incremental_object is not None and not isinstance(incremental_object, ChildIncrement):
        tell_one_cursor(pipe, "its increment is not the one of the configuration")
    if endpoint.means is None:
        for page in _by_dlt(rows, endpoint, incremental_object, came):
            yield _unmarked(page, meta)
        return
    asked = pipe.asked if isinstance(pipe, Channel) else set()
    for page in _walks(_requests(rows, endpoint, incremental_object, asked, came), endpoint):
        yield _unmarked(page, meta)
    yield _unmarked(LastPage(waits=False), meta)
    yield _unmarked(LastPage(), meta)


def _unmarked(page: Any, meta: Any) -> Any:  # noqa: ANN401
    """The page: one with no mark of its own would bear that of the parent's page."""
    bears = page is not None and not isinstance(page, DataItemWithMeta) and isinstance(meta, Line)
    return DataItemWithMeta(None, page) if bears else page


def _by_dlt(
    rows: Any,  # noqa: ANN401
    endpoint: Endpoint,
    incremental: Optional[Incremental[Any]],
    came: Line,
) -> Iterator[Any]:
    if came.again:  # dlt's own pipe has nothing that lets rows down and keeps them out of the table
        raise ValueError(
            f"Rows of `{endpoint.parent}` have come for a second row above them, and `{endpoint.name}`, which dlt's "
            "own client fetches, would be loaded twice: give it a paginator and auth of dlt's own, and no session"
        )
    for row in rows:
        values = endpoint.values(row, came)
        place, window = _place(values, incremental)
        for page in endpoint.by_dlt(endpoint.filled(values, window)):
            for record in page if endpoint.include or endpoint.include_above else ():
                record.update(endpoint.members(row, came))
            yield _placed(page, place, endpoint.line(row, came))
        if place is not None:
            place.walked()


def _place(
    values: dict[str, Any], incremental: Optional[Incremental[Any]], *, again: bool = False
) -> tuple[Optional[Place], Optional[Incremental[Any]]]:
    """The place of a row, if the increment has any, and the increment that its request is bound to."""
    if not isinstance(incremental, ChildIncrement):
        return None, incremental
    place = incremental.open(values, again=again)
    return place, place.increment


def _placed(page: Any, place: Optional[Place], line: Optional[Line]) -> Any:  # noqa: ANN401
    """A page with the place of the row that it is of, and what resources below want of it."""
    if line is not None:
        return DataItemWithMeta(replace(line, place=place), page)
    return page if place is None else DataItemWithMeta(place, page)


class _Asked(NamedTuple):
    """A request, what its records take from the parent's row, the row's place, and what resources below want of it."""

    filled: dict[str, Any]
    added: bytes
    place: Optional[Place]
    line: Optional[Line]


def _requests(
    rows: Any,  # noqa: ANN401
    endpoint: Endpoint,
    incremental: Optional[Incremental[Any]],
    asked: set[bytes],
    came: Line,
) -> Iterator[_Asked]:
    """One request for each row that gives a new one, wherever its increment begins, or that is of a new line."""
    beginning = incremental.beginning if isinstance(incremental, ChildIncrement) else incremental
    for row in rows:
        try:
            values = endpoint.values(row, came)
            filled = endpoint.filled(values, beginning)
        except NoRequest as why:
            _log.warning("%s: a row of its parent is left out, because %s", endpoint.name, why)
            continue
        added, line = encoded(endpoint.members(row, came)), endpoint.line(row, came)
        mark = msgspec.json.encode(filled, enc_hook=str) + added
        marks = {mark} if line is None else {mark, mark + msgspec.json.encode(list(line.values.items()), enc_hook=str)}
        known = marks & asked
        asked |= marks
        if known != marks:
            place, window = _place(values, incremental, again=True)
            bound = filled if place is None else endpoint.filled(values, window)
            yield _Asked(bound, added, place, None if line is None else replace(line, again=bool(known)))


def _walks(requests: Iterator[_Asked], endpoint: Endpoint) -> Iterator[Any]:
    under_way: deque[tuple[Stream, _Asked]] = deque()
    engine = endpoint.engine
    try:
        while True:
            while len(under_way) < _CHILDREN_AHEAD and (following := next(requests, None)) is not None:
                under_way.append((engine.open(endpoint.resource(following.filled)), following))
            if not under_way:
                return
            stream, one = under_way[0]
            for pages in engine.take(stream):
                if not pages:
                    yield None
                for records in pages:
                    yield _placed(JsonPage(with_members(records, one.added)), one.place, one.line)
            engine.close(stream)
            under_way.popleft()
            if one.place is not None:
                one.place.walked()
    finally:
        for stream, _ in under_way:
            engine.close(stream)
