"""The drop-in against dlt's own source: the same configuration, destination and Parquet loader files."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.measure import ROOT, Emulator, Measured, Server, measure, median

OURS = "headrace.rest_api"
SIX = {OURS: "drop-in", "dlt, fastest": "parquet", "dlt, as it comes": "plain"}
TURNS = (OURS, "dlt, fastest", OURS, "dlt, as it comes", OURS)  # a pause of the machine is as long as ours is
CHILDREN = {OURS: "drop-in", "dlt, parallelized, 20 workers": "parallelized20", "dlt, parallelized": "parallelized"}


def compare_six(counts: dict[str, int], *, rounds: int) -> dict[str, dict[str, object]]:
    """First loads into an empty file and second merges into it, each a process; lanes take turns."""
    taken: dict[str, dict[str, list[Measured]]] = {"first": {}, "second": {}}
    with Emulator(counts, "lean") as emulator:
        for _ in range(rounds):
            for name in TURNS:
                with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
                    for which in ("first", "second"):
                        measured = _run(f"{name}, {which}", emulator.url, Path(folder) / "bench.duckdb", SIX[name])
                        taken[which].setdefault(name, []).append(measured)
    return {which: {name: median(lane).__dict__ for name, lane in lanes.items()} for which, lanes in taken.items()}


def compare_children() -> dict[str, object]:
    """1,000 children's requests that take 200 ms each, once for each lane: what is waited for varies little."""
    found: dict[str, object] = {}
    with Server([sys.executable, "-P", str(ROOT / "bench" / "slow_api.py")]) as server:
        for name, lane in CHILDREN.items():
            with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
                found[name] = _run(name, server.url, Path(folder) / "bench.duckdb", lane, "children").__dict__
    return found


def _run(name: str, url: str, database: Path, *lane: str) -> Measured:
    measured = measure([sys.executable, "-P", str(ROOT / "bench" / "dlt_lane.py"), url, str(database), *lane], database)
    steps = "  ".join(f"{step} {seconds:6.2f}" for step, seconds in measured.steps.items())
    print(f"    {name:<30} {steps}  whole {measured.wall_s:6.2f} s  CPU {measured.cpu_s:6.2f} s", flush=True)
    return measured
