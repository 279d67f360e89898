"""SIGKILL at any step of a load through dlt: the next run ends with every row there, and once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("dlt", reason="the dlt extra is not installed")

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("destination", "disposition"), [("duckdb", "append"), ("duckdb", "merge"), ("filesystem", "append")]
)
def test_a_load_that_was_killed_is_finished_and_not_repeated(
    tmp_path: Path, destination: str, disposition: str
) -> None:
    command = [sys.executable, "-m", "tests.sinks.dying_in_dlt", destination, disposition, str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
