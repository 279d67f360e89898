"""What the rows of a parent ask for: the walks that they give its child resource, or why one gives none."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import msgspec

from headrace.decode.names import table_name
from headrace.envelope.path import render
from headrace.envelope.pick import Picker
from headrace.journal.layout import RunRecord
from headrace.journal.write import Journal
from headrace.model.envelope import ABSENT, Absent
from headrace.model.plan import AncestorKey, Client, FieldKey, Json, Parent, Resource
from headrace.model.table import Reject
from headrace.run.conduct import FetchedPage
from headrace.run.ends import WalkEnd
from headrace.run.resume import OpenWalk, row_walk, sieve_of
from headrace.walk.bind import Row, Unfit, batch_of, bind, fields_of, shared_of, together
from headrace.walk.line import wanted_above
from headrace.walk.parent_field import with_field
from headrace.walk.request import fingerprint
from headrace.walk.sieve import Sieve

Near: TypeAlias = Mapping[str, "Json | Absent"]
"""The values of one row of the parent itself, by path."""


@dataclass(slots=True)
class RowWalk:
    """The walk of one row, or of one batch of rows: its pages as they come, None after the last.

    `above` are the values of this row and those above it that resources below want. `again`: the walk is that of an
    earlier row, of another line; its pages go to those resources once more, and nowhere else. `rows`: `AskedFor`.
    """

    walk: OpenWalk
    added: bytes
    sieve: Sieve | None
    remembered_as: str
    rows: tuple[str, ...]
    above: Mapping[AncestorKey, Json]
    again: bool = False
    pages: asyncio.Queue[FetchedPage | None] = field(default_factory=asyncio.Queue)
    end: WalkEnd | None = None


class Rows:
    """Reads the rows of the parent of one resource, in their order. `repeated`: how many asked what others had asked.

    A batch is of rows that follow each other, and ends early where a value that its rows share changes. `down` is what
    resources below the child want of the parent's rows and of those above.
    """

    def __init__(
        self,
        child: OpenWalk,
        parent: Parent,
        client: Client,
        journal: Journal,
        record: RunRecord,
        *,
        down: Sequence[AncestorKey],
    ) -> None:
        self._attempt = child.attempt
        self._parent = parent
        self._client = client
        self._journal = journal
        self._record = record
        self._passed_on = tuple(key for key in down if key[0] != parent.resource)
        self._handed_on = tuple(key for key in down if key[0] == parent.resource)
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
        self._takes_above = bool(wanted_above(resource))
        included = (render((key,)) for key in self._parent.include)
        self._near = tuple(dict.fromkeys((*_paths(self._fields), *included, *(path for _, path in self._handed_on))))
        self._picker = Picker(self._near)

    @property
    def wants_above(self) -> bool:
        """Whether it matters from which rows the parent's own have come, to the child or to a resource below it."""
        return self._takes_above or bool(self._passed_on)

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
            return self._read(record, page.above)
        except (Unfit, msgspec.DecodeError) as unfit:
            if page.again and not self._takes_above:  # told when the page was here before
                return None
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

    def _read(self, record: bytes, above: Mapping[AncestorKey, Json]) -> RowWalk | None:
        near = dict(zip(self._near, self._picker.pick(record), strict=True))
        row: Row = {key: _value(key, near, above) for key in self._fields}
        walk = self._new(self._walk(row, self._added(near, above), self._down(near, above)))
        return walk if walk is None or self.batch is None else self._gathered(row, self.batch)

    def _new(self, walk: RowWalk) -> RowWalk | None:
        """The walk, unless an earlier row has had it made for the same line of rows."""
        name = walk.walk.name
        marks = {name, f"{name} {_digest(msgspec.json.encode(list(walk.above.items())))}"} if walk.above else {name}
        known = marks & self._seen
        self._seen |= marks
        self.repeated += bool(known)
        if known == marks:
            return None
        return replace(walk, again=True) if known else walk

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
        return self._walk(together(self._resource, self._waiting), b"", {})

    def _walk(self, row: Row, added: bytes, above: Mapping[AncestorKey, Json]) -> RowWalk:
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
        return RowWalk(walk, added, sieve, remembered_as, tuple(map(self._told_apart_by, rows)), above)

    def _told_apart_by(self, row: Row) -> str:
        """What another run knows this row by, if it asks for the same of it."""
        itself = _itself(row)
        seen = self._record.seen.get(row_walk(self._resource.name, itself))
        return itself if seen is None else _digest(itself.encode() + msgspec.json.encode(seen))

    def _added(self, near: Near, above: Mapping[AncestorKey, Json]) -> bytes:
        """The included values as members of an object, without its braces. Raises Unfit where one is missing."""
        parent = self._parent
        places: list[tuple[str, FieldKey]] = [(key, render((key,))) for key in parent.include]
        places += [(f"{above}.{key}", (above, render((key,)))) for above, key in parent.above]
        members = {}
        for column, (name, place) in zip(parent.columns, places, strict=True):
            members[column] = _value(place, near, above)
            if members[column] is ABSENT:
                raise Unfit(f"`{name}`, which include_from_parent names, is missing")
        return msgspec.json.encode(members)[1:-1]

    def _down(self, near: Near, above: Mapping[AncestorKey, Json]) -> dict[AncestorKey, Json]:
        """What resources below want of this row and of those above it; what is missing there is missing here."""
        handed: dict[AncestorKey, Json] = {key: near[key[1]] for key in self._handed_on if near[key[1]] is not ABSENT}
        return handed | {key: above[key] for key in self._passed_on if key in above}


def _value(key: FieldKey, near: Near, above: Mapping[AncestorKey, Json]) -> Json | Absent:
    return near[key] if isinstance(key, str) else above.get(key, ABSENT)


def _paths(fields: Sequence[FieldKey]) -> list[str]:
    """Of what a request wants, that which stands in the parent's row itself."""
    return [key for key in fields if isinstance(key, str)]


def _shown(row: Row, keys: Sequence[FieldKey]) -> bytes:
    """The values as they stand in a request: to Python, 1 is equal to 1.0 and to true."""
    return msgspec.json.encode([row[key] for key in keys])


def _itself(row: Row) -> str:
    return _digest(msgspec.json.encode(list(row.items())))


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=10).hexdigest()
