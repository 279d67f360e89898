"""Pages that are asked for before their turn change nothing but how long a walk takes."""

from __future__ import annotations

import asyncio
import gc
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.errors import BodyRejected, RequestRefused, RetriesSpent
from headrace.journal.layout import Identity, RunRecord
from headrace.journal.write import open_journal
from headrace.model.event import ignore
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import Client, Incremental, Offset, PageNumber, Request, Resource, ResponseAction, RetryPolicy
from headrace.model.position import AtOffset, Position
from headrace.run.budget import Shelf
from headrace.run.conduct import FetchedPage, Walker, drive
from headrace.run.desk import Desk, Sizes
from headrace.run.early import EARLY_PAGES, Arrived, Early, Room
from headrace.run.ends import WalkEnd
from headrace.run.resume import OpenWalk
from headrace.transport.base import Ignored
from headrace.walk.sieve import Sieve
from tests.run.room import NUMBERS, Killed, Sent, a_list, is_idle, pages
from tests.run.room import Room as RunRoom

T = TypeVar("T")
KB = 1 << 10
BUDGET = 64 * KB


@dataclass(slots=True)
class Odd:
    """An API of `count` records in pages of at most `size`; lists are looked up by page, again and again.

    `faults` are "" for none, and `turns` how long each answer takes.
    """

    count: int
    size: int
    totals: Sequence[Any] = (None,)
    mores: Sequence[Any] = (None,)
    hidden: frozenset[int] = frozenset()
    faults: Sequence[str] = ("",)
    turns: Sequence[int] = (1,)
    pads: Sequence[int] = (0,)
    asked: list[int] = field(default_factory=list)
    under_way: int = 0

    async def fetch(
        self,
        request: PageRequest,
        retry: RetryPolicy,
        accept: Callable[[Reply], T],
        actions: tuple[ResponseAction, ...] = (),
    ) -> T:
        del retry, actions
        asked = {name: int(value.literal or 0) for name, value in request.params}
        start = asked["offset"] if "offset" in asked else asked["page"] * self.size
        step = min(asked.get("limit", self.size), self.size)
        number = start // self.size
        self.asked.append(start)
        self.under_way += 1
        try:
            for _ in range(self.turns[number % len(self.turns)]):
                await asyncio.sleep(0)
            return self._answer(number, start, step, request.url, accept)
        finally:
            self.under_way -= 1

    def _answer(self, number: int, start: int, step: int, url: str, accept: Callable[[Reply], T]) -> T:
        match self.faults[number % len(self.faults)]:
            case "refused":
                raise RequestRefused(f"page {number} is refused", url=url, status=403)
            case "ignored":
                raise Ignored(f"page {number} is ignored", status=404)
            case "garbled":
                with pytest.raises(BodyRejected):
                    accept(Reply(200, {}, b"<html>", url, 0.0, 0.0))
            case "shapeless":
                try:
                    return accept(Reply(200, {}, b'{"items": [1]}', url, 0.0, 0.0))
                except BodyRejected as rejected:
                    raise RetriesSpent(f"page {number}: {rejected}", url=url) from rejected
        shown = range(start, min(start + step, self.count)) if number not in self.hidden else ()
        body = {
            "data": [{"id": one} for one in shown],
            "n": self.totals[number % len(self.totals)],
            "more": self.mores[number % len(self.mores)],
            "pad": "x" * self.pads[number % len(self.pads)],
        }
        return accept(Reply(200, {}, msgspec.json.encode(body), url, 0.0, 0.0))

    def conceal(self, request: PageRequest, text: str) -> str:
        del request
        return text


@dataclass(frozen=True, slots=True)
class Walked:
    """What is left of a walk: its pages in the journal, the records handed on in order, and how it ended."""

    pages: list[tuple[Any, ...]]
    records: list[bytes]
    end: WalkEnd


def walked(api: Odd, resource: Resource, *, early_pages: int, limit_pages: int | None = None) -> Walked:
    """One walk with a journal of its own. It leaves nothing under way, and gives back all that it took."""
    with tempfile.TemporaryDirectory() as folder, open_journal(Path(folder), Identity("p", "d", "s")) as journal:
        journal.begin(RunRecord("r", 0.0, ("items",), "p"))
        with closing(Desk(journal, "r", BUDGET, early=True)) as desk:
            room = Room(desk.shelf, early_pages)
            rule = resource.incremental
            sieve = Sieve(resource, rule) if rule else None
            walk = OpenWalk("items", resource, "f", journal.begin_walk("r", "items", "f"))
            sizes = Sizes(desk.budget)
            walker = Walker(Client("http://h"), walk, desk, emit=ignore, sizes=sizes, sieve=sieve, room=room)
            records: list[bytes] = []

            async def deliver(page: FetchedPage) -> None:
                records.extend(page.records or ())
                await asyncio.sleep(0)
                desk.budget.release(page.held_bytes or 0)

            end = asyncio.run(asyncio.wait_for(drive(walker, api, deliver, limit_pages), 10))
            assert api.under_way == 0
            assert room.pages == early_pages
            assert desk.shelf.take(BUDGET // 4)
            assert is_idle(desk)
            refs = journal.refs("r", "items")
    kept = [(ref.number, ref.position, ref.next, ref.records, ref.records_digest) for ref in refs]
    return Walked(kept, records, msgspec.structs.replace(end, error=None))


TOTALS = st.lists(
    st.sampled_from([None, 0, 3, 9, 17, 40, "17", -1, "many"]) | st.integers(0, 60), min_size=1, max_size=4
)
FAULTS = st.lists(st.sampled_from([""] * 12 + ["refused", "ignored", "garbled", "shapeless"]), min_size=1, max_size=9)
APIS = st.builds(
    Odd,
    count=st.integers(0, 45),
    size=st.integers(1, 7),
    totals=TOTALS,
    mores=st.lists(st.sampled_from([None, None, True, False, "perhaps"]), min_size=1, max_size=5),
    hidden=st.frozensets(st.integers(0, 9), max_size=2),
    faults=FAULTS,
    turns=st.lists(st.integers(0, 6), min_size=1, max_size=4),
    pads=st.lists(st.sampled_from([0, 0, 100, 3 * KB, 9 * KB]), min_size=1, max_size=3),
)
COUNTING: Any = {
    "total_path": st.sampled_from(["n", "n", None]),
    "maximum": st.sampled_from([None, None, None, 6, 12, 30]),
    "stop_after_empty_page": st.booleans(),
    "has_more_path": st.sampled_from([None, None, "more"]),
}
RULES = st.one_of(
    st.builds(Offset, st.integers(1, 9), **COUNTING), st.builds(PageNumber, size=st.sampled_from([None, 3]), **COUNTING)
)
INCREMENTS = st.none() | st.builds(
    Incremental, st.just("id"), end_value=st.integers(1, 40), row_order=st.sampled_from([None, "asc"])
)


@given(api=APIS, rule=RULES, increment=INCREMENTS, limit=st.none() | st.integers(1, 9), early=st.integers(1, 9))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_walk_with_early_pages_is_the_walk_without(
    api: Odd, rule: Offset | PageNumber, increment: Incremental | None, limit: int | None, early: int
) -> None:
    """Pages, positions, records and the end with its proof, whatever an API says and where it fails."""
    items = Resource("items", "items", Request("items"), rule, "data", incremental=increment)
    limit = limit or 30  # a page beyond all totals may be there for ever
    one_by_one = walked(api, items, early_pages=0, limit_pages=limit)
    in_order = list(api.asked)
    api.asked.clear()
    assert walked(api, items, early_pages=early, limit_pages=limit) == one_by_one
    assert set(api.asked) >= set(in_order)


ITEMS = Resource("items", "items", Request("items"), Offset(2, total_path="n"), "data")


def test_the_pages_to_the_total_are_asked_for_and_none_behind_it() -> None:
    api = Odd(11, 2, totals=(11,), turns=(5,))
    assert len(walked(api, ITEMS, early_pages=8).records) == 11
    assert sorted(api.asked) == [0, 2, 4, 6, 8, 10]


def test_what_was_asked_for_behind_the_end_is_thrown_away() -> None:
    """The total was stated too large; the empty page ends the walk, and those behind it are no pages of it."""
    api = Odd(6, 2, totals=(100,), turns=(0,))
    done = walked(api, ITEMS, early_pages=4)
    assert (len(done.pages), len(done.records), done.end.proven) == (4, 6, False)
    assert len(api.asked) > 4


def test_nothing_is_asked_for_behind_a_page_that_says_it_is_the_last() -> None:
    rule = Offset(2, total_path="n", has_more_path="more")
    api = Odd(6, 2, totals=(100,), mores=(False,), turns=(3,))
    done = walked(api, msgspec.structs.replace(ITEMS, paging=rule), early_pages=8)
    assert (done.end.stopped, done.end.proven) == ("early", False)  # the total says that there is more
    assert api.asked == [0]


def test_a_failure_that_is_thrown_away_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    async def ask(position: Position) -> Arrived:
        raise RequestRefused(f"{position} is refused", status=403)

    async def main() -> None:
        early = Early(Room(Shelf(10)), ask)
        early.foresee([AtOffset(2), AtOffset(4)], 1)
        await asyncio.sleep(0)
        assert await early.page(AtOffset(3)) is None
        await asyncio.sleep(0)
        gc.collect()
        await early.close()

    asyncio.run(main())
    assert not caplog.records


def test_pages_too_large_for_the_room_are_asked_for_in_their_turn() -> None:
    api = Odd(8, 2, totals=(8,), pads=(BUDGET // 4,), turns=(3,))
    assert len(walked(api, ITEMS, early_pages=8).records) == 8
    assert api.asked == [0, 2, 4, 6]


def test_the_pages_before_one_that_fails_count() -> None:
    api = Odd(20, 2, totals=(20,), faults=("", "", "", "refused"), turns=(9, 9, 9, 0))
    done = walked(api, ITEMS, early_pages=8)
    assert [number for number, *_ in done.pages] == [0, 1, 2]
    assert (done.end.stopped, done.end.why) == ("error", "page 3 is refused")


def test_first_pages_of_an_increment_are_followed_by_few_until_many_are_new() -> None:
    """Its bound may come with any page."""
    increment = Incremental("id", end_value=3, row_order="asc")
    items = msgspec.structs.replace(ITEMS, incremental=increment)
    api = Odd(100, 2, totals=(100,))
    assert walked(api, items, early_pages=8).end.proven
    assert len(api.asked) <= 4


# --- in a run -----------------------------------------------------------------------------------


def test_early_pages_are_under_way_at_once_but_no_more_than_their_number(room: RunRoom) -> None:
    room.api.lists = {"a": pages([KB] * 40)}
    room.api.turns = 30
    room.write(a_list("a", paginator=NUMBERS))
    report = room.run().report
    assert (report.resources["a"].pages, report.resources["a"].proof.complete) == (40, True)
    assert 4 * KB < room.api.most_in_flight <= EARLY_PAGES * (KB + 200)
    assert room.ids("a") == sorted(str(number) for number in range(40))


@pytest.mark.parametrize("options", [{"max_concurrency": 1}, {"limit_pages": 1}])
def test_no_page_is_early_where_one_at_a_time_is_allowed(room: RunRoom, options: dict[str, Any]) -> None:
    room.api.lists = {"a": pages([KB] * 10)}
    room.write(a_list("a", paginator=NUMBERS))
    room.run(**options)
    assert room.api.most_in_flight < 2 * KB


def test_nothing_is_asked_for_beyond_the_limit_of_pages(room: RunRoom) -> None:
    room.api.lists = {"a": pages([0] * 10)}
    room.write(a_list("a", paginator=NUMBERS))
    report = room.run(limit_pages=4).report
    assert (report.resources["a"].stopped, report.resources["a"].pages) == ("limit", 4)
    assert sorted(room.api.asked) == ["a@0", "a@1", "a@2", "a@3"]


def test_the_walks_of_a_child_share_one_number_of_early_pages(room: RunRoom) -> None:
    room.api.turns = 30
    room.api.lists = {f"parents/{key}": pages([8 * KB] * 6, f"{key}-") for key in range(4)}
    room.api.lists["parents"] = [Sent([{"id": key} for key in range(4)])]
    room.write(a_list("parents"), a_list("child", "parents/{resources.parents.id}", paginator=NUMBERS))
    assert room.run().report.status == "complete"
    assert len(room.ids("child")) == 24
    assert room.api.most_in_flight <= (4 + EARLY_PAGES) * 9 * KB


@pytest.mark.parametrize("at", [1, 4, 9])
def test_a_run_that_is_killed_goes_on_behind_what_had_its_turn(room: RunRoom, at: int) -> None:
    room.api.lists = {"a": pages([KB] * 12)}
    room.write(a_list("a", paginator=NUMBERS))

    def before(page: str) -> None:
        if page == f"a@{at}":
            raise Killed

    room.api.before = before
    with pytest.raises(Killed):
        room.run()
    room.api.before = lambda _page: None
    room.api.asked.clear()
    report = room.run().report
    assert (report.resources["a"].pages, report.resources["a"].resumed_pages) == (12, at)
    assert sorted(room.api.asked) == sorted(f"a@{number}" for number in range(at, 12))
    assert room.ids("a") == sorted(str(number) for number in range(12))


def test_an_interrupted_run_leaves_nothing_under_way(room: RunRoom) -> None:
    room.api.lists = {"a": pages([KB] * 12), "b": pages([KB] * 2)}
    room.api.slow = {"a": 10**9}
    room.write(a_list("a", paginator=NUMBERS))

    async def interrupted(work: Any) -> Any:
        task = asyncio.ensure_future(work)
        await room.api.is_asked.wait()
        task.cancel()
        return await task

    room.run(go=lambda work: asyncio.run(interrupted(work)))
    assert room.api.in_flight == 0
    assert is_idle(room.desks[0])
