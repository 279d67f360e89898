"""Figures as a person reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.model.event import Budget
from headrace.report.words import cause, count, duration, listed, many, reasons, size, some, window


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "0.0 s"), (0.44, "0.4 s"), (12.4, "12 s"), (59.4, "59 s"), (185, "3 min 05 s"), (7_800, "2 h 10 min")],
)
def test_a_duration_is_said_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@given(st.floats(0, 1e6))
def test_a_duration_never_says_sixty_of_a_smaller_unit(seconds: float) -> None:
    *_, smallest, _unit = duration(seconds).split()
    assert float(smallest) < 60


@pytest.mark.parametrize(
    ("body_bytes", "words"),
    [(0, "0 B"), (812, "812 B"), (99_700_000, "99.7 MB"), (2_000_000_000, "2.0 GB"), (5 * 10**15, "5,000.0 TB")],
)
def test_a_size_is_said_in_decimal_units(body_bytes: int, words: str) -> None:
    assert size(body_bytes) == words


def test_one_of_a_thing_is_singular() -> None:
    assert [many(number, "page") for number in (0, 1, 2_000)] == ["0 pages", "1 page", "2,000 pages"]
    assert many(2, "retry", "retries") == "2 retries"


def test_figures_have_their_thousands_apart() -> None:
    assert count(91_000.4) == "91,000"


def test_lists_are_prose() -> None:
    assert [listed(["a", "b", "c"][:number]) for number in range(4)] == ["", "a", "a and b", "a, b and c"]


def test_reasons_come_by_frequency() -> None:
    assert reasons({"reset": 1, "500": 7, "html": 1}) == "7 × 500, 1 × HTML in place of JSON and 1 × a connection reset"


def test_a_budget_is_said_as_far_as_it_is_known() -> None:
    assert window(None) == ""
    assert window(Budget(None, 3, 1.0, "")) == ""
    assert window(Budget(1_000, 412, 60.0, "")) == "412 of 1,000 requests left, window 60 s"
    assert window(Budget(1_000, None, None, "")) == "at most 1,000 requests"


def test_of_very_many_items_the_last_are_counted() -> None:
    assert some(["a", "b", "c"], 3) == "a, b and c"
    assert some(["a", "b", "c", "d"], 3) == "a, b and 2 more"


def test_a_cause_is_the_message_whatever_the_address() -> None:
    assert cause("GET http://h/users?limit=1 failed") == cause("GET https://g/tasks failed")
    assert cause("GET http://h/users failed") != cause("GET http://h/users was refused")
