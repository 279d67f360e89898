"""A request that tries a guess, and what came of it: the words of the dialogue between `walk.verify` and its driver."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Final, TypeAlias, TypeVar

import msgspec

from headrace.envelope.absent import SelectorAbsent, names_an_error
from headrace.envelope.choose import listed, within
from headrace.envelope.path import parse, render
from headrace.envelope.split import compile_splitter
from headrace.errors import SourceError
from headrace.model.envelope import Envelope, Facts
from headrace.model.guess import SELECTOR
from headrace.model.page import Reply
from headrace.model.plan import Cursor, Resource
from headrace.model.position import Position, Start
from headrace.model.records import Records
from headrace.walk.after import ask
from headrace.walk.detect import parsed

_FEW_ATTEMPTS: Final = 2
T = TypeVar("T")


class Trial(msgspec.Struct, frozen=True):
    """A request to try: the page at a position of the resource as it may be. It accepts replies as a `Course` does."""

    resource: Resource
    position: Position = Start()

    def accept(self, reply: Reply) -> Envelope:
        """Split a reply. Where the selector is a guess, the list that is there counts. Raises BodyRejected."""
        return look(self.resource, reply.body)


class Came(msgspec.Struct, frozen=True):
    """What a trial brought."""

    reply: Reply
    envelope: Envelope

    @property
    def records(self) -> Records:
        """Those of the page."""
        return self.envelope.records


Outcome: TypeAlias = Came | SourceError
"""A trial that was refused is an answer as well."""
Dialogue: TypeAlias = Generator[Trial, Outcome, T]


def probe(resource: Resource, position: Position = Start()) -> Trial:  # noqa: B008 - frozen
    """A request that may well be refused, and so is not asked again for long."""
    patience = msgspec.structs.replace(resource.retry, attempts=_FEW_ATTEMPTS)
    return Trial(msgspec.structs.replace(resource, retry=patience), position)


def look(resource: Resource, body: bytes) -> Envelope:
    """Split a body; a guessed selector that leads to nothing, or to what only wraps a list, gives way to that list.

    The envelope's `selector` says which one it was. Raises BodyRejected.
    """
    if SELECTOR not in resource.guesses:
        return _split(resource, body)
    try:
        envelope = _split(resource, body)
    except SelectorAbsent:
        root = parsed(body)
        found = listed(root) if root is not None and not names_an_error(root) else None
        if found is None:
            raise
        return _split(reselected(resource, found), body)
    if envelope.shape != "object" or len(envelope.records) != 1:
        return envelope
    inner = within(msgspec.Raw(envelope.records[0]))
    keys = parse(envelope.selector).keys
    if inner is None or keys is None:
        return envelope
    return _split(reselected(resource, render((*keys, inner))), body)


def _split(resource: Resource, body: bytes) -> Envelope:
    return compile_splitter(ask(resource)).split(body)


def reselected(resource: Resource, selector: str) -> Resource:
    """The resource with its records elsewhere; a cursor that is a field of the last one goes with them."""
    paging, before = resource.paging, f"{resource.selector}[-1]."
    if isinstance(paging, Cursor) and paging.path.startswith(before):
        paging = msgspec.structs.replace(paging, path=f"{selector}[-1].{paging.path.removeprefix(before)}")
    return msgspec.structs.replace(resource, selector=selector, paging=paging)


def facts_of(came: Came) -> Facts:
    """A first page as a paging rule sees it."""
    envelope, reply = came.envelope, came.reply
    return Facts(
        page=0,
        records=len(envelope.records),
        records_digest=b"",
        url=reply.url,
        cursor=envelope.cursor,
        total=envelope.total,
        has_more=envelope.has_more,
        headers=reply.headers,
    )


def is_same(one: Sequence[bytes], other: Sequence[bytes]) -> bool:
    """Whether two pages hold the same records, in the same order."""
    return list(one) == list(other)
