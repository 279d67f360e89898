"""The report of a run is the same whatever stopped it on its way, and whenever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from headrace.journal.write import Journal
from headrace.report.collect import RunReport
from headrace.run.options import Outcome
from tests.run.room import Killed, Room, Sent, a_list, furnished

KB = 1 << 10
THINGS = a_list("things", way="merge", primary_key="id")
LISTS = {
    "things": [
        Sent([{"id": 1, "n": 1}, {"id": None}], 150 * KB),
        Sent([{"id": 2, "n": 2.5}, {"name": "no id"}], 150 * KB),
        Sent([{"id": 2, "n": 3.5, "when": "2024-01-01T00:00:00Z"}], 150 * KB),
        Sent([{"id": 3, "when": "2024-01-01T00:00:00.1234567Z"}, {"id": None}], 150 * KB),
    ]
}


def told(report: RunReport) -> dict[str, Any]:
    """What must not depend on how often a run was stopped."""
    things = report.resources["things"]
    notices = {(notice.resource, notice.message) for notice in report.notices}
    return {
        **{name: getattr(things, name) for name in ("pages", "records", "rows", "rejects", "duplicates", "proof")},
        "reasons": {(each.reason, each.records, each.page, each.record) for each in things.reject_reasons},
        "notices": notices,
        "status": report.status,
        "code": report.exit_code,
    }


@contextmanager
def begun(folder: Path) -> Iterator[Room]:
    folder.mkdir()
    with furnished(folder) as room:
        room.api.lists = dict(LISTS)
        room.write(THINGS)
        yield room


@pytest.fixture
def unkilled(tmp_path: Path) -> RunReport:
    with begun(tmp_path / "whole") as room:
        report = room.run(memory_mb=1).report
    things = report.resources["things"]
    assert (things.rejects, things.duplicates, report.exit_code) == (3, 1, 1)
    assert len(report.notices) == 2, report.notices
    return report


def kill() -> None:
    raise Killed


@pytest.mark.parametrize("after_batches", [1, 2, 3, 4])
def test_what_was_staged_before_a_kill_is_in_the_report(
    tmp_path: Path, unkilled: RunReport, after_batches: int
) -> None:
    with begun(tmp_path / "killed") as room:
        staged: list[object] = []

        def after_stage(staging: object) -> None:
            staged.append(staging)
            if len(staged) == after_batches:
                kill()

        room.sinks.after_stage = after_stage
        with pytest.raises(Killed):
            room.run(memory_mb=1)
        room.sinks.after_stage = lambda _staging: None
        assert told(room.run(memory_mb=1).report) == told(unkilled)


@pytest.mark.parametrize("moment", ["after the commit", "note_report", "finish"])
def test_a_report_outlives_a_kill_after_the_commit(
    tmp_path: Path, unkilled: RunReport, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    with begun(tmp_path / "killed") as room:
        with monkeypatch.context() as patch:
            if moment == "after the commit":
                room.sinks.after_commit = kill
            else:
                patch.setattr(Journal, moment, lambda *_: kill())
            with pytest.raises(Killed):
                room.run(memory_mb=1)
        room.sinks.after_commit = lambda: None
        (load,) = room.sinks.warehouse.loads
        asked = len(room.api.asked)
        report = room.run(memory_mb=1).report
        assert told(report) == told(unkilled)
        assert (report.load_id, room.sinks.warehouse.loads) == (load, [load])
        assert len(room.api.asked) == asked


def test_what_was_detected_before_a_kill_is_told(tmp_path: Path) -> None:
    detecting = a_list("things", way="merge", primary_key="id")
    del detecting["endpoint"]["data_selector"]

    def before(page: str) -> None:
        if page == "things@2":
            kill()

    with begun(tmp_path / "whole") as room:
        room.write(detecting)
        unkilled = room.run().report
    with begun(tmp_path / "killed") as room:
        room.write(detecting)
        room.api.before = before
        with pytest.raises(Killed):
            room.run()
        room.api.before = lambda _page: None
        killed = room.run().report
    assert any("rows" in notice.message for notice in unkilled.notices)
    assert told(killed) == told(unkilled)


def test_a_replay_of_what_is_loaded_is_no_load(tmp_path: Path, unkilled: RunReport) -> None:
    with begun(tmp_path / "again") as room:
        first = room.run(memory_mb=1).report
        again = room.run("replay", memory_mb=1).report
        assert (again.load_id, room.sinks.warehouse.loads) == (first.load_id, [first.load_id])
        assert told(again) == told(unkilled)


def test_a_run_that_a_refusal_stopped_counts_all_its_tries(room: Room) -> None:
    room.api.lists = dict(LISTS) | {"others": [Sent([{"id": 1}])]}
    room.api.refused = {"others"}
    room.write(THINGS, a_list("others"))
    first = room.run().report
    assert (first.status, first.resources["things"].rejects) == ("failed", 3)
    room.api.refused = set()
    second = room.run().report
    assert second.resources["things"].rejects == 3
    assert second.resources["things"].rows == first.resources["things"].rows
    assert second.resources["others"].rows == {"others": 1}
    assert second.load_id != first.load_id


def test_a_ctrl_c_during_the_commit_comes_too_late(room: Room) -> None:
    room.api.lists = {"things": [Sent([{"id": 1}])]}
    room.write(THINGS)
    cancel: list[Callable[[], None]] = []

    def go(work: Coroutine[Any, Any, Outcome]) -> Outcome:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            task = loop.create_task(work)

            def stop() -> None:
                cancelled = threading.Event()
                loop.call_soon_threadsafe(task.cancel)
                for _ in range(3):  # the loop has gone on since, and the task has had its chance to end
                    cancelled.clear()
                    loop.call_soon_threadsafe(cancelled.set)
                    cancelled.wait()

            cancel.append(stop)
            return loop.run_until_complete(task)

    room.sinks.before_commit = lambda: cancel[0]()  # noqa: PLW0108 - it is not there yet
    outcome = room.run(go=go)
    assert (outcome.report.status, outcome.exit_code) == ("complete", 0)
    assert outcome.report.resources["things"].rows == {"things": 1}
    assert room.ids("things") == [1]


def test_a_ctrl_c_after_the_commit_stops_nothing(room: Room) -> None:
    room.api.lists = {"things": [Sent([{"id": 1}])]}
    room.write(THINGS)

    async def interrupted(work: Coroutine[Any, Any, Outcome]) -> Outcome:
        task = asyncio.ensure_future(work)
        room.leaving = task.cancel
        return await task

    outcome = room.run(go=lambda work: asyncio.run(interrupted(work)))
    assert (outcome.report.status, outcome.report.resources["things"].rows) == ("complete", {"things": 1})


def test_a_ctrl_c_before_the_commit_stops_the_run(room: Room) -> None:
    room.api.lists = {"things": [Sent([{"id": 1}])]}
    room.api.turns = 1 << 30
    room.write(THINGS)

    def go(work: Coroutine[Any, Any, Outcome]) -> Outcome:
        async def interrupted() -> Outcome:
            task = asyncio.ensure_future(work)
            await room.api.is_asked.wait()
            task.cancel()
            return await task

        return asyncio.run(interrupted())

    outcome = room.run(go=go)
    assert outcome.exit_code == 130
    room.api.turns = 1
    assert room.run().report.status == "complete"


def test_the_watermark_is_where_the_next_run_begins(room: Room) -> None:
    room.api.lists = {"things": [Sent([{"id": 1, "at": "2024-01-03"}, {"id": 2, "at": "2024-01-05"}])]}
    increment = {"cursor_path": "at", "initial_value": "2024-01-01"}
    room.write(a_list("things", incremental=increment))
    assert room.run().report.resources["things"].watermark == "2024-01-05"
    room.api.refused = {"things"}
    assert room.run().report.resources["things"].watermark is None
