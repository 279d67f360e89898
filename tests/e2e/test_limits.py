"""A run spends nearly all that the API's limiter allows, and is hardly ever refused."""

from __future__ import annotations

import json

import pytest

from tests.e2e.workplace import Emulate, Workplace

ALLOWED, WINDOW_S = 150, 3
RECORDS = "accounts=12000,users=12000,notes=12000,tasks=12000,conversations=12000,admins=100"


def shortest_s(requests: int, limiter: str) -> float:
    """The shortest time in which the limiter could have granted so many requests."""
    if limiter == "bucket":
        return max(0.0, (requests - ALLOWED) / (ALLOWED / WINDOW_S))
    return (requests - 1) // ALLOWED * WINDOW_S


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("limiter", ["bucket", "window"])
def test_a_run_uses_nearly_all_that_is_allowed(emulate: Emulate, workplace: Workplace, limiter: str) -> None:
    with emulate("--rate", f"{ALLOWED}/{WINDOW_S}", records=RECORDS, limiter=limiter) as emulator:
        ran = workplace.run(emulator.url)
        stats = emulator.stats()
    assert ran.code == 0, ran.err
    granted = stats["requests"] - stats["http_429"]
    used = shortest_s(granted, limiter) / (stats["last_s"] - stats["first_s"])
    assert used >= 0.9, json.dumps(stats)
    assert stats["http_429"] < 0.01 * stats["requests"], json.dumps(stats)
