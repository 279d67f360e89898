"""Which values a column of one type takes from another: dlt's coercion table, a whole array at a time.

Common pairs are one Arrow call. The rest is looked up value by value, but each distinct value once.
A cast gives the values that fit and, if any did not, a mask of those: they go to the variant column.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from headrace.decode import moments
from headrace.decode.observed import Kind, ObservedColumn
from headrace.decode.record import Unreadable, parse
from headrace.decode.row_lane import json_text
from headrace.model.table import DataType

Cast: TypeAlias = tuple[pa.Array, pa.Array | None]
"""Values of the wanted type, null where there was none or it does not fit; and a mask of those that do not fit."""

TIMESTAMP = pa.timestamp("us", tz="UTC")
ARROW_OF_TYPE: dict[DataType, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": TIMESTAMP,
    "date": pa.date32(),
    "time": pa.time64("us"),
    "decimal": pa.decimal128(38, 9),
    "wei": pa.decimal128(38, 0),
    "binary": pa.binary(),
    "json": pa.string(),
}
_ITSELF: dict[Kind, DataType] = {
    "text": "text", "bigint": "bigint", "double": "double", "bool": "bool", "json": "json", "huge": "bigint"
}  # fmt: skip


def type_of(kind: Kind) -> DataType:
    """The type that dlt gives to a value of this kind (a text that is a moment aside)."""
    return _ITSELF[kind]


def cast(column: ObservedColumn, kind: Kind, to: DataType) -> Cast:
    """The part of this kind as values of type `to`; remembered on the column."""
    known = column.casts.get((kind, to))
    if known is None:
        known = column.casts[(kind, to)] = cast_values(column.parts[kind], kind, to)
    return known


def cast_values(values: pa.Array, kind: Kind, to: DataType) -> Cast:
    """An array of one kind as values of type `to`."""
    if kind == to or (kind == "huge" and to == "text") or (kind == "json" and to == "text"):
        return values, None
    whole = _WHOLE.get((to, kind))
    if whole is not None:
        return whole(values)
    single = _SINGLE.get((to, kind))
    if single is None:
        return pa.nulls(len(values), ARROW_OF_TYPE[to]), pc.is_valid(values)
    return _by_distinct(values, single, ARROW_OF_TYPE[to])


def _by_distinct(values: pa.Array, convert: Callable[[Any], Any], to: pa.DataType) -> Cast:
    encoded = values.dictionary_encode()
    fits: list[Any] = []
    wrong: list[bool] = []
    for value in encoded.dictionary.to_pylist():
        try:
            fits.append(convert(value))
            wrong.append(False)
        except (ValueError, OverflowError, InvalidOperation):
            fits.append(None)
            wrong.append(True)
    out = pa.array(fits, to).take(encoded.indices)
    if not any(wrong):
        return out, None
    return out, pc.fill_null(pa.array(wrong, pa.bool_()).take(encoded.indices), fill_value=False)


# --- whole arrays -----------------------------------------------------------------------------


def _texts_to_timestamps(texts: pa.Array) -> Cast:
    """Arrow reads a part of the texts that dlt takes, to the same moments; if it balks, each distinct text is read."""
    for attempt in (_with_offset, _without_offset):
        try:
            out = attempt(texts)
        except pa.ArrowInvalid:
            continue
        least = pc.min(out).cast(pa.int64()).as_py()
        if least is None or least >= _YEAR_1:
            return out, None
    return _by_distinct(texts, moments.timestamp, TIMESTAMP)


_YEAR_1 = -62_135_596_800_000_000
_LONG_FRACTION = r"(\.[0-9]{6})[0-9]+"


def _with_offset(texts: pa.Array) -> pa.Array:
    try:
        return texts.cast(TIMESTAMP)
    except pa.ArrowInvalid:
        return pc.replace_substring_regex(texts, _LONG_FRACTION, r"\1").cast(TIMESTAMP)


def _without_offset(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, _LONG_FRACTION, r"\1").cast(pa.timestamp("us")).cast(TIMESTAMP)


def _whole_doubles(values: pa.Array) -> Cast:
    fits = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), float(2**63)))
    wrong = pc.fill_null(pc.invert(fits), fill_value=False)
    return pc.if_else(fits, values, None).cast(pa.int64()), wrong if pc.any(wrong).as_py() else None


_WHOLE: dict[tuple[DataType, Kind], Callable[[pa.Array], Cast]] = {
    ("timestamp", "text"): _texts_to_timestamps,
    ("bigint", "double"): _whole_doubles,
    ("double", "bigint"): lambda values: (values.cast(pa.float64(), safe=False), None),
    ("text", "bigint"): lambda values: (values.cast(pa.string()), None),
    ("bool", "bigint"): lambda values: (pc.not_equal(values, 0), None),
    ("bool", "double"): lambda values: (pc.not_equal(values, 0.0), None),
}


# --- single values ----------------------------------------------------------------------------


def _integer(text: str) -> int:
    bare = text.strip()
    number = int(bare, 16) if bare.startswith("0x") else int(bare)
    if not -(2**63) <= number < 2**63:
        raise ValueError(text)
    return number


def _double(text: str) -> float:
    bare = text.strip()
    return float(int(bare, 16)) if bare.startswith("0x") else float(bare)


def _truth(text: str) -> bool:
    match text.lower():
        case "yes" | "true" | "t" | "y" | "1":
            return True
        case "no" | "false" | "f" | "n" | "0":
            return False
        case _:
            raise ValueError(text)


def _decimal_text(text: str) -> Decimal:
    bare = text.strip()
    return Decimal(int(bare, 16)) if bare.startswith("0x") else Decimal(bare)


def _fitted(scale: int) -> Callable[[Any], Decimal]:
    """Into a decimal of 38 digits, `scale` of them after the point. More digits after it are rounded half up."""
    step = Decimal(1).scaleb(-scale)

    def fit(value: Any) -> Decimal:  # noqa: ANN401 - text, int or float
        number = _decimal_text(value) if isinstance(value, str) else Decimal(str(value))
        if not number.is_finite():
            raise ValueError(value)
        fitted = number.quantize(step, context=_DIGITS)
        if len(fitted.as_tuple().digits) > _PRECISION:
            raise ValueError(value)
        return fitted

    return fit


def _bytes(text: str) -> bytes:
    if text.startswith("0x"):
        return bytes.fromhex(text[2:])
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error


def _json(text: str) -> str | None:
    try:
        value = parse(text.encode())
    except Unreadable as error:
        raise ValueError(text) from error
    return None if value is None else json_text(value)


def _to_bytes(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "little")


_PRECISION = 38
_DIGITS = Context(prec=100, rounding=ROUND_HALF_UP, traps=[InvalidOperation])

_SINGLE: dict[tuple[DataType, Kind], Callable[[Any], Any]] = {
    ("text", "double"): repr,
    ("text", "bool"): str,
    ("bigint", "text"): _integer,
    ("double", "text"): _double,
    ("double", "huge"): lambda digits: float(int(digits)),
    ("bool", "text"): _truth,
    ("timestamp", "text"): moments.timestamp,
    ("timestamp", "bigint"): moments.seconds,
    ("timestamp", "double"): moments.seconds,
    ("date", "text"): moments.day,
    ("date", "bigint"): lambda value: moments.seconds(value).date(),
    ("date", "double"): lambda value: moments.seconds(value).date(),
    ("time", "text"): moments.clock,
    ("decimal", "text"): _fitted(9),
    ("decimal", "bigint"): _fitted(9),
    ("decimal", "double"): _fitted(9),
    ("decimal", "huge"): _fitted(9),
    ("wei", "text"): _fitted(0),
    ("wei", "bigint"): _fitted(0),
    ("wei", "double"): _fitted(0),
    ("wei", "huge"): _fitted(0),
    ("binary", "text"): _bytes,
    ("binary", "bigint"): _to_bytes,
    ("json", "text"): _json,
}
