"""The stop rules that offset and page number share: dlt's, in dlt's order, with its silent losses told apart."""

from __future__ import annotations

from headrace.errors import WalkStuck
from headrace.model.envelope import Facts
from headrace.model.plan import Offset, PageNumber
from headrace.model.position import Done
from headrace.walk.sighting import names_pages
from headrace.walk.stuck import empty_page, stuck
from headrace.walk.value import count, full, more

# So many earlier pages in a row with the same records, and the next one is a circle.
_SAME_PAGES = 2
_SAME_PAGES_OF_EQUAL_RECORDS = 1000


def end_of_count(rule: Offset | PageNumber, following: int, facts: Facts, size: int | None) -> Done | None:
    """Whether the walk ends before `following` (the next offset or page); None: it goes on.

    1. An empty page, if the rule stops there; no proof while has-more is true, or while a total is not reached.
    2. The total is reached; a total that is missing, null, negative, or 0 beside records says nothing, so the other
       rules decide. A total that is reached while has-more is true is no proof.
    3. Has-more is false; no proof while a total is not reached. It never lifts a maximum.
    4. The maximum is reached: a proof only if the page was not full, and no total says that there is more.

    A total or a maximum that is reached by pages that only repeated themselves is no proof (`_repeating`).

    Raises:
        WalkStuck: No rule can ever end this walk, the second page is the first one, or the pages repeat themselves.
    """
    _check_moves(rule, facts, size)
    has_more = more(facts, rule.has_more_path)
    total = stated_total(rule, facts)
    missing = _missing(rule, total, following, facts)
    if rule.stop_after_empty_page and facts.records == 0:
        return empty_page(facts, f"`{rule.has_more_path}` is true" if has_more is True else missing)
    if total is not None and following >= total + (rule.base if isinstance(rule, PageNumber) else 0):
        return _at_total(rule, total, facts, size, has_more=has_more is True)
    if has_more is False:
        why = f"`{rule.has_more_path}` is false"
        return Done(f"{why}, though {missing}", proven=False, stopped="early") if missing else Done(why, proven=True)
    if rule.maximum is not None and following >= rule.maximum:
        whole = not (full(facts, size) or missing or has_more or _repeating(facts, size))
        return Done(f"the configured maximum of {rule.maximum} is reached", proven=whole, stopped="limit")
    if total is None:
        return _without_total(rule, facts, size, has_more=has_more is True)
    return None


def _repeating(facts: Facts, size: int | None) -> bool:
    """Whether the pages show that the parameter is ignored, or that the last page comes for ever.

    Different records that come again in the same order, twice over, are no accident. Equal records are: a page full
    of one and the same record says nothing when it comes again, and records without a key may well be so by the
    thousand; such a walk is given many more pages. has-more is no witness: where the parameter is ignored it is
    repeated with the rest of the page.
    """
    patience = _SAME_PAGES_OF_EQUAL_RECORDS if facts.alike and full(facts, size) else _SAME_PAGES
    return facts.records > 0 and facts.repeats >= patience


def _check_moves(rule: Offset | PageNumber, facts: Facts, size: int | None) -> None:
    """See that the second page is not the first one again: then the rows of it would be there twice, and more often.

    A full page of one record, or of equal ones, may well come again; a maximum says that these are the records.
    """
    by_chance = (facts.alike or facts.records == 1) and full(facts, size)
    if facts.page == 1 and facts.repeats and facts.records and not by_chance and rule.maximum is None:
        raise _ignored(rule, facts, "the page before it")


def _ignored(rule: Offset | PageNumber, facts: Facts, same_as: str) -> WalkStuck:
    maximum = "maximum_offset" if isinstance(rule, Offset) else "maximum_page"
    return stuck(
        facts,
        f"has the same records as {same_as}: the API seems to ignore `{_param(rule)}` or to repeat its last page, "
        "unless the data really is so",
        "correct the name of that parameter, use a `single_page` paginator if there is one page only, or, if these are"
        f" the records, state `{maximum}`",
    )


def _missing(rule: Offset | PageNumber, total: int | None, following: int, facts: Facts) -> str:
    """What a total says of records or pages that have not come, in words; empty where nothing is missing.

    The total of page numbers may count records by mistake (dlt's default path for it, `total`, often does): then it
    is reached by as many records.
    """
    if total is None:
        return ""
    came = facts.records_before + facts.records
    if isinstance(rule, Offset):
        reached = following - (rule.size if facts.records == 0 else 0)
        return (
            f"the total at `{rule.total_path}` is {total} and the walk has come to {reached}" if reached < total else ""
        )
    pages = facts.page + (1 if facts.records else 0)
    reached = following >= total + rule.base or (came >= total and not names_pages(rule.total_path or ""))
    return "" if reached else f"the total at `{rule.total_path}` is {total} and {pages} pages with {came} records came"


def stated_total(rule: Offset | PageNumber, facts: Facts) -> int | None:
    """How many records or pages there are in all, by the page at hand; None where it says nothing usable."""
    if rule.total_path is None:
        return None
    total = count(facts.total)
    return None if total == 0 and facts.records else total


def _at_total(rule: Offset | PageNumber, total: int, facts: Facts, size: int | None, *, has_more: bool) -> Done:
    if has_more:
        return Done(
            f"the total of {total} at `{rule.total_path}` is reached on page {facts.page}, "
            f"but `{rule.has_more_path}` says that there is more: correct one of the two paths",
            proven=False,
            stopped="early",
        )
    if _repeating(facts, size):
        return Done(
            f"the total of {total} is reached, but the last {facts.repeats + 1} pages have the same records: if the "
            f"data is not so, the API ignores `{_param(rule)}`: correct the name of that parameter",
            proven=False,
            stopped="early",
        )
    return Done(f"the total of {total} is reached", proven=True)


def _param(rule: Offset | PageNumber) -> str:
    return rule.param or rule.body_path or ""


def _without_total(rule: Offset | PageNumber, facts: Facts, size: int | None, *, has_more: bool) -> Done | None:
    """Nothing but an empty page, has-more or a maximum can end the walk now: see that one of them will."""
    if rule.maximum is None and _repeating(facts, size):
        raise _ignored(rule, facts, f"the {facts.repeats} pages before it")
    if rule.stop_after_empty_page or rule.maximum is not None or has_more:
        return None
    if facts.records == 0:
        return empty_page(facts)
    paths = " or ".join(f"`{path}`" for path in (rule.total_path, rule.has_more_path) if path)
    raise stuck(
        facts,
        f"has nothing usable at {paths}" if paths else "has nothing that could ever end the walk",
        "correct the path, or set `stop_after_empty_page`",
    )
