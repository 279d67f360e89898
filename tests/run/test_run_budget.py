"""The count of bytes: who waits, who is let through, and what becomes of those who no longer want it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from headrace.run.budget import ByteBudget, Shelf


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_what_does_not_fit_waits_until_it_does() -> None:
    async def main() -> None:
        budget = ByteBudget(10)
        await budget.acquire(6)
        waiting = asyncio.create_task(budget.acquire(5))
        await settled()
        assert (waiting.done(), budget.is_short) == (False, True)
        budget.release(1)
        await settled()
        assert (waiting.done(), budget.is_short) == (True, False)

    run(main())


def test_one_page_is_let_through_however_large() -> None:
    async def main() -> None:
        budget = ByteBudget(10)
        await budget.acquire(100)
        waiting = asyncio.create_task(budget.acquire(1))
        await settled()
        assert not waiting.done()
        budget.release(100)
        await waiting

    run(main())


def test_a_large_page_is_not_passed_by_small_ones_for_ever() -> None:
    async def main() -> None:
        budget = ByteBudget(10)
        await budget.acquire(5)
        large = asyncio.create_task(budget.acquire(8))
        await settled()
        small = asyncio.create_task(budget.acquire(1))
        await settled()
        assert (large.done(), small.done()) == (False, False)
        budget.release(5)
        await settled()
        assert (large.done(), small.done()) == (True, True)

    run(main())


@pytest.mark.parametrize("let_through", [True, False])
def test_whoever_is_cancelled_holds_nothing(let_through: bool) -> None:
    async def main() -> None:
        budget = ByteBudget(10)
        await budget.acquire(10)
        first, second = asyncio.create_task(budget.acquire(9)), asyncio.create_task(budget.acquire(9))
        await settled()
        if let_through:
            budget.release(10)
        first.cancel()
        await settled()
        assert first.cancelled()
        if not let_through:
            budget.release(10)
        await second
        assert not budget.is_short

    run(main())


def test_bytes_that_come_free_as_somebody_leaves_go_to_the_next() -> None:
    async def main() -> None:
        budget = ByteBudget(10)
        await budget.acquire(10)
        first, second = asyncio.create_task(budget.acquire(9)), asyncio.create_task(budget.acquire(9))
        await settled()
        first.cancel()
        budget.release(10)  # before the first has noticed
        await second
        assert first.cancelled()

    run(main())


def test_a_size_that_becomes_known_while_it_waits_counts_as_it_is() -> None:
    async def main() -> None:
        budget, likely = ByteBudget(10), [9]
        await budget.acquire(5)
        waiting = asyncio.create_task(budget.acquire_about(lambda: likely[0]))
        await settled()
        likely[0] = 4
        budget.correct(5, 6)
        assert await waiting == 4
        assert not budget.is_short

    run(main())


def test_the_head_of_the_queue_that_leaves_lets_the_next_go() -> None:
    async def main() -> None:
        budget = ByteBudget(10)
        await budget.acquire(5)
        large, small = asyncio.create_task(budget.acquire(9)), asyncio.create_task(budget.acquire(2))
        await settled()
        large.cancel()
        await settled()
        assert small.done()

    run(main())


def test_a_page_larger_than_it_was_taken_for_is_counted_as_it_is() -> None:
    async def main() -> None:
        budget = ByteBudget(10)
        await budget.acquire(1)
        budget.correct(1, 9)
        waiting = asyncio.create_task(budget.acquire(2))
        await settled()
        assert not waiting.done()
        budget.correct(9, 8)
        await waiting

    run(main())


def test_those_who_keep_bytes_are_told_each_time_that_somebody_waits() -> None:
    async def main() -> None:
        budget, calls = ByteBudget(10), list[str]()
        budget.when_short(lambda: calls.append("one"))
        budget.when_short(lambda: calls.append("two"))
        await budget.acquire(10)
        assert calls == []
        waiting = asyncio.create_task(budget.acquire(10))
        await settled()
        assert calls == ["one", "two"]
        budget.release(10)
        await waiting

    run(main())


def test_a_shelf_takes_what_fits_and_no_more() -> None:
    shelf = Shelf(10)
    assert [shelf.take(6), shelf.take(6), shelf.take(4), shelf.take(1)] == [True, False, True, False]
    shelf.give_back(6)
    assert shelf.take(6)
