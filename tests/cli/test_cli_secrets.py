"""No command prints what somebody planted: a password in a URL, a key in a parameter, a token in a header."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from headrace.cli.main import main
from headrace.cli.masks import masked
from headrace.cli.world import World
from tests.cli.vendor import Vendor, serving

PLANTED = ("HUNTER2pw", "sk_PLANTED_param", "sk_PLANTED_header", "sk_PLANTED_token", "sk_PLANTED_path")


def planted(url: str) -> str:
    """The address with a user and a password in it."""
    return url.replace("http://", "http://bob:HUNTER2pw@")


def document(url: str, name: str = "c.json", **client: object) -> str:
    config = {
        "client": {"base_url": url, "headers": {"X-Api-Key": "sk_PLANTED_header"}}
        | {"auth": {"type": "bearer", "token": "sk_PLANTED_token"}}
        | client,
        "resources": [
            {
                "name": "users",
                "endpoint": {
                    "path": "users?api_key=sk_PLANTED_path",
                    "params": {"access_token": "sk_PLANTED_param", "size": "5"},
                    "headers": {"Authorization": "Basic sk_PLANTED_header"},
                    "paginator": "single_page",
                },
            }
        ],
    }
    Path(name).write_text(json.dumps(config))
    return name


def said(*argv: str) -> tuple[int, str]:
    """A command's exit code, and all that it printed."""
    out = io.StringIO()
    code = main(argv, World(environ={"COLUMNS": "120"}, stdout=out, stderr=out, argv0="headrace"))
    return code, out.getvalue()


def clean(text: str) -> bool:
    return not [secret for secret in PLANTED if secret in text]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    monkeypatch.chdir(tmp_path)
    with serving(users=(200, [{"id": 1}])) as running:
        yield running


@pytest.mark.parametrize("form", ["human", "json"])
@pytest.mark.parametrize("place", ["flag", "document"])
def test_check_names_the_host_and_not_the_password(vendor: Vendor, form: str, place: str) -> None:
    url = planted("http://h.acme.dev/v1")
    argv = (document(url),) if place == "document" else (document(vendor.url), "--base-url", url)
    code, text = said("check", *argv, "--format", form)
    assert (code, clean(text)) == (0, True), text
    assert "http://***@h.acme.dev/v1" in text
    assert "users?api_key=***" in text


@pytest.mark.parametrize(
    "url", ["ftp://bob:HUNTER2pw@h/", "https://bob:HUNTER2pw@api.example.com/v1?api_key=sk_PLANTED_path"]
)
@pytest.mark.parametrize("command", ["check", "run", "fetch", "replay"])
@pytest.mark.parametrize("form", ["human", "json"])
def test_a_document_that_cannot_run_is_quoted_without_its_password(
    vendor: Vendor, url: str, command: str, form: str
) -> None:
    assert vendor.url
    code, text = said(command, document(url), "--format", form)
    assert clean(text), text
    assert code in {0, 2}


@pytest.mark.parametrize("form", ["human", "json"])
@pytest.mark.parametrize("command", ["run", "fetch"])
def test_a_run_that_works_and_one_that_fails_print_no_secret(vendor: Vendor, form: str, command: str) -> None:
    path = document(planted(vendor.url))
    for status in (401, 200):
        vendor.answers["users"] = (status, [{"id": 1}] if status == 200 else {"error": "no sk_PLANTED_token"})
        code, text = said(command, path, "--base-url", planted(vendor.url), "--format", form)
        assert code == (3 if status == 401 else 0), text
        assert clean(text), text
    code, text = said("replay", path, "--format", form)
    assert (code, clean(text)) == (0, True), text


def test_a_wrong_flag_is_quoted_without_the_password(vendor: Vendor) -> None:
    path = document(vendor.url)
    for argv in (
        (planted("http://h/"),),
        ("run", path, planted("http://h/")),
        ("check", path, "--to", "postgres://bob:HUNTER2pw@h/db"),
    ):
        code, text = said(*argv)
        assert (code, clean(text)) == (2, True), text


def test_the_journal_shows_no_secret(vendor: Vendor) -> None:
    assert said("run", document(planted(vendor.url)))[0] == 0
    with duckdb.connect("c.duckdb") as connection:
        (row,) = connection.execute("SELECT _dlt_id FROM c_data.users").fetchall()
    assert said("journal", "show", row[0])[0] == 0
    for argv in (("list",), ("verify",), ("show", row[0]), ("show", row[0], "--body"), ("prune", "--keep-runs", "1")):
        for form in ("human", "json"):
            assert clean(said("journal", *argv, "--format", form)[1])


def test_the_demo_shows_only_the_key_of_its_own_emulator(tmp_path: Path) -> None:
    records = "accounts=3,users=3,notes=3,tasks=3,conversations=3,admins=3"
    command = [sys.executable, "-m", "headrace", "demo", "--faults", "", "--records", records]
    environ = {"SECRET_TOKEN": "sk_PLANTED_token", "PATH": "/bin", "HTTP_PROXY": "http://bob:HUNTER2pw@h:1"}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True, timeout=20)
    assert clean(done.stdout + done.stderr)
    assert "demo-token" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("from https://u:p@h/v1, twice", "from https://***@h/v1, twice"),
        ("https://u:p@q@h/a@b", "https://***@h/a@b"),
        ("/users?a=1&token=x&b=2", "/users?a=1&token=***&b=2"),
        ("/users?page=2#frag", "/users?page=2#frag"),
        ("mail me@h.org", "mail me@h.org"),
        ("api_key=x", "api_key=***"),
    ],
)
def test_a_mask_takes_the_secret_and_nothing_else(words: str, shown: str) -> None:
    assert masked(words) == shown


def test_a_reference_among_the_parameters_is_shown_by_name(vendor: Vendor) -> None:
    path = Path(document(vendor.url))
    path.write_text(path.read_text().replace("sk_PLANTED_param", 'dlt.secrets[\\"the_key\\"]'))
    params = json.loads(said("check", str(path), "--format", "json")[1])["plan"]["resources"][0]["params"]
    assert params == {"access_token": "<secret the_key>", "size": "5"}


@pytest.mark.parametrize(
    "key", ["client.auth.token", "resources.users.endpoint.auth.api_key", "client.headers.X-Api-Key"]
)
@pytest.mark.parametrize("command", ["run", "check", "convert"])
def test_a_credential_is_not_taken_from_the_command_line(command: str, key: str) -> None:
    code, words = said(command, document("http://h.test"), "--set", f"{key}=sk_PLANTED_token")
    assert code == 2
    assert f"{key} is a credential" in words
    assert "sk_PLANTED" not in words
