"""Access tokens over real sockets: how they are asked for, kept, renewed and refused."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from headrace.errors import ConfigError, ForeignOrigin, RequestRefused, RetriesSpent, SourceError
from headrace.model.page import PageRequest
from headrace.model.plan import ApiKey, Client, OAuth2ClientCredentials, Ref, ResponseAction, RetryPolicy, Text, text
from headrace.transport.base import Ignored
from headrace.transport.prepare import Preparer
from headrace.transport.redact import Redactor
from headrace.transport.resolve import Resolver
from tests.transport.stub import AT_ONCE, Answer, Asked, Heard, fetch, go, secret, serving, talking, whole

ID, SECRET = "client:1", "s3cret&söme/thing"
SECRETS = {"id": ID, "secret": SECRET, "given": "given-token-123456"}


@dataclass
class Issuer:
    """A token endpoint that numbers its tokens, and an API that takes those of `good` (None: all)."""

    more: dict[str, Any] = field(default_factory=lambda: {"expires_in": 3600})
    good: set[str] | None = None
    given: int = 0

    def token(self, _asked: Asked) -> Answer:
        self.given += 1
        return Answer(body=json.dumps({"access_token": f"token-number-{self.given}", **self.more}).encode())

    def api(self, asked: Asked) -> Answer:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        fine = bool(token) and (self.good is None or token in self.good)
        return Answer(body=b"[]") if fine else Answer(401, b'{"error": "bad token"}')

    def both(self, asked: Asked) -> Answer:
        return self.token(asked) if asked.target == "/token" else self.api(asked)


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def credentials(url: str, **more: Any) -> OAuth2ClientCredentials:
    return OAuth2ClientCredentials(text(f"{url}/token"), secret("id"), secret("secret"), **more)


def sent(asked: Asked) -> dict[str, str]:
    return dict(parse_qsl(asked.body.decode(), keep_blank_values=True))


def bearers(asked: list[Asked]) -> list[str]:
    return [one.headers["authorization"] for one in asked if one.target != "/token"]


def many_at_once(url: str, auth: OAuth2ClientCredentials, count: int) -> list[PageRequest]:
    return [PageRequest(f"{url}/{number}", auth=auth, resource=f"walk{number}") for number in range(count)]


def test_id_and_secret_go_in_the_form_as_dlt_sends_them() -> None:
    async def test() -> None:
        issuer = Issuer()
        async with serving(issuer.token) as tokens, serving(issuer.api) as stub:
            client = Client(stub.url, headers=(("X-Api-Key", text("of-the-api")), ("X-Team", text("a"))))
            auth = credentials(tokens.url, request_data=(("scope", text("read all")), ("audience", secret("plain"))))
            async with talking(client, secrets=SECRETS) as transport:
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=auth))
        (asked,) = tokens.asked
        assert (asked.method, asked.target) == ("POST", "/token")
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        assert parse_qsl(asked.body.decode()) == [
            ("client_id", ID),
            ("client_secret", SECRET),
            ("grant_type", "client_credentials"),
            ("scope", "read all"),
            ("audience", "plain-secret-12345"),
        ]
        assert not asked.headers.keys() & {"authorization", "x-api-key", "x-team", "cookie"}
        assert stub.asked[0].headers["authorization"] == "Bearer token-number-1"

    go(test())


def test_id_and_secret_are_encoded_before_they_go_in_a_basic_header() -> None:
    async def test() -> None:
        issuer = Issuer()
        async with serving(issuer.both) as stub, talking(stub.url, secrets=SECRETS) as transport:
            auth = credentials(stub.url, client_auth="basic")
            await fetch(transport, PageRequest(f"{stub.url}/a", auth=auth))
        scheme, _, encoded = stub.asked[0].headers["authorization"].partition(" ")
        assert (scheme, b64decode(encoded)) == ("Basic", b"client%3A1:s3cret%26s%C3%B6me%2Fthing")
        assert sent(stub.asked[0]) == {"grant_type": "client_credentials"}

    go(test())


def test_fields_of_the_request_data_win() -> None:
    async def test() -> None:
        issuer = Issuer()
        data = (("grant_type", text("password")), ("password", text("hunter2-and-more")))
        async with serving(issuer.both) as stub, talking(stub.url, secrets=SECRETS) as transport:
            await fetch(transport, PageRequest(f"{stub.url}/a", auth=credentials(stub.url, request_data=data)))
        assert sent(stub.asked[0]) == {
            "client_id": ID, "client_secret": SECRET, "grant_type": "password", "password": "hunter2-and-more"
        }  # fmt: skip

    go(test())


def test_a_header_of_the_configuration_does_not_stand_beside_the_token() -> None:
    redactor = Redactor()
    client = Client("https://api.test", headers=(("authorization", text("Bearer old")), ("X-Team", text("a"))))
    preparer = Preparer(client, Resolver(lambda ref: SECRETS.get(ref.name), redactor), redactor, agent="test")
    request = PageRequest("https://api.test/a", auth=credentials("https://auth.test"))
    headers = preparer.sendable(request, "https://api.test", trusted=True, token="new").headers
    assert [value for name, value in headers.items() if name.lower() == "authorization"] == ["Bearer new"]
    assert headers["X-Team"] == "a"


def test_many_walks_at_once_ask_for_one_token() -> None:
    async def test() -> None:
        issuer, arrived, go_on = Issuer(), asyncio.Event(), asyncio.Event()

        async def slow(asked: Asked) -> Answer:
            arrived.set()
            await go_on.wait()
            return issuer.token(asked)

        async with serving(slow) as tokens, serving(issuer.api) as stub, talking(stub.url, secrets=SECRETS) as one:
            walks = [
                asyncio.create_task(fetch(one, each)) for each in many_at_once(stub.url, credentials(tokens.url), 20)
            ]
            await arrived.wait()
            go_on.set()
            await asyncio.gather(*walks)
            await fetch(one, PageRequest(f"{stub.url}/later", auth=credentials(tokens.url)))
        assert len(tokens.asked) == 1
        assert bearers(stub.asked) == ["Bearer token-number-1"] * 21

    go(test())


def test_the_walk_that_asks_may_be_cancelled_and_the_others_still_get_a_token() -> None:
    async def test() -> None:
        issuer, arrived = Issuer(), asyncio.Event()

        async def script(asked: Asked) -> Answer:
            if not arrived.is_set():
                arrived.set()
                await asyncio.Event().wait()
            return issuer.token(asked)

        async with serving(script) as tokens, serving(issuer.api) as stub, talking(stub.url, secrets=SECRETS) as one:
            first, *others = (
                asyncio.create_task(fetch(one, each)) for each in many_at_once(stub.url, credentials(tokens.url), 4)
            )
            await arrived.wait()
            first.cancel()
            await asyncio.gather(*others)
            assert first.cancelled() or first.cancelling()
        assert len(tokens.asked) == 2
        assert len(stub.asked) == 3

    go(test())


@pytest.mark.parametrize(
    ("expires_in", "lives_s"),
    [
        (100, 100),
        ("100", 100),
        (100.9, 100.9),
        (None, 500),
        ("soon", 500),
        (-1, 500),
        (0, 500),
        (True, 500),
        ([1], 500),
        ("nan", 500),
        ("9" * 400, 500),
    ],
)
def test_a_token_is_renewed_shortly_before_it_expires(expires_in: object, lives_s: float) -> None:
    async def test() -> None:
        issuer, clock = Issuer({} if expires_in is None else {"expires_in": expires_in}), Clock()
        async with serving(issuer.both) as stub, talking(stub.url, secrets=SECRETS, clock=clock) as transport:
            request = PageRequest(f"{stub.url}/a", auth=credentials(stub.url, default_expiration_s=500))
            await fetch(transport, request)
            clock.now += lives_s * 0.9 - 0.5
            await fetch(transport, request)
            clock.now += 1
            await fetch(transport, request)
        assert bearers(stub.asked) == [f"Bearer token-number-{number}" for number in (1, 1, 2)]

    go(test())


def test_the_margin_before_the_end_is_a_minute_at_most() -> None:
    async def test() -> None:
        issuer, clock = Issuer({"expires_in": 86_400}), Clock()
        async with serving(issuer.both) as stub, talking(stub.url, secrets=SECRETS, clock=clock) as transport:
            request = PageRequest(f"{stub.url}/a", auth=credentials(stub.url))
            for later in (0, 86_339, 2):
                clock.now += later
                await fetch(transport, request)
        assert bearers(stub.asked) == [f"Bearer token-number-{number}" for number in (1, 1, 2)]

    go(test())


def test_a_given_token_is_used_until_the_api_refuses_it() -> None:
    async def test() -> None:
        issuer, clock = Issuer(good={"given-token-123456"}), Clock()
        async with serving(issuer.both) as stub, talking(stub.url, secrets=SECRETS, clock=clock) as transport:
            request = PageRequest(f"{stub.url}/a", auth=credentials(stub.url, access_token=secret("given")))
            await fetch(transport, request)
            clock.now += 1e6
            await fetch(transport, request)
            assert issuer.given == 0
            for number in (1, 2):  # a renewed token that the API took may be refused one day as well
                issuer.good = {f"token-number-{number}"}
                await fetch(transport, request)
        assert bearers(stub.asked) == [
            "Bearer given-token-123456", "Bearer given-token-123456",
            "Bearer given-token-123456", "Bearer token-number-1",
            "Bearer token-number-1", "Bearer token-number-2",
        ]  # fmt: skip

    go(test())


@pytest.mark.parametrize("given", [secret("nowhere"), secret("empty"), text("")])
def test_a_given_token_without_a_value_is_none(given: Text) -> None:
    async def test() -> None:
        issuer = Issuer()
        async with serving(issuer.both) as stub, talking(stub.url, secrets=SECRETS) as transport:
            await fetch(transport, PageRequest(f"{stub.url}/a", auth=credentials(stub.url, access_token=given)))
        assert bearers(stub.asked) == ["Bearer token-number-1"]

    go(test())


def test_a_401_renews_the_token_once_for_all_walks() -> None:
    async def test() -> None:
        issuer = Issuer(good={"token-number-1"})
        heard = Heard()
        together = asyncio.Barrier(5)

        async def script(asked: Asked) -> Answer:
            if asked.target.startswith("/walk"):
                fine = issuer.api(asked)
                if fine.status == 401:
                    await together.wait()  # all five are refused before one of them is told
                return fine
            return issuer.both(asked)

        async with serving(script) as stub, talking(stub.url, heard.append, secrets=SECRETS) as transport:
            auth = credentials(stub.url)
            await fetch(transport, PageRequest(f"{stub.url}/a", auth=auth))
            issuer.good = {"token-number-2"}
            walks = [PageRequest(f"{stub.url}/walk{number}", auth=auth) for number in range(5)]
            await asyncio.gather(*(fetch(transport, walk) for walk in walks))
        assert issuer.given == 2
        assert heard.retries == []
        assert heard.statuses.count(401) == 5

    go(test())


def test_a_second_401_is_the_answer_and_hundreds_of_walks_do_not_ask_for_hundreds_of_tokens() -> None:
    async def test() -> None:
        issuer = Issuer(good=set())
        async with serving(issuer.both) as stub, talking(stub.url, secrets=SECRETS) as transport:
            auth = credentials(stub.url)
            for number in range(5):
                with pytest.raises(RequestRefused, match="401 Unauthorized: bad token; check the environment variable"):
                    await fetch(transport, PageRequest(f"{stub.url}/{number}", auth=auth))
            assert issuer.given == 2
            issuer.good = {"token-number-2"}
            await fetch(transport, PageRequest(f"{stub.url}/a", auth=auth))  # taken: from now on it may expire again
            issuer.good = {"token-number-3"}
            await fetch(transport, PageRequest(f"{stub.url}/a", auth=auth))
        assert issuer.given == 3

    go(test())


def test_a_401_is_renewed_before_a_response_action_may_ignore_it() -> None:
    async def test() -> None:
        issuer = Issuer(good={"token-number-2"})
        async with serving(issuer.both) as stub, talking(stub.url, secrets=SECRETS) as transport:
            request = PageRequest(f"{stub.url}/a", auth=credentials(stub.url))
            actions = (ResponseAction(status=401),)
            assert (await transport.fetch(request, AT_ONCE, whole, actions)).status == 200
            issuer.good = set()
            with pytest.raises(Ignored):
                await transport.fetch(request, AT_ONCE, whole, actions)

    go(test())


@pytest.mark.parametrize("status", [429, 500, 503, None])
def test_a_token_endpoint_in_trouble_is_asked_again(status: int | None) -> None:
    async def test() -> None:
        issuer, heard = Issuer(), Heard()
        trouble = [Answer(reset=True) if status is None else Answer(status, headers=(("Retry-After", "0"),))] * 2

        def script(asked: Asked) -> Answer:
            return trouble.pop() if trouble else issuer.token(asked)

        async with (
            serving(script) as tokens,
            serving(issuer.api) as stub,
            talking(stub.url, heard.append, secrets=SECRETS) as transport,
        ):
            request = PageRequest(f"{stub.url}/a", auth=credentials(tokens.url), resource="users")
            await fetch(transport, request, RetryPolicy(statuses=(), base_s=0.0))
        assert heard.statuses == [status, status, 200, 200]
        assert [retried.walk for retried in heard.retries] == ["users", "users"]

    go(test())


def test_an_old_failure_is_not_told_to_who_waits_for_a_new_answer() -> None:
    async def test() -> None:
        issuer, arrived = Issuer(), asyncio.Event()
        answers = 0

        async def script(asked: Asked) -> Answer:
            nonlocal answers
            answers += 1
            if answers == 1:
                return Answer(503)
            if answers == 2:
                arrived.set()
                await asyncio.Event().wait()
            return issuer.token(asked)

        async with serving(script) as tokens, serving(issuer.api) as stub, talking(stub.url, secrets=SECRETS) as one:
            request = PageRequest(f"{stub.url}/a", auth=credentials(tokens.url))
            with pytest.raises(RetriesSpent):
                await fetch(one, request, RetryPolicy(attempts=1))
            first, second = asyncio.create_task(fetch(one, request)), asyncio.create_task(fetch(one, request))
            await arrived.wait()
            first.cancel()
            assert (await second).status == 200

    go(test())


def test_a_token_endpoint_that_stays_in_trouble_fails_who_waits_and_is_asked_again_later() -> None:
    async def test() -> None:
        issuer = Issuer()
        down = True

        def script(asked: Asked) -> Answer:
            return Answer(503, b'{"error": "down for now"}') if down else issuer.token(asked)

        async with serving(script) as tokens, serving(issuer.api) as stub, talking(stub.url, secrets=SECRETS) as one:
            auth = credentials(tokens.url)
            walks = (fetch(one, each) for each in many_at_once(stub.url, auth, 7))
            failures = await asyncio.gather(*walks, return_exceptions=True)
            assert len(tokens.asked) == 6  # the attempts of one request, not of seven
            expected = (
                f"No access token: POST {tokens.url}/token failed after 6 attempts, the last: 503 Service Unavailable: "
                "down for now; run again later."
            )
            assert {str(failure) for failure in failures} == {expected}
            assert all(isinstance(failure, RetriesSpent) and failure.status == 503 for failure in failures)
            assert len({id(failure) for failure in failures}) == 7
            down = False
            await fetch(one, PageRequest(f"{stub.url}/a", auth=auth))

    go(test())


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_is_one_clear_error_without_a_secret_and_holds_for_good(status: int) -> None:
    async def test() -> None:
        heard = Heard()

        def script(asked: Asked) -> Answer:
            said = f"no {sent(asked)['client_secret']} of {ID} with {asked.body.decode()}"
            return Answer(status, json.dumps({"error": "invalid_client", "error_description": said}).encode())

        async with (
            serving(script) as tokens,
            serving([Answer()]) as stub,
            talking(stub.url, heard.append, secrets=SECRETS) as transport,
        ):
            request = PageRequest(f"{stub.url}/a", auth=credentials(tokens.url))
            messages = set()
            for _ in range(3):
                with pytest.raises(RequestRefused) as caught:
                    await fetch(transport, request)
                messages.add(str(caught.value))
                assert caught.value.status == status
        (message,) = messages
        assert message.startswith(f"No access token: POST {tokens.url}/token was refused with {status} ")
        assert "invalid_client" in message
        assert "***" in message
        if status != 400:
            assert "check the environment variable ID or id in .dlt/secrets.toml and the environment" in message
        for form in (SECRET, "s3cret%26s%C3%B6me%2Fthing", ID):
            assert form not in f"{message} {heard}"
        assert (len(tokens.asked), len(stub.asked)) == (1, 0)

    go(test())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": "bad_verification", "error_description": "wrong"}', "without an access token: bad_verification"),
        (b'{"access_token": null}', "without an access token; check that it is the token endpoint"),
        (b'{"access_token": "two\\nlines-secret"}', "without an access token; check that it is the token endpoint"),
        (b'{"access_token": 7}', "without an access token; check that it is the token endpoint"),
        (b'["token-in-a-list"]', "without an access token; check that it is the token endpoint"),
    ],
)
def test_an_answer_without_a_token_is_a_refusal(body: bytes, said: str) -> None:
    async def test() -> None:
        async with serving([Answer(body=body)]) as stub, talking(stub.url, secrets=SECRETS) as transport:
            with pytest.raises(RequestRefused, match=r"No access token: POST .*/token answered 200 ") as caught:
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=credentials(stub.url)))
        assert said in str(caught.value)
        assert "lines-secret" not in str(caught.value)
        assert len(stub.asked) == 1

    go(test())


def test_an_answer_that_is_no_json_is_asked_for_again() -> None:
    async def test() -> None:
        issuer = Issuer()
        pages = [Answer(body=b"<html>One moment")]

        def script(asked: Asked) -> Answer:
            return pages.pop() if pages else issuer.both(asked)

        async with serving(script) as stub, talking(stub.url, secrets=SECRETS) as transport:
            await fetch(transport, PageRequest(f"{stub.url}/a", auth=credentials(stub.url)))
        assert stub.targets == ["/token", "/token", "/a"]

    go(test())


def test_the_token_itself_is_never_told() -> None:
    async def test() -> None:
        heard = Heard()

        def script(asked: Asked) -> Answer:
            if asked.target == "/token":
                return Answer(body=b'{"access_token": "very-private-token"}')
            said = asked.headers["authorization"].encode()
            more = (("X-Echo", said.decode()), ("X-Next", "/b?t=very-private-token"))
            return Answer(200 if asked.target == "/a" else 404, said, more)

        async with serving(script) as stub, talking(stub.url, heard.append, secrets=SECRETS) as transport:
            auth = credentials(stub.url)
            reply = await fetch(transport, PageRequest(f"{stub.url}/a", auth=auth))
            with pytest.raises(RequestRefused) as caught:
                await fetch(transport, PageRequest(f"{stub.url}/b?t=very-private-token", auth=auth))
        assert reply.body == b"Bearer very-private-token"  # the API's own body is kept as it is
        for told in (reply.headers, reply.url, caught.value, caught.value.url, heard):
            assert "very-private" not in str(told)

    go(test())


def test_only_the_client_credentials_go_to_the_token_endpoints_origin() -> None:
    async def test() -> None:
        issuer = Issuer()
        async with serving(issuer.token) as tokens, serving(issuer.api) as stub:
            async with talking(stub.url, secrets=SECRETS) as transport:
                auth = credentials(tokens.url)
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=auth))
                with pytest.raises(ForeignOrigin):
                    await fetch(transport, PageRequest(f"{tokens.url}/next", auth=auth))
            assert tokens.targets == ["/token"]

    go(test())


def test_a_redirect_does_not_carry_the_client_credentials_elsewhere() -> None:
    async def test() -> None:
        async with serving([Answer()]) as stub:
            there = Answer(307, headers=(("Location", f"{stub.url}/token"),))
            async with serving([there]) as tokens:
                client = Client(stub.url, allowed_origins=(stub.url,))
                async with talking(client, secrets=SECRETS) as transport:
                    with pytest.raises(ForeignOrigin, match="No access token: A redirect leads from"):
                        await fetch(transport, PageRequest(f"{stub.url}/a", auth=credentials(tokens.url)))
        assert stub.asked == []

    go(test())


def test_no_token_is_asked_for_or_sent_where_no_credential_goes() -> None:
    async def test() -> None:
        issuer = Issuer()
        async with serving([Answer(body=b"[]")]) as other, serving(issuer.both) as stub:
            client = Client(stub.url, allowed_origins=(other.url,))
            async with talking(client, secrets=SECRETS) as transport:
                await fetch(transport, PageRequest(f"{other.url}/a", auth=credentials(stub.url)))
        assert "authorization" not in other.asked[0].headers
        assert stub.asked == []

    go(test())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"client_secret": secret("nowhere")}, "The secret 'nowhere' is not set; put it in"),
        ({"token_url": text("auth.test/token")}, "The token endpoint 'auth.test/token' is not an absolute http"),
        ({"token_url": text("https://", Ref("nowhere", "config"))}, "The value 'nowhere' is not set"),
    ],
)
def test_what_it_takes_to_ask_has_to_be_there(change: dict[str, Any], said: str) -> None:
    async def test() -> None:
        async with serving([Answer()]) as stub, talking(stub.url, secrets=SECRETS) as transport:
            auth = msgspec.structs.replace(credentials(stub.url), **change)
            with pytest.raises(ConfigError, match=said.replace("(", r"\(")):
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=auth))
        assert stub.asked == []

    go(test())


def test_each_client_has_its_own_token() -> None:
    async def test() -> None:
        def script(asked: Asked) -> Answer:
            if asked.target == "/token":
                return Answer(body=json.dumps({"access_token": f"token-of-{sent(asked)['client_id']}"}).encode())
            return Answer()

        async with serving(script) as stub, talking(stub.url, secrets=SECRETS) as transport:
            auths = [
                OAuth2ClientCredentials(text(f"{stub.url}/token"), text(name), secret("secret"))
                for name in ("one", "two")
            ]
            for auth in auths * 2:
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=auth))
        assert bearers(stub.asked) == ["Bearer token-of-one", "Bearer token-of-two"] * 2
        assert stub.targets.count("/token") == 2

    go(test())


async def _most_at_once(requests: Callable[[str], list[PageRequest]]) -> dict[str, int]:
    """How many requests of each kind are answered at once where two may be out; tokens are given at once."""
    issuer, out, most, free = Issuer(), dict[str, int](), dict[str, int](), asyncio.Event()

    async def script(asked: Asked) -> Answer:
        if asked.target == "/token":
            return issuer.token(asked)
        who = asked.target.rpartition("/")[2].partition("?")[0]
        out[who] = out.get(who, 0) + 1
        most[who] = max(most.get(who, 0), out[who])
        if all(out.get(name) == 2 for name in names):
            free.set()
        await free.wait()
        out[who] -= 1
        return Answer()

    async with serving(script) as stub, talking(stub.url, secrets=SECRETS, max_concurrency=2) as transport:
        wanted = requests(stub.url)
        names = {request.url.rpartition("/")[2] for request in wanted}
        await asyncio.gather(*(fetch(transport, request) for request in wanted for _ in range(5)))
    return most


def test_resources_with_different_credentials_have_budgets_of_their_own() -> None:
    def requests(url: str) -> list[PageRequest]:
        return [
            PageRequest(f"{url}/oauth", auth=credentials(url)),
            PageRequest(f"{url}/other", auth=credentials(url, request_data=(("scope", text("all")),))),
            PageRequest(f"{url}/query", auth=ApiKey(secret("plain"), "key", "query")),
            PageRequest(f"{url}/cookie", auth=ApiKey(secret("plain"), "sid", "cookie")),
            PageRequest(f"{url}/none"),
        ]

    assert go(_most_at_once(requests)) == dict.fromkeys(("oauth", "other", "query", "cookie", "none"), 2)


def test_a_budget_outlives_the_tokens_that_it_was_spent_with() -> None:
    async def test() -> None:
        issuer, clock, heard = Issuer({"expires_in": 10}), Clock(), Heard()

        def script(asked: Asked) -> Answer:
            return issuer.token(asked) if asked.target == "/token" else Answer(headers=(("RateLimit-Limit", "5;w=60"),))

        async with (
            serving(script) as stub,
            talking(stub.url, heard.append, secrets=SECRETS, clock=clock) as transport,
        ):
            for _ in range(3):
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=credentials(stub.url)))
                clock.now += 60
            keys = [key for key in transport._governor._gates if key.startswith(stub.url)]  # type: ignore[attr-defined]
        assert issuer.given == 3
        assert len(keys) == 1

    go(test())


def test_another_token_endpoint_has_its_own_budget() -> None:
    async def test() -> None:
        issuer = Issuer()
        async with serving(issuer.token) as tokens, serving(issuer.api) as stub:
            async with talking(stub.url, secrets=SECRETS) as transport:
                await fetch(transport, PageRequest(f"{stub.url}/a", auth=credentials(tokens.url)))
                origins = [key.partition(" ")[0] for key in transport._governor._gates]  # type: ignore[attr-defined]
            assert sorted(origins) == sorted([tokens.url, stub.url])

    go(test())


def test_a_failure_is_a_source_error_so_that_other_walks_go_on() -> None:
    async def test() -> None:
        async with serving([Answer(400)]) as tokens, serving([Answer(body=b"[]")]) as stub:
            async with talking(stub.url, secrets=SECRETS) as transport:
                results = await asyncio.gather(
                    fetch(transport, PageRequest(f"{stub.url}/a", auth=credentials(tokens.url))),
                    fetch(transport, f"{stub.url}/b"),
                    return_exceptions=True,
                )
            assert isinstance(results[0], SourceError)
            assert not isinstance(results[1], BaseException)

    go(test())
