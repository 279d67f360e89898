"""The rule of a page number."""

from __future__ import annotations

from headrace.model.envelope import Facts
from headrace.model.plan import PageNumber
from headrace.model.position import AtPage, Position
from headrace.walk.count import end_of_count


def after_page_number(rule: PageNumber, position: Position, facts: Facts) -> Position:
    """The next page, or the end (`end_of_count`; the total counts pages, from the rule's base)."""
    following = page_of(rule, position) + 1
    return end_of_count(rule, following, facts, rule.size) or AtPage(following)


def page_of(rule: PageNumber, position: Position) -> int:
    """The number of the page that is asked for at `position`."""
    return position.page if isinstance(position, AtPage) else rule.start
