"""How a page request becomes what is sent: every reference filled in, every parameter encoded exactly once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, unquote, unquote_plus, urlencode, urljoin, urlsplit, urlunsplit

import msgspec

from headrace.errors import ConfigError
from headrace.model.page import PageRequest
from headrace.model.plan import (
    ApiKey,
    Auth,
    Client,
    HttpBasic,
    Json,
    NoAuth,
    OAuth2ClientCredentials,
    OAuth2Jwt,
    Ref,
    Text,
    text,
)
from headrace.transport.auth import NONE, credential
from headrace.transport.conceal import MARK, Marks, in_head, in_request
from headrace.transport.origin import origin_of
from headrace.transport.redact import Redactor
from headrace.transport.resolve import Resolver

ACCEPT_ENCODING = "gzip, deflate, br, zstd"

# Header names whose value is a credential, whether or not a reference is in it.
CREDENTIAL_HEADERS = re.compile(
    r"(?i)(proxy-)?authorization|cookie|.*(api-?key|access-?token|auth-?token|secret|password|-token)"
)
_NOT_IN_A_HEADER = re.compile(r"[\r\n\0]")
_NOT_A_NAME = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
# What may stand in a URL as it is (RFC 3986), the percent sign of what is already encoded included.
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"


_NO_MARKS = Marks({})


class Sendable(msgspec.Struct, frozen=True):
    """One HTTP request with nothing left to fill in. `url` is encoded and without user, password or fragment.

    `key` says whose budget it is charged to: requests with the same origin and credential share one.
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None
    key: str


class _Head(msgspec.Struct, frozen=True):
    """The parts of a request that are the same for all pages of a walk."""

    headers: dict[str, str]
    params: tuple[tuple[str, str], ...]
    identity: str


class Preparer:
    """Fills in requests for one client. Heads are kept, so that a page costs no more than its URL."""

    def __init__(self, client: Client, resolver: Resolver, redactor: Redactor, *, agent: str) -> None:
        self._client = client
        self._resolver = resolver
        self._redactor = redactor
        self._agent = agent
        self._fallback = _userinfo(client.base_url)
        self._heads: dict[tuple[tuple[tuple[str, Text], ...], Auth, bool], _Head] = {}
        self._sources: dict[tuple[tuple[tuple[str, Text], ...], Auth], tuple[tuple[str, Text], ...]] = {}
        self._marks: dict[tuple[tuple[str, Text], ...], Marks] = {}

    def sendable(self, request: PageRequest, origin: str, *, trusted: bool, token: str | None = None) -> Sendable:
        """What to send. `trusted`: credentials go along; otherwise nothing that is, or may hold, a secret does.

        `token` is the access token, where the credential of the request is one that is asked for.

        Raises:
            ConfigError: a reference has no value, or a header cannot be sent.
        """
        head = self._head(request, trusted=trusted)
        marks = self.marks(request) if trusted else _NO_MARKS
        params = [
            (name, marks.reveal(self._resolver.text(value)))
            for name, value in request.params
            if trusted or not any(ref.kind == "secret" for ref in value.refs)
        ]
        url = with_params(marks.reveal_url(request.url), params, replacing=head.params)
        self._redactor.learn(url)
        headers, body = self._body(request, _with_token(head.headers, token), marks, trusted=trusted)
        return Sendable(
            method=request.method,
            url=url if trusted else self._without_secrets(url, request.auth),
            headers=headers,
            body=body,
            key=f"{origin} {head.identity}",
        )

    def marks(self, request: PageRequest) -> Marks:
        """What stands for the secrets of a request where the API repeats them."""
        found = (*self._credentials(request), *in_request(request))
        if (known := self._marks.get(found)) is None:
            values = ((label, self._resolver.optional(value)) for label, value in found)
            known = self._marks[found] = Marks({label: value for label, value in values if value})
        return known

    def _credentials(self, request: PageRequest) -> tuple[tuple[str, Text], ...]:
        """The secrets of headers and auth, looked for once in a walk and not for every page."""
        key = (request.headers, request.auth)
        if (known := self._sources.get(key)) is None:
            private = tuple(one for one in self._client.headers + request.headers if _private(*one))
            known = self._sources[key] = tuple(in_head(private, self._auth(request)))
        return known

    def _auth(self, request: PageRequest) -> Auth:
        return self._fallback if isinstance(request.auth, NoAuth) else request.auth

    def _without_secrets(self, url: str, auth: Auth) -> str:
        """The URL without the parameters that are, or may hold, a secret: an API may repeat one in a link."""
        parts = urlsplit(url)
        key = auth.name if isinstance(auth, ApiKey) and auth.location == "query" else None
        pairs = [
            pair
            for pair in parts.query.split("&")
            if unquote_plus(pair.partition("=")[0]) != key
            and self._redactor.url(f"?{pair}") == f"?{pair}"
            and not MARK.search(unquote(pair))
        ]
        return urlunsplit(parts._replace(query="&".join(pairs)))

    def redirected(self, sendable: Sendable, request: PageRequest, status: int, location: str) -> PageRequest:
        """The page request that a redirect asks for: 303, and 301 and 302 to a POST, become a GET (RFC 9110 §15.4)."""
        try:
            url = urljoin(sendable.url, _printable(location.strip()))
        except ValueError:
            url = location  # no URL at all: whoever asks for it says so
        if status == 303 or (status in (301, 302) and request.method == "POST"):  # noqa: PLR2004 - HTTP statuses
            return msgspec.structs.replace(
                request, url=url, params=(), method="GET", json=None, form=None, raw_body=None
            )
        return msgspec.structs.replace(request, url=url, params=())

    def _head(self, request: PageRequest, *, trusted: bool) -> _Head:
        key = (request.headers, request.auth, trusted)
        if (known := self._heads.get(key)) is not None:
            return known
        headers = {
            "user-agent": ("User-Agent", self._agent),
            "accept": ("Accept", "application/json, */*;q=0.5"),
            "accept-encoding": ("Accept-Encoding", ACCEPT_ENCODING),
        }
        for name, value in self._client.headers + request.headers:
            private = _private(name, value)
            if trusted or not private:
                headers[name.lower()] = (name, self._header(name, value, private=private))
        auth = self._auth(request)
        found = credential(auth, self._resolver, self._redactor) if trusted else NONE
        for name, header in found.headers:
            headers[name.lower()] = (name, _legal(name, header))
        if found.cookies:
            own = headers["cookie"][1] + "; " if "cookie" in headers else ""
            cookies = "; ".join(f"{name}={cookie}" for name, cookie in found.cookies)
            headers["cookie"] = ("Cookie", own + _legal("Cookie", cookies))
        sent = dict(headers.values())
        identity = _identity(sent, found.params, auth if trusted else NoAuth())
        head = self._heads[key] = _Head(sent, found.params, identity)
        return head

    def _header(self, name: str, value: Text, *, private: bool) -> str:
        return _legal(name, self._resolver.text(value, secret=private))

    def _body(
        self, request: PageRequest, headers: dict[str, str], marks: Marks, *, trusted: bool
    ) -> tuple[dict[str, str], bytes | None]:
        """Headers and body. A body goes to a foreign origin only as far as no secret is in it."""
        if request.form is not None:
            fields = [
                (name, marks.reveal(self._resolver.text(value)))
                for name, value in request.form
                if trusted or not any(ref.kind == "secret" for ref in value.refs)
            ]
            return _typed(headers, "application/x-www-form-urlencoded"), urlencode(fields).encode()
        if request.json is not None and (trusted or not _refers(request.json)):
            json = marks.reveal_json(self._resolver.json(request.json))
            return _typed(headers, "application/json"), msgspec.json.encode(json)
        if request.raw_body is not None and (trusted or not request.raw_body.refs):
            return headers, marks.reveal(self._resolver.text(request.raw_body)).encode()
        return headers, None


def _private(name: str, value: Text) -> bool:
    return bool(value.refs) or CREDENTIAL_HEADERS.fullmatch(name) is not None


def _with_token(headers: dict[str, str], token: str | None) -> dict[str, str]:
    if token is None:
        return headers
    others = {name: value for name, value in headers.items() if name.lower() != "authorization"}
    return {**others, "Authorization": f"Bearer {token}"}


def _typed(headers: Mapping[str, str], content_type: str) -> dict[str, str]:
    stated = any(name.lower() == "content-type" for name in headers)
    return dict(headers) if stated else {**headers, "Content-Type": content_type}


def _legal(name: str, value: str) -> str:
    if _NOT_A_NAME.search(name) or not name:
        raise ConfigError(f"The header name {name!r} cannot be sent; headers are named in letters, digits and dashes.")
    if _NOT_IN_A_HEADER.search(value):
        raise ConfigError(f"The value of the header {name!r} holds a line break; take it out.")
    return value


def _refers(value: Json) -> bool:
    match value:
        case Text():
            return bool(value.refs)
        case Ref():
            return True
        case dict():
            return any(map(_refers, (*value, *value.values())))
        case list() | tuple():
            return any(map(_refers, value))
        case _:
            return False


def _userinfo(base_url: str) -> Auth:
    """The credential that a base URL such as `https://user:password@host` holds."""
    parts = urlsplit(base_url)
    if parts.username is None:
        return NoAuth()
    return HttpBasic(text(unquote(parts.username)), text(unquote(parts.password or "")))


def _identity(headers: Mapping[str, str], params: tuple[tuple[str, str], ...], auth: Auth) -> str:
    """A name for the credential that cannot be turned back into it, and lives no longer than the process."""
    if isinstance(auth, OAuth2ClientCredentials | OAuth2Jwt):  # its tokens come and go, and the budget stays
        return format(hash(auth) & 0xFFFFFFFF, "08x")
    private = tuple(value for name, value in headers.items() if CREDENTIAL_HEADERS.fullmatch(name))
    return format(hash((params, private)) & 0xFFFFFFFF, "08x") if params or private else ""


@lru_cache(maxsize=256)
def _printable(text: str) -> str:
    """The text with what no URL may hold (blanks, controls, letters beyond ASCII) encoded, and nothing else touched."""
    return quote(text, safe=_URL_SAFE)


def with_params(url: str, params: list[tuple[str, str]], *, replacing: tuple[tuple[str, str], ...] = ()) -> str:
    """The URL with `params` added to its query, each encoded once; a query of its own stays byte for byte.

    `replacing` are added as well, but take the place of parameters of the same name (a next link may repeat them).
    """
    parts = urlsplit(url.strip())
    netloc = parts.netloc.rpartition("@")[2]
    if not netloc.isascii():
        netloc = (origin_of(url) or "").partition("://")[2]
    query = _printable(parts.query)
    if replacing and query:
        names = {quote(name, safe="") for name, _value in replacing} | {name for name, _value in replacing}
        query = "&".join(pair for pair in query.split("&") if pair.partition("=")[0] not in names)
    added = urlencode([*params, *replacing]) if params or replacing else ""
    query = f"{query}&{added}" if query and added else query or added
    return urlunsplit((parts.scheme, netloc, _printable(parts.path) or "/", query, ""))
