"""Fields whose names are those of our own columns, and tables that two resources would fill in different ways."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.decode.observe import Reader
from headrace.decode.rules import DecodeRules
from tests.decode.making import SlowReader, decode, resource

LANES = pytest.mark.parametrize("lane", [Reader, SlowReader])


@LANES
@pytest.mark.parametrize(
    ("name", "value", "table"),
    [
        ("_dlt_load_id", "x", "things"),
        ("_dlt_id", 7, "things"),
        ("_dlt_parent_id", "x", "things__kids"),
        ("_dlt_list_idx", 7, "things__kids"),
        ("_dlt_root_id", "x", "things__kids"),
    ],
)
def test_a_field_named_like_a_column_of_ours_is_told(lane: type[Reader], name: str, value: Any, table: str) -> None:
    of = resource(disposition="merge", primary_key=("id",))
    kid: dict[str, Any] = {"v": 1}
    record: dict[str, Any] = {"id": 1, "kids": [kid]}
    (record if table == "things" else kid)[name] = value
    result = decode([record], of=of, reader=lane(of))
    assert value not in result.values(name, table)
    (told,) = result.counts
    assert told.startswith(f"{table}.{name}: a field has the name of a column that every table has")
    strict = decode([record, {"id": 2}], of=of, reader=lane(of, DecodeRules(strict=True)))
    assert [reject.record for reject in strict.rejects] == [0]


@LANES
def test_where_a_table_has_no_such_column_the_field_is_data_like_any_other(lane: type[Reader]) -> None:
    record = {"_dlt_parent_id": "p", "_dlt_id": "own", "_headrace_walk": 1, "kids": [{"_dlt_load_id": "l"}]}
    result = decode([record], reader=lane(resource()))
    assert (result.values("_dlt_parent_id"), result.values("_dlt_id")) == (["p"], ["own"])
    assert result.values("_headrace_walk") == [1]
    assert result.values("_dlt_load_id", "things__kids") == ["l"]
    assert result.counts == {}


@LANES
def test_a_list_that_would_fill_the_table_of_another_resource_makes_its_record_a_reject(lane: type[Reader]) -> None:
    other = resource(name="other", table="things__kids")
    known = decode([{"y": 1}], of=other, reader=lane(other)).schema
    result = decode([{"id": 1}, {"id": 2, "kids": [{"x": 1, "deep": [1]}]}], reader=lane(resource()), schema=known)
    assert result.data() == [{"id": 1}]
    assert [reject.record for reject in result.rejects] == [1]
    assert result.rejects[0].reason == (
        "the table things__kids belongs to what fills things__kids; give one of the two resources another table_name"
    )
    assert result.schema.tables["things__kids"] == known.tables["things__kids"]


@LANES
def test_a_resource_whose_table_a_list_of_another_fills_has_all_its_records_rejected(lane: type[Reader]) -> None:
    known = decode([{"kids": [{"x": 1}]}], reader=lane(resource())).schema
    other = resource(name="other", table="things__kids")
    result = decode([{"x": "text", "y": 1}], of=other, reader=lane(other), schema=known)
    assert result.rows == {}
    assert "belongs to what fills things;" in result.rejects[0].reason
    assert result.schema == known
