"""Every form of rate limit headers is read, and no text in them makes trouble."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.transport.budget import Budget
from headrace.transport.ratelimit import Policy, read

NOW = 1_700_000_000.0


def triple(prefix: str, limit: str, remaining: str, reset: str) -> dict[str, str]:
    return {f"{prefix}-limit": limit, f"{prefix}-remaining": remaining, f"{prefix}-reset": reset}


@pytest.mark.parametrize(
    ("headers", "policy"),
    [
        (triple("ratelimit", "600, 600;window=10", "7", "3"), Policy("", 600, 7, 3.0, 10.0)),
        (triple("ratelimit", "100, 100;w=60;burst=9, 5000;w=3600", "7", "3"), Policy("", 100, 7, 3.0, 60.0)),
        (triple("x-ratelimit", "5000", "0", "1700000040"), Policy("", 5000, 0, 40.0)),
        (triple("x-ratelimit", "5000", "12.7", "1700000040000"), Policy("", 5000, 12, 40.0)),
        (triple("x-rate-limit", "5000", "-3", "0"), Policy("", 5000, 0, 0.0)),
        (triple("x-ratelimit", "none", "4", "later"), Policy("", None, 4)),
        ({"x-ratelimit-remaining": "4"}, Policy("", None, 4)),
        ({"ratelimit": "limit=100, remaining=50, reset=30"}, Policy("", 100, 50, 30.0)),
        ({"ratelimit": "limit=0, remaining=0, reset=30"}, Policy("", None, 0, 30.0)),
        ({"ratelimit": '"a";r=50;t=30', "ratelimit-policy": '"a";q=100;w=60'}, Policy("a", 100, 50, 30.0, 60.0)),
        ({"ratelimit": '"a";r=50;t=30;pk=:YQ==:'}, Policy("a :YQ==:", None, 50, 30.0)),
        ({"ratelimit-policy": "100;w=60"}, Policy("policy 1", 100, None, None, 60.0)),
    ],
)
def test_a_form_in_use_is_read(headers: dict[str, str], policy: Policy) -> None:
    reading = read(headers, now=NOW)
    assert reading is not None
    assert reading.policies[0] == policy


def test_concurrency_and_other_units_are_not_taken_for_requests() -> None:
    headers = {
        "ratelimit": '"bytes";r=5;t=1, "all";r=9;t=2',
        "ratelimit-policy": '"bytes";q=10;w=1;qu="content-bytes", "all";q=10;w=1, "now";q=4;qu="concurrent-requests"',
    }
    reading = read(headers, now=NOW)
    assert reading is not None
    assert [policy.name for policy in reading.policies] == ["all"]
    assert reading.concurrency == 4


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"ratelimit": '"a";r='},
        {"ratelimit": "broken,,"},
        {"ratelimit-limit": "100"},
        {"x-ratelimit-remaining": "many"},
        {"ratelimit-policy": '"a";q=none'},
    ],
)
def test_what_says_nothing_of_use_is_none(headers: dict[str, str]) -> None:
    assert read(headers, now=NOW) is None


PARTS = st.lists(
    st.sampled_from(
        ['"a"', "100", "0", "-1", ";", ",", "=", "r", "t", "q", "w", "limit", "remaining", "reset", "window", ":YQ==:",
         "9" * 15, " ", '"', "\\", "1.5", "1700000040"]
    ),
    max_size=14,
).map("".join)  # fmt: skip
NAMES = [
    "ratelimit", "ratelimit-policy", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "x-ratelimit-limit",
    "x-ratelimit-remaining", "x-ratelimit-reset-ms",
]  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), PARTS), max_size=4))
def test_no_header_makes_trouble_or_stops_a_budget_for_good(answers: list[dict[str, str]]) -> None:
    budget, now = Budget(max_concurrency=2, declared=None, now=0.0), 0.0
    for headers in answers:
        now += max(0.0, wait := budget.opens_in(now))
        assert wait < 10**16
        budget.give_back(budget.take(now), now, "fine", read(headers, now=NOW))
        budget.news()
    assert budget.opens_in(now) < 10**16
