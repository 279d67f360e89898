"""How schema contracts, nested hints and hints without effect are read, defaulted, told and written."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.model.plan import ColumnHint, NestedHints, Resource, SchemaContract
from headrace.spec.effective import of_resource
from tests.spec.documents import codes, errors, of, with_resource


def planned(config: dict[str, object]) -> Resource:
    reading = of(config)
    assert reading.plan is not None, reading.faults
    return reading.plan.resources[0]


CONTRACTS: list[tuple[object, SchemaContract | None]] = [
    (None, None),
    ("freeze", SchemaContract("freeze", "freeze", "freeze")),
    ("evolve", SchemaContract()),
    ({}, SchemaContract()),
    ({"columns": "discard_row", "tables": None}, SchemaContract(columns="discard_row")),
    ({"tables": "freeze", "data_type": "discard_value"}, SchemaContract("freeze", "evolve", "discard_value")),
]


@pytest.mark.parametrize(("stated", "meant"), CONTRACTS, ids=str)
def test_a_contract_is_one_word_or_one_for_each_part(stated: object, meant: SchemaContract | None) -> None:
    assert planned(with_resource(schema_contract=stated)).contract == meant


@pytest.mark.parametrize("contract", [each for _, each in CONTRACTS if each is not None])
def test_the_words_of_a_contract_are_read_as_it(contract: SchemaContract) -> None:
    assert planned(with_resource(schema_contract=contract.words)).contract == contract


@pytest.mark.parametrize(
    ("stated", "path", "code"),
    [
        ("frozen", "resources[0].schema_contract", "contract"),
        ({"columns": "discard"}, "resources[0].schema_contract.columns", "contract"),
        ({"column": "freeze"}, "resources[0].schema_contract.column", "unknown-key"),
        (7, "resources[0].schema_contract", "wrong-type"),
    ],
    ids=str,
)
def test_a_contract_that_is_none_is_a_fault_with_its_place(stated: object, path: str, code: str) -> None:
    reading = of(with_resource(schema_contract=stated))
    assert [(fault.code, fault.path) for fault in errors(reading)] == [(code, path)]


def test_a_resources_own_contract_and_hints_take_the_place_of_the_defaults() -> None:
    defaults: dict[str, Any] = {"schema_contract": {"columns": "freeze"}, "nested_hints": {"a": {}}}
    config: dict[str, object] = {
        "client": {"base_url": "https://a.io"},
        "resource_defaults": defaults,
        "resources": ["one", {"name": "two", "schema_contract": {"tables": "freeze"}, "nested_hints": {"b": {}}}],
    }
    reading = of(config)
    assert reading.plan is not None
    one, two = reading.plan.resources
    assert (one.contract, one.nested) == (SchemaContract(columns="freeze"), (NestedHints("a"),))
    assert (two.contract, two.nested) == (SchemaContract(tables="freeze"), (NestedHints("b"),))


def test_nested_hints_are_shown_with_their_columns_and_contract() -> None:
    hints = {"a": {"columns": {"x": {"data_type": "text", "nullable": False}}, "schema_contract": "freeze"}}
    resource = planned(with_resource(nested_hints=hints))
    frozen = SchemaContract("freeze", "freeze", "freeze")
    assert resource.nested == (NestedHints("a", (ColumnHint("x", "text", False),), frozen),)
    shown = dict(of_resource(resource))
    assert shown["nested_hints"]["a"]["columns"] == {"x": {"data_type": "text", "nullable": False}}
    assert shown["nested_hints"]["a"]["schema_contract"]["tables"] == "freeze"


@pytest.mark.parametrize("key", ["precision", "scale", "timezone", "unique", "sort", "cluster", "partition"])
@pytest.mark.parametrize("nested", [False, True])
def test_a_hint_of_a_column_that_changes_nothing_is_noted(key: str, nested: bool) -> None:
    columns: dict[str, Any] = {"columns": {"x": {"data_type": "decimal", key: 1}}}
    reading = of(with_resource(**({"nested_hints": {"a": columns}} if nested else columns)))
    assert codes(reading, "note") == ["no-effect"]
    assert f"`{key}` of a column has no effect here" in reading.faults[0].problem
