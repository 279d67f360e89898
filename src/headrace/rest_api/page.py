"""A page as it goes through dlt's pipes: a list of records to whoever looks inside, bytes to whoever does not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, SupportsIndex, overload

from headrace.decode.record import parse
from headrace.model.records import Records


class JsonPage(list[Any]):
    """The records of one page, or of several. As a list it parses them when they are asked for, and keeps nothing.

    It is a list so that dlt's own steps (limits, metrics, flattening) take it for what it is. Code that reads lists
    from C would see none in it: whatever is not ours is given `rows()` instead.
    """

    __slots__ = ("pages",)

    def __init__(self, *pages: Iterable[bytes]) -> None:
        super().__init__()
        self.pages = [Records.of(page) for page in pages]

    @property
    def records(self) -> Records:
        """All of them."""
        return self.pages[0] if len(self.pages) == 1 else Records.chained(self.pages)

    def rows(self) -> list[Any]:
        """The records, parsed: a plain list."""
        return [read_record(record) for record in self.records]

    def __len__(self) -> int:
        return sum(map(len, self.pages))

    def __bool__(self) -> bool:
        return any(self.pages)

    def __iter__(self) -> Iterator[Any]:
        return (read_record(record) for page in self.pages for record in page)

    @overload
    def __getitem__(self, place: SupportsIndex) -> Any: ...  # noqa: ANN401 - the JSON door
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: SupportsIndex | slice) -> Any:
        if isinstance(place, slice):
            return [read_record(record) for record in self.records[place]]
        return read_record(self.records[place.__index__()])


class LastPage(JsonPage):
    """What a walk sends behind its last page: nothing more will come of it.

    It is sent twice. At the first what is gathered goes to be read, beside that of other resources that end about now;
    at the second, `waits`, all of it comes out.
    """

    __slots__ = ("waits",)

    def __init__(self, *, waits: bool = True) -> None:
        super().__init__()
        self.waits = waits


def read_record(record: bytes) -> Any:  # noqa: ANN401 - the JSON door
    """One record as Python values, as dlt's client reads them (whole numbers exact, whatever their size)."""
    try:
        return json.loads(record)
    except ValueError:
        return parse(record)


def with_members(records: Sequence[bytes], added: bytes) -> Sequence[bytes]:
    """The records with further members, `"a":1,"b":2`, behind their own; what is no object stays as it is."""
    return [_with_members(record, added) for record in records] if added else records


def _with_members(record: bytes, added: bytes) -> bytes:
    body = record.strip()
    if not body.startswith(b"{"):
        return record
    inside = body[1:-1].strip()
    return b"{" + (inside + b"," if inside else b"") + added + b"}"
