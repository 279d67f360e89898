"""How a configuration lies in a Markdown document: which fenced block holds it, and the sections of prose around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})[ \t]*([^\n`]*)$")
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_SIGNS = re.compile(
    r"\bbase_url\b|rest_api_source|rest_api_resources|RESTAPIConfig|[\"']?(?:resources|client)[\"']?\s*[:=]"
)
SECTIONS = ("overview", "configuration example", "authentication", "resources", "error handling", "schema")
"""The headings of a scaffold document, lower case, in their order."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, and the number of lines above that text."""

    language: str
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line of prose, 1-based."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Markdown:
    """A document taken apart. `prose` is all that stands around the blocks.

    `sections` holds the prose below each known heading (its own sub-headings included).
    """

    blocks: tuple[Block, ...]
    sections: dict[str, tuple[Line, ...]]
    wrapped: bool
    prose: tuple[Line, ...] = ()

    @property
    def configurations(self) -> list[Block]:
        """The blocks that seem to hold a configuration, the likeliest first."""
        likely = [block for block in self.blocks if _SIGNS.search(block.text)]
        return sorted(likely, key=lambda block: -len(set(_SIGNS.findall(block.text))))

    @property
    def is_scaffold(self) -> bool:
        """Whether it has the shape of a scaffold."""
        return is_described(self.sections)


def is_described(sections: dict[str, tuple[Line, ...]]) -> bool:
    """Whether the prose has the shape of a scaffold's: at least three of its six headings."""
    return len(sections) >= 3  # noqa: PLR2004 - half of the six


def take_apart(text: str) -> Markdown:
    """The blocks and sections of a document; one wrapped whole in a ```markdown fence is unwrapped first."""
    rows = text.splitlines()
    first = next((index for index, row in enumerate(rows) if row.strip()), 0)
    if rows and rows[first].lstrip().startswith("<!--"):
        first = next((index for index in range(first + 1, len(rows)) if rows[index].strip()), first)
    fence = _FENCE.match(rows[first]) if rows else None
    wrapped = fence is not None and fence[3].strip().lower() in {"markdown", "md"}
    blocks, prose = _split(rows, first + 1 if wrapped else 0)
    return Markdown(tuple(blocks), _sections(prose), wrapped, tuple(prose))


def _split(rows: list[str], start: int) -> tuple[list[Block], list[Line]]:
    blocks: list[Block] = []
    prose: list[Line] = []
    index = start
    while index < len(rows):
        fence = _FENCE.match(rows[index])
        if fence is None or not (fence[3] or _closes_later(rows, index, fence[2])):
            prose.append(Line(index + 1, rows[index]))
            index += 1
            continue
        end = index + 1
        while end < len(rows) and not _is_end(rows[end], fence[2]):
            end += 1
        indent = fence[1]
        body = [row.removeprefix(indent) for row in rows[index + 1 : end]]
        blocks.append(Block(fence[3].strip().lower(), "\n".join(body) + "\n", index + 1))
        index = end + 1
    return blocks, prose


def _closes_later(rows: list[str], index: int, mark: str) -> bool:
    return any(_is_end(row, mark) for row in rows[index + 1 :])


def _is_end(row: str, mark: str) -> bool:
    row = row.strip()
    return len(row) >= len(mark) and set(row) == {mark[0]}


def _sections(prose: list[Line]) -> dict[str, tuple[Line, ...]]:
    """The prose below each known heading, up to the next known one."""
    found: dict[str, list[Line]] = {}
    current: list[Line] | None = None
    level = 0
    for line in prose:
        heading = _HEADING.match(line.text)
        if heading is not None:
            title = heading[2].strip("*: ").lower()
            if title in SECTIONS and title not in found:
                current, level = found.setdefault(title, []), len(heading[1])
                continue
            if len(heading[1]) < level:
                current = None
        if current is not None:
            current.append(line)
    return {title: tuple(lines) for title, lines in found.items()}
