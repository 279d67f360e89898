"""How two keys of one object that lead to the same column are told apart: by where each stands in the bytes.

dlt lets the last of them stand. Arrow tells no order of keys, so the order is written into the bytes before it reads
them: `"Email": "x"` becomes `"<mark>CEmail": {"Email": "x", "<mark>P": 1234}`, 1234 being the place of the key. Of the
keys that one object has for a column, the one with the greatest place then stands. (For why the places found are
those of keys and of nothing else, see `split`; a key that is spelt otherwise stays as it is and meets the others.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from headrace.decode.split import MARK

_PLACE = f"{MARK}P"
_SCALAR = re.compile(rb'"(?:[^"\\]|\\.)*"|[^",:{}\[\]\s]+')


def tag(data: bytes, keys: Iterable[str]) -> bytes:
    """The batch with the place of every scalar under one of these keys written into it."""
    found = sorted(place for key in keys for place in _places(data, f'"{key}":'.encode()))
    if not found:
        return data
    pieces: list[bytes] = []
    done = 0
    mark, place_key = MARK.encode(), f',"{_PLACE}":'.encode()
    for start, end in found:
        value = end + 1 if data[end : end + 1] == b" " else end
        scalar = _SCALAR.match(data, value)
        if scalar is None:  # an object or a list: not a matter of one column
            continue
        key = data[start + 1 : end]
        pieces += (data[done:start], b'"', mark, b"C", key, b'{"', key, scalar[0], place_key, b"%d}" % start)
        done = scalar.end()
    pieces.append(data[done:])
    return b"".join(pieces)


def _places(data: bytes, key: bytes) -> Iterable[tuple[int, int]]:
    """Start and end of the key with its quotes and colon, wherever it stands."""
    start = data.find(key)
    while start >= 0:
        end = start + len(key)
        if data[start - 1 : start] != b"\\":
            yield start, end
        start = data.find(key, end)


@dataclass(frozen=True, slots=True)
class Settled:
    """What stands, by key as it was read, and how many values do not: each of a key that another one follows."""

    standing: list[tuple[str, pa.Array]]
    fallen: int


def settle(rivals: Sequence[pa.StructArray]) -> Settled:
    """Of what `tag` made of the rivals for one column, the value with the greatest place in each row."""
    opened = [dict(zip((f.name for f in rival.type), rival.flatten(), strict=True)) for rival in rivals]
    # A rival without a place is one that earlier batches had: its type was stated, but no record of this one has it.
    opened = [fields for fields in opened if _PLACE in fields]
    places = [fields.pop(_PLACE) for fields in opened]
    if len(opened) <= 1:
        return Settled([item for fields in opened for item in fields.items()], 0)
    last = pc.max_element_wise(*places)
    standing: list[tuple[str, pa.Array]] = []
    fallen = 0
    for fields, place in zip(opened, places, strict=True):
        stands = pc.fill_null(pc.equal(place, last), fill_value=False)
        for key, values in fields.items():
            kept = values if pa.types.is_null(values.type) else pc.if_else(stands, values, None)
            fallen += kept.null_count - values.null_count
            standing.append((key, kept))
    return Settled(standing, fallen)
