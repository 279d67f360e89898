"""A stated wait is read in every form, and never makes trouble."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.model.plan import RetryPolicy
from headrace.transport.retry import LEAST_ATTEMPTS, RetryBudget, backoff
from headrace.transport.waits import ABSURD_S, read_wait, retry_after

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("raw", "seconds", "unit"),
    [
        ("0", 0, "delta"),
        ("30", 30, "delta"),
        (" 1.5 ", 1.5, "delta"),
        ("-5", 0, "delta"),
        ("1700000040", 40, "epoch_s"),
        ("1700000040000", 40, "epoch_ms"),
        ("1700000040000000", 40, "epoch_us"),
        ("1700000040000000000", 40, "epoch_ns"),
        ("1600000000", 0, "epoch_s"),
        ("Tue, 14 Nov 2023 22:14:00 GMT", 40, "date"),
        ("Tuesday, 14-Nov-23 22:14:00 GMT", 40, "date"),
        ("2023-11-14T22:14:00Z", 40, "date"),
        ("2023-11-14T22:14:00", 40, "date"),
        ("Wed, 01 Jan 2020 00:00:00 GMT", 0, "date"),
    ],
)
def test_a_wait_is_read_by_its_magnitude(raw: str, seconds: float, unit: str) -> None:
    wait = read_wait(raw, now=NOW)
    assert wait is not None
    assert wait.seconds == pytest.approx(seconds, abs=1e-3)
    assert wait.unit == unit


@pytest.mark.parametrize("raw", ["", "soon", "nan", "inf", "-inf", "1e999", "1_0", "٣", "Mon, 99 Foo 2020", "1;2"])
def test_what_is_no_wait_is_none(raw: str) -> None:
    assert read_wait(raw, now=NOW) is None


@given(st.text(max_size=40))
def test_no_text_makes_trouble(raw: str) -> None:
    wait = read_wait(raw, now=NOW)
    assert wait is None or (wait.seconds >= 0 and math.isfinite(wait.seconds))
    retry_after({"retry-after": raw, "date": raw, "retry-after-ms": raw}, now=NOW)


def test_a_wait_beyond_a_year_is_absurd() -> None:
    wait = read_wait(str(ABSURD_S + 1), now=NOW)
    assert wait is not None
    assert wait.absurd


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "12, 12"}, 12.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Tue, 14 Nov 2023 22:15:00 GMT", "date": "Tue, 14 Nov 2023 22:14:30 GMT"}, 30.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:14:00 GMT", "date": "nonsense"}, 40.0),
        ({}, None),
    ],
)
def test_retry_after_is_read_by_the_servers_own_clock(headers: dict[str, str], seconds: float | None) -> None:
    wait = retry_after(headers, now=NOW)
    assert (None if wait is None else wait.seconds) == seconds


@given(
    failures=st.integers(1, 10_000),
    base_s=st.floats(0, 10),
    cap_s=st.floats(0, 100),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_backoff_has_full_jitter_below_a_doubling_bound(
    failures: int, base_s: float, cap_s: float, chance: float
) -> None:
    policy = RetryPolicy(base_s=base_s, cap_s=cap_s)
    bound = min(cap_s, base_s * 2.0 ** min(failures - 1, 32))
    assert 0 <= backoff(policy, failures, lambda: chance) == chance * bound


@given(st.lists(st.integers(1, 30), max_size=60))
def test_retries_are_half_of_all_requests_beyond_those_that_everybody_has(wanted: list[int]) -> None:
    budget, retries, granted = RetryBudget(), 0, 0
    for index, attempts in enumerate(wanted, 1):
        budget.first()
        for made in range(1, attempts):
            if budget.allows(made):
                retries += 1
                granted += made >= LEAST_ATTEMPTS
                assert made < LEAST_ATTEMPTS or retries <= index
            else:
                assert made >= LEAST_ATTEMPTS
                break
