"""What is wrong, doubtful or interpreted in a document: one value for each finding, and how near words are found."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from headrace.spec.rules import RULES

Severity: TypeAlias = Literal["error", "warning", "note"]


class Fault(msgspec.Struct, frozen=True):
    """One finding. `path` points into the configuration (`resources[3].endpoint.path`), `line` is 1-based.

    `problem` and `fix` are plain words; neither holds a secret. Only an "error" keeps the document from running.
    """

    code: str
    severity: Severity
    path: str
    line: int | None
    problem: str
    fix: str


@dataclass(slots=True)
class Faults:
    """Collects every finding of one reading, so that all are told at once.

    `certain` are the deviations that have one meaning only: nothing is to be remarked, so they are no findings.
    """

    found: list[Fault] = field(default_factory=list)
    certain: list[Fault] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """The codes of all interpretations, once for each time that they were made (a fault is kept once)."""

    def error(self, code: str, path: str, line: int | None, problem: str, fix: str) -> None:
        """Something that must be mended before the document can run."""
        self._add(Fault(code, "error", path, line, problem, fix), self.found)

    def tell(self, code: str, path: str, line: int | None, /, **words: object) -> None:
        """How a deviation was read, in the words of its rule."""
        rule = RULES[code]
        self.told.append(code)
        fault = Fault(code, rule.severity, path, line, rule.problem.format(**words), rule.mend.format(**words))
        self._add(fault, self.certain if rule.certain else self.found)

    def retold(self, code: str, other: str, /, **words: object) -> bool:
        """Whether a deviation was told, which is now told by a rule that says the same problem and another mend."""
        problem = RULES[code].problem.format(**words)
        mine = [fault for fault in self.found if fault.code in {code, other} and fault.problem == problem]
        for fault in mine:
            if fault.code == code:
                self.found.remove(fault)
                self.tell(other, fault.path, fault.line, **words)
        return bool(mine)

    def _add(self, fault: Fault, to: list[Fault]) -> None:
        if fault not in to:
            to.append(fault)

    def take(self, other: Faults) -> None:
        """The findings of a part of the document."""
        self.found.extend(other.found)
        self.certain.extend(other.certain)
        self.told.extend(other.told)

    @property
    def fatal(self) -> bool:
        """Whether any finding is an error."""
        return any(fault.severity == "error" for fault in self.found)

    def by_line(self) -> tuple[Fault, ...]:
        """All findings in the order of the document; those without a line come first."""
        return tuple(sorted(self.found, key=lambda fault: fault.line or 0))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, if one is near enough."""
    words = list(known)
    folded = {name.lower().replace("-", "_"): name for name in reversed(words)}
    same = folded.get(word.lower().replace("-", "_"))
    if same is not None:
        return same
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.7)
    return near[0] if near else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """A fix: the nearest known word, or else `otherwise`."""
    near = nearest(word, known)
    return f"did you mean `{near}`?" if near else otherwise


def listed(words: Iterable[str]) -> str:
    """`a`, `b` or `c`."""
    quoted = [f"`{word}`" for word in words]
    if len(quoted) < 2:  # noqa: PLR2004 - a list of two begins to need an "or"
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"
