"""Secrets that a document spells out, as references: what is written never holds one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from headrace.model.credential import names_credential
from headrace.model.plan import (
    ApiKey,
    Auth,
    Bearer,
    Client,
    HttpBasic,
    Json,
    NoAuth,
    OAuth2ClientCredentials,
    OAuth2Jwt,
    Ref,
    Request,
    Resource,
    Text,
    text,
)
from headrace.spec.writing import Meant, refs_of

_SCHEME = re.compile(r"(?:Bearer|Basic|Token|ApiKey|Key)\s+", re.IGNORECASE)
_changed = msgspec.structs.replace


@dataclass(slots=True)
class Hidden:
    """The secrets found: by value, the name of the reference that stands for each. `taken` are names in use."""

    taken: set[str]
    names: dict[str, str] = field(default_factory=dict)

    def text(self, words: Text, name: str) -> Text:
        """A text that is secret: a word that says how it is used stays, and references lose their defaults."""
        literal = words.literal
        if literal is None:
            return Text(tuple(self._without_default(part) if isinstance(part, Ref) else part for part in words.parts))
        if not literal:
            return words
        scheme = _SCHEME.match(literal)
        start = scheme[0] if scheme else ""
        ref = Ref(self._name(literal[len(start) :], name))
        return Text((start, ref)) if start else Text((ref,))

    def _without_default(self, ref: Ref) -> Ref:
        if not ref.default:
            return ref
        self.names[ref.default] = ref.name
        return _changed(ref, default=None)

    def _name(self, value: str, wish: str) -> str:
        if value in self.names:
            return self.names[value]
        word = re.sub(r"\W+", "_", wish).strip("_").lower() or "secret"
        name = next(each for each in (word, *(f"{word}_{count}" for count in range(2, 1000))) if each not in self.taken)
        self.taken.add(name)
        self.names[value] = name
        return name

    def pairs(self, pairs: tuple[tuple[str, Text], ...]) -> tuple[tuple[str, Text], ...]:
        """Parameters, headers and fields, of which some are credentials by their names."""
        return tuple((name, self.text(value, name) if names_credential(name) else value) for name, value in pairs)

    def json(self, value: Json) -> Json:
        """A body, at any depth."""
        if isinstance(value, list | tuple):
            return [self.json(sub) for sub in value]
        if not isinstance(value, dict):
            return value
        return {key: self._field(key, sub) for key, sub in value.items()}

    def _field(self, key: str | Text, value: Json) -> Json:
        if not isinstance(key, str) or not names_credential(key):
            return self.json(value)
        match value:
            case Text():
                return self.text(value, key)
            case str():
                return self.text(text(value), key)
            case list() | tuple():
                return [self._field(key, sub) for sub in value]
            case _:
                return self.json(value)


def without_literals(meant: Meant) -> tuple[Meant, dict[str, str]]:
    """The same with references for secrets; and by each secret, the name that stands for it."""
    hidden = Hidden({ref.name for ref in refs_of(meant)})
    address, auth = _address(hidden, meant)
    client = Client(
        meant.client.base_url,
        _auth(hidden, auth),
        hidden.pairs(meant.client.headers),
        meant.client.limit,
        meant.client.allowed_origins,
    )
    resources = tuple(_resource(hidden, each) for each in meant.resources)
    return replace(meant, client=client, address=address, resources=resources), hidden.names


def _address(hidden: Hidden, meant: Meant) -> tuple[str | Text | None, Auth]:
    """A user and a password in the base URL are credentials, unless others are stated."""
    address, auth = meant.address, meant.client.auth
    if not isinstance(address, str) or "@" not in address:
        return address, auth
    parts = urlsplit(address)
    user, mark, host = parts.netloc.rpartition("@")
    if not mark:
        return address, auth
    name, _, password = user.partition(":")
    stated = HttpBasic(text(unquote(name)), text(unquote(password)))
    plain = urlunsplit(parts._replace(netloc=host))
    if not isinstance(auth, NoAuth):
        _auth(hidden, stated)  # sent by nobody, but known as a secret
        return plain, auth
    return plain, stated


def _resource(hidden: Hidden, resource: Resource) -> Resource:
    auth = None if resource.auth is None else _auth(hidden, resource.auth)
    return _changed(resource, auth=auth, request=_request(hidden, resource.request))


def _request(hidden: Hidden, request: Request) -> Request:
    return _changed(
        request,
        params=hidden.pairs(request.params),
        headers=hidden.pairs(request.headers),
        json=hidden.json(request.json),
        form=None if request.form is None else hidden.pairs(request.form),
    )


def _auth(hidden: Hidden, auth: Auth) -> Auth:
    match auth:
        case HttpBasic(username, password):
            named = bool(password.parts) and password.literal != ""  # a user alone is a key
            user = username if named else hidden.text(username, "username")
            return HttpBasic(user, hidden.text(password, "password"))
        case Bearer(token):
            return Bearer(hidden.text(token, "token"))
        case ApiKey():
            return _changed(auth, api_key=hidden.text(auth.api_key, "api_key"))
        case OAuth2ClientCredentials():
            access = auth.access_token
            return _changed(
                auth,
                client_secret=hidden.text(auth.client_secret, "client_secret"),
                access_token=None if access is None else hidden.text(access, "access_token"),
                request_data=hidden.pairs(auth.request_data),
            )
        case OAuth2Jwt():
            phrase = auth.private_key_passphrase
            return _changed(
                auth,
                private_key=hidden.text(auth.private_key, "private_key"),
                private_key_passphrase=None if phrase is None else hidden.text(phrase, "private_key_passphrase"),
            )
        case _:
            return auth
