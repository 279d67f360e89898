"""The scaffold dialect beyond the seed: each deviation read for what it means, and the doubtful ones told."""

from __future__ import annotations

import json

import pytest

from headrace.model.plan import (
    ApiKey,
    AutoPaging,
    Bearer,
    Cursor,
    HeaderCursor,
    HttpBasic,
    LinkHeader,
    NextUrl,
    NoAuth,
    OAuth2ClientCredentials,
    Offset,
    PageNumber,
    Paging,
    Parent,
    ParentField,
    Ref,
    RetryPolicy,
    SinglePage,
    Text,
)
from headrace.spec.cursor_expression import Expression, has_more_path, parse_expression
from headrace.spec.read import Options, Reading
from headrace.spec.scaffold_paging import read_scaffold_paginator

from .documents import codes, of, plan_of, the_error, told, with_client


def scaffold(config: dict[str, object], prose: str = "", options: Options | None = None) -> Reading:
    """A configuration in a document of the scaffold's shape."""
    code = json.dumps(config, indent=1).replace(": true", ": True").replace(": null", ": None")
    block = f"```python\nsource = rest_api_source({code})\n```"
    return told(f"# Overview\n\n# Configuration Example\n\n{block}\n\n# Schema\n\n{prose}", "md", options)


def resource(options: Options | None = None, /, **endpoint: object) -> Reading:
    """One resource beside one that others may point to."""
    config: dict[str, object] = {
        "client": {"base_url": "https://api.acme.io"},
        "resources": ["folders", {"name": "users", "endpoint": {"path": "/users", **endpoint}}],
    }
    return scaffold(config, options=options)


def paging(selector: str | None = None, /, **paginator: object) -> Paging:
    return plan_of(resource(None, paginator=paginator, data_selector=selector)).resources[1].paging


def client(**values: object) -> Reading:
    return scaffold({"client": {"base_url": "https://api.acme.io", **values}, "resources": ["users"]})


def test_no_paginator_is_a_single_page() -> None:
    assert plan_of(resource()).resources[1].paging == SinglePage()


def test_in_dlts_dialect_no_paginator_is_detected() -> None:
    reading = told('{"client": {"base_url": "https://a.io"}, "resources": ["users"]}', "json")
    assert reading.dialect == "dlt"
    assert plan_of(reading).resources[0].paging == AutoPaging()
    assert plan_of(reading).resources[0].selector is None


@pytest.mark.parametrize(
    ("paginator", "rule"),
    [
        (
            {"type": "cursor", "cursor_param": "c", "cursor_path": "response.meta.next"},
            Cursor("meta.next", "c", follow_urls=True),
        ),
        ({"type": "cursor", "cursor_param": "c", "cursor_path": ["a", "b"]}, Cursor("a.b", "c", follow_urls=True)),
        (
            {"type": "cursor", "cursor_param": "c", "cursor_path": "a", "page_size": 7, "limit_param": "n"},
            Cursor("a", "c", follow_urls=True, size=7, size_param="n"),
        ),
        ({"type": "cursor", "cursor_path": "links.next"}, NextUrl("links.next")),
        ({"type": "cursor", "cursor_value": "{{ response.get('next_page') }}"}, NextUrl("next_page")),
        ({"type": "cursor", "cursor_path": "headers.link.next.url", "limit": 5}, LinkHeader("next", 5, "limit")),
        (
            {"type": "cursor", "cursor_value": "{{ headers['X-Next'] }}", "cursor_param": "c"},
            HeaderCursor("X-Next", "c"),
        ),
        ({"type": "cursor", "cursor_param": "next"}, NextUrl("next")),
        ({"type": "cursor", "cursor_param": "nextPageLink"}, NextUrl("nextPageLink")),
        ({"type": "cursor", "cursor_param": "Link"}, LinkHeader("next")),
        ({"type": "cursor", "cursor_param": "page_token"}, Cursor("page_token", "page_token", follow_urls=True)),
        ({"type": "cursor", "cursor_param": "links.next"}, NextUrl("links.next")),
        (
            {"type": "cursor", "cursor_param": "c", "stop_condition": "not response.get('meta', {}).get('token', {})"},
            Cursor("meta.token", "c", follow_urls=True),
        ),
        ({"type": "cursor", "cursor_param": "next", "stop_condition": "{{ a.next is none }}"}, NextUrl("a.next")),
        (
            {"type": "cursor", "cursor_param": "c", "stop_condition": "{{ a.next is none }}"},
            Cursor("a.next", "c", follow_urls=True),
        ),
        (
            {"type": "cursor", "cursor_param": "c", "stop_condition": "'next' not in headers['link']"},
            LinkHeader("next"),
        ),
        (
            {"type": "cursor", "cursor_param": "c", "stop_condition": "response.page > 3"},
            Cursor("c", "c", follow_urls=True),
        ),
        (
            {
                "type": "cursor",
                "cursor_param": "c",
                "cursor_path": "n",
                "stop_condition": "{{ response.has_more is false }}",
            },
            Cursor("n", "c", has_more_path="has_more", follow_urls=True),
        ),
        (
            {"type": "cursor", "cursor_param": "c", "cursor_path": "n", "stop_condition": "not response.n"},
            Cursor("n", "c", follow_urls=True),
        ),
        (
            {"type": "cursor", "cursor_body_path": "page.after", "cursor_path": "n"},
            Cursor("n", None, "page.after", follow_urls=True),
        ),
        (
            {"type": "page_number", "page_param": "p", "limit": 50, "limit_param": "per_page"},
            PageNumber(1, 1, "p", size=50, size_param="per_page"),
        ),
        ({"type": "page_number", "start_from_page": 0}, PageNumber(0, 0)),
        ({"type": "page", "maximum_page": 3}, PageNumber(1, 1, maximum=3)),
        ({"type": "page_number", "total_pages_path": "meta.pages"}, PageNumber(1, 1, total_path="meta.pages")),
        ({"type": "offset", "limit": 50}, Offset(50)),
        ({"type": "offset", "limit": 50, "page_param": "skip", "size_param": "top"}, Offset(50, 0, "skip", "top")),
        ({"type": "offset"}, Offset(100)),
        ({"type": "offset", "limit": 5, "offset_param": "$skip"}, Offset(5, 0, "$skip", "$top")),
        ({"type": "offset", "limit": 5, "offset_param": "page[offset]"}, Offset(5, 0, "page[offset]", "page[limit]")),
        ({"type": "offset", "limit": 5, "offset_param": "startAt"}, Offset(5, 0, "startAt", "maxResults")),
        (
            {"type": "page_number", "page_size": 5, "page_size_option": {"field_name": "n", "inject_into": "query"}},
            PageNumber(1, 1, size=5, size_param="n"),
        ),
        (
            {"type": "offset", "limit": 5, "page_token_option": {"field_name": "skip", "type": "RequestOption"}},
            Offset(5, 0, "skip"),
        ),
        ({"type": "single_page"}, SinglePage()),
        ({"type": "json_link", "next_url_path": "a"}, NextUrl("a")),
        ({"type": "header_link"}, LinkHeader()),
    ],
    ids=repr,
)
def test_a_paginator_is_read_for_what_it_means(paginator: dict[str, object], rule: Paging) -> None:
    assert paging(**paginator) == rule


def test_a_cursor_in_the_last_record_is_below_the_selector() -> None:
    rule = paging("items", type="cursor", cursor_param="after", cursor_value="{{ last_record.id }}")
    assert rule == Cursor("items[-1].id", "after", follow_urls=True)


def test_a_page_size_is_also_sent() -> None:
    request = plan_of(resource(paginator={"type": "page_number", "limit": 5, "limit_param": "n"})).resources[1].request
    assert dict(request.params) == {"n": Text(("5",))}


def test_a_page_size_replaces_the_same_parameter() -> None:
    request = (
        plan_of(resource(params={"n": 9}, paginator={"type": "offset", "limit": 5, "limit_param": "n"}))
        .resources[1]
        .request
    )
    assert request.params == (("n", Text(("5",))),)


@pytest.mark.parametrize(
    ("paginator", "code"),
    [
        ({"type": "cursor", "cursor_param": "c"}, "cursor-source-unknown"),
        ({"type": "cursor", "cursor_param": "c", "cursor_path": "a", "step": "P1D"}, "dropped"),
        ({"type": "offset", "limit": 5}, "offset-param"),
        ({"type": "offset"}, "page-size-missing"),
        ({"type": "offset", "limit": 5, "offset_param": "from"}, "size-param-odd"),
    ],
    ids=repr,
)
def test_what_is_guessed_of_a_paginator_is_a_warning(paginator: dict[str, object], code: str) -> None:
    assert code in codes(resource(paginator=paginator), "warning")


@pytest.mark.parametrize(
    ("paginator", "code"),
    [
        ({"type": "custom"}, "paginator-custom"),
        ({"type": "curser"}, "paginator-type"),
        ({"type": "cursor"}, "cursor-unknown"),
        ({"type": "cursor", "cursor_param": "c", "cursor_value": "{{ 1 + 1 }}"}, "cursor-expression"),
        ({"type": "offset", "limt": 5}, "unknown-key"),
        ({}, "paginator-type"),
    ],
    ids=repr,
)
def test_what_cannot_be_read_of_a_paginator_is_an_error(paginator: dict[str, object], code: str) -> None:
    reading = resource(paginator=paginator)
    assert code in codes(reading)
    assert reading.plan is None


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("{{ response.next }}", Expression("body", "next")),
        ("response['a']['b.c']", Expression("body", "a.'b.c'")),
        ("response.get('a', {}).get('b')", Expression("body", "a.b")),
        ("{{ response.data[-1].id | tojson }}", Expression("body", "data[-1].id")),
        ("{{ last_record['x'] }}", Expression("last_record", "x")),
        ("response['@odata.nextLink']", Expression("body", "'@odata.nextLink'")),
        ("response.a or response.b", Expression("body", "a")),
        ("headers['link']['next']", Expression("link", "next")),
        ("headers.get('X-Cursor')", Expression("header", "X-Cursor")),
        ("next_page", Expression("body", "next_page")),
        ("{{ foo(bar) }}", Expression("unknown")),
        ("", Expression("unknown")),
    ],
)
def test_a_cursor_expression_is_parsed_and_never_evaluated(words: str, meaning: Expression) -> None:
    assert parse_expression(words) == meaning


@pytest.mark.parametrize(
    ("condition", "path"),
    [
        ("{{ response.has_more is false }}", "has_more"),
        ("not response.get('hasMore', False)", "hasMore"),
        ("has_more", "has_more"),
        ("response.meta.has_next_page == false", "meta.has_next_page"),
        ("headers.link.next is none", None),
        ("{{ not response.next }}", None),
    ],
)
def test_a_stop_condition_that_tests_a_flag_gives_its_path(condition: str, path: str | None) -> None:
    assert has_more_path(condition) == path


SECRET = 'dlt.secrets["k"]'


@pytest.mark.parametrize(
    ("auth", "meaning"),
    [
        ({"type": "none"}, NoAuth()),
        ({"type": "basic", "username": "u"}, HttpBasic(Text(("u",)), Text(("",)))),
        ({"type": "bearer", "api_key": SECRET, "location": "header"}, Bearer(Text((Ref("k"),)))),
        ({"type": "apikey", "name": "X", "value": SECRET}, ApiKey(Text((Ref("k"),)), "X")),
        ({"type": "apiKey", "header_name": "X", "key": SECRET}, ApiKey(Text((Ref("k"),)), "X")),
        ({"type": "query", "param": "q", "token": SECRET}, ApiKey(Text((Ref("k"),)), "q", "query")),
        ({"type": "token", "token": SECRET}, Bearer(Text((Ref("k"),)))),
        ({"type": "Basic", "token": SECRET}, HttpBasic(Text(("Basic ", Ref("k"))), Text(("",)))),
        ({"api_key": SECRET, "name": "X"}, ApiKey(Text((Ref("k"),)), "X")),
    ],
    ids=repr,
)
def test_an_auth_is_read_for_what_it_means(auth: dict[str, object], meaning: object) -> None:
    assert plan_of(client(auth=auth)).client.auth == meaning


@pytest.mark.parametrize(
    ("auth", "kind"),
    [
        ({"type": "session_token"}, "session_token"),
        ({"type": "custom"}, "custom"),
    ],
)
def test_auth_that_a_run_cannot_do_yet_is_an_error_but_understood(auth: dict[str, object], kind: str) -> None:
    reading = client(auth=auth)
    assert codes(reading) == ["not-yet"]
    assert reading.outline.client.auth.kind == kind


def test_a_key_called_api_key_is_suspected_and_another_is_not() -> None:
    assert "api-key-name" in codes(client(auth={"type": "api_key", "name": "api_key", "api_key": "x"}), "warning")
    assert codes(client(auth={"type": "api_key", "name": "X-Token", "api_key": "x"}), "warning") == []


def test_the_fillers_of_a_scaffold_are_suspected() -> None:
    assert set(codes(filler("/v1/users", "data"), "warning")) == {"path-prefix", "selector-data"}
    assert codes(filler("/v2/users", "items"), "warning") == []


def filler(path: str, selector: str, /, **paginator: object) -> Reading:
    endpoint = {"path": path, "data_selector": selector, **({"paginator": paginator} if paginator else {})}
    resources = [{"name": "users", "endpoint": endpoint}]
    return scaffold({"client": {"base_url": "https://api.example.com"}, "resources": resources})


def test_data_is_no_filler_where_the_body_holds_the_next_cursor_too() -> None:
    assert codes(filler("/users", "data", type="cursor", cursor_param="c", cursor_path="meta.next"), "warning") == []
    beside_a_header = filler("/users", "data", type="cursor", cursor_path="headers.link.next")
    assert codes(beside_a_header, "warning") == ["selector-data"]


def test_v1_is_no_filler_where_the_host_is_real_or_another_path_lacks_it() -> None:
    assert codes(resource(path="/v1/users"), "warning") == []
    paths = [{"name": f"{name}s", "endpoint": {"path": f"/{name}"}} for name in ("v1/user", "v3/log")]
    reading = scaffold({"client": {"base_url": "https://api.example.com"}, "resources": paths})
    assert codes(reading, "warning") == []


@pytest.mark.parametrize(
    ("selector", "path"),
    [
        (["data", "items"], "data.items"),
        ([], "$"),
        (["a b", "*"], "'a b'.*"),
        ("response.x", "x"),
        ("response", "$"),
        (None, None),
        ("items", "items"),
    ],
)
def test_a_selector_is_read_for_what_it_means(selector: object, path: str | None) -> None:
    assert plan_of(resource(data_selector=selector)).resources[1].selector == path


def test_an_error_handler_replaces_the_codes_but_never_asks_again_in_vain() -> None:
    reading = resource(error_handler={"retry_on_status_codes": [429, 503, 403, 404], "max_retries": 9})
    policy = plan_of(reading).resources[1].retry
    assert (policy.statuses, policy.attempts) == ((429, 503), 10)
    assert "retry-refused" in codes(reading, "warning")


def test_an_error_handler_with_nothing_worth_asking_leaves_the_default() -> None:
    policy = plan_of(resource(error_handler={"retry_on_status_codes": [400]})).resources[1].retry
    assert policy.statuses == RetryPolicy().statuses


def test_few_retries_still_make_six_attempts() -> None:
    assert plan_of(resource(error_handler={"max_retries": 1})).resources[1].retry.attempts == 6


@pytest.mark.parametrize("path", ["/o/{org}/users", "/o/{{ config['org'] }}/users", "/o/{config.org}/users"])
def test_a_value_of_the_path_that_nothing_gives_is_a_need(path: str) -> None:
    reading = resource(path=path)
    assert reading.needs == ("config:org",)
    assert "path-value" in codes(reading, "warning")


def test_a_setting_fills_the_path() -> None:
    reading = resource(Options(settings={"org": "acme"}), path="/o/{org}/users")
    assert reading.needs == ()
    assert plan_of(reading).resources[1].request.path == "/o/acme/users"


def test_a_variable_named_after_a_resource_is_its_child() -> None:
    reading = resource(path="/folders/{folder_id}/users")
    child = plan_of(reading).resources[1]
    assert child.parent == Parent("folders")
    assert child.request.path == Text(("/folders/", ParentField("id"), "/users"))
    assert codes(resource(path="/v2/f/{folder_id}/users"), "warning") == ["guessed-parent"]


def test_a_path_below_a_resource_leaves_no_doubt_about_the_parent() -> None:
    reading = resource(path="/folders/{folder_id}/users")
    assert "parent-by-path" in codes(reading, "note")
    assert codes(reading, "warning") == []


@pytest.mark.parametrize("path", ["/folders/{id}/users", "/v2/Folders/{fld}/users"])
def test_a_variable_below_a_resource_is_its_child_whatever_it_is_called(path: str) -> None:
    assert plan_of(resource(path=path)).resources[1].parent == Parent("folders")


def test_a_value_from_outside_wins_over_a_guessed_parent() -> None:
    reading = resource(Options(settings={"folder_id": "7"}), path="/folders/{folder_id}/users")
    child = plan_of(reading).resources[1]
    assert (child.parent, child.request.path) == (None, "/folders/7/users")


def test_of_two_resources_that_a_path_names_the_nearer_is_the_parent_and_the_other_a_need() -> None:
    endpoint = {"path": "/folders/{folder_id}/pages/{page_id}/notes"}
    resources = ["folders", "pages", {"name": "notes", "endpoint": endpoint}]
    reading = scaffold({"client": {"base_url": "https://api.acme.io"}, "resources": resources})
    assert plan_of(reading).resources[2].parent == Parent("pages")
    assert reading.needs == ("config:folder_id",)


def test_a_path_below_the_resource_itself_is_a_need_and_no_circle() -> None:
    reading = resource(path="/users/{user_id}")
    assert plan_of(reading).resources[1].parent is None
    assert reading.needs == ("config:user_id",)


def test_client_credentials_are_read_with_what_the_token_request_carries() -> None:
    reading = client(auth={"type": "oauth2", "client_id": "i", "client_secret": SECRET, "token_url": "u", "scope": "a"})
    assert plan_of(reading).client.auth == OAuth2ClientCredentials(
        Text(("u",)), Text(("i",)), Text((Ref("k"),)), request_data=(("scope", Text(("a",))),)
    )
    assert reading.outline.client.auth.kind == "oauth2_client_credentials"


def test_a_refresh_token_goes_into_the_token_request() -> None:
    auth = {"type": "oauth2", "client_id": "i", "client_secret": "s", "token_url": "u", "refresh_token": SECRET}
    reading = client(auth=auth)
    found = plan_of(reading).client.auth
    assert isinstance(found, OAuth2ClientCredentials)
    assert found.request_data == (("grant_type", Text(("refresh_token",))), ("refresh_token", Text((Ref("k"),))))
    assert reading.outline.client.auth.kind == "oauth2_refresh_token"


def test_a_placeholder_for_the_token_address_is_a_need() -> None:
    auth = {"type": "oauth2", "client_id": "i", "client_secret": "s", "token_url": "https://api.example.com/token"}
    reading = client(auth=auth)
    assert "config:access_token_url" in reading.needs
    found = plan_of(reading).client.auth
    assert isinstance(found, OAuth2ClientCredentials)
    assert found.token_url.literal is None


def test_a_field_that_is_no_part_of_a_token_request_is_dropped_with_a_warning() -> None:
    auth = {"type": "oauth2", "client_id": "i", "client_secret": "s", "token_url": "u", "legal_entity": "x"}
    assert codes(client(auth=auth), "warning") == ["auth-oauth2", "dropped"]


def test_a_method_in_small_letters_is_understood() -> None:
    assert plan_of(resource(http_method="post")).resources[1].request.method == "POST"
    assert codes(resource(method="delete")) == ["method"]


def test_true_is_sent_as_json_writes_it_and_in_dlts_dialect_as_python_does() -> None:
    assert dict(plan_of(resource(params={"a": True})).resources[1].request.params) == {"a": Text(("true",))}
    reading = told(
        '{"client": {"base_url": "https://a.io"}, "resources": [{"name": "u", "endpoint": {"params": {"a": true}}}]}',
        "json",
    )
    assert dict(plan_of(reading).resources[0].request.params) == {"a": Text(("True",))}


def test_a_resource_without_a_name_is_named_after_its_path() -> None:
    reading = scaffold({"client": {"base_url": "https://a.io"}, "resources": [{"endpoint": {"path": "/v2/users"}}]})
    assert plan_of(reading).resources[0].name == "users"


def test_a_rate_limit_of_the_document_is_the_plans() -> None:
    limit = plan_of(client(rate_limit={"requests": 10, "seconds": 2})).client.limit
    assert limit is not None
    assert (limit.requests, limit.window_s) == (10, 2.0)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com",
        "https://api.example.com/v1",
        "https://example.org",
        "https://{site}.acme.io",
        "https://${host}/x",
        "https://YOUR_DOMAIN.acme.io",
        "https://<tenant>.acme.io",
        "https://{{ config['site'] }}.acme.io",
    ],
)
def test_a_placeholder_address_is_a_need_and_never_in_the_plan(url: str) -> None:
    reading = client(base_url=url)
    assert reading.needs == ("base_url",)
    assert plan_of(reading).client.base_url == ""


def test_a_setting_fills_the_address() -> None:
    reading = told(
        '{"client": {"base_url": "https://{site}.acme.io"}, "resources": ["a"]}',
        "json",
        Options(settings={"site": "eu"}),
    )
    assert plan_of(reading).client.base_url == "https://eu.acme.io"
    assert reading.needs == ()


def test_a_word_that_is_no_address_is_an_error() -> None:
    assert the_error(of(with_client(base_url="acme"))).code == "base-url"


def test_in_a_scaffold_a_word_that_is_no_address_is_a_placeholder_for_one() -> None:
    reading = client(base_url="C:/Users/someone/api")
    assert plan_of(reading).client.base_url == ""
    assert reading.needs == ("base_url",)


def test_a_paginator_without_a_reading_always_has_an_error() -> None:
    from headrace.spec.context import Context
    from headrace.spec.node import Node

    ctx = Context("scaffold")
    assert read_scaffold_paginator(ctx, Node(3, 1, "p"), None) is None
    assert ctx.faults.fatal
