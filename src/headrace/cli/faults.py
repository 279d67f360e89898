"""How the findings of a document are told to a person: by severity, each with its line, its place and its mend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.report.layout import Stage, Style, wrapped
from headrace.report.words import many

if TYPE_CHECKING:
    from headrace.spec.faults import Fault

_GROUPS: tuple[tuple[str, str, Style], ...] = (
    ("error", "to mend before it can run", "bad"),
    ("warning", "runs, but may not be what is meant", "warn"),
    ("note", "how it was read", "dim"),
)


def fault_lines(faults: Sequence[Fault], shown: Stage) -> list[str]:
    """Errors first, then warnings, then notes; each group in the order of the document, an empty line before each."""
    out: list[str] = []
    for severity, title, style in _GROUPS:
        group = [fault for fault in faults if fault.severity == severity]
        if group:
            heading = f"{many(len(group), severity)} {shown.marks.bullet} {title}"
            out += ["", shown.paint("strong", heading)]
            for fault, same in _alike(group):
                out += _one(fault, same, style, shown)
    return out


def _alike(group: Sequence[Fault]) -> list[tuple[Fault, list[Fault]]]:
    """Findings that say the same of several places are told once, with all their places."""
    by_words: dict[tuple[str, str, str], list[Fault]] = {}
    for fault in group:
        by_words.setdefault((fault.code, fault.problem, fault.fix), []).append(fault)
    return [(same[0], same) for same in by_words.values()]


def _one(fault: Fault, same: Sequence[Fault], style: Style, shown: Stage) -> list[str]:
    marks = {"bad": shown.marks.bad, "warn": shown.marks.warn}
    mark = marks.get(style, shown.marks.bullet)
    pad = " " * (len(mark) + 3)
    where = _places(same)
    problem = wrapped(sentence(fault.problem), shown.width, pad)
    if where:
        first, *rest = wrapped(where, shown.width, pad)
        out = [
            f"  {shown.paint(style, mark)} {shown.paint('accent', first.lstrip())}",
            *(shown.paint("accent", line) for line in rest),
            *problem,
        ]
    else:
        out = [f"  {shown.paint(style, mark)} {problem[0].lstrip()}", *problem[1:]]
    if fault.fix:
        lead = f"{pad}{shown.marks.arrow} "
        out += wrapped(sentence(fault.fix), shown.width, lead)
    return out


def _places(same: Sequence[Fault]) -> str:
    """`line 12, client.auth.name`; several are counted: `lines 30, 42 and 54, resources[0].endpoint.paginator`."""
    lines = sorted({fault.line for fault in same if fault.line})
    paths = list(dict.fromkeys(fault.path for fault in same if fault.path))
    said = []
    if len(lines) == 1:
        said.append(f"line {lines[0]}")
    elif lines:
        said.append(f"lines {', '.join(map(str, lines[:-1]))} and {lines[-1]}")
    if paths:
        said.append(paths[0] if len(paths) == 1 else f"{paths[0]} and {many(len(paths) - 1, 'more', 'more')} like it")
    return ", ".join(said)


def sentence(words: str) -> str:
    """With a capital where it begins with a plain word, and a full stop."""
    words = words.strip()
    if " " in words and words[0].isalpha() and not words.startswith("dlt"):
        words = words[0].upper() + words[1:]
    return words if not words or words[-1] in ".?!:" else f"{words}."
