"""What one batch of records holds, before any type is decided: tables, rows, and for each column its parts by kind.

Both lanes end here, so nothing after this file knows which lane a batch took.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from headrace.decode.losses import Losses
from headrace.decode.rows import RecordPage
from headrace.decode.rules import AS_DLT, DecodeRules
from headrace.model.plan import Resource

Kind: TypeAlias = Literal["text", "bigint", "double", "bool", "json", "huge"]
"""What a JSON value is: dlt's type of the Python value, and `huge` for integers beyond 64 bits (kept as text)."""

ARROW_OF_KIND: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "json": pa.string(),
    "huge": pa.string(),
}
Indices: TypeAlias = pa.Array
"""Row numbers, int64, without nulls."""


class ObservedColumn:
    """The values of one column, apart by kind: every part is as long as the table, null where the value is of another.

    `casts` is a cache of what `coerce` made of a part; it may be filled by any thread, always with equal values.
    """

    __slots__ = ("casts", "parts")

    def __init__(self, parts: dict[Kind, pa.Array]) -> None:
        self.parts = parts
        self.casts: dict[tuple[Kind, str], tuple[pa.Array, pa.Array | None]] = {}

    def first(self) -> tuple[int, Kind] | None:
        """Row and kind of the first value that can decide a type, which `huge` ones cannot; None if there is none."""
        return min(((first_valid(part), kind) for kind, part in self.parts.items() if kind != "huge"), default=None)


@dataclass(frozen=True, slots=True)
class ObservedTable:
    """The rows of one table. `parent` is the place of the parent table in the observation, None for the root.

    `parent_rows` are rows of the parent, `root_rows` rows of the root (ascending), `list_index` places in the list.
    """

    name: str
    parent: int | None
    rows: int
    parent_rows: Indices
    list_index: Indices
    root_rows: Indices
    columns: dict[str, ObservedColumn]


@dataclass(frozen=True, slots=True)
class Invalid:
    """A record that is no row: its place among the batch's records, and why, in one sentence."""

    record: int
    reason: str


@dataclass(frozen=True, slots=True)
class Observation:
    """A batch as it was read: the root table first, every parent before its children.

    `record_of_row` gives, for each root row, the place of its record in the batch; None where they are the same.
    `losses` counts what changed while the records were read.
    """

    resource: Resource
    pages: Sequence[RecordPage]
    tables: tuple[ObservedTable, ...]
    invalid: tuple[Invalid, ...] = ()
    record_of_row: Indices | None = None
    losses: Losses = field(default_factory=dict)
    rules: DecodeRules = AS_DLT

    @property
    def records(self) -> int:
        """How many records came in."""
        return sum(len(page.records) for page in self.pages)

    def record(self, root_row: int) -> int:
        """The place in the batch of the record that became this root row."""
        return root_row if self.record_of_row is None else int(self.record_of_row[root_row].as_py())

    def body(self, record: int) -> bytes:
        """The bytes of the record at this place in the batch."""
        page, number = self.locate(record)
        return page.records[number]

    def locate(self, record: int) -> tuple[RecordPage, int]:
        """The page of the record at this place in the batch, and its number in that page."""
        for page in self.pages:
            if record < len(page.records):
                return page, record
            record -= len(page.records)
        raise IndexError(record)


def count_up(length: int) -> Indices:
    """0, 1, … length - 1."""
    ones = pa.repeat(pa.scalar(1, pa.int64()), length)
    return pc.subtract(pc.cumulative_sum(ones), 1)


def first_valid(values: pa.Array) -> int:
    """The first row that is not null, the length of the array if all are."""
    if values.null_count == 0:
        return 0
    found: int = pc.index(pc.is_valid(values), value=True).as_py()
    return len(values) if found < 0 else found
