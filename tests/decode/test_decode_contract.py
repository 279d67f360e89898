"""Decode makes the tables of the contract, by either lane and however the pages fall into batches."""

from __future__ import annotations

import pytest

from headrace.decode.observe import Reader
from tests.decode.contract import RULES
from tests.decode.making import Result, SlowReader, decode_pages, page, resource
from tests.decode.rule import Rule

LANES = {"fast": Reader, "slow": SlowReader}


def made(rule: Rule, lane: str, *, together: bool) -> Result:
    of = resource(columns=rule.columns, max_nesting=rule.max_nesting)
    pages = [page(number, *records) for number, records in enumerate(rule.pages)]
    return decode_pages([pages] if together else [[one] for one in pages], of, LANES[lane](of))


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "batch by batch"])
@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("name", RULES)
def test_a_rule_of_the_contract_holds(name: str, lane: str, together: bool) -> None:
    rule = RULES[name]
    result = made(rule, lane, together=together)
    assert {table: result.types(table) for table in result.schema.tables} == {
        f"things{below}": list(types.items()) for below, types in rule.types.items()
    }
    assert {table: result.data(table) for table in result.schema.tables} == {
        f"things{below}": rows for below, rows in rule.rows.items()
    }
    assert not result.rejects
