"""`headrace preview`: one page and no more, shown with what a run would make of it, and nothing written."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from headrace.cli.main import main
from headrace.cli.world import World
from headrace.report.grid import cell, grid
from headrace.report.layout import Marks, Stage, bare
from tests.cli.vendor import serving
from tests.e2e.api import served

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
USERS = [
    {
        "id": at,
        "name": name,
        "born": f"19{70 + at}-04-0{at}",
        "seen": f"2026-01-0{at}T10:00:00Z",
        "address": {"city": "Köln", "zip": None if at == 2 else "50667"},
        "tags": ["a", "b"][:at],
        "bio": "a long story, " * 8 if at == 1 else None,
    }
    for at, name in enumerate(("Ann", "Bob", "木村さん"), 1)
]


class Said:
    def __init__(self, *argv: str, environ: Mapping[str, str] | None = None, width: int = 80) -> None:
        out, err = io.StringIO(), io.StringIO()
        world = World(environ={"COLUMNS": str(width)} | dict(environ or {}), stdout=out, stderr=err, argv0="headrace")
        self.code = main(("preview", *argv), world)
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def object(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.out)
        return decoded


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def config(url: str, *resources: str, client: str = "") -> str:
    Path("acme.yaml").write_text(f"client: {{base_url: '{url}'{client}}}\nresources:\n  - " + "\n  - ".join(resources))
    return "acme.yaml"


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("HEADRACE_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 120])
def test_a_preview_reads_as_its_golden_file(width: int) -> None:
    with serving(users=(200, {"items": USERS, "next": "/users?page=2"})) as vendor:
        said = Said(config(vendor.url, "{name: users, primary_key: id}"), "users", width=width)
        url = vendor.url
    assert (said.code, said.err) == (0, "")
    text = re.sub(r" in \d+\.\d s\b", " in 0.1 s", said.out.replace(url, "https://api.acme.io"))
    golden(f"preview_{width}.txt", text)


def test_no_line_is_wider_than_the_terminal_where_it_can_be_helped() -> None:
    with serving(users=(200, USERS)) as vendor:
        for width in (60, 80, 120):
            said = Said(config(vendor.url, "users"), "users", width=width)
            from rich.cells import cell_len

            assert max(map(cell_len, said.out.splitlines())) <= width


def test_one_page_is_asked_for_and_nothing_is_written() -> None:
    with serving(users=(200, {"items": USERS, "next": "/users?page=2"})) as vendor:
        name = config(vendor.url, "users")
        before = sorted(Path().rglob("*"))
        said = Said(name, "users", "--format", "json")
        assert vendor.asked == ["users"]
    assert sorted(Path().rglob("*")) == before
    assert said.object["next"] == {
        "done": False, "proven": False, "why": f"the next page is {vendor.url}/users?page=2",
    }  # fmt: skip


def test_the_keys_of_the_object_are_those_that_are_documented() -> None:
    with serving(users=(200, USERS)) as vendor:
        found = Said(config(vendor.url, "{name: users, primary_key: id}"), "users", "--format", "json").object
    assert list(found) == [
        "config", "resource", "table", "request", "parents", "records", "kept", "selector", "detected", "next", "rows",
        "tables", "keys", "rejects", "notices",
    ]  # fmt: skip
    assert set(found["request"]) == {"method", "url", "status", "body_bytes", "elapsed_s"}
    assert set(found["tables"][0]) == {"name", "parent", "rows", "columns", "sample"}
    assert set(found["tables"][0]["columns"][0]) == {"name", "data_type", "nullable", "filled", "example"}
    assert set(found["keys"][0]) == {"kind", "columns", "good", "nulls", "duplicates", "why"}


def test_the_schema_is_that_of_a_run() -> None:
    with serving(users=(200, USERS)) as vendor:
        found = Said(config(vendor.url, "users"), "users", "--format", "json").object
    tables = {each["name"]: each for each in found["tables"]}
    assert {name: each["parent"] for name, each in tables.items()} == {"users": None, "users__tags": "users"}
    assert (tables["users"]["rows"], tables["users__tags"]["rows"]) == (3, 5)
    columns = {each["name"]: each for each in tables["users"]["columns"]}
    assert columns["seen"]["data_type"] == "timestamp"
    assert columns["seen"]["example"] == "2026-01-01T10:00:00Z"
    assert columns["address__zip"]["filled"] == 0.667
    assert columns["address__city"]["example"] == "Köln"
    assert tables["users__tags"]["sample"] == {"value": "a"}
    assert [row["name"] for row in found["rows"]] == ["Ann", "Bob", "木村さん"]


def test_what_was_detected_is_told_with_its_reason() -> None:
    with serving(users=(200, {"items": USERS, "next": None})) as vendor:
        found = Said(config(vendor.url, "users"), "users", "--format", "json").object
    assert (found["detected"]["selector"], found["detected"]["paging"]) == ("items", "next_url")
    assert "the records are at `items`" in found["detected"]["why"]
    assert (found["next"]["done"], found["next"]["proven"]) == (True, True)


@pytest.mark.parametrize(
    ("records", "code", "why"),
    [
        ([{"id": 1}, {"id": 2}], 0, "in every record, and unique on this page"),
        ([{"id": 1}, {"id": 1}, {"id": 2}], 1, "1 repeat one that is there"),
        ([{"id": 1}, {"id": None}, {"n": 2}], 1, "2 of 3 records have no value"),
        ([{"n": 1}], 1, "no record on this page has `id`"),
    ],
)
@pytest.mark.parametrize("disposition", ["merge", "append"])
def test_the_key_is_checked_on_the_page(records: list[object], code: int, why: str, disposition: str) -> None:
    with serving(users=(200, records)) as vendor:
        name = config(vendor.url, f"{{name: users, primary_key: id, write_disposition: {disposition}}}")
        said = Said(name, "users", "--format", "json")
    assert said.code == code
    assert [each["why"] for each in said.object["keys"]] == [why]
    assert said.object["keys"][0]["good"] is (code == 0)


def test_a_key_of_two_columns_is_checked_as_one() -> None:
    rows = [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}]
    with serving(users=(200, rows)) as vendor:
        found = Said(config(vendor.url, "{name: users, primary_key: [a, b]}"), "users", "--format", "json").object
    assert (found["keys"][0]["columns"], found["keys"][0]["duplicates"]) == (["a", "b"], 1)


def test_where_no_key_is_stated_one_that_would_do_is_named() -> None:
    with serving(users=(200, USERS)) as vendor:
        said = Said(config(vendor.url, "users"), "users")
    assert "no key is stated; `primary_key: id` would do" in " ".join(said.out.split())


def test_of_a_child_one_page_of_its_parent_comes_first() -> None:
    teams = [{"name": "no id"}, {"id": 7, "name": "blue"}, {"id": 8, "name": "red"}]
    answers = {"teams": (200, teams), "teams/7/members": (200, [{"id": 1, "role": "lead"}])}
    with serving(**answers) as vendor:
        name = config(
            vendor.url,
            "teams",
            "{name: members, include_from_parent: [name], endpoint: {path: 'teams/{resources.teams.id}/members'}}",
        )
        said = Said(name, "members", "--format", "json")
        assert vendor.asked == ["teams", "teams/7/members"]
    assert said.code == 0
    assert said.object["parents"] == [{"resource": "teams", "records": 3, "taken": {"id": 7}}]
    assert said.object["rows"] == [{"id": 1, "role": "lead", "_teams_name": "blue"}]


def test_a_guessed_field_of_the_parent_is_found_as_in_a_run() -> None:
    teams, members = [{"teamId": 7}, {"teamId": 8}], [{"id": 1}]
    with serving(**{"teams": (200, teams), "teams/7/members": (200, members)}) as vendor:
        basic = ", auth: {type: basic, username: u, password: p}"
        name = config(vendor.url, "teams", "{name: members, endpoint: {path: 'teams/{of}/members'}}", client=basic)
        told = Said(name, "members", "--format", "json").object
    assert told["parents"] == [{"resource": "teams", "records": 2, "taken": {"teamId": 7}}]
    assert told["rows"] == [{"id": 1}]


def test_of_a_batch_the_first_one_is_asked_for() -> None:
    teams = [{"id": 7}, {"id": 8}, {"id": 9}]
    with serving(teams=(200, teams), members=(200, [{"id": 1}])) as vendor:
        name = config(
            vendor.url,
            "teams",
            "{name: members, endpoint: {path: members, params: {t: '{resources.teams.id:batch(2)}'}}}",
        )
        told = Said(name, "members", "--format", "json").object
    assert told["parents"] == [{"resource": "teams", "records": 3, "taken": {"id": [7, 8]}}]
    assert told["request"]["url"] == f"{vendor.url}/members?t=7%2C8"


def test_a_parent_without_a_fitting_record_is_told() -> None:
    with serving(teams=(200, [{"name": "x"}])) as vendor:
        name = config(vendor.url, "teams", "{name: members, endpoint: {path: 'teams/{resources.teams.id}/members'}}")
        said = Said(name, "members")
    assert (said.code, said.out) == (3, "")
    assert "no record on its first page gives a request (`id` is missing); preview `teams` first" in said.err


def test_an_increment_says_how_many_records_it_keeps() -> None:
    with serving(users=(200, USERS)) as vendor:
        rule = "{cursor_path: seen, initial_value: '2026-01-02T10:00:00Z', start_param: since}"
        name = config(vendor.url, f"{{name: users, endpoint: {{incremental: {rule}}}}}")
        found = Said(name, "users", "--format", "json").object
    assert (found["records"], found["kept"]) == (3, 2)
    assert "since=2026-01-02T10%3A00%3A00Z" in found["request"]["url"]


def test_a_secret_is_shown_nowhere_not_even_where_the_api_repeats_it() -> None:
    secret = "sk_live_5f2c9d8e"
    rows = [{"id": 1, "echo": f"you sent {secret}", "deep": {"list": [{"key": secret}]}}]
    with serving(users=(200, {"items": rows, "next": f"/users?key={secret}&page=2"})) as vendor:
        name = config(
            vendor.url,
            "users",
            client=", auth: {type: api_key, name: key, location: query, api_key: 'dlt.secrets[\"k\"]'}",
        )
        for form in ("human", "json"):
            said = Said(name, "users", "--format", form, environ={"K": secret})
            assert said.code == 0, said.err
            assert secret not in said.out + said.err
            assert "you sent ***" in said.out


def test_what_an_api_writes_is_no_command_to_the_terminal() -> None:
    with serving(users=(200, [{"id": 1, "name": "\x1b[31mred\x07\r\nline"}])) as vendor:
        said = Said(config(vendor.url, "users"), "users")
    assert not [char for char in said.out if char < " " and char != "\n"]


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ((401, {"error": "bad key"}), 3, "401"),
        ((404, {}), 3, "404"),
        ((200, "no records here"), 3, "users"),
    ],
)
def test_what_the_api_refuses_is_an_error_of_its_kind(answers: tuple[int, object], code: int, words: str) -> None:
    with serving(users=answers) as vendor:
        name = config(vendor.url, "{name: users, endpoint: {data_selector: items}}")
        said = Said(name, "users", "--format", "json")
    assert said.code == code
    assert words in said.err
    assert said.object["errors"][0]["kind"] == "source"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("acme.yaml", "userss"), "Did you mean `users`?"),
        (("nowhere.yaml", "users"), "There is no file nowhere.yaml"),
        (("acme.yaml",), "RESOURCE"),
        (("acme.yaml", "users", "--rows", "0"), "not a whole number from 1"),
        (("acme.yaml", "users", "--set", "x=1"), "--set x\n"),
    ],
)
def test_what_the_user_must_mend_is_exit_2(argv: tuple[str, ...], words: str) -> None:
    config("http://127.0.0.1:9", "users")
    said = Said(*argv)
    assert (said.code, said.out) == (2, "")
    assert words in said.err


def test_a_need_that_is_not_met_is_exit_2_and_no_request() -> None:
    config("https://api.example.com", "users")
    said = Said("acme.yaml", "users", "--format", "json")
    assert said.code == 2
    assert "needs the API's address (--base-url URL)" in said.err
    assert said.object["errors"][0]["kind"] == "config"


def test_an_empty_page_is_shown_as_one() -> None:
    with serving(users=(200, {"items": []})) as vendor:
        said = Said(config(vendor.url, "{name: users, endpoint: {data_selector: items}}"), "users")
    assert said.code == 0
    assert "users: 0 records on the first page" in said.out


def test_a_response_that_is_ignored_is_no_failure() -> None:
    with serving(users=(404, {})) as vendor:
        rule = "[{status_code: 404, action: ignore}]"
        said = Said(config(vendor.url, f"{{name: users, endpoint: {{response_actions: {rule}}}}}"), "users")
    assert said.code == 0
    assert "which a response action ignores" in " ".join(said.out.split())


# --- the table ------------------------------------------------------------------------------------------


def test_columns_stand_under_each_other_whatever_the_characters_take() -> None:
    made = grid([{"a": "木村", "b": 1}, {"a": "x", "b": 22}], ["a", "b"], Stage(40, bare, Marks()))
    assert made.lines == ["  a        b", "  ────  ────", "  木村     1", "  x       22"]


def test_columns_that_do_not_fit_are_named() -> None:
    made = grid([{"a": "x" * 30, "b": "y" * 30, "c": "z"}], ["a", "b", "c"], Stage(40, bare, Marks()))
    assert made.left_out == ["b", "c"]


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, ""), (True, "true"), (1.5, "1.5"), ({"a": [1]}, '{"a":[1]}'), ("a\nb\x1b[0m", "a b [0m")],
)
def test_a_value_is_one_line(value: object, words: str) -> None:
    assert cell(value) == words


def test_a_resource_that_is_named_by_the_flag_of_run_is_told_where_it_belongs() -> None:
    for argv in (("acme.yaml", "--resource", "users"), ("acme.yaml", "users", "--resource", "teams")):
        done = Said(*argv)
        assert done.code == 2
        assert "takes its name without --resource: `headrace preview acme.yaml users`" in done.err
    assert "required: RESOURCE" in Said("acme.yaml").err


SINGLE = ", paginator: single_page"
SCAFFOLD = """
client: {base_url: '%s', auth: {type: basic, username: u, password: p}}
resource_defaults: {primary_key: id, write_disposition: merge}
resources:
  - {name: users, endpoint: {path: /users, data_selector: data%s}}
"""


def scaffold(url: str, endpoint: str = "") -> str:
    Path("acme.yaml").write_text(SCAFFOLD % (url, endpoint))
    return "acme.yaml"


def test_a_guess_is_settled_before_the_page_is_shown_and_what_was_settled_is_said() -> None:
    rows = [{"code": at, "name": "x"} for at in range(3)]
    with serving(users=(200, {"users": rows, "total": 3})) as vendor:
        said = Said(scaffold(vendor.url, SINGLE), "users", "--format", "json")
        people = Said("acme.yaml", "users")
    assert (said.code, said.err) == (0, "")
    found = said.object
    assert found["detected"]["why"] == "the records are not at `data` but at `users`"
    assert (found["selector"], found["records"]) == ("users", 3)
    assert any("`id`" in words and "`replace`" in words for words in found["notices"]), found["notices"]
    assert [key["kind"] for key in found["keys"]] == ["candidate"]
    assert "detected: the records are not at `data` but at `users`" in " ".join(people.out.split())


def test_a_guess_that_the_page_bears_out_is_said_to_be() -> None:
    with serving(users=(200, {"data": USERS})) as vendor:
        found = Said(scaffold(vendor.url, SINGLE), "users", "--format", "json").object
    assert found["detected"]["why"] == "the page bears out what was guessed"
    assert found["notices"] == []


def test_a_guess_that_cannot_be_settled_is_the_question_that_a_run_asks() -> None:
    with serving(users=(200, {"id": 7, "items": [{"id": 1}]})) as vendor:
        said = Said(scaffold(vendor.url), "users", "--format", "json")
    assert said.code == 3
    assert "--set resources.users.endpoint.data_selector=items" in said.object["errors"][0]["message"]


def test_the_number_of_the_first_page_is_settled_by_asking_for_the_one_before() -> None:
    def answer(target: str) -> tuple[int, object]:
        page = int(parse_qs(urlsplit(target).query).get("page", ["0"])[0])
        return 200, {"data": [{"id": 2 * page + at} for at in range(2)] if page < 3 else []}

    with served(answer) as url:
        paginator = ", paginator: {type: page_number, page_param: page, limit: 2, limit_param: size}"
        found = Said(scaffold(url, paginator), "users", "--format", "json").object
    assert found["rows"] == [{"id": 0}, {"id": 1}]
    assert "page=0" in found["request"]["url"]
    assert found["next"]["why"] == "the next page has the number 1"
