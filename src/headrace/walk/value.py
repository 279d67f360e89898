"""What the values of a page mean for its walk: is there more, is it full, how many are there in all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from headrace.model.envelope import Absent, Facts, Scalar
from headrace.walk.stuck import stuck

_YES: Final = frozenset(("yes", "true", "t", "y", "1"))
_NO: Final = frozenset(("no", "false", "f", "n", "0"))


def full(facts: Facts, size: int | None) -> bool:
    """Whether the page has all the records that it could; of unknown size, any record makes it full."""
    return facts.records >= size if size else facts.records > 0


def all_alike(records: Sequence[bytes]) -> bool:
    """Whether there are several, and all are equal."""
    return len(records) > 1 and all(record == records[0] for record in records)


def more(facts: Facts, path: str | None) -> bool | None:
    """What the body says at `has_more_path`: dlt's words for yes and no, and 1 and 0. None: nothing said.

    Raises:
        WalkStuck: It says something else.
    """
    value = facts.has_more
    if path is None or value is None or value == "" or isinstance(value, Absent):
        return None
    word = str(value).strip().lower()
    if word in _YES | _NO:
        return word in _YES
    raise stuck(facts, f"has {shown(value)} at `{path}`, neither true nor false", "correct `has_more_path`")


def count(value: Scalar | Absent) -> int | None:
    """A total as an integer; text and whole fractions count. None for nothing, for -1 ("unknown") and for no number."""
    match value:
        case bool() | None | Absent():
            return None
        case int():
            number = value
        case float():
            number = int(value) if value.is_integer() else -1
        case str():
            digits = value.strip()
            number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else -1  # noqa: PLR2004 - of a 64-bit count
    return number if number >= 0 else None


def shown(value: Scalar) -> str:
    """A value of the API's for an error, not whole if it is long."""
    words = repr(value)
    return words if len(words) <= 40 else words[:39] + "…"  # noqa: PLR2004 - a width to read
