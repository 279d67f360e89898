"""How a merge is done: what is read, what dlt takes as well, and what is told."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from headrace.model.strategy import Cdc, DeleteInsert, InsertOnly, Scd2, Strategy, Upsert
from headrace.spec.read import Reading
from tests.spec.documents import codes, errors, of, with_resource
from tests.spec.oracle import dlt_takes

Hints = dict[str, Any]
NEW_YEAR = "2024-01-01T00:00:00+00:00"


def merge(strategy: str | None = None, **more: Any) -> Hints:
    return {"disposition": "merge", **({"strategy": strategy} if strategy else {}), **more}


def config(way: object, **more: Any) -> dict[str, object]:
    return with_resource(write_disposition=way, **{"primary_key": "id", **more})


def strategy_of(reading: Reading) -> Strategy:
    assert reading.plan is not None, reading.faults
    return reading.plan.resources[0].strategy


READ: list[tuple[object, Strategy]] = [
    ("merge", DeleteInsert()),
    (merge(), DeleteInsert()),
    (merge("delete-insert", deduplicated=True), DeleteInsert()),
    (merge("upsert"), Upsert()),
    (merge("upsert", skip_unchanged_rows=True), Upsert(skip_unchanged=True)),
    (
        merge("upsert", skip_unchanged_rows=True, row_version_column_name="v"),
        Upsert(skip_unchanged=True, row_version="v"),
    ),
    (merge("insert-only"), InsertOnly()),
    (merge("cdc"), Cdc()),
    (merge("cdc", skip_unchanged_rows=True), Cdc(skip_unchanged=True)),
    (merge("scd2"), Scd2()),
    (merge("scd2", validity_column_names=["since", "until"]), Scd2(valid_from="since", valid_to="until")),
    (merge("scd2", active_record_timestamp="2024-01-01"), Scd2(active=NEW_YEAR)),
    (merge("scd2", active_record_timestamp=None), Scd2()),
    (merge("scd2", boundary_timestamp=1704067200), Scd2(boundary=NEW_YEAR)),
    (merge("scd2", row_version_column_name="v"), Scd2(row_version="v")),
    ({"disposition": "append", "strategy": "upsert"}, DeleteInsert()),
    ({"disposition": "replace"}, DeleteInsert()),
]
REFUSED: list[object] = [
    merge("bogus"),
    merge(deduplicated=True),
    merge(skip_unchanged_rows=True),
    merge("upsert", deduplicated=True),
    merge("upsert", destination_scope="a = 1"),
    merge("upsert", skip_unchanged_rows="yes"),
    merge("insert-only", source_filter="a = 1"),
    merge("scd2", skip_unchanged_rows=True),
    merge("scd2", validity_column_names="ab"),
    merge("scd2", validity_column_names=[1, 2]),
    merge("scd2", active_record_timestamp="soon"),
    merge("scd2", active_record_timestamp=[]),
    merge("scd2", boundary_timestamp="10:00"),
    merge("scd2", row_version_column_name=3),
    {"disposition": "replace", "strategy": "truncate-and-insert"},
    {"disposition": "replace", "strategy": "insert-from-staging"},
    {"disposition": "replace", "strategy": "staging-optimized"},
    {"strategy": "upsert"},
]


@pytest.mark.parametrize(("way", "strategy"), READ, ids=str)
def test_a_strategy_is_read_as_dlt_takes_it(way: object, strategy: Strategy) -> None:
    assert dlt_takes(config(way))
    assert strategy_of(of(config(way))) == strategy


@pytest.mark.parametrize("way", REFUSED, ids=str)
def test_what_dlt_refuses_of_a_strategy_is_a_fault(way: object) -> None:
    assert not dlt_takes(config(way))
    assert errors(of(config(way)))


def test_all_faults_of_a_strategy_come_at_once() -> None:
    way = merge("scd2", validity_column_names=["a"], boundary_timestamp="x", deduplicated=True, stratgy=1)
    assert sorted(fault.path.rpartition(".")[2] for fault in errors(of(config(way)))) == [
        "boundary_timestamp",
        "deduplicated",
        "stratgy",
        "validity_column_names",
    ]


@pytest.mark.parametrize("strategy", ["upsert", "insert-only", "cdc"])
def test_a_strategy_that_looks_at_the_primary_key_needs_one(strategy: str) -> None:
    (fault,) = errors(of(config(merge(strategy), primary_key=None)))
    assert (fault.code, fault.fix) == ("missing-key", "add `primary_key`")


def test_versions_need_no_key() -> None:
    reading = of(config(merge("scd2"), primary_key=None))
    assert reading.plan is not None
    assert reading.plan.resources[0].disposition == "merge"
    assert codes(reading, "note") == []


@pytest.mark.parametrize(
    "way", [{"disposition": "append", "strategy": "upsert"}, merge("upsert", row_version_column_name="v")], ids=str
)
def test_what_has_no_effect_is_told(way: Hints) -> None:
    reading = of(config(way))
    assert reading.plan is not None
    assert "no-effect" in {fault.code for fault in reading.in_full}


def test_marks_and_orders_of_columns_are_read() -> None:
    columns = {"gone": {"hard_delete": True}, "at": {"dedup_sort": "desc"}, "x": {"hard_delete": False}}
    reading = of(config("merge", columns=columns))
    assert reading.plan is not None
    hints = {hint.name: (hint.hard_delete, hint.dedup_sort) for hint in reading.plan.resources[0].columns}
    assert hints == {"gone": (True, None), "at": (False, "desc"), "x": (False, None)}


@pytest.mark.parametrize("hint", [{"hard_delete": True}, {"dedup_sort": "asc"}], ids=str)
def test_one_column_has_such_a_hint(hint: Hints) -> None:
    (fault,) = errors(of(config("merge", columns={"a": hint, "b": hint})))
    assert fault.path == "resources[0].columns"


def test_an_order_is_one_of_two_words() -> None:
    (fault,) = errors(of(config("merge", columns={"a": {"dedup_sort": "up"}})))
    assert fault.fix == "write the order `asc` or `desc`"


def test_marked_rows_are_left_out_without_a_key_too() -> None:
    reading = of(config("merge", primary_key=None, columns={"gone": {"hard_delete": True}}))
    assert reading.plan is not None
    assert reading.plan.resources[0].disposition == "merge"


def test_one_table_is_not_merged_by_two_strategies() -> None:
    document = config(merge("upsert"))
    first = {**msgspec.convert(document["resources"], list[Hints])[0], "table_name": "t"}
    second = {**first, "name": "others", "write_disposition": "merge"}
    found = errors(of({**document, "resources": [first, second]}))
    assert [fault.code for fault in found] == ["one-table"]
