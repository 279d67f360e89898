"""Without a selector the list of records is found as dlt finds it, less the lists that dlt falls for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headrace.envelope.split import compile_splitter
from headrace.model.envelope import Ask


def chosen(document: Any) -> str:
    return compile_splitter(Ask()).split(json.dumps(document).encode()).selector


@pytest.mark.parametrize(
    ("document", "selector"),
    [
        ([{"a": 1}], "$"),
        ([], "$"),
        ({"data": [{"a": 1}]}, "data"),
        ({"list": [{"a": 1}]}, "list"),
        ({"x": [{"a": 1}], "results": [{"a": 1}]}, "results"),
        ({"response": {"users": [{"a": 1}]}}, "response.users"),
        ({"a": {"b": {"c": [{"x": 1}]}}}, "a.b.c"),
        ({"a": {"b": {"c": {"d": [{"x": 1}]}}}}, "$"),
        ({"id": 1, "name": "x"}, "$"),
        ({"a.b": [{"x": 1}]}, "'a.b'"),
        ({"result": {"items": [{"a": 1}]}, "other": [{"a": 1}]}, "result.items"),
        ({"ids": [1, 2]}, "ids"),
    ],
)
def test_the_list_is_found_as_by_dlt(document: Any, selector: str) -> None:
    from dlt.sources.helpers.rest_client.detector import find_response_page_data

    assert chosen(document) == selector
    theirs = ".".join(find_response_page_data(document)[0])
    assert theirs == selector.replace("'", "")


@pytest.mark.parametrize(
    ("document", "selector"),
    [
        ({"warnings": [], "list": [1]}, "list"),
        ({"warnings": ["slow"], "list": [{"a": 1}]}, "list"),
        ({"tags": [], "people": [{"a": 1}]}, "people"),
        ({"tags": ["x"], "people": [{"a": 1}]}, "people"),
        ({"meta": {"x": [1]}, "list": [{"a": 1}]}, "list"),
        ({"meta": {"items": [1]}, "list": [{"a": 1}]}, "list"),
        ({"links": [{"rel": "next"}], "people": []}, "people"),
        ({"Results": [{"a": 1}], "x": [{"a": 1}]}, "Results"),
        ({"@odata.context": "c", "notes": [{"a": 1}], "value": []}, "value"),
        ({"results": [], "facets": [{"a": 1}]}, "results"),
        ({"results": None, "next": None}, "results"),
    ],
)
def test_a_list_that_is_no_records_does_not_win(document: Any, selector: str) -> None:
    """H7."""
    assert chosen(document) == selector


def test_a_null_list_is_an_empty_page() -> None:
    envelope = compile_splitter(Ask()).split(b'{"results": null, "next": null}')
    assert (list(envelope.records), envelope.shape) == ([], "null")


def test_a_record_with_a_null_field_of_such_a_name_stays_a_record() -> None:
    envelope = compile_splitter(Ask()).split(b'{"id": 1, "title": "x", "content": null}')
    assert (envelope.selector, envelope.shape) == ("$", "object")


@pytest.mark.parametrize("body", [b"", b"null", b" "])
def test_nothing_to_choose_from_pins_no_selector(body: bytes) -> None:
    envelope = compile_splitter(Ask()).split(body)
    assert (list(envelope.records), envelope.selector) == ([], "")


def test_a_choice_tells_of_a_fuller_list_that_it_passed_over() -> None:
    import msgspec

    from headrace.envelope.choose import choose

    root = msgspec.json.decode(b'{"results": [], "facets": [{"a": 1}]}', type=msgspec.Raw)
    assert choose(root).note == "`facets` was passed over, with 1 elements"


def test_values_for_paging_are_found_beside_a_chosen_list() -> None:
    envelope = compile_splitter(Ask(None, cursor="next")).split(b'{"people": [{"a": 1}], "next": "c"}')
    assert (envelope.selector, envelope.cursor, list(envelope.records)) == ("people", "c", [b'{"a": 1}'])
