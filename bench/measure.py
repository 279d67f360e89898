"""How a lane is run and watched: a process of its own, its time and memory from the outside. Linux."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Measured:
    """One lane: seconds of wall and CPU time, the peak of its memory in MB, and of how many runs it is the median.

    CPU time is that of the process and of every child that it has waited for. Memory is the proportional set size of
    all its processes together: a page that several of them share counts once. `steps` are the seconds of dlt's steps,
    for a lane that says them in its last line.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    rows: int
    runs: int = 1
    steps: dict[str, float] = field(default_factory=dict)


class Server:
    """An API as a process of its own, which says in its first line where it listens."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)


class Emulator(Server):
    """The local vendor API."""

    def __init__(self, counts: dict[str, int], profile: str) -> None:
        listed = ",".join(f"{name}={count}" for name, count in counts.items())
        command = [sys.executable, "-m", "headrace", "emulate", "vitally", "--port", "0", "--seed", "7"]
        super().__init__([*command, "--records", listed, "--profile", profile, "--limiter", "none"])


class Memory:
    """Looks at the memory of a process and its children every 50 ms, from a thread of its own."""

    def __init__(self, process: psutil.Process) -> None:
        self.peak_mb = 0.0
        self._process = process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            try:
                family = [self._process, *self._process.children(recursive=True)]
            except psutil.Error:
                return
            self.peak_mb = max(self.peak_mb, sum(proportional_kb(member.pid) for member in family) / 1024)


def proportional_kb(pid: int) -> int:
    """The proportional set size of one process; 0 where it has just ended."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)


def measure(command: list[str], database: Path) -> Measured:
    """Run a lane and watch it: its memory under way, its time at the end."""
    environ = os.environ | {
        "SECRET_TOKEN": "sk_live_bench",
        "BASIC_AUTH_HEADER": "",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as printed:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environ, stdout=printed, stderr=said, cwd=database.parent)
        with Memory(psutil.Process(process.pid)) as memory:
            _, status, spent = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{said.read().decode()[-3000:]}")
        printed.seek(0)
        steps = steps_in(printed.read().decode())
    return Measured(wall, spent.ru_utime + spent.ru_stime, memory.peak_mb, count_rows(database), steps=steps)


def steps_in(printed: str) -> dict[str, float]:
    """The steps that a lane says in its last line, as JSON; none if it says something else."""
    last = printed.strip().rpartition("\n")[2]
    steps: dict[str, float] = json.loads(last) if last.startswith('{"extract_s"') else {}
    return steps


def count_rows(database: Path) -> int:
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.sql(
            "select table_schema, table_name from information_schema.tables where table_schema not like '%staging'"
            " and table_name not like '\\_dlt%' escape '\\' and table_name not like '\\_headrace%' escape '\\'"
        ).fetchall()
        counts = [
            connection.sql(f'select count(*) from "{schema}"."{table}"').fetchall()[0] for schema, table in tables
        ]
        return sum(count[0] for count in counts if count)


def median(lane: list[Measured]) -> Measured:
    def middle(name: str) -> float:
        return float(statistics.median(getattr(one, name) for one in lane))

    steps = {step: float(statistics.median(one.steps[step] for one in lane)) for step in lane[0].steps}
    return Measured(middle("wall_s"), middle("cpu_s"), middle("peak_mb"), lane[-1].rows, len(lane), steps)
