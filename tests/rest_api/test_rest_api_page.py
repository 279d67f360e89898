"""A page is a list of rows to whoever looks inside."""

from __future__ import annotations

import pytest

from headrace.rest_api.page import JsonPage, LastPage, with_members


def test_a_page_is_a_list_of_its_records() -> None:
    page = JsonPage([b'{"id": 1}', b'{"id": 18446744073709551617}', b"3"])
    expected = [{"id": 1}, {"id": 2**64 + 1}, 3]
    assert isinstance(page, list)
    assert (len(page), bool(page)) == (3, True)
    assert list(page) == [*page] == page.rows() == [row for row in page] == expected  # noqa: C416 - as dlt's steps do
    assert (page[1], page[-1], page[:2]) == (expected[1], 3, expected[:2])
    assert type(page.rows()) is list


def test_the_page_behind_the_last_one_is_empty() -> None:
    assert not LastPage()
    assert list(LastPage()) == []


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (b'{"a": 1}', b'{"a": 1,"b":2}'),
        (b" { } ", b'{"b":2}'),
        (b'{"b": 1}', b'{"b": 1,"b":2}'),
        (b"[1]", b"[1]"),
        (b'"text"', b'"text"'),
    ],
)
def test_members_stand_behind_those_of_an_object(record: bytes, expected: bytes) -> None:
    assert with_members([record], b'"b":2') == [expected]


def test_no_members_leave_a_record_as_it_is() -> None:
    assert with_members([b" {} "], b"") == [b" {} "]
