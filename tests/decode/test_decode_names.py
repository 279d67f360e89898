"""Names are those of dlt's snake_case convention, for any key."""

from __future__ import annotations

import pytest
from dlt.common.normalizers.naming.snake_case import NamingConvention
from hypothesis import given
from hypothesis import strategies as st

from headrace.decode.names import joined, normalise, table_name, variant
from tests.decode.making import resource

theirs = NamingConvention(max_length=None)


@pytest.mark.parametrize(
    ("key", "name"),
    {
        "camelCase": "camel_case", "HTTPServer": "http_server", "ABTest": "ab_test", "userID2": "user_id2",
        "V2Api": "v2_api", "a.b c": "a_b_c", "1st": "_1st", "trail_": "trailx", "+1": "x1", "@t": "at",
        "$ref": "_ref", "a|b": "alb", "x*": "xx", "naïve": "na_ve", "é": "x", "日本": "x", "EMAIL": "email",
        " spaced ": "spaced", "_under": "_under", "a__b": "a__b", "": "_empty", " ": "_empty", "__": "_empty",
    }.items(),
)  # fmt: skip
def test_a_key_becomes_a_name(key: str, name: str) -> None:
    assert normalise(key) == name


@given(st.text(st.sampled_from("aBcD1_ .+-*@|$é日") | st.characters(codec="utf-8"), min_size=1, max_size=12))
def test_any_key_is_named_as_in_dlt(key: str) -> None:
    if key.replace("_", "").strip():  # dlt refuses a key of underscores alone in a path
        assert normalise(key) == theirs.normalize_path(key)


@given(st.text(st.sampled_from("aB1_ é"), max_size=12))
def test_a_name_is_never_empty_and_names_itself_unless_it_ends_in_an_underscore(key: str) -> None:
    name = normalise(key)
    assert name
    assert normalise(name) == name


def test_a_path_is_joined_with_the_separator() -> None:
    assert joined(("a", "b"), "c") == "a__b__c"
    assert joined((), "c") == "c"


def test_a_variant_is_named_after_its_column_and_type() -> None:
    assert variant("a", "double") == "a__v_double"


def test_the_root_table_is_normalised() -> None:
    assert table_name(resource(table="npsResponses")) == "nps_responses"
