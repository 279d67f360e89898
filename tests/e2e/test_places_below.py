"""Places that stay where they are as long as anything of the rows before them is not in the warehouse."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.api import served
from tests.e2e.test_increments import Log, a_list, go, ids
from tests.e2e.workplace import Workplace

pytestmark = pytest.mark.timeout(60)
CDC = {"disposition": "merge", "strategy": "cdc"}
SCD2 = {"disposition": "merge", "strategy": "scd2"}


def three_levels(disposition: str) -> list[dict[str, Any]]:
    more: dict[str, Any] = {"write_disposition": disposition, "primary_key": "id"}
    return [
        a_list("pars", "pars", {"cursor_path": "at", "initial_value": ""}, **more),
        a_list("kids", "pars/{resources.pars.id}/kids", **more),
        a_list("toys", "kids/{resources.kids.id}/toys", **more),
    ]


@pytest.fixture
def family() -> Log:
    log = Log()
    log.events = {
        "pars": [{"id": 1, "at": "2024-01-01"}],
        "pars/1/kids": [{"id": 11}, {"id": 12}],
        "kids/11/toys": [{"id": 110}],
        "kids/12/toys": [{"id": 120}],
    }
    return log


@pytest.mark.parametrize("disposition", ["append", "merge"])
def test_an_increment_does_not_move_past_rows_whose_grandchildren_were_not_fetched(
    workplace: Workplace, family: Log, disposition: str
) -> None:
    with served(family.answer) as family.url:
        first = go(workplace, family, *three_levels(disposition), args=("run", "--limit-pages", "1"))
        second = go(workplace, family, *three_levels(disposition))
    assert (first.code, second.code) == (1, 0), second.err
    assert [ids(workplace, name) for name in ("pars", "kids", "toys")] == [[1], [11, 12], [110, 120]]


def test_an_increment_does_not_move_where_its_grandchildren_are_left_out(workplace: Workplace, family: Log) -> None:
    some = ("run", "--resource", "pars", "--resource", "kids")
    with served(family.answer) as family.url:
        assert go(workplace, family, *three_levels("merge"), args=some).code == 0
        assert go(workplace, family, *three_levels("merge")).code == 0
    assert ids(workplace, "toys") == [110, 120]


@pytest.mark.parametrize("way", [CDC, SCD2], ids=["cdc", "scd2"])
def test_the_places_of_rows_that_wait_in_the_staging_do_not_move(workplace: Workplace, way: dict[str, str]) -> None:
    log = Log()
    log.events = {"pars": [{"id": 1}, {"id": 2}]}
    log.events |= {
        f"pars/{n}/kids": [{"id": 10 * n + k, "pid": n, "at": f"2024-01-0{k}"} for k in (1, 2)] for n in (1, 2)
    }
    pars = a_list("pars", "pars", write_disposition="merge", primary_key="id")
    step = {"cursor_path": "at", "initial_value": ""}
    kids = a_list("kids", "pars/{resources.pars.id}/kids", step, primary_key="id", merge_key="pid")
    kids["write_disposition"] = way
    with served(log.answer) as log.url:
        assert go(workplace, log, pars, kids, args=("run", "--limit-pages", "1")).code == 1
        assert go(workplace, log, pars, kids).code == 0
    assert ids(workplace, "kids") == [11, 12, 21, 22]


@pytest.mark.parametrize("way", ["replace", CDC, SCD2], ids=["replace", "cdc", "scd2"])
def test_the_place_of_a_resource_that_waits_for_another_one_of_its_table_does_not_move(
    workplace: Workplace, way: Any
) -> None:
    log = Log()
    log.events = {name: [{"id": f"{name}{k}", "src": name, "at": f"2024-01-0{k}"} for k in (1, 2)] for name in "abo"}
    more: dict[str, Any] = {"table_name": "items", "primary_key": "id"} | (
        {} if way == "replace" else {"merge_key": "src"}
    )
    one, two = a_list("a", "a", {"cursor_path": "at", "initial_value": ""}, **more), a_list("b", "b", **more)
    one["write_disposition"] = two["write_disposition"] = way
    log.refused = {"b@0"}
    with served(log.answer) as log.url:
        assert go(workplace, log, one, two, a_list("o", "o")).code == 3
        log.refused = set()
        assert go(workplace, log, one, two, a_list("o", "o"), args=("run", "--new")).code == 0
    assert ids(workplace, "items") == ["a1", "a2", "b1", "b2"]
