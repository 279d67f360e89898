"""Rows of a parent that are asked for together: each once, in their order, in batches of the stated size."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.model.event import Noticed
from tests.run.room import Killed, Room, Sent, a_list, furnished

PAGES = st.lists(st.lists(st.none() | st.integers(0, 9), max_size=6), min_size=1, max_size=4)


class Kids(dict[str, list[Sent]]):
    """Lists of which each is asked for by ids in its path; every id has a record on each of `pages` pages."""

    pages = 1

    def get(self, path: str, default: Any = None) -> Any:
        what, _, ids = path.partition("/")
        if what != "kids":
            return super().get(path, default)
        return [Sent([{"id": f"{each}.{page}", "of": ids} for each in ids.split(",")]) for page in range(self.pages)]


def parents(pages: Sequence[Sequence[int | None]]) -> list[Sent]:
    return [Sent([{"id": each, "team": (each or 0) // 5} for each in page]) for page in pages]


def distinct(pages: Sequence[Sequence[int | None]]) -> list[int]:
    return list(dict.fromkeys(each for page in pages for each in page if each is not None))


@contextmanager
def a_family(
    pages: Sequence[Sequence[int | None]], size: int, path: str = "kids/{{resources.parents.id:batch({})}}"
) -> Iterator[Room]:
    with tempfile.TemporaryDirectory() as folder, furnished(Path(folder)) as room:
        room.api.lists = Kids(parents=parents(pages))
        room.write(a_list("parents"), a_list("kids", path.format(size)))
        yield room


def batches(room: Room) -> list[list[int]]:
    """The ids of each batch whose first page was asked for."""
    paths = [page.removesuffix("@0") for page in room.api.asked if page.startswith("kids/") and page.endswith("@0")]
    return [[int(each) for each in path.removeprefix("kids/").split(",")] for path in paths]


def loaded(room: Room) -> list[Any]:
    return [row["id"] for row in room.sinks.warehouse.tables.get("kids", [])]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(pages=PAGES, size=st.integers(1, 5), of_each=st.integers(1, 3))
def test_each_row_is_asked_once_in_order_and_in_full_batches(
    pages: list[list[int | None]], size: int, of_each: int
) -> None:
    wanted = distinct(pages)
    with a_family(pages, size) as room:
        room.api.lists.pages = of_each  # type: ignore[attr-defined]
        report = room.run().report
        assert batches(room) == [wanted[at : at + size] for at in range(0, len(wanted), size)]
        assert loaded(room) == [
            f"{each}.{page}"
            for at in range(0, len(wanted), size)
            for page in range(of_each)
            for each in wanted[at : at + size]
        ]
        assert report.resources["kids"].rejects == sum(each is None for page in pages for each in page)
        repeated = sum(each is not None for page in pages for each in page) - len(wanted)
        told = [each.message for each in room.events if isinstance(each, Noticed) and "earlier row" in each.message]
        assert [int(each.split()[0]) for each in told] == ([repeated] if repeated else [])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(pages=PAGES, size=st.integers(1, 5), killed_at=st.integers(0, 12))
def test_a_run_that_is_killed_anywhere_ends_with_the_same_batches(
    pages: list[list[int | None]], size: int, killed_at: int
) -> None:
    wanted = distinct(pages)
    with a_family(pages, size) as room:
        asked = 0

        def before(_: str) -> None:
            nonlocal asked
            asked += 1
            if asked == killed_at:
                raise Killed

        room.api.before = before
        try:
            room.run()
        except Killed:
            room.run()
        assert sorted(loaded(room)) == sorted(f"{each}.0" for each in wanted)
        assert {tuple(each) for each in batches(room)} == {
            tuple(wanted[at : at + size]) for at in range(0, len(wanted), size)
        }


def test_rows_wait_for_their_batch_while_their_parent_is_to_be_gone_on_with() -> None:
    with a_family([[1, 2, 3], [4, 5, 6]], size=4) as room:
        room.api.before = lambda page: room.api.refused.add("parents") if page == "parents@1" else None
        assert room.run().report.exit_code == 3
        assert batches(room) == []
        room.api.before = lambda _: None
        room.api.refused.clear()
        assert room.run().report.status == "complete"
        assert batches(room) == [[1, 2, 3, 4], [5, 6]]


def test_a_limit_asks_for_a_batch_that_is_not_full() -> None:
    with a_family([[1, 2, 3], [4, 5, 6]], size=4) as room:
        room.run(limit_pages=1)
        assert batches(room) == [[1, 2, 3]]


def test_a_batch_that_a_limit_made_is_still_one_when_its_run_goes_on_without() -> None:
    with a_family([[1, 2], [3, 4], [5]], size=3) as room:
        room.write(a_list("parents"), a_list("kids", "kids/{resources.parents.id:batch(3)}"), a_list("other"))
        room.api.refused = {"other"}
        assert room.run(limit_pages=1).report.exit_code == 3
        room.api.refused.clear()
        assert room.run().report.status == "complete"
        assert batches(room) == [[1, 2], [3, 4, 5]]
        assert loaded(room) == [f"{each}.0" for each in (1, 2, 3, 4, 5)]


def test_a_batch_that_ends_with_a_failed_grandparent_is_still_one_when_its_run_goes_on() -> None:
    with a_family([], size=3) as room:
        room.api.lists |= {
            "regions": [Sent([{"id": "north"}]), Sent([{"id": "south"}])],
            "north": [Sent([{"id": 1}, {"id": 2}])],
            "south": [Sent([{"id": 3}, {"id": 4}])],
        }
        parent = a_list("parents", "{resources.regions.id}")
        room.write(a_list("regions"), parent, a_list("kids", "kids/{resources.parents.id:batch(3)}"))
        room.api.before = lambda page: room.api.refused.add("regions") if page == "regions@1" else None
        assert room.run().report.exit_code == 3
        room.api.before = lambda _: None
        room.api.refused.clear()
        assert room.run().report.status == "complete"
        assert loaded(room) == [f"{each}.0" for each in (1, 2, 3, 4)]


def test_values_that_are_written_in_two_ways_are_not_shared() -> None:
    path = "kids/{{resources.parents.id:batch({})}}/{{resources.parents.team}}"
    with a_family([], size=3, path=path) as room:
        room.api.lists["parents"] = [Sent([{"id": 1, "team": 1}, {"id": 2, "team": 1.0}, {"id": 3, "team": True}])]
        room.run()
        asked = [page for page in room.api.asked if page.startswith("kids/")]
        assert asked == ["kids/1/1@0", "kids/2/1.0@0", "kids/3/True@0"]


def test_a_batch_ends_where_a_value_that_its_rows_share_changes() -> None:
    path = "kids/{{resources.parents.id:batch({})}}/{{resources.parents.team}}"
    with a_family([[1, 2, 6, 7], [8, 3]], size=3, path=path) as room:
        room.run()
        asked = [page for page in room.api.asked if page.startswith("kids/")]
        assert asked == ["kids/1,2/0@0", "kids/6,7,8/1@0", "kids/3/0@0"]


def test_the_end_of_batches_is_told_as_theirs() -> None:
    with a_family([[1, 2, 3]], size=2) as room:
        why = room.run().report.resources["kids"].proof.why
    assert why == "all 2 walks, one for each batch of rows of its parent, came to their end"


def test_a_refused_batch_ends_the_resource_there_and_is_asked_again_alone() -> None:
    with a_family([[1, 2, 3, 4, 5]], size=2) as room:
        room.api.refused = {"kids/3,4"}
        assert room.run().report.resources["kids"].stopped == "error"
        assert loaded(room) == ["1.0", "2.0"]
        room.api.refused.clear()
        room.api.asked.clear()
        assert room.run().report.status == "complete"
        assert loaded(room) == [f"{each}.0" for each in (1, 2, 3, 4, 5)]
        assert [3, 4] in batches(room)
        assert [1, 2] not in batches(room)


@pytest.mark.parametrize("word", ["a,b", ""])
def test_a_value_that_cannot_be_told_apart_is_a_reject(word: str) -> None:
    with a_family([[1, 2]], size=2) as room:
        room.api.lists["parents"] = [Sent([{"id": 1}, {"id": word}, {"id": 2}])]
        report = room.run().report
        assert report.resources["kids"].rejects == 1
        assert batches(room) == [[1, 2]]
