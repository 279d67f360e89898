"""Pages that are asked for before their turn are paid for like all others: an API's limiter is not overrun."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from headrace.emulate.limiter import Limiter, SlidingWindow, TokenBucket
from tests.parity.rest_api.serving import Answer, Asked, serving
from tests.parity.rest_api.ways import by_load

ALLOWED, WINDOW_S = 60, 1
PAGES, SIZE = 300, 2


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("limiter", [TokenBucket(ALLOWED, WINDOW_S), SlidingWindow(ALLOWED, WINDOW_S)])
def test_early_pages_are_hardly_ever_refused(tmp_path: Path, limiter: Limiter) -> None:
    refused = 0

    def answer(asked: Asked) -> Answer:
        nonlocal refused
        granted = limiter.take(time.monotonic_ns())
        state = limiter.state(time.monotonic_ns())
        assert state is not None
        headers = dict(line.split(": ", 1) for line in state.lines().decode().splitlines())
        if not granted:
            refused += 1
            return Answer({"error": "too many"}, 429, headers)
        offset = int(asked.query["offset"])
        return Answer({"data": [{"id": offset + n} for n in range(SIZE)], "total": PAGES * SIZE}, headers=headers)

    paginator = {"type": "offset", "limit": SIZE}
    endpoint = {"path": "things", "data_selector": "data", "paginator": paginator}
    with serving(answer) as server:
        config = {"client": {"base_url": server.url}, "resources": [{"name": "things", "endpoint": endpoint}]}
        loaded = by_load(config, tmp_path)
        asked = len(server.asked)
    assert not loaded.problem
    assert len(loaded.values("things")) == PAGES * SIZE
    assert asked == PAGES + refused
    assert refused < 0.01 * asked
