"""Real runs that come to nothing, or not to all: what a person is told, and what to do about it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import headrace
from headrace.cli.main import main
from headrace.cli.world import World
from headrace.errors import ConfigError
from tests.cli.vendor import serving

SECRET = {"SECRET_TOKEN": "sk_live_5f2c9d"}


class Said:
    """A command, run for real in this process."""

    def __init__(self, *argv: str, environ: Mapping[str, str] = SECRET) -> None:
        out, err = io.StringIO(), io.StringIO()
        world = World(environ={"COLUMNS": "120"} | dict(environ), stdout=out, stderr=err, argv0="headrace")
        self.code = main(argv, world)
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def words(self) -> str:
        """What was printed, with its lines joined."""
        return " ".join(self.out.split())

    @property
    def object(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.out)
        return decoded


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def config(url: str, *names: str, **endpoint: object) -> str:
    """A configuration with these resources, each of one page; its path."""
    resources = [
        {
            "name": name,
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {"path": name, "paginator": "single_page", **endpoint},
        }
        for name in names
    ]
    auth = {"type": "bearer", "token": 'dlt.secrets["secret_token"]'}
    Path("c.json").write_text(json.dumps({"client": {"base_url": url, "auth": auth}, "resources": resources}))
    return "c.json"


def test_a_refused_credential_is_told_once_and_nothing_is_said_to_be_kept() -> None:
    with serving(users=(401, {"error": "bad key"}), tasks=(401, {"error": "bad key"})) as vendor:
        said = Said("run", config(vendor.url, "users", "tasks"))
    assert said.code == 3
    assert "failed; nothing was fetched or loaded" in said.out
    assert said.words.count("was refused with 401 Unauthorized") == 1
    assert "users and tasks: GET" in said.words
    assert "Mend the credentials: secret_token. Then run it again:" in said.words
    assert "where it stopped" not in said.out
    assert "committing" not in said.err
    assert said.err.count("for the same cause as") == 1  # whichever is answered first tells it


def test_a_wrong_path_of_one_resource_leaves_the_others_and_names_the_mend() -> None:
    with serving(users=(404, {}), tasks=(200, [{"id": 1}])) as vendor:
        said = Said("run", config(vendor.url, "users", "tasks"))
    assert said.code == 3
    assert "not all of it came; what was fetched is kept" in said.out
    assert "failed, nothing fetched" in said.out
    assert "Mend the path or the parameters of users, or the base URL. Then go on where it stopped" in said.words
    assert "committing 1 table\n" in said.err


def test_a_body_without_the_selector_asks_for_the_selector_to_be_mended() -> None:
    with serving(users=(200, {"items": [{"id": 1}]})) as vendor:
        said = Said("run", config(vendor.url, "users", data_selector="rows"))
    assert said.code == 3
    assert "Mend the data selector of users, as said above. Then run it again:" in said.words
    assert "another fault" not in said.out


def test_a_warehouse_that_is_none_asks_the_api_for_nothing() -> None:
    Path("w.db").write_text("this is no database")
    with serving(users=(200, [{"id": 1}])) as vendor:
        said = Said("run", config(vendor.url, "users"), "--to", "duckdb:///w.db")
    assert (said.code, vendor.asked) == (4, [])
    assert "the warehouse 'w.db' is no DuckDB database, or is damaged: name another" in said.err


def test_pages_of_an_earlier_try_are_kept_though_the_warehouse_refuses() -> None:
    with serving(users=(200, [{"id": 1}])) as vendor:
        path = config(vendor.url, "users")
        assert Said("fetch", path, "--to", "duckdb:///w.db").code == 0
        Path("w.db").write_text("this is no database")
        said = Said("run", path, "--to", "duckdb:///w.db")
    assert said.code == 4
    assert "the warehouse refused; what was fetched is kept" in said.out
    assert "1 record · 1 resource" in said.out
    assert "Then go on where it stopped" in said.words


@pytest.mark.parametrize("command", ["run", "fetch", "replay"])
@pytest.mark.parametrize("to", ["postgres://me:hunter2@h/db", "dlt:bigquerry", "memory://"])
def test_an_unknown_warehouse_is_refused_before_anything_is_begun(command: str, to: str) -> None:
    with serving(users=(200, [{"id": 1}])) as vendor:
        said = Said(command, config(vendor.url, "users"), "--to", to)
    assert (said.code, said.out, vendor.asked) == (2, "", [])
    assert said.err.count("\n") == 1
    assert any(words in said.err for words in ("not supported", "has no destination", "keeps nothing"))
    assert "hunter2" not in said.err
    assert not Path(".headrace").exists()


@pytest.mark.parametrize(("flag", "value"), [("--to", "duckdb:///b.db"), ("--dataset", "other")])
def test_a_second_destination_needs_a_journal_of_its_own(flag: str, value: str) -> None:
    with serving(users=(200, [{"id": 1}])) as vendor:
        path = config(vendor.url, "users")
        assert Said("run", path).code == 0
        refused = Said("run", path, flag, value)
        assert Said("run", path, flag, value, "--journal", "j2").code == 0
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    assert len(refused.err) < 200
    assert f"{value} needs one of its own: give it with --journal DIR" in refused.err


def test_the_object_of_a_run_that_cannot_begin_lists_what_is_to_be_mended() -> None:
    Path("c.yaml").write_text("client: {base_url: 'https://h.acme.dev', auth: {type: basci}}\nresources: [users]\n")
    (error,) = Said("run", "c.yaml", "--format", "json").object["errors"]
    faults = Said("check", "c.yaml", "--format", "json").object["faults"]
    assert error["message"] == "c.yaml cannot run; mend what is listed and try again"
    assert error["faults"] == faults
    assert {"code", "severity", "path", "line", "problem", "fix"} == set(faults[0])
    assert (faults[0]["line"], faults[0]["path"]) == (1, "client.auth.type")


@pytest.mark.parametrize("flag", ["--new", "--full-refresh"])
def test_a_replay_abandons_nothing(flag: str) -> None:
    with serving(users=(200, [{"id": 1}])) as vendor:
        path = config(vendor.url, "users")
        fetched = Said("fetch", path, flag)
        assert fetched.code == 0
        assert "headrace replay c.json\n" in fetched.out
        refused = Said("replay", path, flag)
        replayed = Said("replay", path)
    assert (refused.code, refused.out) == (2, "")
    assert "would abandon the pages that were fetched" in refused.err
    assert replayed.code == 0
    assert "1 record · 1 resource" in replayed.out


def test_a_setting_that_fits_nothing_keeps_a_run_from_beginning() -> None:
    with serving(users=(200, [{"id": 1}])) as vendor:
        said = Said("run", config(vendor.url + "/{tenant}", "users"), "--set", "tenat=acme")
    assert (said.code, said.out, vendor.asked) == (2, "", [])
    assert "--set tenat" in said.err
    assert "Did you mean `tenant`?" in said.err


def test_a_slip_below_a_resource_keeps_a_run_from_beginning() -> None:
    with serving(users=(200, [{"id": 1}])) as vendor:
        slip = "resources.users.endpoint.paginatr=single_page"
        said = Said("run", config(vendor.url, "users"), "--set", slip)
    assert (said.code, said.out, vendor.asked) == (2, "", [])
    assert "--set resources.users.endpoint.paginatr" in said.err
    assert "Did you mean `paginator`?" in said.err


def test_rejects_are_told_with_their_reasons_and_how_to_look_at_them() -> None:
    records = [{"id": None, "a": 1}, {"id": 2}, {"a": 3}]
    with serving(users=(200, records), tasks=(200, [{"a": 1}, {"a": 2}])) as vendor:
        path = config(vendor.url, "users", "tasks")
        said = Said("run", path)
        told = Said("run", path, "--new", "--format", "json")
    assert said.code == 1
    assert "users: 2 of 3 records are rejected: users.id must have a value and has none" in said.words
    assert "(first: record 0 of page 0)" in said.words
    assert "tasks: all 2 records are rejected:" in said.words
    assert "FROM c_data._headrace_rejects LIMIT 5" in said.out
    (reason,) = told.object["resources"]["users"]["reject_reasons"]
    assert (reason["records"], reason["page"], reason["record"]) == (2, 0, 0)
    assert told.object["errors"] == []


def test_a_run_that_was_limited_is_listed_as_that() -> None:
    pages = {"items": [{"id": 1}], "next": "a"}
    with serving(users=(200, pages)) as vendor:
        paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "c"}
        path = config(vendor.url, "users", data_selector="items", paginator=paginator)
        assert Said("run", path, "--limit-pages", "1").code == 1
    assert " limited " in Said("journal", "list").out


def related(url: str, **parent: object) -> str:
    """A configuration of users, of the tasks of each, and of the notes of each task; its path."""
    endpoints: dict[str, dict[str, object]] = {
        "users": {"path": "users", **parent},
        "tasks": {"path": "tasks/{resources.users.id}"},
        "notes": {"path": "notes/{resources.tasks.id}"},
    }
    listed = [
        {"name": name, "write_disposition": "append", "endpoint": {"paginator": "single_page", **endpoint}}
        for name, endpoint in endpoints.items()
    ]
    Path("c.json").write_text(json.dumps({"client": {"base_url": url}, "resources": listed}))
    return "c.json"


FAMILY: dict[str, tuple[int, object]] = {
    "users": (200, [{"id": 1, "at": "2024-01-02"}, {"id": 2, "at": "2024-01-01"}]),
    "tasks/1": (200, [{"id": 7}]),
    "tasks/2": (200, []),
    "notes/7": (200, [{"id": 70}]),
}


def test_a_complete_run_of_parents_and_children_is_listed_as_finished() -> None:
    with serving(**FAMILY) as vendor:
        assert Said("run", related(vendor.url)).code == 0
        assert Said("run", "c.json", "--limit-pages", "1").code == 1
    listed = [line.split() for line in Said("journal", "list").out.splitlines()]
    assert [line[3:5] for line in listed if "UTC" not in line and line[:1] and line[0].startswith("20")] == [
        ["finished", "4/4"],
        ["limited", "3/4"],
    ]
    assert [run["walks"] for run in Said("journal", "list", "--format", "json").object["journals"][0]["runs"]] == [4, 4]


def test_of_a_failed_parent_its_children_are_said_not_to_have_begun() -> None:
    with serving(**FAMILY | {"users": (404, {})}) as vendor:
        said = Said("run", related(vendor.url))
    assert said.code == 3
    for name in ("tasks", "notes"):
        assert said.words.count(f"{name}: not begun: its parent failed.") == 1
    assert "not walked to its end" not in said.words
    assert "nothing proves" not in said.words


def test_a_second_run_with_nothing_new_says_since_when() -> None:
    incremental = {"cursor_path": "at", "initial_value": "2020-01-01"}
    with serving(**FAMILY) as vendor:
        first = Said("run", related(vendor.url, incremental=incremental))
        fetched = Said("fetch", "c.json", "--new")
        again = Said("run", "c.json", "--new")
    assert "nothing new" not in first.words
    assert "nothing new" not in fetched.words
    assert "nothing new since 2024-01-02" in again.words
    assert "all 0 walks" not in again.words
    assert "nothing to ask for: its parent gave no row" in again.words


def test_every_refusal_begins_with_the_name_of_the_program() -> None:
    Path("c.json").write_text('{"client": {}}')
    for argv in (("run", "c.json"), ("run", "nowhere.json"), ("check", "c.json", "--rate", "x"), ("burn",)):
        assert Said(*argv).err.startswith("headrace: ")


def test_an_exception_names_the_faults_of_the_document_and_the_report_keeps_them_apart() -> None:
    Path("c.json").write_text('{"client": {},\n "resources": [{"name": "a", "endpoint": {"path": "a", "nope": 1}}]}')
    with pytest.raises(ConfigError) as caught:
        headrace.load("c.json", environ={})
    first, *lines = str(caught.value).splitlines()
    assert first == "c.json cannot run; mend what is listed and try again"
    assert lines[0].startswith("  line 2, resources[0].endpoint.nope: an endpoint has no key `nope`; delete it")
    said = Said("run", "c.json", "--format", "json")
    assert said.err.lower().count("an endpoint has no key `nope`") == 1
    assert said.object["errors"][0]["message"] == first


def test_an_exception_shows_no_password_that_stands_in_a_url() -> None:
    client = {"base_url": "ftp://me:hunter2@h/?api_key=abcsecret&b=hunter3"}
    Path("c.json").write_text(json.dumps({"client": client, "resources": ["a"]}))
    with pytest.raises(ConfigError, match=r"`ftp://\*\*\*@h/\?api_key=\*\*\*&b=\*\*\*` is not a URL") as caught:
        headrace.load("c.json", environ={})
    assert not any(secret in str(caught.value) for secret in ("hunter", "abcsecret"))


def test_a_prompt_is_offered_every_name_of_the_package() -> None:
    assert set(headrace.__all__) <= set(dir(headrace))


def test_a_filler_in_the_environment_is_not_sent_and_is_named_with_its_place() -> None:
    with serving(users=(200, [{"id": 1}])) as vendor:
        path = config(vendor.url, "users")
        for command in (("run", path), ("preview", path, "users"), ("explain", path), ("check", path)):
            done = Said(*command, environ={"SECRET_TOKEN": "YOUR_TOKEN"})
            said = " ".join((done.out + done.err).split())
            assert "the secret secret_token" in said
            assert "the environment variable SECRET_TOKEN holds only a filler" in said
            assert done.code == (2 if command[0] in {"run", "preview"} else 0), command
        assert vendor.asked == []
