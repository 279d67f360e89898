"""Runs headrace in a process that kills itself at a stated moment: `python dying.py MOMENT COUNT ARGUMENT…`.

MOMENT is a method of what a run writes with, and whether the kill comes before or after it: `after-stage`. COUNT says
at which call.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from headrace.cli.main import entry
from headrace.journal.write import Journal
from headrace.sinks.duckdb import DuckDBSink

METHODS: dict[str, tuple[type, str]] = {
    "append": (Journal, "append"),
    "stage": (DuckDBSink, "stage"),
    "commit": (DuckDBSink, "commit"),
    "note": (Journal, "note_report"),
    "marker": (Journal, "finish"),
}


def die(moment: str, count: int) -> None:
    """See that this process dies there."""
    when, _, what = moment.partition("-")
    owner, name = METHODS[what]
    method: Callable[..., Any] = getattr(owner, name)
    calls = 0

    @functools.wraps(method)
    def deadly(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = method(*arguments, **named)
        if calls == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, deadly)


if __name__ == "__main__":
    die(sys.argv[1], int(sys.argv[2]))
    sys.argv[1:3] = []
    entry()
