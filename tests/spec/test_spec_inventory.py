"""The inventory of dlt's vocabulary: each key, type, alias, default and merge rule comes to what dlt makes of it.

Every row is a configuration of two resources, of which dlt and headrace are both asked what they come to
(`understood`): the first request, the paging, selector, credentials, increment, ignored responses and table. A row
that changes nothing of that is no row, and a key or argument of dlt's without a row is found.
"""

from __future__ import annotations

import inspect
import json
import warnings
from typing import Any, NamedTuple, get_args, get_type_hints
from urllib.parse import unquote

import pytest

from headrace.spec.live import read_live
from headrace.spec.vocabulary import ENDPOINT, FORMATS, INCREMENTAL_PARAM, RESOURCE

from .documents import errors, of, plan_of, the_error
from .oracle import dlt_takes
from .understood import Understood, by_dlt, by_headrace

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dlt.common.schema.typing import TFileFormat, TTableFormat
    from dlt.extract.exceptions import ResourceExtractionError
    from dlt.sources.helpers.rest_client.auth import AuthConfigBase
    from dlt.sources.rest_api import config_setup
    from dlt.sources.rest_api import typing as theirs

ROW = {"id": 7, "name": "a{b", "nested": {"at": [3, 4]}}
"""A row of `posts`, the parent."""


class Row(NamedTuple):
    """One key at one place, its value, and other keys of that place that it needs."""

    key: str
    value: Any
    beside: dict[str, Any] = {}  # noqa: RUF012 - never changed

    def __str__(self) -> str:
        return f"{self.key}={json.dumps(self.value)}"


def config(row: Row | None = None) -> dict[str, Any]:
    """A child beside its possible parent, with what the row says of it, of the client or of the defaults."""
    whole: dict[str, Any] = {"client": {"base_url": "https://a.io/v1"}, "resources": ["posts", {"name": "users"}]}
    if row is None:
        return whole
    place, _, key = row.key.rpartition(".")
    put = {key: row.value, **row.beside}
    match place:
        case "client":
            whole["client"] |= put
        case "resource_defaults.endpoint":
            whole["resource_defaults"] = {"endpoint": put}
        case "resource_defaults":
            whole["resource_defaults"] = put
        case "endpoint":
            whole["resources"][1]["endpoint"] = put
        case _:
            whole["resources"][1] |= put
    return whole


def ours(whole: dict[str, Any]) -> Understood:
    return by_headrace(plan_of(of(whole)), {"posts": ROW})["users"]


def dlts(whole: dict[str, Any]) -> Understood:
    return by_dlt(whole, {"posts": ROW})["users"]


CLIENT = [
    Row("client.base_url", "https://b.io"),
    Row("client.base_url", "https://a.io/v2/"),
    Row("client.headers", {"X-A": "1", "x-b": "2"}),
    Row("client.auth", {"token": "t"}),
    Row("client.paginator", "header_link"),
]

ENDPOINTS = [
    Row("endpoint", "other"),
    Row("endpoint", "/other/"),
    Row("endpoint.path", "other"),
    Row("endpoint.path", "https://b.io/x?y=1"),
    Row("endpoint.path", "a/{b}/c", {"params": {"b": 3, "d": 4}}),
    Row("endpoint.path", "a/{b}", {"params": {"b": 3}}),
    Row("endpoint.path", "posts/{resources.posts.id}/users"),
    Row("endpoint.path", "posts/{resources.posts.nested.at[1]}/users"),
    Row("endpoint.path", "posts/{resources.posts.id}", {"paginator": "header_link"}),
    Row("endpoint.path", "posts/{resources.posts.id}", {"data_selector": "a"}),
    Row("endpoint.method", "POST"),
    Row("endpoint.params", {"a": 1, "b": True, "c": None, "d": 1.5, "e": "x y"}),
    Row("endpoint.params", {"a": [1, "x"], "b": []}),
    Row("endpoint.params", {"a": "{{x}}"}),
    Row("endpoint.params", {"a": "{resources.posts.id}", "b": "n-{resources.posts.id}"}),
    Row("endpoint.params", {"p": {"type": "resolve", "resource": "posts", "field": "id"}}, {"path": "x/{p}/y"}),
    Row("endpoint.params", {"a": {"type": "incremental", "cursor_path": "at", "initial_value": 3}}),
    Row("endpoint.json", {"a": [1, None, {"b": "{{c}}"}]}, {"method": "POST"}),
    Row("endpoint.json", {"a": "{resources.posts.id}", "b": ["n-{resources.posts.id}"]}, {"method": "POST"}),
    Row("endpoint.json", {"{resources.posts.id}": {"x": "{resources.posts.nested}"}}, {"method": "POST"}),
    Row("endpoint.data", {"a": 1, "b": ["x", "y"]}, {"method": "POST"}),
    Row("endpoint.data", "<a>{{b}}</a>", {"method": "POST"}),
    Row("endpoint.data", "<a>{resources.posts.id}</a>", {"method": "POST"}),
    Row("endpoint.headers", {"X-A": "1", "X-B": "n-{resources.posts.id}"}),
    Row("endpoint.headers", {"X-A": "{{1}}"}),
    Row("endpoint.auth", {"token": "t"}),
    Row("endpoint.paginator", "header_link"),
    Row("endpoint.data_selector", "data.items[*]"),
    Row("endpoint.data_selector", "$"),
    Row("endpoint.response_actions", [{"status_code": 404, "action": "ignore"}]),
    Row("endpoint.response_actions", [{"content": "gone", "action": "ignore"}]),
    Row("endpoint.response_actions", [{"status_code": 404, "content": "gone", "action": "ignore"}]),
    Row("endpoint.response_actions", [{"status_code": code, "action": "ignore"} for code in (409, 500)]),
    Row("endpoint.incremental", {"cursor_path": "at"}),
]

RESOURCES = [
    Row("name", "users", {"endpoint": "x"}),
    Row("table_name", "t"),
    Row("write_disposition", "replace"),
    Row("write_disposition", "skip"),
    Row("write_disposition", "merge", {"primary_key": "id"}),
    Row("write_disposition", "merge", {"merge_key": "day"}),
    Row("write_disposition", "merge", {"columns": {"x": {"primary_key": True}}}),
    Row("write_disposition", {"disposition": "replace"}),
    Row("write_disposition", {"disposition": "merge", "strategy": "delete-insert"}, {"primary_key": "id"}),
    Row("primary_key", "id"),
    Row("primary_key", ["a", "b"]),
    Row("merge_key", ["day"]),
    Row("columns", {"x": {"data_type": "bigint", "nullable": False}}),
    Row("columns", [{"name": "x", "data_type": "decimal"}]),
    Row("max_table_nesting", 0),
    Row("max_table_nesting", 2),
    Row("include_from_parent", ["id", "name"], {"endpoint": {"path": "posts/{resources.posts.id}/x"}}),
]

INCREMENTS = [
    Row("endpoint.incremental", {"cursor_path": "at", **stated})
    for stated in (
        {"initial_value": "2024-01-01", "start_param": "since"},
        {"initial_value": 3, "end_value": 9, "start_param": "since", "end_param": "until"},
        {"initial_value": 3, "end_value": 9, "end_param": "until"},
        {"initial_value": 3, "lag": 2, "start_param": "since"},
        {"last_value_func": "min"},
        {"last_value_func": "max"},
        {"primary_key": "id"},
        {"primary_key": ["a", "b"]},
        {"row_order": "asc"},
        {"row_order": "desc"},
        {"range_start": "open"},
        {"range_end": "closed"},
        {"on_cursor_value_missing": "include"},
        {"on_cursor_value_missing": "exclude"},
    )
]
WINDOWS = [
    Row(f"endpoint.{place}", put, {"incremental": {"cursor_path": "at", "initial_value": 3, **end}, **beside})
    for end in ({}, {"end_value": 9})
    for place, put, beside in (
        ("params", {w: f"{{incremental.{w}}}" for w in ("initial_value", "start_value", "last_value")}, {}),
        ("params", {"w": "{incremental.end_value}"}, {}),
        ("path", "x/{incremental.start_value}/y", {}),
        ("headers", {"X-Since": "after {incremental.start_value}"}, {}),
        ("json", {"since": "{incremental.start_value}", "n": "n{incremental.start_value}"}, {"method": "POST"}),
        ("data", {"since": "{incremental.start_value}"}, {"method": "POST"}),
    )
]
OLDER = [
    Row("endpoint.params", {"since": {"type": "incremental", "cursor_path": "at", **stated}})
    for stated in (
        {"initial_value": 3},
        {"initial_value": 3, "last_value_func": "min"},
        {"primary_key": "id"},
        {"row_order": "asc"},
        {"range_start": "open"},
        {"range_end": "closed"},
        {"on_cursor_value_missing": "include"},
        {"initial_value": 3, "lag": 2},
    )
]

PAGING: dict[str, dict[str, Any]] = {
    "single_page": {},
    "json_link": {"next_url_path": "links.next"},
    "json_response": {"next_url_path": "links.next"},
    "header_link": {"links_next_key": "more"},
    "header_cursor": {"cursor_key": "X-Next", "cursor_param": "after"},
    "cursor": {
        "cursor_path": "meta['next.token']",
        "cursor_param": "after",
        "cursor_body_path": "page.after",
        "stop_after_empty_page": True,
        "has_more_path": "meta.more",
    },
    "offset": {
        "limit": 5,
        "offset": 3,
        "offset_param": "skip",
        "offset_body_path": "page.skip",
        "limit_param": "take",
        "limit_body_path": "page.take",
        "total_path": "meta.count",
        "maximum_offset": 100,
        "stop_after_empty_page": False,
        "has_more_path": "meta.more",
    },
    "page_number": {
        "base_page": 1,
        "page": 4,
        "page_param": "p",
        "page_body_path": "page.number",
        "total_path": None,
        "maximum_page": 9,
        "stop_after_empty_page": False,
        "has_more_path": "meta.more",
    },
}
"""Every argument of every paginator, with another value than its default."""

_REQUIRED = {"offset": {"limit": 10}}
PAGINATORS = [
    Row("endpoint.paginator", {"type": kind, **_REQUIRED.get(kind, {}), **stated}, {"method": "POST", "json": {"q": 1}})
    for kind, arguments in PAGING.items()
    for stated in ({}, *({name: value} for name, value in arguments.items()))
]
ALIASES = [Row("endpoint.paginator", kind) for kind in PAGING if kind not in _REQUIRED]

_BUYS = {"access_token_url": "https://a.io/t", "client_id": "i", "client_secret": "s"}
AUTH: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "bearer": ({"token": "t"}, {"token": "u"}),
    "api_key": ({"api_key": "k"}, {"api_key": "l", "name": "X-Key", "location": "query"}),
    "http_basic": ({"username": "u", "password": "p"}, {"username": "v", "password": ""}),
    "oauth2_client_credentials": (
        _BUYS,
        {
            "access_token": "ready",
            "access_token_url": "https://b.io/t",
            "client_id": "j",
            "client_secret": "z",
            "access_token_request_data": {"scope": "all"},
            "default_token_expiration": 60,
        },
    ),
}
"""What each auth cannot do without, and every field with another value than that or its default."""

AUTHS = [
    Row("endpoint.auth", {"type": kind, **needed, **stated})
    for kind, (needed, fields) in AUTH.items()
    for stated in ({}, *({name: value} for name, value in fields.items()))
] + [
    Row("endpoint.auth", {"token": "t"}),
    Row("endpoint.auth", {"type": "api_key", "api_key": "k", "location": "param"}),
]

EVERY = [*CLIENT, *ENDPOINTS, *RESOURCES, *INCREMENTS, *WINDOWS, *OLDER, *PAGINATORS, *ALIASES, *AUTHS]


@pytest.mark.parametrize("row", EVERY, ids=str)
def test_a_row_comes_to_what_dlt_makes_of_it(row: Row) -> None:
    understood = ours(config(row))
    assert understood == dlts(config(row))
    assert understood != ours(config()), "a row that changes nothing shows nothing"


def test_without_a_base_url_paths_are_whole_urls() -> None:
    whole = {"client": {"base_url": ""}, "resources": [{"name": "users", "endpoint": "https://b.io/x"}]}
    assert ours(whole) == dlts(whole)
    assert ours(whole).asked.url == "https://b.io/x"


def test_the_query_of_a_base_url_stays_a_query() -> None:
    whole = config(Row("client.base_url", "https://a.io/v1?tenant=3"))
    assert dlts(whole).asked.query == [("tenant", "3/users")]
    assert ours(whole).asked[1:3] == ("https://a.io/v1/users", [("tenant", "3")])


def test_doubled_braces_in_a_path_are_single_ones() -> None:
    whole = config(Row("endpoint.path", "a/{{b}}/c"))
    assert unquote(ours(whole).asked.url) == "https://a.io/v1/a/{b}/c"
    with pytest.raises(ResourceExtractionError):
        dlts(whole)


# --- nothing is left out ---------------------------------------------------------------------

LIVE_ONLY = {"session", "processing_steps", "schema_contract", "nested_hints", "references"}
"""Keys that only Python can fill or that dlt itself honours: test_spec_contract, test_spec_live."""
NO_EFFECT = {"parallelized", "table_format", "file_format", "parent_table_name"}
"""Keys that say how dlt works or writes; a plan is the same with and without (test_spec_contract)."""
NOT_ROWS = LIVE_ONLY | NO_EFFECT | {"selected"}


def rows_of(place: str) -> set[str]:
    return {key for row in EVERY for key in (row.key, *_beside(row)) if key.rpartition(".")[0] == place}


def _beside(row: Row) -> list[str]:
    place = row.key.rpartition(".")[0]
    return [f"{place}.{key}" if place else key for key in row.beside]


@pytest.mark.parametrize(
    ("place", "typed"),
    [("client", theirs.ClientConfig), ("", theirs.EndpointResource), ("endpoint", theirs.Endpoint)],
)
def test_every_key_has_a_row(place: str, typed: Any) -> None:
    keys = {f"{place}.{key}" if place else key for key in set(get_type_hints(typed)) - NOT_ROWS}
    assert keys - rows_of(place) == set()


def test_every_paginator_has_a_row_for_each_argument() -> None:
    own = {kind: made for kind, made in config_setup.PAGINATOR_MAP.items() if made and made.__module__[:4] == "dlt."}
    wanted = {kind: {*inspect.signature(made.__init__).parameters} - {"self"} for kind, made in own.items()}
    assert {kind: set(arguments) for kind, arguments in PAGING.items()} == wanted


@pytest.mark.parametrize("kind", AUTH)
def test_every_field_of_an_auth_has_a_row(kind: str) -> None:
    made: type[AuthConfigBase] = config_setup.AUTH_MAP[kind]
    python_alone = {"session"}
    assert set(AUTH[kind][1]) == set(made.get_resolvable_fields()) - python_alone


@pytest.mark.parametrize(
    ("rows", "named"), [(INCREMENTS, set(theirs.IncrementalConfig.__annotations__)), (OLDER, set(INCREMENTAL_PARAM))]
)
def test_every_key_of_an_increment_has_a_row(rows: list[Row], named: set[str]) -> None:
    stated = {key for row in rows for key in row.value.get("since", row.value)}
    functions = {"convert", "transform"}  # only Python can fill them: test_spec_live
    assert named - stated <= functions | {"allow_external_schedulers"}


# --- types -----------------------------------------------------------------------------------

KINDS: dict[str, Any] = {"text": "x", "number": 3, "truth": True, "nothing": None, "list": ["x"], "mapping": {"x": "y"}}
TYPED = [
    *(f"client.{key}" for key in ("base_url", "headers", "paginator", "auth")),
    *(f"endpoint.{key}" for key in ENDPOINT),
    *(key for key in RESOURCE if key not in LIVE_ONLY | {"parent_table_name"}),
    *(f"resource_defaults.{key}" for key in ("primary_key", "columns", "max_table_nesting", "endpoint")),
    "resource_defaults.endpoint.params",
    "resource_defaults.endpoint.json",
]

ON_PURPOSE: dict[tuple[str, str], bool] = {
    ("client.base_url", "text"): False,
    ("client.base_url", "nothing"): True,
    ("endpoint", "nothing"): True,
    ("endpoint.path", "nothing"): True,
    ("endpoint.params", "nothing"): True,
    ("endpoint.json", "nothing"): True,
    ("endpoint.data", "number"): False,
    ("endpoint.data", "truth"): False,
    ("endpoint.data", "list"): False,
    ("endpoint.data_selector", "list"): True,
    ("max_table_nesting", "truth"): False,
    ("resource_defaults.max_table_nesting", "truth"): False,
    ("resource_defaults.endpoint", "nothing"): True,
    ("resource_defaults.endpoint.params", "nothing"): True,
}
"""Where headrace takes (True) or refuses otherwise than dlt; docs/differences.md lists them."""
LIVE_AS_DLT = {("endpoint.data_selector", "list")}
"""What only a document may hold."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", TYPED)
def test_a_value_of_a_type_is_taken_exactly_when_dlt_takes_it(key: str, kind: str) -> None:
    whole, takes = config(Row(key, KINDS[kind])), ON_PURPOSE.get((key, kind))
    dlt_does = dlt_takes(whole)
    assert takes != dlt_does, "no difference any more: take it off the list"
    taken = dlt_does if takes is None else takes
    assert (of(whole).plan is not None) == taken, errors(of(whole))
    live = read_live(whole, name="live")
    assert (live.plan is not None) == (dlt_does if (key, kind) in LIVE_AS_DLT else taken), live.faults


def test_formats_are_those_of_dlt() -> None:
    assert {"table_format": set(FORMATS["table_format"]), "file_format": set(FORMATS["file_format"])} == {
        "table_format": set(get_args(TTableFormat)),
        "file_format": set(get_args(TFileFormat)),
    }


@pytest.mark.parametrize(
    ("key", "value", "path", "fix"),
    [
        ("table_format", "deltas", "table_format", "did you mean `delta`?"),
        ("file_format", "parket", "file_format", "did you mean `parquet`?"),
        ("parallelized", "yes", "parallelized", "write true or false"),
        ("columns", ["id"], "columns[0]", "write a mapping"),
        ("columns", [{"data_type": "text"}], "columns[0]", "add `name`"),
    ],
)
def test_a_hint_that_nothing_would_read_is_checked_all_the_same(key: str, value: object, path: str, fix: str) -> None:
    fault = the_error(of(config(Row(key, value))))
    assert (fault.path, fault.fix) == (f"resources[1].{path}", fix)
    in_defaults = the_error(of(config(Row(f"resource_defaults.{key}", value))))
    assert (in_defaults.path, in_defaults.fix) == (f"resource_defaults.{path}", fix)


def test_defaults_have_no_path() -> None:
    fault = the_error(of(config(Row("resource_defaults.endpoint", "users"))))
    assert fault.path == "resource_defaults.endpoint"
    assert "a path is each resource's own" in fault.fix


# --- merge rules -----------------------------------------------------------------------------

TWO_VALUES: dict[str, tuple[Any, Any]] = {
    "endpoint.path": ("a", "b"),
    "endpoint.method": ("GET", "POST"),
    "endpoint.params": ({"a": 1, "b": 2}, {"b": 3, "c": 4}),
    "endpoint.json": ({"a": {"x": 1}, "b": 2}, {"a": {"y": 1}, "c": 3}),
    "endpoint.data": ({"a": 1}, {"b": 2}),
    "endpoint.headers": ({"A": "1", "B": "2"}, {"B": "3"}),
    "endpoint.auth": ({"token": "t"}, {"type": "http_basic", "username": "u", "password": "p"}),
    "endpoint.paginator": ({"type": "offset", "limit": 3}, "header_link"),
    "endpoint.data_selector": ("a", "b"),
    "endpoint.response_actions": (
        [{"status_code": 404, "action": "ignore"}],
        [{"status_code": 409, "action": "ignore"}],
    ),
    "endpoint.incremental": ({"cursor_path": "a", "initial_value": 1}, {"cursor_path": "b"}),
    "table_name": ("t", "u"),
    "write_disposition": ("replace", "skip"),
    "primary_key": ("id", ["a", "b"]),
    "merge_key": ("day", ["a", "b"]),
    "columns": (
        {"a": {"data_type": "text", "nullable": False}, "b": {"data_type": "text"}},
        {"a": {"data_type": "bigint"}, "c": {"data_type": "double"}},
    ),
    "max_table_nesting": (1, 2),
}
"""Every key that defaults may state, with two values of which neither is the default of the key itself."""


def merging(key: str, **own: Any) -> dict[str, Any]:
    """One resource, a default for one of its keys, and its own value for that if one is given."""
    defaults = config(Row(f"resource_defaults.{key}", TWO_VALUES[key][0]))["resource_defaults"]
    resource = config(Row(key, own["value"]))["resources"][1] if own else {"name": "users"}
    return {"client": {"base_url": "https://a.io/v1"}, "resource_defaults": defaults, "resources": [resource]}


@pytest.mark.parametrize("key", TWO_VALUES)
def test_a_default_is_inherited_as_in_dlt(key: str) -> None:
    assert ours(merging(key)) == dlts(merging(key))
    assert (ours(merging(key)) == ours(config())) == (key in {"endpoint.path", "endpoint.method"})


@pytest.mark.parametrize("key", TWO_VALUES)
def test_a_default_is_replaced_or_united_as_in_dlt(key: str) -> None:
    whole = merging(key, value=TWO_VALUES[key][1])
    assert ours(whole) == dlts(whole)
    assert ours(whole) != ours(merging(key))


def test_columns_are_united_however_they_are_written() -> None:
    named = [{"name": name, **hints} for name, hints in TWO_VALUES["columns"][1].items()]
    assert ours(merging("columns", value=named)) == ours(merging("columns", value=TWO_VALUES["columns"][1]))
    assert ours(merging("columns", value=named)).columns.keys() == {"a", "b", "c"}


@pytest.mark.parametrize("key", TWO_VALUES)
def test_null_takes_a_default_away_as_in_dlt(key: str) -> None:
    whole = merging(key, value=None)
    if key in {"endpoint.path", "endpoint.params", "endpoint.json", "endpoint.method"}:
        assert not dlt_takes(whole) or dlts(whole).asked.method == "NONE"  # dlt sends the method `None`
        assert ours(whole) == ours(config())  # as if absent: docs/differences.md
        return
    assert ours(whole) == dlts(whole)


def test_every_key_that_defaults_may_state_has_two_values() -> None:
    keys = {f"endpoint.{key}" for key in ENDPOINT} | (set(RESOURCE) - NOT_ROWS - {"name", "endpoint"})
    assert keys - {"include_from_parent"} == set(TWO_VALUES)  # test_spec_contract merges the parent's keys
