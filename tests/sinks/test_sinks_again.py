"""A walk that brings rows again takes back those of before: of its earlier attempt, or of a run that proved nothing."""

from __future__ import annotations

import pytest

from headrace.model.plan import Disposition
from headrace.sinks.base import AskedFor, Commit

from .making import Record, World, child, people, root

PLAIN = root("people", {"id": "bigint", "name": "text"})
PETS = child(PLAIN, "pets", {"value": "text"})
KEYED = root("people", {"id": "bigint", "name": "text"}, disposition="merge", key=["id"])
KEYED_PETS = child(KEYED, "pets", {"value": "text"})
WHOLE = root("people", {"id": "bigint", "name": "text"}, disposition="replace")
WHOLE_PETS = child(WHOLE, "pets", {"value": "text"})
OTHERS = root("others", {"id": "bigint", "name": "text"})
OTHER_PETS = child(OTHERS, "pets", {"value": "text"})


def page(world: World, walk: str, *records: Record, run: str = "") -> None:
    world.stage(walk, *people(*records, table=PLAIN, pets=PETS, run=run or walk))


@pytest.mark.parametrize("disposition", ["append", "merge"])
def test_rows_of_an_abandoned_attempt_go_with_the_first_rows_of_the_new_one(
    world: World, disposition: Disposition
) -> None:
    world.load("before", *people((0, "zoe", ["eel"]), table=PLAIN, pets=PETS, run="before"))
    world.open("a", {"people": "old"})
    page(world, "people", (1, "ann", ["cat"]))
    world.commit("people", disposition=disposition, complete=False)
    page(world, "people", (2, "bob", ["dog"]), run="p1")
    world.commit("people", disposition=disposition, complete=False)
    world.open("a", {"people": "new"})
    assert world.values("people", "id") == [0, 1, 2]
    page(world, "people", (3, "cy", ["fly"]))
    world.commit("people", disposition=disposition, complete=False)
    assert world.rows("people", "id", "_dlt_load_id") == [(0, "before.1"), (3, "a.4")]
    assert world.values("people__pets", "value") == ["eel", "fly"]
    page(world, "people", (4, "dee", []), run="p1")
    world.commit("people", disposition=disposition)
    assert world.values("people", "id") == [0, 3, 4]


def test_grandchildren_of_an_abandoned_attempt_go_too(world: World) -> None:
    toys = child(PETS, "toys", {"value": "text"})
    for attempt, value in (("old", "ball"), ("new", "stick")):
        world.open("a", {"people": attempt})
        kids = people((1, "ann", ["dog"]), table=PLAIN, pets=PETS, run="a")
        from .making import batch

        toy = {"value": value, "_dlt_parent_id": "apeople0.0", "_dlt_list_idx": 0, "_dlt_id": "apeople0.0.0"}
        world.stage("people", *kids, batch(toys, [toy]))
        world.commit("people", complete=False)
    assert world.values("people__pets__toys", "value") == ["stick"]


def test_an_attempt_is_still_known_as_abandoned_after_a_crash(world: World) -> None:
    world.open("a", {"people": "old"})
    page(world, "people", (1, "ann", ["cat"]))
    world.commit("people", complete=False)
    for fingerprint in ("new", "new", "old"):
        world.reopen()
        world.open("a", {"people": fingerprint})
        world.stage("people")
    page(world, "people", (2, "bob", []))
    world.commit("people")
    assert world.values("people", "id") == [2]
    assert world.values("people__pets", "value") == []


def test_an_attempt_that_brings_no_page_takes_nothing_back(world: World) -> None:
    world.open("a", {"people": "old"})
    page(world, "people", (1, "ann", ["cat"]))
    world.commit("people", complete=False)
    world.open("a", {"people": "new"})
    world.commit("people", complete=False)
    assert world.values("people", "id") == [1]
    world.stage("people")
    world.commit("people")
    assert world.values("people", "id") == []


def test_of_two_walks_in_one_table_only_the_one_that_began_again_loses_rows(world: World) -> None:
    same = {"one": "same", "two": "same"}
    world.open("a", same)
    for walk, key in (("one", 1), ("two", 2)):
        page(world, walk, (key, walk, [walk]))
    world.commit("one", "two", table="people", complete=False)
    world.reopen()
    world.open("a", {**same, "one": "new"})
    page(world, "one", (3, "again", ["again"]), run="x")
    world.commit("one", table="people")
    assert world.rows("people", "id", "name") == [(2, "two"), (3, "again")]
    assert world.values("people__pets", "value") == ["again", "two"]


def test_rows_that_went_to_another_table_are_taken_back_from_there(world: World) -> None:
    world.open("a", {"people": "old"})
    page(world, "people", (1, "ann", ["cat"]))
    world.commit("people", complete=False)
    world.open("a", {"people": "new"})
    world.stage("people", *people((1, "ann", ["cat"]), table=OTHERS, pets=OTHER_PETS))
    world.commit("people", table="others")
    assert (world.values("people", "id"), world.values("others", "id")) == ([], [1])
    assert (world.values("people__pets", "value"), world.values("others__pets", "value")) == ([], ["cat"])


def test_merged_rows_stay_for_they_stand_in_the_place_of_older_ones(world: World) -> None:
    for fingerprint, record in (("old", (1, "ann", ["cat"])), ("new", (2, "bob", ["dog"]))):
        world.open("a", {"people": fingerprint})
        world.stage("people", *people(record, table=KEYED, pets=KEYED_PETS, run=fingerprint))
        world.commit("people", complete=False)
    assert world.values("people", "id") == [1, 2]
    assert world.values("people__pets", "value") == ["cat", "dog"]


def test_merged_rows_go_if_the_walk_appends_from_now_on(world: World) -> None:
    world.open("a", {"people": "old"})
    world.stage("people", *people((1, "ann", ["cat"]), table=KEYED, pets=KEYED_PETS))
    world.commit("people", complete=False)
    world.open("a", {"people": "new"})
    world.stage("people", *people((1, "ann", ["cat"]), table=PLAIN, pets=KEYED_PETS, run="x"))
    world.commit("people", disposition="append")
    assert world.values("people", "id") == [1]
    assert world.values("people__pets", "value") == ["cat"]


def test_of_two_walks_that_replace_one_table_one_may_begin_again_after_the_swap(world: World) -> None:
    same = {"one": "same", "two": "same"}
    world.load("before", *people((0, "zoe", ["eel"]), table=WHOLE, pets=WHOLE_PETS, run="before"))
    world.open("a", same)
    for walk, key in (("one", 1), ("two", 2)):
        world.stage(walk, *people((key, walk, [walk]), table=WHOLE, pets=WHOLE_PETS, run=walk))
    world.commit("one", "two", table="people")
    world.open("a", {**same, "one": "new"})
    world.stage("one", *people((3, "again", ["again"]), table=WHOLE, pets=WHOLE_PETS, run="x"))
    parts = (
        world.walk_commit("one", "people", "replace", complete=False),
        world.walk_commit("two", "people", "replace", complete=True),
    )
    world.sink.commit(Commit("a", "early", "tests", world.schema, parts))
    assert world.values("people", "id") == [1, 2]
    world.commit("one", "two", table="people")
    assert world.rows("people", "id", "name") == [(2, "two"), (3, "again")]
    assert world.values("people__pets", "value") == ["again", "two"]


def test_ids_that_data_brings_more_than_once_cost_no_other_row_its_children(world: World) -> None:
    world.load("before", *people((0, "zoe", ["eel"]), table=PLAIN, pets=PETS, run="same"))
    world.open("a", {"people": "old"})
    page(world, "people", (1, "ann", []), run="same")
    world.commit("people", complete=False)
    world.open("a", {"people": "new"})
    page(world, "people", (2, "bob", []), run="other")
    world.commit("people")
    assert world.values("people", "id") == [0, 2]
    assert world.values("people__pets", "value") == ["eel"]


def provisionally(
    world: World, run: str, asks: str, key: int, *, provisional: bool = True, complete: bool = False
) -> None:
    """One run that brings one row."""
    world.open(run, {"people": asks})
    page(world, "people", (key, run, [run]), run=run)
    world.commit("people", complete=complete, provisional=provisional)


def test_provisional_rows_go_with_the_first_rows_of_a_run_that_asks_for_the_same(world: World) -> None:
    provisionally(world, "a", "since 0", 1, provisional=False, complete=True)
    provisionally(world, "b", "since 1", 2)
    world.reopen("c")
    world.open("c", {"people": "since 1"})
    assert world.values("people", "id") == [1, 2]
    provisionally(world, "c", "since 1", 3)
    assert world.rows("people", "id", "name") == [(1, "a"), (3, "c")]
    assert world.values("people__pets", "value") == ["a", "c"]
    provisionally(world, "d", "since 1", 4, provisional=False, complete=True)
    provisionally(world, "e", "since 1", 5)
    assert world.values("people", "id") == [1, 4, 5]


def test_provisional_rows_stay_where_the_next_run_asks_for_others(world: World) -> None:
    provisionally(world, "a", "since 1", 1)
    provisionally(world, "b", "since 2", 2, provisional=False, complete=True)
    provisionally(world, "c", "since 1", 3)
    assert world.values("people", "id") == [1, 2, 3]


def test_rows_that_the_end_of_their_own_run_has_proven_stay(world: World) -> None:
    provisionally(world, "a", "since 1", 1)
    page(world, "people", (2, "a", []), run="p1")
    world.commit("people")
    provisionally(world, "b", "since 1", 3)
    assert world.values("people", "id") == [1, 2, 3]


def test_merged_rows_are_never_provisional(world: World) -> None:
    for run, key in (("a", 1), ("b", 2)):
        world.open(run, {"people": "same"})
        world.stage("people", *people((key, run, []), table=KEYED, pets=KEYED_PETS, run=run))
        world.commit("people", complete=False, provisional=True)
    assert world.values("people", "id") == [1, 2]


def test_of_two_walks_in_one_table_the_provisional_rows_of_one_go(world: World) -> None:
    same = {"one": "same", "two": "same"}
    world.open("a", same)
    for walk, key in (("one", 1), ("two", 2)):
        page(world, walk, (key, walk, [walk]))
    parts = [
        world.walk_commit(walk, "people", "append", complete=False, provisional=walk == "one")
        for walk in ("one", "two")
    ]
    world.sink.commit(Commit("a", "first", "tests", world.schema, tuple(parts)))
    world.reopen("b")
    world.open("b", same)
    page(world, "one", (3, "again", ["again"]), run="x")
    world.commit("one", table="people")
    assert world.rows("people", "id", "name") == [(2, "two"), (3, "again")]
    assert world.values("people__pets", "value") == ["again", "two"]


def test_a_run_whose_provisional_rows_another_has_taken_back_brings_them_again(world: World) -> None:
    provisionally(world, "a", "since 1", 1)
    provisionally(world, "b", "since 1", 1)
    state = world.open("a", {"people": "since 1"})
    assert state.committed == {}


def test_a_run_that_goes_on_after_another_brings_nothing_again(world: World) -> None:
    world.open("a", {"people": "same"})
    page(world, "people", (1, "a", ["cat"]), run="1")
    world.commit("people", complete=False)
    provisionally(world, "b", "others", 2, complete=True, provisional=False)
    state = world.reopen("a")
    assert state.committed["people"].pages == 1
    page(world, "people", (3, "a", []), run="3")
    world.commit("people")
    assert world.values("people", "id") == [1, 2, 3]
    assert world.reopen("b").committed["people"].pages == 1


def asking(world: World, run: str, *rows: str, provisional: bool = True) -> None:
    """One run that brings a page, with one row and what hangs on it, for each of some rows of a parent."""
    world.open(run, {"people": "same"})
    pages = [f"{run}-{row}-------"[:10] for row in rows]
    for row, its in zip(rows, pages, strict=True):
        page(world, "people", (int(row), run, [f"{run}{row}"]), run=its)
    asked = [AskedFor((row,), (its,)) for row, its in zip(rows, pages, strict=True)]
    world.commit("people", complete=not provisional, provisional=provisional, asked_for=asked)


def test_provisional_rows_stay_for_rows_of_a_parent_that_are_not_asked_for_again(world: World) -> None:
    asking(world, "a", "1", "2")
    world.reopen("b")
    asking(world, "b", "2", "3", provisional=False)
    assert world.rows("people", "id", "name") == [(1, "a"), (2, "b"), (3, "b")]
    assert world.values("people__pets", "value") == ["a1", "b2", "b3"]
    world.reopen("c")
    asking(world, "c", "4")
    assert world.values("people", "id") == [1, 2, 3, 4]
    world.reopen("d")
    asking(world, "d", "1", "4")
    assert world.rows("people", "id", "name") == [(1, "d"), (2, "b"), (3, "b"), (4, "d")]
    assert world.values("people__pets", "value") == ["b2", "b3", "d1", "d4"]


def test_a_run_that_lost_a_part_of_its_rows_to_another_begins_anew_and_has_each_once(world: World) -> None:
    asking(world, "a", "1", "2")
    asking(world, "b", "2")
    state = world.reopen("a")
    assert state.committed == {}
    asking(world, "a", "1", "2", provisional=False)
    assert world.rows("people", "id", "name") == [(1, "a"), (2, "a")]
    assert world.values("people__pets", "value") == ["a1", "a2"]
    state = world.reopen("b")
    assert state.committed == {}


def test_a_batch_of_rows_is_taken_back_only_if_all_of_them_are_asked_for_again(world: World) -> None:
    for run, asked in (("a", AskedFor(("1", "2"), ("a---------",))), ("b", AskedFor(("2",), ("b---------",)))):
        world.open(run, {"people": "same"})
        page(world, "people", (1, run, []), run=asked.pages[0])
        world.commit("people", complete=False, provisional=True, asked_for=[asked])
    assert world.rows("people", "id", "name") == [(1, "a"), (1, "b")]
    world.open("c", {"people": "same"})
    page(world, "people", (1, "c", []), run="c---------")
    world.commit("people", asked_for=[AskedFor(("1", "2"), ("c---------",))])
    assert world.rows("people", "id", "name") == [(1, "c")]
