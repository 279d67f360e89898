"""All walks of a source run side by side, ahead of whoever takes their pages, and end with them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from headrace.model.event import ignore
from headrace.model.plan import Client, Cursor, Request, Resource, SinglePage
from headrace.rest_api import rest_api_source
from headrace.rest_api.engine import AHEAD, Engine
from tests.rest_api.serving import Api

THREAD = "headrace-walks"


def resource(path: str = "/a", **more: Any) -> Resource:
    paging = Cursor("next", "cursor")
    return Resource(name="a", table="a", request=Request(path=path), selector="data", **{"paging": paging, **more})


def engine(api: Api) -> Engine:
    return Engine(Client(base_url=api.url), (), ignore)


def walkers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD]


def test_all_resources_of_a_source_are_asked_for_at_once(api: Api) -> None:
    together = threading.Barrier(3)

    def answer(_query: Mapping[str, str]) -> Any:
        together.wait(10)
        return {"data": [{"id": 1}]}

    for name in "abc":
        api.routes[f"/{name}"] = answer
    client = {"base_url": api.url, "paginator": "single_page"}
    assert len(list(rest_api_source({"client": client, "resources": ["a", "b", "c"]}))) == 3


def test_children_are_asked_for_at_once_and_come_in_the_order_of_their_parents(api: Api) -> None:
    together = threading.Barrier(4)
    api.routes["/a"] = lambda _query: [{"id": n} for n in range(4)]

    def child(n: int) -> Any:
        def answer(_query: Mapping[str, str]) -> Any:
            together.wait(10)
            return [{"n": n}]

        return answer

    for n in range(4):
        api.routes[f"/a/{n}/b"] = child(n)
    client = {"base_url": api.url, "paginator": "single_page"}
    source = rest_api_source({"client": client, "resources": ["a", {"name": "b", "endpoint": "a/{resources.a.id}/b"}]})
    assert [row["n"] for row in source.b] == [0, 1, 2, 3]


def test_a_walk_that_nobody_takes_from_stands_still(api: Api) -> None:
    api.list_of("/a", [{"id": n} for n in range(100)], size=1)
    running = engine(api)
    stream = running.open(resource())
    pages = (page for pages in running.take(stream) for page in pages)
    try:
        first = next(pages)
        assert first == [b'{"id": 0}']
        assert api.asked.total() <= AHEAD + 3
        assert [next(pages) for _ in range(20)][-1] == [b'{"id": 20}']
    finally:
        running.close(stream)


def test_an_attempt_has_the_timeout_that_dlts_settings_state(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_TIMEOUT", "0.2")
    late = threading.Event()

    def answer(_query: Mapping[str, str]) -> Any:
        if api.asked["/a"] == 1:
            late.wait(10)
        return [{"id": api.asked["/a"]}]

    api.routes["/a"] = answer
    try:
        rows = list(rest_api_source({"client": {"base_url": api.url}, "resources": ["a"]}))
    finally:
        late.set()
    assert rows == [{"id": 2}]


def test_a_walk_after_a_rest_is_announced_whatever_was_due_when_the_loop_ended(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.rest_api.engine._IDLE_S", 0.0)
    monkeypatch.setattr("headrace.rest_api.engine._PATIENCE_S", 60.0)
    monkeypatch.setattr("headrace.rest_api.engine._TICK_S", 3600.0)  # what waits for its tick goes with the loop
    api.list_of("/a", [{"id": 1}])
    others = set(walkers())  # of sources that nobody has read to their ends
    running = engine(api)
    first = running.open(resource())  # its page is announced at once, and its end is due
    next(page for pages in running.take(first) for page in pages)
    running.close(first)
    for thread in set(walkers()) - others:
        thread.join(10)
        assert not thread.is_alive()
    monkeypatch.setattr("headrace.rest_api.engine._TICK_S", 0.01)
    later = running.open(resource())
    try:
        assert [page for pages in running.take(later) for page in pages] == [[b'{"id": 1}']]
    finally:
        running.close(later)


def test_what_a_walk_fails_with_is_raised_behind_its_pages(api: Api) -> None:
    api.list_of("/a", [{"id": 1}])
    running = engine(api)
    good, bad = running.open(resource()), running.open(resource("/none"))
    try:
        assert [page for pages in running.take(good) for page in pages] == [[b'{"id": 1}']]
        with pytest.raises(Exception, match="404"):
            list(running.take(bad))
    finally:
        running.close(good)
        running.close(bad)


def test_a_wrong_base_url_fails_every_walk() -> None:
    running = Engine(Client(base_url="ftp://x"), (), ignore)
    stream = running.open(resource(paging=SinglePage()))
    try:
        with pytest.raises(Exception, match="ftp://x"):
            list(running.take(stream))
    finally:
        running.close(stream)


def test_the_thread_ends_with_its_last_walk_and_another_begins_with_the_next(api: Api) -> None:
    api.list_of("/a", [{"id": 1}])
    running = engine(api)
    before = walkers()
    for _ in range(2):
        stream = running.open(resource())
        (thread,) = [thread for thread in walkers() if thread not in before]
        assert [page for pages in running.take(stream) for page in pages] == [[b'{"id": 1}']]
        running.close(stream)
        thread.join(10)
        assert not thread.is_alive()
