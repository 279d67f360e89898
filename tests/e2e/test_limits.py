"""A run spends nearly all that the API's limiter allows, and is hardly ever refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.workplace import EXAMPLE, Emulate, Workplace

ALLOWED, WINDOW_S = 600, 10
# Over 1,200 pages of 20: two whole windows, or ten seconds of a bucket that began full.
RECORDS = "accounts=5000,users=5000,notes=5000,tasks=5000,conversations=5000,admins=100"


def shortest_s(requests: int, limiter: str) -> float:
    """The shortest time in which the limiter could have granted so many requests."""
    if limiter == "bucket":
        return max(0.0, (requests - ALLOWED) / (ALLOWED / WINDOW_S))
    return (requests - 1) // ALLOWED * WINDOW_S


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("limiter", ["bucket", "window"])
def test_a_run_uses_nearly_all_that_is_allowed(
    emulate: Emulate, workplace: Workplace, tmp_path: Path, limiter: str
) -> None:
    config = tmp_path / "vitally.md"
    config.write_text(EXAMPLE.read_text().replace('"limit": 100', '"limit": 20'))
    with emulate("--rate", f"{ALLOWED}/{WINDOW_S}", records=RECORDS, limiter=limiter) as emulator:
        ran = workplace.run(emulator.url, config=config)
        stats = emulator.stats()
    assert ran.code == 0, ran.err
    granted = stats["requests"] - stats["http_429"]
    assert granted > 2 * ALLOWED
    used = shortest_s(granted, limiter) / (stats["last_s"] - stats["first_s"])
    assert used >= 0.9, json.dumps(stats)
    assert stats["http_429"] < 0.01 * stats["requests"], json.dumps(stats)
