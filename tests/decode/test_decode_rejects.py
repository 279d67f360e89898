"""No record is lost: it is a row or a reject with its bytes and the reason; what a type cannot hold is counted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from headrace.decode.losses import Loss, Lost
from headrace.decode.observe import Reader
from headrace.decode.rules import DecodeRules
from headrace.model.plan import ColumnHint, Resource
from tests.decode.making import SlowReader, decode, hints, resource

STRICT = DecodeRules(strict=True)
UNREADABLE: list[tuple[bytes, str]] = [
    (b'{"a": 1', "is not valid JSON"),
    (b'{"a": NaN}', "is not valid JSON (NaN is no number)"),
    (b'{"a": 01}', "is not valid JSON"),
    (b"", "is not valid JSON"),
    (b'{"a": 1} {"a": 2}', "is not valid JSON"),
    (b'{"a": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", "nests too deeply to be read"),
]


@pytest.mark.parametrize(("body", "problem"), UNREADABLE, ids=[problem for _, problem in UNREADABLE])
def test_a_record_that_cannot_be_read_is_a_reject_with_its_bytes(body: bytes, problem: str) -> None:
    result = decode([{"a": 1}, body, {"a": 2}])
    (reject,) = result.rejects
    assert (reject.body, reject.page, reject.record) == (body, 0, 1)
    assert reject.reason.startswith(f"the record {problem}")
    assert reject.reason.endswith("look at the page and ask the API's owner")
    assert result.values("a") == [1, 2]


TOO_LARGE: list[tuple[int, str | None, Any]] = [
    (2**63, None, "reject"),
    (-(2**63) - 1, None, "reject"),
    (2**63, "bigint", "reject"),
    (2**63, "bool", "reject"),
    (10**40, "decimal", "reject"),
    (2**63, "text", "9223372036854775808"),
    (2**70, "double", 2.0**70),
]


@pytest.mark.parametrize(("value", "declared", "outcome"), TOO_LARGE)
@pytest.mark.parametrize("reader", [Reader, SlowReader])
def test_an_integer_beyond_64_bits_is_kept_where_the_column_can(
    reader: type[Reader], value: int, declared: str | None, outcome: object
) -> None:
    of = resource(columns=hints(a=declared) if declared else ())
    result = decode([{"a": value, "l": [1]}, {"b": 1}], of=of, reader=reader(of))
    if outcome == "reject":
        (reject,) = result.rejects
        what = "an integer of too many digits" if declared == "decimal" else "an integer beyond 64 bits"
        assert reject.reason == f"things.a holds {what}; declare the column's data type (text takes everything)"
        assert len(result.rows["things"]) == 1
        assert "things__l" not in result.rows  # its children go with it
    else:
        assert result.values("a") == [outcome, None]


def test_a_record_with_two_faults_tells_the_first() -> None:
    (reject,) = decode([{"a": 2**70, "b": 2**70}]).rejects
    assert reject.reason.startswith("things.a holds")


def test_an_integer_beyond_64_bits_in_a_child_rejects_the_whole_record() -> None:
    result = decode([{"id": 1, "l": [1, 2**70]}, {"id": 2, "l": [3]}])
    assert [reject.record for reject in result.rejects] == [0]
    assert (result.values("id"), result.values("value", "things__l")) == ([2], [3])


KEYED = resource(disposition="merge", primary_key=("theId",))
REQUIRED = resource(columns=(ColumnHint("theId", nullable=False),))


@pytest.mark.parametrize("of", [KEYED, REQUIRED], ids=["key", "declared"])
@pytest.mark.parametrize("record", [{"theId": None, "x": 1}, {"x": 1}], ids=["null", "absent"])
def test_a_record_without_a_value_that_it_must_have_is_a_reject(of: Resource, record: dict[str, Any]) -> None:
    result = decode([{"theId": 1}, record], of=of)
    (reject,) = result.rejects
    assert reject.reason == "things.the_id must have a value and has none; correct the key, or load by append"
    assert result.values("the_id") == [1]


def test_a_key_that_no_record_of_a_batch_has_rejects_them_all() -> None:
    result = decode([{"x": 1}, {"x": 2}], of=KEYED)
    assert len(result.rejects) == 2
    assert not result.rows


def test_an_append_needs_no_key() -> None:
    assert not decode([{"x": 1}], of=resource(primary_key=("id",))).rejects


LOSSES: list[tuple[str, list[Any], str | None, Loss, object]] = [
    ("things.a_b", [{"aB": 1, "a_b": 2}], None, Loss.NAMES, 2),
    ("things.a_b", [{"aB": [1], "a_b": []}], None, Loss.NAMES, None),
    ("things._dlt_load_id", [{"_dlt_load_id": "x"}], None, Loss.RESERVED, None),
    ("things", [b'{"a": 1, "a": 2}'], None, Loss.REPEATED, 2),
    ("things", [b'{"o": [{"a": 1, "a": "x"}], "a": 2}'], None, Loss.REPEATED, 2),
    ("things", [b'{"a": "x\\ud800"}'], None, Loss.UNICODE, "x\ufffd"),
    ("things", [b'{"a": "x\xff"}'], None, Loss.UNICODE, "x\ufffd"),
    ("things.a", [b'{"a": -1e400}'], None, Loss.INFINITE, None),
    ("things.a", [{"a": 7}], "bool", Loss.TRUTH, True),
    ("things.a", [{"a": 2.5}], "bool", Loss.TRUTH, True),
    ("things.a", [{"a": 2**53 + 1}], "double", Loss.DIGITS, 2.0**53),
    ("things.a", [{"a": 2**63 - 1}], "double", Loss.DIGITS, 2.0**63),
    ("things.a", [{"a": 2**70 + 1}], "double", Loss.DIGITS, 2.0**70),
    ("things.a", [{"a": "0.12345678951"}], "decimal", Loss.PLACES, Decimal("0.123456790")),
    ("things.a", [{"a": "2024-01-01T10:00:00.1234567Z"}], None, Loss.MOMENT, None),
]
CASES = pytest.mark.parametrize(("where", "records", "declared", "loss", "value"), LOSSES, ids=repr)


@CASES
def test_what_a_column_cannot_hold_is_counted(
    where: str, records: list[Any], declared: str | None, loss: Loss, value: object
) -> None:
    of = resource(columns=hints(a=declared) if declared else ())
    result = decode([{"z": 1}, *records, *records], of=of)
    assert result.counts == {Lost(where, loss).notice: 2}
    assert not result.rejects
    if value is not None:
        assert value in result.rows["things"][1].values()


@CASES
def test_a_strict_reader_rejects_what_would_be_counted(
    where: str, records: list[Any], declared: str | None, loss: Loss, value: object
) -> None:
    del value
    of = resource(columns=hints(a=declared) if declared else ())
    result = decode([{"z": 1}, *records, {"z": 2}], of=of, reader=Reader(of, STRICT))
    (reject,) = result.rejects
    assert reject.reason == Lost(where, loss).reason
    assert (reject.record, result.values("z"), result.counts) == (1, [1, 2], {})


def test_every_loss_is_a_sentence_and_says_what_becomes_of_the_value() -> None:
    notice = "t.a: a number other than 0 and 1 meets a bool column; it becomes true, as in dlt, and the journal keeps what was sent"  # noqa: E501
    assert Lost("t.a", Loss.TRUTH).notice == notice
    reason = "t.a: two keys of one record lead to this column, which --strict refuses; without it the last one stands, as in dlt"  # noqa: E501
    assert Lost("t.a", Loss.NAMES).reason == reason
    of_contracts = {Loss.DISCARDED_VALUE, Loss.DISCARDED_ROW}  # `test_decode_contract` shows those
    assert {one[3] for one in LOSSES} == set(Loss) - of_contracts


HARMLESS: list[tuple[list[Any], str | None]] = [
    ([{"aB": None, "a_b": 1}], None),
    ([b'{"a": null, "a": 1}'], None),
    ([{"aB": 1}, {"a_b": 2}], None),
    ([{"a": 1}, {"a": 0}, {"a": 1.0}], "bool"),
    ([{"a": 2**53}, {"a": 2**60}, {"a": -(2**63)}, {"a": 2**70}], "double"),
    ([{"a": "0.123456789"}, {"a": "0x10"}, {"a": 2.5}, {"a": "1.500000000000"}], "decimal"),
    ([{"a": "2024-01-01T10:00:00.123456000Z"}], None),
    ([{"a": 1}, {"a": "x"}, {"a": True}, {"a": 2.5}], None),
]


@pytest.mark.parametrize(("records", "declared"), HARMLESS, ids=repr)
def test_what_loses_nothing_is_neither_counted_nor_rejected(records: list[Any], declared: str | None) -> None:
    of = resource(columns=hints(a=declared) if declared else ())
    for rules in (DecodeRules(), STRICT):
        result = decode(records, of=of, reader=Reader(of, rules))
        assert (result.counts, result.rejects) == ({}, [])


def test_types_are_not_decided_by_a_record_that_a_strict_reader_refuses_as_it_reads() -> None:
    of = resource()
    result = decode([b'{"x": "text", "a": 1, "a": 2}', {"x": 5}], of=of, reader=Reader(of, STRICT))
    assert (result.type("x"), result.values("x")) == ("bigint", [5])


def test_a_strict_reader_makes_the_same_tables_of_what_loses_nothing() -> None:
    of = resource()
    records = [{"a": 1, "l": [1, {"b": "x"}]}, {"a": "x", "o": {"p": 1.5}}, 5]
    strict, plain = decode(records, of=of, reader=Reader(of, STRICT)), decode(records, of=of)
    assert (strict.schema, strict.rows, strict.rejects) == (plain.schema, plain.rows, plain.rejects)
