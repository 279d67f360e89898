from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.emulate.auth import key_of
from headrace.emulate.control import Running
from tests.emulate.talk import ask

Start = Callable[..., Running]


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def test_the_documented_header_is_read() -> None:
    assert key_of("Basic c2VjcmV0X2tleTo=", "strict") == "secret_key"


def test_the_scheme_is_read_in_any_case() -> None:
    assert key_of("bAsIc c2VjcmV0X2tleTo=") == "secret_key"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Bearer c2VjcmV0X2tleTo=",
        "Basic c2VjcmV0X2tleQ==",  # the bare key: no colon
        "Basic YzJWamNtVjBYMnRsZVRvPTo=",  # encoded twice, with a colon after it
        basic(":"),
        "Basic ?",
        "Basic abc",
        "Basic //79",
    ],
)
def test_what_holds_no_key_gives_none(header: str | None) -> None:
    assert key_of(header) is None


def test_a_stray_colon_after_the_base64_is_tolerated_unless_strict() -> None:
    assert key_of("Basic c2VjcmV0X2tleTo=:") == "secret_key"
    assert key_of("Basic c2VjcmV0X2tleTo=:", "strict") is None


def test_a_password_is_tolerated_unless_strict() -> None:
    assert key_of(basic("key:password")) == "key"
    assert key_of(basic("key:password"), "strict") is None


@given(st.from_regex(r"sk_live_[a-z0-9.~-]{0,40}", fullmatch=True))
def test_any_key_without_a_colon_comes_back(key: str) -> None:
    assert key_of(basic(f"{key}:"), "strict") == key


@given(st.text())
def test_no_header_text_makes_it_stumble(header: str) -> None:
    key_of(header)
    key_of(f"Basic {header}")


def test_without_a_header_the_observed_body_comes(lean: Running) -> None:
    reply = ask(lean.url, "/accounts", authorization="")
    assert (reply.status, reply.json) == (401, {"error": "Authorization header not present."})


@pytest.mark.parametrize("header", ["Basic c2VjcmV0X2tleQ==", "Basic YzJWamNtVjBYMnRsZVRvPTo=", basic("other:")])
def test_a_wrong_key_gives_401_with_a_text_as_error(start: Start, header: str) -> None:
    reply = ask(start(token="secret_key").url, "/accounts", authorization=header)
    assert reply.status == 401
    assert isinstance(reply.json["error"], str)


def test_the_right_key_is_let_in(start: Start) -> None:
    emulator = start(token="secret_key")
    assert ask(emulator.url, "/accounts", authorization="Basic c2VjcmV0X2tleTo=").status == 200


def test_without_a_token_a_bare_key_is_still_refused(lean: Running) -> None:
    assert ask(lean.url, "/accounts", authorization="Basic c2VjcmV0X2tleQ==").status == 401


def test_a_key_encoded_twice_without_a_colon_is_refused_even_when_any_key_is_taken(lean: Running) -> None:
    twice = b64encode(b64encode(b"secret_key:")).decode()
    assert ask(lean.url, "/accounts", authorization=f"Basic {twice}").status == 401


def test_a_key_encoded_twice_with_a_colon_is_refused_even_when_any_key_is_taken(lean: Running) -> None:
    assert ask(lean.url, "/accounts", authorization="Basic YzJWamNtVjBYMnRsZVRvPTo=").status == 401


def test_a_refused_key_costs_nothing_of_the_limit(start: Start) -> None:
    emulator = start(token="k", rate=(3, 60), limiter="window")
    for _ in range(5):
        assert ask(emulator.url, "/accounts", authorization=basic("x:")).status == 401
    assert ask(emulator.url, "/accounts", authorization=basic("k:")).headers["RateLimit-Remaining"] == "2"


def test_a_switch_forbids_everything(start: Start) -> None:
    assert ask(start(switches={"auth.forbidden": "on"}).url, "/accounts").status == 403


def test_a_switch_sets_the_text_for_a_wrong_key(start: Start) -> None:
    emulator = start(token="k", switches={"auth.wrong_key_body": "Nope"})
    assert ask(emulator.url, "/accounts").json == {"error": "Nope"}
