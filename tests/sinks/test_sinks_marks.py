"""Where a merge of our own does better than dlt's: marked rows that are unknown, and children of rows that stay."""

from __future__ import annotations

import msgspec
import pyarrow as pa
import pytest

from headrace.model.strategy import Cdc, InsertOnly, Scd2, Strategy, Upsert

from .making import Record, World, digested, people
from .test_sinks_strategies import found, load, tables


def _with_ids_of_their_load(rows: pa.Table, run: int) -> pa.Table:
    """As decode makes them where a column of the data tells versions apart."""
    for name in {"_dlt_id", "_dlt_parent_id"} & {*rows.schema.names}:
        ids = [f"{run} {value}" for value in rows[name].to_pylist()]
        rows = rows.set_column(rows.schema.names.index(name), name, pa.array(ids, pa.string()))
    return rows


@pytest.mark.parametrize("way", [Upsert(), Cdc(), InsertOnly(), None], ids=str)
def test_a_marked_row_that_was_never_there_does_not_come(world: World, way: Strategy | None) -> None:
    table, pets = tables(way, gone="bool")
    table = msgspec.structs.replace(table, hard_delete="gone")
    records: list[Record] = [(1, "a", ["p"]), (2, "b", ["q"])]
    for run in "12":
        world.load(run, *digested(*records, table=table, pets=pets, gone=[True, False]))
        assert found(world) == [(2, "b", ["q"])]


def test_anything_but_null_marks_a_row_in_a_column_of_another_type(world: World) -> None:
    table, pets = tables(Upsert(), gone="text")
    table = msgspec.structs.replace(table, hard_delete="gone")
    records: list[Record] = [(1, "a", []), (2, "b", []), (3, "c", [])]
    world.load("1", *digested(*records, table=table, pets=pets, gone=["", "x", None]))
    assert found(world) == [(3, "c", [])]


def test_children_of_a_version_that_is_open_do_not_come_again(world: World) -> None:
    way = Scd2(row_version="name")
    table, pets = tables(way)
    for run in range(3):
        batches = digested((1, "a", ["p"]), (2, f"b{run // 2}", ["q"]), table=table, pets=pets)
        roots, kids = (msgspec.structs.replace(part, rows=_with_ids_of_their_load(part.rows, run)) for part in batches)
        world.load(f"{run + 1}", roots, kids)
    assert found(world) == [(1, "a", ["p"]), (2, "b1", ["q"])]
    assert len(world.reader.rows("people__pets")) == 3


@pytest.mark.parametrize("way", [Upsert(skip_unchanged=True), Cdc(skip_unchanged=True)], ids=str)
def test_children_hang_on_a_row_that_another_strategy_has_brought_and_that_is_as_it_was(
    world: World, way: Strategy
) -> None:
    records: list[Record] = [(1, "a", ["p", "q"]), (2, "b", ["r"])]
    table, pets = tables(None)
    world.load("1", *people(*records, table=table, pets=pets, run="x"))
    for run in ("2", "3"):
        load(world, run, way, *records)
        assert found(world) == records
    assert world.rows("people", "id", "_dlt_load_id") == [(1, "2.2"), (2, "2.2")]


def test_what_a_run_brings_in_parts_is_ranked_in_each_part(world: World) -> None:
    table, pets = tables(Upsert(), at="bigint")
    table = msgspec.structs.replace(table, dedup_sort=("at", "desc"))
    world.open("1")
    world.stage("people", *digested((1, "best", ["p"]), (1, "worse", []), table=table, pets=pets, at=[9, 5]))
    world.commit("people", complete=False)
    assert found(world) == [(1, "best", ["p"])]
    world.reopen()
    world.stage("people", *digested((1, "later", ["q"]), (1, "least", []), table=table, pets=pets, at=[3, 1]))
    world.commit("people")
    assert found(world) == [(1, "later", ["q"])]
