"""Which 2xx bodies are asked for again, and how often."""

from __future__ import annotations

import pytest

from headrace.envelope.split import compile_splitter
from headrace.errors import BodyRejected, RequestRefused, RetriesSpent
from headrace.model.envelope import Ask, Envelope
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import RetryPolicy
from headrace.transport.replay import Recorded
from tests.transport.stub import AT_ONCE, Answer, Heard, go, serving, talking

PAGE = Answer(body=b'{"data": [1]}')


def accept(reply: Reply) -> Envelope:
    return compile_splitter(Ask("data")).split(reply.body)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            b'{"count": 2, "results": [{"id": 1}, {"id": 2}]}',
            "the keys count, results, and a list of 2 is at `results`;",
        ),
        (b'{"results": [], "error": null}', "set the data selector to `results`"),
        (b'{"a": {"rows": [{"id": 1}]}}', "a list of 1 is at `a.rows`"),
        (b'[{"id": 1}]', "set the data selector to `$`"),
    ],
)
def test_a_selector_that_a_body_with_records_does_not_have_fails_at_once(body: bytes, says: str) -> None:
    async def test() -> None:
        async with serving([Answer(body=body), PAGE]) as stub, talking(stub.url) as transport:
            with pytest.raises(RequestRefused) as caught:
                await transport.fetch(PageRequest(f"{stub.url}/items"), AT_ONCE, accept)
        assert len(stub.asked) == 1
        sentence = str(caught.value)
        assert sentence.startswith(f"GET {stub.url}/items answered 200 OK, but the body has no records at `data`: ")
        assert says in sentence
        assert caught.value.status == 200

    go(test())


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "try later"}',
        b'{"errors": [{"message": "try later"}]}',
        b'{"error": {"message": "try later"}, "results": []}',
        b'{"message": "try later", "trace": ["a"]}',
    ],
)
def test_an_error_that_comes_with_200_is_asked_for_twice_more(body: bytes) -> None:
    async def test() -> None:
        trouble = Answer(body=body)
        async with serving([trouble, trouble, PAGE]) as stub, talking(stub.url) as transport:
            assert list((await transport.fetch(PageRequest(stub.url), AT_ONCE, accept)).records) == [b"1"]
        async with serving([trouble]) as stub, talking(stub.url) as transport:
            with pytest.raises(RetriesSpent, match=r"after 3 attempts, .*no records at `data`.*it says: .*try later"):
                await transport.fetch(PageRequest(stub.url), AT_ONCE, accept)
        assert len(stub.asked) == 3

    go(test())


@pytest.mark.parametrize("body", [b"<html>", b'{"results": [1', b"upstream", b""])
def test_a_body_that_is_no_json_has_all_attempts(body: bytes) -> None:
    async def test() -> None:
        broken = [Answer(body=body or b"\xff")] * 5
        async with serving([*broken, PAGE]) as stub, talking(stub.url) as transport:
            assert list((await transport.fetch(PageRequest(stub.url), AT_ONCE, accept)).records) == [b"1"]

    go(test())


NOTHING = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\n\r\n \r\n",
)


@pytest.mark.parametrize("raw", NOTHING)
def test_an_answer_of_nothing_is_asked_for_again(raw: bytes) -> None:
    async def test() -> None:
        heard = Heard()
        async with serving([Answer(raw=raw), PAGE]) as stub, talking(stub.url, heard.append) as transport:
            assert list((await transport.fetch(PageRequest(stub.url), AT_ONCE, accept)).records) == [b"1"]
        assert [retried.reason[3:] for retried in heard.retries] == [", but the body is empty"]

    go(test())


@pytest.mark.parametrize("raw", NOTHING)
def test_nothing_is_accepted_once_all_attempts_have_brought_it(raw: bytes) -> None:
    async def test() -> None:
        async with serving([Answer(raw=raw)]) as stub, talking(stub.url) as transport:
            envelope = await transport.fetch(PageRequest(stub.url), RetryPolicy(base_s=0.0, attempts=6), accept)
        assert (list(envelope.records), envelope.shape, len(stub.asked)) == ([], "empty_body", 6)

    go(test())


def test_nothing_after_an_error_is_no_page() -> None:
    async def test() -> None:
        answers = [*[Answer(503)] * 5, Answer(raw=NOTHING[0])]
        async with serving(answers) as stub, talking(stub.url) as transport:
            with pytest.raises(RetriesSpent, match="after 6 attempts, the last: 200, but the body is empty; run again"):
                await transport.fetch(PageRequest(stub.url), RetryPolicy(base_s=0.0, attempts=6), accept)

    go(test())


def test_nothing_that_is_not_accepted_in_the_end_is_an_error() -> None:
    async def test() -> None:
        def refuse(_reply: Reply) -> None:
            raise BodyRejected("The body is of no use")

        async with serving([Answer(raw=NOTHING[0])]) as stub, talking(stub.url) as transport:
            with pytest.raises(RetriesSpent, match="each time the same: 200, but the body is of no use; look at"):
                await transport.fetch(PageRequest(stub.url), AT_ONCE, refuse)

    go(test())


@pytest.mark.parametrize("status", [204, 205])
def test_a_status_that_has_no_body_is_an_answer_at_once(status: int) -> None:
    async def test() -> None:
        raw = f"HTTP/1.1 {status} No Content\r\nContent-Length: 0\r\n\r\n".encode()
        async with serving([Answer(raw=raw), PAGE]) as stub, talking(stub.url) as transport:
            assert (await transport.fetch(PageRequest(stub.url), AT_ONCE, accept)).shape == "empty_body"

    go(test())


def test_a_recording_passes_over_nothing_where_more_was_recorded() -> None:
    replies = [Reply(200, {}, body, "http://h/a", 0.0, 0.0) for body in (b"", PAGE.body, b"")]
    recorded = Recorded(replies)

    async def test() -> None:
        assert list((await recorded.fetch(PageRequest("http://h/a"), AT_ONCE, accept)).records) == [b"1"]
        assert (await recorded.fetch(PageRequest("http://h/a"), AT_ONCE, accept)).shape == "empty_body"

    go(test())


@pytest.mark.parametrize(("body", "kind", "asked"), [(b"{}", RetriesSpent, 3), (b"[{}]", RequestRefused, 1)])
def test_a_recording_keeps_the_same_rule(body: bytes, kind: type[Exception], asked: int) -> None:
    replies = [Reply(200, {}, body, "http://h/a", 0.0, 0.0) for _ in range(4)]
    recorded = Recorded(replies)

    async def test() -> None:
        with pytest.raises(kind):
            await recorded.fetch(PageRequest("http://h/a"), AT_ONCE, accept)
        assert len(recorded._replies["http://h/a"]) == 4 - asked

    go(test())


@pytest.mark.parametrize(("served", "waits_ms"), [(False, [1, 1, 1, 1, 1]), (True, [1, 2, 4, 8, 16])])
def test_a_page_of_html_that_stays_is_given_time_once_the_api_has_served(
    served: bool, waits_ms: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.transport.client.random.random", lambda: 1.0)

    async def test() -> None:
        heard = Heard()
        pages = [PAGE] * served + [Answer(body=b"<html>down</html>")]
        async with serving(pages) as stub, talking(stub.url, heard.append) as transport:
            policy = RetryPolicy(base_s=0.001, attempts=6)
            if served:
                await transport.fetch(PageRequest(stub.url), policy, accept)
            with pytest.raises(RetriesSpent, match="each time the same"):
                await transport.fetch(PageRequest(stub.url), policy, accept)
        assert [round(retried.wait_s * 1000) for retried in heard.retries] == waits_ms

    go(test())
