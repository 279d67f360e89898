"""What goes over the wire and comes back, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import subprocess
import zlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import brotli
import msgspec
import pytest
import zstandard

from headrace.errors import AnswerLate, BodyRejected, ConfigError, ForeignOrigin, RequestRefused, RetriesSpent
from headrace.model.event import Noticed
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import ApiKey, Auth, Bearer, Client, HttpBasic, RetryPolicy, Text, text
from headrace.transport.send import Timeouts
from tests.transport.stub import AT_ONCE, SECRETS, Answer, Asked, Heard, fetch, go, secret, serving, talking

SHORT = Timeouts(connect_s=0.5, read_s=0.1, total_s=0.3, longest_wait_s=5.0)


def test_pages_come_over_one_kept_connection() -> None:
    async def test() -> None:
        async with serving([Answer(body=b"[1]")]) as stub, talking(stub.url) as transport:
            for _ in range(5):
                assert (await fetch(transport, f"{stub.url}/a")).body == b"[1]"
        assert stub.connections == 1
        assert stub.asked[0].headers["user-agent"].startswith("headrace/")

    go(test())


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("br", brotli.compress),
        ("zstd", zstandard.compress),
    ],
)
def test_packed_bodies_are_unpacked(coding: str, pack: Callable[[bytes], bytes]) -> None:
    body = b'{"a": 1}' * 1000

    async def test() -> None:
        answer = Answer(body=pack(body), headers=(("Content-Encoding", coding),))
        async with serving([answer]) as stub, talking(stub.url) as transport:
            assert (await fetch(transport, f"{stub.url}/a")).body == body
        assert coding in stub.asked[0].headers["accept-encoding"]

    go(test())


def test_a_gzip_bomb_is_refused_at_once() -> None:
    async def test() -> None:
        bomb = gzip.compress(b"0" * 2_000_000)
        heard = Heard()
        async with (
            serving([Answer(body=bomb, headers=(("Content-Encoding", "gzip"),))]) as stub,
            talking(stub.url, heard.append, max_body_bytes=1_000_000) as transport,
        ):
            with pytest.raises(RequestRefused, match="larger than the 1,000,000 bytes"):
                await fetch(transport, f"{stub.url}/a")
        assert heard.faults == ["too_large"]

    go(test())


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer(body=b'{"a"', headers=(("Content-Length", "99"),), close=True), "truncated"),
        (Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", close=True), "truncated"),
        (Answer(body=gzip.compress(b"1" * 999)[:-4], headers=(("Content-Encoding", "gzip"),)), "truncated"),
        (Answer(body=b"plain", headers=(("Content-Encoding", "gzip"),)), "encoding"),
        (Answer(raw=b"HTTP/1.0 200 OK\r\n\r\n", close=True), "truncated"),
        (Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n[]", close=True), "protocol"),
        (Answer(reset=True), "reset"),
        (Answer(raw=b"", close=True), "reset"),
        (Answer(raw=b"SSH-2.0-OpenSSH_9.6\r\n\r\n", close=True), "protocol"),
    ],
)
def test_an_answer_that_is_not_whole_is_asked_for_again(answer: Answer, fault: str) -> None:
    async def test() -> None:
        heard = Heard()
        async with serving([answer, Answer(body=b"[]")]) as stub, talking(stub.url, heard.append) as transport:
            assert (await fetch(transport, f"{stub.url}/a")).body == b"[]"
        assert heard.faults == [fault]
        assert heard.statuses == [None, 200]
        assert [retried.attempt for retried in heard.retries] == [1]

    go(test())


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_status_that_may_pass_is_asked_again(status: int) -> None:
    async def test() -> None:
        heard = Heard()
        async with (
            serving([Answer(status), Answer(status), Answer(body=b"[]")]) as stub,
            talking(stub.url, heard.append) as transport,
        ):
            await fetch(transport, f"{stub.url}/a")
        assert heard.statuses == [status, status, 200]
        assert [retried.attempt for retried in heard.retries] == [1, 2]

    go(test())


def test_an_answer_that_does_not_come_is_a_timeout() -> None:
    async def test() -> None:
        heard = Heard()

        async def never(_asked: Asked) -> Answer:
            await asyncio.Event().wait()
            return Answer()

        async with serving(never) as stub, talking(stub.url, heard.append, timeouts=SHORT) as transport:
            with pytest.raises(RetriesSpent, match=r"after 2 attempts.*no whole answer came in time"):
                await fetch(transport, f"{stub.url}/a", RetryPolicy(attempts=2, base_s=0.0))
        assert heard.faults == ["timeout", "timeout"]

    go(test())


def test_a_stated_timeout_is_that_of_each_attempt_of_its_resource() -> None:
    async def test() -> None:
        heard = Heard()
        release = asyncio.Event()

        async def late(_asked: Asked) -> Answer:
            await release.wait()
            return Answer(body=b"[1]")

        async with serving(late) as stub, talking(stub.url, heard.append) as transport:
            with pytest.raises(AnswerLate, match=r"no whole answer came in time; state a longer `retry.timeout_s`"):
                await fetch(transport, f"{stub.url}/a", RetryPolicy(attempts=2, base_s=0.0, timeout_s=0.1))
            assert heard.faults == ["timeout", "timeout"]
            release.set()
            reply = await fetch(transport, f"{stub.url}/a", RetryPolicy(attempts=2, base_s=0.0, timeout_s=5.0))
            assert reply.body == b"[1]"

    go(test())


@pytest.mark.parametrize(
    ("headers", "params", "user", "words"),
    [
        ((("X-Key", text("k")),), (), "", "the header `X-Key` carries: check it."),
        (
            (("authorization", secret("plain")),),
            (),
            "",
            "the header `authorization` carries: check the env",
        ),
        ((("X-Tenant", text("t")),), (), "", "the API wants a credential: add `auth` to the client."),
        ((), (("api_key", text("k")),), "", "the parameter `api_key` carries: check it."),
        ((), (), "me:pw@", "the API refused the credential that the base URL carries: check it."),
    ],
)
def test_the_refusal_of_a_credential_names_what_carries_it(
    headers: tuple[tuple[str, Text], ...], params: tuple[tuple[str, Text], ...], user: str, words: str
) -> None:
    async def test() -> None:
        async with serving([Answer(401, b"")]) as stub:
            url = stub.url.replace("//", f"//{user}")
            async with talking(url) as transport:
                request = PageRequest(f"{stub.url}/a", headers=headers, params=params)
                with pytest.raises(RequestRefused) as raised:
                    await transport.fetch(request, RetryPolicy(attempts=1), lambda reply: reply)
        assert words in str(raised.value)
        assert "pw" not in str(raised.value)

    go(test())


def test_a_host_that_lets_nobody_connect_is_not_one_that_answers_late() -> None:
    async def test() -> None:
        with socket.socket() as full:  # its queue of connections is never emptied
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            address = full.getsockname()
            waiting = [socket.socket() for _ in range(8)]
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(address)
            url = f"http://127.0.0.1:{address[1]}"
            async with talking(url) as transport:
                with pytest.raises(RetriesSpent, match="no connection came about in time") as raised:
                    await fetch(transport, f"{url}/a", RetryPolicy(attempts=1, timeout_s=0.3))
            assert not isinstance(raised.value, AnswerLate)
            for each in waiting:
                each.close()

    go(test())


def test_a_host_that_refuses_connections_has_six_attempts() -> None:
    async def test() -> None:
        heard = Heard()
        async with serving([Answer()]) as stub:
            pass
        async with talking(stub.url, heard.append) as transport:
            with pytest.raises(
                RetriesSpent, match=r"after 6 attempts.*no connection to 127\.0\.0\.1:\d+ \(connection refused\);"
            ):
                await fetch(transport, f"{stub.url}/a")
        assert heard.faults == ["connect"] * 6

    go(test())


def test_a_known_api_has_all_attempts_while_the_retry_budget_lasts() -> None:
    async def test() -> None:
        heard = Heard()

        def script(asked: Asked) -> Answer:
            return Answer(503 if asked.target == "/bad" else 200)

        async with serving(script) as stub, talking(stub.url, heard.append) as transport:
            for _ in range(12):
                await fetch(transport, f"{stub.url}/good")
            with pytest.raises(RetriesSpent, match="after 8 attempts"):
                await fetch(transport, f"{stub.url}/bad")
            for attempts in (8, 6):  # 13 requests bore 7 retries, 14 bear 14: the budget is spent
                with pytest.raises(RetriesSpent, match=f"after {attempts} attempts"):
                    await fetch(transport, f"{stub.url}/bad")

    go(test())


@pytest.mark.parametrize("after", ["0", "Wed, 01 Jan 2020 00:00:00 GMT", "soon", "-5"])
def test_a_retry_after_that_asks_for_nothing_is_no_wait(after: str) -> None:
    async def test() -> None:
        heard = Heard()
        async with (
            serving([Answer(429, headers=(("Retry-After", after),)), Answer()]) as stub,
            talking(stub.url, heard.append) as transport,
        ):
            await fetch(transport, f"{stub.url}/a")
        assert [retried.wait_s for retried in heard.retries] == [0.0]

    go(test())


def test_a_retry_after_of_nothing_does_not_use_up_the_attempts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.5)

    async def test() -> None:
        heard = Heard()
        refusal = Answer(429, headers=(("Retry-After", "0"),))
        async with serving([refusal, refusal, refusal, Answer()]) as stub, talking(stub.url, heard.append) as transport:
            await fetch(transport, f"{stub.url}/a", RetryPolicy(base_s=0.002))
        assert [retried.wait_s for retried in heard.retries] == [0.001, 0.002, 0.004]

    go(test())


def test_an_absurd_retry_after_is_ignored_and_told() -> None:
    async def test() -> None:
        heard = Heard()
        async with (
            serving([Answer(429, headers=(("Retry-After", "99999999"),)), Answer()]) as stub,
            talking(stub.url, heard.append) as transport,
        ):
            await fetch(transport, f"{stub.url}/a")
        assert [event.message for event in heard if isinstance(event, Noticed)] == [
            "a Retry-After of '99999999' was ignored"
        ]

    go(test())


@pytest.mark.parametrize("after", ["7200", "7200.5"])
def test_a_wait_beyond_the_longest_ends_the_fetch(after: str) -> None:
    async def test() -> None:
        heard = Heard()
        async with (
            serving([Answer(429, headers=(("Retry-After", after),))]) as stub,
            talking(stub.url, heard.append, timeouts=SHORT) as transport,
        ):
            with pytest.raises(RetriesSpent, match=r"asks to wait 2 h.*run again") as caught:
                await fetch(transport, f"{stub.url}/a")
        assert caught.value.status == 429
        assert heard.statuses == [429]

    go(test())


def test_a_body_that_is_not_accepted_is_asked_for_again() -> None:
    async def test() -> None:
        heard = Heard()

        def accept(reply: Reply) -> bytes:
            if reply.body.startswith(b"<"):
                raise BodyRejected("the body is HTML")
            return reply.body

        html = Answer(body=b"<html>")
        async with serving([html, Answer(body=b"[]")]) as stub, talking(stub.url, heard.append) as transport:
            assert await transport.fetch(PageRequest(f"{stub.url}/a"), AT_ONCE, accept) == b"[]"
        assert [retried.reason for retried in heard.retries] == ["200, but the body is HTML"]
        async with serving([html]) as stub, talking(stub.url) as transport:
            with pytest.raises(RetriesSpent, match="each time the same: 200, but the body is HTML; look at what"):
                await transport.fetch(PageRequest(f"{stub.url}/a"), AT_ONCE, accept)

    go(test())


def test_what_accept_raises_otherwise_passes_through() -> None:
    async def test() -> None:
        def accept(_reply: Reply) -> None:
            raise LookupError

        async with serving([Answer()]) as stub, talking(stub.url) as transport:
            with pytest.raises(LookupError):
                await transport.fetch(PageRequest(f"{stub.url}/a"), AT_ONCE, accept)
            assert len(stub.asked) == 1

    go(test())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'"No such key."', "No such key"),
        (b'{"error": {"message": "No such key", "code": 7}}', "No such key"),
        (b'{"type": "about:blank", "title": "Bad", "detail": "No such key"}', "No such key"),
        (b'[{"instancePath": "/limit", "message": "No such key"}]', "No such key (at /limit)"),
        (b"<!doctype html><html><title>No &amp; such\n key</title></html>", 'an HTML page, "No & such key"'),
        (b"", ""),
    ],
)
def test_a_refusal_fails_at_once_with_what_the_api_says(status: int, body: bytes, said: str) -> None:
    async def test() -> None:
        heard = Heard()
        async with (
            serving([Answer(status, body)]) as stub,
            talking(stub.url, heard.append) as transport,
        ):
            with pytest.raises(RequestRefused) as caught:
                await fetch(transport, PageRequest(f"{stub.url}/a?limit=x", auth=Bearer(secret("plain"))))
        message = str(caught.value)
        assert said in message
        assert f"GET {stub.url}/a?limit=x was refused with {status} " in message
        assert message.endswith(".")
        assert "\n" not in message
        assert ": ;" not in message
        assert caught.value.status == status
        assert heard.statuses == [status]

    go(test())


BASIC = "Basic " + b64encode(b"me:plain-secret-12345").decode()
AUTHS: list[tuple[Auth, str, str]] = [
    (HttpBasic(text("me"), secret("plain")), "authorization", BASIC),
    (HttpBasic(secret("plain"), text("")), "authorization", "Basic " + b64encode(b"plain-secret-12345:").decode()),
    (
        HttpBasic(secret("plain"), secret("missing")),
        "authorization",
        "Basic " + b64encode(b"plain-secret-12345:").decode(),
    ),
    (HttpBasic(secret("whole"), text("")), "authorization", BASIC),
    (HttpBasic(text(""), secret("whole")), "authorization", BASIC),
    (Bearer(secret("plain")), "authorization", "Bearer plain-secret-12345"),
    (ApiKey(secret("plain"), "X-Key"), "x-key", "plain-secret-12345"),
    (ApiKey(secret("plain"), "sid", "cookie"), "cookie", "sid=plain-secret-12345"),
]


@pytest.mark.parametrize(("auth", "name", "value"), AUTHS)
def test_a_credential_is_sent_in_its_place_and_never_told(auth: Auth, name: str, value: str) -> None:
    async def test() -> None:
        heard = Heard()

        def script(asked: Asked) -> Answer:
            sent = asked.headers[name]
            return Answer(401, f'{{"error": "bad {sent} or {value.rsplit(maxsplit=1)[-1]}"}}'.encode())

        more = {"secrets": {"whole": BASIC}}
        async with serving(script) as stub, talking(stub.url, heard.append, **more) as transport:
            with pytest.raises(RequestRefused) as caught:
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=auth))
        assert stub.asked[0].headers[name] == value
        told = f"{caught.value} {caught.value.url} {heard}"
        assert "***" in told
        for form in {value, value.rsplit(maxsplit=1)[-1], SECRETS["plain"]}:
            assert form not in told

    go(test())


def test_no_auth_sends_none() -> None:
    async def test() -> None:
        async with serving([Answer()]) as stub, talking(stub.url) as transport:
            await fetch(transport, f"{stub.url}/a")
        assert not stub.asked[0].headers.keys() & {"authorization", "cookie"}

    go(test())


def test_a_key_in_the_query_takes_the_place_of_the_one_that_a_link_repeats() -> None:
    async def test() -> None:
        key = ApiKey(secret("token"), "api_key", "query")
        async with serving([Answer()]) as stub, talking(stub.url) as transport:
            first = await fetch(transport, PageRequest(f"{stub.url}/a", params=(("n", text("1")),), auth=key))
            await fetch(transport, PageRequest(f"{stub.url}/a?api_key=s3cr3t%2Fto%2Bken%26%C3%A9&c=a%2fb+c~", auth=key))
        assert stub.targets == [
            "/a?n=1&api_key=s3cr3t%2Fto%2Bken%26%C3%A9",
            "/a?c=a%2fb+c~&api_key=s3cr3t%2Fto%2Bken%26%C3%A9",
        ]
        assert first.url == f"{stub.url}/a?n=1&api_key=***"

    go(test())


@pytest.mark.parametrize("query", ["a=1&a=2&b=%2f%2F+%20", "f[x]=1,2;3", "q=a%26b&e=&f", "from=eyJh=="])
def test_the_query_of_a_url_is_kept_byte_for_byte(query: str) -> None:
    async def test() -> None:
        async with serving([Answer()]) as stub, talking(stub.url) as transport:
            await fetch(transport, f"{stub.url}/a?{query}")
        assert stub.targets == [f"/a?{query}"]

    go(test())


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
def test_a_redirect_of_a_post_is_followed_as_the_standard_says(status: int, method: str) -> None:
    async def test() -> None:
        answers = [Answer(status, headers=(("Location", "/b?x=1"),)), Answer(body=b"[]")]
        async with serving(answers) as stub, talking(stub.url) as transport:
            request = PageRequest(f"{stub.url}/a", "POST", json={"k": 1}, params=(("p", text("1")),))
            await fetch(transport, with_bearer(request))
        assert [(asked.method, asked.target) for asked in stub.asked] == [("POST", "/a?p=1"), (method, "/b?x=1")]
        assert stub.asked[1].body == (b'{"k":1}' if method == "POST" else b"")
        assert stub.asked[1].headers["authorization"] == "Bearer plain-secret-12345"

    go(test())


def with_bearer(request: PageRequest) -> PageRequest:
    return PageRequest(
        request.url, request.method, request.params, request.headers, request.json, auth=Bearer(secret("plain"))
    )


def test_redirects_in_a_circle_end() -> None:
    async def test() -> None:
        async with (
            serving([Answer(302, headers=(("Location", "/a"),))]) as stub,
            talking(stub.url) as transport,
        ):
            with pytest.raises(RequestRefused, match="redirected more than 10 times"):
                await fetch(transport, f"{stub.url}/a")
        assert len(stub.asked) == 11

    go(test())


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/x", "mailto:a@b", "http://[::1"])
def test_a_redirect_to_what_is_no_http_url_is_refused(location: str) -> None:
    async def test() -> None:
        async with (
            serving([Answer(302, headers=(("Location", location),))]) as stub,
            talking(stub.url) as transport,
        ):
            with pytest.raises(RequestRefused, match="A redirect leads to"):
                await fetch(transport, f"{stub.url}/a")

    go(test())


def test_another_origin_is_an_error_unless_it_is_allowed() -> None:
    async def test() -> None:
        async with serving([Answer(body=b"[2]")]) as other:
            there = Answer(307, headers=(("Location", f"{other.url}/there"),))
            async with serving([there]) as stub, talking(stub.url) as transport:
                with pytest.raises(ForeignOrigin, match=r"A redirect leads from .* allow it with --allow-origin"):
                    await fetch(transport, f"{stub.url}/a")
                with pytest.raises(ForeignOrigin, match="A next link leads from"):
                    await fetch(transport, f"{other.url}/a")
            assert other.asked == []

    go(test())


def test_an_allowed_origin_gets_no_secret_in_any_place() -> None:
    async def test() -> None:
        plain = SECRETS["plain"]
        async with serving([Answer(body=b"[2]")]) as other:
            link = f"{other.url}/there?page=2&api_key={plain}&also={plain}&sig=abc&x={plain.upper()}"
            client = Client("", allowed_origins=(other.url,))
            async with serving([Answer(307, headers=(("Location", link),))]) as stub:
                home = Client(
                    stub.url, headers=(("X-Team", secret("plain")), ("X-Api-Key", text("k")), ("X-Plain", text("p"))),
                    allowed_origins=client.allowed_origins,
                )  # fmt: skip
                async with talking(home) as transport:
                    request = PageRequest(
                        f"{stub.url}/a",
                        "POST",
                        json={"token": secret("plain")},
                        params=(("t", secret("plain")),),
                        auth=ApiKey(secret("plain"), "api_key", "query"),
                    )
                    assert (await fetch(transport, request)).body == b"[2]"
                    form = (("secret", secret("plain")), ("plain", text("1")))
                    await fetch(
                        transport, PageRequest(f"{other.url}/b", "POST", form=form, auth=Bearer(secret("plain")))
                    )
        assert stub.asked[0].headers["x-team"] == plain
        assert other.targets == [f"/there?page=2&x={plain.upper()}", "/b"]
        assert plain not in repr(other.asked)
        assert not other.asked[0].headers.keys() & {"x-team", "x-api-key", "authorization", "cookie"}
        assert other.asked[0].headers["x-plain"] == "p"
        assert other.asked[1].body == b"plain=1"

    go(test())


def test_requests_are_charged_by_origin_and_credential() -> None:
    async def test() -> None:
        waiting: dict[str, int] = {}
        most: dict[str, int] = {}
        free = asyncio.Event()

        async def script(asked: Asked) -> Answer:
            who = asked.headers.get("authorization", "")
            waiting[who] = waiting.get(who, 0) + 1
            most[who] = max(most.get(who, 0), waiting[who])
            if sum(waiting.values()) == 4:
                free.set()
            await free.wait()
            waiting[who] -= 1
            return Answer()

        async with serving(script) as stub, talking(stub.url, max_concurrency=2) as transport:
            requests = [
                PageRequest(f"{stub.url}/a", auth=Bearer(text(who))) for who in ("one", "two") for _ in range(5)
            ]
            await asyncio.gather(*(fetch(transport, request) for request in requests))
        assert most == {"Bearer one": 2, "Bearer two": 2}

    go(test())


def test_a_cancelled_fetch_gives_back_its_lease() -> None:
    async def test() -> None:
        arrived = asyncio.Event()

        async def script(asked: Asked) -> Answer:
            if asked.target == "/hangs":
                arrived.set()
                await asyncio.Event().wait()
            return Answer(body=b"[]")

        heard = Heard()
        async with serving(script) as stub, talking(stub.url, heard.append, max_concurrency=1) as transport:
            hanging = asyncio.create_task(fetch(transport, f"{stub.url}/hangs"))
            await arrived.wait()
            queued = asyncio.create_task(fetch(transport, f"{stub.url}/queued"))
            waits = asyncio.create_task(fetch(transport, f"{stub.url}/waits"))
            await asyncio.sleep(0)
            queued.cancel()
            hanging.cancel()
            assert (await asyncio.wait_for(waits, 5)).body == b"[]"
            assert {hanging.cancelled(), queued.cancelled()} == {True}
        assert "/queued" not in stub.targets
        assert (heard.statuses, heard.faults) == ([None, 200], ["cancelled"])  # what was sent is counted

    go(test())


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY"])
def test_a_proxy_of_the_environment_is_not_used_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    async def test() -> None:
        async with serving([Answer(body=b"proxy")]) as proxy, serving([Answer(body=b"api")]) as stub:
            monkeypatch.setenv(variable, proxy.url)
            async with talking(stub.url) as transport:
                assert (await fetch(transport, f"{stub.url}/a")).body == b"api"
            assert proxy.asked == []

    monkeypatch.delenv("REQUEST_METHOD", raising=False)
    go(test())


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_of_the_environment_is_used_elsewhere(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    async def test() -> None:
        async with serving([Answer(body=b"proxy")]) as proxy:
            for name in ("no_proxy", "NO_PROXY", "http_proxy"):
                monkeypatch.delenv(name, raising=False)
            monkeypatch.setenv("http_proxy", scheme + proxy.url.removeprefix("http://"))
            async with talking("http://api.invalid") as transport:
                assert (await fetch(transport, "http://api.invalid/a")).body == b"proxy"
            assert proxy.targets == ["http://api.invalid/a"]
            monkeypatch.setenv("no_proxy", "api.invalid")
            async with talking("http://api.invalid") as transport:
                with pytest.raises(RetriesSpent):
                    await fetch(transport, "http://api.invalid/a", RetryPolicy(attempts=1))
            assert len(proxy.asked) == 1

    go(test())


def test_a_certificate_that_does_not_verify_fails_at_once(tmp_path: Path) -> None:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -keyout key.pem -out cert.pem"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    async def test() -> None:
        heard = Heard()
        async with serving([Answer()], tls=context) as stub, talking(stub.url, heard.append) as transport:
            with pytest.raises(RequestRefused) as caught:
                await fetch(transport, f"{stub.url}/a")
        assert str(caught.value) == (
            f"GET {stub.url}/a failed: the server's certificate is not valid (self-signed certificate); "
            "set SSL_CERT_FILE to the certificate of its authority if you trust that."
        )
        assert heard.faults == ["tls"]
        assert stub.asked == []

    go(test())


def test_cookies_are_neither_kept_nor_sent_back() -> None:
    async def test() -> None:
        async with (
            serving([Answer(headers=(("Set-Cookie", "sid=abc"), ("X-A", "1"), ("X-A", "2")))]) as stub,
            talking(stub.url) as transport,
        ):
            reply = await fetch(transport, f"{stub.url}/a")
            await fetch(transport, f"{stub.url}/a")
        assert "set-cookie" not in reply.headers
        assert reply.headers["x-a"] == "1, 2"
        assert "cookie" not in stub.asked[1].headers

    go(test())


@pytest.mark.parametrize("value", ["two\nlines", "nul\0", ""])
def test_a_token_that_cannot_be_sent_is_named_and_not_shown(value: str) -> None:
    async def test() -> None:
        async with serving([Answer()]) as stub, talking(stub.url, secrets={"bad": value}) as transport:
            with pytest.raises(ConfigError, match="The token 'bad'") as caught:
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=Bearer(secret("bad"))))
            assert not value or value not in str(caught.value)
            with pytest.raises(ConfigError, match="The secret 'nowhere' is not set; put it in"):
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=Bearer(secret("nowhere"))))
        assert stub.asked == []

    go(test())


def test_a_user_in_the_base_url_is_its_credential_and_is_not_shown() -> None:
    async def test() -> None:
        async with serving([Answer(404)]) as stub:
            url = stub.url.replace("//", "//me:p%40ss-word@")
            async with talking(url) as transport:
                with pytest.raises(RequestRefused) as caught:
                    await fetch(transport, f"{url}/a")
        assert stub.asked[0].headers["authorization"] == "Basic " + b64encode(b"me:p@ss-word").decode()
        assert "p%40ss-word" not in f"{caught.value}{caught.value.url}"

    go(test())


@pytest.mark.parametrize(
    "request_",
    [
        PageRequest("{}/a", params=(("api_key", text("PARAMKEY55")),)),
        PageRequest("{}/a?api_key=PARAMKEY55"),
        PageRequest("{}/a?x=1&X-Amz-Signature=PARAM%4BEY55"),
        PageRequest("{}/a", "POST", form=(("password", text("PARAMKEY55")),)),
        PageRequest("{}/a", "POST", json={"login": [{"password": "PARAMKEY55"}]}),
        PageRequest("{}/a", "POST", json={"login": {"secret": text("PARAMKEY55")}}),
        PageRequest("{}/a", headers=(("X-Api-Key", text("PARAMKEY55")),)),
    ],
)
def test_what_is_a_credential_by_its_name_is_not_told_when_the_api_repeats_it(request_: PageRequest) -> None:
    async def test() -> None:
        answer = Answer(400, b'{"error": "bad PARAMKEY55 on page 1"}')
        async with serving([answer]) as stub, talking(stub.url) as transport:
            with pytest.raises(RequestRefused, match=r"400 Bad Request: bad \*\*\* on page 1;") as caught:
                await fetch(transport, msgspec.structs.replace(request_, url=request_.url.format(stub.url)))
        asked = stub.asked[0]
        assert "PARAMKEY55" in f"{asked.target} {asked.headers} {asked.body!r}".replace("%4B", "K")
        assert "KEY55" not in f"{caught.value}{caught.value.url}"

    go(test())


def test_a_secret_that_the_cut_of_a_message_halves_is_not_shown() -> None:
    async def test() -> None:
        body = b"x" * 290 + b" plain-secret-12345"
        async with serving([Answer(403, body)]) as stub, talking(stub.url) as transport:
            with pytest.raises(RequestRefused) as caught:
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=Bearer(secret("plain"))))
        assert "plain-" not in str(caught.value)

    go(test())


def test_statuses_that_an_error_handler_left_out_fail_at_once() -> None:
    async def test() -> None:
        async with serving([Answer(500)]) as stub, talking(stub.url) as transport:
            with pytest.raises(RequestRefused, match="500 Internal Server Error"):
                await fetch(transport, f"{stub.url}/a", RetryPolicy(statuses=(429,)))
        assert len(stub.asked) == 1

    go(test())


def test_a_kept_connection_that_is_dropped_is_one_attempt_that_is_counted() -> None:
    """The HTTP library would ask again by itself, unpaid and untold."""

    async def test() -> None:
        heard = Heard()
        dropped: list[int] = []

        def script(asked: Asked) -> Answer:
            if asked.target == "/b" and not dropped:
                dropped.append(asked.connection)
                return Answer(reset=True)
            return Answer(body=b"[]")

        async with serving(script) as stub, talking(stub.url, heard.append) as transport:
            await fetch(transport, f"{stub.url}/a")
            await fetch(transport, f"{stub.url}/b")
        assert dropped == [stub.asked[0].connection]
        assert stub.targets == ["/a", "/b", "/b"]
        assert heard.statuses == [200, None, 200]
        assert (heard.faults, len(heard.retries)) == (["reset"], 1)

    go(test())


def test_bytes_of_headers_that_are_no_text_are_written_as_in_a_url() -> None:
    async def test() -> None:
        moved = Answer(raw=b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /b?q=\xe9\r\n\r\n")
        linked = Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nLink: </c?q=\xe9\xc3\xa9>; rel=next\r\n\r\n[]")
        async with serving([moved, linked]) as stub, talking(stub.url) as transport:
            reply = await fetch(transport, f"{stub.url}/a")
        assert stub.targets == ["/a", "/b?q=%E9"]
        assert reply.headers["link"] == "</c?q=%E9é>; rel=next"

    go(test())


HALF = "a\udce9"


@pytest.mark.parametrize(
    "request_",
    [
        PageRequest("{}/a?c=" + HALF),
        PageRequest("{}/a", params=(("c", text(HALF)),)),
        PageRequest("{}/a", method="POST", json={"c": HALF}),
        PageRequest("{}/a", method="POST", form=(("c", text(HALF)),)),
    ],
)
def test_half_a_surrogate_pair_is_an_error_and_no_crash(request_: PageRequest) -> None:
    async def test() -> None:
        async with serving([Answer()]) as stub, talking(stub.url) as transport:
            with pytest.raises(RequestRefused, match="half a surrogate pair"):
                await fetch(transport, msgspec.structs.replace(request_, url=request_.url.format(stub.url)))
        assert stub.asked == []

    go(test())


def test_a_secret_that_is_no_text_is_named_and_not_shown() -> None:
    async def test() -> None:
        async with serving([Answer()]) as stub, talking(stub.url, secrets={"plain": HALF}) as transport:
            with pytest.raises(ConfigError, match="value of 'plain' is not UTF-8"):
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=Bearer(secret("plain"))))

    go(test())


def test_a_proxy_that_is_no_http_proxy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        monkeypatch.setenv("http_proxy", "socks5://me:pw@127.0.0.1:1")
        monkeypatch.setenv("no_proxy", "")
        async with talking("http://api.test") as transport:
            with pytest.raises(RequestRefused, match="for http is no HTTP proxy; check the proxy that"):
                await fetch(transport, "http://api.test/a")

    go(test())
