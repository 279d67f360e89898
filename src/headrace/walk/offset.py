"""The rule of an offset in records, and how far it may advance without passing over any."""

from __future__ import annotations

from headrace.model.envelope import Facts
from headrace.model.plan import Offset
from headrace.model.position import AtOffset, Position
from headrace.walk.count import end_of_count


def after_offset(rule: Offset, position: Position, facts: Facts) -> Position:
    """The next offset, or the end (`end_of_count`)."""
    at = offset_of(rule, position)
    following = at + advance(rule, at, facts)
    return end_of_count(rule, following, facts, rule.size) or AtOffset(following)


def offset_of(rule: Offset, position: Position) -> int:
    """The offset that is asked for at `position`."""
    return position.offset if isinstance(position, AtOffset) else rule.start


def advance(rule: Offset, at: int, facts: Facts) -> int:
    """By the size asked for, as dlt does; by what came, where the API caps its pages below that size.

    A cap shows in a first page that is short: dlt then passes over what lies between. A later page that is short
    after full ones is either the last, or one that the API filtered after paging: there the size is right.
    """
    size = max(rule.size, 1)
    if not 0 < facts.records < size:
        return size
    all_full = facts.page > 0 and at - rule.start >= facts.page * size
    return size if all_full else facts.records
