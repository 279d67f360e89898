"""Tokens that are bought: client credentials and signed assertions, as mappings and as dlt's classes in a text."""

from __future__ import annotations

from typing import get_type_hints

import pytest

from headrace.model.plan import ApiKey, Bearer, NoAuth, OAuth2ClientCredentials, OAuth2Jwt, Ref, Text, text
from headrace.spec.dlt_classes import CLASSES
from headrace.spec.oauth import CLIENT_CREDENTIALS

from .documents import codes, errors, of, plan_of, python, the_error, with_client, with_endpoint

URL = "https://a.io/token"
FULL = {
    "type": "oauth2_client_credentials",
    "access_token_url": URL,
    "client_id": "i",
    "client_secret": 'dlt.secrets["s"]',
}
READ = OAuth2ClientCredentials(text(URL), text("i"), text(Ref("s")))


@pytest.mark.parametrize(
    ("more", "change"),
    [
        ({}, {}),
        ({"access_token": 'dlt.secrets["t"]'}, {"access_token": text(Ref("t"))}),
        (
            {"access_token_request_data": {"scope": "a b", "n": 3, "x": None}},
            {"request_data": (("scope", text("a b")), ("n", text("3")))},
        ),
        ({"default_token_expiration": 60}, {"default_expiration_s": 60}),
        ({"client_auth": "basic"}, {"client_auth": "basic"}),
        ({"client_auth": "body"}, {}),
    ],
    ids=repr,
)
def test_each_field_of_client_credentials_is_read(more: dict[str, object], change: dict[str, object]) -> None:
    import msgspec

    assert plan_of(of(with_client(auth=FULL | more))).client.auth == msgspec.structs.replace(READ, **change)
    assert plan_of(of(with_endpoint(auth=FULL | more))).resources[0].auth == msgspec.structs.replace(READ, **change)


def test_every_field_of_dlts_class_is_known() -> None:
    from dlt.sources.rest_api.typing import OAuth2ClientCredentialsConfig

    assert {*CLIENT_CREDENTIALS, "type"} == {*get_type_hints(OAuth2ClientCredentialsConfig), "client_auth"}


@pytest.mark.parametrize("name", [name for name in CLASSES if name.endswith("Auth") or name.startswith("OAuth")])
def test_the_positional_arguments_of_an_auth_class_are_dlts(name: str) -> None:
    import inspect

    from dlt.sources.helpers.rest_client import auth

    theirs = list(inspect.signature(getattr(auth, name)).parameters)
    assert list(CLASSES[name].arguments) == theirs[: len(CLASSES[name].arguments)]
    assert set(theirs) == set(CLASSES[name].arguments)


def test_what_is_not_stated_is_looked_for_outside_as_dlt_does() -> None:
    reading = of(with_client(auth="oauth2_client_credentials"))
    assert reading.needs == ("secret:access_token_url", "secret:client_id", "secret:client_secret")
    assert plan_of(reading).client.auth == OAuth2ClientCredentials(
        text(Ref("access_token_url")), text(Ref("client_id")), text(Ref("client_secret"))
    )


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"client_auth": "header"}, "client.auth.client_auth"),
        ({"scope": "a"}, "client.auth.scope"),
        ({"default_token_expiration": "1h"}, "client.auth.default_token_expiration"),
        ({"access_token_request_data": "a=b"}, "client.auth.access_token_request_data"),
        ({"session": "x"}, "client.auth.session"),
    ],
    ids=repr,
)
def test_a_wrong_field_of_client_credentials_is_told_at_its_place(more: dict[str, object], path: str) -> None:
    assert the_error(of(with_client(auth=FULL | more))).path == path


def with_auth(code: str) -> str:
    return f"rest_api_source({{'client': {{'base_url': 'https://a.io', 'auth': {code}}}, 'resources': ['a']}})"


@pytest.mark.parametrize(
    ("code", "auth"),
    [
        (f"OAuth2ClientCredentials(access_token_url={URL!r}, client_id='i', client_secret=dlt.secrets['s'])", READ),
        ("OAuth2ClientCredentials(None, 'https://a.io/token', 'i', dlt.secrets['s'])", READ),
        (
            "OAuthJWTAuth(client_id='i', private_key=dlt.secrets['k'], auth_endpoint='e', scopes=['a', 'b'])",
            OAuth2Jwt(text("i"), text(Ref("k")), text("e"), ("a", "b")),
        ),
        (
            "OAuthJWTAuth(None, 'i', 'k', 'e', 'a b', {'X': '1'}, 'p', 60)",
            OAuth2Jwt(text("i"), text("k"), text("e"), ("a", "b"), (("X", text("1")),), text("p"), 60),
        ),
        ("auth.BearerTokenAuth(dlt.secrets['t'])", Bearer(text(Ref("t")))),
        ("APIKeyAuth('X', 'k', 'cookie')", ApiKey(text("k"), "X", "cookie")),
        ("None", NoAuth()),
    ],
)
def test_dlts_auth_classes_in_a_text_are_read(code: str, auth: object) -> None:
    assert plan_of(python(with_auth(code))).client.auth == auth


def test_a_key_may_go_into_a_cookie() -> None:
    auth = {"type": "api_key", "api_key": "k", "name": "sid", "location": "cookie"}
    assert plan_of(of(with_client(auth=auth))).client.auth == ApiKey(text("k"), "sid", "cookie")


def test_an_auth_without_a_type_is_a_bearer_token() -> None:
    assert plan_of(of(with_client(auth={"token": "t"}))).client.auth == Bearer(Text(("t",)))


def test_null_at_an_endpoint_is_no_auth_and_nothing_is_the_clients() -> None:
    config = with_client(auth={"token": "t"})
    config["resources"] = [{"name": "a", "endpoint": {"auth": None}}, "b"]
    assert [each.auth for each in plan_of(of(config)).resources] == [NoAuth(), None]


def test_the_kind_is_shown_and_no_secret_is() -> None:
    from headrace.spec.explain import check_json

    shown = check_json(of(with_client(auth=FULL | {"client_secret": "hush"}))).decode()
    assert "oauth2_client_credentials" in shown
    assert "hush" not in shown
    assert codes(of(with_client(auth=FULL))) == []
    assert errors(of(with_client(auth=FULL))) == []
