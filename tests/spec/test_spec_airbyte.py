"""Airbyte's words in a scaffold are understood, not just tolerated: each changes the plan, or a warning says so."""

from __future__ import annotations

import json

import pytest

from headrace.model.plan import Cursor, Incremental, NextUrl, Offset, PageNumber, Parent, ResponseAction, Text
from headrace.spec.read import Reading

from .documents import codes, errors, plan_of, told


def scaffold(**endpoint: object) -> Reading:
    notes = {"name": "notes", "endpoint": {"path": "/notes", "data_selector": "rows", **endpoint}}
    config = {"client": {"base_url": "https://api.acme.io"}, "resources": [{"name": "folders"}, notes]}
    text = f"# Overview\n# Configuration Example\n```python\nrest_api_source({json.dumps(config)})\n```\n# Schema\n"
    return told(text.replace("true", "True"))


@pytest.mark.parametrize(
    ("paginator", "paging"),
    [
        (
            {"type": "cursor", "cursor_param": "after", "cursor_value": "{{ response['meta'].get('next') }}"},
            Cursor("meta.next", "after", follow_urls=True),
        ),
        (
            {"type": "cursor", "cursor_param": "after", "cursor_value": "{{ last_record['id'] }}"},
            Cursor("rows[-1].id", "after", follow_urls=True),
        ),
        ({"type": "cursor", "cursor_value": "{{ response.links.next }}"}, NextUrl("links.next")),
        (
            {
                "type": "cursor",
                "cursor_param": "c",
                "cursor_path": "n",
                "stop_condition": "{{ not response.has_more }}",
            },
            Cursor("n", "c", has_more_path="has_more", follow_urls=True),
        ),
        (
            {"type": "cursor", "cursor_param": "c", "stop_condition": "{{ response.paging.token is none }}"},
            Cursor("paging.token", "c", follow_urls=True),
        ),
        (
            {"type": "page_number", "start_from_page": 0, "page_size": 5, "limit_param": "n"},
            PageNumber(0, 0, size=5, size_param="n"),
        ),
        (
            {
                "type": "offset",
                "page_size": 5,
                "page_size_option": {"field_name": "n", "inject_into": "request_parameter"},
                "page_token_option": {"field_name": "skip", "inject_into": "request_parameter"},
            },
            Offset(5, param="skip", size_param="n"),
        ),
    ],
)
def test_a_paginators_words_are_its_rule(paginator: dict[str, object], paging: object) -> None:
    reading = scaffold(paginator=paginator)
    assert errors(reading) == []
    assert plan_of(reading).resources[1].paging == paging


def test_an_error_handler_says_what_is_asked_again_and_what_ends_a_walk() -> None:
    handler = {
        "retry_on_status_codes": [429, 503],
        "max_retries": 9,
        "response_filters": [{"action": "IGNORE", "http_codes": [404]}],
    }
    notes = plan_of(scaffold(error_handler=handler)).resources[1]
    assert (notes.retry.statuses, notes.retry.attempts) == ((429, 503), 10)
    assert notes.actions == (ResponseAction(404),)


def test_an_incremental_sync_is_an_increment_with_its_window_in_the_request() -> None:
    sync = {
        "cursor_field": "at",
        "start_datetime": {"datetime": "2024-01-01"},
        "start_time_option": {"field_name": "since", "inject_into": "request_parameter"},
    }
    assert plan_of(scaffold(incremental_sync=sync)).resources[1].incremental == Incremental(
        "at", "2024-01-01", start_param="since"
    )


def test_a_partition_router_is_a_walk_for_each_row_of_the_parent() -> None:
    router = {"parent_stream_configs": [{"stream": "folders", "parent_key": "uid", "partition_field": "folder"}]}
    notes = plan_of(scaffold(path="/f/{folder}/notes", partition_router=router)).resources[1]
    assert notes.parent == Parent("folders")
    assert isinstance(notes.request.path, Text)


@pytest.mark.parametrize("place", ["record_filter"])
@pytest.mark.parametrize("condition", ["{{ record.x > 1 }}", {"condition": "{{ record.x > 1 }}"}])
def test_a_record_filter_warns_that_more_rows_are_loaded(place: str, condition: object) -> None:
    reading = scaffold(**{place: condition})
    assert codes(reading, "warning") == ["record-filter"]
    told_of = next(fault for fault in reading.faults if fault.code == "record-filter")
    assert "record.x > 1" in told_of.problem
    assert "are loaded as well" in told_of.problem


@pytest.mark.parametrize("word", ["inject_into", "inject_on_first_request"])
def test_what_a_paginator_cannot_do_is_told(word: str) -> None:
    paginator = {"type": "cursor", "cursor_param": "c", "cursor_path": "n", word: "header"}
    reading = scaffold(paginator=paginator)
    assert codes(reading, "warning") == ["dropped"]
    assert word in next(fault for fault in reading.faults if fault.code == "dropped").problem
