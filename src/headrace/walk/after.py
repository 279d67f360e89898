"""Which page comes next: the one function that knows every paging rule, and what each wants to know of a body."""

from __future__ import annotations

from typing import assert_never

from headrace.model.envelope import Ask, Facts
from headrace.model.plan import (
    AutoPaging,
    Cursor,
    HeaderCursor,
    LinkHeader,
    NextUrl,
    Offset,
    PageNumber,
    Paging,
    Resource,
    SinglePage,
)
from headrace.model.position import Done, Position
from headrace.walk.cursor import after_cursor
from headrace.walk.header_cursor import after_header_cursor
from headrace.walk.link_header import after_link_header
from headrace.walk.next_url import after_next_url
from headrace.walk.offset import after_offset
from headrace.walk.page_number import after_page_number
from headrace.walk.single import after_single
from headrace.walk.stuck import check_loop


def ask(resource: Resource) -> Ask:
    """What the envelope shall look for in the bodies of this walk."""
    match resource.paging:
        case Cursor() as rule:
            return Ask(resource.selector, cursor=rule.path, has_more=rule.has_more_path)
        case NextUrl() as rule:
            return Ask(resource.selector, cursor=rule.path)
        case Offset() | PageNumber() as rule:
            return Ask(resource.selector, total=rule.total_path, has_more=rule.has_more_path)
        case AutoPaging() | SinglePage() | HeaderCursor() | LinkHeader():
            return Ask(resource.selector)
        case unknown:
            assert_never(unknown)


def after(paging: Paging, position: Position, facts: Facts) -> Position:  # noqa: PLR0911 - one for each rule
    """The position of the page that follows the one at `position`, or `Done` with the reason. Pure.

    `AutoPaging` here means that detection found a continuation but not how to ask for it (or was never tried): the
    walk ends after this page, and the end proves nothing.

    Raises:
        WalkStuck: The walk runs in a circle, or the page lacks what the rule needs; it names the page and the mend.
    """
    if isinstance(position, Done):
        return position
    check_loop(facts)
    match paging:
        case AutoPaging():
            return Done(
                "how this API pages is not stated and could not be found out from its first page: state a paginator",
                proven=False,
                stopped="early",
            )
        case SinglePage():
            return after_single()
        case Cursor():
            return after_cursor(paging, position, facts)
        case HeaderCursor():
            return after_header_cursor(paging, position, facts)
        case NextUrl():
            return after_next_url(paging, position, facts)
        case LinkHeader():
            return after_link_header(paging, facts)
        case Offset():
            return after_offset(paging, position, facts)
        case PageNumber():
            return after_page_number(paging, position, facts)
        case unknown:
            assert_never(unknown)
