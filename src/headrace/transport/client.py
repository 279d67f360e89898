"""The whole way of one page's bytes: prepared, paid for, sent, followed, asked again, and judged."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from typing import TypeVar
from urllib.request import getproxies

import msgspec

from headrace.errors import BodyRejected, RequestRefused, RetriesSpent
from headrace.model.event import Attempted, Emit, Noticed, Retried
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import Client, DeclaredLimit, ResponseAction, RetryPolicy
from headrace.transport.actions import action_for
from headrace.transport.auth import references
from headrace.transport.base import Ignored, Transport
from headrace.transport.budget import Outcome
from headrace.transport.fault import Fault
from headrace.transport.governor import Governor, duration
from headrace.transport.message import message_of
from headrace.transport.origin import Origins, origin_of
from headrace.transport.prepare import Preparer, Sendable
from headrace.transport.ratelimit import Reading
from headrace.transport.ratelimit import read as read_limits
from headrace.transport.redact import Redactor
from headrace.transport.resolve import Resolve, Resolver, place
from headrace.transport.retry import LEAST_ATTEMPTS, RetryBudget, backoff
from headrace.transport.send import Received, Sender, Timeouts, open_sender
from headrace.transport.tokens import Tokens
from headrace.transport.waits import retry_after

T = TypeVar("T")

MAX_CONCURRENCY = 16
MAX_BODY_BYTES = 128 << 20
_MAX_REDIRECTS = 10
_REDIRECTS = (301, 302, 303, 307, 308)
_OK = range(200, 300)
_SERVER_ERRORS = range(500, 600)


class _Failed(Exception):
    """An attempt failed in a way that another one may mend. `reason` is half a sentence without secrets."""

    def __init__(self, reason: str, *, url: str, status: int | None = None, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.url = url
        self.status = status
        self.wait_s = wait_s
        self.same_body: bytes | None = None


class _Exchange(msgspec.Struct, frozen=True):
    """One request as it was sent, what came back, how long that took, and the access token that went with it."""

    sent: Sendable
    received: Received
    elapsed_s: float
    token: str | None = None


class HttpTransport:
    """Fetches pages of one client over one pool of connections, with one budget for each origin and credential."""

    def __init__(
        self, sender: Sender, preparer: Preparer, governor: Governor, *, origins: Origins, redactor: Redactor,
        longest_wait_s: float, emit: Emit, tokens: Tokens | None = None,
    ) -> None:  # fmt: skip
        self._sender = sender
        self._preparer = preparer
        self._governor = governor
        self._origins = origins
        self._redactor = redactor
        self._longest_wait_s = longest_wait_s
        self._emit = emit
        self._tokens = tokens
        self._retries = RetryBudget()
        self._answered: set[str] = set()

    async def fetch(
        self,
        request: PageRequest,
        retry: RetryPolicy,
        accept: Callable[[Reply], T],
        actions: tuple[ResponseAction, ...] = (),
    ) -> T:
        """See `base.Transport.fetch`."""
        self._retries.first()
        failures = 0
        before: _Failed | None = None
        while True:
            try:
                return await self._attempt(request, retry, accept, actions)
            except _Failed as failed:
                failures += 1
                unchanged = before is not None and failed.same_body is not None and failed.same_body == before.same_body
                before = failed
                if failures >= self._attempts(request, retry) or not self._retries.allows(failures):
                    raise self._spent(request, failed, failures, unchanged=unchanged) from None
                # The same body again is not an API in trouble: there is nothing to give time to.
                wait_s = max(failed.wait_s, backoff(retry, 1 if unchanged else failures, random.random))
                self._emit(Retried(request.resource, failures, failed.reason, wait_s))
                await asyncio.sleep(wait_s)

    def _attempts(self, request: PageRequest, retry: RetryPolicy) -> int:
        """A host that has never answered is more likely misspelt than in trouble."""
        known = origin_of(request.url) in self._answered
        return retry.attempts if known else min(retry.attempts, LEAST_ATTEMPTS)

    async def _attempt(
        self,
        request: PageRequest,
        retry: RetryPolicy,
        accept: Callable[[Reply], T],
        actions: tuple[ResponseAction, ...],
    ) -> T:
        """One request and the redirects that it leads to."""
        asked, via = request, "A next link"
        for _ in range(_MAX_REDIRECTS + 1):
            exchange = await self._exchange(asked, retry, via=via)
            if self._wants_another_token(asked, exchange):
                exchange = await self._exchange(asked, retry, via=via)
                self._wants_another_token(asked, exchange)
            received = exchange.received
            if actions:
                self._act(request, exchange, actions)
            if received.status in retry.statuses:
                raise self._failed(request, exchange)
            location = received.headers.get("location", "")
            if received.status in _OK:
                return self._accepted(exchange, accept)
            if received.status not in _REDIRECTS or not location:
                raise self._refused(request, exchange)
            asked, via = self._preparer.redirected(exchange.sent, asked, received.status, location), "A redirect"
        url = self._redactor.url(request.url)
        raise RequestRefused(f"{url} was redirected more than {_MAX_REDIRECTS} times; correct the base URL.", url=url)

    async def _exchange(self, request: PageRequest, retry: RetryPolicy, *, via: str) -> _Exchange:
        """One request of one attempt, paid for from its budget."""
        origin = origin_of(request.url)
        if origin is None:
            url = self._redactor.url(request.url)
            raise RequestRefused(f"{via} leads to {url!r}, which is not an http or https URL.", url=url)
        trusted = self._origins.trusts(origin, via=via)
        token = await self._tokens.token(request, retry) if trusted and self._tokens else None
        sendable = self._preparer.sendable(request, origin, trusted=trusted, token=token)
        lease = await self._governor.acquire(sendable.key, request.resource)
        outcome: Outcome = "dropped"
        reading: Reading | None = None
        started = time.perf_counter()
        try:
            received = await self._sender.send(sendable)
            outcome = _outcome(received.status)
            reading = read_limits(received.headers, now=time.time())
        except Fault as fault:
            outcome = "failed"
            elapsed_s = time.perf_counter() - started
            self._emit(Attempted(request.resource, None, elapsed_s, fault.kind))
            raise self._from_fault(fault, sendable) from None
        finally:
            self._governor.give_back(sendable.key, lease, outcome, reading)
        self._answered.add(origin)
        elapsed_s = time.perf_counter() - started
        self._emit(Attempted(request.resource, received.status, elapsed_s))
        return _Exchange(sendable, received, elapsed_s, token)

    def _wants_another_token(self, request: PageRequest, exchange: _Exchange) -> bool:
        """Tell what the API said to the token; whether to ask once more with another one."""
        if self._tokens is None or exchange.token is None:
            return False
        if exchange.received.status == HTTPStatus.UNAUTHORIZED:
            return self._tokens.refused(request, exchange.token)
        self._tokens.accepted(request, exchange.token)
        return False

    def _act(self, request: PageRequest, exchange: _Exchange, actions: tuple[ResponseAction, ...]) -> None:
        """Do what the first action says that holds for the reply; Ignored or a failed attempt is raised."""
        received = exchange.received
        action = action_for(actions, received)
        if action is None:
            return
        what = _status(received.status)
        if action.content is not None:
            what += f" with {self._redactor.scrub(action.content)[:60]!r} in the body"
        if action.action == "ignore":
            raise Ignored(f"the API answered {what}, which a response action ignores", status=received.status)
        raise self._failed(request, exchange, what)

    def _accepted(self, exchange: _Exchange, accept: Callable[[Reply], T]) -> T:
        received = exchange.received
        reply = Reply(
            status=received.status,
            headers={name: self._redactor.header(value) for name, value in received.headers.items()},
            body=received.body,
            url=self._redactor.url(exchange.sent.url),
            fetched_at=time.time(),
            elapsed_s=exchange.elapsed_s,
        )
        try:
            return accept(reply)
        except BodyRejected as rejected:
            reason = self._redactor.scrub(str(rejected)).rstrip(".")
            failed = _Failed(
                f"{received.status}, but {reason[:1].lower()}{reason[1:]}", url=reply.url, status=received.status
            )
            failed.same_body = received.body
            raise failed from rejected

    def _from_fault(self, fault: Fault, sendable: Sendable) -> Exception:
        url = self._redactor.url(sendable.url)
        reason = self._redactor.scrub(fault.reason)
        if fault.final:
            return RequestRefused(f"{sendable.method} {url} failed: {reason}.", url=url)
        return _Failed(reason, url=url)

    def _failed(self, request: PageRequest, exchange: _Exchange, what: str = "") -> Exception:
        """A reply (`what` it was) that may be mended by asking again, after the wait that the API asks for."""
        received = exchange.received
        url = self._redactor.url(exchange.sent.url)
        said = self._said(received)
        what = what or _status(received.status)
        reason = f"{what}: {said}" if said else what
        wait = retry_after(received.headers, now=time.time())
        if wait is not None and wait.absurd:
            self._emit(Noticed(request.resource, f"a Retry-After of {wait.raw[:60]!r} was ignored", "warning"))
            wait = None
        if wait is not None and wait.seconds > self._longest_wait_s:
            return RetriesSpent(
                f"{exchange.sent.method} {url} answered {reason}, and asks to wait {duration(wait.seconds)}, which is "
                "longer than is waited for at once; run again then, and the run goes on where it stopped.",
                url=url,
                status=received.status,
            )
        if wait is not None and wait.seconds > 0:
            self._governor.pause(exchange.sent.key, wait.seconds)
        wait_s = wait.seconds if wait is not None else 0.0
        return _Failed(reason, url=url, status=received.status, wait_s=wait_s)

    def _refused(self, request: PageRequest, exchange: _Exchange) -> RequestRefused:
        received = exchange.received
        url = self._redactor.url(exchange.sent.url)
        said = self._said(received)
        sentence = f"{exchange.sent.method} {url} was refused with {_status(received.status)}"
        sentence = f"{sentence}: {said}" if said else sentence
        return RequestRefused(f"{sentence}; {_hint(received.status, request)}.", url=url, status=received.status)

    def _spent(self, request: PageRequest, failed: _Failed, attempts: int, *, unchanged: bool) -> RetriesSpent:
        times = f"{attempts} attempts" if attempts > 1 else "one attempt"
        last = "each time the same" if unchanged else "the last"
        mend = "look at what the URL answers" if unchanged else "run again to go on where it stopped"
        return RetriesSpent(
            f"{request.method} {failed.url} failed after {times}, {last}: {failed.reason}; {mend}.",
            url=failed.url,
            status=failed.status,
        )

    def _said(self, received: Received) -> str:
        return message_of(received.body, self._redactor.scrub)


@asynccontextmanager
async def open_transport(
    client: Client,
    *,
    resolve: Resolve,
    emit: Emit,
    named: Iterable[str] = (),
    rate: DeclaredLimit | None = None,
    max_concurrency: int = MAX_CONCURRENCY,
    timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
    max_body_bytes: int = MAX_BODY_BYTES,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Transport]:
    """A transport for one client. Its connections live as long as the context.

    `named` are further absolute URLs that the configuration itself asks for: their origins get credentials as the
    base URL's does. `rate` wins over the client's own limit. Limits are in bytes and seconds. `clock` is what the
    lifetime of access tokens is measured by.

    Raises:
        ConfigError: the base URL, or an allowed origin, is none.
    """
    redactor = Redactor()
    origins = Origins.of([url for url in (client.base_url, *named) if url], client.allowed_origins)
    agent = f"headrace/{version('headrace')}"
    resolver = Resolver(resolve, redactor)
    governor = Governor(
        max_concurrency=max_concurrency,
        declared=rate or client.limit,
        longest_wait_s=timeouts.longest_wait_s,
        emit=emit,
        clock=time.monotonic,
        sleep=asyncio.sleep,
    )
    async with open_sender(timeouts, max_body_bytes=max_body_bytes, proxies=getproxies()) as sender:

        def reaching(client: Client, origins: Origins, tokens: Tokens | None = None) -> Transport:
            preparer = Preparer(client, resolver, redactor, agent=agent)
            return HttpTransport(
                sender, preparer, governor, origins=origins, redactor=redactor,
                longest_wait_s=timeouts.longest_wait_s, emit=emit, tokens=tokens,
            )  # fmt: skip

        def reach(token_url: str) -> Transport:
            """What the client's own requests carry does not go to the token endpoint, nor its credential elsewhere."""
            return reaching(Client(token_url), Origins.of([token_url], ()))

        yield reaching(client, origins, Tokens(resolver, redactor, reach=reach, clock=clock))


def _outcome(status: int) -> Outcome:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "refused"
    return "failed" if status in _SERVER_ERRORS else "fine"


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _hint(status: int, request: PageRequest) -> str:
    """What to do about a refusal."""
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            places = [place(ref) for ref in references(request.auth)]
            if not places:
                return (
                    "the API wants a credential: add `auth` to the client"
                    if status == HTTPStatus.UNAUTHORIZED
                    else ("the API does not let this client in: check its rights")
                )
            return f"check {' and '.join(places)}, and the rights that go with it"
        case HTTPStatus.NOT_FOUND:
            return "check the path and the base URL"
        case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY:
            return "correct the parameters that the API names"
        case _ if status in _REDIRECTS:
            return "it is a redirect that does not say where to"
        case _:
            return "asking again would not help"
