"""One walk without a journal: from page to page, each decided by the one before it."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator

from headrace.model.envelope import Visit
from headrace.model.event import Emit, Noticed
from headrace.model.plan import Client, Resource
from headrace.model.position import Done, Position, dump
from headrace.model.records import Records
from headrace.run.early import EARLY_PAGES, Early, Room, fetch
from headrace.transport.base import Transport
from headrace.walk.course import Course, counts


class Walk:
    """A walk under way. `room` is what it may have under way before its turn."""

    def __init__(self, client: Client, resource: Resource, emit: Emit, room: Room) -> None:
        self._client = client
        self._emit = emit
        self._room = room
        self._visits: dict[bytes, list[Visit]] = {}
        self._course = Course(resource, emit=emit, recall=lambda position: tuple(self._visits[dump(position)]))

    async def pages(self, transport: Transport) -> AsyncGenerator[Records, None]:
        """The records of each page, in order. Raises SourceError, or Ignored. To be closed."""
        course = self._course
        early = Early(self._room, functools.partial(fetch, transport, self._client, course))
        try:
            while not isinstance(course.position, Done):
                arrived = await early.page(course.position) or await early.ask(course.position)
                early.taken()
                judged = course.judge(arrived.reply, arrived.envelope)
                self._visited(course.position, Visit(course.pages, judged.facts.records_digest))
                foreseen = course.foreseen(judged, EARLY_PAGES)
                course.go(judged)
                early.foresee(foreseen, arrived.held_bytes)
                yield arrived.envelope.records
        finally:
            await early.close()
        if not course.position.proven:
            self._emit(Noticed(course.resource.name, course.position.why, "warning"))

    def _visited(self, position: Position, visit: Visit) -> None:
        if not counts(position):
            self._visits.setdefault(dump(position), []).append(visit)
