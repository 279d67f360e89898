"""The requests that a plan would send first, as they would be sent, with a mark in the place of every secret.

Nothing is looked up and nothing is sent: the transport's own preparation fills in marks instead of values.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Literal, TypeAlias, assert_never

import msgspec

from headrace.model.page import PageRequest
from headrace.model.plan import (
    Auth,
    AutoPaging,
    Client,
    Cursor,
    FieldKey,
    HeaderCursor,
    LinkHeader,
    NextUrl,
    NoAuth,
    OAuth2ClientCredentials,
    OAuth2Jwt,
    Offset,
    PageNumber,
    ParentField,
    Resource,
    SinglePage,
    Text,
    text,
)
from headrace.model.position import AtOffset, AtPage, Position, Start, Token
from headrace.transport.grant import JWT_BEARER, asking, endpoint
from headrace.transport.prepare import CREDENTIAL_HEADERS, Preparer
from headrace.transport.redact import MASK, Redactor
from headrace.transport.resolve import Resolver
from headrace.walk.bind import Row, Window, batch_of, bind, fields_of, shared_of
from headrace.walk.request import build

What: TypeAlias = Literal["token", "first", "next"]

_NOWHERE = "http://base-url.invalid"
_UNKNOWN = "<base_url>"
_OPEN = frozenset({"client_id", "token_url", "auth_endpoint"})
_STAND_IN = re.compile(r"HRMARK(\d+)KRAMRH")


class Ask(msgspec.Struct, frozen=True):
    """One request: "first" of a walk, "next" for the page after it, or "token", which buys an access token.

    In `url`, `headers` and `body` a mark stands for what is filled in: `<secret:NAME>`, `{resources.users.id}`,
    `<next:PATH>` for what the page before it says. `note` says why there is no `url`.
    """

    what: What
    method: str
    url: str
    headers: dict[str, str]
    body: str | None = None
    note: str = ""


def asks(client: Client, resource: Resource, window: Window, *, agent: str) -> list[Ask]:
    """The first request of a resource and the one for its next page, and before them that for a token.

    `window` is where an increment begins, `agent` how the transport names itself.
    """
    marks = _Marks()
    client = msgspec.structs.replace(client, base_url=client.base_url or _NOWHERE, auth=_masked(client.auth))
    auth = client.auth if resource.auth is None else _masked(resource.auth)
    bound = bind(msgspec.structs.replace(resource, auth=auth), _row(resource, marks), window)
    redactor = Redactor()
    resolver = Resolver(lambda ref: marks.of(f"<{ref.kind}:{ref.name}>"), redactor)
    preparer = Preparer(client, resolver, redactor, agent=agent)

    def ask(what: What, request: PageRequest) -> Ask:
        bought = isinstance(request.auth, OAuth2ClientCredentials | OAuth2Jwt) and what != "token"
        ready = preparer.sendable(request, "", trusted=True, token=marks.of("<token>") if bought else None)
        headers = {name: marks.header(name, value) for name, value in ready.headers.items()}
        body = None if ready.body is None else marks.shown(ready.body.decode())
        return Ask(what, ready.method, marks.shown(ready.url).replace(_NOWHERE, _UNKNOWN, 1), headers, body)

    found = [ask("first", build(client, bound, Start()))]
    if isinstance(auth, OAuth2ClientCredentials | OAuth2Jwt):
        found.insert(0, ask("token", _buying(auth, resolver, redactor, marks)))
    following = _following(bound, marks)
    if isinstance(following, str):
        found.append(Ask("next", resource.request.method, "", {}, note=following))
    elif following is not None:
        found.append(ask("next", build(client, bound, following)))
    return found


def _row(resource: Resource, marks: _Marks) -> Row:
    """A row of the parent whose values are marks."""
    parent = resource.parent.resource if resource.parent is not None else ""
    shared, size = shared_of(resource), batch_of(resource)
    row: dict[FieldKey, str] = {}
    for key in fields_of(resource):
        above, path = (None, key) if isinstance(key, str) else key
        field = ParentField(path, batch=None if key in shared else size, above=above)
        row[key] = marks.of(field.of(parent))
    return row


def _buying(
    auth: OAuth2ClientCredentials | OAuth2Jwt, resolver: Resolver, redactor: Redactor, marks: _Marks
) -> PageRequest:
    if isinstance(auth, OAuth2ClientCredentials):
        request = asking(auth, "", resolver, redactor, now=0)
    else:
        assertion = marks.of(f"<signed with {', '.join(ref.name for ref in auth.private_key.refs) or 'the key'}>")
        form = (("grant_type", text(JWT_BEARER)), ("assertion", text(assertion)))
        request = PageRequest(url=resolver.text(endpoint(auth)), method="POST", headers=auth.headers, form=form)
    return msgspec.structs.replace(request, auth=NoAuth())


def _following(resource: Resource, marks: _Marks) -> Position | str | None:  # noqa: PLR0911 - one for each rule
    """Where the page after the first one is, or why that cannot be said; None where there is none."""
    match resource.paging:
        case SinglePage():
            return None
        case AutoPaging():
            return "the first response decides whether there is a next page, and how it is asked for"
        case Cursor(path=path):
            return Token(marks.of(f"<next:{path}>"))
        case HeaderCursor(header=header):
            return Token(marks.of(f"<next:{header}>"))
        case NextUrl(path=path):
            return f"the URL at `{path}` of the page before it"
        case LinkHeader(rel=rel):
            return f"the URL of rel={rel} in the Link header of the page before it"
        case Offset(start=start, size=size):
            return AtOffset(start + size)
        case PageNumber(start=start):
            return AtPage(start + 1)
        case _:
            assert_never(resource.paging)


def _masked(auth: Auth) -> Auth:
    """The credential, with a mask for what the document writes out."""
    fields = msgspec.structs.asdict(auth)
    hidden = {name: text(MASK) for name, value in fields.items() if name not in _OPEN and _is_written_out(value)}
    return msgspec.structs.replace(auth, **hidden)


def _is_written_out(value: object) -> bool:
    return isinstance(value, Text) and bool(value.literal)


class _Marks:
    """Marks, and what stands in for each until the request is made: letters and digits, which no encoding changes."""

    def __init__(self) -> None:
        self._marks: list[str] = []

    def of(self, mark: str) -> str:
        """What stands in for a mark."""
        self._marks.append(mark)
        return f"HRMARK{len(self._marks) - 1}KRAMRH"

    def shown(self, words: str) -> str:
        """The words, with the marks themselves."""
        return _STAND_IN.sub(lambda found: self._marks[int(found[1])], words)

    def header(self, name: str, value: str) -> str:
        """A header as it may be shown: one that holds a credential only where marks stand for it."""
        scheme, _, rest = value.partition(" ")
        if name.lower() == "authorization" and scheme == "Basic" and not _STAND_IN.search(rest):
            value = f"Basic base64({_decoded(rest)})"
        if CREDENTIAL_HEADERS.fullmatch(name) and not _STAND_IN.search(value) and MASK not in value:
            return MASK
        return self.shown(value)


def _decoded(coded: str) -> str:
    """User and password of a Basic header, those that the document writes out masked."""
    try:
        pair = b64decode(coded).decode()
    except ValueError:  # a ready header, written out
        return MASK
    return ":".join(part if _STAND_IN.search(part) or not part else MASK for part in pair.split(":", 1))
