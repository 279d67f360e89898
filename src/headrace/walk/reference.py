"""When a walk that follows references (cursors, links) is at its end, and whether that end proves anything."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import msgspec

from headrace.model.envelope import Facts
from headrace.model.guess import PAGINATOR, flag
from headrace.model.plan import AutoPaging, Cursor, HeaderCursor, LinkHeader, NextUrl, Resource
from headrace.model.position import Done, NextLink, Position, Token
from headrace.walk.stuck import stuck
from headrace.walk.value import full


def no_reference(position: Position, facts: Facts, size: int | None, what: str) -> Done:
    """The end of a walk whose page has no reference at all (not even null).

    It is proven on a page that is short or empty, and after an earlier page had one. A full page that never had one
    may as well mean that the reference is looked for in the wrong place.
    """
    if facts.cursor_seen or isinstance(position, Token | NextLink):
        return Done(f"there is no {what} any more", proven=True)
    if not full(facts, size):
        return Done(f"there is no {what} on a page that is not full", proven=True)
    return Done(
        f"page {facts.page} is full, but has no {what}, as no page before it: "
        "if there are more pages, the paginator looks in the wrong place",
        proven=False,
        stopped="early",
    )


def answerable(following: Position, resource: Resource, facts: Facts) -> Position:
    """An end that nothing proves, on the first page of a walk that does not count, with the flag that proves it."""
    follows = isinstance(resource.paging, AutoPaging | Cursor | HeaderCursor | NextUrl | LinkHeader)
    if not (follows and isinstance(following, Done) and following.stopped == "early" and facts.records):
        return following
    mend = f"; if this is all, run again with {flag(resource.name, PAGINATOR, 'single_page')}"
    return following if facts.page else msgspec.structs.replace(following, why=f"{following.why}{mend}")


def link_to(reference: str, facts: Facts) -> NextLink:
    """The page that a URL of the API's leads to; relative ones start from the page's own URL.

    Raises:
        WalkStuck: It is no URL of the web.
    """
    try:
        url = urljoin(facts.url, reference.strip())
        scheme, host = urlsplit(url).scheme.lower(), urlsplit(url).hostname
    except ValueError:
        scheme, host = "", None
    if scheme not in {"http", "https"} or not host:
        raise stuck(facts, "has a next link that is no http(s) URL", "check the path of the link in the paginator")
    return NextLink(url)
