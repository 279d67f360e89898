"""`headrace explain`: every value with its origin, the requests as they go out, and what earlier runs foretell."""

from __future__ import annotations

import io
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from headrace.cli.main import main
from headrace.cli.world import World
from headrace.spec import places
from headrace.spec.rules import RULES
from tests.cli.test_cli_schema import FULL
from tests.cli.vendor import serving
from tests.spec.documents import CORPUS

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
SECRETS = {"SECRET_TOKEN": "sk_live_5f2c9d", "API_KEY": "ak_9f8e7d", "TEAM_KEY": "tk_1a2b3c", "PW": "pw_4d5e6f"}
SCAFFOLD = """\
# Acme

```python
source = rest_api_source({
    "client": {
        "base_url": "https://api.acme.io/v1",
        "auth": {"type": "basic", "username": dlt.secrets["api_key"]},
    },
    "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
    "resources": [
        {
            "name": "users",
            "endpoint": {
                "path": "users",
                "data_selector": "items",
                "paginator": {"type": "page_number", "limit": 50, "page_param": "page"},
            },
        },
        {
            "name": "notes",
            "write_disposition": "append",
            "endpoint": {
                "path": "users/{user_id}/notes",
                "data_selector": ["data", "notes"],
                "paginator": {"type": "cursor", "cursor_param": "after", "cursor_value": "{{ response.next }}"},
            },
        },
    ],
})
```
"""


class Said:
    def __init__(self, *argv: str, environ: Mapping[str, str] | None = None, width: int = 100) -> None:
        out, err = io.StringIO(), io.StringIO()
        world = World(
            environ={"COLUMNS": str(width)} | SECRETS | dict(environ or {}), stdout=out, stderr=err, argv0="headrace"
        )
        self.code = main(("explain", *argv), world)
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def object(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.out)
        return decoded

    def values(self, resource: str) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.resource(resource)["values"]
        return found

    def resource(self, name: str) -> dict[str, Any]:
        return next(each for each in self.object["resources"] if each["name"] == name)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("full.yaml").write_text(FULL)
    Path("acme.md").write_text(SCAFFOLD)


@pytest.fixture
def _no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> NoReturn:
        raise AssertionError("explain opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("HEADRACE_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.usefixtures("_no_socket")
def test_an_explanation_reads_as_its_golden_file(width: int) -> None:
    said = Said("acme.md", "--rate", "100/60", width=width)
    assert (said.code, said.err) == (0, "")
    golden(f"explain_{width}.txt", said.out)


@pytest.mark.usefixtures("_no_socket")
def test_the_keys_of_the_object_are_those_that_are_documented() -> None:
    said = Said("full.yaml", "--format", "json")
    assert (said.code, said.err) == (0, "")
    found = said.object
    assert list(found) == [
        "config", "name", "dialect", "runnable", "needs", "faults", "client", "resources", "limits", "expect",
        "fillers",
    ]  # fmt: skip
    resource = found["resources"][1]
    assert list(resource) == ["name", "selected", "parent", "values", "requests", "expect", "tables"]
    assert set(resource["values"]["path"]) == {"value", "origin", "confidence", "path", "line", "rule", "why"}
    assert set(resource["requests"][0]) == {"what", "method", "url", "headers", "body", "note"}
    assert set(resource["expect"]) == {"run_id", "pages", "records", "requests", "changed", "why"}
    assert set(resource["tables"][0]["columns"][0]) == {"name", "data_type", "nullable", "origin"}
    assert set(found["limits"]) == {"rate", "max_concurrency", "pages", "api"}
    assert set(found["expect"]) == {
        "run_id", "requests", "records", "wall_s", "at_least_s", "unfinished", "why",
    }  # fmt: skip


@pytest.mark.parametrize("config", ["full.yaml", "acme.md"])
@pytest.mark.parametrize("form", ["human", "json"])
def test_no_secret_is_shown(config: str, form: str) -> None:
    said = Said(config, "--format", form)
    assert said.code == 0
    assert not [secret for secret in SECRETS.values() if secret in said.out + said.err]
    assert "<secret:api_key>" in said.out


def test_what_a_document_writes_out_of_a_credential_is_masked() -> None:
    Path("open.yaml").write_text(
        "client:\n  base_url: https://joe:hunter2@api.acme.io/v1?api_key=hunter2\n"
        "  headers: {X-Api-Token: hunter2, Cookie: sid=hunter2}\n"
        "  auth: {type: http_basic, username: joe, password: hunter2}\n"
        "resources:\n  - {name: users, endpoint: {path: users, params: {token: hunter2}}}\n"
        "  - {name: teams, endpoint: {path: teams, method: POST, json: {login: {password: hunter2}},"
        " auth: {type: api_key, name: key, location: query, api_key: hunter2}}}\n"
    )
    for form in ("human", "json"):
        said = Said("open.yaml", "--format", form)
        assert said.code == 0, said.err
        assert "hunter2" not in said.out
    found = Said("open.yaml", "--format", "json").resource("teams")
    assert "key=***" in found["requests"][0]["url"]
    assert found["requests"][0]["body"] == '{"login":{"password":"***"}}'


@pytest.mark.parametrize(
    ("resource", "key", "value", "origin", "confidence", "line"),
    [
        ("users", "path", "users", "document", "stated", 19),
        ("users", "primary_key", ["id"], "document", "stated", 9),
        ("users", "params.limit", "100", "document", "stated", 11),
        ("users", "paging.kind", "page_number", "document", "stated", 21),
        ("users", "paging.start", 1, "document", "stated", 21),
        ("users", "paging.stop_after_empty_page", True, "default", "implied", None),
        ("users", "incremental.start_param", "since", "document", "stated", 25),
        ("users", "incremental.latest", "max", "default", "implied", None),
        ("users", "table", "people", "document", "stated", 15),
        ("users", "max_nesting", 2, "document", "stated", 17),
        ("projects", "path", "projects", "document", "implied", 13),
        ("projects", "paging.path", "paging.next", "document", "stated", 7),
        ("projects", "selector", None, "first response", "detected", None),
        ("projects", "table", "projects", "default", "implied", None),
        ("memberships", "auth.kind", "none", "document", "stated", 41),
        ("memberships", "parent", "projects", "document", "stated", 36),
        ("memberships", "params.kind", ["owner", "guest"], "document", "stated", 39),
        ("memberships", "incremental.start_param", "since", "document", "stated", 40),
        ("search", "json", {"query": {"match": "all"}}, "document", "stated", 46),
        ("search", "headers.X-Depth", "3", "document", "stated", 48),
        ("search", "retry.attempts", 8, "default", "implied", None),
    ],
)
def test_a_value_says_where_it_comes_from(
    resource: str, key: str, value: object, *, origin: str, confidence: str, line: int | None
) -> None:
    found = Said("full.yaml", "--format", "json").values(resource)[key]
    assert (found["value"], found["origin"], found["confidence"], found["line"]) == (value, origin, confidence, line)


@pytest.mark.parametrize(
    ("resource", "key", "value", "rule", "confidence"),
    [
        ("users", "paging.size", 50, "page-size", "guessed"),
        ("users", "paging.start", 1, "page-start", "guessed"),
        ("users", "params.limit", "50", "page-size", "guessed"),
        ("notes", "selector", "data.notes", "selector-list", "implied"),
        ("notes", "paging.path", "next", "cursor-value", "implied"),
        ("notes", "parent", "users", "parent-by-path", "implied"),
    ],
)
def test_an_interpretation_names_its_rule(resource: str, key: str, value: object, rule: str, confidence: str) -> None:
    found = Said("acme.md", "--format", "json").values(resource)[key]
    assert (found["value"], found["origin"], found["rule"]) == (value, "rule", rule)
    assert found["confidence"] == confidence
    assert found["why"]


def test_flags_are_origins() -> None:
    said = Said(
        "full.yaml", "--format", "json", "--base-url", "https://eu.acme.io", "--rate", "10/1",
        "--allow-origin", "https://cdn.acme.io", "--max-concurrency", "3", "--limit-pages", "2",
        "--walk-deadline", "90",
    )  # fmt: skip
    client = said.object["client"]["values"]
    assert [(client[key]["origin"], client[key]["why"]) for key in ("base_url", "rate", "allowed_origins")] == [
        ("flag", "--base-url"), ("flag", "--rate"), ("flag", "--allow-origin"),
    ]  # fmt: skip
    deadline = said.values("users")["deadline_s"]
    assert (deadline["value"], deadline["origin"], deadline["why"]) == (90, "flag", "--walk-deadline")
    assert said.object["limits"] == {
        "rate": {"requests": 10, "window_s": 1.0}, "max_concurrency": 3, "pages": 2, "api": "",
    }  # fmt: skip


def test_deadlines_and_timeouts_have_their_place() -> None:
    Path("slow.yaml").write_text(
        "client: {base_url: https://api.acme.io}\nresources:\n"
        "  - {name: users, endpoint: {path: users, deadline_s: 90, retry: {timeout_s: 20}}}\n"
    )
    values = Said("slow.yaml", "--format", "json").values("users")
    found = {key: (values[key]["value"], values[key]["path"]) for key in ("deadline_s", "retry.timeout_s")}
    assert found == {
        "deadline_s": (90, "resources[0].endpoint.deadline_s"),
        "retry.timeout_s": (20, "resources[0].endpoint.retry.timeout_s"),
    }
    assert "users: stopped after 90 s" in Said("slow.yaml").out


def test_a_setting_is_the_origin_of_what_it_fills() -> None:
    Path("set.yaml").write_text(
        "client: {base_url: https://api.acme.io}\nresources:\n"
        "  - {name: users, endpoint: {path: users, params: {team: 'dlt.config[\"team\"]'}}}\n"
    )
    found = Said("set.yaml", "--format", "json", "--set", "team=blue").values("users")["params.team"]
    assert (found["value"], found["origin"], found["why"]) == ("blue", "flag", "--set team")


def test_the_requests_are_those_that_go_out() -> None:
    found = Said("full.yaml", "--format", "json").resource("memberships")["requests"]
    assert [each["what"] for each in found] == ["first", "next"]
    first, second = found
    assert first["url"] == (
        "https://api.acme.io/v2/projects/{resources.projects.id}/memberships"
        "?active=True&kind=owner&kind=guest&limit=100&since=2024-01-01"
    )
    assert second["url"] == f"{first['url']}&after=<next:paging.next>"
    assert first["headers"]["X-Key"] == "<secret:team_key>"
    assert "X-Api-Key" not in first["headers"]  # `auth: null`


def test_the_requests_equal_what_a_server_gets() -> None:
    with serving(users=(200, {"items": [{"id": 1}]})) as vendor:
        Path("real.yaml").write_text(
            f"client:\n  base_url: {vendor.url}\n  paginator: single_page\n"
            "resources:\n  - {name: users, endpoint: {path: users, params: {a: 'b c&d', e: [1, 2]}}}\n"
        )
        told = Said("real.yaml", "--format", "json").resource("users")["requests"]
        assert vendor.asked == []
        main(("run", "real.yaml", "--quiet"), World(environ={}, stdout=io.StringIO(), stderr=io.StringIO()))
    assert [each["url"] for each in told] == [f"{vendor.url}/users?a=b+c%26d&e=1&e=2"]


def test_a_token_that_is_bought_is_asked_for_first() -> None:
    Path("oauth.yaml").write_text(
        "client:\n  base_url: https://api.acme.io\n  auth: {type: oauth2_client_credentials, access_token_url:"
        " https://id.acme.io/token, client_id: me, client_secret: 'dlt.secrets[\"pw\"]'}\nresources: [users]\n"
    )
    token, first, _ = Said("oauth.yaml", "--format", "json").resource("users")["requests"]
    assert (token["what"], token["method"], token["url"]) == ("token", "POST", "https://id.acme.io/token")
    assert "client_secret=<secret:pw>" in token["body"].replace("***", "<secret:pw>")
    assert first["headers"]["Authorization"] == "Bearer <token>"


def test_an_address_that_is_not_known_is_told_and_the_rest_explained() -> None:
    Path("open.yaml").write_text("client: {base_url: https://api.example.com}\nresources: [users]\n")
    said = Said("open.yaml", "--format", "json")
    assert said.code == 0
    assert said.object["needs"] == ["base_url"]
    assert said.resource("users")["requests"][0]["url"] == "<base_url>/users"
    assert "lacks the API's address (--base-url URL)" in Said("open.yaml").out


@pytest.mark.parametrize("form", ["human", "json"])
def test_a_document_that_cannot_run_is_not_explained(form: str) -> None:
    Path("bad.yaml").write_text("client: {base_url: https://api.acme.io, auht: 1}\nresources: [users]\n")
    said = Said("bad.yaml", "--format", form)
    assert said.code == 2
    assert "auht" in said.out
    if form == "json":
        assert (said.object["runnable"], said.object["client"], said.object["resources"]) == (False, None, [])


def test_a_document_that_is_not_there_gives_the_object_too() -> None:
    said = Said("nowhere.yaml", "--format", "json")
    assert said.code == 2
    assert said.object["faults"][0]["code"] == "unreadable"
    assert "There is no file nowhere.yaml" in said.err


# --- what earlier runs foretell ---------------------------------------------------------------------


@pytest.fixture
def _ran() -> None:
    rows = [{"id": at, "name": f"n{at}", "tags": ["a"], "at": f"2024-05-0{at}T00:00:00Z"} for at in range(1, 5)]
    with serving(users=(200, {"items": rows, "next": None})) as vendor:
        Path("ran.yaml").write_text(
            f"client: {{base_url: '{vendor.url}'}}\nresources:\n  - name: users\n    primary_key: id\n"
            "    endpoint: {path: users, incremental: {cursor_path: at, start_param: since}}\n"
        )
        code = main(("run", "ran.yaml", "--quiet"), World(environ={}, stdout=io.StringIO(), stderr=io.StringIO()))
        assert code == 0


@pytest.mark.usefixtures("_ran", "_no_socket")
def test_what_the_first_response_settled_is_told() -> None:
    said = Said("ran.yaml", "--format", "json")
    values = said.values("users")
    for key, value in (("selector", "items"), ("paging.kind", "next_url")):
        assert (values[key]["value"], values[key]["origin"], values[key]["confidence"]) == (
            value, "first response", "detected",
        )  # fmt: skip
    assert "each run looks again" in values["selector"]["why"]


@pytest.mark.usefixtures("_ran", "_no_socket")
def test_the_last_run_foretells_pages_and_tables() -> None:
    said = Said("ran.yaml", "--format", "json")
    expect = said.resource("users")["expect"]
    assert (expect["pages"], expect["records"], expect["requests"], expect["changed"]) == (1, 4, 1, False)
    assert said.object["expect"]["run_id"] == expect["run_id"]
    tables = {each["name"]: each for each in said.resource("users")["tables"]}
    assert list(tables) == ["users", "users__tags"]
    columns = {each["name"]: (each["data_type"], each["origin"]) for each in tables["users"]["columns"]}
    assert columns["id"] == ("bigint", "declared")
    assert columns["at"] == ("timestamp", "seen")
    assert tables["users__tags"]["parent"] == "users"


@pytest.mark.usefixtures("_ran", "_no_socket")
def test_an_increment_goes_on_where_the_last_run_came_to() -> None:
    first = Said("ran.yaml", "--format", "json").resource("users")["requests"][0]
    assert first["url"].endswith("/users?since=2024-05-04T00%3A00%3A00Z")


@pytest.mark.usefixtures("_ran")
def test_a_journal_is_read_and_not_touched() -> None:
    def kept() -> dict[Path, bytes]:  # SQLite's own helpers beside the index come and go
        files = (path for path in Path(".headrace").rglob("*") if path.is_file())
        return {path: path.read_bytes() for path in files if not path.name.endswith(("-shm", "-wal"))}

    before = kept()
    Said("ran.yaml")
    assert kept() == before


def test_no_folder_is_made() -> None:
    before = set(Path().iterdir())
    Said("full.yaml")
    assert set(Path().iterdir()) == before


def test_the_declared_rate_says_how_long_it_takes_at_least() -> None:
    with serving(**{name: (200, [{"id": 1}]) for name in "abcde"}) as vendor:
        Path("five.yaml").write_text(f"client: {{base_url: '{vendor.url}'}}\nresources: [a, b, c, d, e]\n")
        main(("run", "five.yaml", "--quiet"), World(environ={}, stdout=io.StringIO(), stderr=io.StringIO()))
    found = Said("five.yaml", "--format", "json", "--rate", "2/10").object["expect"]
    assert (found["requests"], found["at_least_s"]) == (5, 20.0)


# --- the tables behind it -----------------------------------------------------------------------------


def test_every_rule_says_which_value_it_decides() -> None:
    named = set(places.DECIDES) | places.BY_PLACE | places.DECIDE_NOTHING
    assert named == set(RULES)


def test_every_value_that_a_rule_decides_exists() -> None:
    fields = {f"paging.{name}" for name in places.PAGING} | {f"auth.{name}" for name in places.AUTH}
    fields |= {f"incremental.{name}" for name in places.INCREMENTAL} | {"auth.location", "name", "parent"}
    known = fields | set(places.CLIENT) | set(places.RESOURCE)
    assert {key for keys in places.DECIDES.values() for key in keys} <= known


def test_the_documents_of_the_corpus_are_explained_or_refused() -> None:
    if not CORPUS.exists():
        pytest.skip(f"the corpus is not here ({CORPUS})")
    files = sorted(path for path in CORPUS.iterdir() if path.suffix in {".py", ".txt", ".yaml", ".json"})
    explained = 0
    for path in files:
        said = Said(str(path), "--format", "json", environ={"HEADRACE_DEBUG": "1"})
        assert said.code in {0, 2}, (path.name, said.err)
        assert "Traceback" not in said.err, (path.name, said.err)
        for resource in said.object["resources"]:
            told = resource["values"].values()
            assert all(value["line"] for value in told if value["origin"] == "document"), (path.name, resource["name"])
            assert all(value["why"] for value in told if value["confidence"] == "guessed"), path.name
            explained += 1
    assert explained > 300


@pytest.mark.parametrize("form", ["human", "json"])
def test_what_a_document_writes_out_for_the_token_is_masked(form: str) -> None:
    Path("token.yaml").write_text(
        "client:\n  base_url: https://api.acme.io/v1\n"
        "  auth: {type: oauth2_client_credentials, access_token_url: https://api.acme.io/t, client_id: me,"
        " client_secret: hunter2, access_token_request_data: {grant_type: password, password: hunter2}}\n"
        "resources: [users]\n",
        encoding="utf-8",
    )
    said = Said("token.yaml", "--format", form)
    assert said.code == 0
    assert "hunter2" not in said.out + said.err


def test_a_value_that_guesses_names_is_a_guess_with_its_line() -> None:
    resource = "  - name: users\n    primary_key: id\n    guesses: [primary_key]\n"
    Path("g.yaml").write_text(f"client: {{base_url: 'https://a.io'}}\nresources:\n{resource}")
    (users,) = Said("g.yaml", "--format", "json").object["resources"]
    key = users["values"]["primary_key"]
    assert (key["confidence"], key["line"], key["why"]) == ("guessed", 4, "`guesses` names it")
