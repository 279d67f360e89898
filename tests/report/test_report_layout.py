"""Text fits the terminal, whatever its width and abilities."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.report.layout import ASCII_MARKS, Cell, Marks, Stage, ansi, bare, bullets, stage, table, wrapped


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Latin(io.StringIO):
    encoding = "iso8859-1"


def test_a_pipe_has_no_colour_and_a_hundred_columns() -> None:
    shown = stage(io.StringIO(), {})
    assert (shown.width, shown.paint, shown.live) == (100, bare, False)


def test_a_terminal_has_colour_and_is_live() -> None:
    shown = stage(Terminal(), {"TERM": "xterm-256color", "COLUMNS": "80"})
    assert (shown.width, shown.paint, shown.live, shown.marks) == (80, ansi, True, Marks())


def test_no_color_takes_the_colour_and_leaves_the_life() -> None:
    shown = stage(Terminal(), {"TERM": "xterm", "NO_COLOR": "1"})
    assert (shown.paint, shown.live) == (bare, True)


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_dumb_terminal_is_as_a_pipe(term: str) -> None:
    shown = stage(Terminal(), {"TERM": term})
    assert (shown.paint, shown.live) == (bare, False)


def test_a_stream_without_unicode_gets_ascii_marks() -> None:
    assert stage(Latin(), {}).marks == ASCII_MARKS


@pytest.mark.parametrize(("columns", "width"), [("5", 40), ("80", 80), ("400", 120), ("wide", 100)])
def test_the_width_stays_readable(columns: str, width: int) -> None:
    assert stage(io.StringIO(), {"COLUMNS": columns}).width == width


def test_figures_are_aligned_right_and_words_left() -> None:
    shown = Stage(60, bare, Marks())
    assert table(("name", "rows"), [["users", "1,000"], ["a", "7"]], stage=shown, right=(1,)) == [
        "  name    rows",
        "  ─────  ─────",
        "  users  1,000",
        "  a          7",
    ]


def test_the_last_column_wraps_under_itself() -> None:
    shown = Stage(40, bare, ASCII_MARKS)
    lines = table(("name", "why"), [["users", "the cursor was absent from a full page"]], stage=shown)
    assert lines[2:] == ["  users  the cursor was absent from a", "         full page"]


def test_colour_does_not_move_columns() -> None:
    rows = [[Cell("users", "strong"), Cell("7", "bad")]]
    plain = table(("name", "rows"), rows, stage=Stage(60, bare, Marks()), right=(1,))
    coloured = table(("name", "rows"), rows, stage=Stage(60, ansi, Marks()), right=(1,))
    stripped = [line.replace("\x1b[0m", "") for line in coloured]
    for code in ("1", "2", "31;1"):
        stripped = [line.replace(f"\x1b[{code}m", "") for line in stripped]
    assert stripped == plain


@given(st.lists(st.text("abc é→", max_size=60), min_size=1, max_size=6), st.integers(40, 120))
def test_no_line_of_prose_is_wider_than_the_terminal(words: list[str], width: int) -> None:
    longest = max((len(word) for each in words for word in each.split()), default=0)
    for line in wrapped(" ".join(words), width, "  · "):
        assert len(line) <= max(width, longest + 4)


def test_a_url_is_never_broken() -> None:
    url = "https://example.com/" + "a-b" * 40
    assert url in "\n".join(wrapped(f"see {url} for more", 60))


def test_bullets_tell_how_bad_each_sentence_is() -> None:
    shown = Stage(44, bare, Marks())
    said = list(bullets([("bad", "It failed."), ("none", "A sentence that is too long for one line here.")], shown))
    assert said == ["  ✗ It failed.", "  · A sentence that is too long for one line", "    here."]


def test_nothing_painted_is_nothing() -> None:
    assert ansi("bad", "") == ""
    assert ansi("none", "x") == "x"
