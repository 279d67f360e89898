"""A walk that is not done in the time that it has: what came of it is loaded, and the next run goes on with it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from headrace.errors import ConfigError
from headrace.run.choices import chosen
from tests.run.room import NUMBERS, Room, Sent, a_list, is_idle, pages

FOR_EVER = 10**9
HUNG = 0.3


def within(name: str, path: str | None = None, *, seconds: float = HUNG, **more: Any) -> dict[str, Any]:
    resource = a_list(name, path, **more)
    resource["endpoint"]["deadline_s"] = seconds
    return resource


def hang_at(room: Room, *wanted: str) -> None:
    """These pages never come; before they are asked for, the API is as quick as ever."""

    def before(page: str) -> None:
        room.api.turns = FOR_EVER if page in wanted else 1

    room.api.before = before


def heal(room: Room) -> None:
    room.api.before = lambda _page: None
    room.api.turns = 1
    room.api.slow = {}
    room.api.asked.clear()


@pytest.mark.parametrize("way", ["append", "merge"])
def test_what_came_before_the_deadline_is_loaded_and_the_next_run_goes_on(room: Room, way: str) -> None:
    room.api.lists = {"a": pages([0] * 5), "b": pages([0] * 2)}
    room.write(within("a", way=way, primary_key="id"), a_list("b"))
    hang_at(room, "a@3")
    outcome = room.run()
    told = outcome.report.resources["a"]
    assert (outcome.exit_code, told.stopped, told.proof.complete) == (1, "early", False)
    assert "deadline of 0.3 s" in told.proof.why
    assert room.ids("a") == ["0", "1", "2"]
    assert room.ids("b") == ["0", "1"]
    assert is_idle(room.desks[0])
    heal(room)
    outcome = room.run()
    assert room.api.asked == ["a@3", "a@4"]
    assert (outcome.exit_code, outcome.report.resumed) == (0, True)
    assert room.ids("a") == list("01234")
    assert room.ids("b") == ["0", "1"]


def test_a_table_that_is_replaced_waits_for_the_whole_walk(room: Room) -> None:
    room.write(within("a", way="replace", seconds=5))
    room.api.lists = {"a": [Sent([{"id": "old"}])]}
    assert room.run().exit_code == 0
    room.write(within("a", way="replace"))
    room.api.lists = {"a": pages([0] * 3)}
    hang_at(room, "a@2")
    assert room.run().exit_code == 1
    assert room.ids("a") == ["old"]
    heal(room)
    assert room.run().exit_code == 0
    assert room.ids("a") == ["0", "1", "2"]


def test_pages_that_were_asked_for_early_do_not_outlive_the_deadline(room: Room) -> None:
    room.api.lists = {"a": pages([0] * 6)}
    room.write(within("a", paginator=NUMBERS))
    hang_at(room, *(f"a@{page}" for page in range(2, 6)))
    assert room.run().exit_code == 1
    assert room.ids("a") == ["0", "1"]
    assert is_idle(room.desks[0])
    heal(room)
    assert room.run().exit_code == 0
    assert room.ids("a") == list("012345")


def test_the_walks_of_a_parents_rows_have_one_deadline_and_are_loaded_in_order(room: Room) -> None:
    rows = range(4)
    room.api.lists = {f"parents/{row}": [Sent([{"id": f"{row}{page}"}]) for page in range(3)] for row in rows}
    room.api.lists["parents"] = [Sent([{"id": row}]) for row in rows]
    room.write(a_list("parents"), within("child", "parents/{resources.parents.id}"))
    room.api.slow = {"parents/2": FOR_EVER}
    outcome = room.run()
    assert (outcome.exit_code, outcome.report.resources["child"].stopped) == (1, "early")
    assert outcome.report.resources["parents"].proof.complete
    assert room.ids("child") == ["00", "01", "02", "10", "11", "12"]
    assert is_idle(room.desks[0])
    heal(room)
    assert room.run().exit_code == 0
    assert not {"parents@0", "parents/0@0", "parents/1@2"} & set(room.api.asked)
    assert room.ids("child") == sorted(f"{row}{page}" for row in rows for page in range(3))


def test_the_children_of_a_parent_that_ran_out_of_time_go_on_with_it(room: Room) -> None:
    room.api.lists = {f"parents/{row}": [Sent([{"id": str(row)}])] for row in range(4)}
    room.api.lists["parents"] = [Sent([{"id": row}]) for row in range(4)]
    room.write(within("parents"), a_list("child", "parents/{resources.parents.id}"))
    hang_at(room, "parents@2")
    report = room.run().report
    assert (report.exit_code, report.resources["child"].proof.complete) == (1, False)
    assert room.ids("child") == ["0", "1"]
    heal(room)
    assert room.run().exit_code == 0
    assert room.ids("child") == ["0", "1", "2", "3"]


def test_an_increment_stays_where_it_was_until_the_walk_is_at_its_end(room: Room) -> None:
    room.api.lists = {"a": [Sent([{"id": str(n), "at": 9 - n}]) for n in range(4)]}  # the newest first
    room.write(within("a", incremental={"cursor_path": "at"}))
    hang_at(room, "a@2")
    assert room.run().report.resources["a"].watermark is None
    heal(room)
    assert room.run().exit_code == 0
    assert room.ids("a") == ["0", "1", "2", "3"]
    room.api.lists["a"].insert(0, Sent([{"id": "4", "at": 10}]))
    assert room.run().exit_code == 0
    assert room.ids("a") == ["0", "1", "2", "3", "4"]


def test_a_fetch_that_ran_out_of_time_goes_on_as_well(room: Room) -> None:
    room.api.lists = {"a": pages([0] * 4)}
    room.write(within("a"))
    hang_at(room, "a@2")
    assert room.run("fetch").exit_code == 1
    heal(room)
    assert room.run("replay").exit_code == 1
    assert room.ids("a") == ["0", "1"]
    assert room.run().exit_code == 0
    assert room.api.asked == ["a@2", "a@3"]
    assert room.ids("a") == list("0123")


def test_the_option_wins_over_the_document_and_holds_for_every_resource(room: Room) -> None:
    room.api.lists = {"a": pages([0] * 2), "b": pages([0] * 2)}
    room.write(within("a", seconds=60), a_list("b"))
    hang_at(room, "a@1", "b@1")
    began = time.monotonic()
    report = room.run(walk_deadline=0.2).report
    assert time.monotonic() - began < 5
    assert [report.resources[name].stopped for name in "ab"] == ["early", "early"]
    assert report.pages == 2


def answer_late(room: Room) -> None:
    """Each answer takes longer than the deadline."""

    def before(_page: str) -> None:
        time.sleep(0.03)

    room.api.before, room.api.turns = before, 50


def test_a_deadline_shorter_than_one_answer_lets_each_run_bring_a_page(room: Room) -> None:
    room.api.lists = {"a": pages([0] * 3)}
    room.write(within("a", seconds=0.01))
    answer_late(room)
    assert [(room.run().exit_code, room.ids("a")) for _ in range(3)] == [
        (1, ["0"]),
        (1, ["0", "1"]),
        (0, ["0", "1", "2"]),
    ]
    assert room.api.asked == ["a@0", "a@1", "a@2"]


def test_so_do_the_walks_of_a_parents_rows(room: Room) -> None:
    room.api.lists = {f"parents/{row}": [Sent([{"id": str(row)}])] for row in range(3)}
    room.api.lists["parents"] = [Sent([{"id": row} for row in range(3)])]
    room.write(a_list("parents"), within("child", "parents/{resources.parents.id}", seconds=0.01))
    answer_late(room)
    loaded = []
    for _ in range(3):
        room.run()
        loaded.append(room.ids("child"))
    assert loaded == [["0"], ["0", "1"], ["0", "1", "2"]]


def test_the_first_answer_is_not_waited_for_without_an_end(room: Room) -> None:
    room.api.lists = {"a": pages([0] * 2)}
    resource = within("a", seconds=0.1)
    resource["endpoint"]["retry"] = {"timeout_s": 0.3}
    room.write(resource)
    room.api.slow = {"a": FOR_EVER}
    began = time.monotonic()
    told = room.run().report.resources["a"]
    assert time.monotonic() - began < 5
    assert (told.stopped, told.pages) == ("early", 0)
    assert told.proof.why == "the deadline of 0.1 s is over, and no answer came in 0.3 s: state a longer one"


def test_a_walk_that_is_done_in_time_ends_as_ever(room: Room) -> None:
    room.api.lists = {"a": pages([0] * 3)}
    room.write(within("a", seconds=60))
    assert room.run().report.resources["a"].proof.complete


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_a_deadline_that_cannot_be_is_refused(seconds: float) -> None:
    with pytest.raises(ConfigError, match="walk_deadline"):
        chosen("x", "run", {"walk_deadline": seconds})
