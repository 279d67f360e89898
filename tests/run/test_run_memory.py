"""A run holds no more bytes than it may, and never waits for bytes that nobody gives back."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.run.room import CURSOR, NUMBERS, Room, Sent, a_list, furnished, is_idle, pages

KB, MB = 1 << 10, 1 << 20
# The last figures are those that hung: batches in the making held what the next page waited for.
SIZES = st.lists(st.sampled_from([0, 1 * KB, 30 * KB, 99 * KB, 101 * KB, 210 * KB, 700 * KB]), min_size=1, max_size=5)


def test_a_large_page_after_a_small_one_is_let_through(room: Room) -> None:
    room.api.lists["a"] = pages([130 * KB, 940 * KB, 26 * KB])
    room.write(a_list("a"))
    assert room.run(memory_mb=5).report.status == "complete"
    assert room.ids("a") == ["0", "1", "2"]


def test_a_child_does_not_wait_for_what_it_has_gathered(room: Room) -> None:
    room.api.lists = {"parents": [Sent([{"id": 0}])], "parents/0": pages([30 * KB, 140 * KB])}
    room.api.slow = {"parents/0": 200}  # the first page lies in a batch long before the second is there
    room.write(a_list("parents"), a_list("child", "parents/{resources.parents.id}"))
    assert room.run(memory_mb=1).report.status == "complete"
    assert room.ids("child") == ["0", "1"]


@pytest.mark.parametrize("walks", [2, 40])
def test_batches_in_the_making_of_many_walks_let_go(room: Room, walks: int) -> None:
    names = [f"w{number}" for number in range(walks)]
    room.api.lists = {name: pages([2 * KB, 208 * KB, 3 * KB], name) for name in names}
    room.write(*map(a_list, names))
    assert room.run(memory_mb=1).report.status == "complete"
    assert all(len(room.ids(name)) == 3 for name in names)


@given(
    memory_mb=st.integers(1, 4),
    turns=st.integers(0, 3),
    roots=st.lists(SIZES, min_size=1, max_size=5),
    children=st.lists(SIZES, max_size=6),
    selected=st.booleans(),
    paginators=st.lists(st.sampled_from([CURSOR, NUMBERS]), min_size=8, max_size=8),
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_run_hangs_whatever_the_sizes_the_budget_and_the_walks(
    *,
    memory_mb: int,
    turns: int,
    roots: list[list[int]],
    children: list[list[int]],
    selected: bool,
    paginators: list[dict[str, Any]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, furnished(Path(folder)) as room:
        room.api.turns = turns
        names = [f"w{number}" for number in range(len(roots))]
        room.api.lists = {name: pages(sizes, name) for name, sizes in zip(names, roots, strict=True)}
        keys = list(range(len(children)))
        twos = range(0, max(len(keys), 1), 2)
        room.api.lists["parents"] = [Sent([{"id": key} for key in keys[at : at + 2]], 40 * KB) for at in twos]
        for key, sizes in zip(keys, children, strict=True):
            room.api.lists[f"parents/{key}"] = pages(sizes, f"{key}-")
            room.api.lists |= {f"child/{key}-{at}": pages(sizes[at:], f"{key}-{at}-") for at in range(len(sizes))}
        room.write(
            *(a_list(name, paginator=each) for name, each in zip(names, paginators, strict=False)),
            a_list("parents", selected=selected, paginator=paginators[5]),
            a_list("child", "parents/{resources.parents.id}", paginator=paginators[6]),
            a_list("grandchild", "child/{resources.child.id}", paginator=paginators[7]),
        )
        outcome = room.run(memory_mb=memory_mb)
        assert outcome.report.status == "complete", outcome.report
        assert [len(room.ids(name)) for name in names] == [len(sizes) for sizes in roots]
        assert len(room.ids("child")) == sum(map(len, children))
        again = room.run("replay", memory_mb=memory_mb)
        assert again.report.status == "complete", again.report
        assert all(map(is_idle, room.desks))


@pytest.mark.parametrize("paginator", [CURSOR, NUMBERS])
def test_pages_in_flight_are_within_the_budget(room: Room, paginator: dict[str, Any]) -> None:
    names = [f"w{number}" for number in range(6)]
    room.api.turns = 20
    room.api.lists = {name: pages([MB] * 3, name) for name in names}
    room.write(*(a_list(name, paginator=paginator) for name in names))
    assert room.run(memory_mb=10).report.status == "complete"
    assert room.api.most_in_flight <= 4 * (MB + KB)


def test_early_pages_of_many_walks_share_one_part_of_the_budget(room: Room) -> None:
    """A fifth of 20 MB is for pages, a quarter of that for early ones; each is taken for twice its body."""
    names = [f"w{number}" for number in range(6)]
    room.api.turns = 20
    room.api.lists = {name: pages([100 * KB] * 30, name) for name in names}
    room.write(*(a_list(name, paginator=NUMBERS) for name in names))
    assert room.run(memory_mb=20).report.status == "complete"
    assert room.api.most_in_flight > 6 * 100 * KB
    assert room.api.most_in_flight <= 4 * MB // 4 // 2 + 6 * 101 * KB


def test_early_pages_of_a_parent_do_not_starve_its_children(room: Room) -> None:
    """The parent's pages wait for the child to take their rows, and the child for bytes."""
    room.api.lists = {f"parents/{key}": pages([90 * KB], f"{key}-") for key in range(1200)}
    room.api.lists["parents"] = [Sent([{"id": key} for key in range(at, at + 150)]) for at in range(0, 1200, 150)]
    room.write(a_list("parents", selected=False, paginator=NUMBERS), a_list("child", "parents/{resources.parents.id}"))
    assert room.run(memory_mb=1).report.status == "complete"
    assert len(room.ids("child")) == 1200


def test_a_fetch_is_within_the_budget_too(room: Room) -> None:
    names = [f"w{number}" for number in range(6)]
    room.api.turns = 20
    room.api.lists = {name: pages([MB] * 3, name) for name in names}
    room.write(*map(a_list, names))
    assert room.run("fetch", memory_mb=10).report.status == "complete"
    assert room.api.most_in_flight <= 4 * (MB + KB)


def test_the_walks_of_a_child_are_within_the_budget(room: Room) -> None:
    room.api.turns = 20
    room.api.lists = {f"parents/{key}": pages([MB] * 2, f"{key}-") for key in range(8)}
    room.api.lists["parents"] = [Sent([{"id": key} for key in range(8)])]
    room.write(a_list("parents"), a_list("child", "parents/{resources.parents.id}"))
    assert room.run(memory_mb=14).report.status == "complete"
    assert room.api.most_in_flight <= 4 * (MB + KB)
    assert len(room.ids("child")) == 16


def test_a_walk_that_fails_gives_its_bytes_back(room: Room) -> None:
    room.api.lists = {"a": pages([700 * KB] * 4), "b": pages([700 * KB] * 4)}
    room.api.refused = {"a"}
    room.write(a_list("a"), a_list("b"))
    outcome = room.run(memory_mb=1)
    assert (outcome.report.resources["a"].stopped, outcome.report.resources["b"].stopped) == ("error", "end")
    assert len(room.ids("b")) == 4
    assert is_idle(room.desks[0])


def test_a_page_that_cannot_be_sifted_gives_its_bytes_back(room: Room) -> None:
    room.api.lists = {"a": pages([700 * KB] * 4), "b": pages([700 * KB] * 4)}
    increment = {"cursor_path": "at", "initial_value": "2024"}
    room.write(a_list("a", incremental=increment), a_list("b"))
    outcome = room.run(memory_mb=1)
    assert (outcome.report.resources["a"].stopped, outcome.report.resources["b"].stopped) == ("error", "end")
    assert is_idle(room.desks[0])
