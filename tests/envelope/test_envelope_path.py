"""Paths are read as dlt reads them (jsonpath-ng is the oracle), a little more freely, and refused with a position."""

from __future__ import annotations

import warnings
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.envelope.find import find
from headrace.envelope.path import parse, render

from .jsonpath_oracle import oracle


def found(path: str, document: Any) -> list[Any]:
    root = msgspec.json.decode(msgspec.json.encode(document), type=msgspec.Raw)
    return [msgspec.json.decode(match) for match in find(parse(path), root).matches]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("$", ()),
        ("@", ()),
        ("data", ("data",)),
        ("data.items", ("data", "items")),
        (" data . items ", ("data", "items")),
        ("$.data.items", ("data", "items")),
        ("['a.b']", ("a.b",)),
        ("$['a.b']['c']", ("a.b", "c")),
        ('"@odata.nextLink"', ("@odata.nextLink",)),
        ("@odata.nextLink", ("@odata.nextLink",)),
        ("$.@odata.nextLink", ("@odata.nextLink",)),
        ("d.@odata.count", ("d", "@odata.count")),
        ("odata.nextLink", ("odata.nextLink",)),
        ("@microsoft.graph.downloadUrl", ("@microsoft.graph.downloadUrl",)),
        ("@type", ("@type",)),
        ("next-page", ("next-page",)),
        ("meta.next_cursor", ("meta", "next_cursor")),
        ("_links.next.href", ("_links", "next", "href")),
        ("naïve.日本", ("naïve", "日本")),
        ("a:b.c/d", ("a:b", "c/d")),
        ("a.'b c'", ("a", "b c")),
        (r"'it\'s'", ("it's",)),
        ("123", ("123",)),
        ("a.2.b", ("a", "2", "b")),
        ("true.null", ("true", "null")),
        ("a[b]", ("a", "b")),
    ],
)
def test_a_chain_of_keys_is_known_as_one(text: str, keys: tuple[str, ...]) -> None:
    assert parse(text).keys == keys


@pytest.mark.parametrize("text", ["a[0]", "a[-1].b", "a[*]", "*", "a..b", "a,b", "a|b", "a[?(@.b)]", "a[1:2]", "[-1]"])
def test_anything_else_is_no_chain(text: str) -> None:
    assert parse(text).keys is None


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 1, "a key is missing"),
        ("a.", 3, "a key is missing"),
        (".a", 1, "expected a key"),
        ("a..", 4, "a key is missing"),
        ("a b", 3, "should end here"),
        ("$a", 2, "should end here"),
        ("a['b", 3, "never closed"),
        ("a[0", 4, "expected `]`"),
        ("a[0,x]", 5, "expected an integer"),
        ("a.`len`", 3, "backquotes"),
        ("(a)", 1, "parentheses"),
        ("a[/b]", 3, "sorting"),
        ("a[?(@.b == @.c)]", 12, "a literal"),
        ("a[?(@.b == )]", 12, "expected a key"),
        ("a[?($.b)]", 5, "whole document"),
        ("a[?(@.b]", 8, "expected `)`"),
        ("a where b", 3, "should end here"),
        ("a[]", 3, "expected a key"),
        ("a[?@.b =~ '(']", 11, "regular expression"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_position(text: str, position: int, says: str) -> None:
    with pytest.raises(ValueError, match="JSONPath") as caught:
        parse(text)
    assert f"position {position} " in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("part", ["(", "@[?", "a[?", "!(", "[", ".."])
def test_a_path_nested_without_end_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="position"):
        parse("a[?" + part * 5000)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused_with_a_value_error(text: str) -> None:
    try:
        parse(text)
    except ValueError as error:
        assert "position" in str(error)  # noqa: PT017 - both outcomes are right


@given(st.lists(st.text(max_size=6), max_size=4).map(tuple))
def test_rendered_keys_are_read_back_as_the_same_keys(keys: tuple[str, ...]) -> None:
    assert parse(render(keys)).keys == keys


def test_rendered_odata_keys_are_quoted_so_that_dlt_reads_them_too() -> None:
    assert render(("a", "@odata.nextLink")) == "a.'@odata.nextLink'"


DOCUMENT: dict[str, Any] = {
    "a": {"b": [{"x": 1, "y": "p"}, {"x": 2}, {"y": None}, [1, 2, [3]], "s", None, True], "x": {"x": 5}},
    "x": [10, 11, 12, 13],
    "next": None,
    "r": [{"n": 1, "ok": True}, {"n": 2.5, "ok": False}, {"n": "2", "ok": None}, {"ok": 1}],
}


@pytest.mark.parametrize(
    "path",
    [
        "$", "a", "a.b", "a.b[0]", "a.b[-1]", "a.b[9]", "a.b[*].x", "a.b[0,1].x", "a.b[1:3]", "a.b[::2]", "a.b[:-2]",
        "a.b[-2:]", "a.b[0:4:0]", "*", "a.*", "x[*]", "a.*.x", "$..x", "a..x", "$..y", "a['b','x']",
        "a.b,x", "next", "a.nope", "nope.b", "x.b", "a[0]", "a|x", "a.b[3][*]", "r[?(@.n)].n", "r[?(@.n == 1)]",
        "r[?(@.n > 1)].n", "r[?(@.n >= 1 & @.ok == true)]", "r[?@.ok == null]", "r[?(@.n == '2')]", "r[?@.n != 1].ok",
        "r[?(@.n == 1 || @.n == '2')].n", "r[?(!@.n)]", "r[?(@.ok == true)]", "r[?@.n =~ '^2']", "a[?(@.x == 5)]",
        "$..[?(@.x == 1)]", "a.[*]", "r.[0].n", "r[?(@.n < 3 && (@.ok == false || @.ok == true))].n", "x[?(@ > 11)]",
    ],
)  # fmt: skip
def test_paths_find_what_jsonpath_ng_finds(path: str) -> None:
    assert found(path, DOCUMENT) == oracle(path, DOCUMENT)


_names = st.sampled_from(["a", "b", "x"])
_steps = st.one_of(
    _names.map(lambda name: f".{name}"),
    st.integers(-2, 2).map(lambda place: f"[{place}]"),
    st.sampled_from(["[*]", ".*", "[1:]", "[:1]", "['a','b']", "..x", "[?(@.a)]", "[?(@.a == 1)]", "[?(@.x != 'b')]"]),
)
_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 2), st.sampled_from(["a", "b", ""])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_names, inner, max_size=3)),
    max_leaves=12,
)


@given(st.lists(_steps, max_size=4).map(lambda steps: "$" + "".join(steps)), _json)
def test_generated_paths_find_what_jsonpath_ng_finds(path: str, document: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert found(path, document) == oracle(path, document)


def test_matches_are_the_bytes_of_the_body() -> None:
    root = msgspec.json.decode(b'{"a": [ {"n": 1.10, "m": 1e400}, 12345678901234567890123 ]}', type=msgspec.Raw)
    matches = find(parse("a[*]"), root).matches
    assert [bytes(match) for match in matches] == [b'{"n": 1.10, "m": 1e400}', b"12345678901234567890123"]


def test_a_filter_does_not_stumble_over_numbers_beyond_a_double() -> None:
    root = msgspec.json.decode(b'[{"n": 1e400}, {"n": 1}]', type=msgspec.Raw)
    assert [bytes(match) for match in find(parse("[?(@.n == 1)]"), root).matches] == [b'{"n": 1}']


@pytest.mark.parametrize(
    ("path", "lost"),
    [("a.b.c", 1), ("nope", 0), ("list[*]", None), ("list[5]", 1), ("list[?(@.a)]", None), ("one[*]", 1), ("$..zz", 0),
     ("null[*]", None), ("null.a", 1), ("nope|list[*]", None), ("nope|gone", 0)],
)  # fmt: skip
def test_an_absent_path_is_told_from_a_list_with_nothing_in_it(path: str, lost: int | None) -> None:
    root = msgspec.json.decode(b'{"a": {}, "list": [], "one": 1, "null": null}', type=msgspec.Raw)
    assert find(parse(path), root).lost == lost
