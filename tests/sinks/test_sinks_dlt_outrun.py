"""Two journals that load one dataset through dlt at once: what one has loaded is never forgotten for the other."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("dlt", reason="the dlt extra is not installed")

from dlt.pipeline import Pipeline

from headrace.errors import SinkError
from headrace.model.position import Seen
from headrace.sinks.base import Commit, Sink
from headrace.sinks.dlt import DltSink
from headrace.sinks.dlt_turn import turn

from .making import World, batch, root
from .through_dlt import InDlt, settings

EVENTS = root("events", {"id": "bigint"})
OTHERS = root("others", {"id": "bigint"})


class InJournal(InDlt):
    """The dataset as the runs of one journal load it."""

    def __init__(self, path: Path, journal: str) -> None:
        super().__init__(path)
        self.folder = path.parent / journal

    def new_sink(self) -> Sink:
        return DltSink("duckdb", self.dataset, self.folder, pipeline="events")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, value in settings(tmp_path).items():
        monkeypatch.setenv(name, value)
    return tmp_path


def load(world: World, table: str, key: int) -> None:
    """The rest of a run that is open: one row, and how far its increment has come."""
    schema = EVENTS if table == "events" else OTHERS
    world.stage(table, batch(schema, [{"id": key, "_dlt_id": f"{table}{key}"}]))
    finish(world, table, key)


def finish(world: World, table: str, key: int) -> None:
    walk = world.walk_commit(table, table, "append", complete=True)
    seen = {table: Seen("at", key, (), 0)}
    world.sink.commit(Commit(world.run_id, f"{world.run_id}.{key}", "tests", world.schema, (walk,), (), seen))


def places(world: World) -> dict[str, object]:
    return {walk: seen.last_value for walk, seen in world.sink.seen().items()}


def test_a_commit_after_another_journals_is_refused_and_comes_through_when_it_is_run_again(folder: Path) -> None:
    one, other = (World(InJournal(folder / "w.duckdb", journal)) for journal in ("one", "other"))
    one.open("a")
    other.open("b")
    load(other, "others", 7)
    other.sink.close()
    with pytest.raises(SinkError, match=r"another run has loaded into the dataset 'data' .* run again"):
        load(one, "events", 3)
    assert one.values("events", "id") == []
    state = one.reopen("a")
    assert (state.staged["events"].pages, state.committed) == (1, {})
    finish(one, "events", 3)
    assert (one.values("events", "id"), one.values("others", "id")) == ([3], [7])
    assert places(one) == {"events": 3, "others": 7}
    one.sink.close()
    assert other.reopen("b").committed["others"].complete
    other.sink.close()


@pytest.mark.parametrize("step", ["normalize", "load"])
def test_a_package_that_a_killed_run_left_is_not_loaded_over_what_another_has_loaded_since(
    folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    one, other = (World(InJournal(folder / "w.duckdb", journal)) for journal in ("one", "other"))
    one.open("a")
    with monkeypatch.context() as patch:
        patch.setattr(Pipeline, step, _stopped)
        with pytest.raises(KeyboardInterrupt):
            load(one, "events", 3)
    one.sink.close()
    other.open("b")
    load(other, "others", 7)
    other.sink.close()
    state = one.reopen("a")
    assert (state.staged["events"].pages, state.committed) == (1, {})
    finish(one, "events", 3)
    assert (one.values("events", "id"), one.values("others", "id")) == ([3], [7])
    assert places(one) == {"events": 3, "others": 7}
    one.sink.close()


def test_loads_of_one_dataset_take_turns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    took: list[str] = []
    real = Pipeline.load

    def watched(self: Pipeline, *args: object, **options: object) -> object:
        with pytest.raises(BlockingIOError), turn("dlt.destinations.duckdb", "data", wait=False):
            took.append("both at once")
        took.append("in turn")
        return real(self, *args, **options)

    monkeypatch.setattr(Pipeline, "load", watched)
    world = World(InJournal(folder / "w.duckdb", "one"))
    world.open("a")
    load(world, "events", 3)
    world.sink.close()
    assert took == ["in turn"]
    with turn("dlt.destinations.duckdb", "data", wait=False), turn("dlt.destinations.duckdb", "other", wait=False):
        pass


def _stopped(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
