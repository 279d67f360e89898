"""The run report: the keys of CLI.md, the status, and the exit code that follows from it."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import (
    BodyRejected,
    ConfigError,
    ForeignOrigin,
    HeadraceError,
    Interrupted,
    JournalBusy,
    JournalError,
    JournalFull,
    RequestRefused,
    RetriesSpent,
    SinkError,
    WalkStuck,
)
from headrace.model.event import (
    Attempted,
    Budget,
    Event,
    Noticed,
    PageFetched,
    Rejected,
    Retried,
    RunStarted,
    Throttled,
    WalkEnded,
    WalkStarted,
)
from headrace.report.collect import Collector, Failure, Proof, ResourceReport, RunReport, failure
from headrace.report.exits import Exit, exit_code
from headrace.report.usage import Usage, process_usage

CONTRACT = [
    "run_id", "status", "resources", "requests", "http_429", "wall_s", "cpu_s", "peak_rss_mb", "load_id", "errors",
]  # fmt: skip
RESOURCE_CONTRACT = [
    "pages", "records", "rows", "rejects", "duplicates", "bytes", "requests", "retries", "throttled_s", "proof",
    "watermark", "stopped",
]  # fmt: skip
EVENTS: tuple[Event, ...] = (
    RunStarted("r1", ("users",), resumed=False),
    WalkStarted("users"),
    Throttled("users", 0.5),
    Attempted("users", 429, 0.1),
    Retried("users", 1, "429", 0.2),
    Attempted("users", 200, 0.1),
    PageFetched("users", 0, 100, 12_345, 0.1),
    WalkEnded("users", "end", "`next` was null", proven=True),
)


class Ticking:
    """A clock that moves by one second at each look."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 1.0
        return self.now_s


def collected(*events: Event) -> Collector:
    usages = iter([Usage(1.0, 50.0), Usage(3.5, 210.04)])
    collector = Collector(clock=Ticking(), usage=lambda: next(usages))
    for event in events:
        collector(event)
    return collector


def told(report: RunReport) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(report.to_json())
    return decoded


def test_the_json_has_the_keys_of_the_contract_first_and_in_order() -> None:
    report = collected(*EVENTS).report(load_id="1700.1", rows={"users": {"users": 100, "users__tags": 7}})
    said = told(report)
    assert list(said)[: len(CONTRACT)] == CONTRACT
    assert list(said["resources"]["users"])[: len(RESOURCE_CONTRACT)] == RESOURCE_CONTRACT


def test_the_json_says_what_happened() -> None:
    said = told(collected(*EVENTS).report(load_id="1700.1", rows={"users": {"users": 100}}, duplicates={"users": 3}))
    users = said["resources"]["users"]
    assert (said["run_id"], said["status"], said["load_id"]) == ("r1", "complete", "1700.1")
    assert (said["requests"], said["http_429"]) == (2, 1)
    assert (users["pages"], users["records"], users["bytes"]) == (1, 100, 12_345)
    assert (users["requests"], users["retries"], users["retried"]) == (2, 1, {"429": 1})
    assert users["throttled_s"] == 0.5
    assert users["rows"] == {"users": 100}
    assert users["duplicates"] == 3
    assert users["proof"] == {"complete": True, "why": "`next` was null"}
    assert users["stopped"] == "end"
    assert users["watermark"] is None
    assert said["errors"] == []


def test_time_and_memory_are_those_of_this_try() -> None:
    report = collected(*EVENTS).report()
    assert (report.wall_s, report.cpu_s, report.peak_rss_mb) == (1.0, 2.5, 210.0)


def test_walks_that_wait_side_by_side_wait_no_longer_than_the_run() -> None:
    report = collected(*(Throttled("tasks", 40.0) for _ in range(5))).report()
    assert 0 < report.resources["tasks"].throttled_s == report.wall_s < 40.0


def test_a_report_survives_json() -> None:
    report = collected(*EVENTS, Noticed("users", "odd", "warning"), Budget(10, 1, 1.0, "window")).report(
        errors=[RequestRefused("no", url="http://x/y", status=401)], hides={"users": ["it hides"]}
    )
    assert RunReport.from_json(report.to_json()) == report


def test_the_json_is_one_line() -> None:
    report = collected(*EVENTS).report(errors=[SinkError("two\nlines")])
    assert b"\n" not in report.to_json()


def test_notices_budget_and_hidden_defaults_are_told() -> None:
    said = told(
        collected(*EVENTS, Noticed("users", "odd"), Noticed("users", "odd"), Budget(10, 1, 1.0, "window")).report(
            hides={"users": ("churned ones are not listed",)}
        )
    )
    assert said["notices"] == [{"message": "odd", "resource": "users", "count": 2}]
    assert said["budget"] == "window"
    assert said["resources"]["users"]["hides"] == ["churned ones are not listed"]


def test_an_unproven_walk_makes_a_run_incomplete() -> None:
    report = collected(*EVENTS[:-1], WalkEnded("users", "limit", "--limit-pages 1", proven=False)).report()
    assert report.status == "incomplete"
    assert report.exit_code == 1


def test_rejects_leave_a_run_complete_but_need_eyes() -> None:
    report = collected(*EVENTS).report(rejects={"users": 2})
    assert (report.status, report.exit_code) == ("complete", 1)


def test_any_error_makes_a_run_failed() -> None:
    report = collected(*EVENTS).report(errors=[SinkError("disk full")])
    assert (report.status, report.exit_code) == ("failed", 4)


def test_the_caller_may_state_the_status_and_the_run() -> None:
    report = collected(*EVENTS).report(status="incomplete", run_id="r9")
    assert (report.status, report.run_id) == ("incomplete", "r9")


def test_a_walk_that_was_not_begun_says_so() -> None:
    report = collected(RunStarted("r1", ("users", "tasks"), resumed=False)).report(errors=[Interrupted("stopped")])
    assert report.resources["tasks"].proof == Proof(complete=False, why="stopped")
    assert report.resources["tasks"].stopped == "error"
    silent = collected(RunStarted("r1", ("users",), resumed=False)).report()
    assert silent.resources["users"].stopped == "interrupted"
    assert silent.exit_code == Exit.INTERRUPTED


def test_an_error_is_placed_at_the_resource_whose_walk_it_ended() -> None:
    error = RequestRefused("GET /users: 401 Unauthorized", url="http://h/users", status=401)
    report = collected(
        RunStarted("r1", ("users", "tasks"), resumed=False),
        WalkEnded("users", "error", str(error), proven=False),
        WalkEnded("tasks", "end", "`next` was null", proven=True),
    ).report(errors=[error])
    assert report.errors == (
        Failure(
            kind="source",
            message="GET /users: 401 Unauthorized",
            resource="users",
            status=401,
            url="http://h/users",
            mend="credentials",
        ),
    )
    assert report.exit_code == 3


def test_an_error_that_ended_several_walks_belongs_to_none_of_them() -> None:
    report = collected(
        WalkEnded("users", "error", "gone", proven=False), WalkEnded("tasks", "error", "gone", proven=False)
    ).report(errors=[RetriesSpent("gone")])
    assert report.errors[0].resource == ""


def test_reasons_of_rejects_are_in_the_report_the_most_frequent_first() -> None:
    report = collected(
        Rejected("users", "rare", 1, 0, 5),
        Rejected("users", "frequent", 2, 0, 7),
        Rejected("users", "frequent", 9, 3, 0),
    ).report(rejects={"users": 12})
    reasons = told(report)["resources"]["users"]["reject_reasons"]
    assert reasons == [
        {"reason": "frequent", "records": 11, "page": 0, "record": 7},
        {"reason": "rare", "records": 1, "page": 0, "record": 5},
    ]
    assert report.exit_code == 1 or report.status == "failed"


def test_what_the_journal_holds_counts_though_no_walk_began() -> None:
    held = (WalkStarted("users", 4, 400),)
    report = collected(RunStarted("r1", ("users", "tasks"), resumed=True, held=held)).report(
        errors=[SinkError("locked")]
    )
    users = report.resources["users"]
    assert (users.pages, users.records, users.resumed_pages, users.requests) == (4, 400, 4, 0)
    assert (report.pages, report.resources["tasks"].pages) == (4, 0)


def test_a_run_that_never_began_has_a_whole_report() -> None:
    said = told(RunReport.refused(ConfigError("line 3: no resources; add one")))
    assert list(said)[: len(CONTRACT)] == CONTRACT
    assert said["status"] == "failed"
    assert said["resources"] == {}
    assert said["errors"] == [{"kind": "config", "message": "line 3: no resources; add one"}]


def test_a_foreign_exception_never_shows_its_words() -> None:
    kept = failure(ValueError("token sk_live_secret"))
    assert kept.kind == "internal"
    assert "sk_live_secret" not in kept.message
    assert "ValueError" in kept.message


def test_an_interrupt_without_words_gets_some() -> None:
    assert failure(KeyboardInterrupt()).message == "stopped by the user"


def test_events_of_no_walk_make_no_resource() -> None:
    report = collected(*EVENTS, Attempted("", 200, 0.1)).report()
    assert list(report.resources) == ["users"]
    assert report.requests == 3


def test_rows_of_all_resources_are_found_by_table() -> None:
    report = RunReport(
        run_id="r",
        status="complete",
        resources={
            "a": ResourceReport(records=2, rows={"a": 2}),
            "b": ResourceReport(records=3, rows={"b": 3, "b__c": 9}),
        },
    )
    assert report.rows == {"a": 2, "b": 3, "b__c": 9}
    assert report.records == 5


def test_the_process_knows_its_own_use() -> None:
    used = process_usage()
    assert used.cpu_s > 0
    assert 5 < used.peak_rss_mb < 50_000


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), 2),
        (JournalBusy("x"), 2),
        (JournalError("x"), 2),
        (JournalFull("x"), 4),
        (RequestRefused("x"), 3),
        (RetriesSpent("x"), 3),
        (ForeignOrigin("x"), 3),
        (WalkStuck("x"), 3),
        (BodyRejected("x"), 3),
        (HeadraceError("x"), 3),
        (SinkError("x"), 4),
        (Interrupted("x"), 130),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("x"), 3),
    ],
)
def test_each_error_has_its_exit_code_alone_and_in_a_report(error: BaseException, code: int) -> None:
    assert exit_code(error) == code
    assert RunReport.refused(error).exit_code == code


def test_a_journal_that_fails_after_pages_came_is_no_matter_of_configuration() -> None:
    assert collected(*EVENTS).report(errors=[JournalError("disk full")]).exit_code == 4


def test_of_several_errors_the_warehouse_outweighs_the_api_and_the_user_both() -> None:
    refused, sink, user = RequestRefused("x"), SinkError("y"), Interrupted("z")
    assert collected(*EVENTS).report(errors=[refused, sink]).exit_code == 4
    assert collected(*EVENTS).report(errors=[refused, sink, user]).exit_code == 130


def test_a_failed_run_without_a_word_is_a_failure_of_the_source() -> None:
    assert exit_code(RunReport(run_id="r", status="failed")) == 3


@given(
    complete=st.booleans(),
    rejects=st.integers(0, 2),
    stopped=st.sampled_from(["end", "early", "limit", "error", "interrupted"]),
)
def test_status_and_exit_code_always_agree(
    complete: bool, rejects: int, stopped: Literal["end", "early", "limit", "error", "interrupted"]
) -> None:
    report = collected(RunStarted("r", ("a",), resumed=False), WalkEnded("a", stopped, "so", proven=complete)).report(
        rejects={"a": rejects}
    )
    match report.exit_code:
        case 0:
            assert report.status == "complete"
        case 1:
            assert report.status == "incomplete" or (report.status == "complete" and rejects)
        case _:
            assert report.status == "failed"


def test_the_table_of_exit_codes_is_that_of_the_contract() -> None:
    assert {code.name: int(code) for code in Exit} == {
        "DONE": 0,
        "LOOK": 1,
        "MEND": 2,
        "SOURCE": 3,
        "SINK": 4,
        "INTERRUPTED": 130,
    }
