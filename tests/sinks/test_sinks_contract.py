"""What every sink does with a load: one suite, over all of them."""

from __future__ import annotations

import pytest

from headrace.errors import SinkError
from headrace.model.plan import Disposition
from headrace.model.table import Reject, Schema, Watermark
from headrace.sinks.base import Commit, Staging, WalkCommit

from .making import Row, World, batch, child, people, root, schema

KEYED = root("people", {"id": "bigint", "name": "text"}, disposition="merge", key=["id"])
KEYED_PETS = child(KEYED, "pets", {"value": "text"})
PLAIN = root("people", {"id": "bigint", "name": "text"})
PLAIN_PETS = child(PLAIN, "pets", {"value": "text"})
WHOLE = root("people", {"id": "bigint", "name": "text"}, disposition="replace")
WHOLE_PETS = child(WHOLE, "pets", {"value": "text"})


def test_append_adds_rows_of_every_load_with_its_load_id(world: World) -> None:
    world.load("a", *people((1, "ann", ["cat"]), table=PLAIN, pets=PLAIN_PETS, run="a"))
    world.load("b", *people((1, "ann", ["cat"]), table=PLAIN, pets=PLAIN_PETS, run="b"))
    assert world.rows("people", "id", "_dlt_load_id") == [(1, "a.1"), (1, "b.2")]
    assert world.values("people__pets", "value") == ["cat", "cat"]


def test_rows_enter_in_the_order_in_which_they_were_staged(world: World) -> None:
    world.open("a")
    for page in range(5):
        rows = [{"id": page * 10 + n, "_dlt_id": f"{page}.{n}"} for n in range(10)]
        world.stage("people", batch(PLAIN, rows))
    world.commit("people")
    assert [row["id"] for row in world.reader.rows("people")] == list(range(50))


def test_merge_updates_known_keys_and_adds_new_ones(world: World) -> None:
    world.load("a", *people((1, "ann", []), (2, "bob", []), table=KEYED, pets=KEYED_PETS, run="a"))
    world.load("b", *people((2, "bert", []), (3, "cy", []), table=KEYED, pets=KEYED_PETS, run="b"))
    assert world.rows("people", "id", "name", "_dlt_load_id") == [
        (1, "ann", "a.1"),
        (2, "bert", "b.2"),
        (3, "cy", "b.2"),
    ]


def test_a_merged_row_brings_its_children_and_takes_the_old_ones_away(world: World) -> None:
    world.load("a", *people((1, "ann", ["cat", "dog"]), (2, "bob", ["fly"]), table=KEYED, pets=KEYED_PETS, run="a"))
    world.load("b", *people((1, "ann", ["eel"]), table=KEYED, pets=KEYED_PETS, run="b"))
    assert world.values("people__pets", "value") == ["eel", "fly"]


def test_a_merged_row_whose_list_became_empty_has_no_children_left(world: World) -> None:
    world.load("a", *people((1, "ann", ["cat", "dog"]), (2, "bob", ["fly"]), table=KEYED, pets=KEYED_PETS, run="a"))
    world.load("b", *people((1, "ann", []), table=KEYED, pets=KEYED_PETS, run="b"))
    assert world.values("people__pets", "value") == ["fly"]


def test_grandchildren_go_and_come_with_their_root(world: World) -> None:
    toys = child(KEYED_PETS, "toys", {"value": "text"})

    def toy(run: str, value: str) -> dict[str, object]:
        ids = {"_dlt_parent_id": f"{run}people0.0", "_dlt_root_id": f"{run}people0"}
        return {"value": value, "_dlt_list_idx": 0, "_dlt_id": f"{run}{value}", **ids}

    for run, value in (("a", "ball"), ("b", "stick")):
        batches = people((1, "ann", ["dog"]), table=KEYED, pets=KEYED_PETS, run=run)
        world.load(run, *batches, batch(toys, [toy(run, value)]))
    assert world.values("people__pets__toys", "value") == ["stick"]


def test_the_last_read_of_a_key_wins_within_a_load_and_only_its_children_enter(world: World) -> None:
    world.open("a")
    world.stage("people", *people((1, "old", ["x"]), (2, "bob", ["y"]), table=KEYED, pets=KEYED_PETS, run="p0"))
    world.stage("people", *people((1, "new", ["z"]), table=KEYED, pets=KEYED_PETS, run="p1"))
    receipt = world.commit("people")
    assert world.rows("people", "id", "name") == [(1, "new"), (2, "bob")]
    assert world.values("people__pets", "value") == ["y", "z"]
    assert receipt.duplicates == {"people": 1}
    assert receipt.rows == {"people": 2, "people__pets": 2}


def test_the_last_read_of_a_key_wins_within_a_batch(world: World) -> None:
    world.load("a", *people(*[(1, f"n{n}", [f"v{n}"]) for n in range(50)], table=KEYED, pets=KEYED_PETS))
    assert world.rows("people", "name") == [("n49",)]
    assert world.values("people__pets", "value") == ["v49"]


def test_the_last_read_wins_across_a_restart_between_two_batches(world: World) -> None:
    world.open("a")
    world.stage("people", *people((1, "old", ["x"]), table=KEYED, pets=KEYED_PETS, run="p0"))
    world.reopen()
    world.stage("people", *people((1, "new", ["z"]), table=KEYED, pets=KEYED_PETS, run="p1"))
    world.commit("people")
    assert world.rows("people", "id", "name") == [(1, "new")]
    assert world.values("people__pets", "value") == ["z"]


@pytest.mark.parametrize("disposition", ["append", "replace"])
def test_a_walk_that_has_begun_again_brings_nothing_of_before(world: World, disposition: Disposition) -> None:
    plain = root("people", {"id": "bigint", "name": "text"}, disposition=disposition)
    toys = root("toys", {"id": "bigint"}, disposition="append")
    world.open("a", {"people": "old", "toys": "same"})
    world.stage("people", batch(plain, [{"id": 1, "name": "ann", "_dlt_id": "1"}]))
    world.stage("toys", batch(toys, [{"id": 7, "_dlt_id": "7"}]))
    state = world.open("a", {"people": "new", "toys": "same"})
    assert set(state.staged) == {"toys"}
    world.stage("people", batch(plain, [{"id": 2, "name": "bob", "_dlt_id": "2"}]))
    world.commit("people", "toys")
    assert world.values("people", "id") == [2]
    assert world.values("toys", "id") == [7]


def test_a_replace_that_begins_again_after_its_commit_replaces_again(world: World) -> None:
    plain = root("people", {"id": "bigint", "name": "text"}, disposition="replace")
    world.open("a", {"people": "old"})
    world.stage("people", batch(plain, [{"id": 1, "name": "ann", "_dlt_id": "1"}]))
    world.commit("people")
    state = world.open("a", {"people": "new"})
    assert state.committed == {}
    world.stage("people", batch(plain, [{"id": 2, "name": "bob", "_dlt_id": "2"}]))
    world.commit("people")
    assert world.values("people", "id") == [2]


def test_a_column_of_whole_numbers_that_is_widened_keeps_every_fraction(world: World) -> None:
    whole = root("people", {"id": "bigint", "score": "bigint"})
    fractions = root("people", {"id": "bigint", "score": "double"})
    world.load("a", batch(whole, [{"id": 1, "score": 1, "_dlt_id": "1"}]))
    world.open("b")
    world.stage("people", batch(whole, [{"id": 2, "score": 2, "_dlt_id": "2"}]))
    world.stage("people", batch(fractions, [{"id": 3, "score": 2.5, "_dlt_id": "3"}]))
    world.reopen()
    world.stage("people", batch(fractions, [{"id": 4, "score": 0.5, "_dlt_id": "4"}]))
    world.commit("people")
    assert world.rows("people", "id", "score") == [(1, 1), (2, 2), (3, 2.5), (4, 0.5)]


def test_equal_row_ids_that_data_brings_lose_no_row_and_no_child(world: World) -> None:
    pets = [{"value": "cat", "_dlt_parent_id": "own", "_dlt_root_id": "own", "_dlt_list_idx": 0, "_dlt_id": "own.0"}]
    rows = [{"id": 1, "name": "old", "_dlt_id": "own"}, {"id": 1, "name": "new", "_dlt_id": "own"}]
    world.load("a", batch(KEYED, [*rows, {"id": 2, "name": "bob", "_dlt_id": "own"}]), batch(KEYED_PETS, pets))
    assert world.rows("people", "id", "name") == [(1, "new"), (2, "bob")]
    assert world.values("people__pets", "value") == ["cat"]


def test_a_merge_with_a_composite_key_compares_all_of_it(world: World) -> None:
    table = root("t", {"a": "bigint", "b": "text", "v": "text"}, disposition="merge", key=["a", "b"])
    old = [{"a": 1, "b": "x", "v": "1x", "_dlt_id": "1"}, {"a": 1, "b": "y", "v": "1y", "_dlt_id": "2"}]
    world.load("a", batch(table, old))
    new = [{"a": 1, "b": "y", "v": "new", "_dlt_id": "3"}, {"a": 2, "b": "y", "v": "2y", "_dlt_id": "4"}]
    world.load("b", batch(table, [*new, {"a": 2, "b": "y", "v": "last", "_dlt_id": "5"}]))
    assert world.rows("t", "a", "b", "v") == [(1, "x", "1x"), (1, "y", "new"), (2, "y", "last")]


def test_a_merge_without_keys_appends(world: World) -> None:
    table = root("t", {"v": "text"}, disposition="merge")
    for run in ("a", "b"):
        world.load(run, batch(table, [{"v": "same", "_dlt_id": run}]))
    assert world.values("t", "v") == ["same", "same"]


def test_a_merge_key_alone_replaces_a_group_and_drops_nothing_of_the_load(world: World) -> None:
    table = root("t", {"day": "text", "v": "bigint"}, disposition="merge", merge_key=["day"])
    world.load("a", batch(table, [{"day": "mon", "v": n, "_dlt_id": f"a{n}"} for n in range(3)]))
    again: list[Row] = [{"day": "mon", "v": n, "_dlt_id": f"b{n}"} for n in (7, 8)]
    world.load("b", batch(table, [{"day": "tue", "v": 9, "_dlt_id": "t"}, *again]))
    assert world.rows("t", "day", "v") == [("mon", 7), ("mon", 8), ("tue", 9)]


def test_with_both_kinds_of_key_a_match_in_either_replaces(world: World) -> None:
    table = root("t", {"id": "bigint", "day": "text"}, disposition="merge", key=["id"], merge_key=["day"])
    first = [{"id": 1, "day": "mon"}, {"id": 2, "day": "tue"}, {"id": 3, "day": "wed"}]
    world.load("a", batch(table, [{**row, "_dlt_id": f"a{n}"} for n, row in enumerate(first)]))
    world.load("b", batch(table, [{"id": 1, "day": "tue", "_dlt_id": "b"}]))
    assert world.rows("t", "id", "day") == [(1, "tue"), (3, "wed")]


def test_null_keys_are_equal_to_nothing(world: World) -> None:
    table = root("t", {"a": "bigint", "b": "bigint"}, disposition="merge")
    table = type(table)(table.name, table.root, None, table.columns, "merge", ("a", "b"))
    rows: list[Row] = [
        {"a": 1, "b": None, "_dlt_id": "1"},
        {"a": 1, "b": None, "_dlt_id": "2"},
        {"a": 1, "b": 1, "_dlt_id": "3"},
    ]
    world.load("a", batch(table, rows))
    world.load("b", batch(table, [{**row, "_dlt_id": "b" + row["_dlt_id"]} for row in rows]))
    assert world.rows("t", "a", "b") == [(1, 1), *[(1, None)] * 4]


def test_replace_empties_the_table_and_its_children(world: World) -> None:
    world.load("a", *people((1, "ann", ["cat"]), (2, "bob", ["dog"]), table=WHOLE, pets=WHOLE_PETS, run="a"))
    world.load("b", *people((3, "cy", []), table=WHOLE, pets=WHOLE_PETS, run="b"))
    assert world.values("people", "id") == [3]
    assert world.values("people__pets", "value") == []
    assert "people__pets" in world.reader.tables()


def test_a_complete_replace_without_rows_empties_the_table(world: World) -> None:
    world.load("a", *people((1, "ann", ["cat"]), table=WHOLE, pets=WHOLE_PETS))
    world.open("b")
    world.stage("people")
    world.commit("people")
    assert world.rows("people", "id") == []
    assert world.rows("people__pets", "value") == []


def test_a_replace_of_a_table_that_never_was_makes_none(world: World) -> None:
    world.open("a")
    world.stage("people")
    world.commit("people", disposition="replace")
    assert world.reader.tables() == set()


def test_an_incomplete_replace_waits_in_the_staging_until_it_is_complete(world: World) -> None:
    world.load("a", *people((1, "ann", ["cat"]), table=WHOLE, pets=WHOLE_PETS, run="a"))
    world.open("b")
    world.stage("people", *people((2, "bob", ["dog"]), table=WHOLE, pets=WHOLE_PETS, run="b"))
    receipt = world.commit("people", complete=False)
    assert (receipt.rows, receipt.watermarks) == ({}, ())
    assert world.values("people", "id") == [1]
    state = world.reopen()
    assert (state.staged["people"].pages, state.committed) == (1, {})
    world.stage("people", *people((3, "cy", []), table=WHOLE, pets=WHOLE_PETS, run="c"))
    world.commit("people")
    assert world.values("people", "id") == [2, 3]
    assert world.values("people__pets", "value") == ["dog"]
    assert world.reader.staged_rows() == 0


def test_a_failed_replace_leaves_its_neighbours_free_to_enter(world: World) -> None:
    other = root("other", {"v": "bigint"})
    world.open("a")
    world.stage("people", *people((1, "ann", ["cat"]), table=WHOLE, pets=WHOLE_PETS))
    world.stage("other", batch(other, [{"v": 1, "_dlt_id": "1"}]))
    waiting = world.walk_commit("people", "people", "replace", complete=False)
    entering = world.walk_commit("other", "other", "append", complete=True)
    receipt = world.sink.commit(Commit("a", "1", "tests", world.schema, (waiting, entering)))
    assert receipt.rows == {"other": 1}
    assert world.reader.tables() == {"other"}
    assert world.reader.staged_rows() == 2


@pytest.mark.parametrize("disposition", ["append", "merge"])
def test_a_failed_walk_commits_what_it_has_and_the_rest_when_it_is_resumed(
    world: World, disposition: Disposition
) -> None:
    table, pets = (KEYED, KEYED_PETS) if disposition == "merge" else (PLAIN, PLAIN_PETS)
    world.open("a")
    world.stage("people", *people((1, "ann", ["cat"]), table=table, pets=pets, run="p0"))
    world.commit("people", complete=False)
    assert world.values("people", "id") == [1]
    state = world.reopen()
    assert (state.committed["people"].pages, state.staged) == (1, {})
    world.stage("people", *people((2, "bob", ["dog"]), table=table, pets=pets, run="p1"))
    receipt = world.commit("people")
    assert receipt.rows == {"people": 1, "people__pets": 1}
    assert world.values("people", "id") == [1, 2]
    assert world.values("people__pets", "value") == ["cat", "dog"]


def test_a_commit_that_is_repeated_does_nothing(world: World) -> None:
    world.load("a", *people((1, "ann", ["cat"]), table=PLAIN, pets=PLAIN_PETS))
    world.reopen("a")
    receipt = world.commit("people", drop=["people"])
    assert receipt.rows == {}
    assert receipt.watermarks == (Watermark("people", 1, 1, complete=True),)
    assert world.values("people", "id") == [1]
    assert world.values("people__pets", "value") == ["cat"]


def test_a_batch_that_is_staged_again_does_nothing(world: World) -> None:
    world.open("a")
    batches = tuple(people((1, "ann", ["cat"]), table=PLAIN, pets=PLAIN_PETS))
    staging = Staging(batches, (), Watermark("people", 1, 1), schema(PLAIN, PLAIN_PETS))
    first = world.sink.stage(staging)
    again = world.sink.stage(staging)
    world.reopen()
    world.sink.stage(staging)
    assert first.rows == {"people": 1, "people__pets": 1}
    assert (again.rows, again.watermarks) == ({}, (Watermark("people", 1, 1),))
    world.commit("people")
    assert world.values("people", "id") == [1]
    world.sink.stage(staging)
    assert world.reader.staged_rows() == 0


def test_pages_between_two_batches_may_not_be_missing(world: World) -> None:
    world.open("a")
    batches = tuple(people((1, "ann", []), table=PLAIN, pets=PLAIN_PETS))
    world.sink.stage(Staging(batches, (), Watermark("people", 2, 2), schema(PLAIN), first_page=0))
    with pytest.raises(SinkError, match=r"begins at page 3.*go on at page 2"):
        world.sink.stage(Staging(batches, (), Watermark("people", 5, 5), schema(PLAIN), first_page=3))
    with pytest.raises(SinkError, match="begins at page 1"):
        world.sink.stage(Staging(batches, (), Watermark("people", 4, 4), schema(PLAIN), first_page=1))
    assert world.reader.staged_rows() == 1


def test_the_first_batch_of_a_walk_begins_at_its_first_page(world: World) -> None:
    world.open("a")
    with pytest.raises(SinkError, match="begin at page 0"):
        world.sink.stage(Staging((), (), Watermark("people", 5, 5), schema(), first_page=4))


@pytest.mark.parametrize("pages", [1, 3])
def test_a_commit_of_pages_that_are_not_staged_is_refused(world: World, pages: int) -> None:
    world.open("a")
    world.stage("people", *people((1, "ann", []), table=PLAIN, pets=PLAIN_PETS), pages=2)
    walk = WalkCommit("people", "people", "append", Watermark("people", pages, 1), "end", "", proven=True)
    with pytest.raises(SinkError, match=f"{pages} pages are to be committed.*taken 2"):
        world.sink.commit(Commit("a", "1", "tests", world.schema, (walk,)))
    assert world.reader.tables() == set()


def test_a_commit_for_another_run_is_refused(world: World) -> None:
    world.open("a")
    with pytest.raises(SinkError, match=r"'b' cannot commit.*'a'"):
        world.sink.commit(Commit("b", "1", "tests", Schema({}), ()))


def test_staged_rows_that_the_schema_does_not_know_are_not_lost_without_a_word(world: World) -> None:
    world.open("a")
    world.stage("people", *people((1, "ann", ["cat"]), table=PLAIN, pets=PLAIN_PETS))
    world.schema = schema(PLAIN)
    with pytest.raises(SinkError, match="people__pets"):
        world.commit("people")
    assert world.reader.staged_rows() == 2


def test_staging_of_another_run_is_dropped(world: World) -> None:
    world.open("a")
    world.stage("people", *people((1, "ann", ["cat"]), table=PLAIN, pets=PLAIN_PETS))
    state = world.reopen("b")
    assert (state.staged, state.committed, state.schema.tables) == ({}, {}, {})
    assert world.reader.staged_rows() == 0
    world.stage("people", *people((2, "bob", []), table=PLAIN, pets=PLAIN_PETS))
    world.commit("people")
    assert world.values("people", "id") == [2]
    assert "people__pets" not in world.reader.tables()


def test_staging_of_this_run_is_kept_with_its_schema(world: World) -> None:
    world.open("a")
    world.stage("people", *people((1, "ann", ["cat"]), table=PLAIN, pets=PLAIN_PETS))
    state = world.reopen()
    assert state.staged == {"people": Watermark("people", 1, 1)}
    assert state.schema == schema(PLAIN, PLAIN_PETS)


def test_the_schema_is_kept_after_the_commit(world: World) -> None:
    world.load("a", *people((1, "ann", ["cat"]), table=KEYED, pets=KEYED_PETS))
    assert world.reopen("b").schema == schema(KEYED, KEYED_PETS)


def test_new_columns_are_added_between_batches_and_between_loads(world: World) -> None:
    wider = root("people", {"id": "bigint", "name": "text", "age": "bigint", "age__v_text": "text"})
    widest = root("people", {"id": "bigint", "name": "text", "age": "bigint", "age__v_text": "text", "x": "bool"})
    world.open("a")
    world.stage("people", batch(PLAIN, [{"id": 1, "name": "ann", "_dlt_id": "1"}]))
    more: list[Row] = [{"id": 2, "age": 7, "_dlt_id": "2"}, {"id": 3, "age__v_text": "old", "_dlt_id": "3"}]
    world.stage("people", batch(wider, more))
    world.commit("people")
    world.load("b", batch(widest, [{"id": 4, "x": True, "_dlt_id": "4"}]))
    assert world.rows("people", "id", "name", "age", "age__v_text", "x") == [
        (1, "ann", None, None, None),
        (2, None, 7, None, None),
        (3, None, None, "old", None),
        (4, None, None, None, True),
    ]


def test_a_child_table_may_appear_in_a_later_load(world: World) -> None:
    world.load("a", *people((1, "ann", []), table=KEYED, pets=KEYED_PETS, run="a"))
    assert world.reader.tables() == {"people"}
    world.load("b", *people((1, "ann", ["cat"]), table=KEYED, pets=KEYED_PETS, run="b"))
    assert world.values("people__pets", "value") == ["cat"]


def test_a_batch_without_rows_makes_no_table(world: World) -> None:
    world.open("a")
    receipt = world.stage("people", batch(PLAIN, []))
    world.commit("people")
    assert receipt.rows == {"people": 0}
    assert world.reader.tables() == set()


def test_two_walks_may_fill_one_table(world: World) -> None:
    world.open("a")
    for walk, key in (("old", 1), ("new", 2)):
        world.stage(walk, *people((key, walk, [walk]), (3, walk, []), table=KEYED, pets=KEYED_PETS, run=walk))
    receipt = world.commit("old", "new", table="people")
    assert world.rows("people", "id", "name") == [(1, "old"), (2, "new"), (3, "new")]
    assert receipt.duplicates == {"people": 1}
    assert world.values("people__pets", "value") == ["new", "old"]


def test_of_two_walks_in_one_table_one_may_enter_and_the_other_stay(world: World) -> None:
    world.open("a")
    for walk, key in (("one", 1), ("two", 2)):
        world.stage(walk, *people((key, walk, [walk]), table=PLAIN, pets=PLAIN_PETS, run=walk))
    world.commit("two", table="people")
    assert world.values("people__pets", "value") == ["two"]
    assert world.reopen().staged.keys() == {"one"}
    world.commit("one", table="people")
    assert world.values("people__pets", "value") == ["one", "two"]
    assert world.reader.staged_rows() == 0


def test_a_table_that_two_walks_replace_is_swapped_when_both_are_complete(world: World) -> None:
    world.load("a", *people((0, "zoe", []), table=WHOLE, pets=WHOLE_PETS))
    world.open("b")
    for walk, key in (("one", 1), ("two", 2)):
        world.stage(walk, *people((key, walk, []), table=WHOLE, pets=WHOLE_PETS, run=walk))
    parts = [world.walk_commit(walk, "people", "replace", complete=walk == "one") for walk in ("one", "two")]
    world.sink.commit(Commit("b", "2", "tests", world.schema, tuple(parts)))
    assert world.values("people", "id") == [0]
    world.commit("one", "two", table="people")
    assert world.values("people", "id") == [1, 2]


def test_a_run_empties_a_replaced_table_once(world: World) -> None:
    world.load("a", *people((0, "zoe", []), table=WHOLE, pets=WHOLE_PETS))
    world.open("b")
    for walk, key in (("one", 1), ("two", 2)):
        world.stage(walk, *people((key, walk, []), table=WHOLE, pets=WHOLE_PETS, run=walk))
        world.commit(walk, table="people")
    assert world.values("people", "id") == [1, 2]


def test_walks_may_fill_one_table_in_different_ways(world: World) -> None:
    world.load("a", *people((0, "zoe", []), table=PLAIN, pets=PLAIN_PETS))
    world.open("b")
    for walk, key in (("more", 1), ("anew", 2)):
        world.stage(walk, *people((key, walk, [walk]), table=PLAIN, pets=PLAIN_PETS, run=walk))
    more = world.walk_commit("more", "people", "append", complete=True)
    anew = world.walk_commit("anew", "people", "replace", complete=True)
    world.sink.commit(Commit("b", "2", "tests", world.schema, (more, anew)))
    assert world.values("people", "id") == [1, 2]
    assert world.values("people__pets", "value") == ["anew", "more"]
    assert world.reader.staged_rows() == 0


def test_a_skipped_walk_leaves_nothing(world: World) -> None:
    world.open("a")
    world.stage("people", *people((1, "ann", ["cat"]), table=PLAIN, pets=PLAIN_PETS))
    world.commit("people", disposition="skip")
    assert world.reader.tables() == set()
    assert world.reader.staged_rows() == 0


def test_full_refresh_drops_the_table_with_its_children_and_columns(world: World) -> None:
    wide = root("people", {"id": "bigint", "name": "text", "gone": "text"}, disposition="merge", key=["id"])
    world.load("a", *people((1, "ann", ["cat"]), table=wide, pets=KEYED_PETS))
    world.load("o", batch(root("other", {"v": "bigint"}), [{"v": 1, "_dlt_id": "1"}]))
    world.open("b")
    world.schema = Schema({})
    world.stage("people", *people((2, "bob", []), table=KEYED, pets=KEYED_PETS))
    world.commit("people", drop=["people"])
    assert world.values("people", "id") == [2]
    assert "gone" not in world.reader.rows("people")[0]
    assert world.reader.tables() == {"people", "other"}


def test_full_refresh_drops_once_in_a_run(world: World) -> None:
    world.load("a", *people((0, "zoe", []), table=KEYED, pets=KEYED_PETS))
    world.open("b")
    world.stage("people", *people((1, "ann", []), table=KEYED, pets=KEYED_PETS, run="p0"))
    world.commit("people", complete=False, drop=["people"])
    world.reopen()
    world.stage("people", *people((2, "bob", []), table=KEYED, pets=KEYED_PETS, run="p1"))
    world.commit("people", drop=["people"])
    assert world.values("people", "id") == [1, 2]


def test_full_refresh_of_a_walk_that_failed_at_once_drops_nothing(world: World) -> None:
    world.load("a", *people((0, "zoe", []), table=KEYED, pets=KEYED_PETS))
    world.open("b")
    world.commit("people", complete=False, drop=["people"])
    assert world.values("people", "id") == [0]
    world.stage("people", *people((1, "ann", []), table=KEYED, pets=KEYED_PETS))
    world.commit("people", drop=["people"])
    assert world.values("people", "id") == [1]


def test_rejects_move_with_their_walk(world: World) -> None:
    stays = Reject("people", "people", 0, 1, "no key", b'{"name": "\xff"}')
    goes = Reject("other", "other", 3, 0, 'a "quoted" reason', b"[]")
    world.open("a")
    world.stage("people", *people((1, "ann", []), table=WHOLE, pets=WHOLE_PETS), rejects=[stays])
    world.stage("other", rejects=[goes])
    world.commit("people", disposition="replace", complete=False)
    assert world.reader.rejects() == []
    world.commit("other")
    assert world.reader.rejects() == [("other", "other", 3, 0, 'a "quoted" reason', b"[]")]
    world.commit("people", disposition="replace")
    assert world.reader.rejects()[1:] == [("people", "people", 0, 1, "no key", b'{"name": "\xff"}')]


def test_a_load_is_noted_only_where_something_enters(world: World) -> None:
    world.load("a", *people((1, "ann", []), table=PLAIN, pets=PLAIN_PETS))
    world.commit("people", load_id="a.1")
    world.open("b")
    world.commit(load_id="empty")
    assert world.reader.loads() == ["a.1"]


def test_a_sink_that_is_not_open_says_so_and_closing_twice_is_fine(world: World) -> None:
    with pytest.raises(SinkError, match="not open"):
        world.sink.stage(Staging((), (), Watermark("people", 1), Schema({})))
    world.open("a")
    world.sink.close()
    world.sink.close()
    with pytest.raises(SinkError, match="not open"):
        world.sink.commit(Commit("a", "1", "tests", Schema({}), ()))


def test_a_schema_without_a_place_for_the_load_id_gets_one(world: World) -> None:
    bare = type(PLAIN)("people", "people", None, tuple(c for c in PLAIN.columns if c.name != "_dlt_load_id"))
    world.load("a", batch(bare, [{"id": 1, "_dlt_id": "1"}]))
    assert world.rows("people", "id", "_dlt_load_id") == [(1, "a.1")]


def test_a_table_is_of_one_root_only(world: World) -> None:
    kid = child(PLAIN, "pets", {"value": "text"})
    stranger = root("people__pets", {"value": "text"})
    world.open("a")
    world.stage("people", *people((1, "ann", ["cat"]), table=PLAIN, pets=kid))
    for _ in range(2):
        with pytest.raises(SinkError, match=r"'pets': the table 'people__pets' belongs to what fills 'people', but"):
            world.stage("pets", batch(stranger, [{"value": "x", "_dlt_id": "1"}]))
        world.schema = schema(PLAIN, kid)
        world.reopen()
    world.commit("people")
    world.open("b")
    with pytest.raises(SinkError, match="give one of the two resources another table_name"):
        world.stage("pets", batch(stranger, [{"value": "x", "_dlt_id": "1"}]))
    assert world.values("people__pets", "value") == ["cat"]
