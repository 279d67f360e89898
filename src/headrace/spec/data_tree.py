"""YAML and JSON (and TOML, by `toml_tree`) as one tree: what each value is, and the line that it stands on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from headrace.spec.faults import Faults
from headrace.spec.node import Node, plain, sendable
from headrace.spec.relaxed_json import strict
from headrace.spec.repeated import tell_repeated
from headrace.spec.scalar import CURLY, scalar
from headrace.spec.toml_tree import read_toml

if TYPE_CHECKING:
    import yaml

_MAX_NODES = 200_000
_MAX_DEPTH = 100


def read_data(text: str, form: str, faults: Faults) -> Node | None:
    """The tree of a YAML, JSON or TOML text; a syntax error becomes a fault."""
    try:
        if form == "json":
            return _json(text, faults)
        return read_toml(text, faults) if form == "toml" else _yaml(text, faults)
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
        return _Unfold(loader, faults).node(root, 0)
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

    def __init__(self, loader: yaml.SafeLoader, faults: Faults) -> None:
        import yaml  # noqa: PLC0415 - only a YAML or JSON document needs it

        self._mapping, self._sequence = yaml.MappingNode, yaml.SequenceNode
        self._loader, self._faults = loader, faults
        self._count = 0
        self._own: dict[int, set[int]] = {}

    def node(self, node: yaml.Node, depth: int) -> Node:
        self._count += 1
        if self._count > _MAX_NODES or depth > _MAX_DEPTH:
            raise _TooMuch
        line = node.start_mark.line + 1
        if isinstance(node, self._mapping):
            return Node(self._pairs(node, depth), line)
        if isinstance(node, self._sequence):
            return Node([self.node(sub, depth + 1) for sub in node.value], line)
        return Node(scalar(self._value(node)), line)

    def _pairs(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        """The keys of a mapping; those that come from elsewhere (`<<`) may stand in it again."""
        own = self._own.setdefault(id(node), {id(key) for key, _ in node.value})  # a merge puts its keys in for good
        self._loader.flatten_mapping(node)
        found: dict[str, Node] = {}
        stated: dict[str, Node] = {}
        for key, value in node.value:
            name = _key(self._value(key))
            sub = self.node(value, depth + 1)
            found[name] = Node(sub.value, sub.line, key_line=key.start_mark.line + 1)
            if id(key) in own:
                if name in stated:
                    same = plain(stated[name]) == plain(sub)
                    tell_repeated(self._faults, name, stated[name].at, found[name].at, same=same)
                stated[name] = found[name]
        return found

    def _value(self, node: yaml.Node) -> object:
        """A scalar's value; dates, times and sixties (12:30) stay as they are written, which is how they are sent."""
        tag, words = str(node.tag), node.value
        if isinstance(words, str) and (
            tag.endswith(":timestamp") or (tag.endswith((":int", ":float")) and ":" in words)
        ):
            return words
        return self._loader.construct_object(node, deep=True)


def _key(name: object) -> str:
    if name is None:
        return "null"
    return str(name).lower() if isinstance(name, bool) else sendable(str(name))


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
        elif CURLY.search(row):
            problem, fix = "the quotes on this line are typographic, not JSON's", 'write straight quotes: "…"'
        elif "'" in row and "quotes" in error.msg:
            problem, fix = "JSON takes no single quotes", 'write double quotes: "…"'
        faults.error("syntax", "", line, problem, fix)
        return None
    try:
        layout = yaml.compose(text.replace("\t", " "), Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        layout = None
    _tell_repeated(layout, faults)
    return _with_lines(data, layout)


def _tell_repeated(layout: yaml.Node | None, faults: Faults) -> None:
    """The keys that stand twice, which the parser drops."""
    import yaml  # noqa: PLC0415 - only a YAML or JSON document needs it

    if isinstance(layout, yaml.MappingNode):
        stated: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in layout.value:
            name = sendable(str(key.value))
            if name in stated:
                first, its = stated[name]
                same = _said(its) == _said(value)
                tell_repeated(faults, name, first.start_mark.line + 1, key.start_mark.line + 1, same=same)
            stated[name] = (key, value)
            _tell_repeated(value, faults)
    elif isinstance(layout, yaml.SequenceNode):
        for sub in layout.value:
            _tell_repeated(sub, faults)


def _said(layout: yaml.Node) -> object:
    """What a piece of JSON says, to be compared."""
    if isinstance(layout.value, str):
        return (layout.tag, layout.value)
    return [(_said(sub[0]), _said(sub[1])) if isinstance(sub, tuple) else _said(sub) for sub in layout.value]


def _relaxed(text: str, faults: Faults) -> str:
    """JSON that only comments and trailing commas keep from being JSON, without them."""
    if _is_json(text):
        return text
    json_alone, taken, line = strict(text)
    if not taken or not _is_json(json_alone):
        return text
    faults.tell("json-relaxed", "", line, what=" and no ".join(taken))
    return json_alone


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
    return Node(scalar(data), line)


def _first_line(words: str) -> str:
    return words.strip().splitlines()[0] if words.strip() else "it cannot be read"
