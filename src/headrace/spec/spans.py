"""Where in a document each value of its configuration stands, to the character: what an edit needs."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from headrace.spec.faults import Faults
from headrace.spec.markdown import take_apart
from headrace.spec.near_python import mended
from headrace.spec.node import child_path
from headrace.spec.python_config import candidates
from headrace.spec.python_scope import Scope
from headrace.spec.python_syntax import parsed
from headrace.spec.relaxed_json import strict

if TYPE_CHECKING:
    import yaml

Form: TypeAlias = Literal["py", "yaml", "json"]
_DEPTH = 60
_FORMS: dict[str, Form] = {"py": "py", "yaml": "yaml", "json": "json", "yml": "yaml"}


@dataclass(slots=True)
class Spot:
    """A value from `start` to `end`. `key_start` is where its key begins, -1 if it has none.

    `entries` are the keys of a mapping in their order, `elements` those of a list; `flow` is a YAML value in brackets.
    """

    start: int
    end: int
    key_start: int = -1
    entries: dict[str, Spot] | None = None
    elements: list[Spot] | None = None
    flow: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """A document's configuration: its form, its root, and every value by its path."""

    form: Form
    text: str
    root: Spot
    by_path: dict[str, Spot] = field(default_factory=dict)

    def indent_of(self, at: int) -> str:
        """The blanks that the line of this character begins with."""
        line = self.text[self.text.rfind("\n", 0, at) + 1 :]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def column_of(self, at: int) -> int:
        """How many characters stand before this one on its line."""
        return at - (self.text.rfind("\n", 0, at) + 1)


def layout_of(text: str, form: str, line: int) -> Layout | None:
    """The layout of the configuration whose root stands on this line; None where it cannot be told."""
    if form in {"md", "txt"}:
        return _markdown(text, line)
    found = _FORMS.get(form)
    return None if found is None else _layout(text, text, 0, found, line)


def _markdown(text: str, line: int) -> Layout | None:
    starts = _line_starts(text)
    for block in take_apart(text).configurations:
        rows = block.text.count("\n")
        if not block.offset < line <= block.offset + rows + 1:
            continue
        start = starts[block.offset]
        raw = text[start : starts[min(block.offset + rows, len(starts) - 1)]]
        form = _FORMS.get(block.language, "py")
        if form == "py" and mended(textwrap.dedent(raw), 0, Faults()) != textwrap.dedent(raw):
            return None
        return _layout(text, raw, start, form, line - block.offset)
    return None


def _layout(text: str, raw: str, start: int, form: Form, line: int) -> Layout | None:
    try:
        root = _python(raw, line) if form == "py" else _data(raw, form)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if root is None:
        return None
    _moved(root, start)
    found: dict[str, Spot] = {}
    _collect(root, "", found)
    return Layout(form, text, root, found)


def _moved(spot: Spot, by: int) -> None:
    spot.start += by
    spot.end += by
    spot.key_start += by if spot.key_start >= 0 else 0
    for sub in _subs(spot):
        _moved(sub, by)


def _subs(spot: Spot) -> list[Spot]:
    return [*(spot.entries or {}).values(), *(spot.elements or [])]


def _collect(spot: Spot, path: str, found: dict[str, Spot]) -> None:
    found[path] = spot
    for key, sub in (spot.entries or {}).items():
        _collect(sub, child_path(path, key), found)
    for index, sub in enumerate(spot.elements or []):
        _collect(sub, f"{path}[{index}]", found)


def _line_starts(text: str) -> list[int]:
    starts = [0]
    starts.extend(at + 1 for at, char in enumerate(text) if char == "\n")
    return starts


# --- Python ----------------------------------------------------------------------------------


def _python(raw: str, line: int) -> Spot | None:
    module = parsed(textwrap.dedent(raw))
    places = _Places(raw)
    for expr, scope in candidates(module):
        if expr.lineno == line:
            return places.spot(expr, scope, 0)
    return None


class _Places:
    """From the parser's lines and columns, which count bytes of the text without its margin, to characters."""

    def __init__(self, raw: str) -> None:
        self._starts = _line_starts(raw)
        self._rows = raw.split("\n")
        self._margin = next(
            (len(row) - len(plain) for row, plain in zip(self._rows, textwrap.dedent(raw).split("\n"), strict=False)
             if plain.strip()),
            0,
        )  # fmt: skip

    def _at(self, line: int, column: int) -> int:
        row = self._rows[line - 1][self._margin :]
        return self._starts[line - 1] + self._margin + len(row.encode()[:column].decode(errors="ignore"))

    def spot(self, expr: ast.expr, scope: Scope, depth: int) -> Spot:
        """The place of an expression; a name's is where its value stands."""
        if isinstance(expr, ast.Name) and depth < _DEPTH:
            found = scope.find(expr.id, expr.lineno)
            if found is not None and found[0].expr is not None and found[0].kind == "value":
                return self.spot(found[0].expr, found[1], depth + 1)
        end_line, end_column = expr.end_lineno or expr.lineno, expr.end_col_offset or 0
        spot = Spot(self._at(expr.lineno, getattr(expr, "col_offset", 0)), self._at(end_line, end_column))
        if isinstance(expr, ast.Dict):
            spot.entries = self._entries(expr, scope, depth)
        elif isinstance(expr, ast.List) and not any(isinstance(each, ast.Starred) for each in expr.elts):
            spot.elements = [self.spot(each, scope, depth + 1) for each in expr.elts]
        return spot

    def _entries(self, expr: ast.Dict, scope: Scope, depth: int) -> dict[str, Spot]:
        found: dict[str, Spot] = {}
        for key, value in zip(expr.keys, expr.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                sub = self.spot(value, scope, depth + 1)
                shared = isinstance(value, ast.Name)
                sub.key_start = -1 if shared or not hasattr(key, "col_offset") else self._at(key.lineno, key.col_offset)
                found[key.value] = sub
        return found


# --- YAML and JSON ---------------------------------------------------------------------------


def _data(raw: str, form: Form) -> Spot | None:
    import yaml  # noqa: PLC0415 - only a YAML or JSON document needs it

    plain = strict(raw)[0].replace("\t", " ") if form == "json" else raw
    try:
        root = yaml.compose(plain, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    if not isinstance(root, yaml.MappingNode):
        return None
    spot = _composed(root)
    sources = (spot.entries or {}).get("sources")
    if sources is not None and "client" not in (spot.entries or {}) and sources.entries:
        return next(iter(sources.entries.values()))
    return spot


def _composed(node: yaml.Node, depth: int = 0) -> Spot:
    import yaml  # noqa: PLC0415 - only a YAML or JSON document needs it

    spot = Spot(node.start_mark.index, node.end_mark.index)
    if depth > _DEPTH:
        return spot
    if isinstance(node, yaml.MappingNode):
        spot.entries = {}
        for key, value in node.value:
            sub = _composed(value, depth + 1)
            sub.key_start = key.start_mark.index
            spot.entries[str(key.value)] = sub
    elif isinstance(node, yaml.SequenceNode):
        spot.elements = [_composed(sub, depth + 1) for sub in node.value]
    if isinstance(node, yaml.MappingNode | yaml.SequenceNode):
        spot.flow = bool(node.flow_style)
        last = max((sub.end for sub in _subs(spot)), default=spot.end)
        spot.end = spot.end if spot.flow else last  # a block ends with its last value, not before the next one
    return spot
