"""What the other rooms may ask of a transport: one page, fetched for good or failed for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from headrace.model.page import PageRequest, Reply
from headrace.model.plan import ResponseAction, RetryPolicy

T = TypeVar("T")

MAX_CONCURRENCY = 16
"""Requests under way at once where nobody states a number."""


class Ignored(Exception):
    """The reply is one that the response actions ignore: the walk ends here. `why` is a sentence without secrets."""

    def __init__(self, why: str, *, status: int) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


class Transport(Protocol):
    """Fetches pages. Any number of walks may share one transport, each awaiting its own `fetch`."""

    async def fetch(
        self,
        request: PageRequest,
        retry: RetryPolicy,
        accept: Callable[[Reply], T],
        actions: tuple[ResponseAction, ...] = (),
    ) -> T:
        """Send the request under the budget, ask again where that may help, and give what `accept` makes of the reply.

        `accept` gets every 2xx reply and is called once for each. One without a body (unless its status is 204 or
        205) is asked for again as a failed attempt is; `accept` gets it if nothing else comes. If it raises
        `BodyRejected` the attempt counts as failed, and no more are made than its `attempts` say; any other exception
        of it passes through. Cancelling a fetch gives back all that it held. `actions` are looked at first, in order,
        for replies of every status.

        Raises:
            Ignored: the first action that holds for the reply says so.
            RequestRefused: a status, a redirect or a body that asking again will not change.
            RetriesSpent: the attempts of the policy, or the retry budget, are used up, or the API asks for a longer
                wait than is allowed.
            ForeignOrigin: the request, or a redirect, leads to an origin that is not allowed.
            ConfigError: a secret that the request needs is missing or cannot be sent.
        """
        ...

    def conceal(self, request: PageRequest, text: str) -> str:
        """The text with a mark in place of each secret of the request, which a later `fetch` fills in again.

        For what goes from a body into a position: an API may repeat a secret in its next link or cursor.
        """
        ...
