"""Every sentence that this room and the envelope give to a user: where, what, and one mend."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest

from headrace.envelope.split import compile_splitter
from headrace.errors import SourceError
from headrace.model.envelope import Ask, Envelope
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import ApiKey, Auth, Bearer, HttpBasic, NoAuth, RetryPolicy, Text
from headrace.transport.send import Timeouts
from tests.transport.stub import Answer, go, secret, serving, talking

TWICE = RetryPolicy(base_s=0.0, attempts=2)
SHORT = Timeouts(longest_wait_s=5.0)
STAYS = "GET {} failed after 2 attempts, each time the same: 200, but "
VARIES = "GET {} failed after 2 attempts, the last: "
REFUSED = "GET {} was refused with "


@dataclass(frozen=True)
class Told:
    """What comes of answers (the last one again and again), or of bodies that come with 200."""

    sentence: str
    bodies: tuple[bytes, ...] = ()
    answers: tuple[Answer, ...] = ()
    auth: Auth = field(default_factory=NoAuth)


def bodies(sentence: str, *given: bytes) -> Told:
    return Told(sentence, bodies=given)


def answers(sentence: str, *given: Answer, auth: Auth | None = None) -> Told:
    return Told(sentence, answers=given, auth=auth or NoAuth())


TOLD = [
    # envelope: a body that is no JSON
    bodies(
        STAYS + "the body is HTML or XML, not JSON, and begins '<p>Hi</p>'; check the URL and the credentials.",
        b"<p>Hi</p>",
    ),
    bodies(
        VARIES
        + "200, but the body is HTML or XML, not JSON, and begins '<p>2</p>'; check the URL and the credentials.",
        b"<p>1</p>",
        b"<p>2</p>",
    ),
    bodies(
        STAYS + "the body is cut short: its JSON ends in the middle, after 10 bytes, and begins '{\"data\": ['; "
        "look at what the URL answers.",
        b'{"data": [',
    ),
    bodies(
        VARIES
        + "200, but the body is cut short: its JSON ends in the middle, after 11 bytes, and begins '{\"data\": [1'; "
        "run again later.",
        b'{"data": [',
        b'{"data": [1',
    ),
    bodies(
        STAYS + "the body is not JSON (expected ',' or ']' (byte 12)) and begins '{\"data\": [1 2'; "
        "look at what the URL answers.",
        b'{"data": [1 2',
    ),
    bodies(STAYS + "the body is not JSON and begins 'upstream'; look at what the URL answers.", b"upstream"),
    bodies(
        STAYS + "the body is not UTF-8 text (invalid start byte) and begins '\ufffd'; ask the API for JSON in UTF-8.",
        b"\xff",
    ),
    bodies(
        STAYS + "the body is nested too deeply to be read as JSON; check what the URL serves.",
        b"[" * 9000 + b"]" * 9000,
    ),
    # envelope: JSON without the records
    bodies(
        "GET {} answered 200 OK, but the body has no records at `data`: the body has the keys results, and a list of 1 "
        "is at `results`; if those are the records, set the data selector to `results`.",
        b'{"results": [{}]}',
    ),
    bodies(
        STAYS + "the body has no records at `data`: the body has the keys error (it says: try later); "
        "correct the data selector, or leave it out to have the list found.",
        b'{"error": "try later"}',
    ),
    bodies(
        STAYS + "the body has no records at `data`: the body is an object without keys; "
        "correct the data selector, or leave it out to have the list found.",
        b"{}",
    ),
    bodies(
        STAYS + "the body has null at `data` and names an error (it says: try later); "
        "mend what the API complains of, or run again later.",
        b'{"data": null, "error": "try later"}',
    ),
    # nothing whole came
    answers(VARIES + "the connection was closed before the answer was whole; run again later.", Answer(reset=True)),
    answers(VARIES + "200, but the body is empty; run again later.", Answer(503), Answer(body=b"")),
    answers(
        VARIES + "the gzip body ends too early; run again later.",
        Answer(body=b"\x1f\x8b", headers=(("Content-Encoding", "gzip"),)),
    ),
    answers(
        "GET {} failed: the body is larger than the 1,000 bytes allowed; ask for smaller pages.",
        Answer(body=b"1" * 1001),
    ),
    # a status that is no page
    answers(VARIES + "503 Service Unavailable: down; run again later.", Answer(503, b'{"error": "down."}')),
    answers(VARIES + "429 Too Many Requests; run again later.", Answer(429, b"")),
    answers(
        "GET {} answered 429 Too Many Requests, and asks to wait 2 h, which is longer than is waited for at once; "
        "run again then.",
        Answer(429, b"", headers=(("Retry-After", "7200"),)),
    ),
    answers(
        REFUSED + "401 Unauthorized: no; the API wants a credential: add `auth` to the client.",
        Answer(401, b'{"error": "no"}'),
    ),
    answers(
        REFUSED + "403 Forbidden; check the environment variable PLAIN or plain in .dlt/secrets.toml, and the rights "
        "that go with it.",
        Answer(403, b""),
        auth=Bearer(secret("plain")),
    ),
    answers(
        REFUSED
        + "401 Unauthorized; check the environment variable PLAIN or plain in .dlt/secrets.toml, and the rights "
        "that go with it, or the name of the key: `api_key` is often not what the API calls it, and "
        "`--set client.auth.name=NAME` states another.",
        Answer(401, b""),
        auth=ApiKey(secret("plain"), "api_key"),
    ),
    answers(
        REFUSED
        + "401 Unauthorized; check the environment variable PLAIN or plain in .dlt/secrets.toml, and the rights "
        "that go with it.",
        Answer(401, b""),
        auth=ApiKey(secret("plain"), "X-Watcher"),
    ),
    answers(
        REFUSED + "401 Unauthorized; the token that `auth` gives was refused: check it.",
        Answer(401, b""),
        auth=Bearer(Text(("abc",))),
    ),
    answers(
        REFUSED + "403 Forbidden; the API key that `auth` gives was refused: check it, and the rights that go with it.",
        Answer(403, b""),
        auth=ApiKey(api_key=Text(("abc",))),
    ),
    answers(
        REFUSED + "401 Unauthorized; the user with the password that `auth` gives was refused: check it.",
        Answer(401, b""),
        auth=HttpBasic(Text(("me",)), Text(("pw",))),
    ),
    answers(
        REFUSED + "403 Forbidden; the API does not let this client in: check its rights.",
        Answer(403, b""),
    ),
    answers(REFUSED + "404 Not Found; check the path and the base URL.", Answer(404, b"")),
    answers(REFUSED + "400 Bad Request; correct the parameters that the API names.", Answer(400, b"")),
    answers(REFUSED + "302 Found; it is a redirect that does not say where to.", Answer(302, b"")),
    answers(REFUSED + "418 I'm a Teapot; asking again would not help.", Answer(418, b"")),
    answers(
        "A redirect leads to 'ftp://h/', which is not an http or https URL; look at what the URL answers.",
        Answer(302, headers=(("Location", "ftp://h/"),)),
    ),
    answers(
        "{} was redirected more than 10 times; correct the base URL.",
        Answer(302, headers=(("Location", "a"),)),
    ),
]


def accept(reply: Reply) -> Envelope:
    return compile_splitter(Ask("data")).split(reply.body)


def told(case: Told) -> str:
    async def test() -> str:
        given = case.answers or tuple(Answer(body=body) for body in case.bodies)
        async with (
            serving(given) as stub,
            talking(stub.url, timeouts=SHORT, max_body_bytes=20_000 if case.bodies else 1000) as transport,
        ):
            with pytest.raises(SourceError) as caught:
                await transport.fetch(PageRequest(f"{stub.url}/a", auth=case.auth), TWICE, accept)
            return str(caught.value).replace(f"{stub.url}/a", "{}")

    return go(test())


@pytest.mark.parametrize("case", TOLD, ids=lambda case: case.sentence)
def test_a_failure_is_told_in_one_sentence_with_one_mend(case: Told) -> None:
    assert told(case) == case.sentence


def test_no_sentence_has_two_mends() -> None:
    for case in TOLD:
        assert re.fullmatch(r"[^;\n]+; [^;\n]+\.", case.sentence), case.sentence


def test_an_api_that_cannot_be_reached_leads_to_the_base_url() -> None:
    async def test() -> None:
        async with serving([Answer()]) as stub:
            pass
        once = RetryPolicy(attempts=1)
        for url, mend in (
            ("http://no-such-host.invalid", "check the base URL"),
            (stub.url, "check the base URL, or run again later"),
        ):
            async with talking(url) as transport:
                with pytest.raises(SourceError) as caught:
                    await transport.fetch(PageRequest(f"{url}/a"), once, accept)
            said = re.escape(f"GET {url}/a failed after one attempt, the last: ")
            assert re.fullmatch(rf"{said}[^;]+; {mend}\.", str(caught.value))

    go(test())
