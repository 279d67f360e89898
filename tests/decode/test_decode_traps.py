"""The traps of Arrow's reader: what must still go the fast way, and what must not."""

from __future__ import annotations

import pytest

from headrace.decode.observe import Reader
from headrace.decode.split import MARK
from headrace.model.records import Records
from tests.decode.making import body, decode, goes_fast, hints, page, resource

FAST: list[list[object]] = [
    [{"a": "2024-01-01"}, {"a": "2024-01-02T10:00:00Z"}],
    [{"a": 1}, {"a": 2.5}],
    [b'{"a": 1.0}', b'{"a": 8}'],
    [b'{\n "a": 1\n}', b'{\n "a": 2\n}'],
    [{"a": 2**53 + 1}, {"a": 0.5}],
    [{"a": 2**70}, {"a": 0.5}],
    [{"a": None}, {"a": {"b": None}}],
    [{"a": [[1], [2]]}],
    [{"aB": 1}, {"c": 2}],
    [{"aB": 1, "a_b": 2}, {"a_b": 3, "aB": None}, {"l": [{"o": {"a_b": 1.5, "aB": 8.5}}]}],
    [{"a": "ünï😀"}],
]


@pytest.mark.parametrize("records", FAST, ids=repr)
def test_ordinary_batches_go_the_fast_way(records: list[object]) -> None:
    assert goes_fast(*records)


SLOW: list[list[object]] = [
    [5],
    [{"a": 1}, None],
    [{"a": {"aB": 1, "a_b": {"c": 1}}}, {"a": {"a_b": 2}}],
    [b'{"a": 1, "a": 2}'],
    [b'{"a": "x\\ud800"}'],
    [b'{"a": "\xff"}'],
    [{"l": [None, 1]}],
    [{"a": 1}, {"a": "x"}],
    [{"a": {"b": 1}, "a__b": 2}],
    [{"a": MARK}],
    [b'{"a": 1e400}'],
]


@pytest.mark.parametrize("records", SLOW, ids=repr)
def test_what_arrow_would_get_wrong_goes_the_slow_way_at_first(records: list[object]) -> None:
    reader = Reader(resource())
    assert not goes_fast(*records)
    assert reader.observe([page(0, *records)]).records == len(records)


def test_json_fields_at_the_top_are_lifted_out_on_the_fast_way() -> None:
    of = resource(columns=hints(o="json"))
    assert goes_fast({"o": {"b": 1}, "a": [1]}, {"o": [1]}, of=of)
    assert goes_fast({"o": {"b": 1}, "a": [1]}, of=resource(max_nesting=0))


def test_a_slow_batch_does_not_slow_down_the_next() -> None:
    reader = Reader(resource())
    reader.observe([page(0, {"a": 1}, 5)])
    assert reader._fast(Records.of([body({"a": 2})])) is not None


def test_texts_stay_texts_when_a_batch_of_date_like_ones_comes_first() -> None:
    result = decode([{"a": "2024-01-01"}] * 3, [{"a": "x"}], [{"a": "2024-01-01 00:00:00"}])
    assert result.values("a") == ["2024-01-01"] * 3 + ["x", "2024-01-01 00:00:00"]


def test_a_mark_in_the_data_is_data() -> None:
    result = decode([{MARK + "Na": 1, "a": MARK}, {"a": 5, "b": "x"}], [{"a": 1.5, "b": 5}])
    assert result.values("a") == [MARK, "5", "1.5"]


def test_bytes_beyond_a_kilobyte_in_one_record_are_one_row() -> None:
    result = decode([{"a": "x" * 3_000_000}, {"a": "y"}])
    assert [len(value) for value in result.values("a")] == [3_000_000, 1]


def test_a_thousand_columns_and_a_hundred_levels_are_read() -> None:
    deep: object = 1
    for _ in range(100):
        deep = {"k": deep}
    result = decode([{f"c{n}": n for n in range(1000)} | {"deep": deep}])
    assert len(result.types()) == 1001
    assert result.types()[-1] == ("deep" + "__k" * 100, "bigint")
