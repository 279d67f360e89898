"""The live table of a run: a line for each walk and one for the run, made anew from the counters at each refresh."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from headrace.report.layout import Stage
from headrace.report.speed import Speed, eta_s
from headrace.report.tally import Tally, WalkTally
from headrace.report.words import count, duration, many, window

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.live import Live
    from rich.table import Table

REFRESHES_PER_S = 5
_SPARE = 3
_UNDER_WAY = {"walking", "held", "retrying"}


class Board:
    """Something that rich can render. At most `most` walks are shown: those under way before all others."""

    def __init__(self, tally: Tally, shown: Stage, clock: Callable[[], float], title: str = "", most: int = 20) -> None:
        self._tally = tally
        self._shown = shown
        self._clock = clock
        self._title = title
        self._most = most
        self._began_s = clock()
        self._speeds: dict[str, Speed] = {}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """The table as it stands now, and a last line that leaves room for the ^C that a terminal shows behind it."""
        from rich.constrain import Constrain
        from rich.text import Text

        del console
        now_s, walks = self._clock(), self._tally.snapshot()
        yield self._table(walks, now_s)
        foot = Text(self._foot(walks, now_s), style="dim", no_wrap=True, overflow="ellipsis")
        yield Constrain(foot, max(1, options.max_width - _SPARE))

    def _table(self, walks: Sequence[WalkTally], now_s: float) -> Table:
        from rich.table import Table
        from rich.text import Text

        timed = any(walk.expected_records is not None for walk in walks)
        grid = Table(box=None, padding=(0, 1), show_edge=False, header_style="dim", pad_edge=False)
        grid.add_column("", width=2)
        grid.add_column("resource", style="bold", no_wrap=True, overflow="ellipsis", min_width=12, max_width=24)
        for name, narrowest in (("pages", 6), ("records", 9), ("records/s", 9), *((("eta", 8),) if timed else ())):
            grid.add_column(name, justify="right", no_wrap=True, min_width=narrowest)
        grid.add_column("", no_wrap=True, overflow="ellipsis")
        for walk in self._foremost(walks):
            speed = self._speeds.setdefault(walk.name, Speed()).sample(now_s, walk.records)
            mark, style, state = self._state(walk)
            moving = count(speed) if speed and walk.activity in _UNDER_WAY else ""
            figures = [count(walk.pages), count(walk.records), moving]
            if timed:
                left_s = eta_s(walk, speed)
                figures.append("" if left_s is None else duration(left_s))
            grid.add_row(Text(mark, style), walk.name, *figures, Text(state, style))
        return grid

    def _foremost(self, walks: Sequence[WalkTally]) -> Sequence[WalkTally]:
        if len(walks) <= self._most:
            return walks
        return sorted(walks, key=lambda walk: (walk.activity not in _UNDER_WAY, walk.activity == "waiting"))[
            : self._most
        ]

    def _state(self, walk: WalkTally) -> tuple[str, str, str]:
        marks = self._shown.marks
        match walk.activity:
            case "waiting":
                return marks.bullet, "dim", "waits for its turn"
            case "walking":
                return marks.arrow, "cyan", "walking"
            case "held":
                return marks.arrow, "yellow", f"held back {duration(walk.wait_s)} by the budget"
            case "retrying":
                return marks.warn, "yellow", f"{walk.retry_reason}: again in {duration(walk.wait_s)}"
            case _:
                return self._end(walk)

    def _end(self, walk: WalkTally) -> tuple[str, str, str]:
        marks = self._shown.marks
        if walk.stopped in {"error", "interrupted"}:
            return marks.bad, "red", "failed" if walk.stopped == "error" else "interrupted"
        return (marks.good, "green", "all pages") if walk.proven else (marks.warn, "yellow", "not proven complete")

    def _foot(self, walks: Sequence[WalkTally], now_s: float) -> str:
        tally = self._tally
        retries = sum(walk.retries for walk in walks)
        ended = sum(walk.activity == "ended" for walk in walks)
        parts = [
            self._title,
            duration(now_s - self._began_s),
            f"{ended} of {many(len(walks), 'resource')} done" if len(walks) > self._most else "",
            f"committing {many(tally.committing, 'table')}" if tally.committing and not tally.ended else "",
            many(tally.requests, "request"),
            many(retries, "retry", "retries") if retries else "",
            f"{count(tally.http_429)} × 429" if tally.http_429 else "",
            window(tally.budget),
        ]
        return f" {self._shown.marks.bullet} ".join(part for part in parts if part)


def open_live(
    stream: IO[str],
    environ: Mapping[str, str],
    tally: Tally,
    shown: Stage,
    *,
    clock: Callable[[], float],
    title: str = "",
) -> Live:
    """A rich `Live` over a board, not yet started; it takes its own space back when it stops."""
    from rich.console import Console
    from rich.live import Live

    console = Console(file=stream, force_terminal=True, _environ=environ)
    board = Board(tally, shown, clock, title, most=max(3, console.height - 5))
    return Live(
        board,
        console=console,
        refresh_per_second=REFRESHES_PER_S,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
