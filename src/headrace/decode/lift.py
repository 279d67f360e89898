"""How fields that stay JSON text are taken out of the records before Arrow reads the rest.

Only for fields at the top of a record: one shallow decode gives each field as a slice of bytes. Deeper ones are for
the row lane.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec
import pyarrow as pa

from headrace.decode.names import normalise
from headrace.decode.nested import NotPlain
from headrace.decode.record import Unreadable, parse
from headrace.decode.row_lane import json_text
from headrace.decode.shape import Shape
from headrace.model.records import Records

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


def lift(records: Records, shape: Shape) -> tuple[Records, dict[str, pa.Array]]:
    """The records without their JSON fields, and these by key, as compact JSON texts. Raises NotPlain."""
    stays = lru_cache(4096)(lambda key: shape.depth <= 0 or normalise(key) in shape.json)
    rest: list[bytes] = []
    lifted: dict[str, list[str | None]] = {}
    for number, record in enumerate(records):
        try:
            fields = _decode(record)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise NotPlain("a record that is no plain object") from None
        wanted = [key for key, raw in fields.items() if stays(key) and memoryview(raw)[0] in b"{["]
        for key in wanted:
            lifted.setdefault(key, [None] * len(records))[number] = _compact(fields.pop(key))
        rest.append(_encode(fields) if wanted else record)
    return Records.of(rest), {key: pa.array(texts, pa.string()) for key, texts in lifted.items()}


def _compact(raw: msgspec.Raw) -> str:
    try:
        return json_text(parse(bytes(raw)))
    except Unreadable:
        raise NotPlain("a record that is not JSON") from None
