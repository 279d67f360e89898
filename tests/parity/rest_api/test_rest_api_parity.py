"""The same configuration through dlt's source and headrace's, twice: equal tables, schemas and incremental states."""

from __future__ import annotations

import os

import pytest

from tests.parity.rest_api.cases import CASES, EVERYDAY
from tests.parity.rest_api.laboratory import Laboratory
from tests.parity.rest_api.outcome import ORACLE, OURS, differences

ALL = os.environ.get("HEADRACE_PARITY") == "all"
NAMES = list(CASES) if ALL else EVERYDAY
ALIKE = [name for name in NAMES if not CASES[name][0].differs]
UNLIKE = [name for name in NAMES if CASES[name][0].differs]
CHANGING = [
    "merge",
    *(["start_param", "the least value", "identity by the resource's key", "a lag of days"] if ALL else []),
    *(["merge, upsert", "merge, scd2", "column types", "children merged", "grandchildren"] if ALL else []),
]


@pytest.mark.parametrize("name", ALIKE)
def test_the_same_as_dlt(name: str, laboratory: Laboratory) -> None:
    theirs = laboratory.outcomes((ORACLE, ORACLE), name)
    ours = laboratory.outcomes((OURS, OURS), name)
    found = {number: differences(one, other) for number, (one, other) in enumerate(zip(ours, theirs, strict=True), 1)}
    assert found == {1: [], 2: []}


@pytest.mark.parametrize("name", UNLIKE)
def test_another_result_than_dlts_on_purpose(name: str, laboratory: Laboratory) -> None:
    case, _ = CASES[name]
    theirs = laboratory.outcomes((ORACLE, ORACLE), name)
    ours = laboratory.outcomes((OURS, OURS), name)
    assert {table: tuple(outcome.count(table) for outcome in theirs) for table in case.rows} == case.rows
    assert {table: tuple(outcome.count(table) for outcome in ours) for table in case.ours} == case.ours, case.differs


@pytest.mark.parametrize("name", CHANGING)
@pytest.mark.parametrize("modules", [(ORACLE, OURS), (OURS, ORACLE)], ids=["from dlt", "back to dlt"])
def test_a_pipeline_goes_on_where_the_other_source_left_it(
    modules: tuple[str, str], name: str, laboratory: Laboratory
) -> None:
    _, theirs = laboratory.outcomes((ORACLE, ORACLE), name)
    _, changed = laboratory.outcomes(modules, name)
    assert differences(changed, theirs) == []
