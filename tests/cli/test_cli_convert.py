"""`headrace convert`: what is written is runnable, complete, and holds no secret; dlt makes the same tables of it."""

from __future__ import annotations

import ast
import io
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pytest

import headrace
from headrace.cli.main import main
from headrace.cli.world import World
from headrace.emulate.server import running
from headrace.emulate.vitally import Settings
from headrace.spec.mend import same_plan
from headrace.spec.read import Source, open_source, read
from tests.emulate.conftest import SMALL
from tests.rest_api.serving import Api, serving
from tests.spec.documents import EXAMPLE, SEED

SECRET = {"SECRET_TOKEN": "sk_live_5f2c9d", "BASIC_AUTH_HEADER": ""}


class Said:
    def __init__(self, *argv: str, environ: Mapping[str, str] | None = None) -> None:
        out, err = io.StringIO(), io.StringIO()
        world = World(environ=dict(environ or {}), stdout=out, stderr=err, argv0="headrace")
        self.code = main(("convert", *argv), world)
        self.out, self.err = out.getvalue(), err.getvalue()


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def example() -> str:
    shutil.copy(EXAMPLE, "vitally.md")
    return "vitally.md"


def document(text: str, name: str = "api.yaml") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


# --- what is written -------------------------------------------------------------------------


def test_dlt_is_the_default_and_what_it_cannot_be_told_is_said_on_the_other_stream() -> None:
    said = Said(example())
    assert said.code == 0
    assert "rest_api_source(config, name=" in said.out
    assert "What headrace does and dlt's configuration cannot say:" in said.out
    assert "dlt cannot be told: in every resource, a cursor that is a whole URL" in said.err


def test_yaml_says_of_each_line_how_it_was_read_and_how_sure_that_is() -> None:
    said = Said(example(), "--as", "yaml")
    words = " ".join(said.out.replace("#", "").split())
    assert said.code == 0
    assert "cursor-value (certain): dlt has no `cursor_value`" in words
    assert "page-size (likely)" in words
    original = read(open_source("vitally.md"))
    assert same_plan(read(Source(said.out, "yaml", "x.yaml", "vitally")).plan, original.plan)


def test_the_comment_of_what_several_lines_share_names_them_all() -> None:
    said = Said(example(), "--as", "yaml")
    assert said.out.count("cursor-value (certain)") == 1
    assert "# lines " in said.out


def test_a_diff_applies_and_leaves_nothing_that_is_interpreted() -> None:
    said = Said(example(), "--as", "diff")
    Path("x.diff").write_text(said.out, encoding="utf-8")
    subprocess.run(["patch", "-s", "-i", "x.diff"], check=True, timeout=20)
    before, then = read(open_source(str(EXAMPLE))), read(open_source("vitally.md"))
    assert same_plan(before.plan, then.plan)
    assert then.dialect == before.dialect
    assert {fault.code for fault in then.in_full} <= {"base-url-placeholder", "hidden-by-default", "prose-retry"}
    assert "# Overview" in Path("vitally.md").read_text(encoding="utf-8")


def test_a_diff_of_a_document_with_other_line_ends_and_no_last_one_applies() -> None:
    text = EXAMPLE.read_text(encoding="utf-8").rstrip("\n").replace("\n", "\r\n")
    Path("crlf.md").write_bytes(text.encode())
    said = Said("crlf.md", "--as", "diff", "--output", "x.diff")
    assert said.code == 0
    Path("x.diff").write_bytes(Path("x.diff").read_bytes())
    subprocess.run(["patch", "--binary", "-s", "-i", "x.diff"], check=True, timeout=20)
    assert "page-size" not in {fault.code for fault in read(open_source("crlf.md")).in_full}


def test_a_document_that_says_all_in_dlts_words_has_an_empty_diff() -> None:
    said = Said(document("client: {base_url: 'https://a.io'}\nresources: [users]\n"), "--as", "diff")
    assert (said.code, said.out.strip()) == (0, "")
    assert "the diff is empty" in said.err


def test_the_base_url_of_a_flag_is_written_in_every_form() -> None:
    for form in ("dlt", "yaml", "diff"):
        said = Said(example(), "--as", form, "--base-url", "https://acme.rest.vitally.io/resources")
        assert "https://acme.rest.vitally.io/resources" in said.out, form


def test_a_reference_in_the_address_stays_one() -> None:
    name = document('rest_api_source({"client": {"base_url": dlt.config["api_url"]}, "resources": ["users"]})', "a.py")
    assert '"base_url": dlt.config["api_url"]' in Said(name).out
    assert "https://real.io" not in Said(name, environ={"API_URL": "https://real.io"}).out


# --- where to --------------------------------------------------------------------------------


def test_a_file_is_written_and_never_overwritten_unless_forced() -> None:
    example()
    assert Said("vitally.md", "--output", "v.py").code == 0
    written = Path("v.py").read_text(encoding="utf-8")
    assert written == Said("vitally.md").out
    Path("v.py").write_text("mine", encoding="utf-8")
    refused = Said("vitally.md", "--output", "v.py")
    assert (refused.code, Path("v.py").read_text(encoding="utf-8")) == (2, "mine")
    assert "--force" in refused.err
    assert Said("vitally.md", "--output", "v.py", "--force").code == 0
    assert Path("v.py").read_text(encoding="utf-8") == written


def test_a_folder_that_is_not_there_is_one_sentence() -> None:
    said = Said(example(), "--output", "no/where.py")
    assert (said.code, said.out) == (2, "")
    assert "cannot be written" in said.err


def test_a_document_that_cannot_run_is_not_converted_and_its_errors_are_told() -> None:
    said = Said(document("client: {base_url: 'https://a.io', hedaers: {}}\nresources: [users]\n"))
    assert (said.code, said.out) == (2, "")
    assert "hedaers" in said.err
    assert "check api.yaml --fix" in said.err


def test_standard_output_holds_the_text_alone() -> None:
    assert Said(example(), "--quiet").err == ""


# --- secrets ---------------------------------------------------------------------------------

SPELT = """
client:
  base_url: https://me:hush-hush@api.acme.io
  headers: {X-Api-Key: sk_live_1111}
  auth: {type: bearer, token: sk_live_2222}
resources:
  - {name: users, endpoint: {params: {api_key: sk_live_3333}, paginator: {type: cursor, limit: 5, cursor_param: c}}}
"""


@pytest.mark.parametrize("form", ["dlt", "yaml"])
def test_a_secret_that_is_spelt_out_is_never_printed(form: str) -> None:
    said = Said(document(SPELT), "--as", form)
    assert said.code == 0
    for secret in ("sk_live", "hush"):
        assert secret not in said.out + said.err
    assert 'dlt.secrets["token"]' in said.err
    assert 'dlt.secrets["x_api_key"]' in said.err


def test_a_diff_that_would_show_a_secret_is_refused() -> None:
    said = Said(document(SPELT), "--as", "diff")
    assert (said.code, said.out) == (2, "")
    assert "sk_live" not in said.err
    assert "would show a secret" in said.err


def test_a_key_in_a_path_is_refused_without_showing_it() -> None:
    said = Said(document("client: {base_url: 'https://a.io'}\nresources: ['users?api_key=sk_live_9']\n"))
    assert (said.code, said.out) == (2, "")
    assert "sk_live" not in said.err


# --- the same tables through dlt -------------------------------------------------------------


def tables(file: str, dataset: str) -> dict[str, list[str]]:
    """Every row of every table, without dlt's own columns and ours, in one order."""
    with duckdb.connect(file, read_only=True) as base:
        names = base.execute("select table_name from information_schema.tables where table_schema = ?", [dataset])
        found = {}
        for (name,) in names.fetchall():
            if not name.startswith(("_dlt", "_headrace")):
                rows = base.execute(f'select * from "{dataset}"."{name}"')
                columns = [column[0] for column in rows.description or []]
                found[name] = sorted(plain(columns, row) for row in rows.fetchall())
        return found


def plain(columns: list[str], row: tuple[object, ...]) -> str:
    pairs = zip(columns, row, strict=True)
    return str(sorted((name, str(value)) for name, value in pairs if not name.startswith("_dlt")))


def through_dlt(text: str, environ: Mapping[str, str]) -> dict[str, list[str]]:
    """The tables that dlt itself makes of a module."""
    import dlt

    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}
    space: dict[str, Any] = {"__name__": "converted"}
    with mock.patch.dict(os.environ, {**quiet, **environ}), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(text, "converted.py", "exec"), space)
        name = next(key for key in space if key.endswith("_source") and key != "rest_api_source")
        pipeline = dlt.pipeline(
            "converted", destination=dlt.destinations.duckdb("dlt.duckdb"), dataset_name="d", pipelines_dir="dlt"
        )
        pipeline.run(space[name]())
    return tables("dlt.duckdb", "d")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("original", [EXAMPLE, SEED], ids=["example", "seed"])
def test_the_document_and_its_conversion_through_dlt_make_the_same_tables(original: Path) -> None:
    if not original.exists():
        pytest.skip(f"{original} is not here")
    Path("config.md").write_text(original.read_text(encoding="utf-8"), encoding="utf-8")
    settings = Settings(records=SMALL, profile="lean", limiter="none", token=SECRET["SECRET_TOKEN"])
    with running(settings, where="thread") as emulator:
        url = f"{emulator.url}/resources" if not emulator.url.endswith("/resources") else emulator.url
        with mock.patch.dict(os.environ, SECRET):
            report = headrace.load("config.md", to="duckdb:///ours.duckdb", base_url=url)
        theirs = through_dlt(Said("config.md", "--base-url", url).out, SECRET)
    assert report.status == "complete"
    ours = tables("ours.duckdb", "config_data")
    assert len(ours) >= 6
    assert ours == theirs


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as made:
        made.list_of("/users", [{"id": number, "tags": [{"t": number}]} for number in range(1, 8)])
        for number in range(1, 8):
            made.list_of(f"/users/{number}/posts", [{"id": number * 10 + each, "at": each} for each in range(3)])
        yield made


CONFIGS = {
    "plain": "resources:\n  - {name: users, primary_key: id, write_disposition: merge, endpoint: {path: users}}\n",
    "child": """resources:
  - {name: users, endpoint: {path: users}}
  - name: posts
    include_from_parent: [id]
    endpoint: {path: "users/{resources.users.id}/posts"}
""",
    "incremental": """resources:
  - name: users
    endpoint: {path: users, incremental: {cursor_path: id, initial_value: 3}}
""",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", CONFIGS)
def test_a_small_api_gives_the_same_tables_by_both_ways(kind: str, api: Api) -> None:
    text = f"name: small\nclient: {{base_url: '{api.url}'}}\n{CONFIGS[kind]}"
    headrace.load(document(text, "small.yaml"), to="duckdb:///ours.duckdb")
    ours = tables("ours.duckdb", "small_data")
    assert ours == through_dlt(Said("small.yaml").out, {})
    assert ours["users"]


def test_the_flag_of_another_command_is_not_taken_for_the_form() -> None:
    said = Said(example(), "--to", "yaml")
    assert (said.code, said.out) == (2, "")
    assert "--as dlt, yaml or diff" in said.err


def _of(resource: str, tmp_path: Path, client: str = '{base_url: "https://a.example.net"}') -> Said:
    document = tmp_path / "a.yaml"
    document.write_text(f"client: {client}\nresources:\n  - {resource}\n", encoding="utf-8")
    return Said(str(document))


@pytest.mark.parametrize(
    "endpoint",
    [
        '{path: a, params: {last_value_func: "evil()"}}',
        '{path: a, method: POST, json: {last_value_func: "evil()"}}',
        '{path: a, method: POST, json: {type: oauth2_jwt, "x=evil(),y": "1"}}',
    ],
)
def test_no_word_of_a_document_becomes_code_of_the_module(endpoint: str, tmp_path: Path) -> None:
    said = _of(f"{{name: a, endpoint: {endpoint}}}", tmp_path)
    calls = [node for node in ast.walk(ast.parse(said.out)) if isinstance(node, ast.Call)]
    assert said.code == 0
    assert not [call for call in calls if ast.unparse(call.func) in {"evil", "OAuthJWTAuth"}]


def test_the_name_of_a_secret_does_not_end_its_quotes(tmp_path: Path) -> None:
    document = tmp_path / "a.py"
    ref = """dlt.secrets['x"] + evil() + b["y']"""
    client = f"""{{"base_url": "https://a.example.net", "headers": {{"X": "a" + {ref}}}, "auth": {{"token": {ref}}}}}"""
    document.write_text(f'rest_api_source({{"client": {client}, "resources": ["a"]}})', encoding="utf-8")
    said = Said(str(document))
    assert said.code == 0
    calls = [node for node in ast.walk(ast.parse(said.out)) if isinstance(node, ast.Call)]
    assert "evil" not in {ast.unparse(call.func) for call in calls}


def test_a_character_beyond_the_first_plane_stays_one_beside_an_odd_one(tmp_path: Path) -> None:
    said = _of('{name: a, endpoint: {path: a, params: {q: "\\U0001F600\\n"}}}', tmp_path)
    constants = {node.value for node in ast.walk(ast.parse(said.out)) if isinstance(node, ast.Constant)}
    assert "\U0001f600\n" in constants


@pytest.mark.parametrize(
    ("resource", "client"),
    [
        ("{name: a, endpoint: a}", '{base_url: "https://a.example.net/?api_key=sk-live-1"}'),
        (
            '{name: a, endpoint: {path: a, method: POST, data: "x=1&password=sk-live-1"}}',
            '{base_url: "https://a.example.net"}',
        ),
        (
            '{name: b, endpoint: b}\n  - {name: a, endpoint: {path: "{resources.b.id}?api_key=sk-live-1"}}',
            '{base_url: "https://a.example.net"}',
        ),
    ],
)
def test_a_key_in_any_address_or_text_body_is_refused_without_showing_it(
    resource: str, client: str, tmp_path: Path
) -> None:
    said = _of(resource, tmp_path, client)
    assert said.code == 2
    assert "sk-live-1" not in said.out + said.err
    assert "holds a key" in said.err


def test_a_reference_in_a_text_body_is_no_key_that_is_spelt_out(tmp_path: Path) -> None:
    said = _of("""{name: a, endpoint: {path: a, method: POST, data: 'password={dlt.secrets["p"]}'}}""", tmp_path)
    assert said.code == 0


def test_a_diff_that_would_show_an_escaped_secret_is_refused(tmp_path: Path) -> None:
    document = tmp_path / "a.py"
    document.write_text(
        """rest_api_source({"client": {"base_url": "https://a.example.net", "auth": {"token": "sk\\"live\\n1"}},
    "resources": [{"name": "a", "endpoint": {"path": "a", "data_selector": "response.a"}}]})""",
        encoding="utf-8",
    )
    said = Said(str(document), "--as", "diff")
    assert (said.code, said.out) == (2, "")
    assert "would show a secret" in said.err


def test_user_and_password_of_an_address_are_written_as_they_are_sent(tmp_path: Path) -> None:
    said = _of("{name: a, endpoint: a}", tmp_path, '{base_url: "https://joe%40a.io:p%2Fw@a.example.net"}')
    assert '"username": "joe@a.io"' in said.out
    assert "p%2Fw" not in said.out + said.err
