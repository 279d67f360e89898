"""`{resources.x.y:batch(50)}`: values of many rows in one request, wherever a value may stand, and what cannot be."""

from __future__ import annotations

import pytest

from headrace.model.plan import ParentField, Text
from headrace.spec.live import read_live
from headrace.walk.bind import batch_of, shared_of

from .documents import errors, of, plan_of, the_error
from .test_spec_parents import child, with_child

BATCH = ParentField("id", batch=50)
SLOT = "{resources.posts.id:batch(50)}"


@pytest.mark.parametrize(
    ("endpoint", "place", "read"),
    [
        ({"path": f"of/{SLOT}/c"}, "path", Text(("of/", BATCH, "/c"))),
        ({"params": {"ids": SLOT}}, "params", (("ids", Text((BATCH,))),)),
        ({"params": {"q": f"id:({SLOT})"}}, "params", (("q", Text(("id:(", BATCH, ")"))),)),
        ({"params": {"id": [SLOT]}}, "params", (("id", Text((ParentField("id", batch=50, repeated=True),))),)),
        ({"headers": {"X-Ids": SLOT}}, "headers", (("X-Ids", Text((BATCH,))),)),
        ({"method": "POST", "json": {"ids": SLOT}}, "json", {"ids": Text((BATCH,))}),
        ({"method": "POST", "data": {"ids": SLOT}}, "form", (("ids", Text((BATCH,))),)),
        ({"method": "POST", "data": f"<ids>{SLOT}</ids>"}, "raw_body", Text(("<ids>", BATCH, "</ids>"))),
    ],
    ids=repr,
)
def test_a_batch_stands_wherever_a_value_may(endpoint: dict[str, object], place: str, read: object) -> None:
    reading = of(with_child({"path": "c", **endpoint}))
    assert getattr(child(reading), place) == read
    assert batch_of(plan_of(reading).resources[-1]) == 50


def test_what_stands_beside_a_batch_is_shared_by_its_rows() -> None:
    resource = plan_of(of(with_child({"path": "t/{resources.posts.team}/c", "params": {"ids": SLOT}}))).resources[-1]
    assert shared_of(resource) == ("team",)


def test_a_path_that_ends_with_a_batch_leads_to_many_records() -> None:
    resource = plan_of(of(with_child({"path": f"c/{SLOT}"}))).resources[-1]
    assert (resource.selector, type(resource.paging).__name__) == (None, "AutoPaging")


@pytest.mark.parametrize(
    ("endpoint", "more", "path", "words"),
    [
        ({"params": {"a": "{resources.posts.id:batch(0)}"}}, {}, "endpoint.params.a", "no number of rows"),
        ({"params": {"a": "{resources.posts.id:batch}"}}, {}, "endpoint.params.a", "no number of rows"),
        ({"path": "c/{resources.posts.id:batch(x)}"}, {}, "endpoint.path", "no number of rows"),
        (
            {"params": {"a": SLOT, "b": "{resources.posts.name:batch(20)}"}},
            {},
            "endpoint.params.b",
            "batches of 50 and of 20 rows",
        ),
        (
            {"path": "of/{resources.posts.id}/c", "params": {"a": SLOT}},
            {},
            "endpoint.params.a",
            "`id` of many rows and of one row",
        ),
        (
            {"params": {"a": SLOT}},
            {"include_from_parent": ["name"]},
            "include_from_parent",
            "a batch asks for many rows at once",
        ),
        (
            {"params": {"a": SLOT}, "incremental": {"cursor_path": "at", "start_param": "since"}},
            {},
            "endpoint.params.a",
            "an increment has a place for each row of the parent",
        ),
        ({"method": "POST", "json": {SLOT: 1}}, {}, f'endpoint.json["{SLOT}"]', "cannot stand in a name"),
    ],
    ids=repr,
)
def test_what_a_batch_cannot_be_is_said_with_its_place(
    endpoint: dict[str, object], more: dict[str, object], path: str, words: str
) -> None:
    fault = the_error(of(with_child({"path": "c", **endpoint}, **more)))
    assert (fault.code, fault.path) == ("batch", f"resources[2].{path}")
    assert words in fault.problem
    assert fault.line
    assert fault.fix


def test_a_window_has_no_batches() -> None:
    endpoint: dict[str, object] = {
        "path": "c",
        "params": {"since": "{incremental.start_value:batch(5)}"},
        "incremental": {"cursor_path": "at"},
    }
    assert [fault.code for fault in errors(of(with_child(endpoint)))] == ["not-yet"]


def test_python_is_told_that_batches_are_for_documents() -> None:
    (fault,) = read_live(with_child({"path": "c", "params": {"ids": SLOT}}), name="live").faults
    assert (fault.code, fault.path) == ("not-yet", "resources[2].endpoint.params.ids")
    assert "`headrace run` alone" in fault.problem
