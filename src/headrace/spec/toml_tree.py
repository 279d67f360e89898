"""TOML as a tree with lines, which the standard parser tells of none: each key is looked for in the text."""

from __future__ import annotations

import datetime as dt
import re
import tomllib

from headrace.spec.faults import Faults
from headrace.spec.node import Node
from headrace.spec.scalar import CURLY, scalar


def read_toml(text: str, faults: Faults) -> Node | None:
    """The tree of a TOML text; a syntax error becomes a fault."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+)", str(error))
        rows = text.splitlines() or [""]
        line = min(int(where[1]), len(rows)) if where else len(rows)
        problem = str(error).split(" (at ", maxsplit=1)[0]
        fix = 'write straight quotes: "…"' if CURLY.search(rows[line - 1]) else "correct this line or the one above it"
        faults.error("syntax", "", line, f"the text is not TOML here: {problem[:1].lower()}{problem[1:]}", fix)
        return None
    return _TomlLines(text).node(data, (), 1)


_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_PAIR = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_KEY_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_INNER_KEY = re.compile(r"""(?:[{,]\s*)((?:[\w-]+|"[^"]*"|'[^']*'))\s*=""")


_TIMES = (dt.datetime, dt.date, dt.time)
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:[\d:.]+(?:[Zz]|[+-]\d\d:\d\d)?)?|\d\d:\d\d:\d\d(?:\.\d+)?")


def _same_time(words: str, time: dt.datetime | dt.date | dt.time) -> bool:
    try:
        return bool(tomllib.loads(f"x = {words}")["x"] == time)
    except tomllib.TOMLDecodeError:
        return False


class _TomlLines:
    """The line of each key: found by its table header and name, since the standard parser tells none."""

    def __init__(self, text: str) -> None:
        self._rows = text.splitlines()
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
        return Node(self._written(data, line) if isinstance(data, _TIMES) else scalar(data), line)

    def _written(self, time: dt.datetime | dt.date | dt.time, line: int) -> str:
        """A time as the document writes it: the parser takes `Z` and a blank for what it is not told from."""
        for row in self._rows[line - 1 :]:
            for words in _TIME.findall(row):
                if _same_time(words, time):
                    return str(words)
        return time.isoformat()

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
