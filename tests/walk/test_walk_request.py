"""A position becomes one request: the URL, the parameters and the body that the configuration and the page ask for."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import WalkStuck
from headrace.model.plan import (
    ApiKey,
    Bearer,
    Client,
    Cursor,
    HeaderCursor,
    LinkHeader,
    NextUrl,
    NoAuth,
    Offset,
    PageNumber,
    Paging,
    Ref,
    Request,
    Resource,
    RetryPolicy,
    SinglePage,
    Text,
    text,
)
from headrace.model.position import AtOffset, AtPage, Done, NextLink, Position, Start, Token
from headrace.walk.request import build, fingerprint, join

from .driver import CLIENT, resource


def params(paging: Paging, position: Position, **request: Any) -> list[tuple[str, str | None]]:
    return [(name, value.literal) for name, value in build(CLIENT, resource(paging, **request), position).params]


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("https://a.b/v1", "items", "https://a.b/v1/items"),
        ("https://a.b/v1/", "/items", "https://a.b/v1/items"),
        ("https://a.b/v1//", "//items/", "https://a.b/v1/items/"),
        ("https://a.b", "items", "https://a.b/items"),
        ("https://a.b/v1/", "", "https://a.b/v1/"),
        ("https://a.b/v1", "", "https://a.b/v1"),
        ("https://a.b/v1", "https://c.d/x", "https://c.d/x"),
        ("https://a.b/v1", "HTTPS://c.d/x", "HTTPS://c.d/x"),
        ("", "https://c.d/x", "https://c.d/x"),
        ("https://a.b/v1", "items?x=1", "https://a.b/v1/items?x=1"),
        ("https://a.b/v1", "?x=1", "https://a.b/v1?x=1"),
        ("https://a.b/v1?k=1", "items?x=2", "https://a.b/v1/items?k=1&x=2"),
    ],
)
def test_base_url_and_path_meet_at_one_slash(base: str, path: str, url: str) -> None:
    assert join(base, path) == url


@pytest.mark.parametrize("path", ["items", "/items", "items/", "a/b", ""])
@pytest.mark.parametrize("base", ["https://a.b/v1", "https://a.b/v1/", "https://a.b", ""])
def test_joining_is_as_in_dlt(base: str, path: str) -> None:
    from dlt.sources.helpers.rest_client.utils import join_url

    assert join(base, path) == join_url(base, path)


def test_parameters_replace_those_of_the_paths_own_query_and_leave_the_rest_as_written() -> None:
    what = Resource(
        "r", "r", Request("items?limit=5&ids=1%2C2&ids=a,b#top", params=(("limit", text("9")),)), SinglePage()
    )
    request = build(CLIENT, what, Start())
    assert request.url == "https://api.example.com/v1/items?ids=1%2C2&ids=a,b"
    assert request.params == (("limit", text("9")),)


def test_repeated_parameters_are_all_sent() -> None:
    assert params(SinglePage(), Start(), params=(("id", text("1")), ("id", text("2")))) == [("id", "1"), ("id", "2")]


def test_the_endpoints_headers_override_the_clients_whatever_their_case() -> None:
    client = Client("https://a.b", headers=(("X-A", text("1")), ("Accept", text("2"))))
    what = resource(SinglePage(), headers=(("x-a", text("3")),))
    assert build(client, what, Start()).headers == (("Accept", text("2")), ("x-a", text("3")))


def test_the_resources_auth_overrides_the_clients() -> None:
    client = Client("https://a.b", auth=Bearer(text("c")))
    what = resource(SinglePage())
    assert build(client, what, Start()).auth == Bearer(text("c"))
    assert build(client, msgspec.structs.replace(what, auth=NoAuth()), Start()).auth == NoAuth()


OFFSET = Offset(50, start=10, param="skip", size_param="take")
PAGE = PageNumber(base=1, start=3, param="pg")


@pytest.mark.parametrize(
    ("paging", "position", "expected"),
    [
        (SinglePage(), Start(), [("q", "x")]),
        (OFFSET, Start(), [("q", "x"), ("skip", "10"), ("take", "50")]),
        (OFFSET, AtOffset(60), [("q", "x"), ("skip", "60"), ("take", "50")]),
        (PAGE, Start(), [("q", "x"), ("pg", "3")]),
        (PAGE, AtPage(4), [("q", "x"), ("pg", "4")]),
        (Cursor("n", "from"), Start(), [("q", "x")]),
        (Cursor("n", "from"), Token("a=+/ "), [("q", "x"), ("from", "a=+/ ")]),
        (Cursor("n", "from"), Token(2**70), [("q", "x"), ("from", str(2**70))]),
        (Cursor("n", "from"), Token(1.5), [("q", "x"), ("from", "1.5")]),
        (Cursor("n", "q"), Token("y"), [("q", "y")]),
        (HeaderCursor("h", "c"), Token("y"), [("q", "x"), ("c", "y")]),
        (LinkHeader(), Start(), [("q", "x")]),
    ],
)
def test_each_position_adds_its_own_parameters(
    paging: Paging, position: Position, expected: list[tuple[str, str]]
) -> None:
    assert params(paging, position, params=(("q", text("x")),)) == expected


def test_a_next_link_is_asked_for_as_given_with_headers_and_auth_but_no_parameters() -> None:
    client = Client("https://a.b", auth=ApiKey(text("k"), "key", "query"), headers=(("X", text("1")),))
    what = resource(NextUrl("next"), params=(("limit", text("5")),))
    request = build(client, what, NextLink("https://a.b/x?limit=5&p=2#f"))
    assert request.url == "https://a.b/x?limit=5&p=2#f"
    assert request.params == ()
    assert request.headers == (("X", text("1")),)
    assert request.auth == client.auth


def test_values_go_into_the_json_body_at_their_path_without_touching_the_plans_own() -> None:
    json = {"query": "x", "page": {"size": 5, "deep": {"keep": 1}}}
    before = copy.deepcopy(json)
    rule = Cursor("n", None, body_path="page.deep.after")
    what = resource(rule, method="POST", json=json)
    assert build(CLIENT, what, Token("t")).json == {
        "query": "x",
        "page": {"size": 5, "deep": {"keep": 1, "after": "t"}},
    }
    assert build(CLIENT, what, Start()).json == before
    assert json == before


@pytest.mark.parametrize("json", [None, {}])
def test_missing_objects_of_a_body_are_made(json: Any) -> None:
    rule = Offset(5, param=None, size_param=None, body_path="page.offset", size_body_path="page.limit")
    request = build(CLIENT, resource(rule, method="POST", json=json), Start())
    assert request.json == {"page": {"offset": 0, "limit": 5}}
    assert request.params == ()


def test_a_page_number_may_go_into_the_body() -> None:
    rule = PageNumber(param=None, body_path="p", start=1)
    assert build(CLIENT, resource(rule, method="POST", json={"a": 1}), AtPage(2)).json == {"a": 1, "p": 2}


def test_a_form_takes_the_value_as_a_field() -> None:
    rule = Cursor("n", None, body_path="cursor")
    what = resource(rule, method="POST", form=(("a", text("1")), ("cursor", text("old"))))
    request = build(CLIENT, what, Token("t"))
    assert request.form == (("a", text("1")), ("cursor", text("t")))
    assert request.json is None


@pytest.mark.parametrize("json", [{"page": [1]}, {"page": "x"}, [1]])
def test_a_body_with_no_room_for_the_value_is_an_error(json: Any) -> None:
    rule = Cursor("n", None, body_path="page.after")
    with pytest.raises(WalkStuck, match=r"no object at `page.after`"):
        build(CLIENT, resource(rule, method="POST", json=json), Token("t"))


@pytest.mark.parametrize(
    ("paging", "position"),
    [(OFFSET, Token("x")), (SinglePage(), AtPage(1)), (PAGE, AtOffset(1)), (SinglePage(), Done("x", proven=True))],
)
def test_a_position_of_another_rule_is_an_error(paging: Paging, position: Position) -> None:
    with pytest.raises(WalkStuck, match="`items`"):
        build(CLIENT, resource(paging), position)


@given(st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_token_is_never_trimmed(value: str | float) -> None:
    sent = params(Cursor("n", "c"), Token(value))[0][1]
    assert sent == (value if isinstance(value, str) else repr(value))


# --- fingerprint ----------------------------------------------------------------------------------------------------

WHAT = resource(Cursor("next", "from", size=2), params=(("limit", text("2")),), json={"b": 1, "a": [2]})


def changed(**fields: Any) -> Resource:
    return msgspec.structs.replace(WHAT, **fields)


def asked(**fields: Any) -> Resource:
    return changed(request=msgspec.structs.replace(WHAT.request, **fields))


@pytest.mark.parametrize(
    "other",
    [
        asked(path="other"),
        asked(method="POST"),
        asked(params=(("limit", text("3")),)),
        asked(params=(("limit", text(Ref("n"))),)),
        asked(json={"b": 1}),
        asked(form=()),
        changed(paging=Cursor("next", "from")),
        changed(paging=NextUrl("next", 2)),
        changed(selector="rows"),
        changed(selector=None),
    ],
)
def test_whatever_decides_the_pages_changes_the_fingerprint(other: Resource) -> None:
    assert fingerprint(CLIENT, other) != fingerprint(CLIENT, WHAT)
    assert fingerprint(Client("https://b.example.com/v1"), WHAT) != fingerprint(CLIENT, WHAT)


@pytest.mark.parametrize(
    "other",
    [
        changed(auth=Bearer(text(Ref("t")))),
        changed(retry=RetryPolicy(attempts=1)),
        changed(primary_key=("id",), disposition="merge", table="t"),
        asked(json={"a": [2], "b": 1}),
    ],
)
def test_credentials_and_what_happens_after_fetching_do_not_change_the_fingerprint(other: Resource) -> None:
    assert fingerprint(CLIENT, other) == fingerprint(CLIENT, WHAT)
    assert fingerprint(Client(CLIENT.base_url + "/", auth=Bearer(text("x"))), WHAT) == fingerprint(CLIENT, WHAT)


def test_a_reference_counts_by_its_name_and_not_by_its_default() -> None:
    def of(default: str | None) -> str:
        return fingerprint(CLIENT, asked(params=(("k", Text((Ref("key", "env", default),))),)))

    assert of("one") == of("two") == of(None)


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    assert fingerprint(Client("https://a.b"), resource(SinglePage())) == "af9aec1d34d7db486122f71d75914cea"
