"""Endpoints that a guide's prose lists, as the resources of a configuration that lists none itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

from headrace.spec.markdown import Line
from headrace.spec.node import Node, child_path

_INTRODUCED = re.compile(r"\bendpoints\b[^.!?]*:\s*$", re.IGNORECASE)
_ITEM = re.compile(r"^\s*[-*]\s+(?:\*\*|`)*(?P<name>[A-Za-z][^:*`]{0,59}?)(?:\*\*|`)*\s*:\s*(?:\*\*)?\s*(?P<about>.*)$")
_PATH = re.compile(r"`(?:GET\s+)?/([^`\s?{}]+)`")
_WORD = re.compile(r"[^\W_]+")


def listed_in(prose: Iterable[Line]) -> tuple[Line, ...]:
    """The items of the first list that a sentence about endpoints introduces."""
    found: list[Line] = []
    is_list = False
    for line in prose:
        if not is_list:
            is_list = _INTRODUCED.search(line.text) is not None
        elif _ITEM.match(line.text):
            found.append(line)
        elif line.text.strip():
            if found:
                break
            is_list = False
    return tuple(found)


def with_listed(resources: Node, lines: Iterable[Line]) -> Node:
    """The list of resources; one that is empty with a resource for each of the lines, its path guessed by its name."""
    if resources.value != [] or not (lines := tuple(lines)):
        return resources
    found: dict[str, Node] = {}
    for line in lines:
        item = _ITEM.match(line.text)
        words = _WORD.findall(item["name"]) if item is not None else []
        if item is None or not words:
            continue
        name = _named(words)
        stated = _PATH.search(item["about"])
        found.setdefault(name, _resource(name, stated[1] if stated else name, f"{resources.path}[{len(found)}]", line))
    return Node(list(found.values()), resources.line, resources.path, resources.key_line)


def _named(words: list[str]) -> str:
    """A word that is an identifier is taken as it stands; a title becomes one."""
    if len(words) == 1 and not words[0].istitle():
        return words[0]
    return "_".join(words).lower()


def _resource(name: str, path: str, at: str, line: Line) -> Node:
    items = {"name": name, "endpoint": path}
    return Node({key: Node(words, line.number, child_path(at, key)) for key, words in items.items()}, line.number, at)
