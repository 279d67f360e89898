"""JSON with comments and trailing commas, as JSON: both blanked, so that every value keeps its line."""

from __future__ import annotations

import re

_STRING = r'"(?:[^"\\\n]|\\.)*"'
_COMMENT = re.compile(rf"{_STRING}|(?P<taken>//[^\n]*|\#[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?)")
_COMMA = re.compile(rf"{_STRING}|(?P<taken>,)(?=\s*[}}\]])")


def strict(text: str) -> tuple[str, tuple[str, ...], int]:
    """The text as JSON, what was taken out of it, and the line of the first such thing."""
    text, comment = _without(_COMMENT, text)
    text, comma = _without(_COMMA, text)
    taken = {what: line for what, line in (("comments", comment), ("trailing commas", comma)) if line}
    return text, tuple(taken), min(taken.values(), default=0)


def _without(pattern: re.Pattern[str], text: str) -> tuple[str, int]:
    """The text with spaces for what the pattern takes out of it, and the line of the first of it (0: there is none)."""
    first = next((found.start() for found in pattern.finditer(text) if found["taken"] is not None), None)
    if first is None:
        return text, 0
    return pattern.sub(_blank, text), text.count("\n", 0, first) + 1


def _blank(found: re.Match[str]) -> str:
    return found[0] if found["taken"] is None else re.sub(r"[^\n]", " ", found[0])
