"""What a converted document says beside its values: how each line of the original was read, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from headrace.spec.faults import Fault
from headrace.spec.node import child_path
from headrace.spec.read import Reading
from headrace.spec.rules import RULES, Confidence
from headrace.spec.writing_value import Value

SURE: dict[Confidence, str] = {
    "settled": "certain",
    "noted": "certain",
    "likely": "likely",
    "asked": "a value is wanted",
    "doubtful": "doubtful, have a look",
    "lost": "not honoured",
}
_STEP = re.compile(r"\[\d+\]|\[\"[^\"]*\"\]|[^.\[\]]+")
_RESOURCE = re.compile(r"resources\[\d+\]")


def comments_on(reading: Reading, faults: Iterable[Fault], tree: Mapping[str, Value]) -> dict[str, list[str]]:
    """The comments by the path in the written tree that each stands above; what is of no one place is at ""."""
    known = set(_paths(tree))
    found: dict[tuple[str, str, str, str], list[int]] = {}
    for fault in faults:
        if fault.code in RULES:
            key = (_place(fault.path, reading, known), fault.code, fault.problem, fault.fix)
            found.setdefault(key, []).append(fault.line or 0)
    comments: dict[str, list[str]] = {}
    for (place, code, problem, fix), lines in found.items():
        words = f"{_lines(lines)}{code} ({SURE[RULES[code].confidence]}): {problem}{'; ' if fix else ''}{fix}."
        comments.setdefault(place, []).append(words.replace("?.", "?"))
    return comments


def _lines(lines: Iterable[int]) -> str:
    numbers = [str(line) for line in sorted(set(lines)) if line]
    match numbers:
        case []:
            return ""
        case [line]:
            return f"line {line}, "
        case [*first, last]:
            return f"lines {', '.join(first)} and {last}, "
    return ""


def _paths(value: Value | Mapping[str, Value], path: str = "") -> Iterator[str]:
    yield path
    if isinstance(value, Mapping):
        for key, sub in value.items():
            yield from _paths(sub, child_path(path, key))
    elif isinstance(value, list) and any(isinstance(sub, dict) for sub in value):
        for index, sub in enumerate(value):
            yield from _paths(sub, f"{path}[{index}]")


def _place(path: str, reading: Reading, known: set[str]) -> str:
    """The nearest place of the written tree: in the resource, or in the defaults if it was said there for all."""
    path = _RESOURCE.sub(lambda found: _moved(found[0], reading), path, count=1)
    own = _nearest(path, known)
    shared = _nearest(_RESOURCE.sub("resource_defaults", path, count=1), known)
    deeper = len(_STEP.findall(shared)) > len(_STEP.findall(own)) - 1  # `resources[0]` is two steps
    return shared if deeper and shared not in {"", "resource_defaults"} else own


def _moved(path: str, reading: Reading) -> str:
    """A resource's place in the document as its place among those that are written."""
    index = next((at for at, read in enumerate(reading.outline.resources) if read.node.path == path), None)
    return "resources" if index is None else f"resources[{index}]"


def _nearest(path: str, known: set[str]) -> str:
    steps = list(_STEP.finditer(path))
    for step in reversed(steps):
        if path[: step.end()] in known and path[: step.end()] != "resources":
            return path[: step.end()]
    return ""
