"""How fast a walk is, and when it will end, as far as that is known and not guessed."""

from __future__ import annotations

from collections import deque

from headrace.report.tally import WalkTally

_WINDOW_S = 4.0


class Speed:
    """Records a second over the last few seconds, from samples taken whenever somebody looks."""

    def __init__(self, window_s: float = _WINDOW_S) -> None:
        self._window_s = window_s
        self._samples: deque[tuple[float, int]] = deque()

    def sample(self, now_s: float, records: int) -> float | None:
        """Take a sample, and give the speed; None while there is nothing to compare with."""
        samples = self._samples
        samples.append((now_s, records))
        while len(samples) > 2 and now_s - samples[1][0] >= self._window_s:  # noqa: PLR2004 - a span has two ends
            samples.popleft()
        span_s = now_s - samples[0][0]
        return (records - samples[0][1]) / span_s if span_s > 0 else None


def eta_s(walk: WalkTally, speed: float | None) -> float | None:
    """Seconds to the end of a walk, only where the API stated a total; a guess is never shown."""
    if walk.expected_records is None or not speed or walk.activity == "ended":
        return None
    return max(0.0, (walk.expected_records - walk.records) / speed)
