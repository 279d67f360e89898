"""An increment of a child resource in the drop-in: every row of its parent goes on from its own place."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from tests.rest_api.both import Loaded, source
from tests.rest_api.family import CURSOR, SINCE, Config, Family, config, ids, new_line, paged, resource_state, run
from tests.rest_api.serving import Answer, Api

MERGE: Config = {"primary_key": "id", "write_disposition": "merge"}
ROWS: Config = {"processing_steps": [{"map": lambda row: row}]}
LATER = {"legacy": {"type": "incremental", "cursor_path": "at", "initial_value": 0}}


@pytest.fixture
def family(api: Api) -> Family:
    """Three parents on two pages; each one's children are older than those of the one before it."""
    return Family(api, {1: [90, 95, 91], 2: [50, 51, 52, 53, 53], 3: [10, 11, 11]})


ALL = ["1-90", "1-91", "1-95", "2-50", "2-51", "2-52", "2-53", "2-53", "3-10", "3-11", "3-11"]


@pytest.mark.parametrize("hints", [{}, ROWS, {"endpoint": {"paginator": None}}], ids=["pages", "rows", "detected"])
def test_nothing_is_lost_and_nothing_twice_whatever_parent_is_first(
    family: Family, tmp_path: Path, hints: Config
) -> None:
    line = new_line(tmp_path)
    given = config(family.api, {**SINCE, "primary_key": "n"}, **hints)
    for number, values in family.children.items():  # equal values of one parent are told apart by this
        family.children[number] = [{"id": f"{number}-{at}", "at": at, "n": n} for n, at in enumerate(values)]
    assert ids(run("ours", line, deepcopy(given))) == ALL
    family.children[2].append({"id": "2-53", "at": 53, "n": 9})
    family.children[3] += [{"id": "3-12", "at": 12, "n": 9}, {"id": "3-11", "at": 11, "n": 8}]
    assert ids(run("ours", line, deepcopy(given))) == sorted([*ALL, "2-53", "3-11", "3-12"])
    assert ids(run("ours", line, deepcopy(given))) == sorted([*ALL, "2-53", "3-11", "3-12"])


@pytest.mark.parametrize(
    ("increment", "endpoint"),
    [
        (SINCE, {}),
        ({"cursor_path": "at", "initial_value": 0}, {"params": {"since": "{incremental.start_value}"}}),
        ({"cursor_path": "at", "initial_value": 0}, {"params": {"since": "{incremental.last_value}"}}),
        ({"cursor_path": "at", "initial_value": 0, "convert": str}, {"params": {"since": "{incremental.start_value}"}}),
        (SINCE | {"convert": lambda value: f"{value}"}, {}),
        ({}, {"incremental": None, "params": {"since": LATER["legacy"]}}),
    ],
    ids=["start_param", "start_value", "last_value", "converted", "start_param converted", "legacy"],
)
def test_each_parent_is_asked_from_its_own_place(
    family: Family, tmp_path: Path, increment: Config, endpoint: Config
) -> None:
    line = new_line(tmp_path)
    given = config(family.api, increment, endpoint=endpoint, **MERGE)
    if endpoint.get("incremental", 0) is None:
        del given["resources"][1]["endpoint"]["incremental"]
    run("ours", line, deepcopy(given))
    assert set(family.asked()) == {f"/parents/{n}/children?since=0" for n in (1, 2, 3)}
    family.children[3].append(13)
    assert "3-13" in ids(run("ours", line, deepcopy(given)))
    assert set(family.asked()) == {
        "/parents/1/children?since=95", "/parents/2/children?since=53", "/parents/3/children?since=11"
    }  # fmt: skip
    run("ours", line, deepcopy(given))
    assert "/parents/3/children?since=13" in family.asked()


def test_the_place_goes_into_the_path(family: Family, tmp_path: Path) -> None:
    for number in family.parents:
        for since in (0, 11, 53, 95):
            family.api.routes[f"/parents/{number}/children/{since}"] = family.since(number, since)
    increment = {"cursor_path": "at", "initial_value": 0}
    path = {"path": "parents/{resources.parents.id}/children/{incremental.start_value}", "paginator": CURSOR}
    line = new_line(tmp_path)
    run("ours", line, config(family.api, increment, endpoint=path, **MERGE))
    family.asked()
    family.children[3].append(12)
    assert "3-12" in ids(run("ours", line, config(family.api, increment, endpoint=path, **MERGE)))
    assert set(family.asked()) == {"/parents/1/children/95", "/parents/2/children/53", "/parents/3/children/11"}


def test_a_parent_that_yields_nothing_keeps_its_place(family: Family, tmp_path: Path) -> None:
    line = new_line(tmp_path)
    given = config(family.api)
    run("ours", line, deepcopy(given))
    kept, family.children[2] = family.children[2], []
    run("ours", line, deepcopy(given))
    family.children[2] = [*kept, 54]
    family.asked()
    loaded = run("ours", line, deepcopy(given))
    assert [one for one in ids(loaded) if one.startswith("2-")] == ["2-50", "2-51", "2-52", "2-53", "2-53", "2-54"]
    assert "/parents/2/children?since=53" in family.asked()


def test_a_parent_that_is_not_listed_for_a_while_keeps_its_place(family: Family, tmp_path: Path) -> None:
    line = new_line(tmp_path)
    run("ours", line, config(family.api))
    family.parents.remove(3)
    run("ours", line, config(family.api))
    family.parents.append(3)
    family.asked()
    run("ours", line, config(family.api))
    assert "/parents/3/children?since=11" in family.asked()


def test_equal_parents_are_asked_once_though_their_place_moves_on(family: Family, tmp_path: Path) -> None:
    family.parents = [3, 3, 1, 3]
    line = new_line(tmp_path)
    loaded = run("ours", line, config(family.api))
    assert family.asked() == {"/parents/3/children?since=0": 1, "/parents/1/children?since=0": 1}
    assert ids(loaded) == ["1-90", "1-91", "1-95", "3-10", "3-11", "3-11"]
    run("ours", line, config(family.api))
    assert family.asked() == {"/parents/3/children?since=11": 1, "/parents/1/children?since=95": 1}


@pytest.mark.parametrize("parallelized", [False, True])
def test_dlts_own_client_asks_each_parent_from_its_place_too(
    family: Family, tmp_path: Path, parallelized: bool
) -> None:
    import requests

    line = new_line(tmp_path)
    with requests.Session() as session:
        given = config(family.api, client={"session": session}, parallelized=parallelized)
        run("ours", line, given)
        family.children[3].append(12)
        family.asked()
        assert ids(run("ours", line, given)) == sorted([*ALL, "3-12"])
    assert "/parents/3/children?since=11" in family.asked()


def test_a_run_that_fails_moves_no_place(family: Family, tmp_path: Path) -> None:
    line = new_line(tmp_path)
    run("ours", line, config(family.api))
    before = resource_state(run("ours", line, config(family.api)))
    for values, new in zip(family.children.values(), (96, 54, 12), strict=True):
        values.append(new)
    answer = family.api.routes.pop("/parents/3/children")
    with pytest.raises(Exception, match="404"):
        run("ours", line, config(family.api))
    assert line.state["sources"]["rest_api"]["resources"]["children"] == before
    family.api.routes["/parents/3/children"] = answer
    loaded = run("ours", line, config(family.api))
    assert ids(loaded) == sorted([*ALL, "1-96", "2-54", "3-12"])


def test_a_load_that_fails_moves_no_place(family: Family, tmp_path: Path) -> None:
    line = new_line(tmp_path)
    run("ours", line, config(family.api))
    for values, new in zip(family.children.values(), (96, 54, 12), strict=True):
        values.append(new)
    line.extract(source("ours", config(family.api)))
    line.normalize()
    line.drop()  # the package is gone with the machine that was to load it
    loaded = run("ours", new_line(tmp_path), config(family.api))
    assert ids(loaded) == sorted([*ALL, "1-96", "2-54", "3-12"])


def test_places_travel_with_the_load_to_another_machine(family: Family, tmp_path: Path) -> None:
    line = new_line(tmp_path)
    run("ours", line, config(family.api))
    line.drop()
    family.children[3].append(12)
    family.asked()
    loaded = run("ours", new_line(tmp_path), config(family.api))
    assert ids(loaded) == sorted([*ALL, "3-12"])
    assert "/parents/3/children?since=11" in family.asked()


def test_whoever_drops_dlts_cursor_gets_everything_again(family: Family, tmp_path: Path) -> None:
    line = new_line(tmp_path)
    run("ours", line, config(family.api, **MERGE))
    with line.managed_state() as state:
        del state["sources"]["rest_api"]["resources"]["children"]["incremental"]
    family.asked()
    run("ours", line, config(family.api, **MERGE))
    assert set(family.asked()) == {f"/parents/{n}/children?since=0" for n in (1, 2, 3)}


def test_a_limit_leaves_what_was_not_walked_to_the_next_run(family: Family, tmp_path: Path) -> None:
    line = new_line(tmp_path)
    run("ours", line, config(family.api, **MERGE), lambda source: source.add_limit(1))
    loaded = run("ours", line, config(family.api, **MERGE))
    assert {one[:1] for one in ids(loaded)} == {"1", "2", "3"}


def test_children_of_children_have_places_of_their_own(family: Family, tmp_path: Path) -> None:
    grown: dict[str, list[int]] = {"1-90": [7, 8], "1-95": [3], "3-10": [1, 2], "3-12": [2]}

    def of(child: str) -> Answer:
        return lambda query: paged([{"id": n} for n in grown.get(child, []) if n >= int(query["since"])], query)

    family.api.routes |= {f"/of/{child}": of(child) for child in [*ALL, "3-12"]}
    increment = {"cursor_path": "id", "initial_value": 0, "start_param": "since"}
    endpoint = {"path": "of/{resources.children.id}", "paginator": CURSOR, "data_selector": "data"}
    given = config(family.api)
    given["resources"].append({"name": "grandchildren", "endpoint": endpoint | {"incremental": increment}})
    line = new_line(tmp_path)
    assert values(run("ours", line, deepcopy(given))) == [1, 2, 3, 7, 8]
    grown["1-95"].append(4)
    family.children[3].append(12)
    given["resources"][1]["endpoint"]["incremental"] = SINCE | {
        "lag": 1
    }  # so that each parent's newest child comes again
    assert values(run("ours", line, deepcopy(given))) == [1, 2, 2, 3, 4, 7, 8]


def values(loaded: Loaded) -> list[int]:
    return sorted(row["id"] for row in loaded.tables.rows["grandchildren"])
