"""Which values of an array no longer say what they said, once they are of their column's type."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headrace.decode.coerce import TIMESTAMP
from headrace.decode.losses import Loss
from headrace.decode.observed import Kind
from headrace.model.table import DataType

_EXACT = 2.0**53
_BEYOND = 2.0**63


def losing(original: pa.Array, kind: Kind, values: pa.Array, data_type: DataType) -> tuple[Loss, pa.Array] | None:
    """How values of one kind lose something in a column of `data_type`, and a mask of those that do; None if none."""
    match data_type, kind:
        case "bool", "bigint" | "double":
            loss, mask = Loss.TRUTH, pc.and_(pc.not_equal(original, 0), pc.not_equal(original, 1))
        case "double", "bigint":
            loss, mask = Loss.DIGITS, _rounded_integers(original, values)
        case "double", "huge":
            loss, mask = Loss.DIGITS, _differing(original, values)
        case "decimal" | "wei", "text" | "double":
            loss, mask = Loss.PLACES, _differing(original, values)
        case "timestamp", "text":
            if _reads_as_it_is(original):
                return None
            loss, mask = Loss.MOMENT, pc.match_substring_regex(original, "[.,|][0-9]{6}[0-9]*[1-9]")
        case _:
            return None
    mask = pc.fill_null(pc.and_(mask, pc.is_valid(values)), fill_value=False)
    return (loss, mask) if pc.any(mask).as_py() else None


def _reads_as_it_is(texts: pa.Array) -> bool:
    """Whether Arrow reads all the texts, which it does only with six digits after the second at most; quick to tell."""
    try:
        texts.cast(TIMESTAMP)
    except pa.ArrowInvalid:
        return False
    return True


def _rounded_integers(integers: pa.Array, doubles: pa.Array) -> pa.Array:
    large = pc.greater_equal(pc.abs(doubles), _EXACT)
    if not pc.any(large).as_py():
        return large
    # 2^63 itself is no 64-bit integer, so what became it was rounded; -2^63 is one.
    fits = pc.and_(pc.less(doubles, _BEYOND), pc.greater_equal(doubles, -_BEYOND))
    back = pc.if_else(fits, doubles, None).cast(pa.int64())
    return pc.and_(large, pc.invert(pc.fill_null(pc.equal(back, integers), fill_value=False)))


def _differing(originals: pa.Array, values: pa.Array) -> pa.Array:
    """Which values are no longer the number that they were; each distinct one is looked at once."""
    pairs = zip(originals.to_pylist(), values.to_pylist(), strict=True)
    return pa.array(list(_each(pairs)), pa.bool_())


def _each(pairs: Iterable[tuple[Any, Any]]) -> Iterable[bool]:
    known: dict[tuple[Any, Any], bool] = {}
    for pair in pairs:
        if pair not in known:
            known[pair] = None not in pair and not _same(*pair)
        yield known[pair]


def _same(original: Any, kept: Any) -> bool:  # noqa: ANN401 - a text or a float; a Decimal or a float
    try:
        return Decimal(str(original).strip()) == Decimal(kept)
    except InvalidOperation:  # a hexadecimal integer is never rounded
        return True
