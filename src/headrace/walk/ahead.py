"""Which pages are known to follow before they have been asked for: what may be fetched ahead, and how far."""

from __future__ import annotations

from itertools import islice

from headrace.model.envelope import Facts
from headrace.model.plan import AutoPaging, Offset, PageNumber, Paging
from headrace.model.position import AtOffset, AtPage, Position
from headrace.walk.count import stated_total
from headrace.walk.offset import advance, offset_of
from headrace.walk.page_number import page_of
from headrace.walk.value import full


def is_foreseen(paging: Paging) -> bool:
    """Whether positions of such a walk may be known ahead: its rule counts, or detection may find one that does."""
    return isinstance(paging, Offset | PageNumber | AutoPaging)


def ahead(paging: Paging, position: Position, facts: Facts, most: int) -> list[Position]:
    """The positions that follow the page at `position`, at most `most`, as far as it lets them be known. Pure.

    They are foreseen, not decided: what follows a page is for `after` alone, once that page has come.
    """
    match paging:
        case Offset() as rule:
            at = offset_of(rule, position)
            step = advance(rule, at, facts)
            end, most = _bounds(rule, facts, most)
            return [AtOffset(offset) for offset in islice(range(at + step, end, step), most)]
        case PageNumber() as rule:
            end, most = _bounds(rule, facts, most)
            return [AtPage(page) for page in islice(range(page_of(rule, position) + 1, end), most)]
        case _:
            return []


def _bounds(rule: Offset | PageNumber, facts: Facts, most: int) -> tuple[int, int]:
    """The offset or page at which the walk ends at the latest, and how many pages may be asked for ahead."""
    total = stated_total(rule, facts)
    if total is not None:
        end = total if isinstance(rule, Offset) else rule.base + _pages(rule, total, facts)
        return min(end, end if rule.maximum is None else rule.maximum), max(most, 0)
    if rule.maximum is None:
        return 0, 0
    if rule.stop_after_empty_page or rule.has_more_path:  # the end may come long before: ask for few that are not there
        most = min(most, facts.page + 1) if full(facts, rule.size) else 0
    return rule.maximum, max(most, 0)


def _pages(rule: PageNumber, total: int, facts: Facts) -> int:
    """How many pages a total surely means: it may count records by mistake, until more have come than it says."""
    size = rule.size or facts.records
    counts_pages = facts.records_before + facts.records > total
    return total if counts_pages or not size else -(-total // size)
