"""The types of fields as a scaffold's Schema section lists them: taken only where a list names its resource."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headrace.model.plan import ColumnHint
from headrace.spec.markdown import Line

_HEADING = re.compile(r"^\s*(?:#{2,6}\s+|[-*]\s+)\*{0,2}`?([\w -]+?)`?\*{0,2}\s*:?\s*$")
_FIELD = re.compile(r"^\s*[-*]\s+`(\w+)`\s*:\s*(\w+)\s*(\(required\)|or null|, nullable)?\.?\s*$")
_TYPES = {
    "string": "text",
    "text": "text",
    "integer": "bigint",
    "int": "bigint",
    "number": "double",
    "float": "double",
    "boolean": "bool",
    "bool": "bool",
}


def column_hints(lines: Sequence[Line], names: Sequence[str]) -> dict[str, list[tuple[Line, ColumnHint]]]:
    """The hints for each resource, with the lines that state them.

    Only what can be nothing else: one scalar type of JSON, below a heading or bullet that names a resource.
    """
    folded = {_folded(name): name for name in names}
    found: dict[str, list[tuple[Line, ColumnHint]]] = {}
    current: str | None = None
    for line in lines:
        heading = _HEADING.match(line.text)
        if heading is not None:
            word = _folded(heading[1])
            current = folded.get(word, current if word == "fields" else None)
            continue
        field = _FIELD.match(line.text)
        data_type = _TYPES.get(field[2].lower()) if field else None
        if field is not None and current is not None and data_type is not None:
            found.setdefault(current, []).append((line, ColumnHint(field[1], data_type)))
    return found


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())
