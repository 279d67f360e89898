"""The rule of a next URL in the body."""

from __future__ import annotations

from headrace.model.envelope import Absent, Facts
from headrace.model.plan import NextUrl
from headrace.model.position import Done, Position
from headrace.walk.reference import link_to, no_reference
from headrace.walk.stuck import stuck


def after_next_url(rule: NextUrl, position: Position, facts: Facts) -> Position:
    """The URL is followed as given, a relative one from the page's own; null, empty or false is the end.

    Raises:
        WalkStuck: There is a number or `true`, or a text that is no http(s) URL.
    """
    value = facts.cursor
    if isinstance(value, Absent):
        return no_reference(position, facts, rule.size, f"next URL at `{rule.path}`")
    if value is None or value is False or (isinstance(value, str) and not value.strip()):
        word = "null" if value is None else "false" if value is False else "empty"
        return Done(f"the next URL at `{rule.path}` is {word}", proven=True)
    if not isinstance(value, str):
        raise stuck(
            facts, f"has a value at `{rule.path}` that is no URL", "if it is a cursor, use a `cursor` paginator for it"
        )
    return link_to(value, facts)
