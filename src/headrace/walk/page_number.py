"""The rule of a page number."""

from __future__ import annotations

from headrace.model.envelope import Facts
from headrace.model.plan import PageNumber
from headrace.model.position import AtPage, Position
from headrace.walk.count import end_of_count


def after_page_number(rule: PageNumber, position: Position, facts: Facts) -> Position:
    """The next page, or the end (`end_of_count`; the total counts pages, from the rule's base)."""
    at = position.page if isinstance(position, AtPage) else rule.start
    return end_of_count(rule, at + 1, facts, rule.size) or AtPage(at + 1)
