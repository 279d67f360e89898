"""Which way a run under way is shown: a live table on a terminal, plain lines in a pipe, or not at all."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

from headrace.model.event import Event
from headrace.report.layout import stage
from headrace.report.tally import Tally
from headrace.report.ticker import Ticker

if TYPE_CHECKING:
    from rich.live import Live


class Progress:
    """Subscribes to a run's events (it is an `Emit`) and shows them on `stream`; events only move counters.

    Use as a context manager. The live table takes its own space back when it stops, so that the report stands there.
    """

    def __init__(
        self,
        stream: IO[str] | None = None,
        *,
        quiet: bool = False,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        title: str = "",
    ) -> None:
        self.tally = Tally()
        self._stream = sys.stderr if stream is None else stream
        self._environ = os.environ if environ is None else environ
        self._clock = clock
        self._stage = stage(self._stream, self._environ)
        self._title = title
        self._ticker: Ticker | None = None
        self._live: Live | None = None
        self._quiet = quiet

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._quiet:
            return self
        if self._stage.live:
            from headrace.report.board import open_live

            self._live = open_live(
                self._stream, self._environ, self.tally, self._stage, clock=self._clock, title=self._title
            )
            self._live.start()
        else:
            self._ticker = Ticker(self.tally, self._stream, self._clock)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop showing, and give the terminal back."""
        self.stop()

    def stop(self) -> None:
        """Stop showing; may be called twice."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._ticker = None

    def __call__(self, event: Event) -> None:
        """Count one event; in a pipe, say it if it is worth a line."""
        self.tally.add(event)
        if self._ticker is not None:
            self._ticker(event)
