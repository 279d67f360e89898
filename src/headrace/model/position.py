"""Where a walk stands: one small, serialisable value, saved beside each page.

Paging is the pure function `walk.after(rule, position, facts) -> Position`; any walk resumes from the
position that follows its last journaled page.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from headrace.model.plan import Json


class Start(msgspec.Struct, frozen=True, tag="start"):
    """Nothing asked yet: the first request goes out as the plan states it."""


class Token(msgspec.Struct, frozen=True, tag="token"):
    """An opaque cursor, sent as it came (never trimmed or decoded)."""

    value: str | int | float


class AtOffset(msgspec.Struct, frozen=True, tag="offset"):
    """The offset of the page to ask for, in records."""

    offset: int


class AtPage(msgspec.Struct, frozen=True, tag="page"):
    """The number of the page to ask for."""

    page: int


class NextLink(msgspec.Struct, frozen=True, tag="link"):
    """The absolute URL of the page to ask for."""

    url: str


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The walk is over. `proven`: the rule's own end was seen, so nothing is missing after it.

    `stopped` is "end" (the rule's own end), "early" (an end that is no proof) or "limit" (a configured maximum).
    """

    why: str
    proven: bool
    stopped: Literal["end", "early", "limit"] = "end"


Position: TypeAlias = Start | Token | AtOffset | AtPage | NextLink | Done


class Seen(msgspec.Struct, frozen=True):
    """What one run leaves to the next of an increment: the furthest value at `cursor_path`, and who had it.

    `digests` are dlt's, of the records with that value. It is kept by walk, so every row of a parent has its own.
    """

    cursor_path: str
    last_value: Json = None
    digests: tuple[str, ...] = ()
    initial_value: Json = None
    latest: Literal["max", "min"] = "max"


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Position] = msgspec.json.Decoder(Position)


def dump(position: Position) -> bytes:
    """The position as compact JSON; equal positions give equal bytes."""
    return _encoder.encode(position)


def load(data: bytes) -> Position:
    """The position that `dump` wrote. Raises msgspec.ValidationError on anything else."""
    return _decoder.decode(data)
