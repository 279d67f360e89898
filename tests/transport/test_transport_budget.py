"""A budget never spends more than a truthful limiter grants, and spends nearly all of that."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headrace.emulate.limiter import Limiter, SlidingWindow, TokenBucket
from headrace.model.plan import DeclaredLimit
from headrace.transport.budget import Budget
from headrace.transport.ratelimit import Policy, Reading
from tests.transport.simulated import Traffic, run

KINDS: list[type[TokenBucket | SlidingWindow]] = [TokenBucket, SlidingWindow]


def shortest_s(granted: int, limit: int, window_s: float, kind: type) -> float:
    if kind is TokenBucket:
        return max(0.0, (granted - limit) / (limit / window_s))
    return (granted - 1) // limit * window_s


def saying(**policy: float | None) -> Reading:
    return Reading((Policy("", **policy),), "form", "raw")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("limit", "window_s"), [(600, 10.0), (150, 3.0), (1000, 60.0), (60, 60.0)])
def test_six_walks_use_nine_tenths_and_are_never_refused(kind: type, limit: int, window_s: float) -> None:
    wanted = limit * 4 + limit // 2
    outcome = run(kind(limit, window_s), Traffic(wanted, slowest_there_s=0.01, slowest_back_s=0.01))
    assert outcome.refused == []
    assert shortest_s(wanted, limit, window_s, kind) / outcome.took_s >= 0.9


@given(
    kind=st.sampled_from(KINDS),
    limit=st.integers(20, 300),
    window_s=st.floats(1, 60),
    walks=st.integers(1, 16),
    there_s=st.floats(0, 0.05),
    back_s=st.floats(0, 2),
    seed=st.integers(0, 999),
)
@example(kind=TokenBucket, limit=20, window_s=3.0, walks=6, there_s=0.0, back_s=1.0, seed=0)
@example(kind=SlidingWindow, limit=20, window_s=1.0, walks=15, there_s=0.0, back_s=1.0, seed=244)
@settings(deadline=None, max_examples=150)
def test_a_truthful_limiter_never_has_to_refuse(
    *, kind: type, limit: int, window_s: float, walks: int, there_s: float, back_s: float, seed: int
) -> None:
    traffic = Traffic(limit * 3, walks, there_s, back_s, seed)
    assert run(kind(limit, window_s), traffic).refused == []


@given(
    kind=st.sampled_from(KINDS),
    limit=st.integers(1, 100),
    window_s=st.floats(0.5, 60),
    walks=st.integers(1, 8),
    back_s=st.floats(0, 0.5),
    seed=st.integers(0, 999),
)
@settings(deadline=None, max_examples=100)
def test_a_declared_limit_holds_where_the_api_says_nothing(
    *, kind: type, limit: int, window_s: float, walks: int, back_s: float, seed: int
) -> None:
    traffic = Traffic(
        limit * 3, walks, 0.02, back_s, seed, silent=True, declared=DeclaredLimit(limit, window_s)
    )  # fmt: skip
    assert run(kind(limit, window_s), traffic).refused == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tells_window", [True, False])
@pytest.mark.parametrize("spent", [1, 300, 599, 600])
def test_a_budget_that_another_client_has_spent_before_is_no_trouble(
    kind: type, spent: int, *, tells_window: bool
) -> None:
    limiter: Limiter = kind(600, 10.0)
    for number in range(spent):
        assert limiter.take(-1_000_000_000 + number * 1_000_000)
    traffic = Traffic(2700, slowest_there_s=0.005, slowest_back_s=0.005, tells_window=tells_window)
    outcome = run(limiter, traffic)
    assert len(outcome.refused) <= traffic.walks  # those that went out before the first answer
    assert shortest_s(2700, 600, 10.0, kind) / outcome.took_s >= 0.7


@pytest.mark.parametrize("kind", KINDS)
def test_another_client_at_work_is_made_room_for(kind: type) -> None:
    others = [0.05 * number for number in range(800)]  # a third of the limit
    traffic = Traffic(1500, slowest_there_s=0.005, slowest_back_s=0.005, others=others)
    outcome = run(kind(600, 10.0), traffic)
    assert len(outcome.refused) < 0.02 * len(outcome.granted)


@pytest.mark.parametrize("kind", KINDS)
def test_a_limiter_without_reset_and_window_does_not_stop_a_walk(kind: type) -> None:
    outcome = run(kind(5, 1.0), Traffic(30, tells_window=False, tells_reset=False))
    assert len(outcome.granted) == 30
    assert outcome.took_s < 120


def test_with_nothing_known_of_relief_one_request_finds_out_after_a_second() -> None:
    budget = Budget(max_concurrency=4, declared=None, now=0.0)
    budget.give_back(budget.take(0.0), 0.5, "fine", saying(remaining=0))
    assert budget.opens_in(0.5) == pytest.approx(1.0)
    assert budget.opens_in(1.2) == pytest.approx(0.3)
    assert budget.opens_in(1.5) == 0


def test_a_stated_reset_opens_the_way_once() -> None:
    budget = Budget(max_concurrency=4, declared=None, now=0.0)
    budget.give_back(budget.take(0.0), 0.0, "refused", saying(limit=100, remaining=0, reset_s=30))
    assert 30 <= budget.opens_in(0.0) < 31
    assert budget.opens_in(31.0) == 0
    budget.give_back(budget.take(31.0), 31.1, "fine", saying(limit=100, remaining=0))
    assert budget.opens_in(31.1) > 0


def test_a_limit_that_is_told_with_a_refusal_only_is_forgotten_once_requests_pass() -> None:
    budget = Budget(max_concurrency=4, declared=None, now=0.0)
    budget.give_back(budget.take(0.0), 0.0, "refused", saying(limit=100, remaining=0, reset_s=30))
    budget.give_back(budget.take(31.0), 31.1, "fine", None)
    budget.take(31.1)
    assert budget.opens_in(31.1) == 0


def test_an_unstated_limit_grows_with_what_is_left() -> None:
    budget = Budget(max_concurrency=8, declared=None, now=0.0)
    budget.give_back(budget.take(0.0), 0.0, "fine", saying(remaining=1))
    budget.give_back(budget.take(0.1), 0.1, "fine", saying(remaining=500))
    for _ in range(6):
        assert budget.opens_in(0.1) == 0
        budget.take(0.1)


def test_a_slow_answer_does_not_hold_a_small_limit_back() -> None:
    budget = Budget(max_concurrency=8, declared=DeclaredLimit(1, 1.0), now=0.0)
    budget.take(0.0)
    assert budget.opens_in(0.0) < math.inf
    assert budget.opens_in(0.3) < math.inf
    assert budget.opens_in(1.4) == 0


def test_requests_in_flight_fall_with_failures_and_rise_with_answers() -> None:
    budget = Budget(max_concurrency=16, declared=None, now=0.0)
    round_of = [budget.take(1.0) for _ in range(16)]
    for lease in round_of:
        budget.give_back(lease, 2.0, "refused")
    assert budget.concurrency == 8  # once for a round
    budget.give_back(budget.take(3.0), 4.0, "failed")
    assert budget.concurrency == 6
    for _ in range(200):
        budget.give_back(budget.take(5.0), 5.0, "fine")
    assert budget.concurrency == 16


def test_a_lease_counts_once_however_often_it_is_given_back() -> None:
    budget = Budget(max_concurrency=1, declared=None, now=0.0)
    lease = budget.take(0.0)
    assert budget.opens_in(0.0) == math.inf
    budget.give_back(lease, 0.0, "dropped")
    budget.give_back(lease, 0.0, "dropped")
    budget.take(0.0)
    assert budget.opens_in(0.0) == math.inf


def test_the_longer_pause_stays() -> None:
    budget = Budget(max_concurrency=1, declared=None, now=0.0)
    budget.pause(10.0)
    budget.pause(5.0)
    assert budget.opens_in(0.0) == 10.0


def test_a_stated_concurrency_is_kept() -> None:
    budget = Budget(max_concurrency=16, declared=None, now=0.0)
    budget.give_back(budget.take(0.0), 0.0, "fine", Reading((), "policy", "raw", concurrency=2))
    for _ in range(50):
        budget.give_back(budget.take(0.0), 0.0, "fine")
    assert budget.concurrency == 2


def test_news_are_told_when_they_are_news() -> None:
    budget = Budget(max_concurrency=16, declared=DeclaredLimit(1000, 1.0), now=0.0)
    assert budget.news() is None
    budget.give_back(budget.take(0.0), 0.0, "fine", saying(limit=100, remaining=90, window_s=60.0))
    first = budget.news()
    assert first is not None
    assert (first.limit, first.remaining, first.window_s) == (100, 90, 60.0)
    budget.give_back(budget.take(0.0), 0.0, "fine", saying(limit=100, remaining=89, window_s=60.0))
    assert budget.news() is None
    budget.give_back(budget.take(0.0), 0.0, "fine", saying(limit=100, remaining=60, window_s=60.0))
    assert budget.news() is not None
