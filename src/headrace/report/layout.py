"""How text is laid out for a terminal of a given width: columns, hanging indents, and colour that may be none."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import IO, Literal, TypeAlias

import msgspec

Style: TypeAlias = Literal["good", "bad", "warn", "dim", "strong", "accent", "none"]
Paint: TypeAlias = Callable[[Style, str], str]

_CODES: dict[Style, str] = {"good": "32", "bad": "31;1", "warn": "33", "dim": "2", "strong": "1", "accent": "36"}
_WIDEST = 120
_NARROWEST = 40


class Marks(msgspec.Struct, frozen=True):
    """The signs before a line, and the line under a table's head; ASCII where the stream can do no more."""

    good: str = "✓"
    warn: str = "!"
    bad: str = "✗"
    bullet: str = "·"
    rule: str = "─"
    arrow: str = "→"


ASCII_MARKS = Marks(good="ok", warn="!", bad="x", bullet="-", rule="-", arrow="->")


class Cell(msgspec.Struct, frozen=True):
    """One entry of a table."""

    words: str
    style: Style = "none"


class Stage(msgspec.Struct, frozen=True):
    """What a stream can show: its width in columns, whether it takes colour, and which signs it can write."""

    width: int
    paint: Paint
    marks: Marks
    live: bool = False


def bare(style: Style, words: str) -> str:
    """No colour at all."""
    del style
    return words


def ansi(style: Style, words: str) -> str:
    """Colour by SGR codes (ECMA-48), reset after each piece."""
    code = _CODES.get(style)
    return f"\x1b[{code}m{words}\x1b[0m" if code and words else words


def stage(stream: IO[str], environ: Mapping[str, str]) -> Stage:
    """What `stream` can show: no colour with NO_COLOR (https://no-color.org), a dumb terminal, or a pipe."""
    terminal = stream.isatty() and environ.get("TERM", "") not in {"", "dumb", "unknown"}
    width = int(columns) if (columns := environ.get("COLUMNS", "")).isdigit() else 0
    if not width:
        width = shutil.get_terminal_size((100, 24)).columns if terminal else 100
    utf = (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "") in {"utf8", "utf8sig"}
    return Stage(
        width=max(_NARROWEST, min(width, _WIDEST)),
        paint=ansi if terminal and not environ.get("NO_COLOR") else bare,
        marks=Marks() if utf else ASCII_MARKS,
        live=terminal,
    )


def wrapped(words: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """Prose in lines of at most `width`, with a hanging indent; long URLs and paths stay whole."""
    return textwrap.wrap(
        words,
        width,
        initial_indent=first,
        subsequent_indent=" " * len(first) if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str | Cell]],
    *,
    stage: Stage,
    right: Collection[int] = (),
    indent: str = "  ",
) -> list[str]:
    """Aligned columns under a ruled head; those in `right` are figures. The last column wraps if there is no room."""
    cells = [[each if isinstance(each, Cell) else Cell(each) for each in row] for row in rows]
    widths = [max([len(name), *(len(row[at].words) for row in cells)]) for at, name in enumerate(head)]
    last = len(head) - 1
    before = len(indent) + sum(width + 2 for width in widths[:last])
    widths[last] = min(widths[last], max(12, stage.width - before))
    lines = [
        stage.paint("dim", (indent + "  ".join(_fit(n, widths[i], i in right) for i, n in enumerate(head))).rstrip()),
        stage.paint("dim", indent + "  ".join(stage.marks.rule * width for width in widths)),
    ]
    for row in cells:
        ends = [row[last].words] if last in right else wrapped(row[last].words, widths[last])
        for at, part in enumerate(ends):
            shown = [*(row[:last] if at == 0 else [Cell("")] * last), Cell(part, row[last].style)]
            lines.append(_line(shown, widths, right, stage.paint, indent))
    return lines


def width_of(head: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "  ") -> int:
    """How wide a table is where no column wraps."""
    widths = (max(map(len, column)) for column in zip(head, *rows, strict=True))
    return len(indent) + sum(widths) + 2 * (len(head) - 1)


def _line(cells: Sequence[Cell], widths: Sequence[int], right: Collection[int], paint: Paint, indent: str) -> str:
    fitted = [_fit(cell.words, widths[at], at in right) for at, cell in enumerate(cells)]
    while fitted and not fitted[-1].strip():
        fitted.pop()
    fitted[-1:] = [each.rstrip() for each in fitted[-1:]]
    return indent + "  ".join(paint(cells[at].style, words) for at, words in enumerate(fitted))


def _fit(words: str, width: int, right: bool) -> str:
    return words.rjust(width) if right else words.ljust(width)


def bullets(said: Iterable[tuple[Style, str]], shown: Stage) -> Iterator[str]:
    """Each sentence after a mark that tells how bad it is, with a hanging indent."""
    marks: dict[Style, str] = {"bad": shown.marks.bad, "warn": shown.marks.warn, "good": shown.marks.good}
    for style, words in said:
        mark = marks.get(style, shown.marks.bullet)
        first, *rest = wrapped(words, shown.width, " " * (len(mark) + 3))
        yield f"  {shown.paint(style, mark)} {first.lstrip()}"
        yield from rest
