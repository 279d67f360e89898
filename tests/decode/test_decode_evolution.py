"""What earlier batches decided holds for later ones, and page order decides whatever the order of reading."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import msgspec
import pytest

from headrace.decode.columns import cast
from headrace.decode.infer import fold
from headrace.decode.observe import Reader
from headrace.decode.rules import DecodeRules
from headrace.decode.shape import as_known
from headrace.model.plan import Resource
from headrace.model.table import Schema
from tests.decode.making import SlowReader, decode, hints, page, resource

WIDE = DecodeRules(widen_numbers=True)


def test_batches_observed_in_any_order_give_the_tables_of_page_order() -> None:
    of = resource()
    pages = [page(0, {"a": None}), page(1, {"a": 1}), page(2, {"a": "x", "b": 1.5}), page(3, {"a": True, "b": 2})]
    expected = decode(*[[*one.records] for one in pages], of=of)
    for order in itertools.permutations(range(4)):
        reader = Reader(of)
        observed = {number: reader.observe([pages[number]]) for number in order}
        schema = Schema({})
        for number in range(4):
            schema = fold(schema, observed[number], of).schema
        assert schema == expected.schema


def test_the_schema_of_an_earlier_run_is_gone_on_with() -> None:
    before = decode([{"a": 1, "l": [1]}]).schema
    saved = msgspec.json.decode(msgspec.json.encode(before), type=Schema)
    result = decode([{"a": "x", "l": ["y"], "b": True}], schema=saved)
    assert result.types() == [("a", "bigint"), ("a__v_text", "text"), ("b", "bool")]
    assert result.types("things__l") == [("value", "bigint"), ("value__v_text", "text")]


def test_fold_and_cast_leave_their_arguments_as_they_were() -> None:
    of = resource()
    schema = decode([{"a": 1}]).schema
    text = msgspec.json.encode(schema)
    observation = Reader(of).observe([page(1, {"a": "x", "b": 1})])
    folded = fold(schema, observation, of)
    assert fold(schema, observation, of).schema == folded.schema
    assert cast(observation, folded).records == cast(observation, folded).records == 1
    assert msgspec.json.encode(schema) == text


def test_a_resource_that_begins_to_merge_says_so_on_all_its_tables() -> None:
    before = decode([{"id": 1, "l": [1]}]).schema
    after = decode([{"id": 1}], of=resource(disposition="merge", primary_key=("id",)), schema=before).schema
    assert {table.disposition for table in after.tables.values()} == {"merge"}
    assert after.tables["things"].primary_key == ("id",)


def test_tables_of_other_resources_stay_as_they_are() -> None:
    other = decode([{"x": 1}], of=resource(name="other", table="other")).schema
    both = decode([{"a": 1}], schema=other).schema
    assert both.tables["other"] == other.tables["other"]
    assert list(both.tables) == ["other", "things"]


def test_parents_stand_before_their_children() -> None:
    tables = decode([{"b": [{"c": [1]}], "a": [1]}]).schema.tables
    seen: set[str | None] = {None}
    for table in tables.values():
        assert table.parent in seen
        seen.add(table.name)


def test_no_pages_and_no_records_make_nothing() -> None:
    result = decode([], [])
    assert (result.schema, result.rows, [one.records for one in result.decoded]) == (Schema({}), {}, [0, 0])


WIDENED: list[tuple[str, list[list[object]], list[tuple[str, str]], list[object]]] = [
    ("a fraction in the batch", [[1, 2.5, 3]], [("a", "double")], [1.0, 2.5, 3.0]),
    ("a fraction in a later batch", [[1], [2], [2.5, 3]], [("a", "double")], [1, 2, 2.5, 3.0]),
    ("whole doubles widen nothing", [[1, 2.0]], [("a", "bigint")], [1, 2]),
    ("double from the first", [[1.5, 2]], [("a", "double")], [1.5, 2.0]),
    ("other kinds are variants still", [[1, "x", 2.5]], [("a", "double"), ("a__v_text", "text")], [1.0, None, 2.5]),
    ("a bool column takes fractions", [[True, 2.5]], [("a", "bool")], [True, True]),
    ("a text column too", [["x", 1, 2.5]], [("a", "text")], ["x", "1", "2.5"]),
    ("integers beyond 64 bits fit then", [[1, 2.5, 2**70]], [("a", "double")], [1.0, 2.5, 2.0**70]),
]


@pytest.mark.parametrize(("batches", "types", "values"), [one[1:] for one in WIDENED], ids=[one[0] for one in WIDENED])
@pytest.mark.parametrize("reader", [Reader, SlowReader])
def test_numbers_widen_if_asked_to(
    reader: type[Reader], batches: list[list[object]], types: list[tuple[str, str]], values: list[object]
) -> None:
    of = resource()
    result = decode(*[[{"a": value} for value in batch] for batch in batches], of=of, reader=reader(of, WIDE))
    assert (result.types(), result.values("a"), result.rejects) == (types, values, [])


def test_numbers_do_not_widen_unless_asked_to() -> None:
    assert decode([{"a": 1}, {"a": 2.5}]).types() == [("a", "bigint"), ("a__v_double", "double")]


def test_numbers_of_child_tables_widen_too_and_keep_their_place() -> None:
    of = resource()
    result = decode(
        [{"l": [{"n": 1, "t": "x"}]}], [{"l": [{"n": 0.5}]}, {"m": [1, 0.5]}], of=of, reader=Reader(of, WIDE)
    )
    assert result.types("things__l") == [("n", "double"), ("t", "text")]
    assert result.types("things__m") == [("value", "double")]


def test_a_declared_integer_never_widens() -> None:
    of = resource(columns=hints(a="bigint"))
    result = decode([{"a": 1}], [{"a": 2.5}], of=of, reader=Reader(of, WIDE))
    assert result.types() == [("a", "bigint"), ("a__v_double", "double")]


def test_what_widening_rounds_is_counted() -> None:
    of = resource()
    result = decode([{"a": 2**53 + 1}, {"a": 0.5}], of=of, reader=Reader(of, WIDE))
    assert list(result.counts.values()) == [1]


def test_widening_goes_on_from_the_variant_of_an_earlier_run() -> None:
    before = decode([{"a": 1}, {"a": 2.5}]).schema
    of = resource()
    result = decode([{"a": 3.5}], of=of, reader=Reader(of, WIDE), schema=before)
    assert result.types() == [("a", "double"), ("a__v_double", "double")]
    assert result.values("a") == [3.5]


def _widened(of: Resource, batches: Sequence[Sequence[object]]) -> Schema:
    return decode(*[[{"a": value} for value in one] for one in batches], of=of, reader=Reader(of, WIDE)).schema


def test_widening_does_not_depend_on_how_pages_fall_into_batches() -> None:
    of = resource()
    for seed in range(30):
        rng = random.Random(seed)
        values = [rng.choice([1, 2, 2.5, "x", None, True, 3.0]) for _ in range(8)]
        whole = _widened(of, [values])
        cut = rng.randint(1, 7)
        parts = _widened(of, [values[:cut], values[cut:]])
        assert dict(result_types(whole)) == dict(result_types(parts)), values


def result_types(schema: Schema) -> list[tuple[str, str]]:
    return [(one.name, one.data_type) for table in schema.tables.values() for one in table.columns]


def test_a_column_that_holds_json_already_takes_objects_as_json() -> None:
    of = resource()
    before = decode([{"a": {"b": 1}, "c": {"d": 1}}], of=resource(columns=hints(a="json"))).schema
    known = as_known(of, before)
    assert decode([{"a": {"b": [2]}, "c": {"d": 2}}], of=known, schema=before).types() == before_types(before)
    assert as_known(known, before) == known
    assert as_known(of, Schema({})) is of


def before_types(schema: Schema) -> list[tuple[str, str]]:
    (table,) = schema.tables.values()
    return [(column.name, column.data_type) for column in table.columns if not column.name.startswith("_dlt_")]
