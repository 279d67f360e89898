"""Deviations that can mean one thing only: told in one sentence, and each of them in the plan's provenance."""

from __future__ import annotations

import re
from collections.abc import Iterable

from headrace.model.plan import Provenance
from headrace.spec.faults import Fault, Faults

IN_SUM = "read-as-meant"
_SHOWN = 3
_INDEX = re.compile(r"\[\d+\]")


def tell_in_sum(faults: Faults) -> None:
    """One note for all of them."""
    lines: dict[str, list[int]] = {}
    for fault in sorted(faults.certain, key=lambda fault: fault.line or 0):
        lines.setdefault(_place(fault.path), []).append(fault.line or 1)
    if lines:
        words = _and([f"`{place}` ({_on(numbers)})" for place, numbers in lines.items()])
        faults.tell(IN_SUM, "", min(numbers[0] for numbers in lines.values()), words=words)


def provenance(certain: Iterable[Fault]) -> tuple[Provenance, ...]:
    """Where each of these values comes from: the rule that read it."""
    return tuple(Provenance(each.path, f"{each.problem}: {each.fix}", "interpretation", each.line) for each in certain)


def _place(path: str) -> str:
    """The last two keys of a path: `auth.type`, `paginator.cursor_value`."""
    return ".".join(_INDEX.sub("", path).split(".")[-2:]) or "the document"


def _on(numbers: list[int]) -> str:
    shown, more = [str(number) for number in dict.fromkeys(numbers)], ""
    if len(shown) > _SHOWN + 1:
        shown, more = shown[:_SHOWN], f" and {len(shown) - _SHOWN} more"
    return f"line{'s' if len(shown) > 1 else ''} {', '.join(shown) if more else _and(shown)}{more}"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
