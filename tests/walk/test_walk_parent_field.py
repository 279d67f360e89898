"""Which field of a parent's rows a path's variable is taken from, where nobody said so and there is no `id`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headrace.model.guess import PARENT_FIELD
from headrace.model.plan import Parent, ParentField, Request, Resource, SinglePage, Text
from headrace.walk.bind import bind, fields_of
from headrace.walk.parent_field import with_field

ROW = {"name": "wren", "seen": True, "marks": [1]}


def child(variable: str, before: str = "/nests/", guesses: frozenset[str] | None = None) -> Resource:
    return Resource(
        name="eggs",
        table="eggs",
        request=Request(Text((before, ParentField("id"), "/eggs"))),
        paging=SinglePage(),
        parent=Parent("nests"),
        guesses=frozenset((f"{PARENT_FIELD}{variable}",)) if guesses is None else guesses,
    )


def rows(*several: dict[str, Any]) -> list[bytes]:
    return [json.dumps({**ROW, **row}).encode() for row in several]


@pytest.mark.parametrize(
    ("variable", "before", "key"),
    [
        ("nest_id", "/nests/", "nest_id"),
        ("nest_id", "/nests/", "nestId"),
        ("nestId", "/x/", "NEST_ID"),
        ("parent_id", "/nests/", "nestId"),
        ("of", "/v1/boxes/", "box_id"),
        ("of", "/colonies/", "colony_id"),
        ("of", "/sheep/", "sheep_id"),
    ],
)
def test_the_field_is_called_as_the_variable_or_as_what_the_path_has_before_it(
    variable: str, before: str, key: str
) -> None:
    found, said = with_field(child(variable, before), rows({key: "a"}, {key: "b"}))
    assert fields_of(found) == (key,)
    assert said == f"`{{{variable}}}` is `{key}` of each record of `nests`: they have no `id`"


def test_the_field_of_the_variables_name_comes_first() -> None:
    found, _ = with_field(child("ring"), rows({"nest_id": 1, "ring": 7}, {"nest_id": 2, "ring": 8}))
    assert fields_of(found) == ("ring",)


@pytest.mark.parametrize(
    "records",
    [
        rows({"id": 1, "nest_id": 5}, {"nest_id": 6}),
        rows({"nest_id": 5}, {}),
        rows({"nest_id": 5}, {"nest_id": None}),
        rows({"nest_id": 5}, {"nest_id": 5}),
        rows({"nest_id": ""}, {"nest_id": "a"}),
        rows({"nest_id": True}, {"nest_id": False}),
        rows({"nest_id": [5]}, {"nest_id": [6]}),
        rows({"nest_id": 5, "nestId": 7}, {"nest_id": 6, "nestId": 8}),
        rows({"egg_id": 5}, {"egg_id": 6}),
        [b"[1]", b"[2]"],
        [b"{"],
        [],
    ],
)
def test_where_the_records_do_not_settle_it_the_guess_stays(records: list[bytes]) -> None:
    assert with_field(child("nest_id"), records) == (child("nest_id"), "")


def test_what_was_stated_stays() -> None:
    stated = child("nest_id", guesses=frozenset())
    assert with_field(stated, rows({"nest_id": 5})) == (stated, "")


def test_an_odd_name_is_a_path_as_well() -> None:
    found, _ = with_field(child("nest_id"), rows({"nest.id": 5}))
    assert fields_of(found) == ("'nest.id'",)
    assert bind(found, {"'nest.id'": 5}).request.path == "/nests/5/eggs"
