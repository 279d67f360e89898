"""How a secret that an API repeats in a link or a cursor stays out of positions: a mark stands for it until it is sent.

A mark names the reference and the way in which it was written: `{withheld:secret.token:url}`. Only the secrets of the
request at hand are ever filled in, so no link can ask for another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import assert_never
from urllib.parse import quote

from headrace.model.page import PageRequest
from headrace.model.plan import (
    ApiKey,
    Auth,
    Bearer,
    HttpBasic,
    Json,
    NoAuth,
    OAuth2ClientCredentials,
    OAuth2Jwt,
    Ref,
    Text,
)
from headrace.transport.redact import CREDENTIAL_PARAMS, Needles, written

MARK = re.compile(r"(\{withheld:[^{}:]+:[a-z0-9]+\})")
# A host is never concealed: whom a link leads to has to be plain. A user and password in it go nowhere.
_AUTHORITY = r"(?:(?i:https?):|^)//[^/?#\s<>\"']*"
# With a reference as its value, a parameter of such a name is a credential whatever the reference is.
_NAMES_A_CREDENTIAL = re.compile(rf"(?i){CREDENTIAL_PARAMS}|.*token|.*key|auth")
_HOLDS_A_CREDENTIAL = re.compile(rf"(?i){CREDENTIAL_PARAMS}")


class Marks:
    """The marks of one request's secrets, by label."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._text_of: dict[str, str] = {}
        self._mark_of: dict[str, str] = {}
        for label, secret in secrets.items():
            for name, text in written(secret).items():
                mark = f"{{withheld:{quote(label, safe='')}:{name}}}"
                self._text_of[mark] = text
                self._mark_of.setdefault(text, mark)
        self._needles = Needles(self._mark_of)
        self._pattern = re.compile(f"({_AUTHORITY})|{self._needles.pattern}")

    def conceal(self, text: str) -> str:
        """The text with a mark in place of each secret."""
        if not self._mark_of or ("@" not in text and not self._needles.may_be_in(text)):  # nearly always
            return text
        return self._pattern.sub(self._marked, text)

    def reveal(self, text: str) -> str:
        """The text as it was before `conceal`."""
        return MARK.sub(lambda found: self._text_of.get(found[0], found[0]), text) if holds_mark(text) else text

    def reveal_url(self, url: str) -> str:
        """The same, in path and query alone: where a request goes never depends on a secret."""
        authority = re.match(_AUTHORITY, url)
        start = authority.end() if authority else 0
        return url[:start] + self.reveal(url[start:])

    def reveal_json(self, value: Json) -> Json:
        """The same, in every text of a JSON value."""
        match value:
            case str():
                return self.reveal(value)
            case dict():
                return {key: self.reveal_json(item) for key, item in value.items()}
            case list() | tuple():
                return [self.reveal_json(item) for item in value]
            case _:
                return value

    def _marked(self, found: re.Match[str]) -> str:
        authority: str | None = found[1]
        if authority is None:
            return self._mark_of[found[0]]
        scheme, _, host = authority.partition("//")
        return f"{scheme}//{host.rpartition('@')[2]}"


def holds_mark(text: str) -> bool:
    """Whether there may be a mark in the text: cheaper than to look for a whole one."""
    return "{withheld:" in text


def in_head(headers: tuple[tuple[str, Text], ...], auth: Auth) -> Iterator[tuple[str, Text]]:
    """The secrets that all pages of a walk have, each with its label: `headers` that count as credentials, and auth."""
    for name, value in headers:
        yield from _labelled(f"header.{name.lower()}", value)
    yield from _of_auth(auth)


def in_request(request: PageRequest) -> Iterator[tuple[str, Text]]:
    """The other secrets of a request, each with its label.

    A parameter counts where it refers to a secret, or is called like a credential.
    """
    for name, value in (*request.params, *request.repeats, *(request.form or ())):
        if (_NAMES_A_CREDENTIAL if value.refs else _HOLDS_A_CREDENTIAL).fullmatch(name):
            yield from _labelled(f"param.{name}", value)
        else:
            yield from ((_label(ref), Text((ref,))) for ref in value.refs if ref.kind == "secret")
    yield from _in_json(request.json)


def _of_auth(auth: Auth) -> Iterator[tuple[str, Text]]:
    match auth:
        case NoAuth():
            pass
        case HttpBasic():
            yield from _labelled("auth.password", auth.password)
            if auth.password.literal == "" or auth.username.refs:  # otherwise a user name is no secret
                yield from _labelled("auth.username", auth.username)
        case Bearer():
            yield from _labelled("auth.token", auth.token)
        case ApiKey():
            yield from _labelled("auth.api_key", auth.api_key)
        case OAuth2ClientCredentials():
            yield from _labelled("auth.client_id", auth.client_id)
            yield from _labelled("auth.client_secret", auth.client_secret)
        case OAuth2Jwt():
            yield from _labelled("auth.private_key", auth.private_key)
        case _:
            assert_never(auth)


def _labelled(label: str, value: Text) -> Iterator[tuple[str, Text]]:
    if value.refs:
        yield from ((_label(ref), Text((ref,))) for ref in value.refs)
    else:
        yield label, value


def _label(ref: Ref) -> str:
    return f"{ref.kind}.{ref.name}"


def _in_json(value: Json, name: str = "") -> Iterator[tuple[str, Text]]:
    """The secrets of a JSON value that stands at the key `name`."""
    match value:
        case Text() if not value.refs:
            yield from _in_json(value.literal, name)
        case Text():
            yield from ((_label(ref), Text((ref,))) for ref in value.refs if ref.kind == "secret")
        case Ref() if value.kind == "secret":
            yield _label(value), Text((value,))
        case str() if _HOLDS_A_CREDENTIAL.fullmatch(name):
            yield f"json.{name}", Text((value,))
        case dict():
            for key, item in value.items():
                yield from _in_json(item, key if isinstance(key, str) else "")
        case list() | tuple():
            for item in value:
                yield from _in_json(item, name)
        case _:
            return
