from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable

import pytest

from headrace.emulate.control import Running
from headrace.emulate.faults import Faults
from headrace.emulate.vitally import FAULTS
from tests.emulate.talk import ask

Start = Callable[..., Running]


def drawn(shares: dict[str, float], seed: int = 7, count: int = 4000) -> list[frozenset[str]]:
    faults = Faults(shares, seed)
    return [faults.draw() for _ in range(count)]


def test_faults_are_the_same_for_the_same_seed() -> None:
    assert drawn({"500": 0.3}) == drawn({"500": 0.3}) != drawn({"500": 0.3}, seed=8)


def test_one_fault_strikes_where_it_did_whatever_the_others_do() -> None:
    alone = [("500" in struck) for struck in drawn({"500": 0.3})]
    assert alone == [("500" in struck) for struck in drawn({"500": 0.3, "429": 0.5, "slow": 0.1})]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_strikes_as_often_as_its_share_says(kind: str) -> None:
    assert 0.17 < sum(kind in struck for struck in drawn({kind: 0.2})) / 4000 < 0.23


def test_without_shares_nothing_strikes() -> None:
    assert not any(drawn({"500": 0.0}))


def test_a_faulted_500_is_json_with_an_error(start: Start) -> None:
    reply = ask(start(faults={"500": 1}).url, "/users")
    assert (reply.status, set(reply.json)) == (500, {"error"})


@pytest.mark.parametrize(("body", "expected"), [("json", b'{"error":"Too many requests"}'), ("empty", b"")])
def test_a_faulted_429_has_the_body_that_a_switch_names(start: Start, body: str, expected: bytes) -> None:
    emulator = start(faults={"429": 1}, limiter="bucket", switches={"rate.429_body": body})
    reply = ask(emulator.url, "/users")
    assert (reply.status, reply.body, reply.headers["Retry-After"]) == (429, expected, None)
    assert reply.headers["RateLimit-Remaining"] == "1000"
    assert emulator.stats()["http_429"] == 1


def test_a_switch_makes_429_html(start: Start) -> None:
    reply = ask(start(faults={"429": 1}, switches={"rate.429_body": "html"}).url, "/users")
    assert reply.headers["Content-Type"].startswith("text/html")


def test_a_faulted_page_of_html_says_200(start: Start) -> None:
    reply = ask(start(faults={"html": 1}).url, "/users")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert reply.body.startswith(b"<!DOCTYPE html>")


def test_a_truncated_page_promises_all_and_sends_half(start: Start) -> None:
    emulator = start(faults={"truncate": 1})
    with pytest.raises(http.client.IncompleteRead) as cut:
        ask(emulator.url, "/users")
    missing = cut.value.expected
    assert missing is not None
    assert abs(len(cut.value.partial) - missing) <= 1
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut.value.partial)


def test_a_reset_ends_the_connection_with_no_answer(start: Start) -> None:
    emulator = start(faults={"reset": 1})
    with pytest.raises(ConnectionResetError):
        ask(emulator.url, "/users")


def test_a_slow_page_comes_whole_after_two_seconds(start: Start) -> None:
    emulator = start(faults={"slow": 1})
    begun = time.monotonic()
    assert ask(emulator.url, "/users").status == 200
    assert 1.9 < time.monotonic() - begun < 4


def test_a_listed_conversation_may_be_gone_when_asked_for_alone(start: Start) -> None:
    emulator = start(faults={"404": 1})
    key = ask(emulator.url, "/conversations").json["results"][0]["id"]
    assert ask(emulator.url, f"/conversations/{key}").status == 404


def test_latency_delays_every_answer(start: Start) -> None:
    emulator = start(latency_ms=120)
    begun = time.monotonic()
    ask(emulator.url, "/users")
    assert time.monotonic() - begun > 0.11


def test_faulted_answers_are_not_pages_served(start: Start) -> None:
    emulator = start(faults={"html": 1})
    for _ in range(3):
        ask(emulator.url, "/users")
    assert emulator.stats()["pages_served_twice"] == 0


def test_control_paths_never_fail(start: Start) -> None:
    emulator = start(faults={"reset": 1, "500": 1})
    assert len(emulator.truth("users")) > 0
    assert emulator.stats()["requests"] == 0


def test_every_answer_carries_the_rate_headers(start: Start) -> None:
    emulator = start(limiter="bucket", rate=(600, 10), token="sk_live_test")
    for path, method, status in (
        ("/users", "GET", 200),
        ("/x", "GET", 404),
        ("/users?limit=0", "GET", 400),
        ("/users", "PUT", 405),
    ):
        reply = ask(emulator.url, path, method)
        assert (reply.status, reply.headers["RateLimit-Limit"]) == (status, "600, 600;window=10")
        assert reply.headers["RateLimit-Reset"].isdigit()
    assert ask(emulator.url, "/users", authorization="").headers["RateLimit-Limit"] == "600, 600;window=10"


@pytest.mark.parametrize("limiter", ["bucket", "window"])
def test_who_asks_too_often_is_refused_and_told_so(start: Start, limiter: str) -> None:
    emulator = start(limiter=limiter, rate=(3, 3600))
    replies = [ask(emulator.url, "/admins") for _ in range(5)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
    assert [reply.headers["RateLimit-Remaining"] for reply in replies] == ["2", "1", "0", "0", "0"]
    reset = int(replies[-1].headers["RateLimit-Reset"])
    assert (1195 <= reset <= 1200) if limiter == "bucket" else (3595 <= reset <= 3600)
    assert emulator.stats()["http_429"] == 2


def test_a_switch_adds_retry_after(start: Start) -> None:
    emulator = start(limiter="window", rate=(1, 3600), switches={"rate.retry_after": "on"})
    assert ask(emulator.url, "/admins").headers["Retry-After"] is None
    refused = ask(emulator.url, "/admins")
    assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"]


def test_reads_cost_what_a_switch_says(start: Start) -> None:
    emulator = start(limiter="bucket", rate=(10, 3600), switches={"rate.read_cost": "4"})
    assert [ask(emulator.url, "/admins").status for _ in range(3)] == [200, 200, 429]


def test_without_a_limiter_there_are_no_rate_headers(lean: Running) -> None:
    assert not [name for name in ask(lean.url, "/users").headers if name.lower().startswith("ratelimit")]
