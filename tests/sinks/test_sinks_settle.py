"""What a commit takes, decided from watermarks alone."""

from __future__ import annotations

import pytest

from headrace.errors import SinkError
from headrace.model.plan import Disposition
from headrace.model.table import Schema, TableSchema, Watermark
from headrace.sinks.base import Commit, Staging, WalkCommit
from headrace.sinks.settle import Delivery, Entry, Settlement, family, later, settle, to_take


def walk(
    name: str, pages: int = 1, *, complete: bool = True, disposition: Disposition = "append", table: str = "t"
) -> WalkCommit:
    return WalkCommit(name, table, disposition, Watermark(name, pages, complete=complete), "end", "", complete)


def settled(
    *walks: WalkCommit, begun: tuple[str, ...] = (), drop: tuple[str, ...] = (), abandoned: tuple[Delivery, ...] = ()
) -> Settlement:
    staged = {part.walk: Watermark(part.walk, part.watermark.pages) for part in walks}
    keyed = TableSchema("t", "t", None, (), "merge", ("id",))
    return settle(Commit("r", "l", "s", Schema({"t": keyed}), walks, drop), staged, {}, set(begun), abandoned=abandoned)


def test_walks_of_one_table_and_one_way_enter_together_in_order() -> None:
    result = settled(walk("b"), walk("c", table="u"), walk("a"))
    assert result.entries == (Entry("t", "append", ("b", "a")), Entry("u", "append", ("c",)))
    assert result.entered == {"a", "b", "c"}


def test_a_replace_comes_before_what_is_added_to_its_table() -> None:
    result = settled(walk("more"), walk("anew", disposition="replace"))
    assert [entry.disposition for entry in result.entries] == ["replace", "append"]


def test_a_table_that_the_run_has_begun_to_fill_is_not_emptied_again() -> None:
    again = settled(walk("w", disposition="replace"), begun=("t",))
    first = settled(walk("w", disposition="replace"))
    assert (first.entries[0].emptied, again.entries[0].emptied) == (True, False)


def test_one_incomplete_replace_holds_back_the_others_of_its_table_but_not_an_append() -> None:
    waiting = walk("a", disposition="replace"), walk("b", complete=False, disposition="replace")
    result = settled(*waiting, walk("c"), walk("d", table="u"))
    assert result.entered == {"c", "d"}


def test_what_is_committed_already_is_not_taken_again() -> None:
    done = {"w": Watermark("w", 3, complete=True)}
    commit = Commit("r", "l", "s", Schema({}), (walk("w", 3),))
    assert settle(commit, {}, done, {"t"}) == Settlement((), (), ())


def test_a_walk_whose_end_only_became_known_moves_its_position() -> None:
    done = {"w": Watermark("w", 3)}
    commit = Commit("r", "l", "s", Schema({}), (walk("w", 3),))
    assert settle(commit, {}, done, {"t"}).positions == (("t", Watermark("w", 3, complete=True)),)


def test_what_a_walk_brings_is_noted_by_load_and_alone_or_beside_others() -> None:
    result = settled(walk("a"), walk("b", disposition="merge"), walk("c", table="u"), walk("d", disposition="skip"))
    assert result.deliveries == (
        Delivery("l", "a", "t", shared=True),
        Delivery("l", "b", "t", keyed=True, shared=True),
        Delivery("l", "c", "u"),
    )


@pytest.mark.parametrize(
    ("old", "new", "goes"),
    [
        (Delivery("k", "w", "t"), walk("w"), True),
        (Delivery("k", "w", "t"), walk("w", disposition="merge"), True),
        (Delivery("k", "w", "u"), walk("w"), True),
        (Delivery("k", "w", "t", keyed=True), walk("w", disposition="merge"), False),
        (Delivery("k", "w", "t", keyed=True), walk("w"), True),
        (Delivery("k", "w", "u", keyed=True), walk("w"), False),
        (Delivery("k", "w", "t"), walk("w", 0, complete=False), False),
        (Delivery("k", "w", "t"), walk("w", complete=False, disposition="replace"), False),
        (Delivery("k", "other", "t"), walk("w"), False),
    ],
)
def test_what_an_abandoned_attempt_brought_goes_with_what_takes_its_place(
    old: Delivery, new: WalkCommit, goes: bool
) -> None:
    assert settled(new, abandoned=(old,)).withdrawn == ((old,) if goes else ())


@pytest.mark.parametrize(("asks", "goes"), [("since 1", True), ("since 2", False)])
def test_what_an_earlier_run_brought_provisionally_goes_where_the_same_is_asked_for(asks: str, goes: bool) -> None:
    old = Delivery("k", "w", "t", asks="since 1", provisional=True)
    mark = Watermark("w", 1)
    commit = Commit("r", "l", "s", Schema({}), (WalkCommit("w", "t", "append", mark, "end", "", False, asks=asks),))
    settlement = settle(commit, {"w": mark}, {}, set(), provisional=[old])
    assert settlement.withdrawn == ((old,) if goes else ())


def test_a_walk_that_failed_before_its_first_page_is_not_begun() -> None:
    assert settled(walk("w", 0, complete=False)) == Settlement((), (), ())


def test_pages_that_are_not_staged_cannot_be_committed() -> None:
    commit = Commit("r", "l", "s", Schema({}), (walk("w", 3),))
    with pytest.raises(SinkError, match="3 pages are to be committed, but the warehouse has taken 2"):
        settle(commit, {"w": Watermark("w", 2)}, {}, set())


@pytest.mark.parametrize(
    ("walks", "begun", "dropped"),
    [
        ((walk("w"),), (), ("t",)),
        ((walk("w"),), ("t",), ()),
        ((), (), ("t",)),
        ((walk("w", 0, complete=False),), (), ()),
        ((walk("w", complete=False, disposition="replace"),), (), ()),
    ],
)
def test_a_root_is_dropped_once_and_only_with_something_to_take_its_place(
    walks: tuple[WalkCommit, ...], begun: tuple[str, ...], dropped: tuple[str, ...]
) -> None:
    assert settled(*walks, begun=begun, drop=("t",)).dropped == dropped


@pytest.mark.parametrize(
    ("pages", "taken", "new"), [(1, 0, True), (3, 2, True), (2, 2, False), (1, 2, False), (0, 0, False)]
)
def test_a_batch_is_new_if_it_goes_beyond_what_is_taken(pages: int, taken: int, new: bool) -> None:
    staging = Staging((), (), Watermark("w", pages), Schema({}))
    assert to_take(staging, Watermark("w", taken) if taken else None) is new


def test_of_two_watermarks_the_one_with_more_pages_is_later_and_of_equal_ones_the_complete() -> None:
    assert later(None, Watermark("w", 2), Watermark("w", 3)) == Watermark("w", 3)
    assert later(Watermark("w", 2, complete=True), Watermark("w", 2)) == Watermark("w", 2, complete=True)
    assert later(None, None) is None


def test_a_family_has_parents_first_and_the_newest_form_of_each_table() -> None:
    old = TableSchema("t", "t", None, ())
    new = TableSchema("t", "t", None, (), "merge")
    kid, toy = TableSchema("t__a", "t", "t", ()), TableSchema("t__a__b", "t", "t__a", ())
    other = TableSchema("u", "u", None, ())
    before = Schema({"t__a__b": toy, "t": old, "u": other})
    after = Schema({"t__a": kid, "t": new})
    assert family("t", before, after) == (new, kid, toy)
