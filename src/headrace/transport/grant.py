"""How an access token is asked for, and how it is read from the answer (RFC 6749, sections 4.4 and 5; RFC 7523)."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from typing import TypeAlias, assert_never
from urllib.parse import quote_plus

import msgspec

from headrace.errors import BodyRejected, RequestRefused
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import Json, OAuth2ClientCredentials, OAuth2Jwt, Text, text
from headrace.transport.assertion import assertion
from headrace.transport.message import message_of
from headrace.transport.redact import Redactor
from headrace.transport.resolve import Resolver

OAuth: TypeAlias = OAuth2ClientCredentials | OAuth2Jwt
Fields: TypeAlias = dict[str, str]
Headers: TypeAlias = tuple[tuple[str, Text], ...]

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TOKEN = re.compile(r"[\x21-\x7e]+")
_SECRET_FIELD = re.compile(r"(?i).*(secret|password|assertion)")


class Issued(msgspec.Struct, frozen=True):
    """A token, and for how many seconds it is good."""

    token: str
    lifetime_s: float


def endpoint(auth: OAuth) -> Text:
    """Where the token is asked for."""
    return auth.token_url if isinstance(auth, OAuth2ClientCredentials) else auth.auth_endpoint


def asking(auth: OAuth, resource: str, resolver: Resolver, redactor: Redactor, *, now: float) -> PageRequest:
    """The request for a token. Its `auth` says whose it is, for the budget and for hints; no token goes with it.

    Raises:
        ConfigError: a value is missing, or a key cannot be used.
    """
    match auth:
        case OAuth2ClientCredentials():
            fields, headers = _client_credentials(auth, resolver)
        case OAuth2Jwt():
            signed = assertion(auth, resolver, now=now)
            redactor.add(signed)
            fields, headers = {"grant_type": JWT_BEARER, "assertion": signed}, auth.headers
        case _:
            assert_never(auth)
    return PageRequest(
        url=resolver.text(endpoint(auth)),
        method="POST",
        headers=headers,
        form=tuple((name, text(value)) for name, value in fields.items()),
        auth=auth,
        resource=resource,
    )


def _client_credentials(auth: OAuth2ClientCredentials, resolver: Resolver) -> tuple[Fields, Headers]:
    """The fields in dlt's order; those of `request_data` win."""
    client_id = resolver.text(auth.client_id).strip()
    secret = resolver.text(auth.client_secret, secret=True)
    more = {
        name: resolver.text(value, secret=_SECRET_FIELD.fullmatch(name) is not None)
        for name, value in auth.request_data
    }
    if auth.client_auth == "body":
        own = {"client_id": client_id, "client_secret": secret, "grant_type": "client_credentials"}
        return {**own, **more}, ()
    # Each is encoded as in a form before it is joined: a colon may be in either (RFC 6749, section 2.3.1).
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    header = "Basic " + b64encode(pair.encode()).decode()
    return {"grant_type": "client_credentials", **more}, (("Authorization", text(header)),)


def issued(reply: Reply, redactor: Redactor, *, default_s: float) -> Issued:
    """The token of a successful answer, which from now on is a secret. `default_s`: where no lifetime is stated.

    Raises:
        BodyRejected: the answer is none of a token endpoint; asking again may help.
        RequestRefused: the endpoint says no, or gives no token that could be sent.
    """
    try:
        body: Json = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyRejected("the body is not JSON, and so holds no access token") from error
    token = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token.strip()):
        said = message_of(reply.body, redactor.scrub) if isinstance(body, dict) and not token else ""
        problem = f"without an access token: {said}" if said else "without an access token"
        raise RequestRefused(
            f"POST {reply.url} answered {reply.status} {problem}; check that it is the token endpoint.",
            url=reply.url,
            status=reply.status,
        )
    redactor.add(token.strip())
    return Issued(token.strip(), _lifetime(body.get("expires_in"), default_s))


def _lifetime(stated: Json, default_s: float) -> float:
    """RFC 6749, section 5.1: seconds. Some write them as text; what is no number above 0 is as good as nothing."""
    if isinstance(stated, bool) or not isinstance(stated, int | float | str):
        return default_s
    try:
        seconds = float(stated)
    except (ValueError, OverflowError):
        return default_s
    return seconds if math.isfinite(seconds) and seconds > 0 else default_s
