"""How a token is bought: OAuth 2.0 client credentials, a scaffold's refresh token, and a signed assertion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, cast

from headrace.model.plan import OAuth2ClientCredentials, OAuth2Jwt, Ref, Text, text
from headrace.spec.context import Context
from headrace.spec.credentials import field
from headrace.spec.faults import did_you_mean, listed
from headrace.spec.hosts import is_placeholder
from headrace.spec.node import Node

CLIENT_CREDENTIALS = (
    "access_token",
    "access_token_url",
    "client_id",
    "client_secret",
    "access_token_request_data",
    "default_token_expiration",
    "session",
    "client_auth",
)
"""dlt's fields, and `client_auth` of our own: whether id and secret go in the body or in a header."""
SIGNED = (
    "token",
    "client_id",
    "private_key",
    "auth_endpoint",
    "scopes",
    "headers",
    "private_key_passphrase",
    "default_token_expiration",
    "session",
)
_URLS = ("token_url", "token_refresh_endpoint", "token_refresh_url", "url")
_FORM = ("grant_type", "scope", "scopes", "refresh_token", "username", "password", "audience", "resource")
SCAFFOLD_TOKEN = (*_URLS, *_FORM, "token", "auth_url", "authorization_url", "api_key")
"""What scaffolds write beside dlt's fields."""
_PLACES = ("body", "basic")
_EXPIRATION_S = 3600


def read_client_credentials(ctx: Context, fields: Node) -> OAuth2ClientCredentials:
    """Client credentials; in a scaffold also a refresh token, which goes into the token request as a field."""
    _session(ctx, fields)
    token = fields.get("access_token")
    place = fields.get("client_auth")
    return OAuth2ClientCredentials(
        token_url=_token_url(ctx, fields),
        client_id=field(ctx, fields, "client_id"),
        client_secret=field(ctx, fields, "client_secret"),
        access_token=ctx.text(token) if token is not None else None,
        request_data=tuple(_request_data(ctx, fields)),
        default_expiration_s=_expiration(ctx, fields),
        client_auth=_client_auth(ctx, place) if place is not None else "body",
    )


def read_signed(ctx: Context, fields: Node) -> OAuth2Jwt:
    """An assertion that is signed with a private key. `token` is taken, and never used, as in dlt."""
    _session(ctx, fields)
    scopes, passphrase, headers = fields.get("scopes"), fields.get("private_key_passphrase"), fields.get("headers")
    words = ctx.strings(scopes)
    return OAuth2Jwt(
        client_id=field(ctx, fields, "client_id"),
        private_key=field(ctx, fields, "private_key"),
        auth_endpoint=field(ctx, fields, "auth_endpoint"),
        scopes=tuple(scope for word in words for scope in word.split()),
        headers=tuple(_pairs(ctx, headers)) if headers is not None else (),
        private_key_passphrase=ctx.text(passphrase) if passphrase is not None else None,
        default_expiration_s=_expiration(ctx, fields),
    )


def _session(ctx: Context, fields: Node) -> None:
    node = fields.get("session")
    if node is not None:
        ctx.wrong(node, "nothing here: the token is asked for as every other request is sent", hook="auth")


def _token_url(ctx: Context, fields: Node) -> Text:
    url = field(ctx, fields, "access_token_url", *(_URLS if ctx.scaffold else ()))
    if not ctx.scaffold or not is_placeholder(url.literal or ""):
        return url
    node = next(node for key in ("access_token_url", *_URLS) if (node := fields.get(key)) is not None)
    ctx.faults.tell("token-url-placeholder", node.path, node.line, url=url.literal)
    return ctx.settled(text(Ref("access_token_url", "config")))


def _request_data(ctx: Context, fields: Node) -> Iterator[tuple[str, Text]]:
    """What the token request carries beside id and secret; a scaffold writes it beside them."""
    stated = fields.get("access_token_request_data")
    if stated is not None:
        yield from _pairs(ctx, stated)
    given = {key: sub for key in _FORM if ctx.scaffold and (sub := fields.get(key)) is not None}
    if "refresh_token" in given and "grant_type" not in given:
        yield "grant_type", text("refresh_token")
    for key, sub in given.items():
        if isinstance(sub.value, list):
            yield "scope" if key == "scopes" else key, text(" ".join(ctx.strings(sub)))
        elif (words := ctx.text(sub)) is not None:
            yield "scope" if key == "scopes" else key, words


def _pairs(ctx: Context, node: Node) -> Iterator[tuple[str, Text]]:
    if ctx.mapping(node) is None:
        return
    for name, sub in node.items.items():
        if isinstance(sub.value, bool | int | float):
            yield name, text(str(sub.value))
        elif sub.value is not None and (words := ctx.text(sub)) is not None:
            yield name, words


def _expiration(ctx: Context, fields: Node) -> int:
    seconds = ctx.integer(fields.get("default_token_expiration"))
    return _EXPIRATION_S if seconds is None else seconds


def _client_auth(ctx: Context, node: Node) -> Literal["body", "basic"]:
    word = ctx.string(node) or ""
    if word in _PLACES:
        return cast("Literal['body', 'basic']", word)
    fix = did_you_mean(word, _PLACES, f"write {listed(_PLACES)}")
    ctx.faults.error("auth-location", node.path, node.line, f"id and secret cannot go into `{word}`", fix)
    return "body"
