from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headrace.emulate.shelf import Choice, Shelf, View, facts_of
from headrace.emulate.vitally import Settings
from headrace.emulate.world import World

stamps = st.lists(st.integers(0, 5), max_size=60)


def entries(found: list[int]) -> list[tuple[str, int]]:
    return [(f"{stamp}\0{slot:04d}", slot) for slot, stamp in enumerate(found)]


def read(view: View, limit: int) -> list[int]:
    last: str | None = None
    seen: list[int] = []
    while True:
        slots, last = view.after(last, limit)
        seen += slots
        if last is None:
            return seen


@given(stamps, st.integers(1, 7), st.booleans())
def test_pages_of_any_size_give_every_record_once_in_order(found: list[int], limit: int, ascending: bool) -> None:
    expected = [slot for _, slot in sorted(entries(found), reverse=not ascending)]
    assert read(View(entries(found), ascending=ascending), limit) == expected


@given(stamps, st.integers(1, 7))
def test_offsets_give_the_same_order(found: list[int], limit: int) -> None:
    view, seen = View(entries(found), ascending=False), list[int]()
    more = True
    while more:
        slots, more = view.at(len(seen), limit)
        seen += slots
    assert seen == read(View(entries(found), ascending=False), limit)


@given(stamps, stamps)
def test_a_view_that_grew_and_shrank_equals_one_made_anew(first: list[int], second: list[int]) -> None:
    view = View(entries(first), ascending=False)
    for where, _ in entries(first)[::2]:
        view.discard(where)
    added = [(f"{stamp}\0x{slot}", 1000 + slot) for slot, stamp in enumerate(second)]
    for entry in added:
        view.add(entry)
    assert read(view, 3) == read(View([*entries(first)[1::2], *added], ascending=False), 3)


def test_an_exactly_full_last_page_has_no_successor() -> None:
    assert View(entries([1, 2, 3, 4]), ascending=False).after(None, 4)[1] is None
    assert View(entries([1, 2, 3, 4]), ascending=True).after(None, 4)[1] is None


def test_a_place_that_is_gone_still_divides_the_order() -> None:
    view = View(entries([1, 2, 3]), ascending=False)
    _, last = view.after(None, 1)
    assert last is not None
    view.discard(last)
    assert view.after(last, 5)[0] == [1, 0]


def test_a_changed_record_moves_in_every_order_that_was_read() -> None:
    shelf = Shelf("tasks", World(Settings(profile="lean")))
    newest, archived = shelf.view(Choice()), shelf.view(Choice(archived=True))
    slot = newest.after(None, 1000)[0][-1]
    body = shelf.body(slot)
    before = len(archived)
    was = facts_of(body)
    assert was.archivedAt is None
    body = body.replace(was.updatedAt.encode(), b"2026-01-01T00:00:00.000Z").replace(
        b'"archivedAt":null', b'"archivedAt":"x"'
    )
    shelf.put(slot, body)
    assert newest.after(None, 1)[0] == [slot]
    assert len(archived) == before + 1
    shelf.put(slot, None)
    assert slot not in newest.after(None, 1000)[0]
    assert len(archived) == before


def test_an_external_id_that_is_empty_finds_nothing() -> None:
    shelf = Shelf("accounts", World(Settings(profile="lean")))
    assert shelf.slot_of_external("") is None
    assert shelf.slot_of_external("acct-3") == 3
