"""Whether records are told apart by a key: it must be in each of them, and no two may have the same."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace.model.naming import SEPARATOR, normalise
from headrace.model.plan import Json


def fault_of(key: Sequence[str], records: Sequence[bytes]) -> str | None:
    """What is wrong with a key, in half a sentence; None where nothing is, or where it cannot be told.

    Keys are names of columns, so those of nested fields (`a__b`) are looked for there.
    """
    seen: set[bytes] = set()
    for place, record in enumerate(records):
        held = msgspec.json.decode(record)
        if not isinstance(held, dict):
            return None
        values = [_at(held, normalise(name).split(SEPARATOR)) for name in key]
        if any(value is None for value in values):
            lost = next(name for name, value in zip(key, values, strict=True) if value is None)
            return f"record {place} of the first page has no `{lost}`"
        together = msgspec.json.encode(values)
        if together in seen:
            what = " and ".join(f"`{name}`" for name in key)
            return f"two records of the first page have the same {what}"
        seen.add(together)
    return None


def _at(record: Json, names: Sequence[str]) -> Json:
    """The value that becomes the column; the keys of objects are normalised as the columns are."""
    for place in range(len(names), 0, -1):
        joined = SEPARATOR.join(names[:place])
        for key, value in record.items() if isinstance(record, dict) else ():
            if normalise(key) == joined:
                return value if place == len(names) else _at(value, names[place:])
    return None
