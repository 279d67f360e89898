"""How a walk says that it cannot or need not go on: which page, what is wrong, and the mend, in one sentence."""

from __future__ import annotations

from http import HTTPStatus

from headrace.errors import WalkStuck
from headrace.model.envelope import Envelope, Facts
from headrace.model.position import Done, Position


def stuck(facts: Facts, problem: str, mend: str) -> WalkStuck:
    """An error for the page at hand; pages are numbered from 0, as in the journal."""
    return WalkStuck(f"Page {facts.page} (counted from 0) {problem}; {mend}.", url=facts.url)


def check_loop(facts: Facts) -> None:
    """A position seen before with the same records leads nowhere new, and so does a third visit whatever it brings.

    A second visit with other records is legal: some APIs keep one cursor for a whole walk.

    Raises:
        WalkStuck: It names both pages.
    """
    for visit in facts.visits:
        if visit.records_digest == facts.records_digest:
            raise stuck(
                facts,
                f"has the same position and the same records as page {visit.page}: the walk runs in a circle",
                "check where the next cursor is read from and which parameter it is sent in",
            )
    if len(facts.visits) > 1:
        pages = " and ".join(str(visit.page) for visit in facts.visits[-2:])
        raise stuck(
            facts,
            f"is at the same position as pages {pages}: the walk does not get ahead",
            "check where the next cursor is read from and which parameter it is sent in",
        )


def check_itself(following: Position, position: Position, facts: Facts) -> None:
    """A page that brings what the one before it brought, and leads to itself, will do so for ever.

    Raises:
        WalkStuck: before its rows are taken once more.
    """
    if facts.repeats and following == position:
        raise stuck(
            facts,
            f"leads to itself, with the same records as page {facts.page - 1}: the walk runs in a circle",
            "check where the next cursor is read from and which parameter it is sent in",
        )


def empty_page(facts: Facts, contradicted: str = "") -> Done:
    """The end that an empty page is; no proof where the same page says that there is more, in the words given."""
    if contradicted:
        return Done(
            f"page {facts.page} is empty, though {contradicted}: the API may hide or refuse the rest, "
            "or `stop_after_empty_page` is wrong for it",
            proven=False,
            stopped="early",
        )
    return Done("a page is empty", proven=True)


def doubted(following: Position, status: int, envelope: Envelope) -> Position:
    """An end that a body of nothing at all would prove is no proof: a proxy in trouble answers so. 204 is meant."""
    nothing = envelope.shape == "empty_body" and status != HTTPStatus.NO_CONTENT
    if not (nothing and isinstance(following, Done) and following.proven):
        return following
    why = f"a page came with {status} and without any body; if the API ends so, nothing is missing"
    return Done(why, proven=False, stopped="early")
