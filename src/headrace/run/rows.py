"""What the rows of a parent ask for: the walks that they give its child resource, or why one gives none."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from headrace.decode.names import table_name
from headrace.envelope.path import render
from headrace.envelope.pick import Picker
from headrace.journal.layout import RunRecord
from headrace.journal.write import Journal
from headrace.model.envelope import ABSENT, Absent
from headrace.model.plan import Client, Json, Parent, Resource
from headrace.model.table import Reject
from headrace.run.conduct import FetchedPage
from headrace.run.ends import WalkEnd
from headrace.run.resume import OpenWalk, row_walk, sieve_of
from headrace.walk.bind import Row, Unfit, batch_of, bind, fields_of, shared_of, together
from headrace.walk.parent_field import with_field
from headrace.walk.request import fingerprint
from headrace.walk.sieve import Sieve


@dataclass(slots=True)
class RowWalk:
    """The walk of one row, or of one batch of rows: its pages as they come, None after the last. `rows`: `AskedFor`."""

    walk: OpenWalk
    added: bytes
    sieve: Sieve | None
    remembered_as: str
    rows: tuple[str, ...]
    pages: asyncio.Queue[FetchedPage | None] = field(default_factory=asyncio.Queue)
    end: WalkEnd | None = None


class Rows:
    """Reads the rows of the parent of one resource, in their order. `repeated`: how many asked what others had asked.

    A batch is of rows that follow each other, and ends early where a value that its rows share changes.
    """

    def __init__(self, child: OpenWalk, parent: Parent, client: Client, journal: Journal, record: RunRecord) -> None:
        self._attempt = child.attempt
        self._parent = parent
        self._client = client
        self._journal = journal
        self._record = record
        self.repeated = 0
        self._seen: set[str] = set()
        self._waiting: list[Row] = []
        self._is_settled = False
        self._take(child.resource)

    def _take(self, resource: Resource) -> None:
        self._resource = resource
        self.batch = batch_of(resource)
        self._shared = shared_of(resource)
        self._fields = fields_of(resource)
        self._picker = Picker([*self._fields, *(render((key,)) for key in self._parent.include)])

    def settle(self, records: Sequence[bytes]) -> str:
        """See which field of the parent is meant, by the first of its pages with records; what there is to say of it.

        A resume reads that page again, from the journal, and so comes to the same.
        """
        if self._is_settled or not records:
            return ""
        self._is_settled = True
        resource, said = with_field(self._resource, records)
        self._take(resource)
        return said

    def read(self, page: FetchedPage, number: int, record: bytes) -> RowWalk | Reject | None:
        """What the record with this number on a page of the parent asks for; None: nothing yet, or nothing new."""
        try:
            return self._read(record)
        except (Unfit, msgspec.DecodeError) as unfit:
            reason = f"a row of its parent `{self._parent.resource}` gives no request: {unfit}"
            at = page.ref.number if page.ref else 0
            return Reject(table_name(self._resource), self._resource.name, at, number, reason, record)

    def rest(self) -> RowWalk | None:
        """The last batch, which is not full; for when no more rows can come, in this run or as it is resumed."""
        return self._begun([]) if self._waiting else None

    def begun_before(self) -> RowWalk | None:
        """The rows that wait, if an earlier try, which knew of no more rows, has begun just these as a batch.

        Pages are counted in the order of the batches, so that one stays what it was.
        """
        if not self._waiting or self._journal.walk(self._record.run_id, self._together().walk.name) is None:
            return None
        return self._begun([])

    def _read(self, record: bytes) -> RowWalk | None:
        values = self._picker.pick(record)
        count = len(self._fields)
        row: Row = dict(zip(self._fields, values[:count], strict=True))
        walk = self._walk(row, self._added(values[count:]))
        if walk.walk.name in self._seen:
            self.repeated += 1
            return None
        self._seen.add(walk.walk.name)
        return walk if self.batch is None else self._gathered(row, self.batch)

    def _gathered(self, row: Row, size: int) -> RowWalk | None:
        """The batch that is whole now that this row has come."""
        last = self._waiting[-1] if self._waiting else row
        if _shown(last, self._shared) != _shown(row, self._shared):
            return self._begun([row])
        self._waiting.append(row)
        return self._begun([]) if len(self._waiting) == size else None

    def _begun(self, following: list[Row]) -> RowWalk:
        """The walk of the rows that wait; after them `following` wait."""
        walk, self._waiting = self._together(), following
        return walk

    def _together(self) -> RowWalk:
        return self._walk(together(self._resource, self._waiting), b"")

    def _walk(self, row: Row, added: bytes) -> RowWalk:
        bound = bind(self._resource, row)
        whole = msgspec.json.encode((fingerprint(self._client, bound), bound.request.headers, self._attempt)) + added
        name = row_walk(self._resource.name, _digest(whole))
        # An increment is kept by what the row says of itself, whatever else becomes of the request.
        remembered_as = row_walk(self._resource.name, _itself(row))
        sieve = sieve_of(self._resource, self._record, remembered_as)
        if sieve is not None:
            bound = bind(self._resource, row, sieve.window)
        state = self._journal.walk(self._record.run_id, name)
        walk = OpenWalk(name, bound, fingerprint(self._client, bound), state)
        rows = [row] if self.batch is None else self._waiting
        return RowWalk(walk, added, sieve, remembered_as, tuple(map(self._told_apart_by, rows)))

    def _told_apart_by(self, row: Row) -> str:
        """What another run knows this row by, if it asks for the same of it."""
        itself = _itself(row)
        seen = self._record.seen.get(row_walk(self._resource.name, itself))
        return itself if seen is None else _digest(itself.encode() + msgspec.json.encode(seen))

    def _added(self, values: tuple[Json | Absent, ...]) -> bytes:
        """The included values as members of an object, without its braces. Raises Unfit where one is missing."""
        members = {}
        for key, value in zip(self._parent.include, values, strict=True):
            if value is ABSENT:
                raise Unfit(f"`{key}`, which include_from_parent names, is missing")
            members[f"_{self._parent.resource}_{key}"] = value
        return msgspec.json.encode(members)[1:-1]


def _shown(row: Row, paths: Sequence[str]) -> bytes:
    """The values as they stand in a request: to Python, 1 is equal to 1.0 and to true."""
    return msgspec.json.encode([row[path] for path in paths])


def _itself(row: Row) -> str:
    return _digest(msgspec.json.encode(list(row.items())))


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=10).hexdigest()
