"""How an API pages is found out from its first page, and a continuation in sight is never passed over in silence."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.envelope.split import compile_splitter
from headrace.model.envelope import Ask
from headrace.model.plan import (
    AutoPaging,
    Cursor,
    LinkHeader,
    NextUrl,
    PageNumber,
    Paging,
    Parent,
    Resource,
    SinglePage,
    text,
)
from headrace.walk.detect import Detection, detect

from .driver import Answer, resource, walk

AUTO = AutoPaging()
ROW = {"id": 1}


def detected(body: Any, headers: dict[str, str] | None = None, auto: Paging = AUTO, **request: Any) -> Detection:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    envelope = compile_splitter(Ask()).split(raw)
    return detect(resource(auto, selector=None, **request), headers or {}, raw, envelope)


def paging(body: Any, headers: dict[str, str] | None = None, **request: Any) -> Paging:
    return detected(body, headers, **request).paging


NEXT_LINK = {"link": '<https://a.b/?p=2>; rel="next"'}
URL = "https://api.example.com/v1/items?p=2"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"items": [ROW], "next": URL}, "next"),
        ({"items": [ROW], "next": "/items?p=2"}, "next"),
        ({"items": [ROW], "next": "?p=2"}, "next"),
        ({"items": [ROW], "links": {"self": URL, "next": URL}}, "links.next"),
        ({"items": [ROW], "_links": {"next": {"href": URL}}}, "_links.next.href"),
        ({"items": [ROW], "paging": {"next": {"after": "7", "link": URL}}}, "paging.next.link"),
        ({"items": [ROW], "next_page": 2, "next_page_url": URL}, "next_page_url"),
        ({"value": [ROW], "@odata.nextLink": URL}, "'@odata.nextLink'"),
        ({"value": [ROW], "odata.nextLink": "items?$skiptoken=x"}, "'odata.nextLink'"),
        ({"records": [ROW], "done": False, "nextRecordsUrl": "/q/1-200"}, "nextRecordsUrl"),
        ({"items": [ROW], "total_pages": 3, "page": 1, "next": URL}, "next"),
        ({"items": [ROW], "links": [{"rel": "x"}, {"rel": "next", "href": "b"}]}, "links[?(@.rel == 'next')].href"),
        ({"id": 1, "next": URL}, "next"),
    ],
)  # fmt: skip
def test_a_next_url_in_the_body_is_found(body: Any, path: str) -> None:
    """H3: OData's key among them."""
    assert paging(body) == NextUrl(path)


def test_a_link_header_comes_first() -> None:
    assert paging({"items": [ROW], "next": URL}, NEXT_LINK) == LinkHeader()
    assert paging([ROW], NEXT_LINK) == LinkHeader()


@pytest.mark.parametrize(
    ("body", "base", "start", "total_path"),
    [
        ({"items": [ROW], "total_pages": 3, "page": 1}, 1, 1, "total_pages"),
        ({"items": [ROW], "meta": {"totalPages": "3", "currentPage": "1"}}, 1, 1, "meta.totalPages"),
        ({"content": [ROW], "totalPages": 3, "number": 0}, 0, 0, "totalPages"),
        ({"items": [ROW], "pages": 3, "page": 0}, 0, 0, "pages"),
        ({"items": [ROW], "last_page": 3, "current_page": 2}, 1, 2, "last_page"),
    ],
)
def test_page_numbers_count_from_the_number_of_the_first_page(
    body: Any, base: int, start: int, total_path: str
) -> None:
    """H2: dlt counts from 0 whatever the API does."""
    assert paging(body) == PageNumber(base=base, start=start, total_path=total_path)


def test_the_first_page_number_and_its_parameter_may_be_stated_in_the_request() -> None:
    found = paging({"items": [ROW], "total_pages": 3}, params=(("page_number", text("1")),))
    assert found == PageNumber(base=1, start=1, param="page_number", total_path="total_pages")


def test_the_parameter_is_named_as_the_response_names_its_page_where_that_is_no_other_word() -> None:
    found = paging({"items": [ROW], "total_pages": 3, "pageNumber": 1})
    assert isinstance(found, PageNumber)
    assert found.param == "pageNumber"


@pytest.mark.parametrize(
    ("body", "path", "param"),
    [
        ({"items": [ROW], "nextPageToken": "t"}, "nextPageToken", "pageToken"),
        ({"items": [ROW], "next_page_token": "t"}, "next_page_token", "page_token"),
        ({"items": [ROW], "meta": {"next_cursor": "t"}}, "meta.next_cursor", "cursor"),
        ({"items": [ROW], "next": "t"}, "next", "cursor"),
        ({"items": [ROW], "cursors": {"next": "t"}}, "cursors.next", "cursor"),
        ({"items": [ROW], "next_page": 2}, "next_page", "page"),
        ({"items": [ROW], "nextOffset": 100}, "nextOffset", "offset"),
        ({"items": [ROW], "nextToken": "/t"}, "nextToken", "nextToken"),
        ({"items": [ROW], "paging": {"next": {"after": "7"}}}, "paging.next.after", "after"),
        ({"items": [ROW], "next-cursor": "t"}, "next-cursor", "cursor"),
        ({"items": [ROW], "total_pages": 3, "next_cursor": "t"}, "next_cursor", "cursor"),
        ({"report": {"a": 1}, "paging": {"next_token": "t"}}, "paging.next_token", "next_token"),
    ],
)
def test_a_next_token_becomes_a_cursor_sent_under_the_name_that_its_key_suggests(
    body: Any, path: str, param: str
) -> None:
    assert paging(body) == Cursor(path, param)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"items": [ROW], "next": None}, {}),
        ({"items": [ROW], "meta": {"next_cursor": ""}}, {}),
        ({"items": [], "next": None, "count": 0}, {}),
        ({"results": None, "next": None}, {}),
        ({"items": [ROW], "next": False}, {}),
        ([ROW], {"link": "<https://a.b/?p=1>; rel=first, <https://a.b/?p=1>; rel=last"}),
        ({"items": [ROW], "has_more": False}, {}),
        ({"items": [ROW], "total": 1}, {}),
        ({"items": [ROW], "total_pages": 1}, {}),
        ({"items": [ROW], "total_pages": 1, "page": 1}, {}),
        ([ROW], {}),
        ([], {}),
        ({"id": 1, "pages": 300, "total": 9, "next_review_at": "2024-01-01"}, {}),
        ({"id": 1, "next_id": 7}, {}),
        ({"items": [ROW], "next_update": "soon"}, {}),
        (b"", {}),
        (b"null", {}),
    ],
)
def test_a_first_page_that_is_the_only_one_ends_the_walk_with_a_proof(body: Any, headers: dict[str, str]) -> None:
    walked = walk(resource(AUTO, selector=None), lambda _: Answer(body, headers))
    assert (walked.pages, walked.done.proven, walked.done.stopped) == (1, True, "end")


@pytest.mark.parametrize(
    ("body", "headers", "sign"),
    [
        ({"items": [ROW], "has_more": True}, {}, "`has_more` is true"),
        ({"items": [ROW], "next": None, "meta": {"hasNextPage": True}}, {}, "`meta.hasNextPage` is true"),
        ({"items": [ROW], "next": True}, {}, "`next` is true"),
        ({"items": [ROW], "total_pages": 3}, {}, "3 pages by `total_pages`"),
        ({"items": [ROW], "total": 250}, {}, "250 records by `total`, and 1 of them here"),
        ({"value": [ROW], "@odata.count": 250}, {}, "250 records by `'@odata.count'`"),
        ([ROW], {"x-total-count": "250"}, "X-Total-Count"),
    ],
)
def test_signs_of_more_that_say_not_how_end_the_walk_unproven(body: Any, headers: dict[str, str], sign: str) -> None:
    walked = walk(resource(AUTO, selector=None), lambda _: Answer(body, headers))
    assert (walked.pages, walked.done.proven, walked.done.stopped) == (1, False, "early")
    assert walked.detection is not None
    assert sign in walked.detection.why
    assert "state a paginator" in walked.detection.why


@pytest.mark.parametrize("records", [10, 20, 25, 30, 50, 100, 200, 250, 500, 1000])
def test_as_many_records_as_a_page_often_has_are_a_doubt_that_names_the_flag(records: int) -> None:
    rows = [{"id": number} for number in range(records)]

    def doubt(of: Resource, shown: list[dict[str, int]]) -> str:
        walked = walk(of, lambda _: Answer({"items": shown, "count": len(shown)}))
        assert (walked.pages, walked.done.proven) == (1, True)
        assert walked.detection is not None
        return walked.detection.doubt

    alone = resource(AUTO, selector=None)
    assert f"just {records} records" in doubt(alone, rows)
    assert "endpoint.paginator=single_page" in doubt(alone, rows)
    assert doubt(alone, rows[1:]) == doubt(msgspec.structs.replace(alone, parent=Parent("orders")), rows) == ""


@pytest.mark.parametrize(
    ("more", "headers"),
    [
        ({"total": 20}, {}),
        ({"meta": {"total_pages": 1}}, {}),
        ({"has_more": False}, {}),
        ({"next": None}, {}),
        ({}, {"x-total-count": "20"}),
        ({}, {"link": '<https://h/items>; rel="first"'}),
    ],
)
def test_a_round_number_of_records_that_the_api_calls_all_is_all(more: dict[str, Any], headers: dict[str, str]) -> None:
    body = {"items": [{"id": number} for number in range(20)], **more}
    walked = walk(resource(AUTO, selector=None), lambda _: Answer(body, headers))
    assert (walked.pages, walked.done.proven) == (1, True)
    assert walked.detection is not None
    assert walked.detection.doubt == ""


@pytest.mark.parametrize("more", [{"total": 250}, {"meta": {"total_pages": 13}}])
def test_no_next_page_beside_a_total_that_says_otherwise_is_no_proof(more: dict[str, Any]) -> None:
    walked = walk(resource(AUTO, selector=None), lambda _: Answer({"items": [ROW, ROW], "next": None, **more}))
    assert (walked.pages, walked.done.proven) == (1, False)


def test_a_full_page_of_a_known_size_without_any_sign_is_no_proof() -> None:
    auto = AutoPaging(size=2, size_param="limit")
    assert isinstance(detected([ROW, ROW], auto=auto).paging, AutoPaging)
    assert isinstance(detected([ROW], auto=auto).paging, SinglePage)


def test_the_stated_size_is_kept_in_the_rule_found() -> None:
    auto = AutoPaging(size=2, size_param="limit")
    for body in ({"items": [ROW], "next": URL}, {"items": [ROW], "next": "t"}, {"items": [ROW], "next": None}, [ROW]):
        found = detected(body, auto=auto).paging
        assert not isinstance(found, PageNumber | AutoPaging)
        assert (found.size, found.size_param) == (2, "limit")


def test_a_bare_list_is_taken_for_all_with_a_warning() -> None:
    assert "taken for the only one; state a paginator if there are more" in detected([ROW]).why


def test_a_stated_paginator_is_kept_and_only_the_selector_is_found() -> None:
    raw = json.dumps({"people": [ROW], "next": URL}).encode()
    what = resource(Cursor("next", "c"), selector=None)
    found = detect(what, NEXT_LINK, raw, compile_splitter(Ask()).split(raw))
    assert (found.paging, found.selector) == (Cursor("next", "c"), "people")


def test_a_stated_selector_is_kept() -> None:
    raw = json.dumps({"people": [ROW], "other": []}).encode()
    found = detect(resource(AUTO, selector="other"), {}, raw, compile_splitter(Ask("other")).split(raw))
    assert found.selector == "other"


@pytest.mark.parametrize("body", [b"", b"null"])
def test_a_page_with_nothing_to_choose_from_leaves_the_selector_open(body: bytes) -> None:
    assert detected(body).selector is None


def test_a_fuller_list_that_was_passed_over_is_told() -> None:
    assert "`facets` was passed over" in detected({"results": [], "facets": [ROW]}).why


def test_half_a_surrogate_pair_does_not_disturb_detection() -> None:
    assert paging(b'{"items": [{"a": "\\ud800"}], "next": "t"}') == Cursor("next", "cursor")


def test_a_body_nested_without_end_is_looked_into_only_so_far() -> None:
    body = b'{"a":' * 300 + b"1" + b"}" * 300
    assert isinstance(paging(body), SinglePage)


def test_a_later_page_of_another_shape_is_an_error() -> None:
    """H7: dlt pins the selector too, and then finds no rows without a word."""
    from headrace.envelope.absent import SelectorAbsent

    bodies = [{"items": [ROW], "next": "t"}, {"error": "gone"}]
    with pytest.raises(SelectorAbsent, match="no records at `items`"):
        walk(resource(AUTO, selector=None), lambda _: Answer(bodies.pop(0)))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.just(URL),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["next", "items", "links", "total", "pages", "page", "has_more", "rel", "href", "nextToken"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(_json, st.sampled_from([{}, NEXT_LINK, {"x-total-count": "5"}, {"link": "<x"}]))
def test_any_first_page_gives_a_detection_that_survives_its_text_form(body: Any, headers: dict[str, str]) -> None:
    found = detected(body, headers)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Detection) == found
    assert found.why
