"""The places of a parent's rows mean what dlt's increment means; and a pipeline may come from dlt and go back."""

from __future__ import annotations

import logging
from copy import deepcopy
from pathlib import Path
from typing import Any

import dlt
import pytest

from tests.rest_api.both import Loaded, assert_equal, load
from tests.rest_api.family import CURSOR, SINCE, Config, Family, config, ids, new_line, resource_state, run
from tests.rest_api.serving import Api

MERGE: Config = {"primary_key": "id", "write_disposition": "merge"}
PATH = "parents/{resources.parents.id}/children"
AT: Config = {"cursor_path": "at", "initial_value": 11}


def of_itself(values: Any) -> Any:
    """A function of the user's own that counts tens only."""
    return max(value // 10 * 10 for value in values)


INCREMENTS: dict[str, Config] = {
    "plain": AT,
    "no_initial_value": {"cursor_path": "at"},
    "lag": AT | {"lag": 2},
    "an_end": AT | {"end_value": 53},
    "an_end_that_belongs_to_it": AT | {"end_value": 53, "range_end": "closed"},
    "open_start": AT | {"range_start": "open"},
    "included": {"cursor_path": "seen", "initial_value": 0, "on_cursor_value_missing": "include"},
    "excluded": {"cursor_path": "seen", "initial_value": 0, "on_cursor_value_missing": "exclude"},
    "least": {"cursor_path": "at", "last_value_func": "min"},
    "own_function": {"cursor_path": "at", "initial_value": 10, "last_value_func": of_itself},
    "by_key": AT | {"primary_key": "n"},
    "rising": AT | {"row_order": "asc"},
    "falling": AT | {"row_order": "desc"},
}


def row(parent: int, n: int, at: int) -> Config:
    return {"id": f"{parent}-{n}", "n": n, "at": at}


@pytest.fixture
def family(api: Api) -> Family:
    """Three parents on two pages; each one's children are older than those of the one before it, the newest first."""
    children = {1: [95, 91, 90], 2: [53, 53, 51, 50], 3: [11, 11, 10]}
    return Family(api, {one: [row(one, n, at) for n, at in enumerate(values)] for one, values in children.items()})


def grow(family: Family) -> None:
    for number, values in {1: [95, 96], 2: [53, 52, 60], 3: [11, 10, 12, 9]}.items():
        children = family.children[number]
        children += [row(number, 10 + n, at) for n, at in enumerate(values)]
        children.sort(key=lambda child: -child["at"])


def resources(family: Family, paths: dict[str, str], *increments: Config, **hints: Any) -> Config:
    """A resource for each path by its increment, beside the parents."""
    children = [
        {"name": name, "endpoint": {"path": path, "data_selector": "data", "incremental": deepcopy(one)}, **hints}
        for (name, path), one in zip(paths.items(), increments, strict=True)
    ]
    parents = {"name": "parents", "endpoint": {"data_selector": "data"}}
    return {"client": {"base_url": family.api.url, "paginator": CURSOR}, "resources": [parents, *children]}


@pytest.mark.parametrize("steps", [[], [{"filter": lambda _: True}]], ids=["pages", "rows"])
def test_each_parents_children_are_those_that_dlt_loads_of_this_parent_alone(
    family: Family, tmp_path: Path, steps: list[Any]
) -> None:
    for children in family.children.values():
        for child in children[1:]:
            child["seen"] = child["at"]
    together = resources(family, dict.fromkeys(INCREMENTS, PATH), *INCREMENTS.values(), processing_steps=steps)
    # Of a resource that is walked to its end dlt makes the same, without an order by which it may end a walk.
    plain = [{key: value for key, value in one.items() if key != "row_order"} for one in INCREMENTS.values()]
    paths = {f"{name}_of_{n}": f"parents/{n}/children" for name in INCREMENTS for n in family.parents}
    apart = resources(family, paths, *(one for one in plain for _ in family.parents), processing_steps=steps)
    for _ in range(2):
        ours = run("ours", new_line(tmp_path), together)
        theirs = run("dlt", new_line(tmp_path, "dlt"), deepcopy(apart))
        found = {name: ids(ours, name) for name in INCREMENTS}
        assert found == {
            name: sorted(one for n in family.parents for one in ids(theirs, f"{name}_of_{n}")) for name in INCREMENTS
        }  # fmt: skip
        grow(family)


@pytest.mark.parametrize("hints", [{}, MERGE], ids=["append", "merge"])
def test_where_dlt_loses_nothing_tables_schema_and_its_own_cursor_are_those_of_dlt(
    family: Family, tmp_path: Path, hints: Config
) -> None:
    family.parents.reverse()  # the oldest come first: so these lose none
    names = ["plain", "lag", "an_end", "an_end_that_belongs_to_it", "open_start", "own_function", "by_key"]
    chosen = {name: INCREMENTS[name] for name in names}
    given = resources(family, dict.fromkeys(chosen, PATH), *chosen.values(), **hints)
    for _ in range(2):
        ours, theirs = (load(which, deepcopy(given), tmp_path) for which in ("ours", "dlt"))
        assert {name: ids(ours, name) for name in chosen} == {name: ids(theirs, name) for name in chosen}
        assert_equal(ours, theirs)
        assert {name: _cursor(ours, name) for name in chosen} == {name: _cursor(theirs, name) for name in chosen}
        for number, values in {3: [101, 101], 2: [102, 103], 1: [104, 104]}.items():
            family.children[number] = [row(number, 20 + n, at) for n, at in enumerate(values)]


def _cursor(loaded: Loaded, name: str = "children") -> Any:
    """dlt's own state. Its `start_value` is where the run stood when the last page of parents came."""
    entry = resource_state(loaded, name).get("incremental", {}).get("at", {})
    return entry.get("initial_value"), entry.get("last_value"), sorted(entry.get("unique_hashes", []))


def of(parent: int, *numbers: int) -> list[str]:
    return [f"{parent}-{number}" for number in numbers]


FIRST = sorted(of(1, 0, 1, 2) + of(2, 0, 1, 2, 3) + of(3, 0, 1, 2))


def test_a_merging_pipeline_that_comes_from_dlt_gets_back_what_dlt_has_lost(
    family: Family, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    line = new_line(tmp_path)
    given = config(family.api, **MERGE)
    run("dlt", line, deepcopy(given))
    family.children[3].append(row(3, 9, 12))
    lost = run("dlt", line, deepcopy(given))
    assert "3-9" not in ids(lost)
    with caplog.at_level(logging.WARNING, "headrace.rest_api"):
        mended = run("ours", line, deepcopy(given))
        assert ids(mended) == sorted([*FIRST, "3-9"])
        assert caplog.text.count("one cursor for all rows of the parent") == 1
        assert _cursor(mended) == _cursor(lost)
        caplog.clear()
        grow(family)
        loaded = run("ours", line, deepcopy(given))
        assert not caplog.text
    assert {"1-11", "2-12", "3-12"} <= set(ids(loaded))
    assert len(ids(loaded)) == len(set(ids(loaded)))


@pytest.mark.parametrize("hints", [{}, {"write_disposition": "merge"}, {"primary_key": "id"}], ids=str)
def test_an_appending_pipeline_that_comes_from_dlt_loads_nothing_twice_and_loses_nothing_from_then_on(
    family: Family, tmp_path: Path, hints: Config
) -> None:
    line = new_line(tmp_path)
    given = config(family.api, **hints)
    had = ids(run("dlt", line, deepcopy(given)))
    family.children[1].append(row(1, 9, 96))
    family.children[3].append(row(3, 9, 97))
    assert ids(run("ours", line, deepcopy(given))) == sorted([*had, "1-9", "3-9"])
    family.children[2].append(row(2, 8, 54))
    family.children[3] += [row(3, 7, 97), row(3, 8, 98)]
    assert ids(run("ours", line, deepcopy(given))) == sorted([*had, "1-9", "3-9", "2-8", "3-7", "3-8"])


def test_a_parent_that_appears_after_the_change_from_dlt_is_read_from_its_beginning(
    family: Family, tmp_path: Path
) -> None:
    line = new_line(tmp_path)
    family.parents.remove(3)
    had = ids(run("dlt", line, config(family.api)))
    run("ours", line, config(family.api))
    family.parents.append(3)
    assert ids(run("ours", line, config(family.api))) == sorted([*had, *of(3, 0, 1, 2)])


def test_where_parents_come_by_an_increment_what_dlt_had_loaded_of_one_is_not_loaded_again(
    family: Family, tmp_path: Path
) -> None:
    """Such a parent may have been there before the change from dlt, and come after it for the first time."""
    parents = {"endpoint": {"data_selector": "data", "incremental": {"cursor_path": "at", "initial_value": 0}}}
    line = new_line(tmp_path)
    family.parents = [2, 1]
    given = config(family.api, parents=parents)
    had = ids(run("dlt", line, deepcopy(given)))
    assert had == sorted(of(1, 0, 1, 2) + of(2, 0, 1, 2, 3))
    family.parents = [1]
    run("ours", line, deepcopy(given))
    family.api.routes["/parents"] = lambda _: {"data": [{"id": 2, "at": 7}], "next": None}
    family.children[2].append(row(2, 9, 99))
    assert ids(run("ours", line, deepcopy(given))) == sorted([*had, "2-9"])


def test_a_limit_after_the_change_from_dlt_loads_nothing_twice_either(family: Family, tmp_path: Path) -> None:
    line = new_line(tmp_path)
    had = ids(run("dlt", line, config(family.api)))
    run("ours", line, config(family.api), lambda source: source.add_limit(1))
    family.children[3].append(row(3, 9, 97))
    assert ids(run("ours", line, config(family.api))) == sorted([*had, "3-9"])


@pytest.mark.parametrize("hints", [{}, MERGE], ids=["append", "merge"])
def test_a_pipeline_may_go_back_to_dlt_and_come_again(family: Family, tmp_path: Path, hints: Config) -> None:
    family.parents.reverse()  # the oldest come first, so dlt loses none
    line = new_line(tmp_path)
    given = config(family.api, **hints)
    assert ids(run("ours", line, deepcopy(given))) == FIRST
    family.children[1].append(row(1, 9, 97))
    gone = run("dlt", line, deepcopy(given))
    assert ids(gone) == sorted([*FIRST, "1-9"])
    assert resource_state(gone)["incremental"]["at"]["last_value"] == 97
    family.children[3].append(row(3, 9, 98))
    assert ids(run("ours", line, deepcopy(given))) == sorted([*FIRST, "1-9", "3-9"])
    family.children[2].append(row(2, 9, 60))
    assert ids(run("ours", line, deepcopy(given))) == sorted([*FIRST, "1-9", "3-9", "2-9"])


def test_what_dlt_lost_between_two_runs_of_ours_is_merged_when_it_comes_again(family: Family, tmp_path: Path) -> None:
    line = new_line(tmp_path)
    given = config(family.api, **MERGE)
    run("ours", line, deepcopy(given))
    family.children[1].append(row(1, 9, 97))
    family.children[3].append(row(3, 9, 12))
    assert "3-9" not in ids(run("dlt", line, deepcopy(given)))
    assert ids(run("ours", line, deepcopy(given))) == sorted([*FIRST, "1-9", "3-9"])


def test_an_end_leaves_no_places_behind(family: Family, tmp_path: Path) -> None:
    loaded = run("ours", new_line(tmp_path), config(family.api, SINCE | {"end_value": 60}))
    assert ids(loaded) == sorted(of(2, 0, 1, 2, 3) + of(3, 0, 1, 2))
    assert not resource_state(loaded)


def test_without_identity_rows_at_the_boundary_come_again(family: Family, tmp_path: Path) -> None:
    line = new_line(tmp_path)
    since = dlt.sources.incremental("at", initial_value=0, primary_key=())
    given = config(family.api, {}, endpoint={"params": {"since": since}})
    del given["resources"][1]["endpoint"]["incremental"]
    run("ours", line, given)
    assert ids(run("ours", line, given)) == sorted([*FIRST, "1-0", "2-0", "2-1", "3-0", "3-1"])


@pytest.mark.parametrize("kind", ["hint", "mark"])
def test_an_increment_of_the_users_own_stays_dlts_and_this_is_told_once(
    family: Family, tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    def prepare(source: Any) -> Any:
        if kind == "hint":
            source.children.apply_hints(incremental=dlt.sources.incremental("at", initial_value=0))
        else:
            source.children.add_yield_map(lambda one: iter([dlt.mark.with_table_name(one, "children")]))
        return source

    with caplog.at_level(logging.WARNING, "headrace.rest_api"):
        loaded = run("ours", new_line(tmp_path), config(family.api), prepare)
    assert ids(loaded) == ids(run("dlt", new_line(tmp_path, "dlt"), config(family.api), prepare))
    assert caplog.text.count("children has one cursor for all rows of its parent, as in dlt") == 1
