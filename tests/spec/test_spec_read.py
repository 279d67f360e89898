"""Opening a document, what a reading holds, and the object that `check` prints."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.errors import ConfigError
from headrace.model.plan import AutoPaging, Cursor, DeclaredLimit, Ref, SinglePage, Text
from headrace.spec.explain import check_json, check_object
from headrace.spec.read import Options, Outline, Reading, open_source, read
from headrace.spec.secrets import Lookup

from .documents import (
    CORPUS,
    SIMPLE,
    codes,
    errors,
    of,
    plan_of,
    the_error,
    told,
    with_client,
    with_endpoint,
    with_resource,
)


@pytest.mark.parametrize("suffix", [".py", ".md", ".txt", ".yaml", ".yml", ".json", ".toml", ".JSON"])
def test_a_path_is_opened_by_its_suffix(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"acme{suffix}"
    path.write_text("x", encoding="utf-8")
    source = open_source(str(path))
    assert (source.text, source.name, source.path) == ("x", "acme", str(path))
    assert source.format == {"yml": "yaml"}.get(suffix[1:].lower(), suffix[1:].lower())


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.py", None, "There is no file"),
        ("a.ini", b"x", "of no format that can be read"),
        ("a", b"x", "of no format that can be read"),
        ("a.py", b"\xff\xfe", "is not UTF-8 text (byte 1)"),
    ],
)
def test_a_path_that_cannot_be_read_is_told_in_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        open_source(str(path))
    assert words in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        open_source(str(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x", encoding="utf-8")
    path.chmod(0)
    with pytest.raises(ConfigError, match="cannot be read"):
        open_source(str(path))


def test_an_unknown_connector_is_told() -> None:
    with pytest.raises(ConfigError, match="no ready connector nothere"):
        open_source("nothere")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('{"client": {}}', "json"),
        ("# Overview\n", "md"),
        ("import dlt\n", "py"),
        ("source = rest_api_source({})", "py"),
        ("[client]\n", "toml"),
        ("client:\n", "yaml"),
    ],
)
def test_standard_input_is_told_apart_by_how_it_begins(text: str, form: str) -> None:
    source = open_source("-", io.StringIO(text))
    assert (source.format, source.name, source.path) == (form, "stdin", "-")
    assert open_source("-", io.BytesIO(text.encode())) == source


def test_a_source_of_a_yaml_project_gives_its_name() -> None:
    reading = told(
        "sources:\n  poke:\n    type: rest_api\n    client: {base_url: https://a.io}\n    resources: [a]\n", "yaml"
    )
    assert (reading.name, plan_of(reading).name) == ("poke", "poke")


@pytest.mark.parametrize(
    ("form", "text"),
    [("json", json.dumps({"name": "acme", **SIMPLE})), ("yaml", json.dumps({"name": "acme", **SIMPLE}))],
)
def test_a_document_may_name_itself(form: str, text: str) -> None:
    assert plan_of(told(text, form)).name == "acme"


def test_a_reference_in_data_is_a_whole_string() -> None:
    auth = {"type": "bearer", "token": "dlt.secrets['t']"}
    reading = of(with_client(auth=auth, headers={"a": 'os.environ["A"]', "b": 'x dlt.secrets["t"]'}))
    assert reading.needs == ("secret:t", "env:A")
    assert dict(plan_of(reading).client.headers)["b"].literal == 'x dlt.secrets["t"]'


def test_needs_list_only_what_was_not_found() -> None:
    config = with_client(auth={"type": "http_basic", "username": 'dlt.secrets["u"]', "password": 'dlt.secrets["p"]'})
    assert of(config).needs == ("secret:u", "secret:p")
    assert of(config, Options(lookup=Lookup({"U": "x"}))).needs == ("secret:p",)
    assert of(config, Options(lookup=Lookup({"U": "x", "P": ""}))).needs == ()


def test_a_setting_is_put_in_for_a_config_reference() -> None:
    reading = of(with_endpoint(params={"team": 'dlt.config["team"]'}), Options(settings={"team": "blue"}))
    assert dict(plan_of(reading).resources[0].request.params) == {"team": Text(("blue",))}


def test_a_setting_is_never_a_secret() -> None:
    reading = of(with_client(auth={"token": 'dlt.secrets["k"]'}), Options(settings={"k": "x"}))
    assert reading.needs == ("secret:k",)


def test_the_flag_wins_over_the_documents_address() -> None:
    assert plan_of(of(SIMPLE, Options(base_url="http://127.0.0.1:1"))).client.base_url == "http://127.0.0.1:1"


@pytest.mark.parametrize("url", ["acme", "ftp://a.io", "http://", "http://a:xx", "https://a.io:99999"])
def test_a_flag_that_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="--base-url"):
        of(SIMPLE, Options(base_url=url))


def test_a_client_without_an_address_can_be_given_one() -> None:
    config: dict[str, object] = {"client": {"headers": {}}, "resources": ["a"]}
    assert (of(config).needs, codes(of(config), "warning")) == (("base_url",), ["missing-base-url"])
    assert of(config, Options(base_url="https://a.io")).needs == ()


def test_an_offset_that_cannot_move_on_is_a_warning() -> None:
    reading = of(with_endpoint(paginator={"type": "offset", "limit": 0}))
    assert codes(reading, "warning") == ["page-size-none"]


def test_a_password_in_the_address_is_used_but_never_shown() -> None:
    reading = of({"client": {"base_url": "https://me:hush@a.io/v1"}, "resources": ["a"]})
    assert plan_of(reading).client.base_url == "https://me:hush@a.io/v1"
    assert "hush" not in check_json(reading).decode() + repr(plan_of(reading).provenance)


def test_rate_and_origins_of_the_command_line_are_the_plans() -> None:
    limit = DeclaredLimit(10, 1.0)
    client = plan_of(of(SIMPLE, Options(rate=limit, allow_origins=("https://b.io",)))).client
    assert (client.limit, client.allowed_origins) == (limit, ("https://b.io",))


def test_chosen_resources_alone_run_also_deselected_ones() -> None:
    config = {"client": {"base_url": "https://a.io"}, "resources": ["a", {"name": "b", "selected": False}, "c"]}
    assert [each.name for each in plan_of(of(config)).resources] == ["a", "c"]
    assert [each.name for each in plan_of(of(config, Options(resources=("c", "b")))).resources] == ["b", "c"]


def test_an_unknown_resource_is_a_fault_with_the_nearest_name() -> None:
    fault = the_error(of(SIMPLE, Options(resources=("usrs",))))
    assert (fault.path, fault.problem, fault.fix) == (
        "--resource",
        "there is no resource `usrs`",
        "did you mean `users`?",
    )


def test_a_size_among_the_parameters_is_the_page_size() -> None:
    plan = plan_of(of(with_endpoint(params={"per_page": 50})))
    assert plan.resources[0].paging == AutoPaging(50, "per_page")
    assert plan.resources[0].request.params == (("per_page", Text(("50",))),)


def test_a_path_that_leads_to_one_record_is_one_page_of_the_whole_body() -> None:
    config = with_client(paginator="header_link")
    config["resources"] = [{"name": "me", "endpoint": {"path": "users/{id}", "params": {"id": 7, "x": 1}}}]
    resource = plan_of(of(config)).resources[0]
    assert (resource.request.path, resource.selector, resource.paging) == ("users/7", "$", SinglePage())
    assert dict(resource.request.params) == {"x": Text(("1",))}


def test_the_paginator_of_the_client_is_each_resources() -> None:
    config = with_client(paginator={"type": "cursor", "cursor_path": "n", "cursor_param": "after"})
    assert plan_of(of(config)).resources[0].paging == Cursor("n", "after")


def test_a_merge_without_a_key_is_an_append_with_a_note() -> None:
    reading = of(with_resource(write_disposition="merge"))
    assert plan_of(reading).resources[0].disposition == "append"
    assert codes(reading, "note") == ["merge-without-key"]


def test_keys_may_be_hints_of_columns() -> None:
    reading = of(with_resource(write_disposition="merge", columns={"id": {"primary_key": True}}))
    assert plan_of(reading).resources[0].primary_key == ("id",)


def test_a_form_and_headers_are_read() -> None:
    request = (
        plan_of(of(with_endpoint(method="POST", data={"a": 1}, headers={"X": 'dlt.secrets["k"]'}))).resources[0].request
    )
    assert request.form == (("a", Text(("1",))),)
    assert request.headers == (("X", Text((Ref("k"),))),)


def test_doubled_braces_are_braces() -> None:
    request = plan_of(of(with_endpoint(params={"q": "{{x}}"}))).resources[0].request
    assert dict(request.params) == {"q": Text(("{x}",))}


@pytest.mark.parametrize(
    ("config", "path", "words"),
    [
        (with_endpoint(data=3), "resources[0].endpoint.data", "a form as a mapping, or a text"),
        (with_endpoint(json={"a": 1}, data={"b": 1}), "resources[0].endpoint.data", "exclude each other"),
        (with_endpoint(path='dlt.secrets["k"]'), "resources[0].endpoint.path", "a secret (`k`)"),
        (with_resource(path="/a"), "resources[0].path", "a resource has no key `path`"),
        (with_endpoint(primary_key="id"), "resources[0].endpoint.primary_key", "an endpoint has no key"),
    ],
    ids=repr,
)
def test_a_fault_names_its_place(config: dict[str, object], path: str, words: str) -> None:
    fault = errors(of(config))[0]
    assert fault.path == path
    assert words in fault.problem


def test_a_misplaced_key_is_told_where_it_belongs() -> None:
    assert the_error(of(with_resource(params={"a": 1}))).fix == "move it into `endpoint`: endpoint.params"
    assert the_error(of(with_endpoint(primary_key="id"))).fix == "move it out of `endpoint`, to the resource"


def test_provenance_tells_document_from_default() -> None:
    plan = plan_of(of(with_resource(primary_key="id")))
    origins = {each.path: (each.origin, each.value) for each in plan.provenance}
    assert origins["resources[0].primary_key"] == ("document", "id")
    assert origins["resources[0].write_disposition"] == ("default", "append")
    assert origins["client.base_url"] == ("document", "https://api.acme.io")


def test_check_prints_the_keys_of_the_contract() -> None:
    config = with_client(auth={"type": "api_key", "name": "X", "api_key": "hush", "location": "query"})
    config["resources"] = [
        {"name": "a", "primary_key": "id", "endpoint": {"paginator": {"type": "offset", "limit": 5}}}
    ]
    told_object = check_object(of(config))
    assert json.loads(check_json(of(config))) == told_object
    assert set(told_object) == {"runnable", "needs", "dialect", "faults", "plan"}
    assert told_object["runnable"] is True
    assert told_object["plan"] == {
        "base_url": "https://api.acme.io",
        "auth": {"kind": "api_key", "name": "X", "location": "query"},
        "resources": [
            {
                "name": "a",
                "method": "GET",
                "path": "a",
                "params": {"limit": "5"},
                "paging": {
                    "kind": "offset",
                    "param": "offset",
                    "path": None,
                    "size_param": "limit",
                    "size": 5,
                    "start": 0,
                },
                "selector": None,
                "primary_key": ["id"],
                "disposition": "append",
                "parent": None,
                "incremental": None,
            }
        ],
    }
    assert "hush" not in check_json(of(config)).decode()


def test_check_tells_what_was_understood_of_a_broken_document() -> None:
    config = with_client()
    config["resources"] = ["a", {"name": "b", "endpoint": {"path": "a/{resources.a.id}/b", "paginator": "curser"}}]
    answer = check_object(of(config))
    assert answer["runnable"] is False
    assert [(each["name"], each["parent"], each["paging"]["kind"]) for each in answer["plan"]["resources"]] == [
        ("a", None, "auto"),
        ("b", "a", "custom"),
    ]
    assert all(set(fault) == {"code", "severity", "path", "line", "problem", "fix"} for fault in answer["faults"])


def test_an_empty_reading_still_prints() -> None:
    answer = check_object(Reading(None, (), (), "x", "dlt", Outline()))
    assert answer["plan"] == {
        "base_url": None,
        "auth": {"kind": "none", "name": None, "location": None},
        "resources": [],
    }


def test_reading_python_needs_neither_yaml_nor_dlt() -> None:
    code = (
        "import headrace.spec.read, headrace.spec.explain, sys; "
        "print([m for m in ('yaml', 'dlt', 'pyarrow', 'aiohttp', 'keyring') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_document_of_the_corpus_makes_the_reader_fail() -> None:
    if not CORPUS.exists():
        pytest.skip(f"{CORPUS} is not here")
    read_ones = [path for path in sorted(CORPUS.iterdir()) if path.suffix in {".txt", ".py", ".yaml", ".json"}]
    assert len(read_ones) > 200
    for path in read_ones:
        reading = read(open_source(str(path)))
        json.loads(check_json(reading))
        assert reading.plan is not None or errors(reading), path
        assert all(fault.line and fault.fix for fault in errors(reading)), path


TWICE = {
    "json": '{"client": {"base_url": "https://a.io"},\n"resources": ["users"],\n"resources": [%s]}',
    "yaml": "client: {base_url: https://a.io}\nresources: [users]\nresources: [%s]\n",
    "py": 'rest_api_source({"client": {"base_url": "https://a.io"},\n"resources": ["users"],\n"resources": [%s]})',
}


@pytest.mark.parametrize("form", TWICE)
def test_a_key_that_stands_twice_with_two_values_is_an_error(form: str) -> None:
    fault = the_error(told(TWICE[form] % '"teams"', form))
    assert (fault.code, fault.line) == ("two-values", 3)
    assert "`resources` stands here a second time, after line 2" in fault.problem


@pytest.mark.parametrize("form", TWICE)
def test_a_key_that_stands_twice_with_one_value_is_a_warning(form: str) -> None:
    reading = told(TWICE[form] % '"users"', form)
    assert [each.name for each in plan_of(reading).resources] == ["users"]
    assert [(fault.code, fault.line) for fault in reading.faults] == [("repeated-key", 3)]


def test_a_key_may_stand_again_beside_what_is_merged_in() -> None:
    text = (
        "client: {base_url: https://a.io}\nresources:\n- &a {name: a, endpoint: {path: x}}\n"
        "- &b {<<: *a, name: b}\n- {<<: *b, name: c}\n- {name: d, endpoint: {params: {e: *b}}}\n"
    )
    assert "two-values" not in codes(told(text, "yaml"))
    config = "{'client': {'base_url': 'https://a.io'}, 'resources': [{**x, 'name': 'b'}]}"
    assert told(f"x = {{'name': 'a'}}\nrest_api_source({config})", "py").faults == ()


def test_a_path_shows_what_must_still_be_given() -> None:
    resource = "{'name': 'r', 'endpoint': f'o/{ORG}/r'}"
    text = f"rest_api_source({{'client': {{'base_url': 'https://a.io'}}, 'resources': [{resource}]}})"
    reading = told(text, "py")
    assert reading.needs == ("config:ORG",)
    assert plan_of(reading).resources[0].request.path == "o/{ORG}/r"
    given = told(text, "py", Options(settings={"ORG": "acme"}))
    assert plan_of(given).resources[0].request.path == "o/acme/r"


def test_a_parent_that_is_not_there_is_told_of_each_name_once() -> None:
    resources = ["a", "a", "bcd", {"name": "x", "endpoint": "{resources.zzzz.id}"}]
    reading = of({"client": {"base_url": "https://a.io"}, "resources": resources})
    assert "name one that exists: `a`, `bcd` or `x`" in [fault.fix for fault in reading.faults]


def test_what_python_can_do_points_to_python() -> None:
    fault = the_error(of(with_resource(processing_steps=[{"filter": "x"}])))
    assert fault.code == "not-yet"
    assert "`from headrace.rest_api import rest_api_source`" in fault.fix
