"""When a request is made to fail, and how: drawn for each request, the same for the same seed."""

from __future__ import annotations

import random

from headrace.emulate.vitally import FAULTS


class Faults:
    """Draws faults from a random sequence of its own, so that nothing else moves them.

    Each kind is drawn for every request whether or not another has struck: a change of one probability
    leaves the others where they were.
    """

    def __init__(self, shares: dict[str, float], seed: int) -> None:
        self._shares = [shares.get(kind, 0.0) for kind in FAULTS]
        self._random = random.Random(f"{seed}/faults")
        self._any = any(self._shares)

    def draw(self) -> frozenset[str]:
        """The kinds that strike the next request; often none."""
        if not self._any:
            return frozenset()
        return frozenset(
            kind for kind, share in zip(FAULTS, self._shares, strict=True) if self._random.random() < share
        )
