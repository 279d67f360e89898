"""The inventory of dlt's vocabulary as a table: each key has a value that is read, and a default where it is absent."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, get_type_hints

import pytest

from headrace.model.plan import (
    AutoPaging,
    Bearer,
    ColumnHint,
    Cursor,
    Incremental,
    LinkHeader,
    NoAuth,
    Parent,
    Plan,
    Resource,
    ResponseAction,
    SinglePage,
    Text,
)
from headrace.spec.live import read_live
from headrace.spec.vocabulary import CLIENT, ENDPOINT, PLACEHOLDER_KEYS, RESOURCE, TOP

from .documents import of, plan_of
from .oracle import dlt_takes

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dlt.sources.rest_api import typing as theirs


class Row(NamedTuple):
    """One key: a value for it, what is read of it, and what is read where it is absent."""

    key: str
    value: object
    see: Callable[[Resource], object]
    read: object
    absent: object = None


def pairs(*items: tuple[str, str]) -> tuple[tuple[str, Text], ...]:
    return tuple((name, Text((value,))) for name, value in items)


ROWS = [
    Row("endpoint.path", "other", lambda r: r.request.path, "other", "users"),
    Row("endpoint.path", "https://other.io/u", lambda r: r.request.path, "https://other.io/u", "users"),
    Row("endpoint.method", "POST", lambda r: r.request.method, "POST", "GET"),
    Row(
        "endpoint.params",
        {"a": 1, "b": True, "c": None},
        lambda r: r.request.params,
        pairs(("a", "1"), ("b", "True")),
        (),
    ),
    Row("endpoint.params", {"a": [1, "x"]}, lambda r: r.request.params, pairs(("a", "1"), ("a", "x")), ()),
    Row("endpoint.json", {"a": [1, None, {"b": 1.5}]}, lambda r: r.request.json, {"a": [1, None, {"b": 1.5}]}),
    Row("endpoint.data", {"a": 1}, lambda r: r.request.form, pairs(("a", "1"))),
    Row("endpoint.data", "<a/>", lambda r: r.request.raw_body, Text(("<a/>",))),
    Row("endpoint.headers", {"A": "x", "B": 3}, lambda r: r.request.headers, pairs(("A", "x"), ("B", "3")), ()),
    Row("endpoint.auth", {"token": "t"}, lambda r: type(r.auth), Bearer, type(None)),
    Row("endpoint.paginator", "header_link", lambda r: r.paging, LinkHeader(), AutoPaging()),
    Row("endpoint.paginator", {"type": "cursor"}, lambda r: r.paging, Cursor("cursors.next"), AutoPaging()),
    Row("endpoint.paginator", "single_page", lambda r: r.paging, SinglePage(), AutoPaging()),
    Row("endpoint.data_selector", "data.items[*]", lambda r: r.selector, "data.items[*]"),
    Row(
        "endpoint.response_actions",
        [{"status_code": 404, "action": "ignore"}],
        lambda r: r.actions,
        (ResponseAction(404),),
        (),
    ),
    Row("endpoint.incremental", {"cursor_path": "at"}, lambda r: r.incremental, Incremental("at")),
    Row("name", "people", lambda r: (r.name, r.table, r.request.path), ("people",) * 3, ("users",) * 3),
    Row("endpoint", "other", lambda r: r.request.path, "other", "users"),
    Row("table_name", "t", lambda r: r.table, "t", "users"),
    Row("write_disposition", "replace", lambda r: r.disposition, "replace", "append"),
    Row("write_disposition", "skip", lambda r: r.disposition, "skip", "append"),
    Row("write_disposition", {"disposition": "replace"}, lambda r: r.disposition, "replace", "append"),
    Row("primary_key", "id", lambda r: r.primary_key, ("id",), ()),
    Row("primary_key", ["a", "b"], lambda r: r.primary_key, ("a", "b"), ()),
    Row("merge_key", ["day"], lambda r: r.merge_key, ("day",), ()),
    Row(
        "columns",
        {"a": {"data_type": "bigint", "nullable": False}},
        lambda r: r.columns,
        (ColumnHint("a", "bigint", nullable=False),),
        (),
    ),
    Row("columns", [{"name": "a", "primary_key": True}], lambda r: r.primary_key, ("a",), ()),
    Row("max_table_nesting", 2, lambda r: r.max_nesting, 2),
    Row("selected", True, lambda r: r.selected, True, absent=True),
    Row("parallelized", True, lambda r: r.name, "users", "users"),
    Row("table_format", "delta", lambda r: r.name, "users", "users"),
    Row("file_format", "parquet", lambda r: r.name, "users", "users"),
]


def keep(row: object) -> object:
    return row


def several(row: object) -> Iterator[object]:
    yield row


LIVE_ONLY: dict[str, object] = {
    "processing_steps": [{"filter": keep}, {"map": keep}, {"yield_map": several}],
    "schema_contract": "freeze",
    "nested_hints": {"items": {"columns": {"a": {"data_type": "text"}}}},
    "references": [{"referenced_table": "t", "columns": ["a"], "referenced_columns": ["b"]}],
}
"""Hints that dlt itself honours where a configuration comes from Python."""


def config(key: str | None = None, value: object = None) -> dict[str, object]:
    """One resource with one key; with none, the resource alone."""
    resource: dict[str, object] = {"name": "users"}
    if key is not None and key.startswith("endpoint."):
        resource["endpoint"] = {key.removeprefix("endpoint."): value}
    elif key is not None:
        resource[key] = value
    return {"client": {"base_url": "https://a.io"}, "resources": [resource]}


def live_plan(whole: dict[str, object]) -> Plan:
    reading = read_live(whole, name="doc")
    assert reading.plan is not None, reading.faults
    return reading.plan


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.key}={row.value!r}")
def test_each_key_is_read_in_a_document_and_live_and_dlt_takes_it(row: Row) -> None:
    whole = config(row.key, row.value)
    assert dlt_takes(whole)
    for plan in (plan_of(of(whole)), live_plan(whole)):
        assert row.see(plan.resources[0]) == row.read
    assert row.see(plan_of(of(config())).resources[0]) == row.absent


@pytest.mark.parametrize("key", LIVE_ONLY)
def test_a_hint_that_dlt_honours_itself_is_kept_as_it_is(key: str) -> None:
    whole = config(key, LIVE_ONLY[key])
    assert dlt_takes(whole)
    hooks = read_live(whole, name="doc").hooks["users"]
    kept = list(hooks.processing_steps) if key == "processing_steps" else hooks.hints[key]
    assert kept == LIVE_ONLY[key]


@pytest.mark.parametrize(
    ("ours", "dlts"),
    [
        (TOP, theirs.RESTAPIConfig),
        (CLIENT, theirs.ClientConfig),
        (RESOURCE, theirs.EndpointResource),
        (ENDPOINT, theirs.Endpoint),
        (PLACEHOLDER_KEYS["resolve"], theirs.ResolveParamConfig),
        (PLACEHOLDER_KEYS["response_actions"], theirs.ResponseActionDict),
        (PLACEHOLDER_KEYS["processing_steps"], theirs.ProcessingSteps),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_keys_are_those_of_dlt(ours: tuple[str, ...], dlts: Any) -> None:
    assert set(ours) == set(get_type_hints(dlts))


def test_every_key_of_a_resource_and_an_endpoint_has_a_row() -> None:
    rows = {row.key for row in ROWS} | {*LIVE_ONLY}
    rows |= {"include_from_parent"}  # test_spec_parents
    rows |= {"parent_table_name"}  # taken by dlt's validation, and refused by its resource
    assert rows == {*RESOURCE} | {f"endpoint.{key}" for key in ENDPOINT}


def test_the_keys_of_a_client_reach_the_plan() -> None:
    client = {"base_url": "https://a.io", "headers": {"A": "b"}, "auth": {"token": "t"}, "paginator": "header_link"}
    plan = plan_of(of({"client": client, "resources": ["a"]}))
    assert (plan.client.base_url, plan.client.headers) == ("https://a.io", pairs(("A", "b")))
    assert plan.client.auth == Bearer(Text(("t",)))
    assert plan.resources[0].paging == LinkHeader()
    bare = plan_of(of({"client": {"base_url": "https://a.io"}, "resources": ["a"]}))
    assert (bare.client.auth, bare.client.headers, bare.resources[0].paging) == (NoAuth(), (), AutoPaging())


DEFAULTS: dict[str, object] = {
    "primary_key": "id",
    "write_disposition": "merge",
    "include_from_parent": ["id"],
    "endpoint": {
        "params": {"a": 1, "since": {"type": "incremental", "cursor_path": "at"}},
        "headers": {"H": "1"},
        "json": {"x": {"y": 1}},
        "response_actions": [{"status_code": 404, "action": "ignore"}],
        "auth": {"token": "t"},
        "method": "POST",
    },
}


def merged(**endpoint: object) -> Resource:
    resource = {"name": "c", "endpoint": {"path": "r/{resources.p.id}/c", **endpoint}}
    own = {"name": "p", "include_from_parent": [], "endpoint": {"params": {"since": 3}}}
    whole = {"client": {"base_url": "https://a.io"}, "resource_defaults": DEFAULTS, "resources": [own, resource]}
    return plan_of(of(whole)).resources[1]


@pytest.mark.parametrize(
    ("endpoint", "see", "read"),
    [
        ({}, lambda r: r.incremental, Incremental("at", start_param="since")),
        ({}, lambda r: r.parent, Parent("p", ("id",))),
        ({}, lambda r: r.request.method, "POST"),
        ({"params": {"b": 2}}, lambda r: r.request.params, pairs(("a", "1"), ("b", "2"))),
        ({"params": {"since": 5}}, lambda r: (r.incremental, dict(r.request.params)["since"]), (None, Text(("5",)))),
        ({"json": {"z": 1}}, lambda r: r.request.json, {"x": {"y": 1}, "z": 1}),
        ({"json": {"x": 1}}, lambda r: r.request.json, {"x": 1}),
        ({"headers": {"I": "2"}}, lambda r: r.request.headers, pairs(("I", "2"))),
        ({"headers": None}, lambda r: r.request.headers, ()),
        ({"response_actions": []}, lambda r: r.actions, ()),
        ({}, lambda r: r.actions, (ResponseAction(404),)),
        ({}, lambda r: r.auth, Bearer(Text(("t",)))),
        ({"auth": None}, lambda r: r.auth, NoAuth()),
        ({"incremental": {"cursor_path": "b"}, "params": {"since": 1}}, lambda r: r.incremental, Incremental("b")),
    ],
    ids=lambda value: None if callable(value) else repr(value),
)
def test_defaults_are_merged_key_by_key(
    endpoint: dict[str, object], see: Callable[[Resource], object], read: object
) -> None:
    assert see(merged(**endpoint)) == read
