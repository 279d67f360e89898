"""Rows of data as a table for a terminal: by the width that characters take there, cut to what fits."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace.model.plan import Json
from headrace.report.layout import Stage

_WIDEST, _WIDEST_FIRST, _NARROWEST = 28, 36, 4  # a UUID is 36 characters long


class Grid(msgspec.Struct, frozen=True):
    """The lines of a table, and the names of the columns that there was no room for."""

    lines: list[str]
    left_out: list[str]


def grid(rows: Sequence[dict[str, Json]], names: Sequence[str], shown: Stage, indent: str = "  ") -> Grid:
    """As many of the columns, in this order, as the width has room for. Numbers stand on the right."""
    from rich.cells import cell_len

    widths: list[int] = []
    room = shown.width - len(indent)
    for name in names:
        texts = [cell(row.get(name)) for row in rows]
        width = max([_NARROWEST, cell_len(name), *map(cell_len, texts)])
        width = min(width, _WIDEST if widths else _WIDEST_FIRST)
        if widths and sum(widths) + 2 * len(widths) + width > room:
            break
        widths.append(min(width, room))
    taken = names[: len(widths)]
    right = [_is_number(name, rows) for name in taken]
    head = "  ".join(fitted(name, width, right=flag) for name, width, flag in zip(taken, widths, right, strict=True))
    lines = [
        shown.paint("dim", (indent + head).rstrip()),
        shown.paint("dim", indent + "  ".join(shown.marks.rule * width for width in widths)),
    ]
    for row in rows:
        cells = [fitted(cell(row.get(n)), w, right=flag) for n, w, flag in zip(taken, widths, right, strict=True)]
        lines.append((indent + "  ".join(cells)).rstrip())
    return Grid(lines, list(names[len(widths) :]))


def cell(value: Json) -> str:
    """A value on one line; what a terminal would take for a command becomes a blank."""
    match value:
        case None:
            return ""
        case bool():
            words = str(value).lower()
        case str():
            words = value
        case int() | float():
            words = f"{value}"
        case _:
            words = msgspec.json.encode(value).decode()
    return "".join(each if each.isprintable() else " " for each in words)


def fitted(words: str, width: int, *, right: bool = False) -> str:
    """The words in a column of this width, cut with an ellipsis where they are longer."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(words) > width:
        return f"{set_cell_size(words, width - 1)}…"
    blank = " " * (width - cell_len(words))
    return f"{blank}{words}" if right else f"{words}{blank}"


def _is_number(name: str, rows: Sequence[dict[str, Json]]) -> bool:
    values = [row[name] for row in rows if row.get(name) is not None]
    return bool(values) and all(isinstance(each, int | float) and not isinstance(each, bool) for each in values)
