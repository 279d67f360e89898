"""One walk without a journal: from page to page, each decided by the one before it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence

import msgspec

from headrace.envelope.split import compile_splitter
from headrace.model.envelope import Envelope, Facts, Visit
from headrace.model.event import Emit, Noticed
from headrace.model.page import Reply
from headrace.model.plan import AutoPaging, Client, Resource
from headrace.model.position import Done, Position, Start, dump
from headrace.transport.base import Transport
from headrace.walk.after import after, ask
from headrace.walk.detect import detect
from headrace.walk.request import build


class Walk:
    """A walk under way: where it stands, and what it has seen, so that a circle is noticed."""

    def __init__(self, client: Client, resource: Resource, emit: Emit) -> None:
        self._client = client
        self._resource = resource
        self._emit = emit
        self._splitter = compile_splitter(ask(resource))
        self._position: Position = Start()
        self._pages = self._records = self._repeats = 0
        self._visits: dict[bytes, list[Visit]] = {}
        self._cursor_seen = False
        self._last_digest = b""

    async def pages(self, transport: Transport) -> AsyncIterator[Sequence[bytes]]:
        """The records of each page, in order. Raises SourceError."""
        while not isinstance(self._position, Done):
            request = build(self._client, self._resource, self._position)
            envelope, digest, following = await transport.fetch(
                request, self._resource.retry, self._accept, self._resource.actions
            )
            self._visits.setdefault(dump(self._position), []).append(Visit(self._pages, digest))
            self._cursor_seen = self._cursor_seen or not isinstance(following, Done)
            self._repeats = self._repeats + 1 if digest == self._last_digest else 1
            self._last_digest = digest
            self._position = following
            self._pages += 1
            self._records += len(envelope.records)
            yield envelope.records
        if not self._position.proven:
            self._emit(Noticed(self._resource.name, self._position.why, "warning"))

    def _accept(self, reply: Reply) -> tuple[Envelope, bytes, Position]:
        envelope = self._splitter.split(reply.body)
        if self._resource.selector is None or isinstance(self._resource.paging, AutoPaging):
            envelope = self._detect(reply, envelope)
        digest = hashlib.blake2b(b"\n".join(envelope.records), digest_size=16).digest()
        facts = Facts(
            page=self._pages,
            records=len(envelope.records),
            records_digest=digest,
            url=reply.url,
            cursor=envelope.cursor,
            total=envelope.total,
            has_more=envelope.has_more,
            headers=reply.headers,
            visits=tuple(self._visits.get(dump(self._position), ())),
            cursor_seen=self._cursor_seen,
            records_before=self._records,
            repeats=self._repeats if digest == self._last_digest else 0,
        )
        return envelope, digest, after(self._resource.paging, self._position, facts)

    def _detect(self, reply: Reply, envelope: Envelope) -> Envelope:
        found = detect(self._resource, reply.headers, reply.body, envelope)
        self._resource = msgspec.structs.replace(self._resource, paging=found.paging, selector=found.selector)
        self._emit(Noticed(self._resource.name, found.why))
        self._splitter = compile_splitter(ask(self._resource))
        return self._splitter.split(reply.body)
