"""Two keys of one object that lead to one column: the last in the object stands, by either lane, and is counted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.decode.clash import tag
from tests.decode.making import SlowReader, body, decode, goes_fast, resource

KEYS = st.sampled_from(["email", "Email", "EMAIL", "e", 'q"e', "list"])
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([1.5, "x", "", '"email":', 'a\\"Email":1'])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)


@pytest.mark.parametrize(
    ("record", "value", "counted"),
    [
        ('{"Email":"a","email":"b"}', "b", 1),
        ('{"email":"b","Email":"a"}', "a", 1),
        ('{"Email":"a","email":null}', None, 1),
        ('{"Email":null,"email":"b"}', "b", 0),
        ('{"Email": "a", "other": {"x": 1}, "email": "b", "EMAIL": "c"}', "c", 2),
        ('{"t":"\\"email\\":9","Email":"a"}', "a", 0),
    ],
)
def test_the_last_key_in_the_record_stands(record: str, value: str | None, counted: int) -> None:
    first = b'{"Email":"z","email":"y"}'
    result = decode([first, record.encode()])
    assert goes_fast(first, record.encode())
    assert result.values("email") == ["y", value]
    assert sum(result.counts.values()) == 1 + counted


def test_a_value_of_another_kind_under_the_second_key_is_a_variant() -> None:
    result = decode([{"Email": "a", "email": "b"}, {"email": "b", "Email": 5}])
    assert result.values("email") == ["b", "5"]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=5), min_size=1, max_size=5))
def test_both_lanes_settle_alike(records: list[dict[str, object]]) -> None:
    of = resource()
    fast, slow = decode(records, of=of), decode(records, of=of, reader=SlowReader(of))
    assert fast.schema == slow.schema
    assert fast.counts == slow.counts
    for name in slow.rows:
        assert list(map(repr, fast.rows[name])) == list(map(repr, slow.rows[name]))


def test_a_batch_without_the_keys_that_clashed_before_is_read() -> None:
    result = decode([{"A": "x", "a": None, "b": None}], [{}], [{"a": "y"}])
    assert result.values("a") == [None, None, "y"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=3), max_size=4))
def test_what_clashed_before_changes_nothing_later(pages: list[list[dict[str, object]]]) -> None:
    of = resource()
    fast, slow = decode(*pages, of=of), decode(*pages, of=of, reader=SlowReader(of))
    assert fast.schema == slow.schema
    assert {name: list(map(repr, rows)) for name, rows in fast.rows.items()} == {
        name: list(map(repr, rows)) for name, rows in slow.rows.items()
    }


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_what_is_tagged_is_json_still(record: dict[str, object]) -> None:
    json.loads(tag(body(record), ["email", "Email", "e", "list"]))
