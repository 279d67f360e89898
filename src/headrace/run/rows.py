"""What one row of a parent asks for: the walk that it gives its child resource, or why it gives none."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field

import msgspec

from headrace.decode.names import table_name
from headrace.envelope.path import render
from headrace.envelope.pick import Picker
from headrace.journal.layout import RunRecord
from headrace.journal.write import Journal
from headrace.model.envelope import ABSENT, Absent
from headrace.model.plan import Client, Json, Parent
from headrace.model.table import Reject
from headrace.run.conduct import FetchedPage, WalkEnd
from headrace.run.resume import OpenWalk, row_walk, sieve_of
from headrace.walk.bind import Row, Unfit, bind, fields_of
from headrace.walk.request import fingerprint
from headrace.walk.sieve import Sieve


@dataclass(slots=True)
class RowWalk:
    """The walk of one row: its pages as they come, None after the last."""

    walk: OpenWalk
    added: bytes
    sieve: Sieve | None
    remembered_as: str
    pages: asyncio.Queue[FetchedPage | None] = field(default_factory=asyncio.Queue)
    end: WalkEnd | None = None


class Rows:
    """Reads the rows of the parent of one resource."""

    def __init__(self, child: OpenWalk, parent: Parent, client: Client, journal: Journal, record: RunRecord) -> None:
        self._resource = child.resource
        self._attempt = child.attempt
        self._parent = parent
        self._client = client
        self._journal = journal
        self._record = record
        self._fields = fields_of(child.resource)
        self._picker = Picker([*self._fields, *(render((key,)) for key in parent.include)])

    def read(self, page: FetchedPage, number: int, record: bytes) -> RowWalk | Reject:
        """What the record with this number on a page of the parent asks for."""
        try:
            return self._read(record)
        except (Unfit, msgspec.DecodeError) as unfit:
            reason = f"a row of its parent `{self._parent.resource}` gives no request: {unfit}"
            at = page.ref.number if page.ref else 0
            return Reject(table_name(self._resource), self._resource.name, at, number, reason, record)

    def _read(self, record: bytes) -> RowWalk:
        values = self._picker.pick(record)
        count = len(self._fields)
        row: Row = dict(zip(self._fields, values[:count], strict=True))
        added = self._added(values[count:])
        bound = bind(self._resource, row)
        whole = msgspec.json.encode((fingerprint(self._client, bound), bound.request.headers, self._attempt)) + added
        name = row_walk(self._resource.name, _digest(whole))
        # An increment is kept by what the row says of itself, whatever else becomes of the request.
        remembered_as = row_walk(self._resource.name, _digest(msgspec.json.encode(list(row.items()))))
        sieve = sieve_of(self._resource, self._record, remembered_as)
        if sieve is not None:
            bound = bind(self._resource, row, sieve.window)
        state = self._journal.walk(self._record.run_id, name)
        walk = OpenWalk(name, bound, fingerprint(self._client, bound), state)
        return RowWalk(walk, added, sieve, remembered_as)

    def _added(self, values: tuple[Json | Absent, ...]) -> bytes:
        """The included values as members of an object, without its braces. Raises Unfit where one is missing."""
        members = {}
        for key, value in zip(self._parent.include, values, strict=True):
            if value is ABSENT:
                raise Unfit(f"`{key}`, which include_from_parent names, is missing")
            members[f"_{self._parent.resource}_{key}"] = value
        return msgspec.json.encode(members)[1:-1]


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=10).hexdigest()
