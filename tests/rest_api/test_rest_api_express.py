"""What dlt builds of a configuration, in the words of the plan."""

from __future__ import annotations

from typing import Any

import pytest
from dlt.sources.rest_api.config_setup import create_paginator

from headrace.model.plan import (
    AutoPaging,
    Cursor,
    HeaderCursor,
    LinkHeader,
    NextUrl,
    Offset,
    PageNumber,
    Paging,
    ResponseAction,
    SinglePage,
    text,
)
from headrace.rest_api.express import (
    Inexpressible,
    actions_of,
    no_session,
    paging_of,
    pairs,
    repeatable,
    request_of,
    selector_of,
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, AutoPaging()),
        ("auto", AutoPaging()),
        ("single_page", SinglePage()),
        ({"type": "json_link", "next_url_path": "a.b"}, NextUrl("a.b")),
        ({"type": "json_link", "next_url_path": "'@odata.nextLink'"}, NextUrl("'@odata.nextLink'")),
        ("header_link", LinkHeader()),
        ({"type": "header_cursor", "cursor_key": "X", "cursor_param": "y"}, HeaderCursor("X", "y")),
        ("cursor", Cursor("cursors.next")),
        ({"type": "cursor", "cursor_path": "n", "cursor_body_path": "p.c"}, Cursor("n", None, "p.c")),
        ({"type": "offset", "limit": 5}, Offset(5, total_path="total")),
        (
            {"type": "offset", "limit": 5, "offset_body_path": "o", "limit_body_path": "l", "maximum_offset": 9},
            Offset(5, param=None, size_param=None, body_path="o", size_body_path="l", total_path="total", maximum=9),
        ),
        ("page_number", PageNumber(total_path="total")),
        (
            {"type": "page_number", "base_page": 1, "page": 3, "total_path": None, "has_more_path": "more"},
            PageNumber(base=1, start=3, has_more_path="more"),
        ),
    ],
    ids=str,
)
def test_each_paginator_has_its_rule(given: Any, expected: Paging) -> None:
    assert paging_of(create_paginator(given)) == expected


def test_what_python_must_do_is_inexpressible() -> None:
    def step(_response: Any) -> None:
        """What a user would do with a response."""

    for give in (
        lambda: paging_of(object()),
        lambda: actions_of([step]),
        lambda: actions_of([{"status_code": 200, "action": step}]),
        lambda: no_session(object()),
        lambda: selector_of(step),
    ):
        with pytest.raises(Inexpressible):
            give()


def test_actions_compare_numbers_and_leave_out_what_fits_nothing() -> None:
    given = [{"status_code": "404", "action": "ignore"}, {"action": "ignore"}, {"content": "x", "action": "ignore"}]
    assert actions_of(given) == (ResponseAction(404), ResponseAction(None, "x"))


def test_parameters_are_written_as_requests_writes_them() -> None:
    given = {"a": 1, "b": None, "c": [1, "x", None], "d": True, "e": b"raw", "f": ()}
    expected = [("a", "1"), ("c", "1"), ("c", "x"), ("d", "True"), ("e", "raw")]
    assert pairs(given) == tuple((name, text(value)) for name, value in expected)


def test_a_body_is_json_or_a_form_or_raw_and_never_two_of_them() -> None:
    start = {"method": "post", "path": "x", "params": None, "headers": {"A": "1"}}
    client = {"base_url": "http://x", "headers": {"A": "0", "B": "2"}}
    request = request_of({**start, "json": {"a": 1}, "data": None}, client)
    assert (request.method, request.json, request.form, request.raw_body) == ("POST", {"a": 1}, None, None)
    assert request.headers == (("A", text("1")), ("B", text("2")))
    assert request_of({**start, "data": {"a": 1}}, client).form == (("a", text("1")),)
    assert request_of({**start, "data": "a=1"}, client).raw_body == text("a=1")
    with pytest.raises(ValueError, match="Cannot use both"):
        request_of({**start, "json": {"a": 1}, "data": {"b": 1}}, client)
    with pytest.raises(Inexpressible):
        repeatable(iter([b"x"]))
