"""Generated pages through real dlt and through decode give equal tables: names, columns, types, values and joins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parity.cases import Case, case
from tests.parity.oracle import differences, through_decode, through_dlt

ALL = os.environ.get("HEADRACE_PARITY") == "all"
SETS = 1000 if ALL else 200
GROUP = 50

pytestmark = [pytest.mark.parity, pytest.mark.timeout(120)]


def loadable(cases: list[Case]) -> Iterator[Case]:
    """The cases that dlt can load: it fails where a variant column cannot take a value (docs/differences.md)."""
    for one in cases:
        tables, rejects = through_decode(one)
        assert not rejects, one.name
        if not any(name.count("__v_") > 1 for columns in tables.columns.values() for name, _ in columns):
            yield one


@pytest.mark.parametrize("start", range(0, SETS, GROUP))
def test_generated_pages_give_the_tables_of_dlt(start: int, tmp_path: Path) -> None:
    cases = list(loadable([case(seed) for seed in range(start, start + GROUP)]))
    assert len(cases) > GROUP * 0.9
    theirs = through_dlt(cases, tmp_path)
    problems = {one.name: found for one in cases if (found := differences(through_decode(one)[0], theirs[one.name]))}
    assert not problems
