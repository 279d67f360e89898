"""The walks of a parent's rows: side by side, but handed on in the order of the rows, and kept within bounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from headrace.model.event import WalkEnded
from headrace.model.guess import KEY
from headrace.run import wire
from headrace.spec.read import Reading, read
from tests.run.room import Killed, Room, Sent, a_list, is_idle

KB = 1 << 10
CHILD = a_list("child", "parents/{resources.parents.id}", include_from_parent=["name"])


def family(room: Room, rows: int, pages: int, size: int = 0) -> None:
    room.api.lists = {
        f"parents/{row}": [Sent([{"id": f"{row}.{page}"}], size) for page in range(pages)] for row in range(rows)
    }
    room.api.lists["parents"] = [Sent([{"id": row, "name": f"n{row}"}]) for row in range(rows)]
    room.write(a_list("parents"), CHILD)


def in_order(rows: int, pages: int) -> list[tuple[str, str]]:
    return [(f"{row}.{page}", f"n{row}") for row in range(rows) for page in range(pages)]


def loaded(room: Room) -> list[tuple[Any, Any]]:
    return [(row["id"], row["_parents_name"]) for row in room.sinks.warehouse.tables["child"]]


@pytest.mark.parametrize("slow", [(), ("parents/0",), ("parents/0", "parents/2")])
@pytest.mark.parametrize("size", [0, 30 * KB, 150 * KB])
def test_pages_come_in_the_order_of_the_rows(room: Room, slow: Iterable[str], size: int) -> None:
    family(room, rows=5, pages=3, size=size)  # the larger ones find no room on the shelf: they are read again
    room.api.slow = dict.fromkeys(slow, 300)
    assert room.run(memory_mb=1).report.status == "complete"
    assert loaded(room) == in_order(5, 3)
    assert is_idle(room.desks[0])


def test_a_limit_ends_all_walks_and_gives_their_bytes_back(room: Room) -> None:
    family(room, rows=6, pages=2, size=4 * KB)
    room.api.slow = {"parents/0": 2000}
    report = room.run(memory_mb=1, limit_pages=3).report
    assert report.resources["child"].stopped == "limit"
    assert loaded(room) == in_order(3, 2)[:3]
    assert is_idle(room.desks[0])
    assert room.desks[0].shelf.take((1 << 20) // 5 // 4)


def test_a_limit_below_what_an_earlier_try_has_brought_leaves_no_hole(room: Room) -> None:
    family(room, rows=3, pages=5)
    room.write(a_list("parents"), CHILD, a_list("other"))
    room.api.refused = {"other"}

    def before(page: str) -> None:
        if page == "parents/0@3":
            raise Killed

    room.api.before = before
    with pytest.raises(Killed):
        room.run()
    room.api.before = lambda _: None
    assert room.run(limit_pages=2).report.resources["child"].stopped == "limit"
    assert loaded(room) == in_order(1, 3)
    room.api.refused.clear()
    assert room.run().report.status == "complete"
    assert loaded(room) == in_order(3, 5)


def test_rows_that_come_again_are_there_once_where_a_guessed_key_was_refused(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def guessing(*arguments: Any) -> Reading:
        reading = read(*arguments)
        assert reading.plan is not None
        parents, child = reading.plan.resources
        child = msgspec.structs.replace(child, guesses=frozenset({KEY}))
        return replace(reading, plan=msgspec.structs.replace(reading.plan, resources=(parents, child)))

    monkeypatch.setattr(wire, "read", guessing)
    room.api.lists = {"parents": [Sent([{"id": 0}, {"id": 1}])]}
    for row in range(2):
        same = [[{"id": 1, "at": at, "n": f"{row}{at}{n}"} for n in range(2)] for at in range(2)]
        room.api.lists[f"parents/{row}"] = [Sent(records) for records in same]
    more: dict[str, Any] = {"incremental": {"cursor_path": "at"}, "way": "merge", "primary_key": "id"}
    room.write(a_list("parents", way="replace"), a_list("child", "parents/{resources.parents.id}", **more))
    assert room.run(limit_pages=3).report.status == "incomplete"
    assert room.run().report.exit_code == 0
    everything = [f"{row}{at}{n}" for row in range(2) for at in range(2) for n in range(2)]
    assert sorted(row["n"] for row in room.sinks.warehouse.tables["child"]) == everything


def test_a_refused_row_ends_the_resource_there(room: Room) -> None:
    family(room, rows=6, pages=1)
    room.api.refused = {"parents/3"}
    report = room.run().report
    assert (report.resources["child"].stopped, report.exit_code) == ("error", 3)
    assert loaded(room) == in_order(3, 1)
    room.api.refused = set()
    assert room.run().report.status == "complete"
    assert loaded(room) == in_order(6, 1)


def test_an_ignored_row_has_no_page_and_the_others_go_on(room: Room) -> None:
    family(room, rows=3, pages=1)
    room.api.ignored = {"parents/1"}
    report = room.run().report
    assert (report.status, report.resources["child"].pages) == ("complete", 2)
    assert loaded(room) == [("0.0", "n0"), ("2.0", "n2")]


def test_what_was_fetched_before_its_turn_is_not_asked_again(room: Room) -> None:
    family(room, rows=4, pages=2)
    room.api.slow = {"parents/0": 500}

    def before(page: str) -> None:
        if page == "parents/0@1":
            raise Killed

    room.api.before = before
    with pytest.raises(Killed):
        room.run()
    room.api.asked.clear()
    room.api.before = lambda _page: None
    report = room.run().report
    assert report.status == "complete"
    assert 0 < report.resources["child"].resumed_pages == 8 - len(room.api.asked)
    assert loaded(room) == in_order(4, 2)


def test_a_parent_that_was_not_walked_to_its_end_makes_its_children_unproven(room: Room) -> None:
    family(room, rows=3, pages=1)
    report = room.run(limit_pages=2).report
    ends = {event.walk: event for event in room.events if isinstance(event, WalkEnded)}
    assert not ends["parents"].proven
    assert not report.resources["child"].proof.complete
    assert report.exit_code == 1
