"""A walk with its journal: what it remembers of its way, within a run and after a resume."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from headrace.errors import WalkStuck
from headrace.journal.layout import Identity, RunRecord
from headrace.journal.write import open_journal
from headrace.model.event import Emit, Event, Noticed, ignore
from headrace.model.page import Reply
from headrace.model.plan import Client, Cursor, Offset, Paging, Request, Resource
from headrace.model.position import Done
from headrace.run.conduct import Walker
from headrace.run.desk import Desk, Sizes
from headrace.run.resume import OpenWalk
from headrace.transport.replay import Recorded

HERE = Client("http://h")
CURSOR = Cursor("next", "c")


def replies(*bodies: str, status: int = 200) -> list[Reply]:
    return [Reply(status, {}, body.encode(), "http://h/items", 0.0, 0.0) for body in bodies]


def walker(desk: Desk, paging: Paging, emit: Emit) -> Walker:
    resource = Resource("items", "items", Request("items"), paging, "data")
    walk = OpenWalk("items", resource, "f", desk.journal.begin_walk("r", "items", "f"))
    before = desk.journal.refs("r", "items")
    return Walker(HERE, walk, desk, emit=emit, sizes=Sizes(desk.budget), before=before)


def walk(folder: Path, paging: Paging, pages: Iterable[Reply], *, restarts: bool = False, emit: Emit = ignore) -> Done:
    recorded = Recorded(pages)
    with open_journal(folder, Identity("p", "d", "s")) as journal:
        journal.begin(RunRecord("r", 0.0, ("items",), "p"))
        with closing(Desk(journal, "r", 1 << 20)) as desk:
            one = walker(desk, paging, emit)
            while not isinstance(one.position, Done):
                asyncio.run(taken(one, desk, recorded))
                one = walker(desk, paging, emit) if restarts else one
            return one.position


async def taken(walker: Walker, desk: Desk, pages: Recorded) -> None:
    """One page, whose bytes are given back at once."""
    desk.budget.release((await walker.step(pages)).held_bytes or 0)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_circle_is_noticed_by_what_the_journal_holds(tmp_path: Path, restarts: bool) -> None:
    round_ = ['{"data": [1], "next": "a"}', '{"data": [2], "next": "b"}', '{"data": [3], "next": "a"}']
    pages = replies(*round_, round_[1])
    with pytest.raises(WalkStuck, match=r"Page 3 .* same position and the same records as page 1"):
        walk(tmp_path, CURSOR, pages, restarts=restarts)


@pytest.mark.parametrize("restarts", [False, True])
def test_one_cursor_may_come_twice_with_new_records_and_not_thrice(tmp_path: Path, restarts: bool) -> None:
    pages = [f'{{"data": [{number}], "next": "same"}}' for number in range(4)]
    with pytest.raises(WalkStuck, match=r"Page 3 .* same position as pages 1 and 2"):
        walk(tmp_path, CURSOR, replies(*pages), restarts=restarts)


@pytest.mark.parametrize("restarts", [False, True])
def test_equal_pages_are_counted_and_equal_records_told_apart(tmp_path: Path, restarts: bool) -> None:
    same, alike = '{"data": [1, 2]}', '{"data": [{}, {}]}'
    with pytest.raises(WalkStuck, match=r"Page 1 .* seems to ignore"):
        walk(tmp_path / "same", Offset(2), replies(*[same] * 4), restarts=restarts)
    done = walk(tmp_path / "alike", Offset(2), replies(*[alike] * 9, '{"data": []}'), restarts=restarts)
    assert done.proven


def test_an_end_with_no_body_at_all_is_no_proof_unless_it_is_meant(tmp_path: Path) -> None:
    first = replies('{"data": [1], "next": "a"}')
    lost = walk(tmp_path / "a", CURSOR, first + replies(""), restarts=False)
    assert (lost.proven, lost.stopped) == (False, "early")
    assert "200 and without any body" in lost.why
    assert walk(tmp_path / "b", CURSOR, first + replies("", status=204), restarts=False).proven


@pytest.mark.parametrize("restarts", [False, True])
def test_a_page_that_leads_to_itself_is_not_taken_twice(tmp_path: Path, restarts: bool) -> None:
    """The cursor goes out in the wrong parameter: the API answers with its first page, and the cursor to the second."""
    same = '{"data": [1, 2], "next": "b"}'
    with pytest.raises(WalkStuck, match=r"Page 1 .* leads to itself, with the same records as page 0"):
        walk(tmp_path, CURSOR, replies(same, same, same), restarts=restarts)


def test_a_page_that_is_like_the_one_before_it_is_told_once(tmp_path: Path) -> None:
    said: list[Event] = []
    bodies = [f'{{"data": [7, {number // 2}], "next": "{number}"}}' for number in range(1, 6)]
    done = walk(tmp_path, CURSOR, replies(*bodies, '{"data": [9], "next": null}'), emit=said.append)
    assert done.proven
    told = [event.message for event in said if isinstance(event, Noticed) and "there twice" in event.message]
    assert [message.partition(" have ")[0] for message in told] == ["pages 1 and 2 (counted from 0)"]
