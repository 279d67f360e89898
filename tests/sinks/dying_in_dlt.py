"""The process that the kill test of the dlt sink starts: its children load, and die by SIGKILL at chosen moments."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from dlt.common.storages import LoadStorage, PackageStorage
from dlt.extract.extract import Extract
from dlt.pipeline import Pipeline

from headrace.sinks.dlt import DltSink
from headrace.sinks.dlt_staging import StagingFolder

from .making import Row, World, child, people, root
from .through_dlt import InDlt, settings
from .writing import die, forked

PAGES = 3
TABLE = root("people", {"id": "bigint", "name": "text"})
PETS = child(TABLE, "pets", {"value": "text"})
KEYED = root("people", {"id": "bigint", "name": "text"}, disposition="merge", key=["id"])
KEYED_PETS = child(KEYED, "pets", {"value": "text"})

# What is called, whether the process dies before or after it, and at which call.
MOMENTS: dict[str, tuple[Any, str, bool, int]] = {
    "before the second batch is whole": (Path, "rename", True, 2),
    "after a batch": (StagingFolder, "add", False, 2),
    "before the extraction": (Pipeline, "extract", True, 1),
    "before there is a package": (Extract, "commit_packages", True, 1),
    "before the state says so": (Extract, "commit_packages", False, 1),
    "after the extraction": (Pipeline, "extract", False, 1),
    "before the package is normalised": (LoadStorage, "commit_new_load_package", True, 1),
    "while the package is in two places": (LoadStorage, "commit_new_load_package", False, 1),
    "before the load": (Pipeline, "load", True, 1),
    "after the first job": (PackageStorage, "complete_job", False, 1),
    "after the third job": (PackageStorage, "complete_job", False, 3),
    "before the load is over": (LoadStorage, "complete_load_package", False, 1),
    "after the load": (Pipeline, "load", False, 1),
    "in the second load": (PackageStorage, "complete_job", False, 8),
    "after the second load": (Pipeline, "load", False, 2),
}


class InFiles(InDlt):
    """A dataset of Parquet files."""

    def new_sink(self) -> DltSink:
        return DltSink("filesystem", self.dataset, self.folder)

    def rows(self, table: str) -> list[Row]:
        files = sorted((self.path.parent / "files" / self.dataset / table).glob("*.parquet"))
        return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]


def reader(destination: str, folder: Path) -> InDlt:
    return (InFiles if destination == "filesystem" else InDlt)(folder / "w.duckdb")


def write(destination: str, folder: Path, disposition: str) -> None:
    """Two runs, each taken up wherever the destination says it stands: stage, commit half-way, stage, commit."""
    table, pets = (KEYED, KEYED_PETS) if disposition == "merge" else (TABLE, PETS)
    for run_id in ("a", "b"):
        world = World(reader(destination, folder))
        state = world.open(run_id, {"people": "f"})
        done = {mark.pages for mark in state.committed.values()}
        if run_id == "a" and "b" in {load.partition(".")[0] for load in _load_ids(world)}:
            world.sink.close()
            continue
        for number in range(PAGES):
            key, name = number if disposition == "merge" else number + 10 * (run_id == "b"), f"{run_id}{number}"
            if number >= (world.marks["people"].pages if world.marks else 0):
                world.stage("people", *people((key, name, ["cat", "dog"]), table=table, pets=pets, run=name))
            if number == 0 and not done:
                world.commit("people", complete=False, load_id=f"{run_id}.half")
        world.commit("people", load_id=f"{run_id}.whole")
        world.sink.close()


def _load_ids(world: World) -> set[str]:
    return {str(row["_dlt_load_id"]) for row in world.reader.rows("people")}


def check(destination: str, folder: Path, disposition: str) -> None:
    """Everything is there, and once."""
    world = World(reader(destination, folder))
    state = world.open("b", {"people": "f"})
    assert state.committed["people"].pages == PAGES, state
    assert state.staged == {}, state
    runs = ["b"] if disposition == "merge" else ["a", "b"]
    assert world.values("people", "name") == [f"{run}{n}" for run in runs for n in range(PAGES)]
    ids = world.values("people", "_dlt_id")
    assert world.values("people__pets", "_dlt_parent_id") == sorted([*ids, *ids])
    halves = {f"{run}.{part}" for run in runs for part in ("half", "whole")}
    assert _load_ids(world) == halves
    loads = world.reader.loads() if destination == "duckdb" else []
    assert len(loads) == len(set(loads)), loads
    world.sink.close()


def die_at(owner: Any, name: str, before: bool, count: int) -> None:
    """Let this process kill itself at the n-th call of something."""
    called, left = getattr(owner, name), [count]

    def counted(*arguments: Any, **options: Any) -> Any:
        left[0] -= 1
        if before and not left[0]:
            die()
        result = called(*arguments, **options)
        if not left[0]:
            die()
        return result

    setattr(owner, name, counted)


def attempt(work: Callable[[], None], moment: str) -> None:
    die_at(*MOMENTS[moment])
    work()


def main(destination: str, disposition: str, folder: Path) -> None:
    """For each moment: one try that dies there, one that does not, and a look at what both have left."""
    # How rows enter makes no difference before the load.
    moments = list(MOMENTS) if disposition == "append" else list(MOMENTS)[8:]
    for number, moment in enumerate(moments):
        place = folder / str(number)
        place.mkdir()
        os.environ.update(settings(place), DESTINATION__FILESYSTEM__BUCKET_URL=str(place / "files"))
        work = partial(write, destination, place, disposition)
        sys.stdout.write(f"{moment}\n")
        sys.stdout.flush()
        if forked(partial(attempt, work, moment)):
            sys.exit(f"it was not killed {moment}")
        if not forked(work) or not forked(partial(check, destination, place, disposition)):
            sys.exit("a child died that should not")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
