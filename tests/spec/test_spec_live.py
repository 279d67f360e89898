"""A configuration as Python hands it over: the plan of its document, dlt's objects read, everything else a hook."""

from __future__ import annotations

import copy
import datetime as dt
import json
import warnings
from typing import Any

import pytest
import requests

from headrace.model.plan import (
    Auth,
    AutoPaging,
    Bearer,
    Cursor,
    HeaderCursor,
    Incremental,
    LinkHeader,
    NextUrl,
    NoAuth,
    Offset,
    PageNumber,
    Paging,
    Parent,
    ResponseAction,
    SinglePage,
    Text,
)
from headrace.spec.live import ActionHook, LiveReading, read_live

from .documents import of, plan_of
from .oracle import dlt_takes
from .test_spec_dlt import AUTH_CASES, ENDPOINT_CASES, MERGES, PAGINATOR_CASES, RESOURCE_CASES
from .test_spec_parents import ENDPOINTS, with_child

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import dlt
    from dlt.sources.helpers.rest_client import auth as dlt_auth
    from dlt.sources.helpers.rest_client import paginators as dlt_paginators

BASE = "https://api.acme.io"


def live(
    client: dict[str, object] | None = None, defaults: dict[str, object] | None = None, **resource: object
) -> LiveReading:
    config: dict[str, object] = {
        "client": {"base_url": BASE, **(client or {})},
        "resources": [{"name": "users", **resource}],
    }
    return read_live(config if defaults is None else config | {"resource_defaults": defaults}, name="live")


def endpoint(**stated: object) -> LiveReading:
    return live(endpoint={"path": "users", **stated})


def with_endpoint(stated: dict[str, object]) -> dict[str, object]:
    return {"client": {"base_url": BASE}, "resources": [{"name": "users", "endpoint": {"path": "users", **stated}}]}


def with_client(**stated: object) -> dict[str, object]:
    return {"client": {"base_url": BASE, **stated}, "resources": ["users"]}


def with_resource(stated: dict[str, object]) -> dict[str, object]:
    return {"client": {"base_url": BASE}, "resources": [{"name": "users", **stated}]}


CONFIGS: list[dict[str, object]] = [
    *(with_client(paginator=each) for each in PAGINATOR_CASES),
    *(with_client(auth=each) for each in AUTH_CASES),
    *(with_endpoint(each) for each in ENDPOINT_CASES),
    *(with_resource(each) for each in RESOURCE_CASES),
    *(with_child(each) for each in ENDPOINTS),
]


@pytest.mark.parametrize("config", CONFIGS, ids=repr)
def test_a_live_configuration_is_taken_exactly_when_dlt_takes_it(config: dict[str, object]) -> None:
    reading = read_live(copy.deepcopy(config), name="live")
    assert (reading.plan is not None) == dlt_takes(config), reading.faults


@pytest.mark.parametrize(("defaults", "resource"), MERGES, ids=repr)
def test_a_live_configuration_is_the_plan_of_its_document(
    defaults: dict[str, object], resource: dict[str, object]
) -> None:
    config = {
        "client": {"base_url": BASE},
        "resource_defaults": defaults,
        "resources": [{"name": "users", **resource}],
    }
    plan = read_live(config, name="doc").plan
    assert plan is not None
    assert plan.resources == plan_of(of(config)).resources
    assert plan.client == plan_of(of(config)).client


def test_reading_changes_nothing_of_the_configuration() -> None:
    config = with_child(
        {"path": "p/{resources.posts.id}/c", "params": {"a": {"type": "incremental", "cursor_path": "x"}}}
    )
    before = copy.deepcopy(config)
    read_live(config, name="live")
    assert config == before


def test_faults_have_a_path_and_no_line() -> None:
    fault = endpoint(paginator="curser").faults[0]
    assert (fault.path, fault.line) == ("resources[0].endpoint.paginator", None)


def test_a_host_that_a_document_would_use_as_a_placeholder_is_meant() -> None:
    reading = read_live({"client": {"base_url": "https://api.example.com"}, "resources": ["a"]}, name="live")
    assert reading.needs == ()
    assert reading.plan is not None
    assert reading.plan.client.base_url == "https://api.example.com"


def test_a_base_url_of_the_caller_wins() -> None:
    config = {"client": {"base_url": BASE}, "resources": ["a"]}
    plan = read_live(config, name="live", base_url="https://other.io").plan
    assert plan is not None
    assert plan.client.base_url == "https://other.io"


# --- secrets ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "auth",
    [
        {"token": "hush"},
        {"type": "api_key", "name": "X", "api_key": "hush"},
        {"type": "http_basic", "username": "hush", "password": "hush"},
        {
            "type": "oauth2_client_credentials",
            "access_token_url": "https://a.io",
            "client_id": "hush",
            "client_secret": "hush",
            "access_token_request_data": {"refresh_token": "hush"},
        },
        dlt_auth.BearerTokenAuth(token="hush"),
        dlt_auth.APIKeyAuth(name="X", api_key="hush"),
        dlt_auth.HttpBasicAuth(username="hush", password="hush"),
        dlt_auth.OAuth2ClientCredentials(access_token_url="https://a.io", client_id="hush", client_secret="hush"),
        dlt_auth.OAuthJWTAuth(client_id="hush", private_key="hush", auth_endpoint="https://a.io"),
    ],
    ids=lambda auth: auth["type"] if isinstance(auth, dict) and "type" in auth else type(auth).__name__,
)
@pytest.mark.parametrize("place", ["client", "endpoint"])
def test_no_credential_stands_in_the_plan_and_each_can_be_resolved(place: str, auth: object) -> None:
    reading = live({"auth": auth}) if place == "client" else endpoint(auth=auth)
    assert reading.plan is not None
    assert reading.needs == ()
    shown = repr(reading.plan) + repr(reading.faults)
    assert "hush" not in shown
    assert set(reading.secrets.values()) == {"hush"}
    found = reading.plan.client.auth if place == "client" else reading.plan.resources[0].auth
    assert [reading.resolve(ref) for ref in refs(found)] == ["hush"] * len(reading.secrets)


def refs(auth: Auth | None) -> list[Any]:
    import msgspec

    values = msgspec.structs.asdict(auth).values() if auth is not None else ()
    pairs = [value for value in values if isinstance(value, tuple)]
    texts = [value for value in values if isinstance(value, Text)]
    texts += [each[1] for pair in pairs for each in pair if isinstance(each, tuple) and isinstance(each[1], Text)]
    return [ref for value in texts for ref in value.refs]


def test_a_header_that_names_a_credential_is_one() -> None:
    reading = live(
        {"headers": {"X-Api-Key": "hush", "Accept": "json"}}, endpoint={"headers": {"Authorization": "hush"}}
    )
    assert reading.plan is not None
    assert "hush" not in repr(reading.plan)
    assert dict(reading.plan.client.headers)["Accept"] == Text(("json",))
    assert set(reading.secrets) == {"client.headers.X-Api-Key", "resources[0].endpoint.headers.Authorization"}


def test_a_credential_that_is_not_given_is_a_need() -> None:
    assert live({"auth": dlt_auth.APIKeyAuth(name="X")}).needs == ("secret:api_key",)


# --- dlt's own objects -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paginator", "rule"),
    [
        (dlt_paginators.SinglePagePaginator(), SinglePage()),
        (dlt_paginators.JSONLinkPaginator(), NextUrl("next")),
        (dlt_paginators.JSONLinkPaginator("links.'@odata.nextLink'"), NextUrl("links.'@odata.nextLink'")),
        (dlt_paginators.HeaderLinkPaginator("last"), LinkHeader("last")),
        (dlt_paginators.HeaderCursorPaginator("N", "c"), HeaderCursor("N", "c")),
        (dlt_paginators.JSONResponseCursorPaginator("a.b", "c"), Cursor("a.b", "c")),
        (
            dlt_paginators.JSONResponseCursorPaginator(
                "a", cursor_body_path="b.c", stop_after_empty_page=True, has_more_path="m"
            ),
            Cursor("a", None, "b.c", stop_after_empty_page=True, has_more_path="m"),
        ),
        (dlt_paginators.OffsetPaginator(5), Offset(5, total_path="total")),
        (
            dlt_paginators.OffsetPaginator(5, 10, "o", "l", None, 40, False, has_more_path="m"),
            Offset(5, 10, "o", "l", maximum=40, stop_after_empty_page=False, has_more_path="m"),
        ),
        (
            dlt_paginators.OffsetPaginator(5, offset_body_path="a.o", limit_body_path="a.l"),
            Offset(5, param=None, size_param=None, body_path="a.o", size_body_path="a.l", total_path="total"),
        ),
        (dlt_paginators.PageNumberPaginator(), PageNumber(total_path="total")),
        (
            dlt_paginators.PageNumberPaginator(1, 3, "p", "pages", 9),
            PageNumber(1, 3, "p", total_path="pages", maximum=9),
        ),
        (
            dlt_paginators.PageNumberPaginator(page_body_path="a.p", total_path=None),
            PageNumber(param=None, body_path="a.p"),
        ),
        (None, AutoPaging()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_paginator_object_of_dlts_is_read_by_its_attributes(paginator: object, rule: Paging) -> None:
    for reading in (live({"paginator": paginator}), endpoint(paginator=paginator)):
        assert reading.plan is not None, reading.faults
        assert reading.plan.resources[0].paging == rule
        assert reading.hooks["users"].paginator is None


def test_an_incremental_object_is_read_and_kept() -> None:
    increment = dlt.sources.incremental(
        "at", initial_value=dt.datetime(2024, 1, 1, tzinfo=dt.UTC), primary_key=(), row_order="asc", lag=3
    )
    reading = endpoint(params={"since": increment, "a": 1})
    assert reading.plan is not None, reading.faults
    rule = Incremental("at", "2024-01-01T00:00:00+00:00", start_param="since", primary_key=(), row_order="asc", lag=3.0)
    assert reading.plan.resources[0].incremental == rule
    assert [name for name, _ in reading.plan.resources[0].request.params] == ["a"]
    hooks = reading.hooks["users"]
    assert hooks.increment is increment
    assert hooks.incremental["initial_value"] == dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def test_the_arguments_of_an_increment_are_kept_as_given() -> None:
    begin, converted = dt.date(2024, 1, 1), str
    reading = endpoint(
        incremental={"cursor_path": "at", "initial_value": begin, "convert": converted, "last_value_func": min}
    )
    assert reading.plan is not None, reading.faults
    assert reading.plan.resources[0].incremental == Incremental("at", "2024-01-01", latest="min")
    hooks = reading.hooks["users"]
    assert (hooks.convert, hooks.incremental["initial_value"]) == (str, begin)
    assert hooks.incremental["last_value_func"] is min


# --- hooks -----------------------------------------------------------------------------------


class OwnPaginator(dlt_paginators.PageNumberPaginator):  # type: ignore[misc]
    """A user's subclass: what it does, only it knows."""


class OwnAuth(dlt_auth.BearerTokenAuth):  # type: ignore[misc]
    """A user's subclass."""


def keep(row: dict[str, object]) -> bool:
    return bool(row)


def clean(response: requests.Response) -> None:
    del response


def test_a_users_paginator_is_a_hook_of_every_resource_that_uses_it() -> None:
    own = OwnPaginator()
    config = {
        "client": {"base_url": BASE, "paginator": own},
        "resources": ["a", {"name": "b", "endpoint": {"paginator": "header_link"}}, "c"],
    }
    hooks = read_live(config, name="live").hooks
    assert [hooks[name].paginator for name in "abc"] == [own, None, own]


def test_a_users_auth_is_a_hook_where_it_stands() -> None:
    own, other = OwnAuth("t"), OwnAuth("u")
    reading = live({"auth": own}, endpoint={"auth": other})
    assert reading.plan is not None
    assert (reading.client.auth, reading.hooks["users"].auth) == (own, other)
    assert (reading.plan.client.auth, reading.plan.resources[0].auth) == (NoAuth(), NoAuth())


def test_a_registered_type_is_left_to_whoever_registered_it() -> None:
    stated = {"type": "mine", "size": 3}
    config = {"client": {"base_url": BASE, "paginator": stated, "auth": "mine"}, "resources": ["a"]}
    assert read_live(config, name="live").plan is None
    reading = read_live(config, name="live", custom=("mine",))
    assert reading.plan is not None
    assert (reading.hooks["a"].paginator, reading.client.auth) == (stated, "mine")


def test_a_session_is_a_hook_of_the_client() -> None:
    with requests.Session() as session:
        reading = live({"session": session})
        assert reading.plan is not None
        assert reading.session is session


def test_processing_steps_are_hooks_in_their_order_defaults_put_in() -> None:
    steps: list[dict[str, object]] = [{"filter": keep}, {"map": str}]
    assert live(processing_steps=steps).hooks["users"].processing_steps == tuple(steps)
    assert live(defaults={"processing_steps": steps}).hooks["users"].processing_steps == tuple(steps)
    assert live(defaults={"processing_steps": steps}, processing_steps=[]).hooks["users"].processing_steps == ()


def test_a_wrong_key_of_a_processing_step_is_told() -> None:
    assert live(processing_steps=[{"fliter": keep}]).plan is None


def test_response_actions_with_functions_are_kept_whole_and_in_order() -> None:
    stated = [
        clean,
        {"status_code": 404, "action": "ignore"},
        {"status_code": "200", "content": "x", "action": [clean]},
    ]
    reading = endpoint(response_actions=stated)
    assert reading.plan is not None, reading.faults
    assert reading.plan.resources[0].actions == (ResponseAction(404),)
    assert reading.hooks["users"].response_actions == (
        ActionHook((clean,)),
        ResponseAction(404),
        ActionHook((clean,), 200, "x"),
    )


def test_response_actions_without_functions_need_no_hook() -> None:
    reading = endpoint(response_actions=[{"status_code": 404, "action": "ignore"}])
    assert reading.hooks["users"].response_actions == ()


def test_a_resource_of_dlts_may_be_a_parent_and_is_not_in_the_plan() -> None:
    @dlt.resource(name="repositories")  # type: ignore[untyped-decorator]
    def repos() -> Any:
        yield [{"id": 1}]

    config = {
        "client": {"base_url": BASE},
        "resources": [repos, {"name": "a", "endpoint": "r/{resources.repositories.id}/a"}],
    }
    reading = read_live(config, name="live")
    assert reading.plan is not None, reading.faults
    assert [(each.name, each.parent) for each in reading.plan.resources] == [("a", Parent("repositories"))]
    assert reading.hooks["repositories"].entry is repos


def test_hints_are_those_that_dlt_is_given_and_what_dlt_can_do_is_no_fault() -> None:
    hints: dict[str, Any] = {
        "write_disposition": {"disposition": "merge", "strategy": "upsert"},
        "columns": {"gone": {"hard_delete": True}, "n": {"dedup_sort": "desc", "data_type": "bigint"}},
        "schema_contract": {"tables": "freeze"},
        "nested_hints": {"items": {"columns": {"a": {"data_type": "text"}}}},
        "parallelized": True,
        "references": [{"referenced_table": "t", "columns": ["a"], "referenced_columns": ["b"]}],
    }
    reading = live(defaults={"primary_key": "id"}, **hints)
    assert reading.plan is not None, reading.faults
    assert dict(reading.hooks["users"].hints) == {"primary_key": "id", "name": "users", **hints}
    resource = reading.plan.resources[0]
    assert (resource.disposition, resource.primary_key) == ("merge", ("id",))


def test_a_hint_that_is_a_function_is_dlts_to_call() -> None:
    reading = live(table_name=keep, write_disposition=keep)
    assert reading.plan is not None, reading.faults
    assert reading.hooks["users"].hints["table_name"] is keep
    assert reading.plan.resources[0].disposition == "append"


def test_values_that_are_no_json_are_sent_as_their_text() -> None:
    reading = endpoint(params={"day": dt.date(2024, 1, 2)}, data=b"{x}")
    assert reading.plan is not None, reading.faults
    request = reading.plan.resources[0].request
    assert dict(request.params) == {"day": Text(("2024-01-02",))}
    assert request.raw_body == Text(("{x}",))


def test_a_function_where_none_is_called_is_an_error_without_talk_of_documents() -> None:
    reading = endpoint(params={"a": keep})
    assert reading.plan is None
    assert "keep" in reading.faults[0].problem
    assert "document" not in reading.faults[0].problem


def test_the_bearer_token_of_a_plain_mapping_is_read() -> None:
    reading = live({"auth": {"token": "hush"}})
    assert reading.plan is not None
    assert isinstance(reading.plan.client.auth, Bearer)
    assert json.dumps([fault.problem for fault in reading.faults]).find("hush") < 0
