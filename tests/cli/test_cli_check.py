"""`headrace check`: verdict first, then what to mend, then the plan; no socket is ever opened."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

import pytest

from headrace.cli.check import auth_words, paging_words, proof_words
from headrace.cli.main import main
from headrace.cli.world import World
from headrace.model.plan import (
    ApiKey,
    AutoPaging,
    Bearer,
    Client,
    Cursor,
    HeaderCursor,
    HttpBasic,
    LinkHeader,
    NextUrl,
    NoAuth,
    Offset,
    PageNumber,
    Paging,
    Ref,
    SinglePage,
    text,
)

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGED = (resources.files("headrace") / "connectors" / "vitally.md").read_text(encoding="utf-8")
SECRET = {"SECRET_TOKEN": "sk_live_5f2c9d"}
SMALL = """
client:
  base_url: https://api.acme.dev/v1
resources:
  - name: users
    primary_key: id
    write_disposition: merge
    endpoint: {path: users, data_selector: items, paginator: {type: page_number, total_path: null}}
  - name: tasks
    endpoint: {path: tasks, paginator: header_link}
"""


class Said:
    def __init__(self, *argv: str, environ: Mapping[str, str] | None = None) -> None:
        out, err = io.StringIO(), io.StringIO()
        world = World(environ={"COLUMNS": "80"} | dict(environ or {}), stdout=out, stderr=err, argv0="headrace")
        self.code = main(("check", *argv), world)
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def object(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.out)
        return decoded


@pytest.fixture(autouse=True)
def _no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> NoReturn:
        raise AssertionError("check opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.chdir(tmp_path)


def written(folder: Path, old: str = "", new: str = "", name: str = "config.md") -> str:
    path = folder / name
    assert old in PACKAGED
    path.write_text(PACKAGED.replace(old, new, 1) if old else PACKAGED)
    return name


def test_the_example_of_the_repository_is_the_packaged_one() -> None:
    assert (ROOT / "examples" / "vitally.md").read_text(encoding="utf-8") == PACKAGED


def test_a_document_that_lacks_only_what_comes_from_outside_can_run(tmp_path: Path) -> None:
    said = Said(written(tmp_path))
    assert said.code == 0
    assert said.out.startswith("! ")
    first = " ".join(said.out.split())
    assert "can run, once it has the API's address (--base-url URL) and the secret secret_token" in first
    assert "in the environment as SECRET_TOKEN" in first


def test_with_its_needs_met_the_verdict_is_plain(tmp_path: Path) -> None:
    said = Said(written(tmp_path), "--base-url", "http://127.0.0.1:9/resources", environ=SECRET)
    assert said.code == 0
    assert said.out.startswith("✓ ")
    assert "can run. It was read as a near-dlt scaffold document with " in " ".join(said.out.split())


def test_no_secret_is_shown(tmp_path: Path) -> None:
    for form in ("human", "json"):
        said = Said(written(tmp_path), "--base-url", "http://h/r", "--format", form, environ=SECRET)
        assert "sk_live" not in said.out + said.err


def test_each_deviation_of_a_scaffold_is_explained_once(tmp_path: Path) -> None:
    out = " ".join(Said(written(tmp_path)).out.split())
    assert out.count("`limit` is not an argument of this paginator in dlt.") == 1
    assert "and 5 more like it" in out
    assert "line 15, client.auth.type `basic` is not an auth type of dlt's. → Read as `http_basic`." in out


def test_what_all_resources_share_is_said_once(tmp_path: Path) -> None:
    out = Said(written(tmp_path), "--base-url", "http://127.0.0.1:9/resources").out
    assert "  · from http://127.0.0.1:9/resources\n" in out
    assert "  · HTTP basic, user from secret_token, password from basic_auth_header\n" in out
    assert "  · each: merge on id\n  · each: records at results\n  · each: cursor next → from, 100 a page\n" in out
    assert "  conversations  GET /conversations\n" in out


def test_what_differs_between_resources_is_a_column(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    out = Said(str(path)).out
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in out.splitlines() if line.startswith("  ")}
    assert rows["resource"] == "request load records at paging"
    assert rows["users"].startswith("GET users merge on id items page number in page from 0")
    assert rows["tasks"].startswith("GET tasks append detected Link header, rel=next")


@pytest.mark.parametrize(("columns", "table"), [("60", False), ("120", True)])
def test_a_plan_that_does_not_fit_the_terminal_is_a_block_for_each_resource(
    columns: str, table: bool, tmp_path: Path
) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    out = io.StringIO()
    assert main(("check", str(path)), World(environ={"COLUMNS": columns}, stdout=out, argv0="headrace")) == 0
    plan = out.getvalue().partition("The plan")[2].splitlines()
    assert max(map(len, plan)) <= int(columns)
    assert any(line.split() == ["resource", "request", "load", "records", "at", "paging"] for line in plan) == table
    assert ("  users" in plan) != table
    if not table:
        words = " ".join(plan[plan.index("  users") + 1 :]).split()
        assert " ".join(words).startswith(
            "GET users load: merge on id · records at: items · paging: page number in page from 0"
        )


def test_only_the_chosen_resources_are_planned(tmp_path: Path) -> None:
    out = Said(written(tmp_path), "--resource", "tasks").out
    assert "The plan: 1 resource\n" in out
    assert "GET /tasks" in out
    assert "GET /users" not in out


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('"name": "accounts"', '“name”: "accounts"', 26, "typographic"),
        ('"limit": 100,', '"limit": 100', 32, "comma"),
        ('"resources": [', '"resuorces": [', 24, "`resources`"),
        ('"basic"', '"basci"', 15, "`basci`"),
    ],
)
def test_a_broken_document_names_line_problem_and_mend(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    path = written(tmp_path, old, new)
    said = Said(path)
    assert said.code == 2
    assert said.out.startswith("✗ ")
    assert "cannot run: " in said.out
    assert f"line {line}" in said.out
    assert words in said.out
    assert "→ " in said.out
    assert "The plan" not in said.out
    told = Said(path, "--format", "json")
    assert told.code == 2
    assert told.object["runnable"] is False
    assert [fault["line"] for fault in told.object["faults"] if fault["severity"] == "error"] == [line]


def test_the_object_has_the_keys_of_the_contract(tmp_path: Path) -> None:
    said = Said(written(tmp_path), "--format", "json").object
    assert list(said) == ["runnable", "needs", "dialect", "faults", "plan"]
    assert list(said["plan"]) == ["base_url", "auth", "resources"]
    assert [each["name"] for each in said["plan"]["resources"]] == [
        "accounts", "admins", "conversations", "notes", "tasks", "users",
    ]  # fmt: skip


@pytest.mark.parametrize("argv", [("missing.md",), ("vitaly",), ("x.md", "--rate", "fast")])
def test_what_cannot_be_read_still_prints_the_object(argv: tuple[str, ...]) -> None:
    said = Said(*argv, "--format", "json")
    assert said.code == 2
    assert said.object["runnable"] is False
    assert said.err.count("\n") == 1
    (fault,) = said.object["faults"]
    assert fault["severity"] == "error"
    assert fault["problem"]
    assert fault["fix"]


def test_of_what_cannot_be_read_nothing_is_made_up() -> None:
    said = Said("missing.md", "--format", "json").object
    assert list(said) == ["runnable", "needs", "dialect", "faults", "plan"]
    assert (said["dialect"], said["plan"]) == (None, None)
    assert (said["faults"][0]["problem"], said["faults"][0]["fix"]) == (
        "There is no file missing.md",
        "check the path.",
    )


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("postgres://me:hunter2@h/db", "the destination 'postgres://…' is not supported: give duckdb:///FILE"),
        ("dlt:bigquerry", "dlt has no destination 'bigquerry': give one of its own"),
        ("duckdb:///", "names no file"),
        ("memory://", "keeps nothing"),
    ],
)
def test_a_warehouse_that_no_run_could_write_to_is_refused(tmp_path: Path, to: str, words: str) -> None:
    said = Said(written(tmp_path), "--to", to)
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert "hunter2" not in said.err
    told = Said(written(tmp_path), "--to", to, "--format", "json")
    assert (told.code, told.object["runnable"]) == (2, False)


def test_a_warehouse_that_could_be_written_to_is_not_touched(tmp_path: Path) -> None:
    assert Said(written(tmp_path), "--to", "duckdb:///v.duckdb").code == 0
    assert not (tmp_path / "v.duckdb").exists()


def test_a_setting_that_fits_nothing_keeps_a_document_from_running_in_check_as_in_run(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL.replace("api.acme.dev", "{tenant}.acme.dev"))
    said = Said("small.yaml", "--set", "tenat=acme", "--format", "json").object
    faults = {fault["code"]: fault for fault in said["faults"]}
    assert (said["runnable"], Said("small.yaml", "--set", "tenat=acme").code) == (False, 2)
    assert faults["unused-setting"]["severity"] == "error"
    assert faults["unused-setting"]["path"] == "--set tenat"
    assert faults["unused-setting"]["fix"] == "did you mean `tenant`?"
    used = Said("small.yaml", "--set", "tenant=acme", "--format", "json").object
    assert "unused-setting" not in {fault["code"] for fault in used["faults"]}


def test_a_document_from_standard_input_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"{}")))
    assert Said("-").out.startswith("✗ stdin cannot run: 2 errors to mend.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[]", "The document holds no configuration"),
        (b'[{"name": "users",}]', "JSON takes no trailing commas"),
        (b"[client]\nbase_url = ", "The text is not TOML here"),
    ],
)
def test_a_text_without_a_name_is_faulted_in_its_likely_format(
    monkeypatch: pytest.MonkeyPatch, text: bytes, words: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert words.lower() in " ".join(Said("-").out.split()).lower()


def test_a_ready_connector_goes_by_its_name() -> None:
    assert Said("vitally").code == 0


def test_quiet_says_nothing_of_a_document_that_can_run(tmp_path: Path) -> None:
    assert Said(written(tmp_path), "--quiet").out == ""
    assert "cannot run" in Said(written(tmp_path, '"basic"', '"basci"'), "--quiet").out


@pytest.mark.parametrize(
    ("paging", "words"),
    [
        (AutoPaging(), "detected on the first page"),
        (SinglePage(), "one page"),
        (Cursor("next", "from", size=100), "cursor next > from, 100 a page"),
        (Cursor("next", None, "body.after"), "cursor next > body.after"),
        (HeaderCursor("X-Next", "cursor"), "cursor in header X-Next > cursor"),
        (NextUrl("links.next"), "next URL at links.next"),
        (LinkHeader("next", 50), "Link header, rel=next, 50 a page"),
        (Offset(100, 0), "offset in offset from 0, 100 a page"),
        (PageNumber(1, 1), "page number in page from 1"),
    ],
)
def test_each_paging_rule_has_a_short_phrase(paging: Paging, words: str) -> None:
    assert paging_words(paging, ">") == words


@pytest.mark.parametrize(
    ("client", "words"),
    [
        (Client("https://a.test"), "no authentication"),
        (
            Client("https://a.test", headers=(("X-Api-Key", text("k")), ("X-Tenant", text("t")))),
            "in the header X-Api-Key",
        ),
        (Client("https://a.test", headers=(("X-Tenant", text(Ref("t"))),)), "in the header X-Tenant"),
        (Client("https://me:pw@a.test"), "HTTP basic, user and password in the base URL"),
        (Client("https://me:pw@a.test", Bearer(text("t"))), "bearer token given in the document"),
    ],
)
def test_a_credential_that_is_not_in_auth_is_known(client: Client, words: str) -> None:
    said = proof_words(client)
    assert said.endswith(words)
    assert "pw" not in said


def test_credentials_are_named_and_never_shown() -> None:
    assert auth_words(NoAuth()) == "no authentication"
    assert auth_words(HttpBasic(text(Ref("a")), text())) == "HTTP basic, user from a, password empty"
    assert auth_words(Bearer(text("literal-token"))) == "bearer token given in the document"
    assert auth_words(ApiKey(text("Key ", Ref("k")), "X-Key")) == "API key from k in header X-Key"
