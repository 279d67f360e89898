"""What is foreseen of a walk: never more than its API says that there is, and the walk decides all the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.model.envelope import ABSENT, Facts
from headrace.model.plan import AutoPaging, Cursor, LinkHeader, NextUrl, Offset, PageNumber, Paging, SinglePage
from headrace.model.position import AtOffset, AtPage, Done, Position, Start
from headrace.walk.after import after
from headrace.walk.ahead import ahead

BY_RECORDS = Offset(10, total_path="n")
BY_PAGES = PageNumber(total_path="n")


def page(records: int = 10, total: Any = ABSENT, page: int = 0, before: int = 0) -> Facts:
    return Facts(page, records, b"", "", total=total, records_before=before)


def numbers(positions: list[Position]) -> list[int]:
    assert all(isinstance(one, AtOffset | AtPage) for one in positions)
    return [one.offset if isinstance(one, AtOffset) else one.page for one in positions]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("rule", "facts", "foreseen"),
    [
        (BY_RECORDS, page(total=35), [10, 20, 30]),
        (BY_RECORDS, page(total=30), [10, 20]),
        (BY_RECORDS, page(total="35"), [10, 20, 30]),
        (BY_RECORDS, page(total=10_000), [10, 20, 30, 40]),
        (BY_RECORDS, page(total=10), []),
        (BY_RECORDS, page(), []),
        (BY_RECORDS, page(total=0), []),
        (BY_RECORDS, page(total=-1), []),
        (Offset(10, start=5, total_path="n"), page(total=30), [15, 25]),
        (Offset(10, total_path="n", maximum=25), page(total=100), [10, 20]),
        (Offset(10, total_path="n", maximum=100), page(total=25), [10, 20]),
        (BY_PAGES, page(records=100, total=4), [1, 2, 3]),
        (PageNumber(base=1, start=1, total_path="n"), page(records=100, total=4), [2, 3, 4]),
        (PageNumber(base=1, start=3, total_path="n"), page(records=100, total=4), [4]),
        (PageNumber(total_path="n", maximum=2), page(records=100, total=4), [1]),
    ],
)
def test_a_total_says_which_pages_follow_and_a_maximum_which_do_not(
    rule: Paging, facts: Facts, foreseen: list[int]
) -> None:
    assert numbers(ahead(rule, Start(), facts, 4)) == foreseen


def test_they_are_counted_from_the_page_at_hand() -> None:
    facts = page(total=75, page=3, before=30)
    assert numbers(ahead(BY_RECORDS, AtOffset(30), facts, 8)) == [40, 50, 60, 70]
    facts = page(total=7, page=3, before=30)
    assert numbers(ahead(BY_PAGES, AtPage(3), facts, 8)) == [4, 5, 6]


def test_pages_that_the_api_caps_are_foreseen_as_short_as_the_first() -> None:
    assert numbers(ahead(Offset(100, total_path="n"), Start(), page(20, total=90), 8)) == [20, 40, 60, 80]


def test_a_total_of_pages_that_may_count_records_is_read_so_until_that_is_refuted() -> None:
    """dlt's default path for it, `total`, often holds a number of records; pages behind the end are not asked for."""
    assert numbers(ahead(BY_PAGES, Start(), page(10, total=35), 8)) == [1, 2, 3]
    assert numbers(ahead(PageNumber(total_path="n", size=5), Start(), page(3, total=20), 8)) == [1, 2, 3]
    later = page(10, total=35, page=3, before=30)
    assert numbers(ahead(BY_PAGES, AtPage(3), later, 4)) == [4, 5, 6, 7]


@pytest.mark.parametrize("rule", [Offset(10, maximum=95), PageNumber(maximum=10, size=10)])
def test_where_an_empty_page_may_come_before_the_maximum_few_are_foreseen(rule: Paging) -> None:
    assert len(ahead(rule, Start(), page(10), 8)) == 1
    assert len(ahead(rule, Start(), page(10, page=3), 8)) == 4
    assert ahead(rule, Start(), page(9, page=3), 8) == []


def test_a_maximum_that_alone_ends_the_walk_says_which_pages_follow() -> None:
    rule = Offset(10, maximum=45, stop_after_empty_page=False)
    assert numbers(ahead(rule, Start(), page(10), 8)) == [10, 20, 30, 40]


@pytest.mark.parametrize(
    "rule", [AutoPaging(), SinglePage(), Cursor("n"), LinkHeader(), NextUrl("n"), Offset(10), PageNumber()]
)
def test_nothing_is_foreseen_without_a_total(rule: Paging) -> None:
    assert ahead(rule, Start(), page(10, total=100), 8) == []


@pytest.mark.parametrize("most", [0, -1])
@pytest.mark.parametrize("rule", [BY_RECORDS, BY_PAGES, Offset(10, maximum=100, stop_after_empty_page=False)])
def test_no_more_is_foreseen_than_is_wanted(rule: Paging, most: int) -> None:
    assert ahead(rule, Start(), page(total=50, records=100), most) == []


RULES = st.one_of(
    st.builds(
        Offset, st.integers(1, 12), st.integers(0, 2), total_path=st.just("n"), maximum=st.none() | st.integers(0, 60)
    ),
    st.builds(
        lambda base, most: PageNumber(base, base, total_path="n", maximum=most), st.integers(0, 2), st.integers(0, 9)
    ),
)


@given(rule=RULES, total=st.integers(0, 60), records=st.integers(0, 12))
def test_what_is_foreseen_begins_with_what_follows(rule: Offset | PageNumber, total: int, records: int) -> None:
    """And where the page at hand ends the walk, nothing is foreseen."""
    facts = page(min(records, rule.size or records), total=total)
    following, foreseen = after(rule, Start(), facts), ahead(rule, Start(), facts, 8)
    assert len(foreseen) <= 8
    if isinstance(following, Done):
        assert not foreseen or facts.records == 0
    elif foreseen:
        assert foreseen[0] == following
