"""`headrace schema`: what it takes and refuses is what the reader takes and refuses."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from headrace.cli.main import main
from headrace.cli.world import World
from headrace.model.plan import Text
from headrace.spec import own_keys
from headrace.spec.auth import FIELDS, PUBLIC
from headrace.spec.document import open_document
from headrace.spec.faults import Faults
from headrace.spec.json_schema import json_schema
from headrace.spec.node import Node, code_in
from headrace.spec.paging import PAGINATORS
from headrace.spec.read import Source, open_source, read
from headrace.spec.vocabulary import CLIENT, ENDPOINT, PLACEHOLDER_KEYS, RESOURCE
from tests.spec.documents import CORPUS

FULL = """
name: acme
client:
  base_url: https://api.acme.io/v2
  headers: {X-Team: data, X-Key: 'dlt.secrets["team_key"]'}
  auth: {type: api_key, name: X-Api-Key, api_key: 'dlt.secrets["api_key"]', location: header}
  paginator: {type: cursor, cursor_path: paging.next, cursor_param: after}
resource_defaults:
  primary_key: id
  write_disposition: merge
  endpoint: {params: {limit: 100}}
resources:
  - projects
  - name: users
    table_name: people
    columns: {id: {data_type: bigint, nullable: false}, born: {data_type: date}}
    max_table_nesting: 2
    endpoint:
      path: users
      data_selector: items
      paginator: {type: page_number, base_page: 1, page_param: p, total_path: null, maximum_page: 10}
      incremental:
        cursor_path: updated_at
        initial_value: 2024-01-01T00:00:00Z
        start_param: since
        row_order: asc
        lag: 60
      response_actions:
        - {status_code: 404, action: ignore}
        - {content: "try later", action: retry}
  - name: memberships
    write_disposition: {disposition: merge, strategy: delete-insert}
    primary_key: [project_id, user_id]
    include_from_parent: [id, name]
    endpoint:
      path: projects/{resources.projects.id}/memberships
      params:
        active: true
        kind: [owner, guest]
        since: {type: incremental, cursor_path: joined_at, initial_value: '2024-01-01'}
      auth: null
  - name: search
    endpoint:
      path: search
      method: POST
      json: {query: {match: all}}
      paginator: {type: offset, limit: 50, offset_body_path: from, offset_param: null, limit_param: null, limit_body_path: size}
      headers: {X-Depth: 3}
"""  # noqa: E501 - a line of YAML
OWN_LAYOUT = """
sources:
  acme:
    type: rest_api
    client: {base_url: https://api.acme.io, auth: bearer, paginator: header_link}
    resources: [users, {name: teams, endpoint: teams.json}]
"""


def problems(config: object) -> list[str]:
    checker = jsonschema.Draft202012Validator(json_schema())
    return [error.message for error in checker.iter_errors(config)]


def plain(node: Node) -> Any:
    """A tree as the YAML of a person would give it."""
    match node.value:
        case dict() as mapping:
            return {key: plain(sub) for key, sub in mapping.items()}
        case list() as elements:
            return [plain(sub) for sub in elements]
        case Text(parts=parts):
            return "".join(part if isinstance(part, str) else f'dlt.secrets["{part}"]' for part in parts)
        case value:
            return value


def said(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(("schema", *argv), World(environ={}, stdout=out, stderr=err, argv0="headrace"))
    return code, out.getvalue(), err.getvalue()


def test_it_prints_a_schema_of_its_draft_that_refers_to_nothing_outside() -> None:
    code, out, err = said()
    assert (code, err) == (0, "")
    schema = json.loads(out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == json_schema()
    assert {ref.partition("#/$defs/")[2] for ref in references(schema)} == set(schema["$defs"])


def references(schema: object) -> Iterator[str]:
    match schema:
        case dict():
            yield from (value for key, value in schema.items() if key == "$ref")
            for value in schema.values():
                yield from references(value)
        case list():
            for value in schema:
                yield from references(value)


def test_it_goes_to_a_file_where_one_is_named(tmp_path: Path) -> None:
    code, out, err = said("--output", str(tmp_path / "headrace.schema.json"))
    assert (code, out) == (0, "")
    assert json.loads((tmp_path / "headrace.schema.json").read_text()) == json_schema()
    assert err == f"Written to {tmp_path / 'headrace.schema.json'}.\n"


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    code, out, err = said("--output", str(tmp_path / "no" / "such.json"))
    assert (code, out) == (2, "")
    assert "cannot be written (No such file or directory): check the folder" in err


@pytest.mark.parametrize("words", [FULL, OWN_LAYOUT], ids=["full", "sources"])
def test_what_the_reader_takes_is_valid(words: str) -> None:
    reading = read(Source(words, "yaml", "x.yaml", "x"))
    assert reading.plan is not None, reading.faults
    assert reading.dialect == "dlt"
    assert problems(json.loads(json.dumps(yaml.safe_load(words), default=str))) == []


def every_key(config: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    for key, value in config.items() if isinstance(config, dict) else enumerate(config):
        if isinstance(key, str):
            yield (*path, key)
        if isinstance(value, dict | list):
            yield from every_key(value, (*path, key))


def misspelt(config: Any, path: tuple[str | int, ...]) -> Any:
    changed = copy.deepcopy(config)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[f"{path[-1]}x"] = place.pop(path[-1])
    return changed


_FREE = {"headers", "params", "json", "columns"}  # what stands below is named by the API, or by a person


def test_every_key_is_refused_where_it_is_misspelt() -> None:
    config = json.loads(json.dumps(yaml.safe_load(FULL), default=str))
    tried = 0
    for path in every_key(config):
        below = path[-2] if len(path) > 1 else ""
        if below in _FREE or "json" in path[:-1] or (len(path) > 2 and path[-3] == "columns"):
            continue
        wrong = misspelt(config, path)
        faults = read(Source(json.dumps(wrong), "json", "x.json", "x")).faults
        assert any(fault.severity == "error" for fault in faults), path
        assert problems(wrong), path
        tried += 1
    assert tried > 60


@pytest.mark.parametrize(
    ("at", "wrong"),
    [
        (("client", "auth", "location"), "body"),
        (("client", "auth", "type"), "basic"),
        (("client", "paginator", "type"), "cursors"),
        (("resource_defaults", "write_disposition"), "upsert"),
        (("resources", 1, "max_table_nesting"), "two"),
        (("resources", 1, "columns", "id", "data_type"), "integer"),
        (("resources", 1, "endpoint", "incremental", "row_order"), "up"),
        (("resources", 1, "endpoint", "response_actions", 0, "action"), "skip"),
        (("resources", 3, "endpoint", "method"), "PUT"),
        (("resources", 3, "endpoint", "paginator", "limit"), None),
        (("resources",), []),
        (("resources",), {"users": {}}),
    ],
)
def test_a_wrong_value_is_refused(at: tuple[str | int, ...], wrong: object) -> None:
    config = json.loads(json.dumps(yaml.safe_load(FULL), default=str))
    place = config
    for step in at[:-1]:
        place = place[step]
    place[at[-1]] = wrong
    assert problems(config)


def test_it_has_exactly_the_words_of_the_reader() -> None:
    parts = json_schema()["$defs"]

    def keys(name: str) -> set[str]:
        return set(parts[name]["properties"])

    assert keys("client") == {*CLIENT, *own_keys.CLIENT} - {"session"}
    assert keys("resource") == keys("defaults") == {*RESOURCE, *own_keys.RESOURCE}
    assert keys("endpoint") == {*ENDPOINT, *own_keys.ENDPOINT}
    assert keys("incremental") == set(PLACEHOLDER_KEYS["incremental"]) - {"convert"}
    assert keys("response_action") == set(PLACEHOLDER_KEYS["response_actions"])
    paginators = {each["properties"]["type"]["const"]: each for each in parts["paginator"]["anyOf"][1]["oneOf"]}
    assert set(paginators) == set(PAGINATORS)
    for kind, arguments in PAGINATORS.items():
        assert set(arguments) <= set(paginators[kind]["properties"])
    auths = {
        each["properties"]["type"]["const"]: set(each["properties"]) for each in parts["auth"]["anyOf"][1]["oneOf"]
    }
    assert auths == {kind: {"type", *FIELDS[kind]} - {"session"} for kind in (*PUBLIC, "oauth2_jwt")}


def test_every_key_is_explained() -> None:
    def unexplained(schema: object, path: str) -> Iterator[str]:
        match schema:
            case {"properties": dict() as properties}:
                for key, value in properties.items():
                    if not value.get("description"):
                        yield f"{path}.{key}"
        match schema:
            case dict():
                for key, value in schema.items():
                    yield from unexplained(value, f"{path}.{key}")
            case list():
                for value in schema:
                    yield from unexplained(value, path)

    assert set(unexplained(json_schema(), "")) == set()


def test_the_configurations_of_the_corpus_that_are_read_with_no_warning_are_valid() -> None:
    if not CORPUS.exists():
        pytest.skip(f"the corpus is not here ({CORPUS})")
    checked, refused = 0, dict[str, list[str]]()
    for path in sorted(each for each in CORPUS.iterdir() if each.suffix in {".py", ".yaml", ".yml", ".json"}):
        source = open_source(str(path))
        reading, config = read(source), open_document(source.text, source.format, Faults()).config
        told = {fault.severity for fault in reading.faults} & {"error", "warning"}
        if reading.plan is None or reading.dialect != "dlt" or told or config is None or code_in(config) is not None:
            continue
        checked += 1
        refused |= {path.name: found} if (found := problems(plain(config))) else {}
    assert refused == {}
    assert checked >= 20
