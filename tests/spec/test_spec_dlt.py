"""dlt itself as the oracle: what it takes is taken, what it refuses is refused, and it reads the same."""

from __future__ import annotations

import copy
import warnings

import pytest

from headrace.spec.paging import PAGINATORS

from .documents import codes, errors, of, plan_of, with_client, with_endpoint, with_resource
from .oracle import dlt_takes

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dlt.sources.rest_api.config_setup import PAGINATOR_MAP


PAGINATOR_CASES: list[object] = [
    "auto",
    "single_page",
    "json_link",
    "json_response",
    "header_link",
    "header_cursor",
    "cursor",
    "offset",
    "page_number",
    "cursr",
    None,
    {},
    {"type": None},
    {"next_url_path": "x"},
    {"type": "auto"},
    {"type": "auto", "limit": 5},
    {"type": "auto", "bogus": 1},
    {"type": "single_page", "limit": 1},
    {"type": "json_link", "next_url_path": "a.b"},
    {"type": "json_link", "next_url_path": None},
    {"type": "json_link", "next_url_path": ""},
    {"type": "json_link", "next": "x"},
    {"type": "json_response", "next_url_path": "a"},
    {"type": "header_link", "links_next_key": "n"},
    {"type": "header_link", "links_next_key": None},
    {"type": "header_link", "links_next_key": 1},
    {"type": "header_cursor", "cursor_key": "k", "cursor_param": "p"},
    {"type": "cursor", "cursor_path": None},
    {"type": "cursor", "cursor_path": ""},
    {"type": "cursor", "cursor_path": "a b"},
    {"type": "cursor", "cursor_path": ["a"]},
    {"type": "cursor", "cursor_path": "'@odata.nextLink'"},
    {"type": "cursor", "cursor_param": "x", "cursor_body_path": "a"},
    {"type": "cursor", "cursor_param": "", "cursor_body_path": "a"},
    {"type": "cursor", "cursor_body_path": "a"},
    {"type": "cursor", "stop_after_empty_page": "yes"},
    {"type": "cursor", "stop_after_empty_page": True},
    {"type": "cursor", "has_more_path": "x."},
    {"type": "cursor", "has_more_path": "x"},
    {"type": "cursor", "limit": 5},
    {"type": "offset"},
    {"type": "offset", "limit": 5},
    {"type": "offset", "limit": None},
    {"type": "offset", "limit": "5"},
    {"type": "offset", "limit": 0},
    {"type": "offset", "limit": 5, "offset": 3, "total_path": None},
    {"type": "offset", "limit": 5, "offset_param": ""},
    {"type": "offset", "limit": 5, "offset_param": "a", "offset_body_path": "b"},
    {"type": "offset", "limit": 5, "offset_param": "", "offset_body_path": "b"},
    {"type": "offset", "limit": 5, "limit_param": "", "limit_body_path": ""},
    {"type": "offset", "limit": 5, "limit_body_path": "page.size"},
    {"type": "offset", "limit": 5, "total_path": None, "stop_after_empty_page": False},
    {"type": "offset", "limit": 5, "total_path": "", "stop_after_empty_page": False},
    {"type": "offset", "limit": 5, "total_path": None, "stop_after_empty_page": False, "maximum_offset": 3},
    {"type": "offset", "limit": 5, "total_path": None, "stop_after_empty_page": False, "has_more_path": "m"},
    {"type": "offset", "limit": 5, "maximum_page": 3},
    {"type": "page_number", "base_page": 1},
    {"type": "page_number", "base_page": None},
    {"type": "page_number", "page": 3},
    {"type": "page_number", "page_param": ""},
    {"type": "page_number", "page_param": "p", "page_body_path": "q"},
    {"type": "page_number", "total_path": None, "stop_after_empty_page": None},
    {"type": "page_number", "total_path": None, "stop_after_empty_page": False},
    {"type": "page_number", "total_path": None, "maximum_page": 4, "stop_after_empty_page": False},
    {"type": "page_number", "limit": 3, "bogus": 1},
]


@pytest.mark.parametrize("paginator", PAGINATOR_CASES, ids=repr)
def test_a_paginator_is_taken_exactly_when_dlt_takes_it(paginator: object) -> None:
    config = with_client(paginator=paginator)
    assert (of(config).plan is not None) == dlt_takes(config), errors(of(config))


def test_every_paginator_type_of_dlt_is_known() -> None:
    # Other tests of this process may have registered types of their own.
    own = {name for name, made in PAGINATOR_MAP.items() if made is None or made.__module__.startswith("dlt.")}
    assert set(PAGINATORS) == own


AUTH_CASES: list[object] = [
    None,
    "bearer",
    "api_key",
    "http_basic",
    "basic_auth",
    {},
    {"token": "x"},
    {"type": "bearer"},
    {"type": "bearer", "token": "x"},
    {"type": "bearer", "tken": "x"},
    {"type": "bearer", "token": 1},
    {"type": "http_basic", "username": "a", "password": ""},
    {"type": "http_basic", "username": "a"},
    {"type": "http_basic", "password": "a"},
    {"type": "api_key", "api_key": "x"},
    {"type": "api_key", "api_key": "x", "name": "X-Key", "location": "query"},
    {"type": "api_key", "api_key": "x", "location": "param"},
    {"type": "api_key", "api_key": "x", "location": "cookie"},
    {"type": "api_key", "api_key": "x", "location": "body"},
    {"type": "api_key", "api_key": "x", "foo": 1},
    "oauth2_client_credentials",
    {"type": "oauth2_client_credentials"},
    {"type": "oauth2_client_credentials", "access_token_url": "u", "client_id": "i", "client_secret": "s"},
    {"type": "oauth2_client_credentials", "access_token_url": "u", "client_id": "i", "client_secret": "s", "x": 1},
    {"type": "oauth2_client_credentials", "access_token_url": 3, "client_id": "i", "client_secret": "s"},
    {"type": "oauth2_client_credentials", "client_id": "i", "access_token_request_data": {"a": 1}},
    {"type": "oauth2_client_credentials", "client_id": "i", "default_token_expiration": 60},
    {"type": "digest", "username": "a", "password": "b"},
    {"type": 3},
]


@pytest.mark.parametrize("auth", AUTH_CASES, ids=repr)
def test_an_auth_is_taken_exactly_when_dlt_takes_it(auth: object) -> None:
    config = with_client(auth=auth)
    assert (of(config).plan is not None) == dlt_takes(config), errors(of(config))


@pytest.mark.parametrize("auth", [auth for auth in AUTH_CASES if auth != {}], ids=repr)
def test_the_auth_of_an_endpoint_obeys_the_same_rules(auth: object) -> None:
    config = with_endpoint(auth=auth)
    assert (of(config).plan is not None) == dlt_takes(config), errors(of(config))


ENDPOINT_CASES: list[dict[str, object]] = [
    {"method": "POST"},
    {"method": "post"},
    {"method": "PUT"},
    {"params": {"a": 1, "b": "x", "c": True, "d": None, "e": [1, 2]}},
    {"params": {"a": "{x}"}},
    {"params": {"a": "{{x}}"}},
    {"params": {"a": "{x"}},
    {"params": {"a": {"b": 1}}},
    {"params": {"a": {"type": "bogus"}}},
    {"params": [1]},
    {"path": "users/{id}"},
    {"path": "users/{id}", "params": {"id": 3}},
    {"path": "users/{id", "params": {"id": 3}},
    {"path": "users/{resource.a.b}"},
    {"path": "users/{resources.nobody.id}"},
    {"path": "users/{resources.users}"},
    {"path": "https://other.io/users"},
    {"path": 3},
    {"json": {"a": {"b": [1]}}},
    {"json": [1]},
    {"json": {"a": "{x}"}},
    {"data": {"a": "b"}},
    {"headers": {"X": 1}},
    {"headers": {"X": "a"}},
    {"headers": {"X": "{y}"}},
    {"data_selector": "a.b"},
    {"selector": "a"},
    {"pth": "a"},
    {"response_actions": [{"status_cde": 404}]},
    {"response_actions": [{"status_code": 404, "action": "ignore"}, {"content": "x", "action": "ignore"}]},
    {"response_actions": [{"status_code": "404", "action": "ignore"}]},
    {"response_actions": [{"status_code": [404], "action": "ignore"}]},
    {"response_actions": {"status_code": 404, "action": "ignore"}},
    {"response_actions": None},
    {"auth": None},
    {"incremental": {"cursor_path": "a"}, "params": {"since": "{incremental.start_value}"}},
    {"incremental": {"cursor_path": "a"}, "path": "users/{incremental.start_value}/x"},
    {"incremental": {"cursor_path": "a"}, "json": {"since": "{incremental.last_value}"}, "method": "POST"},
    {"incremental": {"cursor_path": "a"}, "headers": {"X": "{resource.a.b}"}},
    {"data": "<x/>", "method": "POST"},
    {"data": "{x}", "method": "POST"},
    {"data": {"a": None, "b": [1, 2]}, "method": "POST"},
    {"incremental": {"cursor": "a"}},
    {"incremental": {"cursor_path": "a", "transform": "x"}},
    {"params": {"a": {"type": "resolve", "resource": "nobody", "field": "id"}}},
    {"path": "u/{a}", "params": {"a": {"type": "resolve", "resource": "nobody", "field": "id"}}},
]


@pytest.mark.parametrize("endpoint", ENDPOINT_CASES, ids=repr)
def test_an_endpoint_is_taken_exactly_when_dlt_takes_it(endpoint: dict[str, object]) -> None:
    config = with_endpoint(**endpoint)
    assert (of(config).plan is not None) == dlt_takes(config), errors(of(config))


RESOURCE_CASES: list[dict[str, object]] = [
    {"primary_key": "id"},
    {"primary_key": ["a", "b"]},
    {"primary_key": 3},
    {"merge_key": "id", "write_disposition": "merge"},
    {"write_disposition": "replace"},
    {"write_disposition": "skip"},
    {"write_disposition": "mrge"},
    {"write_disposition": {"disposition": "merge", "strategy": "delete-insert"}},
    {"write_disposition": {"disposition": "replace", "strategy": "insert-from-staging"}},
    {"write_disposition": {"disposition": "merge", "strategy": "bogus"}},
    {"columns": {"x": {"data_type": "text"}}},
    {"columns": [{"name": "x", "data_type": "bigint", "nullable": False}]},
    {"max_table_nesting": 1},
    {"max_table_nesting": "1"},
    {"selected": "yes"},
    {"selected": True},
    {"parallelized": True},
    {"table_name": "t"},
    {"table_format": "delta"},
    {"file_format": "parquet"},
    {"incremental": {"cursor_path": "a"}},
    {"params": {"a": 1}},
    {"parent": "x"},
    {"x-note": "x"},
    {"include_from_parent": ["id"]},
    {"endpoint": "users"},
    {"endpoint": 3},
    {"name": None},
]


@pytest.mark.parametrize("resource", RESOURCE_CASES, ids=repr)
def test_a_resource_is_taken_exactly_when_dlt_takes_it(resource: dict[str, object]) -> None:
    config = with_resource(**resource)
    assert (of(config).plan is not None) == dlt_takes(config), errors(of(config))


DOCUMENT_CASES: list[dict[str, object]] = [
    {"client": {"base_url": "https://a.io"}},
    {"resources": ["a"]},
    {"client": {"base_url": "https://a.io", "header": {}}, "resources": ["a"]},
    {"client": {"base_url": "https://a.io", "headers": {"a": 1}}, "resources": ["a"]},
    {"client": {"base_url": 3}, "resources": ["a"]},
    {"client": {"base_url": ""}, "resources": [{"name": "a", "endpoint": "https://a.io/a"}]},
    {"client": {"base_url": "https://a.io"}, "resources": ["a"], "x": 1},
    {"client": {"base_url": "https://a.io"}, "resources": "a"},
    {"client": {"base_url": "https://a.io"}, "resources": None},
    {"client": {"base_url": "https://a.io"}, "resources": [3]},
    {"client": {"base_url": "https://a.io"}, "resources": ["a", "a"]},
    {"client": {"base_url": "https://a.io"}, "resources": [{"endpoint": "a"}]},
    {"client": {"base_url": "https://a.io"}, "resources": ["a"], "resource_defaults": None},
    {"client": {"base_url": "https://a.io"}, "resources": ["a"], "resource_defaults": {"bogus": 1}},
    {"client": {"base_url": "https://a.io"}, "resources": ["a"], "resource_defaults": 3},
    {"client": {"base_url": "https://a.io"}, "resources": ["a"], "resource_defaults": {"endpoint": {"pth": 1}}},
]


@pytest.mark.parametrize("config", DOCUMENT_CASES, ids=repr)
def test_a_document_is_taken_exactly_when_dlt_takes_it(config: dict[str, object]) -> None:
    assert (of(config).plan is not None) == dlt_takes(config), errors(of(config))


MERGES: list[tuple[dict[str, object], dict[str, object]]] = [
    ({"endpoint": {"params": {"a": 1, "b": 2}}}, {"endpoint": {"params": {"b": 3, "c": 4}}}),
    ({"endpoint": {"params": {"a": 1}}}, {}),
    ({"endpoint": {"params": {"a": 1}}}, {"endpoint": "other"}),
    ({"endpoint": {"json": {"a": {"x": 1}}}}, {"endpoint": {"json": {"a": {"y": 2}, "b": 1}, "method": "POST"}}),
    ({"endpoint": {"headers": {"A": "1"}}}, {"endpoint": {"headers": {"B": "2"}}}),
    ({"endpoint": {"data_selector": "a", "path": "unused"}}, {"endpoint": {"data_selector": "b"}}),
    ({"endpoint": {"data_selector": "a"}}, {"endpoint": {"method": "POST"}}),
    ({"primary_key": "id", "write_disposition": "merge"}, {"primary_key": ["x", "y"]}),
    ({"primary_key": "id", "write_disposition": "merge"}, {"write_disposition": "replace"}),
    ({"table_name": "t", "max_table_nesting": 2}, {"max_table_nesting": 1}),
    ({"columns": {"a": {"data_type": "text"}}}, {"columns": {"b": {"data_type": "bigint"}}}),
    ({"columns": {"a": {"data_type": "text"}}}, {"columns": [{"name": "a", "nullable": False}]}),
    ({"endpoint": {"paginator": {"type": "offset", "limit": 3}}}, {"endpoint": {"paginator": "header_link"}}),
    (
        {"endpoint": {"paginator": {"type": "offset", "limit": 3}}},
        {"endpoint": {"path": "users/{id}", "params": {"id": 1}}},
    ),
]


@pytest.mark.parametrize(("defaults", "resource"), MERGES, ids=repr)
def test_defaults_are_merged_as_dlt_merges_them(defaults: dict[str, object], resource: dict[str, object]) -> None:
    from dlt.sources.rest_api.config_setup import expand_and_index_resources

    whole: dict[str, object] = {"name": "users", **resource}
    theirs = expand_and_index_resources([copy.deepcopy(whole)], copy.deepcopy(defaults))["users"]
    ours = plan_of(
        of({"client": {"base_url": "https://a.io"}, "resource_defaults": defaults, "resources": [whole]})
    ).resources[0]
    assert isinstance(theirs, dict)
    endpoint = theirs["endpoint"]
    assert isinstance(endpoint, dict)
    sent = {name: value.literal for name, value in ours.request.params if name != "limit"}
    assert sent == {name: str(value) for name, value in endpoint.get("params", {}).items()}
    assert ours.request.json == endpoint.get("json")
    assert ours.request.path == endpoint["path"]
    assert ours.request.method == endpoint.get("method", "GET")
    assert dict(ours.request.headers).keys() == (endpoint.get("headers") or {}).keys()
    assert ours.selector == endpoint.get("data_selector")
    assert ours.table == theirs.get("table_name", "users")
    assert ours.max_nesting == theirs.get("max_table_nesting")
    key = theirs.get("primary_key") or ()
    assert ours.primary_key == ((key,) if isinstance(key, str) else tuple(key))
    assert ours.disposition == theirs.get("write_disposition", "append")
    columns = theirs.get("columns") or {}
    named = columns if isinstance(columns, dict) else {column["name"]: column for column in columns}
    assert {column.name: (column.data_type, column.nullable) for column in ours.columns} == {
        name: (column.get("data_type"), column.get("nullable")) for name, column in named.items()
    }


@pytest.mark.parametrize(
    ("config", "path"),
    [
        (with_resource(nested_hints={"a": {"primary_key": "id"}}), "resources[0].nested_hints.a.primary_key"),
        (
            with_resource(nested_hints={"a": {"columns": {"x": {"merge_key": True}}}}),
            "resources[0].nested_hints.a",
        ),
        (
            with_resource(nested_hints={"a": {"write_disposition": "replace"}}),
            "resources[0].nested_hints.a.write_disposition",
        ),
        (
            with_resource(write_disposition={"disposition": "merge", "strategy": "scd2", "destination_scope": "a = 1"}),
            "resources[0].write_disposition.destination_scope",
        ),
    ],
    ids=repr,
)
def test_what_dlt_takes_but_a_run_cannot_do_yet_is_said_plainly(config: dict[str, object], path: str) -> None:
    reading = of(config)
    assert set(codes(reading)) == {"not-yet"}
    assert errors(reading)[0].path == path
    assert "not supported yet" in errors(reading)[0].problem
    assert "from headrace.rest_api import rest_api_source" in errors(reading)[0].fix
