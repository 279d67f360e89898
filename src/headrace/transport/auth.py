"""How each kind of credential is written into a request (RFC 7617, RFC 6750, API keys)."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import assert_never

import msgspec

from headrace.errors import ConfigError
from headrace.model.plan import ApiKey, Auth, Bearer, HttpBasic, NoAuth, OAuth2ClientCredentials, OAuth2Jwt, Ref, Text
from headrace.transport.redact import Redactor
from headrace.transport.resolve import Resolver, place


class Credential(msgspec.Struct, frozen=True):
    """What goes into the request; at most one of the three is filled."""

    headers: tuple[tuple[str, str], ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()


NONE = Credential()
_SENDABLE = re.compile(r"[\x20-\x7e]*")


def credential(auth: Auth, resolver: Resolver, redactor: Redactor) -> Credential:
    """The credential in the form in which it is sent.

    Raises:
        ConfigError: a secret is missing, or holds what a header cannot.
    """
    match auth:
        case NoAuth() | OAuth2ClientCredentials() | OAuth2Jwt():  # the token of the latter comes with each request
            return NONE
        case HttpBasic():
            header = _basic(auth, resolver)
        case Bearer():
            token = resolver.text(auth.token, secret=True)
            header = token if _has_scheme(token, "bearer") else f"Bearer {token}"
            _check(token, auth.token, "token", empty=False)
        case ApiKey():
            return _api_key(auth, resolver)
        case _:
            assert_never(auth)
    redactor.add(header)
    return Credential(headers=(("Authorization", header),))


def _basic(auth: HttpBasic, resolver: Resolver) -> str:
    """A whole `Basic …` header in either place is sent as it is; encoding it again is the known mistake.

    A password without a value is an empty one: many APIs take their key as the user name.
    """
    password = resolver.optional(auth.password) or ""
    # A user name that the document shows is no secret, unless it is the key itself.
    shown = auth.username.literal if password else None
    username = resolver.optional(auth.username) if shown is None else shown
    for whole, where in ((username, auth.username), (password, auth.password)):
        if whole and _has_scheme(whole, "basic"):
            return _check(whole, where, "Basic header", empty=False)
    if username is None:
        username = resolver.text(auth.username, secret=True)  # raises, and says which reference is missing
    for value, where in ((username, auth.username), (password, auth.password)):
        if any(character in value for character in "\r\n\0"):
            raise ConfigError(f"{named(where, 'credential')} holds a line break; {mend(where)}.")
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


def _api_key(auth: ApiKey, resolver: Resolver) -> Credential:
    key = resolver.text(auth.api_key, secret=True)
    if auth.location == "query":
        return Credential(params=((auth.name, key),))
    _check(key, auth.api_key, "API key", empty=False)
    if auth.location == "cookie":
        if any(character in key for character in ';," '):
            raise ConfigError(f"{named(auth.api_key, 'API key')} cannot stand in a cookie; {mend(auth.api_key)}.")
        return Credential(cookies=((auth.name, key),))
    return Credential(headers=((auth.name, key),))


def _has_scheme(value: str, scheme: str) -> bool:
    return value[: len(scheme) + 1].lower() == f"{scheme} "


def _check(value: str, source: Text, what: str, *, empty: bool) -> str:
    """The value, if a header can carry it: printable ASCII (RFC 9110 §5.5), and not empty unless that is allowed."""
    if not _SENDABLE.fullmatch(value):
        problem = "holds a line break" if re.search(r"[\r\n]", value) else "holds a character that no header can carry"
        raise ConfigError(f"{named(source, what)} {problem}; {mend(source)}.")
    if not value and not empty:
        raise ConfigError(f"{named(source, what)} is empty; {mend(source)}.")
    return value


def named(source: Text, what: str) -> str:
    """What a secret is called in a message."""
    return f"The {what} {source.refs[0].name!r}" if source.refs else f"The {what}"


def mend(source: Text) -> str:
    """What to do about a secret that cannot be used."""
    return f"copy it again into {place(source.refs[0])}" if source.refs else "copy it again into the configuration"


def references(auth: Auth) -> tuple[Ref, ...]:
    """The references that a credential is made of, for hints."""
    match auth:
        case NoAuth():
            return ()
        case HttpBasic():
            return auth.username.refs + auth.password.refs
        case Bearer():
            return auth.token.refs
        case ApiKey():
            return auth.api_key.refs
        case OAuth2ClientCredentials():
            return auth.client_id.refs + auth.client_secret.refs
        case OAuth2Jwt():
            return auth.client_id.refs + auth.private_key.refs
        case _:
            assert_never(auth)
