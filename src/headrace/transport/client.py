"""The whole way of one page's bytes: prepared, paid for, sent, followed, and asked again."""

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

from headrace.errors import BodyRejected, RequestRefused
from headrace.model.event import Attempted, Emit, Retried
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import Client, DeclaredLimit, ResponseAction, RetryPolicy
from headrace.transport.actions import action_for
from headrace.transport.base import MAX_CONCURRENCY, Ignored, Transport
from headrace.transport.budget import Outcome
from headrace.transport.conceal import MARK, Marks, holds_mark
from headrace.transport.content import is_empty
from headrace.transport.fault import Fault
from headrace.transport.governor import Governor
from headrace.transport.origin import Origins, origin_of
from headrace.transport.prepare import Preparer
from headrace.transport.ratelimit import Reading
from headrace.transport.ratelimit import read as read_limits
from headrace.transport.redact import Redactor
from headrace.transport.resolve import Resolve, Resolver
from headrace.transport.retry import LEAST_ATTEMPTS, RetryBudget, backoff
from headrace.transport.send import Sender, Timeouts, open_sender
from headrace.transport.tokens import Tokens
from headrace.transport.verdict import LOOK, REDIRECTS, Exchange, Failed, Verdicts, in_words, spent

T = TypeVar("T")

MAX_BODY_BYTES = 128 << 20
_MAX_REDIRECTS = 10
_OK = range(200, 300)
_SERVER_ERRORS = range(500, 600)


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
        self._verdicts = Verdicts(redactor, governor, longest_wait_s=longest_wait_s, emit=emit)
        self._emit = emit
        self._tokens = tokens
        self._retries = RetryBudget()
        self._answered: set[str] = set()
        self._served: set[str | None] = set()

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
        before: Failed | None = None
        while True:
            try:
                return await self._attempt(request, retry, accept, actions)
            except Failed as failed:
                failures += 1
                unchanged = before is not None and failed.same_body is not None and failed.same_body == before.same_body
                before = failed
                enough = min(self._attempts(request, retry), failed.attempts or retry.attempts)
                if failures >= enough or not self._retries.allows(failures):
                    return self._given_up(request, accept, failed, failures, unchanged=unchanged)
                # The same wrong body from the first on: a wrong URL rather than an API in trouble, so no time is given.
                hopeless = unchanged and origin_of(request.url) not in self._served
                wait_s = max(failed.wait_s, backoff(retry, 1 if hopeless else failures, random.random))
                self._emit(Retried(request.resource, failures, failed.reason, wait_s))
                await asyncio.sleep(wait_s)

    def _given_up(
        self, request: PageRequest, accept: Callable[[Reply], T], failed: Failed, failures: int, *, unchanged: bool
    ) -> T:
        """The end of the attempts: an error, or the empty page that came each time."""
        if failed.page is not None and (unchanged or failures == 1):
            try:
                return self._accepted(request, failed.page, accept)
            except Failed as rejected:
                failed = rejected
        raise spent(request, failed, failures, unchanged=unchanged) from None

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
                raise self._verdicts.failing(request, exchange)
            location = received.headers.get("location", "")
            if received.status in _OK:
                if is_empty(received.status, received.body):
                    raise self._verdicts.empty(exchange)
                return self._accepted(request, exchange, accept)
            if received.status not in REDIRECTS or not location:
                raise self._verdicts.refused(request, exchange)
            asked, via = self._preparer.redirected(exchange.sent, asked, received.status, location), "A redirect"
        url = self._redactor.url(request.url)
        raise RequestRefused(f"{url} was redirected more than {_MAX_REDIRECTS} times; correct the base URL.", url=url)

    async def _exchange(self, request: PageRequest, retry: RetryPolicy, *, via: str) -> Exchange:
        """One request of one attempt, paid for from its budget."""
        origin = origin_of(request.url)
        if origin is None:
            url = self._redactor.url(request.url)
            raise RequestRefused(f"{via} leads to {url!r}, which is not an http or https URL; {LOOK}.", url=url)
        trusted = self._origins.trusts(origin, via=via)
        token = await self._tokens.token(request, retry) if trusted and self._tokens else None
        try:
            sendable = self._preparer.sendable(request, origin, trusted=trusted, token=token)
        except UnicodeEncodeError:
            raise RequestRefused(
                f"A request to {origin} holds half a surrogate pair, which cannot be sent; correct that text.",
                url=origin,
            ) from None
        lease = await self._governor.acquire(sendable.key, request.resource)
        outcome: Outcome = "dropped"
        reading: Reading | None = None
        started = time.perf_counter()
        try:
            received = await self._sender.send(sendable, retry.timeout_s)
            outcome = _outcome(received.status)
            reading = read_limits(received.headers, now=time.time())
        except Fault as fault:
            outcome = "failed"
            elapsed_s = time.perf_counter() - started
            self._emit(Attempted(request.resource, None, elapsed_s, fault.kind))
            raise self._verdicts.broken(fault, sendable) from None
        except asyncio.CancelledError:  # the API has it, and counts it
            self._emit(Attempted(request.resource, None, time.perf_counter() - started, "cancelled"))
            raise
        finally:
            self._governor.give_back(sendable.key, lease, outcome, reading)
        self._answered.add(origin)
        elapsed_s = time.perf_counter() - started
        self._emit(Attempted(request.resource, received.status, elapsed_s))
        return Exchange(sendable, received, elapsed_s, token)

    def _wants_another_token(self, request: PageRequest, exchange: Exchange) -> bool:
        """Tell what the API said to the token; whether to ask once more with another one."""
        if self._tokens is None or exchange.token is None:
            return False
        if exchange.received.status == HTTPStatus.UNAUTHORIZED:
            return self._tokens.refused(request, exchange.token)
        self._tokens.accepted(request, exchange.token)
        return False

    def _act(self, request: PageRequest, exchange: Exchange, actions: tuple[ResponseAction, ...]) -> None:
        """Do what the first action says that holds for the reply; Ignored or a failed attempt is raised."""
        received = exchange.received
        action = action_for(actions, received)
        if action is None:
            return
        what = in_words(received.status)
        if action.content is not None:
            what += f" with {self._redactor.scrub(action.content)[:60]!r} in the body"
        if action.action == "ignore":
            raise Ignored(f"the API answered {what}, which a response action ignores", status=received.status)
        raise self._verdicts.failing(request, exchange, what)

    def conceal(self, request: PageRequest, text: str) -> str:
        """See `base.Transport.conceal`."""
        return self._concealed(self._preparer.marks(request), text)

    def _concealed(self, marks: Marks, text: str) -> str:
        """With marks, which are left whole; what is a secret of other requests is masked for good."""
        text = marks.conceal(text)
        if not holds_mark(text):  # nearly always
            return self._redactor.header(text)
        pieces = MARK.split(text)
        pieces[::2] = map(self._redactor.header, pieces[::2])
        return "".join(pieces)

    def _accepted(self, request: PageRequest, exchange: Exchange, accept: Callable[[Reply], T]) -> T:
        received = exchange.received
        marks = self._preparer.marks(request)
        path, question, query = self._concealed(marks, exchange.sent.url).partition("?")
        reply = Reply(
            status=received.status,
            headers={name: self._concealed(marks, value) for name, value in received.headers.items()},
            body=received.body,
            url=path + self._redactor.url(question + query),  # links are joined to the path: its marks stay whole
            fetched_at=time.time(),
            elapsed_s=exchange.elapsed_s,
        )
        try:
            accepted = accept(reply)
        except BodyRejected as rejected:
            raise self._verdicts.rejected(exchange, reply.url, rejected) from rejected
        self._served.add(origin_of(request.url))
        return accepted


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
        scrub=redactor.scrub,
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
