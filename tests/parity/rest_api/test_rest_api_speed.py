"""Requests that need not wait for one another do not (H36, H37): the server answers only once several are under way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.parity.rest_api.asking import FAMILY, child, config, rows, things
from tests.parity.rest_api.serving import Answer, Asked, serving
from tests.parity.rest_api.ways import Way


def together(count: int, answer: Callable[[Asked], Answer]) -> Callable[[Asked], Awaitable[Answer]]:
    """Holds answers back until `count` requests are waiting; refuses those that wait alone for too long."""
    waiting = 0
    enough = asyncio.Event()

    async def handle(asked: Asked) -> Answer:
        nonlocal waiting
        waiting += 1
        if waiting >= count:
            enough.set()
        try:
            await asyncio.wait_for(enough.wait(), 5)
        except TimeoutError:
            return Answer({"error": "nobody else came"}, 400)
        return answer(asked)

    return handle


def test_h36_pages_whose_places_are_known_are_fetched_side_by_side(load: Way, tmp_path: Path) -> None:
    def page(asked: Asked) -> Answer:
        return rows(*range(int(asked.query["offset"]), int(asked.query["offset"]) + 2), total=12)

    held = together(2, page)
    with serving(lambda asked: page(asked) if asked.query["offset"] == "0" else held(asked)) as server:
        loaded = load(config(server.url, things(paginator={"type": "offset", "limit": 2})), tmp_path)
    assert not loaded.problem
    assert loaded.values("things") == sorted(range(12), key=repr)


def test_h37_children_are_fetched_side_by_side_unasked(load: Way, tmp_path: Path) -> None:
    held = together(4, lambda asked: rows(int(asked.segments[1])))
    with serving(lambda asked: rows(*range(8)) if asked.segments == ["parents"] else held(asked)) as server:
        loaded = load(config(server.url, FAMILY, child("of/{resources.parents.id}/children")), tmp_path)
    assert not loaded.problem
    assert loaded.values("children") == list(range(8))
