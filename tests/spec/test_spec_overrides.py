"""`--set` states any value of the configuration, for one resource or for all of them."""

from __future__ import annotations

import pytest

from headrace.model.plan import ApiKey, Cursor, Offset, Plan, SinglePage
from headrace.spec.read import Options, Source, read
from headrace.spec.settings import Settings

DOCUMENT = """
client:
  base_url: "https://api.acme.dev"
  auth: {type: api_key, name: api_key, api_key: 'dlt.secrets["k"]', location: header}
resource_defaults: {primary_key: id, write_disposition: merge}
resources:
  - {name: birds, endpoint: {path: /v1/birds, paginator: {type: offset, limit: 10}}}
  - {name: nests, endpoint: {path: /v1/nests, paginator: {type: cursor, cursor_param: after, limit: 5}}}
  - eggs
"""


def plan_with(**given: str) -> Plan:
    settings = Settings({name.replace("__", "."): value for name, value in given.items()})
    reading = read(Source(DOCUMENT, "yaml", "x.yaml", "x"), Options(settings=settings))
    assert reading.plan is not None, reading.faults
    assert settings.surplus() == {}
    return reading.plan


def test_the_name_of_a_key() -> None:
    auth = plan_with(client__auth__name="X-Key").client.auth
    assert isinstance(auth, ApiKey)
    assert auth.name == "X-Key"


def test_one_value_of_a_paginator_leaves_the_others() -> None:
    birds, nests, _ = plan_with(resources__nests__endpoint__paginator__cursor_path="meta.next").resources
    assert isinstance(nests.paging, Cursor)
    assert (nests.paging.path, nests.paging.param, nests.paging.size) == ("meta.next", "after", 5)
    assert isinstance(birds.paging, Offset)


def test_what_is_set_is_no_guess() -> None:
    before = plan_with().resources[0]
    after = plan_with(resources__birds__endpoint__paginator__offset_param="skip").resources[0]
    assert before.guesses - after.guesses == {"endpoint.paginator.offset_param"}


def test_a_whole_paginator_by_its_name() -> None:
    assert plan_with(resources__birds__endpoint__paginator="single_page").resources[0].paging == SinglePage()


def test_a_whole_paginator_as_json() -> None:
    stated = '{"type": "offset", "limit": 7, "offset_param": "skip"}'
    paging = plan_with(resources__nests__endpoint__paginator=stated).resources[1].paging
    assert isinstance(paging, Offset)
    assert (paging.size, paging.param) == (7, "skip")


def test_all_resources_that_have_the_mapping() -> None:
    plan = plan_with(**{"resources__*__endpoint__paginator__limit": "3"})
    assert [each.paging.size for each in plan.resources] == [3, 3, None]


def test_a_resource_by_its_place_and_a_key_of_several_fields() -> None:
    plan = plan_with(**{"resources[1]__primary_key": '["a", "b"]'})
    assert [each.primary_key for each in plan.resources] == [("id",), ("a", "b"), ("id",)]


def test_a_resource_that_is_a_mere_name_gets_an_endpoint() -> None:
    assert plan_with(resources__eggs__endpoint__path="/v2/eggs").resources[2].request.path == "/v2/eggs"


def test_a_resource_that_is_not_there_is_surplus() -> None:
    settings = Settings({"resources.foxes.endpoint.path": "/foxes"})
    reading = read(Source(DOCUMENT, "yaml", "x.yaml", "x"), Options(settings=settings))
    assert reading.plan is None
    assert list(settings.surplus()) == ["resources.foxes.endpoint.path"]


@pytest.mark.parametrize(
    ("key", "problem", "fix"),
    [
        ("resources.birds.endpoint.paginatr", "an endpoint has no key `paginatr`", "did you mean `paginator`?"),
        ("resources.birds.endpoint.paginatr.limit", "an endpoint has no key `paginatr`", "did you mean `paginator`?"),
        ("resources.*.endpoint.paginatr", "an endpoint has no key `paginatr`", "did you mean `paginator`?"),
        ("resources[0].primry_key", "a resource has no key `primry_key`", "did you mean `primary_key`?"),
        (
            "resources.birds.endpoint.paginator.limt",
            "the `offset` paginator has no key `limt`",
            "did you mean `limit`?",
        ),
        ("client.auth.nme", "`api_key` auth has no key `nme`", "did you mean `name`?"),
        ("resources.brds.endpoint.path", "it fits nothing in the document", "did you mean `birds`?"),
        ("resources.birds", "it fits nothing in the document", "say which value: resources.birds.KEY"),
        ("clint.auth.name", "it fits nothing in the document", "did you mean `client`?"),
    ],
)
def test_a_slip_on_the_command_line_is_an_error_that_names_its_flag(key: str, problem: str, fix: str) -> None:
    reading = read(Source(DOCUMENT, "yaml", "x.yaml", "x"), Options(settings=Settings({key: "x"})))
    assert reading.plan is None
    (fault,) = {fault for fault in reading.faults if fault.severity == "error"}
    assert (fault.path, fault.line, fault.problem, fault.fix) == (f"--set {key}", None, problem, fix)


def test_what_the_document_itself_has_wrong_keeps_its_line_beside_a_flag() -> None:
    text = DOCUMENT.replace("limit: 10", "limt: 10")
    settings = Settings({"resources.birds.endpoint.path": "/b"})
    reading = read(Source(text, "yaml", "x.yaml", "x"), Options(settings=settings))
    (fault,) = [fault for fault in reading.faults if fault.code == "unknown-key"]
    assert (fault.path, fault.line) == ("resources[0].endpoint.paginator.limt", 7)


def test_what_is_set_is_told_as_a_flag() -> None:
    plan = plan_with(client__auth__name="X-Key")
    origin = {each.path: (each.value, each.origin) for each in plan.provenance}
    assert origin["client.auth.name"] == ("X-Key", "flag")
