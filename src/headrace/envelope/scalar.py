"""What a single value of a body means to a paging rule: a cursor, a total or a flag, with all its digits."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from headrace.envelope.find import kind
from headrace.errors import WalkStuck
from headrace.model.envelope import Scalar

_LONGEST_NUMBER: Final = 400  # digits; more is no cursor but an attack


def scalar(raw: msgspec.Raw, path: str, role: str) -> Scalar:
    """The value, an integer of any size as int. A fraction that a double cannot hold exactly stays text.

    Raises:
        WalkStuck: It is an object or a list, or a number too long to be one.
    """
    found = kind(raw)
    if found in {"object", "list"}:
        raise WalkStuck(f"The {role} at `{path}` of the body is {_a(found)}, not a single value; state a longer path.")
    text = bytes(raw)
    if text[:1] not in b"-0123456789":
        value: Scalar = msgspec.json.decode(text)
        return value
    if len(text) > _LONGEST_NUMBER:
        raise WalkStuck(f"The {role} at `{path}` of the body is a number of {len(text)} digits; check the path.")
    return _number(text.decode())


def _number(text: str) -> int | float | str:
    digits = text.removeprefix("-")
    if digits.isdigit():
        return int(text)
    value = float(text)
    exact = value not in {float("inf"), float("-inf")} and Decimal(text) == Decimal(repr(value))
    return value if exact else text


def _a(found: str) -> str:
    return f"an {found}" if found[0] in "aeiou" else f"a {found}"
