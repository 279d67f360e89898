"""When an attempt that failed is followed by another, and after how long; pure, with the chance passed in."""

from __future__ import annotations

from collections.abc import Callable

from headrace.model.plan import RetryPolicy

LEAST_ATTEMPTS = 6
"""So many attempts a request always has (fewer only by its policy): the retry budget begins after them."""


def backoff(policy: RetryPolicy, failures: int, chance: Callable[[], float]) -> float:
    """Seconds to wait after so many failures in a row: full jitter, any time up to a doubling bound."""
    doublings = min(failures - 1, 32)  # beyond, the cap has long been reached
    return chance() * float(min(policy.cap_s, policy.base_s * 2**doublings))


class RetryBudget:
    """Retries may be half of all requests: where more fail, asking again only adds to what ails the API."""

    def __init__(self) -> None:
        self._first_attempts = 0
        self._retries = 0

    def first(self) -> None:
        """Another request begins."""
        self._first_attempts += 1

    def allows(self, attempts: int) -> bool:
        """Whether a request that has made so many attempts may make one more; it is counted if so."""
        if attempts >= LEAST_ATTEMPTS and self._retries >= self._first_attempts:
            return False
        self._retries += 1
        return True
