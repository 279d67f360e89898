"""A run under way: the live table on a terminal, plain lines in a pipe, nothing when quiet."""

from __future__ import annotations

import io
import subprocess
import sys
import time

import pytest
from rich.console import Console

from headrace.model.event import (
    Attempted,
    Budget,
    Committing,
    Event,
    Noticed,
    PageFetched,
    Retried,
    RunEnded,
    RunStarted,
    TableWritten,
    Throttled,
    WalkEnded,
    WalkStarted,
)
from headrace.report.board import Board
from headrace.report.layout import Marks, Stage, bare
from headrace.report.progress import Progress
from headrace.report.speed import Speed, eta_s
from headrace.report.tally import Tally, WalkTally


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def page(walk: str, number: int = 0, records: int = 100, expected: int | None = None) -> PageFetched:
    return PageFetched(walk, number, records, 1_000, 0.1, expected)


def drawn(*events: Event, clock: Clock | None = None, width: int = 80, most: int = 20) -> str:
    tally = Tally()
    clock = clock or Clock()
    board = Board(tally, Stage(width, bare, Marks()), clock, "vitally", most)
    for event in events:
        tally.add(event)
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    console.print(board)
    clock.now_s += 2.0
    for number in range(4):
        for walk in tally.snapshot():
            if walk.activity == "walking":
                tally.add(page(walk.name, number))
    with console.capture() as shown:
        console.print(board)
    return shown.get()


def row(text: str, walk: str) -> str:
    return next(line for line in text.splitlines() if f" {walk} " in line)


def test_a_walk_under_way_shows_pages_records_and_speed() -> None:
    line = row(drawn(WalkStarted("users"), page("users")), "users")
    assert line.split() == ["→", "users", "5", "500", "200", "walking"]


def test_each_state_of_a_walk_is_told_apart() -> None:
    text = drawn(
        RunStarted("r", ("waits", "held", "asks", "good", "doubt", "bad"), resumed=False),
        Throttled("held", 2.1),
        Retried("asks", 1, "HTTP 429", 1.2),
        WalkEnded("good", "end", "null", proven=True),
        WalkEnded("doubt", "limit", "limit", proven=False),
        WalkEnded("bad", "error", "401", proven=False),
    )
    assert row(text, "waits").startswith("·")
    assert "held back 2.1 s by the budget" in row(text, "held")
    assert "429: again in 1.2 s" in row(text, "asks")
    assert row(text, "good").startswith("✓")
    assert "not proven complete" in row(text, "doubt")
    assert row(text, "bad").startswith("✗")


def test_the_last_line_tells_of_the_run() -> None:
    text = drawn(Attempted("users", 429, 0.1), Retried("users", 1, "429", 1.0), Budget(1_000, 412, 60.0, "triple"))
    assert text.splitlines()[-1].startswith(
        "vitally · 2.0 s · 1 request · 1 retry · 1 × 429 · 412 of 1,000 requests left"
    )


def test_the_commit_is_shown_while_it_lasts() -> None:
    staged = [TableWritten("users", f"users__{number}", 5) for number in range(9)]
    assert "committing 9 tables" in drawn(*staged, Committing())
    assert "committing" not in drawn(*staged, Committing(), RunEnded("complete"))
    assert "committing" not in drawn(Committing())


def test_no_line_is_wider_than_the_terminal() -> None:
    names = tuple(f"a_very_long_name_of_a_resource_{number}" for number in range(3))
    events: list[Event] = [WalkStarted(name, 10**6, 10**9) for name in names]
    for width in (40, 80, 120):
        lines = drawn(*events, Budget(1_000, 412, 60.0, "triple"), width=width).splitlines()
        assert all(len(line) <= width for line in lines)
        # The ^C that a terminal shows behind the last line needs room, or one line would be left behind.
        assert len(lines[-1]) <= width - 3


def test_of_very_many_walks_those_under_way_are_shown() -> None:
    names = tuple(f"w{number:02d}" for number in range(50))
    events: list[Event] = [
        RunStarted("r", names, resumed=False),
        *(WalkEnded(name, "end", "x", proven=True) for name in names[:30]),
    ]
    text = drawn(*events, WalkStarted("w47"), width=120, most=6)
    assert "w47" in text
    assert len(text.splitlines()) == 1 + 6 + 1
    assert "30 of 50 resources done" in text


def test_a_time_to_the_end_is_shown_only_for_a_stated_total() -> None:
    assert "eta" not in drawn(WalkStarted("users"), page("users"))
    text = drawn(WalkStarted("users"), page("users", expected=2_500), WalkStarted("tasks"))
    assert row(text, "users").split()[5:7] == ["10", "s"]
    assert row(text, "tasks").split() == ["→", "tasks", "4", "400", "200", "walking"]


def test_a_total_that_was_passed_leaves_no_negative_time() -> None:
    walk = WalkTally("users", activity="walking", records=500, expected_records=400)
    assert eta_s(walk, 10.0) == 0.0


@pytest.mark.parametrize("speed", [None, 0.0])
def test_without_speed_there_is_no_time_to_the_end(speed: float | None) -> None:
    assert eta_s(WalkTally("users", records=1, expected_records=400), speed) is None


def test_speed_is_that_of_the_last_seconds() -> None:
    speed = Speed(window_s=4.0)
    assert speed.sample(0.0, 0) is None
    for second in range(1, 11):
        measured = speed.sample(float(second), 1_000 if second < 5 else 1_000 + 50 * (second - 4))
    assert measured == 50.0


def plain(*events: Event, gap_s: float = 0.0) -> list[str]:
    stream, clock = io.StringIO(), Clock()
    with Progress(stream, environ={}, clock=clock) as progress:
        for event in events:
            clock.now_s += gap_s
            progress(event)
    return [line.strip() for line in stream.getvalue().splitlines()]


def test_a_pipe_gets_a_line_for_each_beginning_and_end() -> None:
    assert plain(
        RunStarted("r1", ("users", "tasks"), resumed=False),
        WalkStarted("users"),
        page("users"),
        WalkEnded("users", "end", "`next` was null", proven=True),
        TableWritten("users", "users", 100),
        TableWritten("users", "users__tags", 7),
        Committing(),
        RunEnded("complete"),
    ) == [
        "0.0 s  began run r1: 2 walks",
        "0.0 s  users: end, 1 page, 100 records: `next` was null",
        "0.0 s  committing 2 tables",
        "0.0 s  run complete",
    ]


def test_a_pipe_gets_a_sign_of_life_every_few_seconds_and_not_for_each_page() -> None:
    lines = plain(WalkStarted("users"), *(page("users", number) for number in range(100)), gap_s=0.2)
    assert 3 <= len(lines) <= 5
    assert "1 walk under way" in lines[-1]
    assert "records/s" in lines[-1]


def test_a_pipe_learns_of_resumes_and_doubts() -> None:
    lines = plain(
        RunStarted("r1", ("users",), resumed=True),
        WalkStarted("users", pages=40, records=4_000),
        WalkEnded("users", "limit", "--limit-pages 40", proven=False),
    )
    assert lines[0].endswith("resuming run r1: 1 walk")
    assert lines[1].endswith("users: goes on after 40 pages (4,000 records)")
    assert "limit, not proven complete" in lines[2]


def test_a_pipe_hears_of_no_commit_of_nothing_and_that_a_run_was_interrupted() -> None:
    assert plain(Committing(), RunEnded("interrupted")) == ["0.0 s  run interrupted"]


def test_a_pipe_hears_a_cause_of_several_walks_once() -> None:
    lines = plain(
        WalkEnded("users", "error", "GET http://h/users was refused with 401", proven=False),
        WalkEnded("tasks", "error", "GET http://h/tasks was refused with 401", proven=False),
        WalkEnded("notes", "error", "GET http://h/notes was refused with 404", proven=False),
    )
    assert [line.rpartition("records: ")[2] for line in lines] == [
        "GET http://h/users was refused with 401",
        "for the same cause as users",
        "GET http://h/notes was refused with 404",
    ]


def test_a_pipe_hears_an_equal_notice_once() -> None:
    lines = plain(Noticed("users", "odd"), Noticed("users", "odd"), Noticed("", "general"))
    assert [line.partition("s  ")[2] for line in lines] == ["users: odd", "general"]


def test_quiet_says_nothing_at_all() -> None:
    for stream in (io.StringIO(), Terminal()):
        with Progress(stream, quiet=True, environ={"TERM": "xterm"}) as progress:
            progress(RunStarted("r1", ("users",), resumed=False))
            progress(RunEnded("complete"))
        assert stream.getvalue() == ""


def test_a_terminal_gets_a_live_table_that_leaves_no_trace_of_itself() -> None:
    stream = Terminal()
    with Progress(stream, environ={"TERM": "xterm", "COLUMNS": "80", "LINES": "30"}, title="vitally") as progress:
        progress(RunStarted("r1", ("users",), resumed=False))
        progress(page("users"))
        time.sleep(0.3)
    written = stream.getvalue()
    assert "users" in written
    assert written.rstrip().endswith("\x1b[2K")  # the last thing done is to erase a line
    assert "\x1b[?25h" in written  # the cursor is shown again


def test_a_dumb_terminal_gets_plain_lines() -> None:
    stream = Terminal()
    with Progress(stream, environ={"TERM": "dumb"}) as progress:
        progress(RunStarted("r1", ("users",), resumed=False))
    assert "began run r1" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_stopping_twice_is_harmless_and_silences() -> None:
    stream = io.StringIO()
    with Progress(stream, environ={}) as progress:
        progress.stop()
        progress(RunEnded("complete"))
        progress.stop()
    assert stream.getvalue() == ""
    assert progress.tally.ended


def test_rich_is_not_imported_for_a_pipe() -> None:
    code = (
        "import io, sys\n"
        "from headrace.report.progress import Progress\n"
        "from headrace.report.layout import stage\n"
        "from headrace.report.terminal import lines, Setting\n"
        "from headrace.report.collect import Collector\n"
        "with Progress(io.StringIO(), environ={}): pass\n"
        "lines(Collector().report(), Setting('a', 'b'), stage(io.StringIO(), {}))\n"
        "assert not {'rich', 'pyarrow', 'duckdb', 'aiohttp'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=20)
