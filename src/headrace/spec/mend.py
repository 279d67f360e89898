"""What is known of a document while it is mended, and what one mend is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import msgspec

from headrace.model.plan import Plan
from headrace.spec.document import open_document
from headrace.spec.faults import Fault, Faults
from headrace.spec.node import Node
from headrace.spec.read import Options, Reading, Source, read
from headrace.spec.rules import RULES
from headrace.spec.spans import Layout, layout_of
from headrace.spec.writing import Meant, meant_of
from headrace.spec.writing_value import Tongue

_CERTAIN = {"settled", "noted", "likely", "asked"}
_MORE_MEANT = {"merge-without-key"}
"""What was read is certain, but its writer may rather add what is missing."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What only the user knows, never a secret: the question, and the text once it is answered.

    `then` raises `patch.Unplaced` where the answer cannot be put in.
    """

    question: str
    then: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Mend:
    """An edit that takes findings away: `faults` are gone from the reading of `text`.

    `certain`: it says what was read anyway, or mends an evident slip. With `ask`, the text waits for an answer.
    """

    place: str
    faults: tuple[Fault, ...]
    text: str = ""
    certain: bool = False
    ask: Ask | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """What tells a mend from others, also when the text has changed around it."""
        kind = "edit" if self.ask is None else "question"
        return (kind, self.place, *sorted({fault.code for fault in self.faults}))


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as far as it is mended: its reading, its tree, and where everything stands in the text."""

    source: Source
    options: Options
    reading: Reading
    config: Node | None
    layout: Layout | None
    tongue: Tongue
    meant: Meant | None
    """What the document says, if it can be read."""

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self.source.text

    def node(self, path: str) -> Node | None:
        """The value at a path."""
        node = self.config
        for step in re.findall(r"\[(\d+)\]|\[\"([^\"]*)\"\]|([^.\[\]]+)", path):
            index, odd, key = step
            if node is None:
                return None
            elements = node.elements
            if index:
                node = elements[int(index)] if int(index) < len(elements) else None
            else:
                node = node.items.get(odd or key)
        return node


def draft_of(source: Source, options: Options) -> Draft:
    """The document as it stands. Its line ends are made plain ones."""
    source = replace(source, text=source.text.replace("\r\n", "\n").replace("\r", "\n"))
    document = open_document(source.text, source.format, Faults())
    reading = read(source, options)
    config = document.config
    layout = None if config is None else layout_of(source.text, source.format, config.line)
    # Without a scaffold's prose, a document changes its dialect with the last of its marks.
    tongue = Tongue(ours=True, scaffold=reading.dialect == "scaffold", dlt=not document.scaffold)
    return Draft(source, options, reading, config, layout, tongue, meant_of(reading, config, options.settings))


def after(draft: Draft, text: str) -> Reading:
    """The reading of another text in the document's place."""
    return read(replace(draft.source, text=text), draft.options)


def gone(before: Reading, then: Reading) -> tuple[Fault, ...]:
    """The findings that are there no more."""
    left = {_named(fault) for fault in then.in_full}
    return tuple(fault for fault in before.in_full if _named(fault) not in left)


def come(before: Reading, then: Reading) -> tuple[Fault, ...]:
    """The findings for which there was none of their kind in their place."""
    known = {(fault.code, fault.path) for fault in before.in_full}
    return tuple(fault for fault in then.in_full if (fault.code, fault.path) not in known)


def _named(fault: Fault) -> tuple[str, str, str]:
    return fault.code, fault.path, re.sub(r"\bline \d+\b", "", fault.problem)


def is_sure(fault: Fault) -> bool:
    """Whether how it was read needs nobody's word."""
    rule = RULES.get(fault.code)
    return rule is not None and rule.confidence in _CERTAIN and fault.code not in _MORE_MEANT


def same_plan(one: Plan | None, other: Plan | None) -> bool:
    """Whether two plans do the same: where a value came from, and in whose words, is no matter."""
    return one is not None and other is not None and bare(one) == bare(other)


def bare(plan: Plan) -> Plan:
    """The plan without its provenance, how sure its values are, and its dialect; paths from the root are paths."""
    resources = tuple(
        msgspec.structs.replace(
            each, selector=each.selector and each.selector.removeprefix("$."), guesses=frozenset(), kin=None
        )
        for each in plan.resources
    )
    return msgspec.structs.replace(plan, provenance=(), dialect="dlt", resources=resources)


def left_out(mend: Mend, declined: Collection[tuple[str, ...]]) -> bool:
    """Whether a mend was refused already."""
    return mend.key in declined
