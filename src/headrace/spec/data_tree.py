"""YAML, JSON and TOML as one tree: what each value is, and the line that it stands on."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from typing import TYPE_CHECKING

from headrace.spec.faults import Faults
from headrace.spec.node import Node, Value, sendable
from headrace.spec.references import whole_reference
from headrace.spec.relaxed_json import strict

if TYPE_CHECKING:
    import yaml

_MAX_NODES = 200_000
_MAX_DEPTH = 100
_CURLY = re.compile("[‘’‚“”„]")


def read_data(text: str, form: str, faults: Faults) -> Node | None:
    """The tree of a YAML, JSON or TOML text; a syntax error becomes a fault."""
    try:
        if form == "json":
            return _json(text, faults)
        return _toml(text, faults) if form == "toml" else _yaml(text, faults)
    except RecursionError:
        faults.error("syntax", "", 1, "the document is nested too deeply", "write it with fewer levels")
        return None


class _TooMuch(Exception):
    """Aliases that unfold without end, or nearly so."""


# --- YAML ------------------------------------------------------------------------------------


def _yaml(text: str, faults: Faults) -> Node | None:
    import yaml  # noqa: PLC0415 - only a YAML or JSON document needs it

    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            faults.error("no-config", "", 1, "the document is empty", "write a mapping with `client` and `resources`")
            return None
        return _Unfold(loader).node(root, 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        _yaml_fault(text, line, f"{error.problem or error.context or 'it cannot be read'}", faults)
    except yaml.YAMLError as error:
        faults.error("syntax", "", 1, f"the text is not YAML: {_first_line(str(error))}", "correct the syntax")
    except _TooMuch:
        faults.error("syntax", "", 1, "the document's aliases unfold without end", "write the values out")
    except (ValueError, OverflowError) as error:
        faults.error(
            "syntax", "", 1, f"a value is not what its form says: {_first_line(str(error))}", "quote the value"
        )
    return None


def _yaml_fault(text: str, line: int, problem: str, faults: Faults) -> None:
    rows = text.splitlines() or [""]
    line = min(line, len(rows))
    while line > 1 and not rows[line - 1].strip():
        line -= 1
    if "\t" in rows[line - 1][: len(rows[line - 1]) - len(rows[line - 1].lstrip())]:
        faults.error("syntax", "", line, "the line is indented with a tab", "indent with spaces")
        return
    faults.error("syntax", "", line, f"the text is not YAML here: {problem}", "correct this line or the one above it")


class _Unfold:
    """YAML nodes as ours, with aliases written out."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        import yaml  # noqa: PLC0415 - only a YAML or JSON document needs it

        self._mapping, self._sequence = yaml.MappingNode, yaml.SequenceNode
        self._loader = loader
        self._count = 0

    def node(self, node: yaml.Node, depth: int) -> Node:
        self._count += 1
        if self._count > _MAX_NODES or depth > _MAX_DEPTH:
            raise _TooMuch
        line = node.start_mark.line + 1
        if isinstance(node, self._mapping):
            self._loader.flatten_mapping(node)
            found: dict[str, Node] = {}
            for key, value in node.value:
                name = self._loader.construct_object(key, deep=True)
                sub = self.node(value, depth + 1)
                found[_key(name)] = Node(sub.value, sub.line, key_line=key.start_mark.line + 1)
            return Node(found, line)
        if isinstance(node, self._sequence):
            return Node([self.node(sub, depth + 1) for sub in node.value], line)
        return Node(_scalar(self._loader.construct_object(node)), line)


def _key(name: object) -> str:
    if name is None:
        return "null"
    return str(name).lower() if isinstance(name, bool) else sendable(str(name))


def _scalar(value: object) -> Value:
    match value:
        case str():
            return whole_reference(value) or sendable(value)
        case None | bool() | int() | float():
            return value
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case _:
            return str(value)


# --- JSON ------------------------------------------------------------------------------------


def _json(text: str, faults: Faults) -> Node | None:
    """Values by the JSON parser; lines by a YAML one, since the layout of JSON is YAML's too."""
    import yaml  # noqa: PLC0415 - only a YAML or JSON document needs it

    text = _relaxed(text, faults)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        line = error.lineno
        rows = text.splitlines() or [""]
        if "delimiter" in error.msg:  # the parser notices at the next value
            line = text.count("\n", 0, len(text[: error.pos].rstrip())) + 1
        fix = "correct this line or the one above it"
        problem = f"the text is not JSON here: {error.msg[:1].lower()}{error.msg[1:]}"
        row = rows[min(line, len(rows)) - 1]
        if "',' delimiter" in error.msg:
            problem, fix = "a comma is missing at the end of this value", "add a comma"
        elif _CURLY.search(row):
            problem, fix = "the quotes on this line are typographic, not JSON's", 'write straight quotes: "…"'
        elif "'" in row and "quotes" in error.msg:
            problem, fix = "JSON takes no single quotes", 'write double quotes: "…"'
        faults.error("syntax", "", line, problem, fix)
        return None
    try:
        layout = yaml.compose(text.replace("\t", " "), Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        layout = None
    return _with_lines(data, layout)


def _relaxed(text: str, faults: Faults) -> str:
    """JSON that only comments and trailing commas keep from being JSON, without them."""
    if _is_json(text):
        return text
    plain, taken, line = strict(text)
    if not taken or not _is_json(plain):
        return text
    faults.tell("json-relaxed", "", line, what=" and no ".join(taken))
    return plain


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _with_lines(data: object, layout: yaml.Node | None, line: int = 1) -> Node:
    import yaml  # noqa: PLC0415 - only a YAML or JSON document needs it

    line = layout.start_mark.line + 1 if layout is not None else line
    if isinstance(data, dict):
        pairs = layout.value if isinstance(layout, yaml.MappingNode) else []
        marks = {key.value: (key.start_mark.line + 1, value) for key, value in pairs}
        found: dict[str, Node] = {}
        for name, value in data.items():
            key_line, sub_layout = marks.get(name, (0, None))
            sub = _with_lines(value, sub_layout, line)
            found[sendable(name)] = Node(sub.value, sub.line, key_line=key_line or sub.line)
        return Node(found, line)
    if isinstance(data, list):
        layouts = layout.value if isinstance(layout, yaml.SequenceNode) else []
        marked = layouts if len(layouts) == len(data) else [None] * len(data)
        return Node([_with_lines(value, mark, line) for value, mark in zip(data, marked, strict=True)], line)
    return Node(_scalar(data), line)


# --- TOML ------------------------------------------------------------------------------------


def _toml(text: str, faults: Faults) -> Node | None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+)", str(error))
        rows = text.splitlines() or [""]
        line = min(int(where[1]), len(rows)) if where else len(rows)
        problem = str(error).split(" (at ", maxsplit=1)[0]
        fix = 'write straight quotes: "…"' if _CURLY.search(rows[line - 1]) else "correct this line or the one above it"
        faults.error("syntax", "", line, f"the text is not TOML here: {problem[:1].lower()}{problem[1:]}", fix)
        return None
    return _TomlLines(text).node(data, (), 1)


_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_PAIR = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_KEY_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_INNER_KEY = re.compile(r"""(?:[{,]\s*)((?:[\w-]+|"[^"]*"|'[^']*'))\s*=""")


class _TomlLines:
    """The line of each key: found by its table header and name, since the standard parser tells none."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str | int, ...], int] = {}
        self._inner: dict[str, list[int]] = {}
        counts: dict[tuple[str | int, ...], int] = {}
        table: tuple[str | int, ...] = ()
        for number, row in enumerate(text.splitlines(), 1):
            if header := _HEADER.match(row):
                table = self._enter(_parts(header[2]), header[1] == "[[", counts)
                self._lines.setdefault(table, number)
                self._lines.setdefault(table[:1], number)
            elif pair := _PAIR.match(row):
                parts = _parts(pair[1])
                for length in range(1, len(parts) + 1):
                    self._lines.setdefault((*table, *parts[:length]), number)
            for inner in _INNER_KEY.finditer(row):
                self._inner.setdefault(inner[1].strip("\"'"), []).append(number)

    def _enter(
        self, parts: tuple[str, ...], many: bool, counts: dict[tuple[str | int, ...], int]
    ) -> tuple[str | int, ...]:
        path: tuple[str | int, ...] = ()
        for index, part in enumerate(parts):
            path = (*path, part)
            if many and index == len(parts) - 1:
                counts[path] = counts.get(path, -1) + 1
            if path in counts:
                path = (*path, counts[path])
        return path

    def node(self, data: object, path: tuple[str | int, ...], line: int) -> Node:
        line = self._lines.get(path) or line
        if isinstance(data, dict):
            found = {}
            for name, value in data.items():
                spot = self._lines.get((*path, name)) or self._within(name, line)
                sub = self.node(value, (*path, name), spot)
                found[name] = Node(sub.value, sub.line, key_line=spot)
            return Node(found, line)
        if isinstance(data, list):
            elements = []
            for index, value in enumerate(data):
                sub = self.node(value, (*path, index), line)
                line = max(line, sub.line)
                elements.append(sub)
            return Node(elements, self._lines.get(path) or line)
        return Node(_scalar(data), line)

    def _within(self, name: str, line: int) -> int:
        """A key of an inline table: the first place not yet taken, at or below its table's line."""
        spots = self._inner.get(name, [])
        for index, spot in enumerate(spots):
            if spot >= line:
                del spots[index]
                return spot
        return line


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _KEY_PART.findall(dotted))


def _first_line(words: str) -> str:
    return words.strip().splitlines()[0] if words.strip() else "it cannot be read"
