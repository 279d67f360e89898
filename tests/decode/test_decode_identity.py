"""The columns of our own: ids that are always the same, lead back to the page, and join children to parents."""

from __future__ import annotations

import pytest

from headrace.decode.observe import Reader
from headrace.decode.rows import RecordPage, page_prefix
from tests.decode.making import SlowReader, decode, decode_pages, page, resource

NESTED = {"l": [{"m": [1, 2]}, {"m": [3]}]}


def system(table: str, **changes: object) -> list[tuple[str, str, bool]]:
    schema = decode([NESTED], of=resource(**changes)).schema.tables[table]
    return [(one.name, one.data_type, one.nullable) for one in schema.columns if one.name.startswith("_dlt")]


def test_a_root_has_a_load_id_and_an_id() -> None:
    assert system("things") == [("_dlt_load_id", "text", False), ("_dlt_id", "text", False)]


def test_a_child_has_its_parents_id_and_its_place_in_the_list() -> None:
    expected = [("_dlt_parent_id", "text", False), ("_dlt_list_idx", "bigint", False), ("_dlt_id", "text", False)]
    assert system("things__l") == system("things__l__m") == expected


@pytest.mark.parametrize("disposition", ["append", "replace", "skip"])
def test_only_children_of_a_root_that_merges_have_its_id(disposition: str) -> None:
    assert system("things__l", disposition="merge", primary_key=())[0] == ("_dlt_root_id", "text", False)
    assert "_dlt_root_id" not in [name for name, _, _ in system("things__l", disposition=disposition)]


def test_the_load_id_is_left_to_the_sink() -> None:
    assert "_dlt_load_id" not in decode([{"a": 1}]).rows["things"][0]


@pytest.mark.parametrize("reader", [Reader, SlowReader])
def test_ids_join_every_row_to_its_parent_and_root(reader: type[Reader]) -> None:
    of = resource(disposition="merge")
    result = decode([{"l": []}, NESTED], of=of, reader=reader(of))
    assert [row["_dlt_id"] for row in result.rows["things"]] == ["page000000AAAA", "page000000AAAB"]
    assert [
        (row["_dlt_id"], row["_dlt_parent_id"], row["_dlt_root_id"], row["_dlt_list_idx"], row["value"])
        for row in result.rows["things__l__m"]
    ] == [
        ("page000000AAAB.0.0", "page000000AAAB.0", "page000000AAAB", 0, 1),
        ("page000000AAAB.0.1", "page000000AAAB.0", "page000000AAAB", 1, 2),
        ("page000000AAAB.1.0", "page000000AAAB.1", "page000000AAAB", 0, 3),
    ]


def test_ids_are_the_same_however_pages_fall_into_batches() -> None:
    pages = [page(number, {"a": 1, "l": [1]}, {"a": 2}) for number in range(3)]
    of = resource()
    one, each = decode_pages([pages], of, Reader(of)), decode_pages([[page] for page in pages], of, Reader(of))
    assert one.rows == each.rows


def test_an_id_counts_records_also_where_one_is_no_row() -> None:
    result = decode([{"a": 1}, b"{broken", {"a": 2}])
    assert [row["_dlt_id"][-4:] for row in result.rows["things"]] == ["AAAA", "AAAC"]


def test_a_page_may_hold_many_records() -> None:
    result = decode([{"a": n} for n in range(4100)])
    ids = [row["_dlt_id"] for row in result.rows["things"]]
    assert len(set(ids)) == 4100
    assert (ids[64][-4:], ids[4096][-4:]) == ("AABA", "ABAA")


@pytest.mark.parametrize("reader", [Reader, SlowReader])
def test_an_id_of_the_data_is_kept_and_its_children_follow_it(reader: type[Reader]) -> None:
    of = resource()
    result = decode([{"_dlt_id": "mine", "l": [1]}, {"_dlt_id": "", "l": [2]}], of=of, reader=reader(of))
    assert [row["_dlt_id"] for row in result.rows["things"]] == ["mine", "page000000AAAB"]
    assert [row["_dlt_parent_id"] for row in result.rows["things__l"]] == ["mine", "page000000AAAB"]


def test_a_prefix_is_ten_characters_and_known_for_good() -> None:
    assert page_prefix("uid", "run", "things", 0) == page_prefix("uid", "run", "things", 0)
    assert page_prefix("uid", "run", "things", 0) == KNOWN
    assert len(KNOWN) == 10


def test_each_part_of_where_a_page_lies_changes_its_prefix() -> None:
    parts = [("u", "r", "w", 1), ("v", "r", "w", 1), ("u", "s", "w", 1), ("u", "r", "x", 1), ("u", "r", "w", 2)]
    shifted = [("ur", "", "w", 1), ("u", "rw", "", 1), ("u", "", "rw", 1)]
    assert len({page_prefix(*one) for one in [*parts, *shifted]}) == len(parts) + len(shifted)


def test_rejects_name_the_walk_of_their_page() -> None:
    of = resource()
    pages = [RecordPage(7, "prefix0000", [b"{"], walk="things:3")]
    (reject,) = decode_pages([pages], of, Reader(of)).rejects
    assert (reject.table, reject.walk, reject.page, reject.record, reject.body) == ("things", "things:3", 7, 0, b"{")


KNOWN = "8BszaET1hO"
