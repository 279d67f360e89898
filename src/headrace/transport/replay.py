"""The same interface from recorded replies, for what has to be run without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from headrace.errors import BodyRejected, RequestRefused, RetriesSpent
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import ResponseAction, RetryPolicy
from headrace.transport.content import is_empty

T = TypeVar("T")


class Recorded:
    """Gives each request the next of the replies that were recorded for its URL (without parameters), in order."""

    def __init__(self, replies: Iterable[Reply]) -> None:
        self.asked: list[PageRequest] = []
        self._replies: dict[str, list[Reply]] = {}
        for reply in replies:
            self._replies.setdefault(reply.url.partition("?")[0], []).append(reply)

    async def fetch(
        self,
        request: PageRequest,
        retry: RetryPolicy,
        accept: Callable[[Reply], T],
        actions: tuple[ResponseAction, ...] = (),
    ) -> T:
        """See `base.Transport.fetch`. A reply that is not accepted is followed by the next at once; no actions."""
        del actions
        self.asked.append(request)
        url = request.url.partition("?")[0]
        for attempt in range(1, retry.attempts + 1):
            replies = self._replies.get(url)
            if not replies:
                raise RequestRefused(f"No reply of {url} is left in the recording.", url=url, status=404)
            reply = replies.pop(0)
            if is_empty(reply.status, reply.body) and replies and attempt < retry.attempts:
                continue
            try:
                return accept(reply)
            except BodyRejected as rejected:
                last = rejected
                if rejected.attempts == 1:
                    raise RequestRefused(f"{url} is no page: {rejected}", url=url) from rejected
                if attempt == rejected.attempts:
                    break
        raise RetriesSpent(f"{url} failed after {attempt} attempts, the last: {last.problem}.", url=url)

    def conceal(self, request: PageRequest, text: str) -> str:
        """A recording holds no secret."""
        del request
        return text
