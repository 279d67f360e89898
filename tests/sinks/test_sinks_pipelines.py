"""Several pipelines that load one dataset: none goes on from where another one has come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.model.plan import Json
from headrace.model.position import Seen
from headrace.sinks.base import Commit, Sink
from headrace.sinks.duckdb import DuckDBSink

from .making import InDuckDB, World, batch, root

EVENTS = root("events", {"id": "bigint"})


class Of(InDuckDB):
    """A dataset as one pipeline loads it, directly or through dlt."""

    def __init__(self, path: Path, pipeline: str, way: str) -> None:
        super().__init__(path)
        self.pipeline = pipeline
        self.way = way

    def new_sink(self) -> Sink:
        if self.way == "duckdb":
            return DuckDBSink(self.path, self.dataset, pipeline=self.pipeline)
        from headrace.sinks.dlt import DltSink

        return DltSink("duckdb", self.dataset, self.path.parent / "work", pipeline=self.pipeline)


@pytest.mark.parametrize("way", ["duckdb", "dlt"])
def test_each_pipeline_of_a_dataset_has_its_own_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "dlt":
        pytest.importorskip("dlt", reason="the dlt extra is not installed")
        from .through_dlt import settings

        monkeypatch.chdir(tmp_path)
        for name, value in settings(tmp_path).items():
            monkeypatch.setenv(name, value)

    def load(pipeline: str, run: str, at: int) -> None:
        world = World(Of(tmp_path / "w.duckdb", pipeline, way))
        world.open(run)
        world.stage("events", batch(EVENTS, [{"id": at, "_dlt_id": run}]))
        walk = world.walk_commit("events", "events", "append", complete=True)
        seen = {"events": Seen("at", at, (), 0)}
        world.sink.commit(Commit(run, f"{run}.1", "tests", world.schema, (walk,), (), seen))
        world.sink.close()

    def place(pipeline: str) -> Json:
        sink = Of(tmp_path / "w.duckdb", pipeline, way).new_sink()
        seen = sink.seen()
        sink.close()
        return seen["events"].last_value if seen else None

    load("north", "a", 9)
    assert place("south") is None
    load("south", "b", 3)
    load("south", "c", 4)
    assert (place("north"), place("south")) == (9, 4)
