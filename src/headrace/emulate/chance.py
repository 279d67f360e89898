"""Chance that can be asked in any order: record N of an object comes out the same whatever was asked before."""

from __future__ import annotations

import struct
from datetime import date, timedelta
from functools import lru_cache
from hashlib import blake2b, shake_128

DAY_MS = 86_400_000
MINUTE_MS = 60_000
DAY_MINUTES = 1440

_EPOCH = date(1970, 1, 1)
_DICE = struct.Struct("<12I")
_MINUTES = [f"T{hour:02d}:{minute:02d}:" for hour in range(24) for minute in range(60)]
_SECONDS = [f"{second:02d}." for second in range(60)]
_MILLIS = [f"{milli:03d}Z" for milli in range(1000)]

Dice = tuple[int, ...]
"""Twelve numbers below 2**32."""


def roll(seed: int, kind: str, index: int) -> tuple[str, Dice]:
    """A UUID and twelve dice for one record."""
    digest = blake2b(b"%d/%b/%d" % (seed, kind.encode(), index), digest_size=64).digest()
    return _uuid(digest[:16].hex()), _DICE.unpack_from(digest, 16)


def stream(seed: int, kind: str, index: int, size: int) -> bytes:
    """`size` random bytes for one record, where twelve dice are too few."""
    return shake_128(b"%d/%b/%d" % (seed, kind.encode(), index)).digest(size)


def _uuid(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


@lru_cache(maxsize=8192)
def _day(days: int) -> str:
    return (_EPOCH + timedelta(days)).isoformat()


def iso(ms: int) -> str:
    """`YYYY-MM-DDTHH:MM:SS.mmmZ` of milliseconds since 1970, UTC."""
    minutes, rest = divmod(ms, MINUTE_MS)
    return (
        f"{_day(minutes // DAY_MINUTES)}{_MINUTES[minutes % DAY_MINUTES]}{_SECONDS[rest // 1000]}{_MILLIS[rest % 1000]}"
    )


def day(ms: int) -> str:
    """`YYYY-MM-DD` of milliseconds since 1970, UTC."""
    return _day(ms // DAY_MS)
