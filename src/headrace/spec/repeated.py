"""A key that stands twice in one mapping: of two values, every reader keeps the last one without a word."""

from __future__ import annotations

from headrace.spec.faults import Faults


def tell_repeated(faults: Faults, key: str, first: int, line: int, *, same: bool) -> None:
    """`first` and `line` are where the key stands; `same`: its value is the same both times."""
    if same:
        faults.tell("repeated-key", "", line, key=key, first=first)
        return
    fix = f"keep one of them; what stands under `{key}` on line {first} would be lost"
    problem = f"the key `{key}` stands here a second time, after line {first}, with another value"
    faults.error("two-values", "", line, problem, fix)
