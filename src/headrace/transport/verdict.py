"""What an answer that is no page means: asked again or given up, and in which words."""

from __future__ import annotations

import time
from http import HTTPStatus

import msgspec

from headrace.errors import AnswerLate, BodyRejected, RequestRefused, RetriesSpent
from headrace.model.credential import carries_credential
from headrace.model.event import Emit, Noticed
from headrace.model.page import PageRequest
from headrace.model.plan import ApiKey, Auth, HttpBasic, NoAuth
from headrace.transport.auth import references
from headrace.transport.fault import Fault
from headrace.transport.governor import Governor, duration
from headrace.transport.message import message_of, one_line
from headrace.transport.prepare import Sendable
from headrace.transport.redact import Redactor
from headrace.transport.resolve import place
from headrace.transport.send import Received
from headrace.transport.waits import retry_after

REDIRECTS = (301, 302, 303, 307, 308)
_FILLERS = frozenset(("api_key", "apikey", "key", "token", "access_token"))
LOOK = "look at what the URL answers"


class Exchange(msgspec.Struct, frozen=True):
    """One request as it was sent, what came back, how long that took, and the access token that went with it."""

    sent: Sendable
    received: Received
    elapsed_s: float
    token: str | None = None


class Failed(Exception):
    """An attempt failed in a way that another one may mend. `reason` is half a sentence without secrets.

    `mend` is what to do if no attempt does, where that is known. `page` is an answer that counts as a page if nothing
    else comes.
    """

    def __init__(
        self, reason: str, *, url: str, status: int | None = None, wait_s: float = 0.0, mend: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.url = url
        self.status = status
        self.wait_s = wait_s
        self.mend = mend
        self.late = False
        self.same_body: bytes | None = None
        self.attempts: int | None = None
        self.page: Exchange | None = None


class Verdicts:
    """Judges what came back. Every word passes the redactor."""

    def __init__(self, redactor: Redactor, governor: Governor, *, longest_wait_s: float, emit: Emit) -> None:
        self._redactor = redactor
        self._governor = governor
        self._longest_wait_s = longest_wait_s
        self._emit = emit

    def rejected(self, exchange: Exchange, url: str, rejected: BodyRejected) -> Exception:
        """A body that is no page: final at once if asking again cannot change it, else a failed attempt."""
        received = exchange.received
        problem = self._redactor.scrub(rejected.problem)
        problem = f"{problem[:1].lower()}{problem[1:]}"
        if rejected.attempts == 1:
            sentence = f"{exchange.sent.method} {url} answered {in_words(received.status)}, but {problem}"
            return RequestRefused(f"{sentence}; {rejected.mend or LOOK}.", url=url, status=received.status)
        said = self._said(received) if rejected.attempts else ""
        reason = f"{received.status}, but {problem}" + (f" (it says: {said})" if said else "")
        failed = Failed(reason, url=url, status=received.status, mend=self._redactor.scrub(rejected.mend))
        failed.same_body = received.body
        failed.attempts = rejected.attempts
        return failed

    def empty(self, exchange: Exchange) -> Failed:
        """Nothing at all where a body belongs: a proxy in trouble answers so, and few APIs do to end a walk."""
        status = exchange.received.status
        failed = Failed(f"{status}, but the body is empty", url=self._redactor.url(exchange.sent.url), status=status)
        failed.same_body = exchange.received.body
        failed.page = exchange
        return failed

    def broken(self, fault: Fault, sendable: Sendable) -> Exception:
        """No whole response came."""
        url = self._redactor.url(sendable.url)
        reason = one_line(fault.reason, self._redactor.scrub)
        if fault.final:
            return RequestRefused(f"{sendable.method} {url} failed: {reason}; {fault.mend}.", url=url)
        failed = Failed(reason, url=url, mend=fault.mend)
        failed.late = fault.late
        return failed

    def failing(self, request: PageRequest, exchange: Exchange, what: str = "") -> Exception:
        """A reply (`what` it was) that may be mended by asking again, after the wait that the API asks for."""
        received = exchange.received
        url = self._redactor.url(exchange.sent.url)
        said = self._said(received)
        what = what or in_words(received.status)
        reason = f"{what}: {said}" if said else what
        wait = retry_after(received.headers, now=time.time())
        if wait is not None and wait.absurd:
            stated = one_line(wait.raw, self._redactor.scrub, 60)
            self._emit(Noticed(request.resource, f"a Retry-After of {stated!r} was ignored", "warning"))
            wait = None
        if wait is not None and wait.seconds > self._longest_wait_s:
            return RetriesSpent(
                f"{exchange.sent.method} {url} answered {reason}, and asks to wait {duration(wait.seconds)}, which is "
                "longer than is waited for at once; run again then.",
                url=url,
                status=received.status,
            )
        if wait is not None and wait.seconds > 0:
            self._governor.pause(exchange.sent.key, wait.seconds)
        wait_s = wait.seconds if wait is not None else 0.0
        return Failed(reason, url=url, status=received.status, wait_s=wait_s)

    def refused(self, request: PageRequest, exchange: Exchange) -> RequestRefused:
        """A status that asking again does not change, with what the API says and what to do."""
        received = exchange.received
        url = self._redactor.url(exchange.sent.url)
        said = self._said(received)
        sentence = f"{exchange.sent.method} {url} was refused with {in_words(received.status)}"
        sentence = f"{sentence}: {said}" if said else sentence
        return RequestRefused(f"{sentence}; {_hint(request, exchange)}.", url=url, status=received.status)

    def _said(self, received: Received) -> str:
        return message_of(received.body, self._redactor.scrub)


def spent(request: PageRequest, failed: Failed, attempts: int, *, unchanged: bool) -> RetriesSpent:
    """The end of a request that failed as often as it may; `unchanged`: the last two bodies were the same."""
    times = f"{attempts} attempts" if attempts > 1 else "one attempt"
    last = "each time the same" if unchanged else "the last"
    mend = failed.mend or (LOOK if unchanged else "run again later")
    return (AnswerLate if failed.late else RetriesSpent)(
        f"{request.method} {failed.url} failed after {times}, {last}: {failed.reason}; {mend}.",
        url=failed.url,
        status=failed.status,
    )


def in_words(status: int) -> str:
    """A status with its name (RFC 9110, section 15), where it has one."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _hint(request: PageRequest, exchange: Exchange) -> str:
    """What to do about a refusal."""
    match status := exchange.received.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return _carried_hint(request, exchange) or _credential_hint(status, request.auth)
        case HTTPStatus.NOT_FOUND:
            return "check the path and the base URL"
        case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY:
            return "correct the parameters that the API names"
        case _ if status in REDIRECTS:
            return "it is a redirect that does not say where to"
        case _:
            return "asking again would not help"


def _carried_hint(request: PageRequest, exchange: Exchange) -> str:
    """The same where the document has no `auth`, and the credential is in a header, a parameter or the address."""
    if not isinstance(request.auth, NoAuth):
        return ""
    headers = [one for one in request.headers if carries_credential(*one)]
    found = [(f"the header `{name}`", value.refs) for name, value in headers]
    if "authorization" in map(str.lower, exchange.sent.headers.keys() - {name for name, _ in headers}):
        found.append(("the base URL", ()))
    found += [
        (f"the parameter `{name}`", value.refs) for name, value in request.params if carries_credential(name, value)
    ]
    if not found:
        return ""
    where, places = " or ".join(name for name, _ in found), [place(ref) for _, refs in found for ref in refs]
    rights = "" if exchange.received.status == HTTPStatus.UNAUTHORIZED else ", and the rights that go with it"
    return f"the API refused the credential that {where} carries: check {' and '.join(places) or 'it'}{rights}"


def _credential_hint(status: int, auth: Auth) -> str:
    """What to do where the API does not let a request in: by where its credential comes from, if it has one."""
    if places := [place(ref) for ref in references(auth)]:
        return f"check {' and '.join(places)}, and the rights that go with it{_name_hint(status, auth)}"
    match auth:
        case NoAuth() if status == HTTPStatus.UNAUTHORIZED:
            return "the API wants a credential: add `auth` to the client"
        case NoAuth():
            return "the API does not let this client in: check its rights"
        case HttpBasic():
            what = "user with the password"
        case ApiKey():
            what = "API key"
        case _:
            what = "token"
    rights = "" if status == HTTPStatus.UNAUTHORIZED else ", and the rights that go with it"
    return f"the {what} that `auth` gives was refused: check it{rights}"


def _name_hint(status: int, auth: Auth) -> str:
    """What else may be wrong: writers who do not know the name of an API's key call it `api_key`."""
    match auth:
        case ApiKey(name=name) if status == HTTPStatus.UNAUTHORIZED and name.lower().replace("-", "_") in _FILLERS:
            return (
                f", or the name of the key: `{name}` is often not what the API calls it, and"
                " `--set client.auth.name=NAME` states another"
            )
        case _:
            return ""
