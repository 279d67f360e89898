"""A real process, killed with SIGKILL while it stages and commits: afterwards all of a step is there or nothing."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from .making import InDuckDB, World
from .writing import page

ROOT = Path(__file__).parents[2]


def write(path: Path, kills: int, seed: int = 0) -> int:
    """Two runs; how often the process was killed on the way."""
    command = [sys.executable, "-m", "tests.sinks.writing", str(path), str(seed), str(kills)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"seed {seed}: {done.stderr}"
    return int(done.stdout)


@pytest.mark.timeout(60)
def test_a_run_that_is_killed_again_and_again_gives_the_same_tables(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    while write(tmp_path / "killed.duckdb", kills=12, seed=seed) == 0:  # every moment came too late
        (tmp_path / "killed.duckdb").unlink()
        seed += 1
    assert write(tmp_path / "calm.duckdb", kills=0) == 0
    killed, calm = (World(InDuckDB(tmp_path / name)) for name in ("killed.duckdb", "calm.duckdb"))
    for table in ("people", "people__pets"):
        columns = [name for name in calm.reader.rows(table)[0] if name != "_dlt_load_id"]
        assert killed.rows(table, *columns) == calm.rows(table, *columns), f"seed {seed}"


def test_the_pages_of_these_tests_have_children() -> None:
    roots, kids = page("a", 3)
    assert (roots.rows.num_rows, kids.rows.num_rows) == (200, 400)
