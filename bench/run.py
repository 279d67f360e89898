"""Prints the figures of the README: the same API through headrace and through dlt, as ratios of their medians. Linux.

    make bench                      all lanes, a few minutes; writes bench/figures.json
    python -m bench.run --quick     a tenth of the records, once; writes nothing

Every lane is a process of its own, from its start to its end, into a DuckDB file that does not exist yet. Lanes that
are compared closely take turns; the slow default of dlt runs once. The emulator serves all of them, with no limit and
no faults, and its own work is in nobody's figures but the wall time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

from bench.drop_in import compare_children, compare_six
from bench.measure import ROOT, Emulator, Measured, measure, median

FIGURES = ROOT / "bench" / "figures.json"
SIX = ("accounts", "users", "notes", "tasks", "conversations")


def records(scale: float) -> dict[str, int]:
    return {name: int(20_000 * scale) for name in SIX} | {"admins": int(1_000 * scale)}


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
        "-P",
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the records, one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["lean", "full", "drop-in", "children"])
    parser.add_argument("--no-default", action="store_true", help="leave out dlt's default lane")
    asked = parser.parse_args()
    scale, rounds = (0.1, 1) if asked.quick else (1.0, asked.rounds)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    results: dict[str, object] = {"machine": machine}
    if asked.only in (None, "lean"):
        title = f"lean: {sum(records(scale).values()):,} records of about 1 KB, six resources"
        results["lean"] = compare(title, records(scale), "lean", rounds=rounds, default=not asked.no_default)
    if asked.only in (None, "full"):
        title = f"full: {sum(records(scale / 10).values()):,} records with embedded parents and about 90 traits"
        results["full"] = compare(title, records(scale / 10), "full", rounds=rounds, default=False)
    if asked.only in (None, "drop-in"):
        print(f"\ndrop-in: the {sum(records(scale).values()):,} lean records through dlt's pipeline")
        results["drop-in"] = compare_six(records(scale), rounds=rounds)
    if asked.only in (None, "children"):
        print("\nchildren: 1,000 requests of 200 ms")
        results["children"] = compare_children()
    if not (asked.quick or asked.no_default):  # the documents show whole measurements only
        before = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
        FIGURES.write_text(json.dumps(before | results, indent=1) + "\n")


if __name__ == "__main__":
    main()
