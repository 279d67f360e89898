"""The rows of a batch in one request: every value once, in order, and none that could be taken for another."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.model.plan import ParentField, Request, Resource, Text, text
from headrace.walk.bind import Row, Unfit, bind, together

ID = ParentField("id", batch=9)
EACH = ParentField("id", batch=9, repeated=True)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda words: words not in {".", ".."})


def bound(rows: list[Row], path: str | Text = "c", **parts: object) -> Request:
    resource = Resource("notes", "notes", Request(path, **parts))  # type: ignore[arg-type]
    return bind(resource, together(resource, rows)).request


def test_a_batch_is_filled_in_wherever_it_stands() -> None:
    request = bound(
        [{"id": 1, "team": "x"}, {"id": 2, "team": "x"}],
        text("teams/", ParentField("team"), "/", ID),
        params=(("ids", text(ID)), ("q", text("in(", ID, ")")), ("id", text(EACH))),
        headers=(("X-Ids", text(ID)),),
        json={"ids": text(ID), "spread": [0, text(ID)], "words": text("of ", ID), "team": text(ParentField("team"))},
        form=(("id", text(EACH)), ("ids", text(ID))),
        raw_body=text("<", ID, ">"),
    )
    assert request.path == "teams/x/1,2"
    assert request.params == (
        ("ids", text("1,2")),
        ("q", text("in(", "1,2", ")")),
        ("id", text("1")),
        ("id", text("2")),
    )
    assert request.headers == (("X-Ids", text("1,2")),)
    assert request.json == {"ids": [1, 2], "spread": [0, 1, 2], "words": text("of ", "1,2"), "team": "x"}
    assert request.form == (("id", text("1")), ("id", text("2")), ("ids", text("1,2")))
    assert request.raw_body == text("<", "1,2", ">")


@given(st.lists(WORDS.filter(lambda words: "," not in words), min_size=1))
def test_the_values_of_a_list_with_commas_are_those_of_the_rows(values: list[str]) -> None:
    request = bound([{"id": value} for value in values], text("c/", ID), params=(("ids", text(ID)),))
    assert isinstance(request.path, str)
    assert [unquote(each) for each in request.path.removeprefix("c/").split(",")] == values
    assert (request.params[0][1].literal or "").split(",") == values


@given(st.lists(st.text(), min_size=1))
def test_repeated_parameters_and_json_take_any_text(values: list[str]) -> None:
    request = bound([{"id": value} for value in values], params=(("id", text(EACH)),), json={"ids": text(ID)})
    assert [value.literal for _, value in request.params] == values
    assert request.json == {"ids": values}


@pytest.mark.parametrize(
    ("value", "why"),
    [("a,b", "'a,b', which cannot stand in a list"), ("", "''"), (None, "null"), ([1], "a list"), ({}, "an object")],
)
def test_a_value_that_a_list_cannot_hold_is_unfit(value: object, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        bound([{"id": 1}, {"id": value}], params=(("ids", text(ID)),))


@pytest.mark.parametrize("value", [".", ".."])
def test_a_value_that_would_lead_to_another_path_is_unfit(value: str) -> None:
    with pytest.raises(Unfit, match="another path"):
        bound([{"id": value}], text("c/", ID))
