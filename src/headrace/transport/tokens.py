"""Access tokens of a run: asked for when first needed, kept for all walks, and asked for again before they expire."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import msgspec

from headrace.errors import ConfigError, RetriesSpent, SourceError
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import OAuth2ClientCredentials, OAuth2Jwt, RetryPolicy
from headrace.transport.base import Transport
from headrace.transport.grant import Issued, OAuth, asking, endpoint, issued
from headrace.transport.origin import origin_of
from headrace.transport.redact import Redactor
from headrace.transport.resolve import Resolver

_SKEW_S = 60.0
_SKEW_SHARE = 0.1


class _Held:
    """The token of one client, as of now, and what is known of it."""

    __slots__ = ("failure", "good_until", "on_trial", "rounds", "token", "turn")

    def __init__(self) -> None:
        self.token: str | None = None
        self.good_until = -math.inf
        self.on_trial = False  # the one before was refused with 401, and the API has not yet taken this one
        self.failure: SourceError | None = None
        self.rounds = 0  # how often it was asked for
        self.turn = asyncio.Lock()


class Tokens:
    """One token for each client, however many walks wait for it.

    `reach` gives a transport that may send to the token endpoint's origin, and to no other. `clock` is in seconds
    since the epoch.
    """

    def __init__(
        self,
        resolver: Resolver,
        redactor: Redactor,
        *,
        reach: Callable[[str], Transport],
        clock: Callable[[], float],
    ) -> None:
        self._resolver = resolver
        self._redactor = redactor
        self._reach = reach
        self._clock = clock
        self._held: dict[OAuth, _Held] = {}
        self._ways: dict[str, Transport] = {}

    async def token(self, request: PageRequest, retry: RetryPolicy) -> str | None:
        """The token that goes with a request; None where its credential is of another kind.

        Raises:
            SourceError: no token was given. Who waited for the same request gets the same answer, and a refusal
                holds for good: asking again and again with a wrong secret locks clients out.
            ConfigError: what it takes to ask is missing.
        """
        auth = request.auth
        if not isinstance(auth, OAuth2ClientCredentials | OAuth2Jwt):
            return None
        held = self._of(auth)
        rounds = held.rounds
        if held.token is None or self._clock() >= held.good_until:
            async with held.turn:
                await self._renewed(auth, held, rounds, request.resource, retry)
        return held.token

    def accepted(self, request: PageRequest, token: str) -> None:
        """The API took the token."""
        held = self._held_by(request)
        if held is not None and held.token == token:
            held.on_trial = False

    def refused(self, request: PageRequest, token: str) -> bool:
        """The API answered 401 to the token. Whether to ask again, with the token that there is then.

        A token that was just renewed for a 401, and that the API never took, is not renewed once more.
        """
        held = self._held_by(request)
        if held is None or held.token != token:
            return held is not None  # another walk was quicker
        if held.on_trial:
            return False
        held.token, held.on_trial = None, True
        return True

    def _held_by(self, request: PageRequest) -> _Held | None:
        auth = request.auth
        return self._held.get(auth) if isinstance(auth, OAuth2ClientCredentials | OAuth2Jwt) else None

    def _of(self, auth: OAuth) -> _Held:
        held = self._held.get(auth)
        if held is None:
            held = self._held[auth] = _Held()
            given = auth.access_token if isinstance(auth, OAuth2ClientCredentials) else None
            held.token = (self._resolver.optional(given) if given else None) or None
            # When it was issued is not known, so only the API can say that it is over.
            held.good_until = math.inf if held.token else -math.inf
        return held

    async def _renewed(self, auth: OAuth, held: _Held, rounds: int, resource: str, retry: RetryPolicy) -> None:
        """In its turn: ask for a token, unless somebody did while this one waited."""
        if held.token is not None and self._clock() < held.good_until:
            return
        if held.failure is not None and (held.rounds != rounds or not isinstance(held.failure, RetriesSpent)):
            raise _again(held.failure)
        asked_at, held.failure = self._clock(), None
        try:
            new = await self._ask(auth, resource, retry, asked_at)
        except SourceError as failure:
            held.token, held.failure = None, failure
            raise
        else:
            held.token = new.token
            held.good_until = asked_at + new.lifetime_s - min(_SKEW_S, new.lifetime_s * _SKEW_SHARE)
        finally:
            held.rounds += 1

    async def _ask(self, auth: OAuth, resource: str, retry: RetryPolicy, now: float) -> Issued:
        request = asking(auth, resource, self._resolver, self._redactor, now=now)
        url = self._resolver.text(endpoint(auth))
        if origin_of(url) is None:
            shown = self._redactor.url(url)
            raise ConfigError(f"The token endpoint {shown!r} is not an absolute http or https URL; correct it.")
        way = self._ways.get(url)
        if way is None:
            way = self._ways[url] = self._reach(url)

        def accept(reply: Reply) -> Issued:
            return issued(reply, self._redactor, default_s=auth.default_expiration_s)

        try:
            # What an error_handler says of statuses is about the API, not about whoever gives the tokens.
            return await way.fetch(request, msgspec.structs.replace(retry, statuses=RetryPolicy().statuses), accept)
        except SourceError as failure:
            raise _explained(failure) from failure


def _explained(failure: SourceError) -> SourceError:
    return type(failure)(f"No access token: {failure}", url=failure.url, status=failure.status)


def _again(failure: SourceError) -> SourceError:
    """The same failure for one more walk: an exception that is raised twice would grow its traceback."""
    return type(failure)(str(failure), url=failure.url, status=failure.status)
