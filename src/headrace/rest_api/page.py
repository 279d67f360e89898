"""A page as it goes through dlt's pipes: a list of records to whoever looks inside, bytes to whoever does not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, SupportsIndex, overload

from headrace.decode.record import parse


class JsonPage(list[Any]):
    """The records of one page. As a list it parses them when they are asked for, and keeps nothing.

    It is a list so that dlt's own steps (limits, metrics, flattening) take it for what it is. Code that reads lists
    from C would see none in it: whatever is not ours is given `rows()` instead.
    """

    __slots__ = ("number", "records")

    def __init__(self, records: Sequence[bytes], number: int = 0) -> None:
        super().__init__()
        self.records = records
        self.number = number

    def rows(self) -> list[Any]:
        """The records, parsed: a plain list."""
        return [read_record(record) for record in self.records]

    def __len__(self) -> int:
        return len(self.records)

    def __bool__(self) -> bool:
        return bool(self.records)

    def __iter__(self) -> Iterator[Any]:
        return map(read_record, self.records)

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
        super().__init__(())
        self.waits = waits


def read_record(record: bytes) -> Any:  # noqa: ANN401 - the JSON door
    """One record as Python values, as dlt's client reads them (whole numbers exact, whatever their size)."""
    try:
        return json.loads(record)
    except ValueError:
        return parse(record)


def with_members(records: Sequence[bytes], added: bytes) -> list[bytes]:
    """The records with further members, `"a":1,"b":2`, behind their own; what is no object stays as it is."""
    return [_with_members(record, added) for record in records] if added else list(records)


def _with_members(record: bytes, added: bytes) -> bytes:
    body = record.strip()
    if not body.startswith(b"{"):
        return record
    inside = body[1:-1].strip()
    return b"{" + (inside + b"," if inside else b"") + added + b"}"
