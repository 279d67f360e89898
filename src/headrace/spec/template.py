"""Strings in Python's format syntax as texts with slots: what each placeholder of one endpoint takes, and from whom."""

from __future__ import annotations

import re
import string
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from headrace.envelope.path import parse
from headrace.model.plan import FieldKey, Json, ParentField, Slot, Text, WindowValue
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean, listed
from headrace.spec.node import Node, Opaque
from headrace.spec.references import Part, joined

WINDOW = {
    "initial_value": WindowValue("initial_value"),
    "start_value": WindowValue("start_value"),
    "last_value": WindowValue("start_value"),
    "end_value": WindowValue("end_value"),
}
_RAW = "raw"  # `{resources.a.b:raw}`: not percent-encoded in a path
_BATCH = re.compile(r"batch\((\d{1,9})\)")  # `{resources.a.b:batch(50)}`: the values of so many rows in one request
_FORM = "{resources.<resource>.<field>}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text, and the placeholder after it (`name` None: there is none)."""

    literal: str
    name: str | None = None
    spec: str = ""
    conversion: str | None = None


class Form(NamedTuple):
    """How a placeholder of a parent's field is filled: as it is, and with how many rows' values."""

    raw: bool = False
    batch: int | None = None


def pieces(template: str) -> list[Piece]:
    """The parts of a format string, doubled braces made single. Raises ValueError where braces do not pair."""
    return [
        Piece(literal, name, spec or "", conversion)
        for literal, name, spec, conversion in string.Formatter().parse(template)
    ]


@dataclass(slots=True)
class Template:
    """The placeholders of the resource `own`. `names` are those of all, `parents` what they turn out to name.

    `window`: the endpoint is incremental, so `{incremental.…}` has a value. `batches` are the placeholders that take
    the values of many rows, `alone` what the others take of whom, `guessed` the names in a path that are taken for
    a field of the parent without a word. Of several parents, `spec.lines` says which one is the nearest.
    """

    ctx: Context
    own: str
    names: Collection[str]
    window: bool = False
    parents: dict[str, Node] = field(default_factory=dict)
    batches: list[tuple[Node, ParentField]] = field(default_factory=list)
    alone: set[FieldKey] = field(default_factory=set)
    guessed: set[str] = field(default_factory=set)

    def text(self, spot: Node, value: str | Text) -> Text:
        """A string, or one with references, as it will be sent; what stands for a placeholder is a slot."""
        words = self.ctx.settled(value) if isinstance(value, Text) else Text((value,))
        parts: list[Part] = []
        for part in words.parts:
            parts.extend(self._parts(spot, part) if isinstance(part, str) else (part,))
        made = joined(parts)
        return made if isinstance(made, Text) else Text((made,))

    def json(self, node: Node) -> Json:
        """A JSON value; strings (and keys) with references or slots in them are texts."""
        match node.value:
            case dict() as mapping:
                return {self._key(sub, key): self.json(sub) for key, sub in mapping.items()}
            case list() as elements:
                return [self.json(sub) for sub in elements]
            case str() | Text() as words:
                return self._string(node, words)
            case Opaque():
                self.ctx.wrong(node, "a JSON value")
                return None
            case plain:
                return plain

    def name(self, spot: Node, key: str) -> str:
        """The name of a parameter, header or form field, in which nothing may be filled in."""
        words = self.text(spot, key)
        if words.literal is None:
            problem = f"a placeholder in a name (`{key}`) is not supported yet"
            self.ctx.faults.error("not-yet", spot.path, spot.at, problem, "write the name out")
        return words.literal or key

    def _key(self, spot: Node, key: str) -> str | Text:
        before = len(self.batches)
        words = self._string(spot, key)
        if len(self.batches) > before:
            problem = f"a batch cannot stand in a name (`{key}`)"
            self.ctx.faults.error("batch", spot.path, spot.at, problem, "take the batch as a value")
        return words

    def _string(self, spot: Node, value: str | Text) -> str | Text:
        words = self.text(spot, value)
        return words if words.literal is None else words.literal

    def _parts(self, spot: Node, words: str) -> list[Part]:
        try:
            found = pieces(words)
        except ValueError:
            if not self.ctx.scaffold:
                problem, fix = f"the braces in `{words}` do not pair", "double each brace that is meant as it stands"
                self.ctx.faults.error("placeholder", spot.path, spot.line, problem, fix)
            return [words]
        if self.ctx.scaffold and not any(self.known(piece.name) for piece in found):
            return [words]  # a scaffold's other braces mean nothing certain
        parts: list[Part] = []
        for piece in found:
            parts.append(piece.literal)
            if piece.name is not None:
                parts.append(self.slot(spot, piece) or f"{{{piece.name}}}")
        return parts

    def known(self, name: str | None) -> bool:
        """Whether a placeholder's name begins as dlt's do."""
        return name is not None and (name.startswith("resources.") or (self.window and name.startswith("incremental.")))

    def slot(self, spot: Node, piece: Piece) -> Slot | None:
        """What fills a placeholder; None, and a fault in dlt's dialect, where nothing does."""
        name = piece.name or ""
        if not self.known(name):
            if not self.ctx.scaffold:
                begins = "`resources.` or `incremental.`" if self.window else "`resources.`"
                problem = f"the placeholder {{{name}}} does not begin with {begins}"
                fix = "double the braces if they are meant as they stand"
                self.ctx.faults.error("placeholder", spot.path, spot.line, problem, fix)
            return None
        form = self._form(spot, piece)
        if form is None:
            return None
        if name.startswith("incremental."):
            return self._window_value(spot, name)
        parts = name.split(".", 2)
        if len(parts) < 3 or not all(parts):  # noqa: PLR2004 - the three parts of the form
            problem = f"{{{name}}} lacks a field: the expected format is {_FORM}"
            self.ctx.faults.error("placeholder", spot.path, spot.line, problem, f"write {_FORM}")
            return None
        return self.parent_field(spot, parts[1], parts[2], form)

    def _form(self, spot: Node, piece: Piece) -> Form | None:
        """How the placeholder is to be filled; None, and a fault, where that is not understood."""
        name, spec = piece.name or "", piece.spec
        if piece.conversion is None and spec in {"", _RAW}:
            return Form(raw=spec == _RAW)
        if piece.conversion is not None or not spec.startswith("batch") or not name.startswith("resources."):
            problem = f"a format of its own for {{{name}}} is not supported yet"
            self.ctx.faults.error("not-yet", spot.path, spot.line, problem, f"write {{{name}}}")
            return None
        if self.ctx.live:
            problem = f"{{{name}:{spec}}}: batches are for `headrace run` alone so far"
            self.ctx.faults.error("not-yet", spot.path, spot.at, problem, f"write {{{name}}}, or run the document")
            return None
        size = _BATCH.fullmatch(spec)
        if size is None or int(size[1]) == 0:
            problem = f"{{{name}:{spec}}} states no number of rows that one request could ask for"
            self.ctx.faults.error("batch", spot.path, spot.line, problem, f"write {{{name}:batch(50)}}")
            return None
        return Form(batch=int(size[1]))

    def _window_value(self, spot: Node, name: str) -> WindowValue | None:
        which = name.removeprefix("incremental.")
        if which not in WINDOW:
            fix = did_you_mean(which, WINDOW, f"write {listed(WINDOW)}")
            problem = f"an incremental has no value `{which}`"
            self.ctx.faults.error("placeholder", spot.path, spot.line, problem, fix)
        return WINDOW.get(which)

    def parent_field(self, spot: Node, parent: str, path: str, form: Form | None = None) -> ParentField | None:
        """A field of the parent's row. The parent must exist, and the path must be one."""
        if parent not in self.names:
            fix = did_you_mean(
                parent, self.names, f"name one that exists: {listed(list(dict.fromkeys(self.names))[:8])}"
            )
            self.ctx.faults.error("unknown-parent", spot.path, spot.line, f"there is no resource `{parent}`", fix)
            return None
        try:
            parse(path)
        except ValueError as error:
            problem = f"`{path}` is not a JSON path: {str(error).rpartition(': ')[2]}"
            self.ctx.faults.error("json-path", spot.path, spot.line, problem, "quote odd keys: 'a.b'")
            return None
        self.parents.setdefault(parent, spot)
        form = form or Form()
        found = ParentField(path, form.raw, form.batch, above=None if parent == self.parent else parent)
        if form.batch is None:
            self.alone.add(found.key)
        else:
            self.batches.append((spot, found))
        return found

    @property
    def others(self) -> list[str]:
        """The resources that may be guessed as a parent."""
        return [name for name in self.names if name != self.own]

    @property
    def parent(self) -> str | None:
        """The resource whose rows fill the slots: the first that is named."""
        return next(iter(self.parents), None)
