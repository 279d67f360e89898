"""Which part of the API answers for which first segment of a path, and what all parts share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.parity.rest_api.records import Row, Turn
from tests.parity.rest_api.serving import Answer, Asked

Route = Callable[[Asked, Turn], Answer]
ROUTES: dict[str, tuple[frozenset[str], Route]] = {}
SIZE = 3


def route(name: str, *allowed: str) -> Callable[[Route], Route]:
    """The function answers for `/name` and all below it; a query parameter that is not allowed is refused."""

    def register(function: Route) -> Route:
        assert name not in ROUTES
        ROUTES[name] = (frozenset(allowed), function)
        return function

    return register


@dataclass
class Api:
    """The API in one of its two states."""

    turn: Turn = 1

    def __call__(self, asked: Asked) -> Answer:
        allowed, function = ROUTES.get(asked.segments[0], (frozenset[str](), _unknown))
        if "*" not in allowed and (strange := set(asked.query) - allowed):
            return Answer({"error": f"unknown parameters: {sorted(strange)}"}, 400)
        return function(asked, self.turn)


def cut(rows: list[Row], start: int, size: int = SIZE) -> list[Row]:
    return rows[start : start + size]


def refused(problem: str, status: int = 400) -> Answer:
    return Answer({"error": problem}, status)


def listed(rows: list[Row], **beside: Any) -> Answer:
    return Answer({"data": rows, **beside})


def _unknown(asked: Asked, _: Turn) -> Answer:
    return refused(f"no such path: {asked.raw_path}", 404)
