"""Which records are new: every key of dlt's increments, its older form, and what dlt refuses."""

from __future__ import annotations

import warnings
from typing import get_type_hints

import pytest

from headrace.model.plan import Incremental
from headrace.spec.read import Options
from headrace.spec.vocabulary import INCREMENTAL_PARAM, PLACEHOLDER_KEYS

from .documents import codes, errors, of, plan_of, python, the_error, with_endpoint
from .oracle import dlt_takes

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dlt.extract.incremental import Incremental as DltIncremental
    from dlt.sources.rest_api.typing import IncrementalConfig


STATED: list[tuple[dict[str, object], Incremental]] = [
    ({}, Incremental("at")),
    ({"initial_value": "2024-01-01"}, Incremental("at", "2024-01-01")),
    ({"initial_value": 3, "end_value": 9}, Incremental("at", 3, 9)),
    ({"initial_value": [1]}, Incremental("at", [1])),
    ({"start_param": "since", "end_param": "until"}, Incremental("at", start_param="since", end_param="until")),
    ({"last_value_func": "min"}, Incremental("at", latest="min")),
    ({"last_value_func": "max"}, Incremental("at")),
    ({"primary_key": "id"}, Incremental("at", primary_key=("id",))),
    ({"primary_key": ["a", "b"]}, Incremental("at", primary_key=("a", "b"))),
    ({"primary_key": []}, Incremental("at", primary_key=())),
    ({"primary_key": None}, Incremental("at")),
    ({"row_order": "asc"}, Incremental("at", row_order="asc")),
    ({"row_order": "desc"}, Incremental("at", row_order="desc")),
    ({"range_start": "open", "range_end": "closed"}, Incremental("at", range_start="open", range_end="closed")),
    ({"range_start": None, "range_end": None, "lag": None}, Incremental("at")),
    ({"on_cursor_value_missing": "include"}, Incremental("at", on_missing="include")),
    ({"on_cursor_value_missing": "exclude"}, Incremental("at", on_missing="exclude")),
    ({"lag": 60}, Incremental("at", lag=60.0)),
    ({"lag": 0.5}, Incremental("at", lag=0.5)),
    ({"allow_external_schedulers": True}, Incremental("at")),
]


@pytest.mark.parametrize(("stated", "rule"), STATED, ids=repr)
def test_each_key_of_an_increment_is_read(stated: dict[str, object], rule: Incremental) -> None:
    config = with_endpoint(incremental={"cursor_path": "at", **stated})
    assert plan_of(of(config)).resources[0].incremental == rule
    assert dlt_takes(config)


def test_every_key_of_dlt_is_known_and_has_a_case() -> None:
    known = set(get_type_hints(IncrementalConfig))
    assert set(PLACEHOLDER_KEYS["incremental"]) == known
    assert known - {key for stated, _ in STATED for key in stated} == {"cursor_path", "convert"}


def test_the_defaults_are_those_of_dlt() -> None:
    theirs = DltIncremental[str]("at")
    rule = plan_of(of(with_endpoint(incremental={"cursor_path": "at"}))).resources[0].incremental
    assert rule is not None
    assert (rule.range_start, rule.range_end) == (theirs.range_start, theirs.range_end)
    assert (rule.on_missing, rule.row_order, rule.lag) == (theirs.on_cursor_value_missing, theirs.row_order, theirs.lag)
    assert (rule.latest, rule.primary_key) == (theirs.last_value_func.__name__, theirs.primary_key)


@pytest.mark.parametrize(
    "stated",
    [
        {"cursor": "a"},
        {"transform": "x"},
        {"cursor_path": 3},
        {"cursor_path": "a["},
        {"last_value_func": "mean"},
        {"row_order": "up"},
        {"range_start": "half"},
        {"on_cursor_value_missing": "ignore"},
        {"on_cursor_value_missing": None},
        {"lag": "1d"},
        {"start_param": 3},
        {"primary_key": 3},
        {"allow_external_schedulers": "yes"},
        {"convert": "str"},
    ],
    ids=repr,
)
def test_what_dlt_refuses_in_an_increment_is_refused(stated: dict[str, object]) -> None:
    config = with_endpoint(incremental={"cursor_path": "at", **stated})
    assert not dlt_takes(config)
    fault = errors(of(config))[0]
    assert fault.path.startswith("resources[0].endpoint.incremental")
    assert fault.fix


PARAMS: list[dict[str, object]] = [
    {"since": {"type": "incremental", "cursor_path": "at"}},
    {"since": {"type": "incremental", "cursor_path": "at", "initial_value": "2024"}},
    {"since": {"type": "incremental", "cursor_path": "at", "row_order": "asc", "lag": 3}},
    {"since": {"type": "incremental", "cursor_path": "at", "end_value": None}},
    {"since": {"type": "incremental", "cursor_path": "at", "end_value": 3}},
    {"since": {"type": "incremental", "cursor_path": "at", "end_param": "until"}},
    {"since": {"type": "incremental", "cursor_path": "at", "start_param": "until"}},
    {"since": {"type": "incremental", "cursor_path": "at", "bogus": 1}},
    {"since": {"type": "incremental", "cursor_path": "at"}, "x": {"type": "incremental", "cursor_path": "b"}},
    {"since": {"type": "incremental", "cursor_path": "at"}, "x": "{incremental.start_value}"},
    {"since": {"type": "incremntal", "cursor_path": "at"}},
]


@pytest.mark.parametrize("params", PARAMS, ids=repr)
def test_a_parameter_that_is_incremental_is_taken_exactly_when_dlt_takes_it(params: dict[str, object]) -> None:
    config = with_endpoint(params=params)
    assert (of(config).plan is not None) == dlt_takes(config), errors(of(config))


def test_a_parameter_that_is_incremental_gets_the_start_of_the_window() -> None:
    params = {"since": {"type": "incremental", "cursor_path": "at", "initial_value": 3}, "a": 1}
    resource = plan_of(of(with_endpoint(params=params))).resources[0]
    assert resource.incremental == Incremental("at", 3, start_param="since")
    assert [name for name, _ in resource.request.params] == ["a"]


def test_the_older_keys_are_those_that_dlt_passes_on() -> None:
    taken = {*INCREMENTAL_PARAM} - {"type", "transform", "convert"}
    assert taken == set(get_type_hints(IncrementalConfig)) - {"end_value", "start_param", "end_param", "convert"}


def test_a_parameter_named_as_the_window_is_replaced_by_it() -> None:
    stated = {"cursor_path": "at", "start_param": "since", "end_param": "until"}
    request = (
        plan_of(of(with_endpoint(params={"since": 1, "until": 2, "a": 3}, incremental=stated))).resources[0].request
    )
    assert [name for name, _ in request.params] == ["a"]


def test_two_ways_to_state_the_window_are_told_and_the_parameter_counts_as_in_dlt() -> None:
    params = {"since": {"type": "incremental", "cursor_path": "b"}}
    reading = of(with_endpoint(params=params, incremental={"cursor_path": "a"}))
    assert codes(reading, "warning") == ["incremental-twice"]
    assert plan_of(reading).resources[0].incremental == Incremental("b", start_param="since")


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"end_value": 3}, "without `initial_value`"),
        ({"initial_value": 9, "end_value": 3}, "ends before it begins"),
        ({"initial_value": "2024", "end_value": "2025", "last_value_func": "min"}, "ends before it begins"),
    ],
)
def test_a_window_that_a_run_of_dlt_would_refuse_is_refused_at_once(stated: dict[str, object], words: str) -> None:
    fault = the_error(of(with_endpoint(incremental={"cursor_path": "at", **stated})))
    assert words in fault.problem
    assert fault.path == "resources[0].endpoint.incremental.end_value"


def test_an_increment_without_a_cursor_is_an_error() -> None:
    fault = the_error(of(with_endpoint(incremental={"initial_value": 1})))
    assert (fault.code, fault.path) == ("missing-key", "resources[0].endpoint.incremental")


def test_a_schedulers_window_is_told_to_have_no_effect() -> None:
    stated = {"cursor_path": "at", "allow_external_schedulers": True}
    assert "no-effect" in codes(of(with_endpoint(incremental=stated)), "note")


def in_python(stated: str) -> str:
    endpoint = f"{{'incremental': {{'cursor_path': 'at', {stated}}}}}"
    resources = f"[{{'name': 'a', 'endpoint': {endpoint}}}]"
    return f"rest_api_source({{'client': {{'base_url': 'https://a.io'}}, 'resources': {resources}}})"


@pytest.mark.parametrize(("function", "latest"), [("min", "min"), ("max", "max")])
def test_pythons_own_min_and_max_are_known_by_name(function: str, latest: str) -> None:
    rule = plan_of(python(in_python(f"'last_value_func': {function}"))).resources[0].incremental
    assert rule is not None
    assert rule.latest == latest


@pytest.mark.parametrize("key", ["convert", "last_value_func"])
@pytest.mark.parametrize("function", ["lambda x: x", "str"])
def test_a_function_in_an_increment_points_to_the_python_api(key: str, function: str) -> None:
    fault = the_error(python(in_python(f"'{key}': {function}")))
    assert (fault.code, fault.path) == ("python-object", f"resources[0].endpoint.incremental.{key}")
    assert "headrace.rest_api" in fault.fix


def test_a_bound_that_is_code_is_a_need_and_never_run() -> None:
    text = in_python("'initial_value': pendulum.today().subtract(days=30).to_iso8601_string()")
    reading = python(text)
    assert reading.needs == ("config:initial_value",)
    assert codes(reading, "warning") == ["expression-value"]
    given = python(text, Options(settings={"initial_value": "2024-01-01"}))
    assert given.needs == ()
    rule = plan_of(given).resources[0].incremental
    assert rule is not None
    assert rule.initial_value == "2024-01-01"


def test_a_bound_that_lies_outside_is_looked_up() -> None:
    text = in_python("'initial_value': dlt.config['since']")
    assert python(text).needs == ("config:since",)
    rule = plan_of(python(text, Options(settings={"since": "2024"}))).resources[0].incremental
    assert rule is not None
    assert rule.initial_value == "2024"
