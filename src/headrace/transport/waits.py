"""How a stated wait is read: seconds, a date or an epoch time under the same header name, by magnitude.

RFC 9110 §10.2.3 has seconds and HTTP dates; servers also send epoch times and ISO 8601 dates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, TypeAlias

import msgspec

Unit: TypeAlias = Literal["delta", "date", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns"]

# From this on a number is an instant, not a wait: the number's unit, and how many of it make a second.
_EPOCHS: tuple[tuple[float, Unit, float], ...] = (
    (1e17, "epoch_ns", 1e9),
    (1e14, "epoch_us", 1e6),
    (1e11, "epoch_ms", 1e3),
    (1e9, "epoch_s", 1.0),
)
ABSURD_S = 366 * 86_400.0
"""A stated wait beyond a year is not meant."""


class Wait(msgspec.Struct, frozen=True):
    """`seconds` from now (0 where it is past), how the text was read, and the text."""

    seconds: float
    unit: Unit
    raw: str

    @property
    def absurd(self) -> bool:
        """Longer than anybody can mean."""
        return self.seconds > ABSURD_S


def read_wait(raw: str, *, now: float, milliseconds: bool = False) -> Wait | None:
    """The wait that a header states, or None if it cannot be read. `now` is the epoch time of the response."""
    text = raw.strip()
    number = _number(text)
    if number is not None:
        if milliseconds:
            return Wait(max(0.0, number / 1000), "delta", text)
        for least, unit, per_second in _EPOCHS:
            if number >= least:
                return Wait(max(0.0, number / per_second - now), unit, text)
        return Wait(max(0.0, number), "delta", text)
    instant = _instant(text)
    return None if instant is None else Wait(max(0.0, instant - now), "date", text)


def retry_after(headers: Mapping[str, str], *, now: float) -> Wait | None:
    """What `Retry-After` asks for, or None. `now` is the local time, used where the response has no date."""
    at = response_time(headers, now)
    exact = headers.get("retry-after-ms")
    wait = read_wait(exact, now=at, milliseconds=True) if exact else None
    raw = headers.get("retry-after")
    if wait is None and raw:
        # Two field lines were joined with a comma; a date has one of its own.
        wait = read_wait(raw, now=at) or read_wait(raw.partition(",")[0], now=at)
    return wait


def response_time(headers: Mapping[str, str], now: float) -> float:
    """When the response was made, by the server's own clock if it tells."""
    stated = headers.get("date")
    instant = _instant(stated) if stated else None
    return now if instant is None else instant


def _number(text: str) -> float | None:
    if not text.isascii() or "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _instant(text: str) -> float | None:
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = parse(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        try:
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    return None
