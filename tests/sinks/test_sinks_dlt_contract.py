"""What every sink does with a load, done through dlt: the same suite."""

# ruff: noqa: F403 - the tests of the suite are taken over by their names

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("dlt", reason="the dlt extra is not installed")

from dlt.pipeline import Pipeline

from headrace.errors import SinkError

from .making import World, batch, root
from .test_sinks_again import *
from .test_sinks_contract import *
from .test_sinks_strategies import *
from .through_dlt import InDlt, settings


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.chdir(tmp_path)
    for name, value in settings(tmp_path).items():
        monkeypatch.setenv(name, value)
    here = World(InDlt(tmp_path / "w.duckdb"))
    yield here
    here.sink.close()


def test_null_keys_are_equal_to_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-redef]
    """Where dlt loads, a key takes no null at all."""
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)  # dlt leaves the file open that it was writing
    table = root("t", {"a": "bigint"}, disposition="merge", key=["a"])
    with pytest.raises(SinkError, match="'a' is declared non-nullable but contains nulls"):
        world.load("a", batch(table, [{"a": None, "_dlt_id": "1"}]))
    gc.collect()


def test_a_column_of_whole_numbers_that_is_widened_keeps_every_fraction(world: World) -> None:  # type: ignore[no-redef]
    """Within a load it does; what the destination has already, dlt cannot change."""
    whole, fractions = (root("people", {"id": "bigint", "score": kind}) for kind in ("bigint", "double"))
    world.open("a")
    world.stage("people", batch(whole, [{"id": 1, "score": 1, "_dlt_id": "1"}]))
    world.stage("people", batch(fractions, [{"id": 2, "score": 2.5, "_dlt_id": "2"}]))
    world.commit("people")
    assert world.rows("people", "id", "score") == [(1, 1.0), (2, 2.5)]
    world.load("b", batch(root("other", {"score": "bigint"}), [{"score": 1, "_dlt_id": "1"}]))
    with pytest.raises(SinkError, match=r"'score' of table 'other' holds bigint .* without --widen-numbers"):
        world.load("c", batch(root("other", {"score": "double"}), [{"score": 1.5, "_dlt_id": "2"}]))


def test_of_two_walks_in_one_table_only_the_one_that_began_again_loses_rows(world: World) -> None:  # type: ignore[no-redef]
    """Here it is refused: the destination does not know which walk brought a row."""
    table = root("people", {"id": "bigint"})
    world.open("a", {"one": "old", "two": "old"})
    for number, walk in enumerate(("one", "two")):
        world.stage(walk, batch(table, [{"id": number, "_dlt_id": walk}]))
    world.commit("one", "two", table="people", complete=False)
    world.open("a", {"one": "new", "two": "old"})
    world.stage("one", batch(table, [{"id": 2, "_dlt_id": "2"}]))
    with pytest.raises(SinkError, match=r"'one' has begun again .* run again with --full-refresh"):
        world.commit("one", table="people", complete=False)
    assert world.values("people", "id") == [0, 1]


def test_of_two_walks_that_replace_one_table_one_may_begin_again_after_the_swap(world: World) -> None:  # type: ignore[no-redef]
    """Likewise."""
    table = root("people", {"id": "bigint"}, disposition="replace")
    world.open("a", {"one": "old", "two": "old"})
    for number, walk in enumerate(("one", "two")):
        world.stage(walk, batch(table, [{"id": number, "_dlt_id": walk}]))
    world.commit("one", "two", table="people")
    world.open("a", {"one": "new", "two": "old"})
    world.stage("one", batch(table, [{"id": 2, "_dlt_id": "2"}]))
    with pytest.raises(SinkError, match=r"'one' has begun again .* run again with --full-refresh"):
        world.commit("one", table="people")
    assert world.values("people", "id") == [0, 1]


def test_of_two_walks_in_one_table_the_provisional_rows_of_one_go(world: World) -> None:  # type: ignore[no-redef]
    """Here they stay, and that is told: the destination does not know which walk brought a row."""
    table = root("people", {"id": "bigint"})
    world.open("a", {"one": "same", "two": "same"})
    for number, walk in enumerate(("one", "two")):
        world.stage(walk, batch(table, [{"id": number, "_dlt_id": walk}]))
    world.commit("one", "two", table="people", complete=False, provisional=True)
    world.reopen("b")
    state = world.open("b", {"one": "same"})
    assert [warning.partition(" that ")[0] for warning in state.warnings] == ["rows of `one`"]
    world.stage("one", batch(table, [{"id": 2, "_dlt_id": "2"}]))
    world.commit("one", table="people")
    assert world.values("people", "id") == [0, 1, 2]


def provisional_and_killed(world: World, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """A run that proved nothing, and one that brings its rows again and is stopped before a step."""
    for run, key in (("a", 1), ("b", 2)):
        world.open(run, {"people": "same"})
        world.stage("people", batch(root("people", {"id": "bigint"}), [{"id": key, "_dlt_id": run}]))
        if run == "b":
            monkeypatch.setattr(Pipeline, step, _stopped)
            with pytest.raises(KeyboardInterrupt):
                world.commit("people")
            monkeypatch.undo()
        else:
            world.commit("people", complete=False, provisional=True)


def _stopped(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_rows_are_taken_back_by_what_takes_their_place_and_not_before(world: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        provisional_and_killed(world, patch, "extract")
    assert world.values("people", "id") == [1]


@pytest.mark.parametrize("step", ["normalize", "load"])
def test_rows_are_taken_back_though_the_process_died_before_the_load(world: World, step: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        provisional_and_killed(world, patch, step)
    world.reopen("b")
    assert world.values("people", "id") == [2]
