"""Against a simulated API of any size, each rule yields each record once and ends for a proven reason, or says why."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import WalkStuck
from headrace.model.page import PageRequest
from headrace.model.plan import (
    AutoPaging,
    Cursor,
    HeaderCursor,
    LinkHeader,
    NextUrl,
    Offset,
    PageNumber,
    Paging,
    text,
)

from .driver import BASE, Answer, Api, param, resource, walk

counts = st.integers(0, 45)
sizes = st.integers(1, 12)


def rows(start: int, stop: int, count: int) -> list[dict[str, int]]:
    return [{"id": number} for number in range(max(start, 0), min(stop, count))]


def _at(request: PageRequest, name: str, size: int) -> int:
    return int(param(request, name, "0") or 0) * size


def cursor_api(count: int, size: int, *, last: Any = None, absent_at_end: bool = False) -> Api:
    def api(request: PageRequest) -> Answer:
        start = int(param(request, "from", "c0")[1:])  # type: ignore[index]
        body: dict[str, Any] = {"data": rows(start, start + size, count)}
        if start + size < count:
            body["next"] = f"c{start + size}"
        elif not absent_at_end:
            body["next"] = last
        return Answer(body)

    return api


def linked_api(count: int, size: int, how: str) -> Api:
    def api(request: PageRequest) -> Answer:
        start = _at(request, "p", size)
        data = rows(start, start + size, count)
        following = f"?p={start // size + 1}&x=a,b" if start + size < count else None
        match how:
            case "relative":
                return Answer({"data": data, "next": following})
            case "absolute":
                return Answer({"data": data, "next": BASE + "/items" + following if following else None})
            case "link":
                link = f'<{following}>; rel="next", <?p=0>; rel=first' if following else "<?p=0>; rel=first"
                return Answer({"data": data}, {"link": link})
            case _:
                header = {"next-page": str(start // size + 1)} if following else {"next-page": ""}
                return Answer({"data": data}, header)

    return api


def counted_api(count: int, size: int, *, base: int | None = None, cap: int = 1000, **extra: Any) -> Api:
    """`base` None: by offset, with the size that was asked for, capped; else by page."""

    def api(request: PageRequest) -> Answer:
        if base is None:
            start = int(param(request, "offset", "0") or 0)
            step = min(int(param(request, "limit", "0") or 0), cap)
        else:
            start, step = (int(param(request, "page", str(base)) or base) - base) * size, size
        body: dict[str, Any] = {"data": rows(start, start + step, count)}
        body.update({key: make(start, step) for key, make in extra.items()})
        return Answer(body)

    return api


def _undeclared_api(how: str, count: int, size: int, base: int) -> Api:
    """An API that tells by its first page how it pages."""
    match how:
        case "cursor":
            inner = cursor_api(count, size)

            def renamed(request: PageRequest) -> Answer:
                body = inner(request).body
                return Answer({"data": body["data"], "next_from": body["next"]})

            return renamed
        case "pages":
            return counted_api(
                count,
                size,
                base=base,
                total_pages=lambda *_: -(-count // size),
                page=lambda start, step: start // step + base,
            )
        case "odata":
            linked = linked_api(count, size, "absolute")

            def odata(request: PageRequest) -> Answer:
                body = linked(request).body
                more = {"@odata.nextLink": body["next"]} if body["next"] else {}
                return Answer({"@odata.context": "c", "value": body["data"], **more})

            return odata
        case _:
            return linked_api(count, size, how)


def ids(records: list[Any]) -> list[int]:
    return [record["id"] for record in records]


@given(counts, sizes, st.sampled_from([None, "", False]), st.booleans())
def test_a_cursor_walk_reads_each_record_once(count: int, size: int, last: Any, absent: bool) -> None:
    rule = Cursor("next", "from", size=size)
    walked = walk(resource(rule), cursor_api(count, size, last=last, absent_at_end=absent))
    assert ids(walked.records) == list(range(count))
    surely = not (absent and 0 < count == size)  # a full first page without a cursor may be the wrong path
    assert (walked.done.proven, walked.done.stopped) == ((True, "end") if surely else (False, "early"))


@given(counts, sizes)
def test_a_cursor_in_the_last_record_reads_each_record_once(count: int, size: int) -> None:
    def api(request: PageRequest) -> Answer:
        start = int(param(request, "after", "-1") or 0) + 1
        return Answer({"data": rows(start, start + size, count)})

    walked = walk(resource(Cursor("data[-1].id", "after", size=size)), api)
    # a cursor of 0 ends the walk as in dlt; the last page is empty, so it has none
    if size > 1 or count == 0:
        assert ids(walked.records) == list(range(count))
        assert walked.done.proven


@given(counts, sizes)
def test_a_cursor_in_the_json_body_reads_each_record_once(count: int, size: int) -> None:
    def api(request: PageRequest) -> Answer:
        start = request.json["page"]["after"] if "after" in request.json.get("page", {}) else 0
        following = start + size
        return Answer({"data": rows(start, following, count), "next": following if following < count else None})

    rule = Cursor("next", None, body_path="page.after", size=size)
    what = resource(rule, method="POST", json={"q": "x", "page": {"size": size}})
    walked = walk(what, api)
    assert ids(walked.records) == list(range(count))
    assert walked.done.proven
    assert what.request.json == {"q": "x", "page": {"size": size}}
    assert all(request.json["page"]["size"] == size for request in walked.requests)


@given(counts, sizes, st.sampled_from(["relative", "absolute", "link", "header"]))
def test_a_linked_walk_reads_each_record_once(count: int, size: int, how: str) -> None:
    rules: dict[str, Paging] = {
        "relative": NextUrl("next"),
        "absolute": NextUrl("next"),
        "link": LinkHeader(),
        "header": HeaderCursor("Next-Page", "p"),
    }
    walked = walk(resource(rules[how]), linked_api(count, size, how))
    assert ids(walked.records) == list(range(count))
    assert (walked.done.proven, walked.done.stopped) == (True, "end")


TOTALS: dict[str, Any] = {"count": lambda count: count, "null": lambda _: None, "text": str, "unknown": lambda _: -1}


@given(counts, sizes, st.sampled_from(sorted(TOTALS)), st.integers(1, 60))
def test_an_offset_walk_reads_each_record_once_also_where_the_api_caps_its_pages(
    count: int, size: int, total: str, cap: int
) -> None:
    """H13 and the cap: dlt raises at a null total, and passes over records where pages are capped below the limit."""
    rule = Offset(size, total_path="total")
    api = counted_api(count, size, cap=cap, total=lambda *_: TOTALS[total](count))
    walked = walk(resource(rule), api)
    assert ids(walked.records) == list(range(count))
    assert (walked.done.proven, walked.done.stopped) == (True, "end")


@given(counts, sizes, st.integers(0, 50))
def test_an_offset_walk_may_start_anywhere(count: int, size: int, start: int) -> None:
    walked = walk(resource(Offset(size, start=start)), counted_api(count, size))
    assert ids(walked.records) == list(range(start, count))
    assert walked.done.proven


@given(counts, sizes, st.integers(0, 2), st.sampled_from(["pages", "none", "has_more"]))
def test_a_page_number_walk_reads_each_record_once(count: int, size: int, base: int, how: str) -> None:
    extra: dict[str, Any] = {
        "pages": {"pages": lambda *_: -(-count // size)},
        "none": {},
        "has_more": {"more": lambda start, step: start + step < count},
    }[how]
    rule = PageNumber(
        base=base,
        start=base,
        total_path="pages" if how == "pages" else None,
        has_more_path="more" if how == "has_more" else None,
        stop_after_empty_page=how == "none",
    )
    walked = walk(resource(rule), counted_api(count, size, base=base, **extra))
    assert ids(walked.records) == list(range(count))
    assert (walked.done.proven, walked.done.stopped) == (True, "end")


@given(counts, sizes, st.integers(0, 10))
def test_a_maximum_ends_the_walk_and_is_no_proof_while_pages_are_full(count: int, size: int, pages: int) -> None:
    """H12: has-more never lifts a maximum."""
    rule = Offset(size, maximum=pages * size, has_more_path="more", stop_after_empty_page=True)
    walked = walk(resource(rule), counted_api(count, size, more=lambda start, step: start + step < count))
    assert walked.pages <= max(pages, 1)
    assert ids(walked.records) == list(range(min(count, max(pages, 1) * size)))
    assert walked.done.proven == (len(walked.records) == count)
    assert (walked.done.stopped == "limit") == (not walked.done.proven)


@given(counts, sizes, st.integers(0, 1), st.sampled_from(["cursor", "relative", "absolute", "link", "pages", "odata"]))
def test_a_detected_walk_reads_each_record_once(count: int, size: int, base: int, how: str) -> None:
    walked = walk(resource(AutoPaging(), selector=None), _undeclared_api(how, count, size, base))
    assert ids(walked.records) == list(range(count))
    assert walked.done.proven


@given(sizes, st.integers(1, 6), st.sampled_from(["cursor", "link", "url", "header"]))
def test_a_circle_of_pages_always_ends_in_an_error(size: int, length: int, how: str) -> None:
    """H1: the API leads round and round the same pages for ever."""

    def api(request: PageRequest) -> Answer:
        at = int(param(request, "p", "0") or 0)
        following = str((at + 1) % length)
        data = rows(at * size, (at + 1) * size, 1000)
        match how:
            case "cursor":
                return Answer({"data": data, "next": "0" + following})
            case "url":
                return Answer({"data": data, "next": f"?p={following}"})
            case "link":
                return Answer({"data": data}, {"link": f"<?p={following}>; rel=next"})
            case _:
                return Answer({"data": data}, {"next": following})

    rules: dict[str, Paging] = {
        "cursor": Cursor("next", "p"),
        "url": NextUrl("next"),
        "link": LinkHeader(),
        "header": HeaderCursor("next", "p"),
    }
    with pytest.raises(WalkStuck, match="circle"):
        walk(resource(rules[how]), api, limit=3 * length + 3)


def test_one_cursor_with_ever_new_records_is_stuck_at_the_third_visit() -> None:
    asked = 0

    def api(_: PageRequest) -> Answer:
        nonlocal asked
        asked += 1
        return Answer({"data": [{"id": asked}], "next": "same"})

    with pytest.raises(WalkStuck, match=r"Page 3 .* same position as pages 1 and 2"):
        walk(resource(Cursor("next", "c")), api)


def test_one_cursor_that_is_repeated_with_new_records_is_legal() -> None:
    bodies = [([1], "s"), ([2], "s"), ([3], None)]

    def api(_: PageRequest) -> Answer:
        data, following = bodies.pop(0)
        return Answer({"data": [{"id": one} for one in data], "next": following})

    assert ids(walk(resource(Cursor("next", "c")), api).records) == [1, 2, 3]


@pytest.mark.parametrize("rule", [Offset(2), PageNumber(start=1, base=1)])
def test_an_api_that_ignores_the_page_parameter_is_noticed(rule: Paging) -> None:
    """The positions differ each time, so only the records can tell; they do before the second page is taken."""
    for more in ({}, {"total": 9}):
        rule = msgspec.structs.replace(rule, total_path="total")
        with pytest.raises(WalkStuck, match=r"Page 1 .* seems to ignore"):
            walk(resource(rule), lambda _, more=more: Answer({"data": [{"id": 1}, {"id": 2}], **more}))  # type: ignore[misc]


def test_a_last_page_that_comes_for_ever_is_noticed() -> None:
    def api(request: PageRequest) -> Answer:
        at = min(int(param(request, "page", "0") or 0), 2)
        return Answer({"data": rows(2 * at, 2 * at + 2, 6)})

    with pytest.raises(WalkStuck, match=r"Page 4 .* or to repeat its last page"):
        walk(resource(PageNumber()), api)


@pytest.mark.parametrize(("rule", "mend"), [(Offset(2), "maximum_offset"), (PageNumber(), "maximum_page")])
def test_an_ignored_parameter_is_told_with_both_readings_and_the_mend(rule: Paging, mend: str) -> None:
    """has-more is repeated with the rest of the page, so it does not lead on for ever."""
    rule = msgspec.structs.replace(rule, has_more_path="more")
    with pytest.raises(WalkStuck, match=f"seems to ignore .* unless the data really is so; .* state `{mend}`"):
        walk(resource(rule), lambda _: Answer({"data": [{"id": 1}, {"id": 2}], "more": True}))


@pytest.mark.parametrize("rule", [Offset(100), PageNumber(size=100), PageNumber()])
def test_thousands_of_equal_records_without_a_key_are_read(rule: Paging) -> None:
    pages = 60

    def api(request: PageRequest) -> Answer:
        at = int(param(request, "offset") or 0) // 100 + int(param(request, "page") or 0)
        return Answer({"data": [{"status": "ok"}] * (100 if at < pages else 0)})

    walked = walk(resource(rule), api)
    assert len(walked.records) == 100 * pages
    assert walked.done.proven


def test_a_page_of_equal_records_that_never_ends_is_noticed_in_the_end() -> None:
    asked = 0

    def api(_: PageRequest) -> Answer:
        nonlocal asked
        asked += 1
        return Answer({"data": [{"status": "ok"}] * 2})

    with pytest.raises(WalkStuck, match=r"Page 1000 .* seems to ignore"):
        walk(resource(Offset(2)), api, limit=1010)
    assert asked == 1001


@pytest.mark.parametrize("data", [[{"id": 1}], [{"id": 1}, {"id": 1}]])
def test_a_short_page_or_a_single_record_again_and_again_is_noticed_at_once(data: list[Any]) -> None:
    with pytest.raises(WalkStuck, match="Page 1 "):
        walk(resource(PageNumber(size=3)), lambda _: Answer({"data": data}))


def test_a_total_that_one_page_fills_by_coming_again_is_no_proof() -> None:
    """From a later page on: where the second page is the first one, the walk stops at once."""

    def api(request: PageRequest) -> Answer:
        at = min(int(param(request, "offset", "0") or 0), 2)
        return Answer({"data": rows(at, at + 2, 4), "n": 10})

    walked = walk(resource(Offset(2, total_path="n")), api)
    assert (walked.done.proven, walked.done.stopped) == (False, "early")
    assert "ignores `offset`" in walked.done.why


def test_a_maximum_is_the_mend_that_lets_equal_pages_through() -> None:
    walked = walk(resource(PageNumber(maximum=5)), lambda _: Answer({"data": [{"id": 1}, {"id": 2}]}))
    assert (walked.pages, walked.done.stopped, walked.done.proven) == (5, "limit", False)


def test_equal_pages_within_a_known_total_are_no_circle() -> None:
    walked = walk(resource(Offset(2, total_path="total")), lambda _: Answer({"data": [0, 0], "total": 10}))
    assert len(walked.records) == 10


def test_an_api_that_filters_after_paging_loses_nothing_and_repeats_nothing() -> None:
    """A short page in the middle, after full ones: the size is the right step there."""
    hidden = {5, 6, 11}

    def api(request: PageRequest) -> Answer:
        start = int(param(request, "offset") or 0)
        return Answer({"data": [row for row in rows(start, start + 4, 18) if row["id"] not in hidden]})

    assert ids(walk(resource(Offset(4)), api).records) == [one for one in range(18) if one not in hidden]


def test_original_parameters_are_not_added_to_a_next_url() -> None:
    """dlt #1514."""
    what = resource(NextUrl("next"), params=(("limit", text("2")), ("p", text("0"))))
    walked = walk(what, linked_api(6, 2, "absolute"))
    assert [request.params for request in walked.requests[1:]] == [(), ()]
    assert ids(walked.records) == list(range(6))
