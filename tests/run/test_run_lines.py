"""Requests that take values of rows above their parent's: each line of rows is asked once, in the order of its rows."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.model.event import Noticed
from tests.run.room import Killed, Room, Sent, a_list, furnished

TEAMS = 3
ORGS = st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(0, TEAMS - 1)), max_size=4), min_size=1, max_size=3)
REPOS = st.lists(st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=2), min_size=TEAMS, max_size=TEAMS)
"""Of each team the pages of its repositories; any two may have some of the same name."""


class Forge(dict[str, list[Sent]]):
    """Orgs of teams, repos of teams, and whatever else is asked for: one record that says which request gave it."""

    def get(self, path: str, default: Any = None) -> Any:
        return super().get(path, [Sent([{"id": path}])] if path.startswith(("issues", "labels")) else default)


RESOURCES = (
    a_list("orgs"),
    a_list("repos", "repos/{resources.orgs.team}"),
    a_list(
        "issues",
        "issues/{resources.orgs.id}/{resources.repos.name}",
        include_from_parent=["name", "{resources.orgs.id}"],
    ),
    a_list("labels", "labels/{resources.orgs.id}/{resources.issues.id}"),
)


@contextmanager
def a_forge(orgs: Sequence[Sequence[Any]], repos: Sequence[Sequence[Sequence[Any]]]) -> Iterator[Room]:
    with tempfile.TemporaryDirectory() as folder, furnished(Path(folder)) as room:
        room.api.lists = Forge(
            orgs=[Sent([{"id": org, "team": team} for org, team in page]) for page in orgs],
            **{
                f"repos/{team}": [Sent([{"name": name} for name in page]) for page in pages]
                for team, pages in enumerate(repos)
            },
        )
        room.write(*RESOURCES)
        yield room


def lines(orgs: Sequence[Sequence[Any]], repos: Sequence[Sequence[Sequence[Any]]]) -> list[tuple[Any, Any]]:
    """Each pair of an org and a repo of its team, in order, once."""
    found = [
        (org, name)
        for org, team in itertools.chain(*orgs)
        for name in itertools.chain(*repos[team])
        if org is not None and name is not None
    ]
    return list(dict.fromkeys(found))


def asked(room: Room, what: str) -> list[str]:
    return [page.removesuffix("@0") for page in room.api.asked if page.startswith(what) and page.endswith("@0")]


def loaded(room: Room, table: str) -> list[Any]:
    return list(room.sinks.warehouse.tables.get(table, []))


def check(room: Room, orgs: Sequence[Sequence[Any]], repos: Sequence[Sequence[Sequence[Any]]]) -> None:
    """The tables hold every line once, in order, and of the repos what their own requests give."""
    wanted = lines(orgs, repos)
    rows = [(row["id"], row["_orgs_id"], row["_repos_name"]) for row in loaded(room, "issues")]
    assert rows == [(f"issues/{org}/{name}", org, name) for org, name in wanted]
    labels = [f"labels/{org}/issues%2F{org}%2F{name}" for org, name in wanted]
    assert [row["id"] for row in loaded(room, "labels")] == labels
    teams = dict.fromkeys(team for _, team in itertools.chain(*orgs))
    assert [row["name"] for row in loaded(room, "repos")] == [
        name for team in teams for name in itertools.chain(*repos[team])
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
@given(orgs=ORGS, repos=REPOS)
def test_every_line_of_rows_is_asked_once_in_order(
    orgs: list[list[tuple[int, int]]], repos: list[list[list[int]]]
) -> None:
    with a_forge(orgs, repos) as room:
        report = room.run().report
        assert report.status == "complete"
        check(room, orgs, repos)
        counted = Counter(room.api.asked)
        assert set(counted.values()) <= {1}
        assert sorted(asked(room, "issues")) == sorted(f"issues/{org}/{name}" for org, name in lines(orgs, repos))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(orgs=ORGS, repos=REPOS, killed_at=st.integers(0, 25))
def test_a_run_that_is_killed_anywhere_ends_with_the_same_lines(
    orgs: list[list[tuple[int, int]]], repos: list[list[list[int]]], killed_at: int
) -> None:
    with a_forge(orgs, repos) as room:
        requests = 0

        def before(_: str) -> None:
            nonlocal requests
            requests += 1
            if requests == killed_at:
                raise Killed

        room.api.before = before
        try:
            room.run()
        except Killed:
            room.run()
        check(room, orgs, repos)


def test_what_was_fetched_is_replayed_without_a_request() -> None:
    orgs, repos = [[(1, 0), (2, 0)], [(3, 1)]], [[["a", "b"], ["c"]], [["a"]], []]
    with a_forge(orgs, repos) as room:
        room.run("fetch")
        before = list(room.api.asked)
        room.run("replay")
        assert room.api.asked == before
        check(room, orgs, repos)


def test_a_refused_line_keeps_what_came_before_it_and_is_gone_on_with() -> None:
    orgs, repos = [[(1, 0), (2, 0)], [(3, 1)]], [[["a", "b"]], [["c"]], []]
    with a_forge(orgs, repos) as room:
        room.api.refused = {"issues/2/b"}
        assert room.run().report.exit_code == 3
        assert [row["id"] for row in loaded(room, "issues")] == ["issues/1/a", "issues/1/b", "issues/2/a"]
        room.api.refused.clear()
        assert room.run().report.status == "complete"
        check(room, orgs, repos)


def test_a_value_that_a_row_above_lacks_is_a_reject_of_each_row_below_it() -> None:
    orgs, repos = [[(None, 0), (2, 0)]], [[["a", None, "b"]], [], []]
    with a_forge(orgs, repos) as room:
        report = room.run().report
        check(room, orgs, repos)
        # Below the org without an id all three repos are rejects; below the other one that without a name alone.
        assert report.resources["issues"].rejects == 4
        assert report.resources["repos"].rejects == 0
        assert report.exit_code == 1


def test_a_row_is_a_reject_once_where_nothing_above_matters_to_it() -> None:
    with a_forge([[(1, 0), (2, 0)]], [[["a", None]], [], []]) as room:
        room.write(
            *RESOURCES[:2],
            a_list("issues", "issues/{resources.repos.name}"),
            a_list("labels", "labels/{resources.orgs.id}/{resources.issues.id}"),
        )
        report = room.run().report
        assert report.resources["issues"].rejects == 1
        assert asked(room, "issues") == ["issues/a"]
        assert sorted(asked(room, "labels")) == ["labels/1/issues%2Fa", "labels/2/issues%2Fa"]


def test_it_is_said_how_many_rows_gave_a_request_that_was_there() -> None:
    with a_forge([[(1, 0), (2, 0), (2, 0)]], [[["a"]], [], []]) as room:
        room.run()
        told = [(each.walk, each.message.split()[0]) for each in room.events if isinstance(each, Noticed)]
        assert told == [("repos", "2")]


def test_a_batch_holds_rows_of_one_row_above() -> None:
    with a_forge([[(1, 0), (2, 0)]], [[["a", "b", "c"]], [], []]) as room:
        room.write(*RESOURCES[:2], a_list("issues", "issues/{resources.orgs.id}/{resources.repos.name:batch(2)}"))
        assert room.run().report.status == "complete"
        assert [row["id"] for row in loaded(room, "issues")] == [
            "issues/1/a,b", "issues/1/c", "issues/2/a,b", "issues/2/c",
        ]  # fmt: skip


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_limit_of_pages_takes_the_first_lines(limit: int) -> None:
    orgs, repos = [[(1, 0), (2, 0)], [(3, 1)]], [[["a", "b"]], [["c"]], []]
    with a_forge(orgs, repos) as room:
        report = room.run(limit_pages=limit).report
        assert report.resources["issues"].pages == limit
        assert [row["id"] for row in loaded(room, "issues")] == [
            f"issues/{org}/{name}" for org, name in lines(orgs, repos)[:limit]
        ]


def test_an_increment_on_the_way_down_lets_the_same_rows_through_for_every_line() -> None:
    rows = [{"name": "old", "at": 1}, {"name": "a", "at": 5}, {"name": "b", "at": 6}]
    with a_forge([[(1, 0), (2, 0)]], [[], [], []]) as room:
        room.api.lists["repos/0"] = [Sent(rows[:2]), Sent(rows[2:])]
        incremental = {"cursor_path": "at", "initial_value": 5}
        resources = (a_list("repos", RESOURCES[1]["endpoint"]["path"], incremental=incremental), *RESOURCES[2:])
        room.write(RESOURCES[0], *resources)
        assert room.run().report.status == "complete"
        assert [row["id"] for row in loaded(room, "issues")] == [
            f"issues/{org}/{name}" for org in (1, 2) for name in "ab"
        ]
        room.api.lists["repos/0"].append(Sent([{"name": "new", "at": 7}]))
        assert room.run().report.status == "complete"
        assert [row["id"] for row in loaded(room, "issues")][4:] == ["issues/1/new", "issues/2/new"]
        assert [row["name"] for row in loaded(room, "repos")] == ["a", "b", "new"]


def test_a_line_has_an_increment_of_its_own() -> None:
    with a_forge([[(1, 0), (2, 0)]], [[["a"]], [], []]) as room:
        incremental = {"cursor_path": "at", "initial_value": 0}
        room.write(*RESOURCES[:2], a_list("issues", RESOURCES[2]["endpoint"]["path"], incremental=incremental))
        for org, at in ((1, 9), (2, 3)):
            room.api.lists[f"issues/{org}/a"] = [Sent([{"id": f"{org}", "at": at}])]
        room.run()
        for org, at in ((1, 8), (2, 4)):
            room.api.lists[f"issues/{org}/a"] = [Sent([{"id": f"{org} later", "at": at}])]
        room.run()
        assert room.ids("issues") == ["1", "2", "2 later"]
