"""Every configuration works in dlt and loads the rows that it is there for: otherwise dlt would be no oracle."""

from __future__ import annotations

import os

import pytest

from tests.parity.rest_api.cases import CASES, EVERYDAY
from tests.parity.rest_api.laboratory import Laboratory
from tests.parity.rest_api.outcome import ORACLE

NAMES = list(CASES) if os.environ.get("HEADRACE_PARITY") == "all" else EVERYDAY


@pytest.mark.parametrize("name", NAMES)
def test_dlt_loads_what_the_case_is_about(name: str, laboratory: Laboratory) -> None:
    rows = CASES[name][0].rows
    first, second = laboratory.outcomes((ORACLE, ORACLE), name)
    assert {table: (first.count(table), second.count(table)) for table in rows} == rows
