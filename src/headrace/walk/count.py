"""The stop rules that offset and page number share: dlt's, in dlt's order, with its silent losses told apart."""

from __future__ import annotations

from headrace.model.envelope import Facts
from headrace.model.plan import Offset, PageNumber
from headrace.model.position import Done
from headrace.walk.stuck import empty_page, stuck
from headrace.walk.value import count, full, more

# So many earlier pages in a row with the same records, and the next one is a circle.
_SAME_PAGES = 2
_SAME_PAGES_OF_EQUAL_RECORDS = 1000


def end_of_count(rule: Offset | PageNumber, following: int, facts: Facts, size: int | None) -> Done | None:
    """Whether the walk ends before `following` (the next offset or page); None: it goes on.

    1. An empty page, if the rule stops there; no proof while has-more is true, or an offset is below its total (a
       page number's may count records by mistake: dlt's default path for it, `total`, often does).
    2. The total is reached; a total that is missing, null, negative, or 0 beside records says nothing, so the other
       rules decide. A total that is reached while has-more is true is no proof.
    3. Has-more is false. It never lifts a maximum.
    4. The maximum is reached: a proof only if the page was not full.

    A total or a maximum that is reached by pages that only repeated themselves is no proof (`_repeating`).

    Raises:
        WalkStuck: No rule can ever end this walk, or the pages repeat themselves.
    """
    has_more = more(facts, rule.has_more_path)
    total = stated_total(rule, facts)
    if rule.stop_after_empty_page and facts.records == 0:
        missing = isinstance(rule, Offset) and total is not None and following - rule.size < total
        return empty_page(facts, contradicted=has_more is True or missing)
    if total is not None and following >= total + (rule.base if isinstance(rule, PageNumber) else 0):
        return _at_total(rule, total, facts, size, has_more=has_more is True)
    if has_more is False:
        return Done(f"`{rule.has_more_path}` is false", proven=True)
    if rule.maximum is not None and following >= rule.maximum:
        whole = not full(facts, size) and has_more is not True and not _repeating(facts, size)
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
        maximum = "maximum_offset" if isinstance(rule, Offset) else "maximum_page"
        raise stuck(
            facts,
            f"has the same records as the {facts.repeats} pages before it: the API seems to ignore `{_param(rule)}` "
            "or to repeat its last page, unless the data really is so",
            f"correct the name of that parameter, or, if these are the records, state `total_path` or `{maximum}`",
        )
    if rule.stop_after_empty_page or rule.maximum is not None or has_more:
        return None
    if facts.records == 0:
        return empty_page(facts, contradicted=False)
    paths = " or ".join(f"`{path}`" for path in (rule.total_path, rule.has_more_path) if path)
    raise stuck(
        facts,
        f"has nothing usable at {paths}" if paths else "has nothing that could ever end the walk",
        "correct the path, or set `stop_after_empty_page`",
    )
