"""Response actions, bodies that are sent as they are, and cookies, over real sockets."""

from __future__ import annotations

import pytest

from headrace.errors import BodyRejected, RequestRefused, RetriesSpent
from headrace.model.event import Noticed
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import ApiKey, Client, Ref, ResponseAction, RetryPolicy, text
from headrace.transport.base import Ignored, Transport
from tests.transport.stub import AT_ONCE, SECRETS, Answer, Heard, fetch, go, secret, serving, talking, whole

RETRIED = ResponseAction(content="try again", action="retry")


async def act(transport: Transport, url: str, *actions: ResponseAction, retry: RetryPolicy = AT_ONCE) -> Reply:
    return await transport.fetch(PageRequest(f"{url}/a"), retry, whole, actions)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 429, 500, 503])
def test_an_ignored_status_is_asked_once_and_handed_back(status: int) -> None:
    async def test() -> None:
        heard = Heard()
        headers = (("Retry-After", "7200"), ("Location", "/b"))
        async with (
            serving([Answer(status, headers=headers)]) as stub,
            talking(stub.url, heard.append) as transport,
        ):
            with pytest.raises(Ignored) as caught:
                await act(transport, stub.url, ResponseAction(status=status))
        assert caught.value.status == status
        assert caught.value.why.startswith(f"the API answered {status} ")
        assert caught.value.why.endswith(", which a response action ignores")
        assert stub.targets == ["/a"]
        assert heard.statuses == [status]
        assert not [event for event in heard if isinstance(event, Noticed)]

    go(test())


@pytest.mark.parametrize(
    ("action", "holds"),
    [
        (ResponseAction(), True),
        (ResponseAction(status=404), True),
        (ResponseAction(status=403), False),
        (ResponseAction(content="not here"), True),
        (ResponseAction(content="Not here"), False),
        (ResponseAction(status=404, content="not here"), True),
        (ResponseAction(status=403, content="not here"), False),
        (ResponseAction(status=404, content="elsewhere"), False),
        (ResponseAction(content="größer"), True),
    ],
)
@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("application/json", "utf-8"),
        ("text/plain; charset=UTF-8", "utf-8"),
        ('text/plain; charset="iso-8859-1"', "latin-1"),
        ("text/plain; charset=utf-16", "utf-16"),
        ("text/plain; charset=unheard-of", "utf-8"),
        ("text/plain; charset=hex", "utf-8"),
    ],
)
def test_status_and_content_must_both_hold(
    action: ResponseAction, holds: bool, content_type: str, charset: str
) -> None:
    async def test() -> None:
        body = '{"message": "it is not here, but größer"}'.encode(charset)
        answer = Answer(404, body, (("Content-Type", content_type),))
        async with serving([answer]) as stub, talking(stub.url) as transport:
            with pytest.raises(Ignored if holds else RequestRefused):
                await act(transport, stub.url, action)

    go(test())


def test_the_first_action_that_holds_wins() -> None:
    async def test() -> None:
        again = ResponseAction(status=404, action="retry")
        ignored = ResponseAction(status=404)
        answers = [Answer(404), Answer(body=b"[]")]
        async with serving(answers) as stub, talking(stub.url) as transport:
            assert (await act(transport, stub.url, RETRIED, again, ignored)).body == b"[]"
        async with serving(answers) as stub, talking(stub.url) as transport:
            with pytest.raises(Ignored):
                await act(transport, stub.url, RETRIED, ignored, again)

    go(test())


def test_what_no_action_holds_for_is_judged_as_ever() -> None:
    async def test() -> None:
        heard = Heard()
        async with (
            serving([Answer(503), Answer(body=b"[]")]) as stub,
            talking(stub.url, heard.append) as transport,
        ):
            await act(transport, stub.url, ResponseAction(status=404), RETRIED)
        assert heard.statuses == [503, 200]

    go(test())


def test_a_success_with_an_error_body_is_asked_again() -> None:
    async def test() -> None:
        heard = Heard()
        answers = [Answer(body=b'{"error": "busy, try again"}', headers=(("Retry-After", "0"),)), Answer(body=b"[]")]
        async with serving(answers) as stub, talking(stub.url, heard.append) as transport:
            assert (await act(transport, stub.url, RETRIED)).body == b"[]"
        assert [retried.reason for retried in heard.retries] == ["200 OK with 'try again' in the body: busy, try again"]
        async with serving(answers[:1]) as stub, talking(stub.url) as transport:
            with pytest.raises(RetriesSpent, match="after 3 attempts, the last: 200 OK with 'try again' in the body"):
                await act(transport, stub.url, RETRIED, retry=RetryPolicy(attempts=3, base_s=0.0))
            assert len(stub.asked) == 3

    go(test())


def test_a_body_that_is_ignored_is_never_looked_at() -> None:
    async def test() -> None:
        def accept(_reply: Reply) -> None:
            raise BodyRejected("no page")

        async with serving([Answer(body=b"gone")]) as stub, talking(stub.url) as transport:
            with pytest.raises(Ignored, match="200 OK with 'gone' in the body"):
                await transport.fetch(PageRequest(f"{stub.url}/a"), AT_ONCE, accept, (ResponseAction(content="gone"),))

    go(test())


def test_the_reason_of_an_end_holds_no_secret() -> None:
    async def test() -> None:
        async with serving([Answer(404, SECRETS["plain"].encode())]) as stub, talking(stub.url) as transport:
            request = PageRequest(f"{stub.url}/a", auth=ApiKey(secret("plain")))
            with pytest.raises(Ignored) as caught:
                await transport.fetch(request, AT_ONCE, whole, (ResponseAction(content=SECRETS["plain"]),))
        assert SECRETS["plain"] not in caught.value.why

    go(test())


@pytest.mark.parametrize("stated", [None, "text/plain", "application/x-ndjson"])
def test_a_raw_body_is_sent_as_it_is(stated: str | None) -> None:
    async def test() -> None:
        headers = (("content-type", text(stated)),) if stated else ()
        async with serving([Answer()]) as stub, talking(stub.url) as transport:
            body = text("{ 'ä' }\n", Ref("plain"))
            request = PageRequest(f"{stub.url}/a", "POST", headers=headers, raw_body=body)
            await fetch(transport, request)
        assert stub.asked[0].body == "{ 'ä' }\nplain-secret-12345".encode()
        assert stub.asked[0].headers.get("content-type") == stated

    go(test())


def test_a_raw_body_follows_a_redirect_as_any_body_does_and_no_secret_goes_elsewhere() -> None:
    async def test() -> None:
        async with serving([Answer(body=b"[]")]) as other:
            there = Answer(307, headers=(("Location", f"{other.url}/there"),))
            answers = [there, Answer(303, headers=(("Location", "/c"),)), Answer()]
            async with serving(answers) as stub:
                client = Client(stub.url, allowed_origins=(other.url,))
                await send(client, PageRequest(f"{stub.url}/a", "POST", raw_body=text("x", Ref("plain"))))
                await send(client, PageRequest(f"{stub.url}/b", "POST", raw_body=text("x")))
                await send(client, PageRequest(f"{other.url}/d", "POST", raw_body=text("x")))
        assert [(asked.method, asked.body) for asked in stub.asked[1:]] == [("POST", b"x"), ("GET", b"")]
        assert [(asked.method, asked.body) for asked in other.asked] == [("POST", b""), ("POST", b"x")]

    go(test())


def test_references_in_keys_and_values_of_a_json_body_are_filled_in() -> None:
    async def test() -> None:
        async with serving([Answer(body=b"[]")]) as other, serving([Answer()]) as stub:
            client = Client(stub.url, allowed_origins=(other.url,))
            body = {text("k-", Ref("plain")): [{"a": text("v-", Ref("plain"))}, 1, None]}
            await send(client, PageRequest(f"{stub.url}/a", "POST", json=body))
            await send(client, PageRequest(f"{other.url}/a", "POST", json={text(Ref("plain")): 1}))
        assert stub.asked[0].body == b'{"k-plain-secret-12345":[{"a":"v-plain-secret-12345"},1,null]}'
        assert other.asked[0].body == b""

    go(test())


async def send(client: Client, request: PageRequest) -> None:
    async with talking(client) as transport:
        await fetch(transport, request)


def test_a_key_in_a_cookie_joins_the_cookies_of_the_configuration() -> None:
    async def test() -> None:
        async with serving([Answer()]) as stub:
            client = Client(stub.url, headers=(("Cookie", text("lang=en")),))
            async with talking(client) as transport:
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=ApiKey(secret("plain"), "sid", "cookie")))
        assert stub.asked[0].headers["cookie"] == "lang=en; sid=plain-secret-12345"

    go(test())
