"""Where values from outside are looked for, and in which order."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from headrace.errors import ConfigError
from headrace.model.plan import Ref
from headrace.spec.secrets import Lookup


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.chdir(tmp_path)


def toml(text: str, name: str = "s.toml") -> Path:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "variable",
    [
        "SECRET_TOKEN",
        "secret_token",
        "SOURCES__REST_API__SECRET_TOKEN",
        "SOURCES__SECRET_TOKEN",
        "CREDENTIALS__SECRET_TOKEN",
        "SOURCES__VITALLY__SECRET_TOKEN",
        "SOURCES__REST_API__VITALLY__CREDENTIALS__SECRET_TOKEN",
    ],
)
def test_a_secret_is_found_in_the_environment_in_every_form_of_dlts(variable: str) -> None:
    assert Lookup({variable: "x"})(Ref("secret_token")) == "x"


def test_a_dotted_name_is_found_with_double_underscores() -> None:
    assert Lookup({"SOURCES__ZOOM__CLIENT_ID": "x"})(Ref("sources.zoom.client_id")) == "x"


def test_an_empty_variable_counts_as_found() -> None:
    assert Lookup({"SECRET_TOKEN": ""}, toml('secret_token = "file"'))(Ref("secret_token")) == ""


def test_the_plain_name_wins_over_the_longer_forms() -> None:
    assert Lookup({"K": "a", "SOURCES__K": "b", "SOURCES__X__K": "c"})(Ref("k")) == "a"


def test_two_sources_with_two_values_leave_it_open() -> None:
    assert Lookup({"SOURCES__A__K": "1", "SOURCES__B__K": "2"})(Ref("k")) is None


def test_a_value_of_the_environment_is_taken_by_its_exact_name_alone() -> None:
    assert Lookup({"MY_KEY": "x"})(Ref("MY_KEY", "env")) == "x"
    assert Lookup({"MY_KEY": "x"})(Ref("my_key", "env")) is None


@pytest.mark.parametrize(
    "text",
    [
        'k = "x"',
        '[sources]\nk = "x"',
        '[sources.rest_api]\nk = "x"',
        '[sources.vitally]\nk = "x"',
        '[credentials]\nk = "x"',
        '[sources.rest_api.credentials]\nk = "x"',
    ],
)
def test_a_secret_is_found_in_the_file(text: str) -> None:
    assert Lookup({}, toml(text))(Ref("k")) == "x"


def test_a_dotted_name_is_found_in_its_table() -> None:
    assert Lookup({}, toml('[sources.zoom]\nid = "x"'))(Ref("sources.zoom.id")) == "x"
    assert Lookup({}, toml("[zoom]\nid = 5"))(Ref("zoom.id")) == "5"


def test_the_environment_wins_over_the_file() -> None:
    assert Lookup({"K": "env"}, toml('k = "file"'))(Ref("k")) == "env"


def test_the_default_files_are_read_where_they_exist() -> None:
    toml('k = "secret"', ".dlt/secrets.toml")
    toml('host = "h"\nk = "open"', ".dlt/config.toml")
    lookup = Lookup({})
    assert lookup(Ref("k")) == "secret"
    assert lookup(Ref("host", "config")) == "h"
    assert lookup(Ref("host")) is None


def test_what_is_nowhere_is_not_found() -> None:
    assert Lookup({})(Ref("k")) is None
    assert Lookup({}, toml('[k]\na = "x"'))(Ref("k")) is None


def test_a_missing_secrets_file_is_named() -> None:
    with pytest.raises(ConfigError, match=r"The secrets file nowhere\.toml does not exist"):
        Lookup({}, "nowhere.toml")


def test_a_broken_secrets_file_is_named_without_showing_it() -> None:
    with pytest.raises(ConfigError) as caught:
        Lookup({}, toml("k = hush-hush"))
    assert "not TOML (at line 1" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_secrets_file_that_is_a_folder_is_named() -> None:
    Path("d").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        Lookup({}, "d")


class Keyring(types.ModuleType):
    asked: list[str]

    def __init__(self, value: str | None, error: type[Exception] | None = None) -> None:
        super().__init__("keyring")
        self.asked = []
        self.errors = types.ModuleType("keyring.errors")
        self.errors.KeyringError = LookupError  # type: ignore[attr-defined]
        self.value, self.error = value, error

    def get_password(self, service: str, name: str) -> str | None:
        self.asked.append(f"{service}/{name}")
        if self.error is not None:
            raise self.error
        return self.value


def install(monkeypatch: pytest.MonkeyPatch, keyring: Keyring) -> None:
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", keyring.errors)


def test_the_keyring_is_asked_last_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = Keyring("x")
    install(monkeypatch, keyring)
    lookup = Lookup({"A": "env"})
    assert [lookup(Ref("a")), lookup(Ref("k")), lookup(Ref("k"))] == ["env", "x", "x"]
    assert keyring.asked == ["headrace/k"]


def test_a_keyring_that_fails_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Keyring(None, LookupError))
    assert Lookup({})(Ref("k")) is None


def test_a_lookup_does_not_show_what_it_holds() -> None:
    assert "hush" not in repr(Lookup({"K": "hush"}))


FILLERS = ["YOUR_TOKEN", "changeme", "<token>", "xxx", "your-api-key-here", "CHANGE_ME", "..."]


@pytest.mark.parametrize("words", FILLERS)
def test_a_filler_is_not_found_wherever_it_stands_and_its_place_is_known(
    words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = Ref("secret_token")
    environment = Lookup({"SOURCES__REST_API__SECRET_TOKEN": words})
    assert (environment(ref), environment.fillers) == (
        None,
        {ref: "the environment variable SOURCES__REST_API__SECRET_TOKEN"},
    )
    path = toml(f'secret_token = "{words}"')
    file = Lookup({}, path)
    assert (file(ref), file.fillers) == (None, {ref: f"secret_token in {path}"})
    monkeypatch.setattr("headrace.spec.secrets._ask_keyring", lambda _: words)
    kept = Lookup({})
    assert (kept(ref), kept.fillers) == (None, {ref: "secret_token in the keyring"})


def test_a_filler_hides_no_value_that_lies_behind_it() -> None:
    assert Lookup({"K": "YOUR_TOKEN"}, toml('k = "s3cr3t"'))(Ref("k")) == "s3cr3t"


def test_only_credentials_have_fillers() -> None:
    assert Lookup({"REGION": "xxx"})(Ref("REGION", "env")) == "xxx"
    assert Lookup({"REGION": "xxx"})(Ref("region", "config")) == "xxx"
    assert Lookup({"API_TOKEN": "xxx"})(Ref("API_TOKEN", "env")) is None
    assert Lookup({"API_TOKEN": "xxx"})(Ref("api_token", "config")) is None


@pytest.mark.parametrize("words", ["dummy", "secret-token", "token", "todo", "abc-here", "add-ons-password", "api_key"])
def test_what_an_api_may_well_take_is_found(words: str) -> None:
    assert Lookup({"K": words})(Ref("k")) == words


def test_a_space_says_that_what_looks_like_a_filler_is_meant() -> None:
    assert Lookup({"K": " changeme"})(Ref("k")) == " changeme"
