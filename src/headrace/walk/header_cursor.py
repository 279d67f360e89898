"""The rule of a cursor in a response header."""

from __future__ import annotations

from headrace.model.envelope import Facts
from headrace.model.plan import HeaderCursor
from headrace.model.position import Done, Position, Token
from headrace.walk.reference import no_reference


def after_header_cursor(rule: HeaderCursor, position: Position, facts: Facts) -> Position:
    """The header's value goes out as it came; the walk ends where the header is empty or missing."""
    value = facts.headers.get(rule.header.lower())
    if value is None:
        return no_reference(position, facts, rule.size, f"header `{rule.header}`")
    if not value.strip():
        return Done(f"the header `{rule.header}` is empty", proven=True)
    return Token(value)
