from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.emulate.limiter import SECOND_NS, Limits, NoLimit, SlidingWindow, State, TokenBucket

MS = SECOND_NS // 1000


def told(state: State | None) -> State:
    assert state is not None
    return state


def test_a_bucket_starts_full_and_refuses_when_it_is_empty() -> None:
    bucket = TokenBucket(3, 60)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]


def test_a_bucket_tells_one_second_until_the_next_unit_at_the_documented_rate() -> None:
    bucket = TokenBucket(1000, 60)
    for _ in range(10):
        bucket.take(0)
    assert bucket.state(0) == State(1000, 60, 990, 1)


def test_a_bucket_rounds_the_wait_for_one_unit_up() -> None:
    bucket = TokenBucket(2, 5)  # one unit every 2.5 s
    bucket.take(0)
    assert told(bucket.state(0)).reset_s == 3
    assert told(bucket.state(1600 * MS)).reset_s == 1


def test_a_bucket_refills_one_unit_to_the_nanosecond() -> None:
    bucket = TokenBucket(7, 3)
    while bucket.take(0):
        pass
    due = -(-3 * SECOND_NS // 7)
    assert not bucket.take(due - 1)
    assert bucket.take(due)


def test_a_bucket_never_holds_more_than_its_capacity() -> None:
    bucket = TokenBucket(5, 1)
    bucket.take(0)
    assert told(bucket.state(1000 * SECOND_NS)).remaining == 5


def test_a_refusal_costs_the_bucket_nothing() -> None:
    bucket = TokenBucket(1, 10)
    assert bucket.take(0)
    for at in range(1, 10):
        assert not bucket.take(at * SECOND_NS)
    assert bucket.take(10 * SECOND_NS)


def test_a_dear_request_spends_several_units() -> None:
    bucket = TokenBucket(10, 60)
    assert bucket.take(0, 5)
    assert bucket.take(0, 5)
    assert not bucket.take(0, 1)


def test_a_window_counts_exactly_its_last_seconds() -> None:
    window = SlidingWindow(2, 10)
    assert window.take(0)
    assert window.take(4 * SECOND_NS)
    assert not window.take(10 * SECOND_NS - 1)
    assert window.take(10 * SECOND_NS)
    assert not window.take(14 * SECOND_NS - 1)


def test_a_window_tells_when_the_earliest_request_leaves_it() -> None:
    window = SlidingWindow(1000, 60)
    window.take(0)
    window.take(30 * SECOND_NS)
    assert window.state(800 * MS + 30 * SECOND_NS) == State(1000, 60, 998, 30)


def test_an_untouched_window_has_nothing_to_wait_for() -> None:
    assert SlidingWindow(5, 60).state(0) == State(5, 60, 5, 0)


def test_a_refusal_does_not_count_in_the_window() -> None:
    window = SlidingWindow(1, 10)
    window.take(0)
    for at in range(1, 10):
        assert not window.take(at * SECOND_NS)
    assert window.take(10 * SECOND_NS)


def test_the_limit_header_is_no_bare_integer() -> None:
    assert State(600, 10, 599, 1).lines() == (
        b"RateLimit-Limit: 600, 600;window=10\r\nRateLimit-Remaining: 599\r\nRateLimit-Reset: 1\r\n"
    )


@pytest.mark.parametrize(("kind", "made"), [("bucket", TokenBucket), ("window", SlidingWindow), ("none", NoLimit)])
def test_a_kind_of_limiter_goes_by_its_name(kind: str, made: type) -> None:
    assert isinstance(Limits(kind, (5, 1)).of("a"), made)


def test_without_a_rate_there_is_no_limit_and_nothing_to_tell() -> None:
    free = Limits("bucket", None).of("a")
    assert all(free.take(0) for _ in range(5000))
    assert free.state(0) is None


def test_each_key_has_a_limit_of_its_own() -> None:
    limits = Limits("bucket", (1, 60))
    assert limits.of("a").take(0)
    assert limits.of("b").take(0)
    assert not limits.of("a").take(0)


steps = st.lists(st.integers(0, 4 * SECOND_NS), min_size=1, max_size=60)


@given(steps, st.integers(1, 9), st.integers(1, 7))
def test_a_window_never_grants_more_than_its_limit_in_any_window(gaps: list[int], limit: int, seconds: int) -> None:
    window, now, granted = SlidingWindow(limit, seconds), 0, list[int]()
    for gap in gaps:
        now += gap
        inside = [at for at in granted if at > now - seconds * SECOND_NS]
        assert window.take(now) == (len(inside) < limit)
        if len(inside) < limit:
            granted.append(now)


@example([0, SECOND_NS], 1, 1)
@given(steps, st.integers(1, 9), st.integers(1, 7))
def test_a_bucket_agrees_with_exact_fractions(gaps: list[int], limit: int, seconds: int) -> None:
    bucket, now, level = TokenBucket(limit, seconds), 0, Fraction(limit)
    for gap in gaps:
        now += gap
        level = min(Fraction(limit), level + Fraction(gap * limit, seconds * SECOND_NS))
        assert bucket.take(now) == (level >= 1)
        level -= 1 if level >= 1 else 0
        assert told(bucket.state(now)).remaining == int(level)


@given(steps, st.integers(1, 9), st.integers(1, 7))
def test_who_waits_as_long_as_reset_says_is_granted(gaps: list[int], limit: int, seconds: int) -> None:
    for limiter in (TokenBucket(limit, seconds), SlidingWindow(limit, seconds)):
        now = 0
        for gap in gaps:
            now += gap
            if not limiter.take(now):
                now += limiter.state(now).reset_s * SECOND_NS
                assert limiter.take(now)
