"""An auth as its mapping, in dlt's words."""

from __future__ import annotations

from typing import assert_never

from headrace.model.plan import (
    ApiKey,
    Auth,
    Bearer,
    HttpBasic,
    NoAuth,
    OAuth2ClientCredentials,
    OAuth2Jwt,
    Text,
)
from headrace.spec.writing_value import Mapping, Signed, Value, settled

_EXPIRATION_S = 3600


def auth_tree(auth: Auth) -> Value:
    """The mapping of an auth; None where nothing is to be sent."""
    match auth:
        case NoAuth():
            return None
        case HttpBasic(username, password):
            return {"type": "http_basic", "username": settled(username), "password": settled(password)}
        case Bearer(token):
            return {"type": "bearer", "token": settled(token)}
        case ApiKey(api_key, name, location):
            tree: Mapping = {"type": "api_key", "name": name, "api_key": settled(api_key)}
            return tree if location == "header" else {**tree, "location": location}
        case OAuth2ClientCredentials():
            return _client_credentials(auth)
        case OAuth2Jwt():
            return _signed(auth)
        case _:
            assert_never(auth)


def _client_credentials(auth: OAuth2ClientCredentials) -> Mapping:
    tree: Mapping = {
        "type": "oauth2_client_credentials",
        "access_token_url": settled(auth.token_url),
        "client_id": settled(auth.client_id),
        "client_secret": settled(auth.client_secret),
    }
    if auth.access_token is not None:
        tree["access_token"] = settled(auth.access_token)
    if auth.request_data:
        tree["access_token_request_data"] = _pairs(auth.request_data)
    if auth.default_expiration_s != _EXPIRATION_S:
        tree["default_token_expiration"] = auth.default_expiration_s
    if auth.client_auth != "body":
        tree["client_auth"] = auth.client_auth
    return tree


def _signed(auth: OAuth2Jwt) -> Mapping:
    tree: Mapping = {
        "type": "oauth2_jwt",
        "client_id": settled(auth.client_id),
        "private_key": settled(auth.private_key),
        "auth_endpoint": settled(auth.auth_endpoint),
    }
    if auth.scopes:
        tree["scopes"] = list[Value](auth.scopes)
    if auth.headers:
        tree["headers"] = _pairs(auth.headers)
    if auth.private_key_passphrase is not None:
        tree["private_key_passphrase"] = settled(auth.private_key_passphrase)
    if auth.default_expiration_s != _EXPIRATION_S:
        tree["default_token_expiration"] = auth.default_expiration_s
    return Signed(tree)


def _pairs(pairs: tuple[tuple[str, Text], ...]) -> Mapping:
    return {name: settled(value) for name, value in pairs}
