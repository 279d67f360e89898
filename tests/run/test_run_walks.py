"""How a walk goes on, stops and is taken up again; and what reaches the warehouse of it, and when."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.errors import ConfigError
from headrace.model.event import Noticed
from headrace.sinks.base import Staging
from tests.run.room import Killed, Room, Sent, a_list, pages

KB = 1 << 10


def kill_at(wanted: str) -> Any:
    def before(page: str) -> None:
        if page == wanted:
            raise Killed

    return before


def test_a_page_is_in_the_journal_before_the_next_is_asked_for(room: Room) -> None:
    room.api.lists = {"a": pages([0] * 5)}
    room.write(a_list("a"))
    held: list[int] = []

    def before(_page: str) -> None:
        state = room.desks[0].journal.walk(room.desks[0].run_id, "a")
        held.append(state.pages if state else 0)

    room.api.before = before
    room.run()
    assert held == [0, 1, 2, 3, 4]


def test_a_killed_walk_goes_on_at_its_next_page(room: Room) -> None:
    room.api.lists = {"a": pages([0] * 5)}
    room.write(a_list("a"))
    room.api.before = kill_at("a@3")
    with pytest.raises(Killed):
        room.run()
    room.api.before = lambda _page: None
    room.api.asked.clear()
    report = room.run().report
    assert room.api.asked == ["a@3", "a@4"]
    assert (report.resumed, report.resources["a"].pages, report.resources["a"].resumed_pages) == (True, 5, 3)
    assert room.ids("a") == list("01234")


def test_a_limit_is_no_end(room: Room) -> None:
    room.api.lists = {"a": pages([0] * 3)}
    room.write(a_list("a"))
    report = room.run(limit_pages=2).report
    assert (report.resources["a"].stopped, report.exit_code) == ("limit", 1)
    assert room.ids("a") == ["0", "1"]


def test_an_ignored_reply_ends_the_walk_for_good(room: Room) -> None:
    room.api.ignored = {"a"}
    room.write(a_list("a"))
    report = room.run("fetch").report
    assert report.resources["a"].proof.complete
    assert room.run().report.status == "complete"
    assert room.api.asked == ["a@0"]


def test_small_pages_are_gathered_and_nothing_waits_for_the_last(room: Room) -> None:
    staged: list[Staging] = []
    room.sinks.after_stage = staged.append
    room.api.lists = {"a": pages([KB] * 30)}
    room.write(a_list("a"))
    room.run()
    assert [(each.first_page, each.watermark.pages) for each in staged] == [(0, 30)]


def test_the_warehouse_takes_only_what_is_synced(room: Room) -> None:
    unsynced: list[int] = []

    def after_stage(staging: Staging) -> None:
        desk = room.desks[0]
        unsynced.append(staging.watermark.pages - desk.journal.synced_pages(desk.run_id, "a"))

    room.sinks.after_stage = after_stage
    room.api.lists = {"a": pages([150 * KB] * 4)}
    room.write(a_list("a"))
    room.run(memory_mb=1)
    assert unsynced
    assert max(unsynced) <= 0


def test_what_is_staged_is_not_staged_again(room: Room) -> None:
    room.api.lists = {"a": pages([150 * KB] * 4)}
    room.write(a_list("a"))
    room.api.before = kill_at("a@3")
    with pytest.raises(Killed):
        room.run(memory_mb=1)
    taken = room.sinks.warehouse.staged_marks["a"].pages if room.sinks.warehouse.staged_marks else 0
    again: list[int | None] = []
    room.sinks.after_stage = lambda staging: again.append(staging.first_page)
    room.api.before = lambda _page: None
    room.run(memory_mb=1)
    assert again[0] == taken
    assert room.ids("a") == list("0123")


def test_a_changed_walk_starts_again_and_says_so(room: Room) -> None:
    room.api.lists = {"a": pages([0] * 3), "b": pages([0] * 3, "b")}
    room.write(a_list("a"))
    room.api.before = kill_at("a@2")
    with pytest.raises(Killed):
        room.run()
    room.write(a_list("a", "b"))
    room.api.before = lambda _page: None
    room.run()
    assert any(isinstance(event, Noticed) and "starts again" in event.message for event in room.events)
    assert room.ids("a") == ["b0", "b1", "b2"]


def test_a_new_run_abandons_the_unfinished_one(room: Room) -> None:
    room.api.lists = {"a": pages([0] * 3)}
    room.write(a_list("a"))
    assert room.run("fetch").report.run_id == room.run("fetch").report.run_id
    first = room.run("fetch").report.run_id
    assert room.run(new=True).report.run_id != first
    assert room.api.asked.count("a@0") == 2


def test_a_finished_run_is_not_resumed(room: Room) -> None:
    room.api.lists = {"a": [Sent([{"id": 1}])]}
    room.write(a_list("a"))
    assert room.run().report.run_id != room.run().report.run_id
    assert room.ids("a") == [1, 1]


def test_a_replay_without_a_run_is_refused(room: Room) -> None:
    room.write(a_list("a"))
    with pytest.raises(ConfigError, match="no run to replay"):
        room.run("replay")


def test_another_table_takes_all_of_an_unfinished_run(room: Room) -> None:
    room.api.lists = {"a": pages([0] * 3), "c": [Sent()]}
    room.api.refused = {"c"}
    room.write(a_list("a"), a_list("c"))
    room.run()
    room.write(a_list("a", table_name="elsewhere"), a_list("c"))
    room.api.refused = set()
    report = room.run().report
    assert report.resources["a"].rows == {"elsewhere": 3}
    assert room.api.asked.count("a@0") == 1
    assert room.ids("elsewhere") == ["0", "1", "2"]


def test_chosen_resources_leave_the_others_open(room: Room) -> None:
    room.api.lists = {"a": pages([0] * 2), "b": pages([0] * 2)}
    room.write(a_list("a"), a_list("b"))
    room.api.refused = {"b"}
    first = room.run().report.run_id
    room.api.refused = set()
    assert room.run(resources=("a",)).report.run_id == first
    assert room.run().report.run_id == first
    assert len(room.ids("b")) == 2
