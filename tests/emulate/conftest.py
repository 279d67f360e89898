from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from headrace.emulate.control import Running
from headrace.emulate.server import running
from headrace.emulate.vitally import Settings

SMALL = {
    "accounts": 60, "organizations": 9, "users": 90, "admins": 12, "conversations": 40, "notes": 70, "tasks": 80,
    "projects": 15, "npsResponses": 30,
}  # fmt: skip


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Starts emulators in threads, with few records and no limiter unless told; they stop with the test."""
    with ExitStack() as stack:

        def begin(**changes: object) -> Running:
            given = {"records": SMALL, "profile": "lean", "limiter": "none", **changes}
            return stack.enter_context(running(Settings(**given), where="thread"))  # type: ignore[arg-type]

        yield begin


@pytest.fixture(scope="session")
def full() -> Iterator[Running]:
    """One emulator of the full profile, only to be read."""
    with running(Settings(records=SMALL, limiter="none"), where="thread") as emulator:
        yield emulator


@pytest.fixture(scope="session")
def lean() -> Iterator[Running]:
    """One emulator of the lean profile, only to be read."""
    with running(Settings(records=SMALL, profile="lean", limiter="none"), where="thread") as emulator:
        yield emulator
