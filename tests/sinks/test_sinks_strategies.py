"""What every sink does with merge strategies other than delete-insert, and with rows that are marked or ordered."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from headrace.model.strategy import Cdc, InsertOnly, Scd2, Strategy, Upsert
from headrace.model.table import Receipt, Reject, TableSchema

from .making import Record, World, child, digested, root

VERSIONS = Scd2()


def tables(way: Strategy | None, **more: Any) -> tuple[TableSchema, TableSchema]:
    columns = {"id": "bigint", "name": "text", **more}
    key = () if isinstance(way, Scd2) else ("id",)
    table = root("people", columns, disposition="merge", key=key, way=way)
    return table, child(table, "pets", {"value": "text"})


def load(world: World, run: str, way: Strategy, *records: Record, complete: bool = True) -> Receipt:
    """A run whose one load has the time that it is named after."""
    table, pets = tables(way)
    return world.load(run, *digested(*records, table=table, pets=pets), complete=complete)


def found(world: World) -> list[Record]:
    """Rows with their children in order; of versions the open ones."""
    under: dict[str, list[str]] = {}
    for row in sorted(world.reader.rows("people__pets"), key=lambda row: row["_dlt_list_idx"]):
        under.setdefault(row["_dlt_parent_id"], []).append(row["value"])
    rows = world.reader.rows("people")
    assert under.keys() <= {row["_dlt_id"] for row in rows}, "children without a root"
    return sorted(
        (row["id"], row["name"], under.get(row["_dlt_id"], [])) for row in rows if row.get(VERSIONS.valid_to) is None
    )


def versions(world: World) -> list[tuple[int, str, bool]]:
    """Id, name, and whether it is open."""
    rows = world.reader.rows("people")
    assert all(row[VERSIONS.valid_from] for row in rows)
    return sorted((row["id"], row["name"], row[VERSIONS.valid_to] is None) for row in rows)


@pytest.mark.parametrize("way", [Upsert(), Cdc()], ids=str)
def test_an_upsert_takes_the_last_read_of_a_key_with_its_children_alone(world: World, way: Strategy) -> None:
    load(world, "1", way, (1, "old", ["a", "b", "c"]))
    receipt = load(world, "2", way, (1, "x", ["p", "q"]), (2, "b", ["r"]), (1, "new", ["z"]), (2, "c", []))
    assert found(world) == [(1, "new", ["z"]), (2, "c", [])]
    assert receipt.duplicates == {"people": 2}


def test_an_upsert_across_batches_takes_the_last_read(world: World) -> None:
    table, pets = tables(Upsert())
    world.open("1")
    world.stage("people", *digested((1, "x", ["p", "q"]), table=table, pets=pets))
    world.reopen()
    world.stage("people", *digested((2, "b", ["r"]), (1, "new", []), table=table, pets=pets))
    world.commit("people")
    assert found(world) == [(1, "new", []), (2, "b", ["r"])]


def test_a_row_that_is_as_it_was_keeps_its_load_if_asked_to(world: World) -> None:
    way = Upsert(skip_unchanged=True)
    load(world, "1", way, (1, "a", ["p"]), (2, "b", []))
    load(world, "2", way, (1, "a", ["q"]), (2, "c", []))
    assert found(world) == [(1, "a", ["q"]), (2, "c", [])]
    assert world.rows("people", "id", "_dlt_load_id") == [(1, "1.1"), (2, "2.2")]


def test_a_known_row_does_not_enter_and_the_first_read_of_a_new_one_does(world: World) -> None:
    load(world, "1", InsertOnly(), (1, "a", ["p"]))
    receipt = load(world, "2", InsertOnly(), (1, "b", ["x", "q"]), (2, "c", ["r"]), (2, "d", ["s", "t"]))
    assert found(world) == [(1, "a", ["p", "q"]), (2, "c", ["r"])]
    assert receipt.duplicates == {"people": 1}


def test_what_a_load_does_not_have_is_deleted(world: World) -> None:
    load(world, "1", Cdc(), (1, "a", ["p"]), (2, "b", ["q"]))
    load(world, "2", Cdc(), (2, "b", ["q"]), (3, "c", []))
    assert found(world) == [(2, "b", ["q"]), (3, "c", [])]


def test_changes_open_versions_and_what_is_gone_is_closed(world: World) -> None:
    load(world, "1", VERSIONS, (1, "a", ["p"]), (2, "b", []), (3, "c", ["q"]))
    load(world, "2", VERSIONS, (1, "a", ["p"]), (2, "bb", []), (4, "d", []))
    assert versions(world) == [(1, "a", True), (2, "b", False), (2, "bb", True), (3, "c", False), (4, "d", True)]
    load(world, "3", VERSIONS, (1, "a", ["p", "r"]), (2, "bb", []), (4, "d", []))
    assert versions(world)[:2] == [(1, "a", False), (1, "a", True)]
    assert found(world) == [(1, "a", ["p", "r"]), (2, "bb", []), (4, "d", [])]


def test_a_load_that_is_repeated_adds_no_version(world: World) -> None:
    records: list[Record] = [(1, "a", ["p"]), (2, "b", [])]
    load(world, "1", VERSIONS, *records)
    before = world.reader.rows("people"), world.reader.rows("people__pets")
    world.reopen()
    world.commit("people")
    load(world, "2", VERSIONS, *records)
    assert (world.reader.rows("people"), world.reader.rows("people__pets")) == before


def test_a_version_that_comes_back_is_open_again_and_has_its_children_once(world: World) -> None:
    for run, name in enumerate(["a", "b", "a", "b"]):
        load(world, f"{run + 1}", VERSIONS, (1, name, ["p"]))
    assert versions(world) == [(1, "a", False), (1, "a", False), (1, "b", False), (1, "b", True)]
    assert found(world) == [(1, "b", ["p"])]
    assert len(world.reader.rows("people__pets")) == 2


def test_equal_records_of_a_load_are_one_version(world: World) -> None:
    receipt = load(world, "1", VERSIONS, (1, "a", ["p"]), (1, "a", ["p"]), (1, "a", []))
    assert found(world) == [(1, "a", []), (1, "a", ["p"])]
    assert receipt.duplicates == {"people": 1}


@pytest.mark.parametrize("way", [VERSIONS, Cdc()], ids=str)
def test_a_part_of_a_load_waits_where_it_means_something_what_it_lacks(world: World, way: Strategy) -> None:
    load(world, "1", way, (1, "a", ["p"]), (2, "b", []))
    load(world, "2", way, (2, "b", []), complete=False)
    assert found(world) == [(1, "a", ["p"]), (2, "b", [])]
    table, pets = tables(way)
    world.reopen()
    world.stage("people", *digested((3, "c", ["q"]), table=table, pets=pets))
    world.commit("people")
    assert found(world) == [(2, "b", []), (3, "c", ["q"])]


def test_versions_are_closed_beside_equal_merge_keys_only(world: World) -> None:
    table, pets = tables(VERSIONS)
    table = msgspec.structs.replace(table, merge_key=("name",))
    world.load("1", *digested((1, "a", []), (2, "a", []), (3, "b", []), table=table, pets=pets))
    world.load("2", *digested((1, "a", []), (4, "c", []), table=table, pets=pets))
    assert versions(world) == [(1, "a", True), (2, "a", False), (3, "b", True), (4, "c", True)]


@pytest.mark.parametrize(
    ("way", "key", "kept"),
    [
        (Cdc(), ("id",), [(1, "a", ["p"]), (2, "bb", ["s"]), (3, "c", [])]),
        (VERSIONS, ("id",), [(1, "a", ["p"]), (2, "bb", ["s"]), (3, "c", [])]),
        (VERSIONS, (), [(1, "a", ["p"]), (2, "b", ["q"]), (2, "bb", ["s"]), (3, "c", [])]),
    ],
    ids=str,
)
def test_what_a_load_with_rejects_lacks_is_not_gone(
    world: World, way: Strategy, key: tuple[str, ...], kept: list[Record]
) -> None:
    table, pets = tables(way)
    table = msgspec.structs.replace(table, primary_key=key)
    world.load("1", *digested((1, "a", ["p"]), (2, "b", ["q"]), table=table, pets=pets))
    world.open("2")
    reject = Reject("people", "people", 0, 0, "too large a number", b"{}")
    world.stage("people", *digested((2, "bb", ["s"]), (3, "c", []), table=table, pets=pets), rejects=[reject])
    world.reopen()
    world.commit("people")
    assert found(world) == kept
    world.load("3", *digested((2, "bb", ["s"]), table=table, pets=pets))
    assert found(world) == [(2, "bb", ["s"])]


@pytest.mark.parametrize("way", [None, Upsert(), Cdc()], ids=str)
def test_rows_that_are_marked_go_with_their_children(world: World, way: Strategy | None) -> None:
    table, pets = tables(way, gone="bool")
    table = msgspec.structs.replace(table, hard_delete="gone")
    records: list[Record] = [(1, "a", ["p"]), (2, "b", ["q"])]
    world.load("1", *digested(*records, table=table, pets=pets))
    world.load("2", *digested(*records, table=table, pets=pets, gone=[True, False]))
    assert found(world) == [(2, "b", ["q"])]


@pytest.mark.parametrize(("order", "kept"), [("desc", "new"), ("asc", "old")])
@pytest.mark.parametrize("way", [None, Upsert()], ids=str)
def test_of_equal_keys_the_first_in_the_stated_order_is_taken(
    world: World, way: Strategy | None, order: Any, kept: str
) -> None:
    table, pets = tables(way, at="bigint")
    table = msgspec.structs.replace(table, dedup_sort=("at", order))
    records: list[Record] = [(1, "old", ["a"]), (1, "new", ["b"]), (1, "none", ["c"]), (2, "x", [])]
    world.load("1", *digested(*records, table=table, pets=pets, at=[1, 2, None, None]))
    assert [(row["id"], row["name"]) for row in world.reader.rows("people")] == [(1, kept), (2, "x")]
