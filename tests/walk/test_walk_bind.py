"""Rows of a parent and windows become requests, and what would become a wrong one is unfit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.model.envelope import ABSENT
from headrace.model.plan import FieldKey, Incremental, ParentField, Ref, Request, Resource, Text, WindowValue, text
from headrace.walk.bind import Unfit, Window, bind, fields_of

ID = ParentField("id")


def a_resource(path: str | Text = "", **parts: object) -> Resource:
    return Resource("notes", "notes", Request(path, **parts))  # type: ignore[arg-type]


def test_slots_are_filled_wherever_they_stand() -> None:
    resource = a_resource(
        text("accounts/", ID, "/notes"),
        params=(("of", text(ParentField("name"))), ("key", text(Ref("key")))),
        headers=(("X-Account", text("n", ID)),),
        json={"filter": {text("k", ID): [text(ID), text("x-", ID)]}, "plain": 1},
    )
    assert fields_of(resource) == ("id", "name")
    request = bind(resource, {"id": 7, "name": "a b"}).request
    assert request.path == "accounts/7/notes"
    assert request.params == (("of", text("a b")), ("key", text(Ref("key"))))
    assert request.headers == (("X-Account", text("n", "7")),)
    assert request.json == {"filter": {text("k", "7"): [7, text("x-", "7")]}, "plain": 1}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({}, "missing"),
        ({"id": ABSENT}, "missing"),
        ({"id": None}, "null"),
        ({"id": [1]}, "a list"),
        ({"id": {}}, "an object"),
        ({"id": ""}, "another path"),
        ({"id": ".."}, "another path"),
    ],
)
def test_a_row_that_gives_no_request_is_unfit(row: dict[FieldKey, object], why: str) -> None:
    with pytest.raises(Unfit, match=why):
        bind(a_resource(text("accounts/", ID)), row)


@given(st.text(min_size=1).filter(lambda words: words not in {".", ".."}))
def test_a_value_stays_one_segment_of_the_path(value: str) -> None:
    path = bind(a_resource(text("accounts/", ID, "/notes")), {"id": value.encode("utf-8", "replace").decode()}).request
    assert isinstance(path.path, str)
    assert path.path.count("/") == 2
    assert not set("?#") & set(path.path)


def test_a_raw_slot_may_hold_a_whole_path() -> None:
    resource = a_resource(text("files/", ParentField("path", raw=True)))
    assert bind(resource, {"path": "a/b.txt"}).request.path == "files/a/b.txt"


def test_a_window_goes_into_its_parameters_and_slots() -> None:
    resource = a_resource("notes", params=(("q", text("since:", WindowValue("start_value"))),))
    resource = Resource(
        "notes", "notes", resource.request, incremental=Incremental("at", start_param="from", end_param="to")
    )
    params = bind(resource, {}, Window(start="2024-01-01", end=None)).request.params
    assert params == (("q", text("since:", "2024-01-01")), ("from", text("2024-01-01")))
    assert bind(resource, {}, Window("a", "b")).request.params[-1] == ("to", text("b"))
