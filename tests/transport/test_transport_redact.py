"""No written form of a secret is left in what people read."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from headrace.transport.message import message_of
from headrace.transport.redact import MASK, Redactor


def quoted_in_lower_case(text: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else quote(c, safe="").lower() for c in text)


FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "quoted": lambda text: quote(text, safe=""),
    "quoted, slashes kept": quote,
    "quoted in a form": quote_plus,
    "quoted in lower case": quoted_in_lower_case,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, letters kept": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON of PHP": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 in a URL": lambda text: quote(b64encode(text.encode()).decode(), safe=""),
}


def knowing(*secrets: str) -> Redactor:
    redactor = Redactor()
    for secret in secrets:
        redactor.add(secret)
    return redactor


@pytest.mark.parametrize("form", FORMS)
@given(secret=st.text("ab1/+&=?é%\"\\ '<~_-.", min_size=1, max_size=20).filter(lambda text: text.strip() == text))
def test_every_written_form_is_masked(form: str, secret: str) -> None:
    written = FORMS[form](secret)
    scrubbed = knowing(secret).scrub(f"key [{written}] is bad")
    assert scrubbed == f"key [{MASK}] is bad" or (MASK in scrubbed and written not in scrubbed)


@given(st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_a_text_without_the_secret_is_untouched(secret: str, text: str) -> None:
    redactor = knowing("S-" + secret.strip() + "-E")
    assume("S-" not in text and "=" not in text)
    assert redactor.scrub(text) == text


def test_a_short_secret_is_masked_where_it_stands_alone() -> None:
    assert knowing("abc").scrub("abc: abcdef, key=abc;") == f"{MASK}: abcdef, key={MASK};"


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert knowing("secret", "secret-long").scrub("secret-long secret") == f"{MASK} {MASK}"


def test_the_credential_of_a_whole_header_is_masked_by_itself() -> None:
    assert knowing("Basic c2VjcmV0Og==").scrub("got c2VjcmV0Og==") == f"got {MASK}"


def test_an_empty_secret_is_none() -> None:
    assert knowing("", " ").scrub("a text of words") == "a text of words"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:pw@host/a?b=1", "https://host/a?b=1"),
        ("https://host/a?api_key=x&cursor=1", "https://host/a?api_key=***&cursor=1"),
        ("https://host/a?cursor=1&X-Amz-Signature=x", "https://host/a?cursor=1&X-Amz-Signature=***"),
        ("https://host/a?token=next", "https://host/a?token=next"),
        ("https://host/known-secret?q=known-secret", "https://host/***?q=***"),
        ("https://[broken@", "https://[broken@"),
    ],
)
def test_a_url_is_shown_without_credentials(url: str, shown: str) -> None:
    assert knowing("known-secret").url(url) == shown


def test_a_value_that_is_hidden_by_its_name_is_hidden_by_itself_from_then_on() -> None:
    redactor = knowing()
    redactor.learn("https://host/a?n=100&api_key=k%2Fey55&signature=1#x")
    assert redactor.scrub("k/ey55 and k%2Fey55, 100 of 1") == f"{MASK} and {MASK}, 100 of 1"


def test_links_that_are_signed_anew_are_not_learnt_for_ever() -> None:
    redactor = knowing()
    for number in range(1000):
        redactor.learn(f"https://host/a?signature=signed-{number}")
    assert len(redactor._secrets) < 50


def test_a_response_header_keeps_a_cursor_that_holds_a_short_secret() -> None:
    redactor = knowing("abc", "a-long-secret")
    assert redactor.header("<?from=abc&k=a-long-secret>; rel=next") == "<?from=abc&k=***>; rel=next"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'"Not a key."', "Not a key"),
        (b'{"error": "bad", "error_description": "The key is old."}', "bad: The key is old"),
        (b'{"errors": [{"field": "limit", "message": "too big"}]}', "too big (at limit)"),
        (b'{"title": "Bad", "status": 400, "detail": "Too big"}', "Bad: Too big"),
        (b'{"Message": "Forbidden"}', "Forbidden"),
        (b'{"a": 1}', ""),
        (b"null", ""),
        (b"", ""),
        (b"plain\n text\x00", "plain text"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"<html><body>no title</body></html>", "an HTML page"),
        (b"[" * 9000, "[" * 299 + "…"),
    ],
)
def test_the_apis_own_message_is_found(body: bytes, said: str) -> None:
    assert message_of(body, str) == said


ERRORS = st.recursive(
    st.none() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["error", "errors", "message", "detail", "field"]), inner)
    ),
)


@given(st.binary(max_size=200) | ERRORS.map(lambda value: json.dumps(value).encode()))
def test_no_body_makes_trouble(body: bytes) -> None:
    said = message_of(body, str)
    assert len(said) <= 300
    assert "\n" not in said


def test_a_secret_that_blanks_and_controls_break_up_is_masked() -> None:
    assert message_of(b"key two\nwords is bad", knowing("two words").scrub) == f"key {MASK} is bad"


def test_the_beginning_of_a_secret_where_a_text_was_cut_is_masked() -> None:
    redactor = knowing("s3cr3t-token")
    assert (
        redactor.scrub("it begins 'a page of s3cr3t-to…' and s3cr3t-token")
        == f"it begins 'a page of {MASK}…' and {MASK}"
    )
    assert redactor.scrub("it begins s3…") == "it begins s3…"
