"""Every rule of the table contract holds in dlt too: what decode is tested against is no invention."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.decode.contract import RULES
from tests.decode.making import body
from tests.decode.rule import Rule
from tests.parity.cases import Case
from tests.parity.oracle import differences, through_decode, through_dlt

pytestmark = [pytest.mark.parity, pytest.mark.timeout(60)]


def case(number: int, rule: Rule) -> Case:
    pages = [[body(record) for record in page] for page in rule.pages]
    return Case(f"r{number:03}", pages, batch=1, columns=rule.columns, max_nesting=rule.max_nesting)


def test_dlt_keeps_every_rule_of_the_contract(tmp_path: Path) -> None:
    cases = {name: case(number, rule) for number, (name, rule) in enumerate(RULES.items())}
    theirs = through_dlt(list(cases.values()), tmp_path)
    problems = {
        name: found for name, one in cases.items() if (found := differences(through_decode(one)[0], theirs[one.name]))
    }
    assert not problems
