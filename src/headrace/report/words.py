"""How figures are said: counts, durations, sizes, and lists in prose."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from headrace.model.event import Budget

_MINUTE_S = 60
_HOUR_S = 3600
_TENTHS_BELOW_S = 10
_KB = 1000
_URL = re.compile(r"https?://\S+")


def count(number: float) -> str:
    """A whole number with its thousands apart: 91,000."""
    return f"{round(number):,}"


def many(number: int, noun: str, plural: str = "") -> str:
    """A count with its noun: "1 page", "2,000 pages"."""
    return f"{count(number)} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """A time span that a person reads at a glance: 0.4 s, 12 s, 3 min 05 s, 2 h 10 min."""
    if seconds < _TENTHS_BELOW_S:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S:02d} s"
    return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S:02d} min"


def size(body_bytes: int) -> str:
    """A size in decimal units: 812 B, 99.7 MB."""
    amount = float(body_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < _KB:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _KB
    return f"{amount:,.1f} TB"


def listed(items: Sequence[str]) -> str:
    """Items in prose: "a", "a and b", "a, b and c"."""
    if len(items) < 2:  # noqa: PLR2004 - two is what "and" takes
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def some(items: Sequence[str], most: int) -> str:
    """Items in prose, the last of very many only counted: "a, b and 7 more"."""
    return listed(items if len(items) <= most else [*items[: most - 1], f"{len(items) - most + 1} more"])


def cause(message: str) -> str:
    """A message without the URLs in it: where these are equal, several resources failed for one cause."""
    return _URL.sub("", message)


_REASONS = {
    "429": "429 (too many requests)",
    "reset": "a connection reset",
    "connection": "a failed connection",
    "dns": "a host name not found",
    "tls": "a TLS fault",
    "not_json": "a body that is not JSON",
    "truncated": "a body cut short",
    "html": "HTML in place of JSON",
    "timeout": "a timeout",
    "selector": "a body without records at the data selector",
    "other": "another fault",
}


def reasons(counts: Mapping[str, int]) -> str:
    """Retries by reason, the most frequent first: "7 × 429 (too many requests) and 2 × a timeout"."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return listed([f"{count(number)} × {_REASONS.get(kind, kind)}" for kind, number in ordered])


def window(budget: Budget | None) -> str:
    """What is left of the API's budget, as far as its headers tell: "412 of 1,000 requests left, window 60 s"."""
    if budget is None or budget.limit is None:
        return ""
    span = f", window {budget.window_s:g} s" if budget.window_s else ""
    left = f"at most {count(budget.limit)} requests"
    if budget.remaining is not None:
        left = f"{count(budget.remaining)} of {count(budget.limit)} requests left"
    return f"{left}{span}"
