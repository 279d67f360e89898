"""A few values are taken out of a record, by the typed way and by the general one alike."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.envelope.pick import Picker
from headrace.model.envelope import ABSENT


def test_plain_chains_are_taken_and_what_is_not_there_is_absent() -> None:
    picker = Picker(["id", "a.b", "a.c", "none.deep"])
    assert picker.pick(b'{"x": [1], "id": "7", "a": {"b": null}}') == ("7", None, ABSENT, ABSENT)


def test_null_on_the_way_is_absent() -> None:
    assert Picker(["a.b"]).pick(b'{"a": null}') == (ABSENT,)


def test_another_shape_on_the_way_is_absent_and_the_others_are_found() -> None:
    assert Picker(["a.b", "id"]).pick(b'{"a": 5, "id": 1}') == (ABSENT, 1)


def test_the_first_match_of_a_wider_path_counts() -> None:
    assert Picker(["rows[*].id", "rows[?(@.k == 2)].id", "a"]).pick(b'{"rows": [{"id": 1}, {"id": 2, "k": 2}]}') == (
        1,
        2,
        ABSENT,
    )


def test_one_path_may_be_the_beginning_of_another() -> None:
    assert Picker(["a", "a.b"]).pick(b'{"a": {"b": 3}}') == ({"b": 3}, 3)


def test_a_record_that_is_no_object_has_no_values() -> None:
    assert Picker(["id"]).pick(b"5") == (ABSENT,)


def test_a_record_that_is_no_json_is_an_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        Picker(["id"]).pick(b'{"id": 1')


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abc"), values, max_size=3))
def test_both_ways_find_the_same(record: dict[str, object]) -> None:
    """A wildcard beside the plain chains sends all of them the general way."""
    text, paths = json.dumps(record).encode(), ["a.b", "b", "c.a.b"]
    assert Picker(paths).pick(text) == Picker([*paths, "*"]).pick(text)[:3]
