"""Prints the figures of the README: the same API through headrace and through dlt, as ratios of their medians. Linux.

    make bench                      all lanes, a few minutes; writes bench/figures.json
    python bench/run.py --quick     a tenth of the records, once; writes nothing

Every lane is a process of its own, from its start to its end, into a DuckDB file that does not exist yet. Lanes that
are compared closely take turns; the slow default of dlt runs once. The emulator serves all of them, with no limit and
no faults, and its own work is in nobody's figures but the wall time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

ROOT = Path(__file__).resolve().parent.parent
SIX = ("accounts", "users", "notes", "tasks", "conversations")


@dataclass(frozen=True)
class Measured:
    """One lane: seconds of wall and CPU time, the peak of its memory in MB, and of how many runs it is the median.

    CPU time is that of the process and of every child that it has waited for. Memory is the proportional set size of
    all its processes together: a page that several of them share counts once.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    rows: int
    runs: int = 1


def records(scale: float) -> dict[str, int]:
    return {name: int(20_000 * scale) for name in SIX} | {"admins": int(1_000 * scale)}


class Emulator:
    """The local vendor API, as a process of its own."""

    def __init__(self, counts: dict[str, int], profile: str) -> None:
        listed = ",".join(f"{name}={count}" for name, count in counts.items())
        command = [sys.executable, "-m", "headrace", "emulate", "vitally", "--port", "0", "--seed", "7"]
        command += ["--records", listed, "--profile", profile, "--limiter", "none"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)


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
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=said, cwd=database.parent)
        with Memory(psutil.Process(process.pid)) as memory:
            _, status, spent = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{said.read().decode()[-3000:]}")
    return Measured(wall, spent.ru_utime + spent.ru_stime, memory.peak_mb, count_rows(database))


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


def headrace_lane(url: str, database: Path) -> list[str]:
    config = str(ROOT / "examples" / "vitally.md")
    return [
        sys.executable,
        "-m",
        "headrace",
        "run",
        config,
        "--base-url",
        url,
        "--to",
        f"duckdb:///{database}",
        "--format",
        "json",
    ]


def dlt_lane(url: str, database: Path, *, parquet: bool) -> list[str]:
    return [
        sys.executable,
        str(ROOT / "bench" / "dlt_lane.py"),
        url,
        str(database),
        "parquet" if parquet else "default",
    ]


def run_lane(name: str, url: str) -> Measured:
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        database = Path(folder) / "bench.duckdb"
        match name:
            case "headrace":
                command = headrace_lane(url, database)
            case _:
                command = dlt_lane(url, database, parquet=name == "dlt, Parquet")
        measured = measure(command, database)
    spent = f"{measured.wall_s:7.2f} s wall  {measured.cpu_s:7.2f} s CPU  {measured.peak_mb:6.0f} MB"
    print(f"    {name:<13} {spent}  {measured.rows:,} rows", flush=True)
    return measured


def compare(title: str, counts: dict[str, int], profile: str, *, rounds: int, default: bool) -> dict[str, object]:
    print(f"\n{title}", flush=True)
    taken: dict[str, list[Measured]] = {"headrace": [], "dlt, Parquet": []}
    with Emulator(counts, profile) as emulator:
        for _ in range(rounds):
            for name, lane in taken.items():
                lane.append(run_lane(name, emulator.url))
        if default:
            taken["dlt, default"] = [run_lane("dlt, default", emulator.url)]
    medians = {name: median(lane) for name, lane in taken.items()}
    ours = medians["headrace"]
    print(f"\n    ratios (medians of {rounds} runs that took turns; dlt, default: one run)")
    for name, theirs in medians.items():
        if name != "headrace":
            print(
                f"    headrace against {name}: {theirs.wall_s / ours.wall_s:5.1f} × in wall time, "
                f"{theirs.cpu_s / ours.cpu_s:5.1f} × in CPU time, {theirs.peak_mb / ours.peak_mb:4.1f} × in memory"
            )
    return {name: measured.__dict__ for name, measured in medians.items()}


def median(lane: list[Measured]) -> Measured:
    def middle(field: str) -> float:
        return float(statistics.median(getattr(one, field) for one in lane))

    return Measured(middle("wall_s"), middle("cpu_s"), middle("peak_mb"), lane[-1].rows, len(lane))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the records, one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["lean", "full"])
    parser.add_argument("--no-default", action="store_true", help="leave out dlt's default lane")
    asked = parser.parse_args()
    scale, rounds = (0.1, 1) if asked.quick else (1.0, asked.rounds)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    results: dict[str, object] = {"machine": machine}
    if asked.only != "full":
        title = f"lean: {sum(records(scale).values()):,} records of about 1 KB, six resources"
        results["lean"] = compare(title, records(scale), "lean", rounds=rounds, default=not asked.no_default)
    if asked.only != "lean":
        title = f"full: {sum(records(scale / 10).values()):,} records with embedded parents and about 90 traits"
        results["full"] = compare(title, records(scale / 10), "full", rounds=rounds, default=False)
    if not (asked.quick or asked.only or asked.no_default):  # the documents show whole measurements only
        (ROOT / "bench" / "figures.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
