"""Every kind of credential, in each of the forms in which it can be stated."""

from __future__ import annotations

from typing import Any

import requests
from dlt.common.configuration import configspec
from dlt.sources.helpers.rest_client.auth import (
    APIKeyAuth,
    AuthConfigBase,
    BearerTokenAuth,
    HttpBasicAuth,
    OAuth2ClientCredentials,
)

from tests.parity.rest_api.case import APPENDED, Build, Case, Config, one
from tests.parity.rest_api.routes_auth import CLIENT, KEY, PASSWORD, USER


@configspec
class Signed(AuthConfigBase):  # type: ignore[misc]
    """An auth class as users write them: signs method and path."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-Signed"] = f"{request.method} {request.path_url.partition('?')[0]}"
        return request


def register_signed(module: Any) -> None:
    module.register_auth("signed", Signed)


def guarded(kind: str, auth: Any) -> Build:
    """The endpoint states how to get in."""
    return one({"path": f"auth/{kind}", "paginator": "json_link", "auth": auth})


def with_client(kind: str, auth: Any) -> Build:
    """The client states it, for all of its endpoints."""
    return one({"path": f"auth/{kind}", "paginator": "json_link"}, client={"auth": auth})


def oauth2(form: Any, **more: Any) -> Build:
    def build(at: str) -> Config:
        fields = {"access_token_url": f"{at}/token", "client_id": CLIENT, "client_secret": KEY, **more}
        config = with_client("oauth2", None)(at)
        config["client"]["auth"] = form(fields)
        return config

    return build


def stated(fields: Config) -> Config:
    return {"type": "oauth2_client_credentials", **fields}


def with_session(at: str) -> Config:
    session = requests.Session()
    session.headers["X-Api-Key"] = KEY
    config = with_client("header", None)(at)
    config["client"] |= {"session": session}
    return config


def overruled(at: str) -> Config:
    config = guarded("bearer", {"type": "bearer", "token": KEY})(at)
    config["client"]["auth"] = {"type": "http_basic", "username": "nobody", "password": "x"}
    return config


BEARER = {"type": "bearer", "token": KEY}
HEADER = {"type": "api_key", "name": "X-Api-Key", "api_key": KEY, "location": "header"}
QUERY = {"type": "api_key", "name": "api_key", "api_key": KEY, "location": "query"}
BASIC = {"type": "http_basic", "username": USER, "password": PASSWORD}

CASES = [
    Case("bearer", guarded("bearer", BEARER), APPENDED),
    Case("bearer without a type", guarded("bearer", {"token": KEY}), APPENDED),
    Case("bearer object", guarded("bearer", BearerTokenAuth(KEY)), APPENDED),
    Case("api_key in a header", guarded("header", HEADER), APPENDED),
    Case("api_key by default", guarded("plain", {"type": "api_key", "api_key": KEY}), APPENDED),
    Case("api_key in the query", guarded("query", QUERY), APPENDED),
    Case("api_key object", guarded("query", APIKeyAuth(name="api_key", api_key=KEY, location="param")), APPENDED),
    Case("http_basic", guarded("basic", BASIC), APPENDED),
    Case("http_basic object", guarded("basic", HttpBasicAuth(USER, PASSWORD)), APPENDED),
    Case("an auth class of the user", guarded("signed", Signed()), APPENDED),
    Case("bearer of the client", with_client("bearer", BEARER), APPENDED),
    Case("api_key of the client", with_client("query", QUERY), APPENDED),
    Case("http_basic of the client", with_client("basic", BASIC), APPENDED),
    Case("oauth2", oauth2(stated), APPENDED),
    Case(
        "oauth2 with data of its own",
        oauth2(stated, access_token_request_data={"scope": "read"}, default_token_expiration=60),
        APPENDED,
    ),
    Case("oauth2 object", oauth2(lambda fields: OAuth2ClientCredentials(**fields)), APPENDED),
    Case("a registered auth", with_client("signed", {"type": "signed"}), APPENDED, prepare=register_signed),
    Case("the endpoint's auth wins", overruled, APPENDED),
    Case("a session of the user", with_session, APPENDED),
]
