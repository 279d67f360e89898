"""The rule of a cursor in the body: dlt's order of stopping, with an end that is told from a lost cursor."""

from __future__ import annotations

from headrace.model.envelope import Absent, Facts
from headrace.model.plan import Cursor
from headrace.model.position import Done, Position, Token
from headrace.walk.reference import link_to, no_reference
from headrace.walk.stuck import empty_page, stuck
from headrace.walk.value import more


def after_cursor(rule: Cursor, position: Position, facts: Facts) -> Position:
    """The next cursor goes out as it came; otherwise the walk ends.

    It ends, in this order: on an empty page if the rule says so; where has-more is false; on a cursor that is null,
    "", false or, as in dlt, 0; where there is none. 0 proves no more than an absent cursor: it may be some other
    number of the body. Has-more true without a cursor is no proof either. An empty page with a cursor goes on.

    Raises:
        WalkStuck: The cursor is `true`.
    """
    has_more = more(facts, rule.has_more_path)
    if rule.stop_after_empty_page and facts.records == 0:
        return empty_page(facts, f"`{rule.has_more_path}` is true" if has_more is True else "")
    if has_more is False:
        return Done(f"`{rule.has_more_path}` is false", proven=True)
    value = facts.cursor
    if value is True:
        raise stuck(
            facts, f"has true at `{rule.path}`, which is no cursor", "state that path as `has_more_path` instead"
        )
    if isinstance(value, Absent) or not value:
        return _end(rule, position, facts, has_more=has_more is True)
    if rule.follow_urls and isinstance(value, str) and value.lower().startswith(("http://", "https://")):
        return link_to(value, facts)
    return Token(value)


def _end(rule: Cursor, position: Position, facts: Facts, *, has_more: bool) -> Done:
    value = facts.cursor
    if has_more:
        return Done(
            f"page {facts.page} says at `{rule.has_more_path}` that there is more, but has no cursor at `{rule.path}`: "
            "correct `cursor_path`",
            proven=False,
            stopped="early",
        )
    if isinstance(value, Absent):
        return no_reference(position, facts, rule.size, f"cursor at `{rule.path}`")
    match value:
        case None:
            return Done(f"the cursor at `{rule.path}` is null", proven=True)
        case False:
            return Done(f"the cursor at `{rule.path}` is false", proven=True)
        case "":
            return Done(f"the cursor at `{rule.path}` is empty", proven=True)
        case _:
            return no_reference(position, facts, rule.size, f"cursor but 0 at `{rule.path}`")
