"""SIGKILL at any moment costs nothing: the same command ends with the same tables and asks for no page twice."""

from __future__ import annotations

import contextlib
import functools
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from tests.e2e.warehouse import Records, Types, read_dataset
from tests.e2e.workplace import EXAMPLE, Emulated, Ran, Workplace, emulated, environment

RECORDS = "accounts=700,users=1200,notes=800,tasks=800,conversations=800,admins=100"
KILLS = 10  # for each disposition
DYING = Path(__file__).with_name("dying.py")
NAMED = '"columns": {"name": {"data_type": "text", "nullable": False}}'  # some users have none: they are rejects


class Left(NamedTuple):
    """All that a run leaves behind, less what is of one try alone (times, ids)."""

    types: Types
    records: Records
    rejects: list[tuple[Any, ...]]


def config(folder: Path, disposition: str) -> Path:
    path = folder / "vitally.md"  # whose name is the dataset's
    path.write_text(
        EXAMPLE.read_text()
        .replace('"merge"', f'"{disposition}"')
        .replace('"name": "users",', f'"name": "users", {NAMED},')
    )
    return path


def left(workplace: Workplace) -> Left:
    with duckdb.connect(str(workplace.database), read_only=True) as connection:
        rejects = connection.sql(
            'SELECT "table", walk, page, record, reason, body FROM vitally_data._headrace_rejects ORDER BY ALL'
        ).fetchall()
    return Left(*read_dataset(workplace.database, "vitally_data"), rejects)


def told(ran: Ran) -> dict[str, Any]:
    """What a report says of the run as a whole, whatever the tries were in which it was done."""
    one_try = {"requests", "retries", "retried", "throttled_s", "bytes", "resumed_pages", "watermark"}
    return {"code": ran.code, "status": ran.report["status"]} | {
        name: {key: value for key, value in each.items() if key not in one_try}
        for name, each in ran.report["resources"].items()
    }


class Whole(NamedTuple):
    """A run that nothing disturbs, and the emulator that it asked."""

    emulator: Emulated
    config: Path
    ran: Ran
    left: Left
    requests: int


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Whole]]:
    """A whole run for each disposition, made once."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def whole(disposition: str) -> Whole:
            folder = tmp_path_factory.mktemp("whole")
            emulator = stack.enter_context(emulated("--latency-ms", "30", records=RECORDS))
            document, workplace = config(folder, disposition), Workplace(folder)
            ran = workplace.run(emulator.url, config=document)
            assert ran.code == 1, ran.err  # done, with rejects
            return Whole(emulator, document, ran, left(workplace), emulator.stats()["requests"])

        yield whole


class OtherReport(Exception):
    """The report of a run that was killed on its way is not that of one that was not."""


def compare(ran: Ran, whole: Whole) -> None:
    if told(ran) != told(whole.ran):
        raise OtherReport(f"{told(ran)} != {told(whole.ran)}")


def killed(moments: random.Random, workplace: Workplace, whole: Whole) -> Ran | None:
    """One try: None if it was killed under way, else what it told: then the kill came too late, or never."""
    process = workplace.start(workplace.arguments(whole.emulator.url, config=whole.config))
    assert process.stderr is not None
    process.stderr.readline()  # it has begun, however slow the machine is
    try:
        process.wait(moments.uniform(0.0, 0.8))
    except subprocess.TimeoutExpired:
        process.kill()
    out, err = process.communicate()
    return Ran(process.returncode, out, err) if out else None


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("disposition", ["merge", "append"])
def test_killed_at_random_moments_a_run_ends_as_if_it_had_not_been(
    undisturbed: Callable[[str], Whole], tmp_path: Path, disposition: str
) -> None:
    whole, moments = undisturbed(disposition), random.Random(disposition)
    kills = places = 0
    while kills < KILLS:
        places += 1
        workplace = Workplace(tmp_path / str(places))
        workplace.folder.mkdir()
        asked_before, kills_before = whole.emulator.stats()["requests"], kills
        ran: Ran | None = None
        while kills < KILLS and (ran := killed(moments, workplace, whole)) is None:
            kills += 1
        ran = ran or workplace.run(whole.emulator.url, config=whole.config)
        asked = whole.emulator.stats()["requests"] - asked_before
        assert ran.code in (0, 1, -signal.SIGKILL), ran.err
        assert left(workplace) == whole.left
        if ran.code != -signal.SIGKILL:
            compare(ran, whole)
        # A page that a kill took between the answer and the journal is asked for again; no other one is.
        assert whole.requests <= asked <= whole.requests + 6 * (kills - kills_before)


MOMENTS = [
    ("append", "after-append", 3),
    ("append", "before-stage", 2),
    ("append", "after-stage", 2),
    ("append", "before-commit", 1),
    ("append", "after-commit", 1),
    ("append", "before-note", 1),
    ("append", "after-note", 1),
    ("append", "before-marker", 1),
    ("merge", "before-commit", 1),
    ("merge", "after-commit", 1),
]


def die(workplace: Workplace, whole: Whole, moment: str, count: int) -> None:
    arguments = workplace.arguments(whole.emulator.url, config=whole.config)
    command = [sys.executable, str(DYING), moment, str(count), *arguments]
    process = subprocess.run(
        command, cwd=workplace.folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert process.returncode == -signal.SIGKILL, process.stderr


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(("disposition", "moment", "count"), MOMENTS)
def test_killed_at_a_step_a_run_ends_as_if_it_had_not_been(
    undisturbed: Callable[[str], Whole], workplace: Workplace, disposition: str, moment: str, count: int
) -> None:
    whole = undisturbed(disposition)
    die(workplace, whole, moment, count)
    ran = workplace.run(whole.emulator.url, config=whole.config)
    assert left(workplace) == whole.left
    compare(ran, whole)
