"""Events add up to counters, in any order that a run may send them."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.model.event import (
    Attempted,
    Budget,
    Committing,
    Delivered,
    Noticed,
    PageFetched,
    Rejected,
    Retried,
    RunEnded,
    RunStarted,
    TableWritten,
    Throttled,
    WalkEnded,
    WalkStarted,
)
from headrace.report.tally import Tally, reason_kind


def page(walk: str = "users", number: int = 0, records: int = 100) -> PageFetched:
    return PageFetched(walk, number, records, body_bytes=1_000, elapsed_s=0.1)


def test_pages_records_and_bytes_add_up() -> None:
    tally = Tally()
    tally.add(page(number=0, records=100))
    tally.add(page(number=1, records=7))
    walk = tally.walk("users")
    assert (walk.pages, walk.records, walk.body_bytes) == (2, 107, 2_000)


def test_a_resumed_walk_counts_on_from_what_the_journal_holds() -> None:
    tally = Tally()
    tally.add(WalkStarted("users", pages=40, records=4_000))
    tally.add(page(number=40, records=100))
    walk = tally.walk("users")
    assert (walk.pages, walk.records, walk.resumed_pages, walk.resumed_records) == (41, 4_100, 40, 4_000)


def test_every_attempt_is_a_request_and_429_is_counted_apart() -> None:
    tally = Tally()
    for status in (200, 429, None, 500, 429):
        tally.add(Attempted("users", status, 0.1))
    assert (tally.requests, tally.http_429, tally.walk("users").requests) == (5, 2, 5)


def test_waits_of_the_budget_add_up() -> None:
    tally = Tally()
    tally.add(Throttled("users", 1.5))
    tally.add(Throttled("users", 0.25))
    assert tally.walk("users").throttled_s == 1.75


def test_the_walks_of_a_run_are_known_before_they_begin() -> None:
    tally = Tally()
    tally.add(RunStarted("r1", ("b", "a"), resumed=True))
    assert [(walk.name, walk.activity) for walk in tally.snapshot()] == [("b", "waiting"), ("a", "waiting")]
    assert tally.run_id == "r1"
    assert tally.resumed


def test_the_newest_total_that_the_api_states_counts() -> None:
    tally = Tally()
    tally.add(PageFetched("users", 0, 100, 1, 0.1, expected_records=900))
    tally.add(PageFetched("users", 1, 100, 1, 0.1, expected_records=None))
    assert tally.walk("users").expected_records == 900


def test_an_equal_notice_is_kept_once_with_its_count() -> None:
    tally = Tally()
    for _ in range(3):
        tally.add(Noticed("users", "a key came twice"))
    tally.add(Noticed("tasks", "a key came twice"))
    assert list(tally.notices.values()) == [3, 1]


def test_the_activity_of_a_walk_follows_its_last_event() -> None:
    tally = Tally()
    seen = []
    for event in (
        WalkStarted("users"),
        Throttled("users", 2.0),
        Attempted("users", 500, 0.1),
        Retried("users", 1, "HTTP 500", 1.0),
        page(),
        WalkEnded("users", "end", "next was null", proven=True),
    ):
        tally.add(event)
        seen.append(tally.walk("users").activity)
    assert seen == ["walking", "held", "walking", "retrying", "walking", "ended"]


def test_what_was_staged_and_delivered_is_known() -> None:
    tally = Tally()
    tally.add(TableWritten("users", "users", 100))
    tally.add(TableWritten("users", "users", 50))
    tally.add(TableWritten("users", "users__traits", 9))
    tally.add(Delivered("users", pages=2, records=150))
    walk = tally.walk("users")
    assert walk.staged_rows == {"users": 150, "users__traits": 9}
    assert walk.delivered_records == 150


def test_rejects_add_up_by_reason_from_the_first_place_on() -> None:
    tally = Tally()
    tally.add(Rejected("users", "no id", 2, 1, 40))
    tally.add(Rejected("users", "no id", 3, 2, 0))
    assert tally.walk("users").rejected == {"no id": Rejected("users", "no id", 5, 1, 40)}


def test_very_many_reasons_are_kept_as_one() -> None:
    tally = Tally()
    for number in range(1_000):
        tally.add(Rejected("users", f"odd {number}", 1, number, 0))
    kept = tally.walk("users").rejected
    assert len(kept) == 21
    assert sum(each.records for each in kept.values()) == 1_000
    assert kept["other reasons"] == Rejected("users", "other reasons", 980, 20, 0)


def test_a_body_without_the_selector_is_counted_as_that() -> None:
    assert reason_kind("200, but the body has no records at `rows`: the body has the keys results, next") == "selector"


def test_the_last_budget_and_the_commit_are_known() -> None:
    tally = Tally()
    tally.add(Budget(1_000, 900, 60.0, "triple"))
    tally.add(Budget(1_000, 412, 60.0, "triple"))
    tally.add(TableWritten("users", "users", 9))
    tally.add(TableWritten("users", "users", 9))
    tally.add(TableWritten("tasks", "tasks__tags", 1))
    tally.add(TableWritten("tasks", "tasks__empty", 0))
    tally.add(Committing())
    assert tally.budget is not None
    assert tally.budget.remaining == 412
    assert (tally.committing, tally.ended) == (2, False)
    tally.add(RunEnded("complete"))
    assert tally.ended


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("429", "429"),
        ("HTTP 503 Service Unavailable", "503"),
        ("429 Too Many Requests: the limit will reset soon", "429"),
        ("the API answered 500", "500"),
        ("GET /users gave 502", "502"),
        ("the connection was closed before the answer was whole", "reset"),
        ("the connection failed (Connection reset by peer)", "reset"),
        ("no connection to 127.0.0.1:80 (Connection refused)", "connection"),
        ("no connection came about in time", "timeout"),
        ("no whole answer came in time", "timeout"),
        ("the body was cut short", "truncated"),
        (
            "The body is cut short: its JSON ends, after 512 bytes (it begins '{\"html\":'); ask again.",
            "truncated",
        ),
        ("The body is HTML or XML, not JSON (it begins '<html>503'); check the URL.", "html"),
        ("The body is not JSON (it begins 'ok 500'); check what the URL serves.", "not_json"),
        ("the host api.example.com is not known to the name server", "dns"),
        ("something else", "other"),
        ("", "other"),
    ],
)
def test_a_retry_is_counted_under_one_word(reason: str, kind: str) -> None:
    assert reason_kind(reason) == kind


def test_retries_add_up_by_reason() -> None:
    tally = Tally()
    for reason in ("429", "429 Too Many Requests", "reset"):
        tally.add(Retried("users", 1, reason, 0.5))
    walk = tally.walk("users")
    assert walk.retried == {"429": 2, "reset": 1}
    assert walk.retries == 3


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 1_000)), max_size=50))
def test_no_record_is_lost_or_counted_twice(pages: list[tuple[str, int]]) -> None:
    tally = Tally()
    for number, (walk, records) in enumerate(pages):
        tally.add(page(walk, number, records))
    assert sum(walk.records for walk in tally.snapshot()) == sum(records for _, records in pages)
    assert sum(walk.pages for walk in tally.snapshot()) == len(pages)


def test_events_of_several_threads_all_count() -> None:
    tally = Tally()

    def emit() -> None:
        for number in range(2_000):
            tally.add(page(number=number, records=1))

    threads = [threading.Thread(target=emit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.walk("users").records == 8_000
