"""What a dialogue about the first page asks for, what it settles by the answers, and which questions it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import BodyRejected, RequestRefused, SourceError
from headrace.model.guess import (
    BASE_PAGE,
    CURSOR_PARAM,
    CURSOR_PATH,
    KEY,
    OFFSET_PARAM,
    PAGINATOR,
    PATH,
    SELECTOR,
    SIZE_PARAM,
)
from headrace.model.page import Reply
from headrace.model.plan import (
    AutoPaging,
    Client,
    Cursor,
    NextUrl,
    Offset,
    PageNumber,
    Paging,
    Request,
    Resource,
    SinglePage,
)
from headrace.walk.detect import Detection, settled, with_detection
from headrace.walk.keys import fault_of
from headrace.walk.request import build
from headrace.walk.trial import Came, Outcome, Trial
from headrace.walk.verify import Verdict, inquire

CLIENT = Client("https://api.test")
Answer = Callable[[str, Mapping[str, str]], Any]
"""By path and parameters: a body, or a status that refuses."""


def birds(paging: Paging, *guesses: str, **others: Any) -> Resource:
    stated: dict[str, Any] = {"name": "birds", "table": "birds", "request": Request("/birds"), "selector": "data"}
    return Resource(**{**stated, **others}, paging=paging, guesses=frozenset(guesses))


def page(first: int, last: int) -> list[dict[str, int]]:
    return [{"id": number} for number in range(first, last)]


def talk(resource: Resource, answer: Answer) -> tuple[Verdict, list[str]]:
    """Hold the dialogue; gives what came of it, and what was asked."""
    inquiry, asked = inquire(resource), list[str]()
    trial = next(inquiry)
    while True:
        outcome = _outcome(trial, answer, asked)
        try:
            trial = inquiry.send(outcome)
        except StopIteration as end:
            verdict: Verdict = end.value
            return verdict, asked


def _outcome(trial: Trial, answer: Answer, asked: list[str]) -> Outcome:
    request = build(CLIENT, trial.resource, trial.position)
    params = {name: str(value.literal) for name, value in request.params}
    path = request.url.removeprefix(CLIENT.base_url)
    asked.append(f"{path} {' '.join(f'{name}={value}' for name, value in params.items())}".strip())
    body = answer(path, params)
    if isinstance(body, int):
        return RequestRefused("refused", url=request.url, status=body)
    reply = Reply(200, {}, json.dumps(body).encode(), request.url, 0.0, 0.0)
    return Came(reply, trial.accept(reply))


def found(resource: Resource, answer: Answer) -> Detection:
    detection = talk(resource, answer)[0].detection
    assert detection is not None
    return detection


def ids(verdict: Verdict) -> list[int]:
    return [json.loads(record)["id"] for record in verdict.first.records]


# --- the path and the selector -------------------------------------------------------------------


def test_a_filler_is_left_out_where_it_leads_nowhere() -> None:
    way = birds(SinglePage(), PATH, request=Request("/v1/birds"))
    verdict, asked = talk(way, lambda path, _: {"data": page(0, 3)} if path == "/birds" else 404)
    assert asked == ["/v1/birds", "/birds"]
    assert verdict.detection is not None
    assert with_detection(way, verdict.detection).request.path == "/birds"


def test_a_path_that_is_nowhere_is_a_question() -> None:
    with pytest.raises(RequestRefused, match=r"--set resources\.birds\.endpoint\.path=PATH"):
        talk(birds(SinglePage(), PATH, request=Request("/v1/birds")), lambda *_: 404)


def test_a_guessed_path_that_is_nowhere_is_a_question_though_no_filler_is_in_it() -> None:
    with pytest.raises(RequestRefused, match=r"`birds`, which is a guess.*--set resources\.birds\.endpoint\.path=PATH"):
        talk(birds(SinglePage(), PATH, request=Request("birds")), lambda *_: 404)


def test_a_stated_path_is_refused_at_once() -> None:
    with pytest.raises(RequestRefused, match="refused"):
        talk(birds(SinglePage(), KEY, request=Request("/v1/birds")), lambda *_: 404)


@pytest.mark.parametrize(
    ("body", "selector"),
    [
        (page(0, 3), "$"),
        ({"birds": page(0, 3), "next": None}, "birds"),
        ({"data": {"items": page(0, 3), "total": 3}}, "data.items"),
        ({"data": {"birds": page(0, 3), "count": 3}}, "data.birds"),
        ({"data": {"id": 0, "eggs": page(0, 3), "name": "wren"}}, "data"),
    ],
)
def test_records_are_taken_from_where_they_are(body: Any, selector: str) -> None:
    assert found(birds(SinglePage(), SELECTOR), lambda *_: body).selector == selector


ORDER = {"id": 7, "items": page(0, 2)}


@pytest.mark.parametrize(
    ("selector", "body", "record", "found_at"),
    [
        ("data", {"data": ORDER}, "data", "data.items"),
        ("data", ORDER, "$", "items"),
        ("data", {"order": {**ORDER, "at": "noon"}}, "order", "order.items"),
        ("data", {"name": "wren", "colour": "brown", "eggs": page(0, 2)}, "$", "eggs"),
        ("data", {"uuid": "a", "body": {"items": page(0, 2)}}, "$", "body.items"),
        ("$", ORDER, "$", "items"),
        (None, {"id": 7, "eggs": page(0, 2)}, "$", "eggs"),
    ],
)
def test_a_list_in_what_looks_like_one_record_is_a_question(
    selector: str | None, body: Any, record: str, found_at: str
) -> None:
    way = birds(
        AutoPaging() if selector is None else SinglePage(), SELECTOR, KEY, selector=selector, primary_key=("id",)
    )
    with pytest.raises(SourceError) as raised:
        talk(way, lambda *_: body)
    for place in (record, found_at):
        assert f"`--set resources.birds.endpoint.data_selector={place}`" in str(raised.value)


@pytest.mark.parametrize(
    ("selector", "body", "found_at"),
    [
        ("data", {"id": 7, "birds": page(0, 2)}, "birds"),
        ("data", {"id": "r-1", "data": {"items": page(0, 2)}}, "data.items"),
        ("data", {"jsonrpc": "2.0", "id": 1, "results": page(0, 2)}, "results"),
        ("data", {"status": "ok", "eggs": page(0, 2), "total": 2}, "eggs"),
        ("data", {"id": None, "items": page(0, 2)}, "items"),
        ("data", {"took_ms": 3, "items": page(0, 2)}, "items"),
        (None, {"name": "wren", "items": page(0, 2)}, "items"),
    ],
)
def test_a_list_in_an_envelope_is_the_records(selector: str | None, body: Any, found_at: str) -> None:
    way = birds(
        AutoPaging() if selector is None else SinglePage(), SELECTOR, KEY, selector=selector, primary_key=("id",)
    )
    assert found(way, lambda *_: body).selector == found_at


def test_a_body_that_names_an_error_is_not_searched_for_records() -> None:
    with pytest.raises(BodyRejected, match="no records at `data`"):
        talk(birds(SinglePage(), SELECTOR), lambda *_: {"error": "no", "items": page(0, 2)})


def test_a_stated_selector_stays_strict() -> None:
    with pytest.raises(BodyRejected, match="no records at `data`"):
        talk(birds(SinglePage(), KEY), lambda *_: page(0, 3))


# --- page numbers --------------------------------------------------------------------------------

NUMBERED = PageNumber(base=1, start=1)


def numbered(base: int, pages: list[list[dict[str, int]]], below: int | None = None) -> Answer:
    """An API that counts from `base`; what is below is its first page, or a refusal."""

    def answer(_: str, params: Mapping[str, str]) -> Any:
        place = int(params.get("page", base)) - base
        if place < 0 and below is not None:
            return below
        return {"data": pages[max(place, 0)] if place < len(pages) else []}

    return answer


@given(base=st.integers(0, 1), count=st.integers(1, 4), below=st.sampled_from([None, 400, 404]))
def test_the_first_page_is_the_one_before_which_there_is_none(base: int, count: int, below: int | None) -> None:
    pages = [page(10 * number, 10 * number + 10) for number in range(count)]
    verdict, _ = talk(birds(NUMBERED, BASE_PAGE), numbered(base, pages, below))
    assert ids(verdict) == list(range(10))
    assert verdict.detection is not None
    paging = verdict.detection.paging
    assert isinstance(paging, PageNumber | SinglePage)
    if isinstance(paging, PageNumber):
        assert (paging.base, paging.start) == (base, base)


def test_page_1_of_an_api_without_one_is_page_0() -> None:
    pages = {"0": {"data": page(0, 3)}}
    verdict, asked = talk(birds(NUMBERED, BASE_PAGE), lambda _, params: pages.get(params["page"], 404))
    assert asked == ["/birds page=1", "/birds page=0"]
    assert ids(verdict) == [0, 1, 2]


def test_a_page_number_that_changes_nothing_is_a_question() -> None:
    with pytest.raises(SourceError, match="page_param=NAME"):
        talk(birds(NUMBERED, BASE_PAGE), lambda *_: {"data": page(0, 10)})


def test_a_record_that_comes_between_two_requests_makes_no_page_0() -> None:
    pages = {"1": page(0, 10), "0": page(-1, 9), "2": page(9, 19)}
    detection = found(birds(NUMBERED, BASE_PAGE), lambda _, params: {"data": pages[params["page"]]})
    assert detection.paging == NUMBERED


def test_a_page_0_that_is_everything_is_not_the_first() -> None:
    pages = {"1": page(0, 10), "0": page(0, 40), "2": page(10, 20)}
    detection = found(birds(NUMBERED, BASE_PAGE), lambda _, params: {"data": pages[params["page"]]})
    assert detection.paging == NUMBERED


def test_a_stated_first_page_is_not_doubted() -> None:
    _, asked = talk(birds(NUMBERED, KEY), numbered(0, [page(0, 5), page(5, 9)]))
    assert asked == ["/birds page=1"]


# --- offsets -------------------------------------------------------------------------------------

OFFSET = Offset(size=5)


def offset(name: str, size_name: str, own_size: int = 4, number: int = 12) -> Answer:
    def answer(_: str, params: Mapping[str, str]) -> Any:
        start, size = int(params.get(name, 0)), int(params.get(size_name, own_size))
        return {"data": page(start, min(start + size, number))}

    return answer


def test_an_offset_that_moves_is_kept() -> None:
    way = birds(OFFSET, OFFSET_PARAM)
    verdict, asked = talk(way, offset("offset", "limit"))
    assert asked == ["/birds offset=0 limit=5", "/birds offset=5 limit=5"]
    assert verdict.detection is not None
    assert verdict.detection.paging == OFFSET


def test_an_offset_by_another_name_is_a_question() -> None:
    with pytest.raises(SourceError, match=r"the same 5 records.*paginator=single_page.*offset_param=NAME"):
        talk(birds(OFFSET, OFFSET_PARAM), offset("skip", "limit"))


def test_a_page_that_is_shorter_than_it_may_be_is_the_only_one() -> None:
    detection = found(birds(OFFSET, OFFSET_PARAM), offset("skip", "limit", number=4))
    assert isinstance(detection.paging, SinglePage)


def test_a_page_that_has_as_many_as_the_total_is_the_only_one() -> None:
    detection = found(birds(OFFSET, OFFSET_PARAM), lambda *_: {"data": page(0, 5), "total": 5})
    assert isinstance(detection.paging, SinglePage)


@pytest.mark.parametrize(
    "more",
    [{"count": 100}, {"count": 100, "total": 1000}, {"total": 100, "totalCount": 1000}],
)
def test_a_count_of_the_page_is_no_total(more: dict[str, int]) -> None:
    with pytest.raises(SourceError, match="offset_param=NAME"):
        talk(birds(Offset(size=100), OFFSET_PARAM), lambda *_: {"data": page(0, 100), **more})


def test_a_page_that_the_api_may_have_capped_is_not_taken_for_the_only_one() -> None:
    with pytest.raises(SourceError, match="offset_param=NAME"):
        talk(birds(Offset(size=100), OFFSET_PARAM), lambda _, params: {"data": page(0, min(int(params["limit"]), 50))})


def test_an_offset_advances_by_what_comes_where_its_size_is_ignored() -> None:
    paging = found(birds(OFFSET, SIZE_PARAM), offset("offset", "count", own_size=8)).paging
    assert isinstance(paging, Offset)
    assert paging.size == 8


# --- cursors and links ---------------------------------------------------------------------------


def cursor(name: str, tell: Callable[[list[dict[str, int]]], dict[str, Any]]) -> Answer:
    def answer(_: str, params: Mapping[str, str]) -> Any:
        start = int(params[name]) + 1 if name in params else 0
        rows = page(start, min(start + 3, 8))
        return {"data": rows, **tell(rows)}

    return answer


AFTER = Cursor("after", "after", follow_urls=True)


@pytest.mark.parametrize(
    ("tell", "path"),
    [
        (lambda rows: {"paging": {"after": str(rows[-1]["id"])}}, "paging.after"),
        (lambda rows: {"meta": {"next_cursor": str(rows[-1]["id"])}}, "meta.next_cursor"),
        (lambda _: {}, "data[-1].id"),
    ],
)
def test_a_cursor_is_looked_for_where_it_may_be(tell: Any, path: str) -> None:
    paging = found(birds(AFTER, CURSOR_PATH), cursor("after", tell)).paging
    assert isinstance(paging, Cursor)
    assert (paging.path, paging.param) == (path, "after")


def test_a_cursor_that_is_nowhere_is_a_question() -> None:
    with pytest.raises(SourceError, match=r"cursor_path=PATH.*single_page"):
        talk(birds(AFTER, CURSOR_PATH), cursor("since", lambda _: {}))


def test_a_link_that_is_none_is_sent_as_a_cursor() -> None:
    way = birds(NextUrl("next_page_token"), CURSOR_PARAM)
    paging = found(way, cursor("page_token", lambda rows: {"next_page_token": str(rows[-1]["id"])})).paging
    assert isinstance(paging, Cursor)
    assert paging.param == "page_token"


def test_a_cursor_that_does_not_move_is_a_question() -> None:
    way = birds(NextUrl("next_page_token"), CURSOR_PARAM)
    with pytest.raises(SourceError, match="cursor_param=NAME"):
        talk(way, cursor("t", lambda rows: {"next_page_token": str(rows[-1]["id"])}))


def test_a_link_that_is_one_is_followed_without_a_request_more() -> None:
    way = birds(NextUrl("next"), CURSOR_PARAM)
    _, asked = talk(way, lambda *_: {"data": page(0, 3), "next": "https://api.test/birds?p=2"})
    assert asked == ["/birds"]


def test_a_link_in_a_body_of_which_nothing_is_said_is_followed() -> None:
    paging = found(birds(SinglePage(), PAGINATOR), lambda *_: {"data": page(0, 3), "next": "https://api.test/2"}).paging
    assert paging == NextUrl("next")


@pytest.mark.parametrize(("kin", "param"), [(Offset(size=5), "offset"), (PageNumber(base=1, start=1), "page")])
def test_a_resource_of_which_nothing_is_said_may_page_as_its_kin(kin: Paging, param: str) -> None:
    answer = offset("offset", "limit") if param == "offset" else numbered(1, [page(0, 5), page(5, 9)])
    detection = found(birds(SinglePage(), PAGINATOR, kin=kin), answer)
    assert detection.paging == kin


def test_an_offset_of_its_kin_begins_behind_a_first_page_that_is_longer_than_theirs() -> None:
    verdict, asked = talk(birds(SinglePage(), PAGINATOR, kin=Offset(size=5)), offset("offset", "limit", own_size=8))
    assert asked == ["/birds", "/birds offset=8 limit=8"]
    assert verdict.detection is not None
    assert verdict.detection.paging == Offset(size=8)


def test_a_single_page_stays_one_where_the_parameters_of_its_kin_change_nothing() -> None:
    detection = found(birds(SinglePage(), PAGINATOR, kin=Offset(size=5)), lambda *_: {"data": page(0, 4)})
    assert isinstance(detection.paging, SinglePage)


# --- the key, and what is kept -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "key", "fault"),
    [
        ([{"id": 1}, {"id": 2}], ["id"], None),
        ([{"id": 1}, {"id": None}], ["id"], "record 1 of the first page has no `id`"),
        ([{"no": 1}], ["id"], "record 0 of the first page has no `id`"),
        ([{"id": 1}, {"id": 1}], ["id"], "two records of the first page have the same `id`"),
        ([{"a": 1, "b": 1}, {"a": 1, "b": 2}], ["a", "b"], None),
        ([{"ringId": 1}, {"ringId": 2}], ["ring_id"], None),
        (
            [{"ring": {"no": 1}}, {"ring": {"no": 1}}],
            ["ring__no"],
            "two records of the first page have the same `ring__no`",
        ),
        ([1, 2], ["id"], None),
    ],
)
def test_a_key_must_be_there_and_unique(records: list[Any], key: list[str], fault: str | None) -> None:
    assert fault_of(key, [json.dumps(record).encode() for record in records]) == fault


def test_nothing_is_merged_by_a_key_that_is_none() -> None:
    way = birds(SinglePage(), KEY, primary_key=("id",), disposition="merge")
    detection = found(way, lambda *_: {"data": [{"no": 1}]})
    after = with_detection(way, detection)
    assert (after.primary_key, after.disposition) == ((), "replace")
    assert "--set resources.birds.primary_key=NAME" in detection.doubt


def test_rows_of_a_table_that_others_fill_too_are_appended() -> None:
    way = birds(SinglePage(), KEY, primary_key=("id",), disposition="merge", beside=("nests",))
    assert found(way, lambda *_: {"data": [{"no": 1}]}).disposition == "append"


def test_rows_below_an_increment_are_appended_for_a_run_brings_only_some() -> None:
    way = birds(SinglePage(), KEY, primary_key=("id",), disposition="merge", below_increment=True)
    assert found(way, lambda *_: {"data": [{"no": 1}]}).disposition == "append"


def test_a_key_that_was_stated_since_counts_for_what_an_earlier_try_has_settled() -> None:
    way = birds(SinglePage(), KEY, SELECTOR, primary_key=("id",), disposition="merge")
    detection = found(way, lambda *_: {"data": [{"no": 1}]})
    after = with_detection(birds(SinglePage(), SELECTOR, primary_key=("no",), disposition="merge"), detection)
    assert (after.primary_key, after.disposition) == (("no",), "merge")


def test_an_empty_first_page_settles_nothing() -> None:
    verdict, _ = talk(birds(SinglePage(), KEY, SELECTOR), lambda *_: {"data": []})
    assert verdict.detection is None


def test_what_is_settled_is_the_same_after_it_was_kept() -> None:
    way = birds(NUMBERED, BASE_PAGE, PATH, KEY, request=Request("/v1/birds"), primary_key=("no",), disposition="merge")
    pages = numbered(0, [page(0, 5), page(5, 9)])
    detection = found(way, lambda path, params: pages(path, params) if path == "/birds" else 404)
    after = with_detection(way, detection)
    assert settled(way, msgspec.json.encode(detection)) == after
    assert after.guesses == frozenset()
    assert (after.request.path, after.primary_key, after.paging) == ("/birds", (), PageNumber(base=0, start=0))
