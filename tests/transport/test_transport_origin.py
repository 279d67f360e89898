"""Where requests may go, how their URLs are written, and the recording that stands in for all of it."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import BodyRejected, ConfigError, ForeignOrigin, RequestRefused, RetriesSpent
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import RetryPolicy
from headrace.transport.origin import Origins, origin_of
from headrace.transport.prepare import with_params
from headrace.transport.replay import Recorded


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("HTTPS://API.Test:443/a?b", "https://api.test"),
        ("http://api.test:80", "http://api.test"),
        ("http://api.test:8080/", "http://api.test:8080"),
        ("https://user:pw@api.test./x", "https://api.test"),
        ("http://[::1]:8000/x", "http://[::1]:8000"),
        ("https://bücher.test/", "https://xn--bcher-kva.test"),
        ("ftp://api.test/", None),
        ("/relative", None),
        ("http://api.test:port/", None),
        ("https://", None),
        ("https://[::1", None),
    ],
)
def test_the_origin_of_a_url(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin


def test_only_named_origins_are_trusted() -> None:
    origins = Origins.of(["https://api.test/v1", "https://auth.test"], ["https://files.test", "cdn.test"])
    assert origins.trusts("https://api.test", via="A next link")
    assert origins.trusts("https://auth.test", via="A next link")
    for allowed in ("https://files.test", "https://cdn.test", "http://cdn.test"):
        assert not origins.trusts(allowed, via="A next link")
    for foreign in ("https://api.test:8443", "https://api.test.evil.test", "https://evil.test"):
        with pytest.raises(ForeignOrigin, match="allow it with --allow-origin"):
            origins.trusts(foreign, via="A next link")
    with pytest.raises(ForeignOrigin):
        origins.trusts("http://api.test", via="A redirect")


def test_an_api_that_moved_to_https_is_said_to_have() -> None:
    with pytest.raises(ForeignOrigin, match=r"set the base URL to https://api\.test, or allow it"):
        Origins.of(["http://api.test"], []).trusts("https://api.test", via="A redirect")


def test_what_is_no_url_is_a_fault_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match=r"'api\.test/v1' is not an absolute http or https URL"):
        Origins.of(["api.test/v1"], [])
    with pytest.raises(ConfigError) as caught:
        Origins.of(["ftp://me:pw@api.test"], [])
    assert "pw" not in str(caught.value)
    with pytest.raises(ConfigError, match="allowed origin"):
        Origins.of([], ["not an origin"])


@pytest.mark.parametrize(
    ("url", "params", "sent"),
    [
        ("http://h", [], "http://h/"),
        ("http://h/a#frag", [], "http://h/a"),
        ("http://h/a b/%2F?q=ä b", [], "http://h/a%20b/%2F?q=%C3%A4%20b"),
        ("http://h/a?x=1", [("y", "a b&c")], "http://h/a?x=1&y=a+b%26c"),
        ("http://u:p@h/a", [("y", "")], "http://h/a?y="),
        ("http://bücher.test/a", [], "http://xn--bcher-kva.test/a"),
    ],
)
def test_a_url_is_written_with_its_parameters(url: str, params: list[tuple[str, str]], sent: str) -> None:
    assert with_params(url, params) == sent


@given(st.text("abc123-._~!$&'()*+,;=:@/?%[]", max_size=40))
def test_a_query_of_legal_characters_is_never_touched(query: str) -> None:
    assert with_params(f"http://h/a?x{query}", []) == f"http://h/a?x{query}"


def reply(url: str, body: bytes = b"[]") -> Reply:
    return Reply(200, {}, body, url, 0.0, 0.0)


def take(one: Reply) -> bytes:
    if one.body == b"bad":
        raise BodyRejected("no page")
    return one.body


def test_a_recording_gives_its_replies_in_order() -> None:
    async def test() -> None:
        recorded = Recorded([reply("http://h/a?page=1", b"1"), reply("http://h/a", b"bad"), reply("http://h/a", b"2")])
        request = PageRequest("http://h/a?page=9")
        assert await recorded.fetch(request, RetryPolicy(), take) == b"1"
        assert await recorded.fetch(request, RetryPolicy(), take) == b"2"
        assert recorded.asked == [request, request]
        with pytest.raises(RequestRefused, match="No reply of http://h/a is left"):
            await recorded.fetch(request, RetryPolicy(), take)

    asyncio.run(test())


def test_a_recording_of_bad_bodies_is_spent() -> None:
    recorded = Recorded([reply("http://h/a", b"bad")] * 2)
    with pytest.raises(RetriesSpent, match="after 2 attempts, the last: no page"):
        asyncio.run(recorded.fetch(PageRequest("http://h/a"), RetryPolicy(attempts=2), take))
