"""The process that the kill test starts: its children write, and die by SIGKILL at chosen or at random moments."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from headrace.model.table import TableBatch
from headrace.sinks.database import Database

from .making import InDuckDB, World, child, people, root

PAGES = 8
TABLE = root("people", {"id": "bigint", "name": "text"}, disposition="merge", key=["id"])
PETS = child(TABLE, "pets", {"value": "text"})


def page(run_id: str, number: int) -> list[TableBatch]:
    """200 people with two pets each; the keys are the same in every run."""
    records = [(number * 200 + n, f"{run_id}.{number}", [f"{run_id}{n}", "x" * 50]) for n in range(200)]
    return people(*records, table=TABLE, pets=PETS, run=f"{run_id}.{number}.")


def write(path: Path, run_id: str) -> None:
    """Go on with a run wherever the warehouse says it stands: stage, commit half-way, stage, commit."""
    world = World(InDuckDB(path))
    world.open(run_id)
    for number in range(world.marks["people"].pages if world.marks else 0, PAGES):
        if number == PAGES // 2:
            world.commit("people", complete=False, load_id=f"{run_id}.half")
        world.stage("people", *page(run_id, number))
    world.commit("people", load_id=f"{run_id}.whole")
    world.sink.close()


def check(path: Path, run_id: str) -> None:
    """What is committed is whole, and what is staged ends with a page."""
    world = World(InDuckDB(path))
    state = world.open(run_id)
    committed = state.committed["people"].pages if state.committed else 0
    staged = state.staged["people"].pages if state.staged else committed
    assert committed in {0, PAGES // 2, PAGES}, committed
    names = world.values("people", "name")
    for number in range(PAGES):
        assert names.count(f"{run_id}.{number}") == (200 if number < committed else 0), number
    ids = sorted(world.values("people", "_dlt_id"))
    assert sorted(world.values("people__pets", "_dlt_root_id")) == sorted([*ids, *ids])
    assert world.reader.staged_rows() == 600 * (staged - committed)
    assert len(world.reader.loads()) == len(set(world.reader.loads()))
    world.sink.close()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(statement: int) -> None:
    """Let this process kill itself before its n-th statement."""
    run, left = Database.run, [statement]

    def counted(self: Database, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        left[0] -= 1
        if not left[0]:
            die()
        return run(self, query, parameters)

    Database.run = counted  # type: ignore[method-assign]


def die_after(seconds: float) -> None:
    """Let this process kill itself at some time, in the middle of whatever it does."""
    timer = threading.Timer(seconds, die)
    timer.daemon = True
    timer.start()


def die_somewhen(chance: random.Random) -> None:
    """Between two statements or within one."""
    if chance.random() < 1 / 2:
        die_at(chance.randrange(1, 90))
    else:
        die_after(chance.uniform(0, 0.2))


def forked(work: Callable[[], None]) -> bool:
    """Do something in a child of this process; False if it was killed."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - the child must not go on as its parent
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status not in {0, -signal.SIGKILL}:
        sys.exit(f"a child ended with {status}")
    return status == 0


def main(path: Path, seed: int, kills: int) -> None:
    """Two runs, each begun again as often as it is killed."""
    killed = 0
    for run_id in ("a", "b"):
        ended = False
        while not ended:
            chance = random.Random(f"{seed} {killed}") if killed < kills else None
            ended = forked(partial(attempt, path, run_id, chance))
            killed += not ended
            forked(partial(check, path, run_id))
    sys.stdout.write(str(killed))


def attempt(path: Path, run_id: str, chance: random.Random | None) -> None:
    if chance is not None:
        die_somewhen(chance)
    write(path, run_id)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
