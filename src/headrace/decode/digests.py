"""The ids that dlt makes of what is in a row: of its key, of a whole record, and of the place below a parent.

They are dlt's own, to the letter, so that either goes on where the other stopped. Only what is merged by them pays for
a look at every row.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from collections.abc import Iterable, Sequence

import pyarrow as pa

from headrace.decode.observed import ObservedTable
from headrace.decode.record import Unreadable, parse
from headrace.decode.row_lane import json_text
from headrace.decode.rows import RecordPage

_DIGEST_BYTES = 10
_DIGITS = 14
"""Of base 64, less the filling."""
_OURS = "_dlt"


def of_keys(table: ObservedTable, key: Iterable[str]) -> pa.Array:
    """An id for each row, of its values under these columns as the record has them."""
    names = sorted(key)
    columns = [_values(table, name) for name in names]
    rows = zip(*columns, strict=True)
    return pa.array([_digest(json_text(dict(zip(names, row, strict=True))).encode()) for row in rows], pa.string())


def of_records(pages: Sequence[RecordPage]) -> pa.Array:
    """An id for each record, of all that it holds, whatever the order of its keys."""
    return pa.array([_of_record(record) for page in pages for record in page.records], pa.string())


def of_children(parent_ids: pa.Array, table: str, list_index: pa.Array) -> pa.Array:
    """The ids of children, one for each of `parent_ids` (already taken to the children's rows)."""
    places = zip(parent_ids.to_pylist(), list_index.to_pylist(), strict=True)
    return pa.array([_digest(f"{parent}_{table}_{place}".encode()) for parent, place in places], pa.string())


def _of_record(body: bytes) -> str:
    try:
        record = parse(body)
    except Unreadable:
        return ""  # it makes no row
    fields = record if isinstance(record, dict) else {"value": record}
    told = {name: value for name, value in fields.items() if not name.startswith(_OURS)}
    return _digest(json_text(told, order="sorted").encode())


def _digest(content: bytes) -> str:
    return b2a_base64(hashlib.shake_128(content).digest(_DIGEST_BYTES), newline=False)[:_DIGITS].decode()


def _values(table: ObservedTable, name: str) -> list[object]:
    """The values of a column, of whatever kind they are."""
    column = table.columns.get(name)
    found: list[object] = [None] * table.rows
    for part in column.parts.values() if column else ():
        found = [mine if mine is not None else other for mine, other in zip(part.to_pylist(), found, strict=True)]
    return found
