"""The two generators behind every resource: the pages of a root, and the pages of the children of a parent's page."""

# dlt reads the annotations of these functions when they are wrapped, so they must be there as objects.
# ruff: noqa: UP045

import logging
from collections import deque
from collections.abc import Iterator
from typing import Any, Optional

import msgspec
from dlt.extract import Incremental
from dlt.extract.state import get_current_pipe

from headrace.rest_api.channel import Channel
from headrace.rest_api.endpoint import Endpoint, NoRequest, encoded
from headrace.rest_api.engine import Stream
from headrace.rest_api.page import JsonPage, LastPage, with_members

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
        number = 0
        for records in engine.take(stream):
            yield None if records is None else JsonPage(records, number)
            number += records is not None
    finally:
        engine.close(stream)
    yield LastPage(waits=False)
    yield LastPage()


def child_pages(
    items: Any,  # noqa: ANN401 - rows of whatever resource is the parent
    endpoint: Endpoint,
    incremental_object: Optional[Incremental[Any]],
) -> Iterator[Any]:
    """The pages of all rows of a parent's page, in the order of the rows. Equal requests are made once."""
    rows = items if isinstance(items, list) else [items]
    if endpoint.means is None:
        for row in rows:
            values = endpoint.values(row)
            for page in endpoint.by_dlt(endpoint.filled(values, incremental_object)):
                for record in page if endpoint.include else ():
                    record.update(endpoint.members(row))
                yield page
        return
    pipe = get_current_pipe()
    asked = pipe.asked if isinstance(pipe, Channel) else set()
    requests = _requests(rows, endpoint, incremental_object, asked)
    yield from _walks(requests, endpoint)
    yield LastPage(waits=False)
    yield LastPage()


def _requests(
    rows: Any,  # noqa: ANN401
    endpoint: Endpoint,
    incremental: Optional[Incremental[Any]],
    asked: set[bytes],
) -> Iterator[tuple[dict[str, Any], bytes]]:
    """One request for each row that gives a new one, with what its records take from the row."""
    for row in rows:
        try:
            filled = endpoint.filled(endpoint.values(row), incremental)
        except NoRequest as why:
            _log.warning("%s: a row of its parent is left out, because %s", endpoint.name, why)
            continue
        mark = msgspec.json.encode(filled, enc_hook=str)
        if mark not in asked:
            asked.add(mark)
            yield filled, encoded(endpoint.members(row))


def _walks(requests: Iterator[tuple[dict[str, Any], bytes]], endpoint: Endpoint) -> Iterator[Optional[JsonPage]]:
    under_way: deque[tuple[Stream, bytes]] = deque()
    engine = endpoint.engine
    try:
        while True:
            while len(under_way) < _CHILDREN_AHEAD and (following := next(requests, None)) is not None:
                filled, added = following
                under_way.append((engine.open(endpoint.resource(filled)), added))
            if not under_way:
                return
            stream, added = under_way[0]
            for records in engine.take(stream):
                yield None if records is None else JsonPage(with_members(records, added))
            engine.close(stream)
            under_way.popleft()
    finally:
        for stream, _ in under_way:
            engine.close(stream)
