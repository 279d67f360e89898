"""A tiny API in this process, for what a command says of a run that is real."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.e2e.api import served


class Vendor:
    """A tiny API: the status and body of each path, and how often each was asked for."""

    def __init__(self, **answers: tuple[int, object]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.url = ""

    def answer(self, target: str) -> tuple[int, object]:
        name = target.strip("/").partition("?")[0]
        self.asked.append(name)
        return self.answers[name]


@contextlib.contextmanager
def serving(**answers: tuple[int, object]) -> Iterator[Vendor]:
    vendor = Vendor(**answers)
    with served(vendor.answer) as vendor.url:
        yield vendor
