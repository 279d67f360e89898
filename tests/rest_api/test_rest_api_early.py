"""The drop-in's walks ask early for pages whose places are known, and are the same walks as one page after another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import SourceError
from headrace.model.event import Event, Noticed
from headrace.model.plan import Client, Offset, PageNumber, Request, Resource
from headrace.rest_api.walk import Walk
from headrace.run.budget import Shelf
from headrace.run.early import EARLY_PAGES, Room
from headrace.transport.base import Ignored
from tests.rest_api.serving import Api
from tests.rest_api.test_rest_api_engine import engine
from tests.run.test_run_early import APIS, RULES, Odd


def walked(api: Odd, rule: Offset | PageNumber, early_pages: int, most: int) -> tuple[list[Any], str]:
    """The pages of a walk, at most so many, and what it said or failed with; nothing is left under way."""
    heard: list[Event] = []
    found: list[Any] = []
    room = Room(Shelf(1 << 16), early_pages)
    resource = Resource("items", "items", Request("items"), rule, "data")

    async def main() -> str:
        try:
            async with aclosing(Walk(Client("http://h"), resource, heard.append, room).pages(api)) as pages:
                async for page in pages:
                    found.append(page)
                    if len(found) == most:
                        return "enough"
        except (SourceError, Ignored) as error:
            return str(error)
        return str([event.message for event in heard if isinstance(event, Noticed)])

    said = asyncio.run(main())
    assert (api.under_way, room.pages) == (0, early_pages)
    return found, said


@given(api=APIS, rule=RULES, early=st.integers(1, 9), most=st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_a_walk_with_early_pages_is_the_walk_without(
    api: Odd, rule: Offset | PageNumber, early: int, most: int
) -> None:
    assert walked(api, rule, early, most) == walked(api, rule, 0, most)


def test_early_pages_of_all_walks_of_a_resource_have_one_number(api: Api) -> None:
    """The first answers are held back until as many requests are under way as there may be."""
    lock, full, under_way, most = threading.Lock(), threading.Event(), 0, 0

    def answer(query: Mapping[str, str]) -> Any:
        nonlocal under_way, most
        at = int(query["offset"])
        with lock:
            under_way += 1
            most = max(most, under_way)
        if under_way > EARLY_PAGES:
            full.set()
        if at:
            full.wait(10)
        with lock:
            under_way -= 1
        return {"data": [{"id": at}], "total": 30}

    api.routes["/a"] = answer
    running = engine(api)
    resource = Resource("a", "a", Request("/a"), Offset(1, total_path="total"), "data")
    streams = [running.open(resource) for _ in range(2)]
    try:
        for stream in streams:
            assert len([page for pages in running.take(stream) for page in pages]) == 30
    finally:
        for stream in streams:
            running.close(stream)
    assert full.is_set()
    assert most <= EARLY_PAGES + len(streams)
