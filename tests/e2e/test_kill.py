"""SIGKILL at any moment costs nothing: the same command ends with the same tables and asks for no page twice."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from tests.e2e.warehouse import read_dataset
from tests.e2e.workplace import EXAMPLE, Emulate, Workplace

RECORDS = "accounts=2500,users=4000,notes=3000,tasks=3000,conversations=3000,admins=100"
KILLS = 20


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("disposition", ["merge", "append"])
def test_killed_at_random_moments_a_run_ends_as_if_it_had_not_been(
    emulate: Emulate, workplace: Workplace, tmp_path: Path, disposition: str
) -> None:
    config = tmp_path / "vitally.md"
    config.write_text(EXAMPLE.read_text().replace('"merge"', f'"{disposition}"'))
    moments = random.Random(disposition)
    with emulate("--latency-ms", "15", records=RECORDS) as emulator:
        whole = Workplace(tmp_path / "whole")
        whole.folder.mkdir()
        assert whole.run(emulator.url, config=config).code == 0
        before = emulator.stats()["requests"]

        kills, told = 0, False
        for _ in range(KILLS):
            process = workplace.start(workplace.arguments(emulator.url, config=config))
            try:
                process.wait(moments.uniform(0.25, 1.1))
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
            out, _ = process.communicate()
            if told := bool(out):  # a report that was printed is the end of a run, even if the kill came after it
                break
        ran = None if told else workplace.run(emulator.url, config=config)
        asked = emulator.stats()["requests"] - before
    assert ran is None or ran.code == 0, ran
    assert kills > 2
    expected, found = read_dataset(whole.database, "vitally_data"), read_dataset(workplace.database, "vitally_data")
    assert found == expected
    # A page that a kill took between the answer and the journal is asked for again; no other one is.
    assert before <= asked <= before + 6 * kills
