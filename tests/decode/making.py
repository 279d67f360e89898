"""Short ways to make resources and pages, and to take them through all of decode."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace.decode import arrow_lane
from headrace.decode.arrow_lane import Read
from headrace.decode.columns import Decoded, cast
from headrace.decode.infer import fold
from headrace.decode.memory import EMPTY_MEMORY
from headrace.decode.nested import NotPlain
from headrace.decode.observe import Reader
from headrace.decode.rows import RecordPage
from headrace.decode.shape import shape_of
from headrace.model.plan import ColumnHint, Request, Resource
from headrace.model.records import Records
from headrace.model.table import Reject, Schema

Row = dict[str, Any]


class SlowReader(Reader):
    """A reader that takes every batch through the row lane."""

    def _fast(self, records: Sequence[bytes]) -> Read | None:
        del records
        return None


def resource(**changes: Any) -> Resource:
    given: dict[str, Any] = {"name": "things", "table": "things", "request": Request(path="things")}
    return Resource(**(given | changes))


def hints(**types: str) -> tuple[ColumnHint, ...]:
    return tuple(ColumnHint(name, data_type) for name, data_type in types.items())


def body(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def page(number: int, *records: Any) -> RecordPage:
    return RecordPage(number, f"page{number:06}", [body(record) for record in records])


@dataclass
class Result:
    """All that came out of some batches."""

    schema: Schema
    rows: dict[str, list[Row]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    decoded: list[Decoded] = field(default_factory=list)

    def columns(self, table: str = "things") -> list[str]:
        return [column.name for column in self.schema.tables[table].columns if not column.name.startswith("_dlt")]

    def types(self, table: str = "things") -> list[tuple[str, str]]:
        """The columns of the data in order, with their types."""
        columns = self.schema.tables[table].columns
        return [(one.name, one.data_type) for one in columns if not one.name.startswith("_dlt")]

    def data(self, table: str = "things") -> list[Row]:
        """The rows without nulls and without columns of our own."""
        return [
            {name: value for name, value in row.items() if value is not None and not name.startswith("_dlt")}
            for row in self.rows.get(table, [])
        ]

    def type(self, column: str, table: str = "things") -> str:
        return {one.name: one.data_type for one in self.schema.tables[table].columns}[column]

    def values(self, column: str, table: str = "things") -> list[Any]:
        return [row.get(column) for row in self.rows.get(table, [])]


def decode(
    *batches: Sequence[Any], of: Resource | None = None, reader: Reader | None = None, schema: Schema | None = None
) -> Result:
    """Each batch is one page of records."""
    of = of or resource()
    pages = [[page(number, *records)] for number, records in enumerate(batches)]
    return decode_pages(pages, of, reader or Reader(of), schema)


def decode_pages(
    batches: Sequence[Sequence[RecordPage]], of: Resource, reader: Reader, schema: Schema | None = None
) -> Result:
    result = Result(schema or Schema({}))
    for pages in batches:
        observation = reader.observe(pages)
        folded = fold(result.schema, observation, of)
        decoded = cast(observation, folded)
        result.schema = folded.schema
        result.decoded.append(decoded)
        result.rejects += decoded.rejects
        for sentence, count in decoded.counts.items():
            result.counts[sentence] = result.counts.get(sentence, 0) + count
        for batch in decoded.batches:
            batch.rows.validate(full=True)
            result.rows.setdefault(batch.schema.name, []).extend(batch.rows.to_pylist())
    return result


def goes_fast(*records: Any, of: Resource | None = None) -> bool:
    """Whether Arrow's reader alone takes the records, with nothing remembered."""
    try:
        arrow_lane.read(Records.of(body(record) for record in records), shape_of(of or resource()), EMPTY_MEMORY)
    except NotPlain:
        return False
    return True
