"""A plan written out and read again is the same plan: as YAML in full, as dlt in what dlt can be told."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any
from unittest import mock

import jsonschema
import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings

from headrace.model.plan import Cursor, DeclaredLimit, PageNumber, Paging, Parent, Plan, Ref, RetryPolicy, Text
from headrace.model.slots import slots_of
from headrace.spec.json_schema import json_schema
from headrace.spec.mend import bare, same_plan
from headrace.spec.mend_readings import UNSAID
from headrace.spec.mends import mend_all
from headrace.spec.read import Options, Reading, Source, open_source, read
from headrace.spec.writing import Meant, config_tree, meant_by, meant_in, refs_of
from headrace.spec.writing_dlt import dlt_module
from headrace.spec.writing_losses import without_ours
from headrace.spec.writing_secrets import without_literals
from headrace.spec.writing_value import Tongue
from headrace.spec.writing_yaml import scalar, yaml_text

from .documents import CORPUS, codes, errors, of, plan_of, python, told, with_client, with_endpoint, with_resource
from .plans import plans

SCHEMA = jsonschema.Draft202012Validator(json_schema())
UNLIKE = {
    "217_scaffold_mailersend.txt": "two parameters look like the page size, and dlt cannot be told which one is",
}
"""Documents whose plan, as dlt, is not the same to the last value, and why."""
NOT_MENDED = {
    "564_guide_apache_superset.txt": "a user and a password that are names without a value, in one list",
    "683_dlt_lesson_1_custom_sources_restapi_source_and_restclient.py": "names without a value outside of the config",
}
"""Documents in which something is left that was interpreted, and what that is."""


def as_yaml(meant: Meant) -> Reading:
    tree = {"name": meant.name, **config_tree(meant, Tongue(ours=True))}
    return told(yaml_text(tree, {}), "yaml", name="another")


def as_dlt(meant: Meant) -> Reading:
    return told(dlt_module(meant, "there.md")[0], "py", name="another")


def for_dlt(plan: Plan) -> Plan:
    """What of a plan dlt can be told."""
    plain, _ = without_ours(meant_by(plan))
    return msgspec.structs.replace(plan, name=plain.name, client=plain.client, resources=plain.resources)


# --- the corpus ------------------------------------------------------------------------------


def documents() -> list[str]:
    found = sorted(path.name for path in CORPUS.glob("[0-9]*_*.*")) if CORPUS.exists() else []
    return [name for name in found if not name.endswith(".md")]


@cache
def readings() -> dict[str, tuple[Source, Reading]]:
    """Every document of the corpus that becomes a plan."""
    if not CORPUS.exists():
        pytest.skip(f"the corpus is not here ({CORPUS})")
    sources = {name: open_source(str(CORPUS / name)) for name in documents()}
    found = {name: (source, read(source)) for name, source in sources.items()}
    return {name: pair for name, pair in found.items() if pair[1].plan is not None}


def unequal(
    convert: Callable[[Meant], Reading],
    expected: Callable[[Plan], Plan],
    same: Callable[[Reading, Reading], bool] = lambda _one, _other: True,
) -> dict[str, Any]:
    wrong: dict[str, Any] = {}
    for name, (source, reading) in readings().items():
        meant = meant_in(reading, source)
        assert meant is not None
        again = convert(meant)
        if not same_plan(again.plan, expected(plan_of(reading))) or not same(again, reading):
            wrong[name] = errors(again)
    return wrong


def guessed(reading: Reading) -> dict[str, tuple[frozenset[str], Paging | None]]:
    return {each.name: (each.guesses, each.kin) for each in plan_of(reading).resources}


def test_every_document_of_the_corpus_is_the_same_plan_as_yaml_and_what_it_guesses_stays_a_guess() -> None:
    assert len(readings()) > 190
    assert unequal(as_yaml, lambda plan: plan, lambda one, other: guessed(one) == guessed(other)) == {}


def test_every_document_of_the_corpus_is_the_same_plan_as_dlt() -> None:
    assert set(unequal(as_dlt, for_dlt)) == set(UNLIKE)


@pytest.mark.parametrize("part", range(4))
def test_every_document_of_the_corpus_as_dlt_is_one_that_dlt_takes(part: int) -> None:
    refused = {}
    for name in list(readings())[part::4]:
        source, reading = readings()[name]
        meant = meant_in(reading, source)
        assert meant is not None
        try:
            built(meant)
        except Exception as error:  # noqa: BLE001 - whatever dlt raises is a refusal
            refused[name] = str(error)
    assert refused == {}


@pytest.mark.parametrize("part", range(12))
def test_every_document_of_the_corpus_is_mended_until_nothing_is_interpreted_and_the_plan_is_the_same(
    part: int,
) -> None:
    names = list(readings())[part::12]
    left = set()
    for name in names:
        source, reading = readings()[name]
        text, _ = mend_all(source, Options(), lambda _: True)
        again = read(Source(text, source.format, source.path, source.name))
        assert same_plan(reading.plan, again.plan), name
        left_out = {name: guesses - guessed(again)[name][0] for name, (guesses, _) in guessed(reading).items()}
        assert not any(left_out.values()), (name, left_out)
        if {fault.code for fault in again.in_full} - UNSAID:
            left.add(name)
    assert left == set(NOT_MENDED) & set(names)


# --- any plan --------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
@given(plans())
def test_any_plan_as_yaml_is_read_as_itself(plan: Plan) -> None:
    again = as_yaml(meant_by(plan))
    assert errors(again) == []
    assert bare(plan_of(again)) == bare(plan)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plans())
def test_any_plan_as_yaml_is_one_that_the_json_schema_takes(plan: Plan) -> None:
    text = yaml_text(config_tree(meant_by(plan), Tongue(ours=True)), {})
    assert [error.message for error in SCHEMA.iter_errors(yaml.safe_load(text))] == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
@given(plans())
def test_any_plan_as_dlt_is_read_as_what_dlt_can_be_told(plan: Plan) -> None:
    again = as_dlt(meant_by(plan))
    assert errors(again) == []
    assert bare(plan_of(again)) == bare(for_dlt(plan))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
@given(plans())
def test_any_plan_as_dlt_is_one_that_dlt_takes(plan: Plan) -> None:
    built(meant_by(plan))


def built(meant: Meant) -> Any:
    """dlt's source of the module, with a value for every reference."""
    text, _ = dlt_module(meant, "there.md")
    plain, _ = without_ours(meant)
    names = [ref.name if ref.kind == "env" else ref.name.replace(".", "__").upper() for ref in refs_of(plain)]
    space: dict[str, Any] = {"__name__": "module"}
    environ = dict.fromkeys([*names, "BASE_URL", "CREDENTIALS__TOKEN"], "x1y")
    with mock.patch.dict(os.environ, environ), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(text, "module.py", "exec"), space)
        return space[f"{plain.name}_source"]()


@pytest.mark.parametrize(
    "words",
    ["a", "1", "1e3", "~", "null", "Yes", "0x1", "- a", "a: b", "#", "é\n", "“", "'", "\\", "\x07", "😀", "\x85", ""],
)
def test_any_string_is_yaml_that_says_just_that(words: str) -> None:
    assert yaml.safe_load(f"a: {scalar(words)}") == {"a": words}


@pytest.mark.parametrize("number", [1, -2, 0.5, 1e20, 1e-7, True, None])
def test_any_number_is_yaml_that_says_just_that(number: float | None) -> None:
    assert yaml.safe_load(f"a: {scalar(number)}") == {"a": number}


# --- the keys of our own ---------------------------------------------------------------------


def test_guesses_name_the_values_that_are_to_be_tried() -> None:
    config = with_resource(primary_key="id", guesses=["primary_key", "endpoint.params.team_id"])
    assert plan_of(of(config)).resources[0].guesses == {"primary_key", "endpoint.params.team_id"}
    given = Options(settings={"resources.users.primary_key": "uuid"})
    assert plan_of(of(config, given)).resources[0].guesses == {"endpoint.params.team_id"}


def test_guesses_of_all_resources_may_stand_in_the_defaults() -> None:
    config = {**with_client(), "resource_defaults": {"primary_key": "id", "guesses": ["primary_key"]}}
    assert plan_of(of(config)).resources[0].guesses == {"primary_key"}


def test_a_guess_at_what_cannot_be_one_is_an_error_with_the_nearest_value() -> None:
    (fault,) = errors(of(with_resource(guesses=["primry_key"])))
    assert (fault.code, fault.path, fault.fix) == ("guess", "resources[0].guesses", "did you mean `primary_key`?")


def test_a_mend_that_states_what_was_guessed_says_that_it_is_a_guess() -> None:
    text = (
        "client: {base_url: 'https://api.acme.io'}\n"
        "resources:\n"
        "  - name: birds\n"
        "    endpoint: {path: /birds, paginator: {type: page_number, page_param: page, limit: 50}}\n"
    )
    before = told(text, "yaml")
    mended, taken = mend_all(Source(text, "yaml", "b.yaml", "b"), Options(), lambda _: True)
    assert taken
    after = told(mended, "yaml")
    assert "guesses" in mended
    assert guessed(before)["birds"][0] <= guessed(after)["birds"][0]


def test_a_long_document_is_not_read_again_for_each_of_its_mends(monkeypatch: pytest.MonkeyPatch) -> None:
    pager = '{"type": "cursor", "cursor_param": "after", "cursor_path": "response.next", "limit": 50}'
    resources = ",\n".join(
        f'{{"name": "r{number}", "endpoint": {{"path": "/r{number}", "data_selector": "items", "paginator": {pager}}}}}'
        for number in range(30)
    )
    config = f'rest_api_source({{"client": {{"base_url": "https://api.acme.io"}}, "resources": [{resources}]}})'
    text = f"# Overview\n# Schema\n# Resources\n```python\n{config}\n```\n"
    source, before = Source(text, "md", "b.md", "b"), told(text)
    readings: list[Reading] = []

    def counted(source: Source, options: Options | None = None) -> Reading:
        readings.append(read(source, options))
        return readings[-1]

    monkeypatch.setattr("headrace.spec.mend.read", counted)
    mended, taken = mend_all(source, Options(), lambda _: True)
    assert len(taken) >= 30
    assert len(readings) < 15
    assert same_plan(plan_of(before), plan_of(told(mended)))
    assert {fault.code for fault in told(mended).in_full} <= UNSAID


def test_retry_says_what_is_asked_again_and_how_often() -> None:
    retry = {"statuses": [503], "attempts": 3, "base_s": 2, "cap_s": 1.5, "timeout_s": 20}
    plan = plan_of(of(with_endpoint(retry=retry)))
    assert plan.resources[0].retry == RetryPolicy((503,), 3, 2.0, 1.5, 20.0)


@pytest.mark.parametrize("deadline", [90, 0.5])
def test_a_deadline_is_that_of_a_resource_unless_a_flag_says_another(deadline: float) -> None:
    config = with_endpoint(deadline_s=deadline)
    assert [each.deadline_s for each in plan_of(of(config)).resources] == [deadline]
    assert [each.deadline_s for each in plan_of(of(config, Options(walk_deadline_s=7.0))).resources] == [7.0]


def test_a_deadline_may_be_stated_for_all_resources() -> None:
    config = {
        "client": {"base_url": "https://api.acme.io"},
        "resource_defaults": {"endpoint": {"deadline_s": 60}},
        "resources": ["users", {"name": "teams", "endpoint": {"deadline_s": 5}}],
    }
    assert [each.deadline_s for each in plan_of(of(config)).resources] == [60.0, 5.0]


@pytest.mark.parametrize("deadline", [0, -1, "soon", True, [], 0.0])
def test_a_deadline_that_cannot_be_is_an_error(deadline: object) -> None:
    fix = "write a number of seconds above 0" if deadline in (0, -1) and isinstance(deadline, int) else ""
    (fault,) = errors(of(with_endpoint(deadline_s=deadline)))
    assert fix in fault.fix


@pytest.mark.parametrize(
    "retry", [{"statuses": 503}, {"statuses": [99]}, {"attempt": 3}, {"base_s": -1}, {"timeout_s": 0}, []]
)
def test_a_retry_that_cannot_be_is_an_error(retry: object) -> None:
    assert errors(of(with_endpoint(retry=retry)))


def test_a_guess_may_be_one_text_for_the_reader_and_the_json_schema() -> None:
    config = with_resource(guesses="endpoint.path")
    assert plan_of(of(config)).resources[0].guesses == {"endpoint.path"}
    jsonschema.validate(config, json_schema())


def test_a_limit_and_origins_may_stand_in_the_client() -> None:
    options = Options(allow_origins=("https://b.io", "https://c.io"))
    config = with_client(rate_limit={"requests": 5, "seconds": 0.5}, allow_origins=["https://a.io", "https://b.io"])
    client = plan_of(of(config, options)).client
    assert client.limit == DeclaredLimit(5, 0.5)
    assert client.allowed_origins == ("https://a.io", "https://b.io", "https://c.io")


def test_a_cursor_may_follow_urls_and_a_parameter_may_be_named_the_page_size() -> None:
    paginator = {"type": "cursor", "cursor_path": "next", "follow_urls": True, "page_size_param": "count"}
    plan = plan_of(of(with_endpoint(paginator=paginator, params={"limit": 5, "count": 50})))
    assert plan.resources[0].paging == Cursor("next", follow_urls=True, size=50, size_param="count")


@pytest.mark.parametrize(
    "paginator", [{"type": "page_number", "follow_urls": True}, {"type": "page_number", "page_size_param": "count"}]
)
def test_a_key_of_our_own_that_does_nothing_is_told(paginator: dict[str, object]) -> None:
    reading = of(with_endpoint(paginator=paginator))
    assert codes(reading, "note") == ["no-effect"]
    assert plan_of(reading).resources[0].paging == PageNumber(total_path="total")


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ('dlt.secrets.get("x") or "y"', (Ref("x", "secret", "y"),)),
        ('Bearer {dlt.secrets["x"]}', ("Bearer ", Ref("x"))),
        ("{os.environ['X']}-{dlt.config.get('y') or \"\"}", (Ref("X", "env"), "-", Ref("y", "config", ""))),
        ('{{dlt.secrets["x"]}}', ("{", Ref("x"), "}")),
    ],
)
def test_a_string_of_yaml_may_hold_references(written: str, parts: tuple[object, ...]) -> None:
    plan = plan_of(of(with_client(headers={"X-A": written})))
    assert plan.client.headers == (("X-A", Text(parts)),)  # type: ignore[arg-type]


def test_a_reference_with_a_default_is_read_from_python() -> None:
    reading = python(
        'rest_api_source({"client": {"base_url": "https://a.io", "headers": {"X-A": dlt.secrets.get("x") or "y"}},'
        ' "resources": ["users"]})'
    )
    assert plan_of(reading).client.headers == (("X-A", Text((Ref("x", "secret", "y"),))),)


def test_a_paths_value_that_is_not_there_yet_leaves_its_place() -> None:
    config = with_endpoint(path="orgs/{org}/users", params={"org": 'dlt.config["org"]'})
    reading = of(config)
    assert (plan_of(reading).resources[0].request.path, reading.needs) == ("orgs/{org}/users", ("config:org",))
    given = of(config, Options(settings={"org": "acme"}))
    assert plan_of(given).resources[0].request.path == "orgs/acme/users"


# --- secrets and losses ----------------------------------------------------------------------


def test_secrets_that_are_spelt_out_become_references_each_value_one_name() -> None:
    config = with_client(
        base_url="https://api.acme.io",
        auth={"type": "bearer", "token": "sk_1"},
        headers={"X-Api-Key": "sk_1", "Authorization": "Token sk_2", "Accept": "json"},
    )
    config["resources"] = [{"name": "users", "endpoint": {"params": {"access_token": "sk_3", "q": "sk"}}}]
    meant, names = without_literals(meant_by(plan_of(of(config))))
    text, _ = dlt_module(meant, "x")
    assert not {"sk_1", "sk_2", "sk_3"} & set(text.replace('"', " ").split())
    assert names == {"sk_1": "token", "sk_2": "authorization", "sk_3": "access_token"}
    assert "f\"Token {dlt.secrets['authorization']}\"" in text
    assert '"q": "sk"' in text


def test_a_user_and_password_in_the_address_become_its_auth() -> None:
    plan = plan_of(of(with_client(base_url="https://me:hush@api.acme.io/v1")))
    meant, names = without_literals(meant_by(plan))
    assert (meant.address, names) == ("https://api.acme.io/v1", {"hush": "password"})
    assert '"username": "me"' in dlt_module(meant, "x")[0]


def test_what_dlt_cannot_be_told_is_said_and_stands_in_the_module() -> None:
    paginator = {"type": "cursor", "cursor_path": "next", "follow_urls": True}
    config = with_endpoint(
        paginator=paginator,
        retry={"attempts": 2},
        deadline_s=60,
        response_actions=[{"status_code": 409, "action": "retry"}],
        auth=None,
    )
    config["client"] = {"base_url": "https://api.acme.io", "rate_limit": {"requests": 5, "seconds": 1}}
    text, lost = dlt_module(meant_by(plan_of(of(config))), "x")
    assert len(lost) == 6
    words = ("5 requests in 1 s", "whole URL", "how often", "whole walk", "no credentials")
    assert all(word in " ".join(lost) for word in words)
    assert " ".join(lost[0].split()) in " ".join(text.replace("#", " ").split())


def test_what_is_guessed_is_said_of_a_module_for_dlt() -> None:
    plan = plan_of(of({**with_resource(primary_key="id", guesses=["primary_key", "endpoint.path"])}))
    text, lost = dlt_module(meant_by(plan), "x")
    assert len(lost) == 1
    assert "guessed" in lost[0]
    assert "`endpoint.path` in `users`; `primary_key` in `users`" in lost[0]
    assert '"guesses"' not in text


def test_a_value_of_an_ancestor_comes_down_to_dlt_by_way_of_the_parents() -> None:
    config = {
        "client": {"base_url": "https://api.acme.io"},
        "resources": [
            "orgs",
            {"name": "repos", "endpoint": "r/{resources.orgs.id}", "include_from_parent": ["name"]},
            {"name": "issues", "endpoint": "i/{resources.repos.id}"},
            {
                "name": "notes",
                "endpoint": "n/{resources.orgs.owner.id}/{resources.repos.tags[0]}/{resources.issues.id}",
                "include_from_parent": ["id", "{resources.orgs.name}"],
            },
        ],
    }
    meant = meant_by(plan_of(of(config)))
    _, repos, issues, notes = without_ours(meant)[0].resources
    assert repos.parent == Parent("orgs", ("name", "owner"))
    assert issues.parent == Parent("repos", ("_orgs_owner", "tags", "_orgs_name"))
    assert notes.parent == Parent("issues", ("id", "_repos__orgs_name"))
    assert [slot.path for slot in slots_of(notes.request)] == ["_repos__orgs_owner.id", "_repos_tags[0]", "id"]
    built(meant)
    assert dlt_module(meant, "x")[1][1:] == (
        "In `notes`, values of rows above the parent's: dlt takes them of the parent, where they become columns.",
    )


def of_parents(path: str, **endpoint: object) -> Reading:
    """Two resources, of which the second is asked for by the rows of the first."""
    users = {"name": "users", "endpoint": {"path": path, **endpoint}}
    return of({"client": {"base_url": "https://api.acme.io"}, "resources": ["orgs", users]})


def test_a_cursor_of_each_parent_is_one_that_dlt_cannot_be_told() -> None:
    rule = {"cursor_path": "at", "start_param": "since", "initial_value": "2024-01-01"}
    reading = of_parents("o/{resources.orgs.id:raw}/users", incremental=rule)
    text, lost = dlt_module(meant_by(plan_of(reading)), "x")
    assert len(lost) == 1
    assert "In `users`, how far each row of the parent has come: dlt has one cursor for all" in lost[0]
    assert "from headrace.rest_api import rest_api_source" in lost[0]
    assert lost[0] in " ".join(text.replace("#", " ").split())
    closed = of_parents("o/{resources.orgs.id:raw}/users", incremental={**rule, "end_value": "2024-02-01"})
    assert dlt_module(meant_by(plan_of(closed)), "x")[1] == ()


def test_a_value_in_a_path_is_lost_on_dlt_where_it_is_to_be_escaped_and_not_where_it_is_raw() -> None:
    lost = {path: dlt_module(meant_by(plan_of(of_parents(path))), "x")[1] for path in (
        "o/{resources.orgs.id}", "o/{resources.orgs.id:raw}", "o?of={resources.orgs.id:raw}",
    )}  # fmt: skip
    assert [len(each) for each in lost.values()] == [1, 0, 0]
    assert "dlt leaves its slashes, blanks and `?`" in lost["o/{resources.orgs.id}"][0]


def test_a_plan_that_dlt_can_be_told_in_full_says_nothing_of_losses() -> None:
    text, lost = dlt_module(meant_by(plan_of(of(with_endpoint(paginator="single_page")))), "x")
    assert lost == ()
    assert "#" not in text


def test_a_comment_holds_nothing_that_yaml_does_not_take() -> None:
    assert yaml.safe_load(yaml_text({"a": 1}, {"a": ["b\x07\x7f\ufeffc"]})) == {"a": 1}
