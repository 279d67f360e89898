"""The one tree that every format is read into: a value, the line it stands on, and its path in the configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from headrace.model.plan import ParentField, Ref, Text, WindowValue


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that has a value only when the document is run, which it never is: `source` is its text.

    Where the configuration is handed over by Python itself, `live` is the value.
    """

    kind: Literal["function", "object", "expression"]
    source: str
    live: object = field(default=None, compare=False)


Value: TypeAlias = "str | int | float | bool | Text | Opaque | dict[str, Node] | list[Node] | None"


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the document. `key_line` is where its key stands (0: it has none)."""

    value: Value
    line: int
    path: str = ""
    key_line: int = 0

    @property
    def at(self) -> int:
        """The line of the key if there is one, else of the value."""
        return self.key_line or self.line

    def get(self, key: str) -> Node | None:
        """The value of a key; None where the key is absent, the value is null, or this is no mapping."""
        found = self.value.get(key) if isinstance(self.value, dict) else None
        return None if found is None or found.value is None else found

    @property
    def items(self) -> dict[str, Node]:
        """The keys of a mapping; none if this is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def elements(self) -> list[Node]:
        """The elements of a list; none if this is no list."""
        return self.value if isinstance(self.value, list) else []

    @property
    def word(self) -> str | None:
        """The string that stands here, if it is one."""
        return self.value if isinstance(self.value, str) else None


_PLAIN_KEY = re.compile(r"[\w\-$@]+")


def child_path(path: str, key: str) -> str:
    """The path of a key below `path`."""
    step = key if _PLAIN_KEY.fullmatch(key) else f'["{key}"]'
    return f"{path}{'.' if path and not step.startswith('[') else ''}{step}"


def rooted(node: Node, path: str = "") -> Node:
    """The same tree with paths counted from here."""
    value = node.value
    if isinstance(value, dict):
        value = {key: rooted(sub, child_path(path, key)) for key, sub in value.items()}
    elif isinstance(value, list):
        value = [rooted(sub, f"{path}[{index}]") for index, sub in enumerate(value)]
    return Node(value, node.line, path, node.key_line)


def kind_of(value: Value) -> str:  # noqa: PLR0911 - one for each kind
    """What a value is, in the words of a message."""
    match value:
        case bool():
            return "true or false"
        case str() | Text():
            return "a string"
        case int() | float():
            return "a number"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case Opaque():
            return "Python code"
        case None:
            return "null"


def shown(value: Value, parent: str = "parent") -> str:
    """A value as a message may show it: references by name only, slots as placeholders (`parent`: whose rows)."""
    match value:
        case Text(parts):
            return "".join(_part(part, parent) for part in parts)
        case Opaque(source=source):
            return source if len(source) < 60 else source[:57] + "..."  # noqa: PLR2004 - the width of a message
        case dict() | list():
            return kind_of(value)
        case bool():
            return str(value).lower()
        case None:
            return "null"
        case _:
            return str(value)


def sendable(words: str) -> str:
    """The text as UTF-8 can hold it: half a character, which an escape may write, becomes a question mark."""
    return words.encode("utf-8", "replace").decode("utf-8")


def code_in(node: Node) -> Node | None:
    """The first piece of Python code in the tree."""
    if isinstance(node.value, Opaque):
        return node
    return next((found for sub in (*node.items.values(), *node.elements) if (found := code_in(sub)) is not None), None)


def _part(part: str | Ref | ParentField | WindowValue, parent: str) -> str:
    match part:
        case Ref():
            return f"<{part.kind} {part.name}>"
        case ParentField():
            return part.of(parent)
        case WindowValue():
            return f"{{incremental.{part.which}}}"
        case _:
            return part


def plain(node: Node) -> object:
    """The value as Python data; references and code are left as they are."""
    if isinstance(node.value, dict):
        return {key: plain(sub) for key, sub in node.value.items()}
    if isinstance(node.value, list):
        return [plain(sub) for sub in node.value]
    return node.value
