"""Where the time of one lean `headrace run` goes, room by room, as the Markdown table of docs/benchmarks.md.

    make profile

The run is in this process, and a thread of its own looks at the stacks of all others 100 times a second. A sample
belongs to the innermost frame that is in a room. What waits is not counted: a thread whose innermost frame is one of
Python's that wait (for a lock, a queue, a socket). A thread that waits for the interpreter's lock cannot be told from
one at work, nor Python from what it calls in C.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Self

from bench.measure import ROOT, Emulator
from bench.run import records

from headrace.cli.main import main as headrace

INTERVAL_S = 0.01
WAITS = {("threading.py", "wait"), ("selectors.py", "select"), ("queue.py", "get"), ("thread.py", "_worker")}
DOES = {
    "start-up": "imports",
    "decode": "Arrow's JSON reader, nested columns, casts",
    "sinks": "DuckDB: staging by batches, the commit at the end",
    "journal": "compress, write, sync",
    "transport": "HTTP, budget",
    "run": "who does what when, and the event loop",
    "envelope": "one parse of each body",
    "walk": "paging, digests of pages",
    "report": "progress",
    "spec": "the configuration",
}


class Sampler:
    """Counts, for each room, the samples in which one of its threads was at work."""

    def __init__(self) -> None:
        self.samples: Counter[str] = Counter()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        me = threading.get_ident()
        while not self._over.wait(INTERVAL_S):
            stacks = [frame for thread, frame in sys._current_frames().items() if thread != me]  # noqa: SLF001
            self.samples.update(room for frame in stacks if (room := room_of(frame)) is not None)


def room_of(innermost: FrameType) -> str | None:
    """The room that a stack is at work in; None where it waits, or is none of headrace's."""
    frame: FrameType | None = innermost
    if (Path(innermost.f_code.co_filename).name, innermost.f_code.co_name) in WAITS:
        return None
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib"):
            return "start-up"
        _, inside, rest = name.partition("/src/headrace/")
        if inside:
            return rest.partition("/")[0].removesuffix(".py")
        frame = frame.f_back
    return None if innermost.f_code.co_filename == __file__ else "run"


def table(samples: Counter[str]) -> str:
    """The shares as Markdown, the greatest first; what is below one in a hundred is summed up."""
    whole = samples.total()
    lines = ["| room | share | what it does there |", "|---|--:|---|"]
    small = sum(count for count in samples.values() if count * 100 < whole)
    for room, count in samples.most_common():
        if count * 100 >= whole:
            lines.append(f"| {room} | {count / whole:.0%} | {DOES.get(room, '')} |".replace("%", " %"))
    rest = [f"| the rest | {small / whole:.0%} | |".replace("%", " %")] if small * 100 >= whole else []
    return "\n".join([*lines, *rest])


def main() -> None:
    os.environ["SECRET_TOKEN"] = "sk_live_bench"
    config = str(ROOT / "examples" / "vitally.md")
    with Emulator(records(1.0), "lean") as emulator, tempfile.TemporaryDirectory() as folder, Sampler() as sampler:
        os.chdir(folder)
        with contextlib.redirect_stdout(io.StringIO()):
            code = headrace(["run", config, "--base-url", emulator.url, "--to", "duckdb:///bench.duckdb"])
        os.chdir(ROOT)
    if code:
        raise SystemExit(f"the run ended with exit code {code}")
    print(table(sampler.samples))


if __name__ == "__main__":
    main()
