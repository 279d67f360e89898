"""Who waits, in what order, and what is told of it; in a time that passes only when somebody sleeps."""

from __future__ import annotations

import asyncio

import pytest

from headrace.errors import RetriesSpent
from headrace.model.event import Budget, Event, Noticed, Throttled
from headrace.model.plan import DeclaredLimit
from headrace.transport.budget import Lease
from headrace.transport.governor import Governor, duration
from headrace.transport.ratelimit import read
from tests.transport.stub import go


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def governor(
    time: Time, events: list[Event], *, declared: DeclaredLimit | None = None, max_concurrency: int = 4
) -> Governor:
    return Governor(
        max_concurrency=max_concurrency, declared=declared, longest_wait_s=60.0, emit=events.append,
        clock=lambda: time.now, sleep=time.sleep,
        scrub=lambda text: text.replace("s3cret", "***"),
    )  # fmt: skip


def test_waiters_are_served_in_order() -> None:
    async def test() -> None:
        time, events, served = Time(), list[Event](), list[int]()
        one = governor(time, events, declared=DeclaredLimit(1, 1.0))

        async def walk(number: int) -> None:
            lease = await one.acquire("key", str(number))
            served.append(number)
            one.give_back("key", lease, "fine")

        await asyncio.gather(*(walk(number) for number in range(5)))
        assert served == [0, 1, 2, 3, 4]
        assert 4.0 <= time.now < 4.5

    go(test())


def test_what_a_walk_waited_is_told_in_full() -> None:
    async def test() -> None:
        time, events = Time(), list[Event]()
        one = governor(time, events)
        one.pause("key", 10.0)
        await one.acquire("key", "notes")
        waits = [event for event in events if isinstance(event, Throttled)]
        assert sum(event.wait_s for event in waits) == pytest.approx(10.0)
        assert {event.walk for event in waits} == {"notes"}
        assert len(waits) > 3  # while it lasts, not only at its end

    go(test())


def test_a_longer_wait_than_allowed_is_an_error_that_says_how_long() -> None:
    async def test() -> None:
        one = governor(Time(), [])
        one.pause("key", 7200.0)
        with pytest.raises(RetriesSpent, match=r"opens again in 2 h, .* run again"):
            await one.acquire("key", "notes")
        await one.acquire("another key", "notes")

    go(test())


def test_a_waiter_that_is_cancelled_lets_the_next_one_through() -> None:
    async def test() -> None:
        one = governor(Time(), [], max_concurrency=1)
        lease = await one.acquire("key", "a")
        waiting = [asyncio.create_task(one.acquire("key", name)) for name in "bcd"]
        await asyncio.sleep(0)
        waiting[0].cancel()
        waiting[1].cancel()
        await asyncio.sleep(0)
        one.give_back("key", lease, "dropped")
        assert isinstance(await asyncio.wait_for(waiting[2], 5), Lease)

    go(test())


def test_how_a_limit_is_read_is_told_once() -> None:
    async def test() -> None:
        events: list[Event] = []
        one = governor(Time(), events)
        headers = {"ratelimit-limit": "100, 100;window=60", "ratelimit-remaining": "90"}
        for _ in range(3):
            lease = await one.acquire("https://api.test 0a", "notes")
            one.give_back("https://api.test 0a", lease, "fine", read(headers, now=0.0))
        told = [event.message for event in events if isinstance(event, Noticed)]
        assert told == [
            (
                "the rate limit of https://api.test is read as 100 requests in 60 s "
                "(ratelimit-limit: 100, 100;window=60; remaining: 90; reset:)"
            )
        ]
        assert [event for event in events if isinstance(event, Budget)] == [Budget(100, 90, 60.0, "cautious")]

    go(test())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.25, "0.25 s"), (40, "40 s"), (121, "3 min"), (7200, "2 h"), (7500, "2 h 5 min"), (259_200, "3 days")],
)
def test_a_duration_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_notice_quotes_headers_without_secrets_and_controls_and_not_at_length() -> None:
    time, events = Time(), list[Event]()
    one = governor(time, events)
    bad = "s3cret\x1b[31m\x07" + "9" * 5000
    for headers in (
        {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "5", "x-ratelimit-reset": bad},
        {"ratelimit": f'"{bad}";r=5;t=1'},
    ):
        one.give_back("key", Lease(0.0, 0, {}), "fine", read(headers, now=0.0))
    texts = [event.message for event in events if isinstance(event, Noticed)]
    assert len(texts) == 3
    for text in texts:
        assert "***" in text
        assert "s3cret" not in text
        assert text.isprintable()
        assert len(text) <= 300
