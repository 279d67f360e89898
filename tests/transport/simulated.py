"""A budget against a limiter in virtual time: walks that ask as soon as they may, over a network with delays."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field

from headrace.emulate.limiter import SECOND_NS, Limiter
from headrace.model.plan import DeclaredLimit
from headrace.transport.budget import Budget, Lease
from headrace.transport.ratelimit import Reading, read

Told = tuple[bool, Reading | None]


@dataclass
class Traffic:
    """What is asked, and how long the ways there and back may take, in seconds."""

    requests: int
    walks: int = 6
    slowest_there_s: float = 0.02
    slowest_back_s: float = 0.02
    seed: int = 0
    max_concurrency: int = 16
    tells_window: bool = True
    tells_reset: bool = True
    silent: bool = False
    declared: DeclaredLimit | None = None
    others: list[float] = field(default_factory=list)
    """When requests of another client arrive."""


@dataclass
class Outcome:
    granted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    @property
    def took_s(self) -> float:
        return self.granted[-1] - self.granted[0]


def reading(limiter: Limiter, now_s: float, traffic: Traffic) -> Reading | None:
    state = limiter.state(round(now_s * SECOND_NS))
    if state is None or traffic.silent:
        return None
    lines = [line.split(": ", 1) for line in state.lines().decode().splitlines()]
    headers = {name.lower(): value for name, value in lines}
    if not traffic.tells_window:
        headers["ratelimit-limit"] = str(state.limit)
    if not traffic.tells_reset:
        del headers["ratelimit-reset"]
    return read(headers, now=now_s)


def run(limiter: Limiter, traffic: Traffic, *, longest_s: float = 1e4) -> Outcome:
    """Let every request be granted; AssertionError where that takes longer than `longest_s` of virtual time."""
    chance = random.Random(traffic.seed)
    budget = Budget(max_concurrency=traffic.max_concurrency, declared=traffic.declared, now=0.0)
    outcome, now, number, idle, left = Outcome(), 0.0, 0, traffic.walks, traffic.requests
    coming: list[tuple[float, int, Lease | None, Told | None]] = [
        (at, -1 - index, None, None) for index, at in enumerate(traffic.others)
    ]
    heapq.heapify(coming)
    while left or idle < traffic.walks:
        opens_in = budget.opens_in(now) if idle and left else float("inf")
        if opens_in <= 0:
            number, idle, left = number + 1, idle - 1, left - 1
            heapq.heappush(coming, (now + chance.uniform(0, traffic.slowest_there_s), number, budget.take(now), None))
            continue
        if not coming or coming[0][0] > now + opens_in:
            now += max(opens_in, 1e-4)  # as a real clock does
            assert now < longest_s, "the budget does not open"
            continue
        now, _, lease, told = heapq.heappop(coming)
        if lease is None:
            limiter.take(round(now * SECOND_NS))
        elif told is None:
            passed = limiter.take(round(now * SECOND_NS))
            (outcome.granted if passed else outcome.refused).append(now)
            number += 1
            back = now + chance.uniform(0, traffic.slowest_back_s)
            heapq.heappush(coming, (back, number, lease, (passed, reading(limiter, now, traffic))))
        else:
            passed, learnt = told
            idle, left = idle + 1, left + (not passed)
            budget.give_back(lease, now, "fine" if passed else "refused", learnt)
            if not passed and traffic.silent:
                budget.pause(now + 1)
    return outcome
