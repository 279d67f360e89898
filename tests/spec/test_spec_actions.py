"""What certain responses mean: dlt's response actions, those that need no Python."""

from __future__ import annotations

import pytest

from headrace.model.plan import ResponseAction

from .documents import codes, errors, of, plan_of, python, the_error, with_endpoint


@pytest.mark.parametrize(
    ("stated", "action"),
    [
        ({"status_code": 404, "action": "ignore"}, ResponseAction(404)),
        ({"status_code": "404", "action": "ignore"}, ResponseAction(404)),
        ({"content": "gone", "action": "ignore"}, ResponseAction(None, "gone")),
        ({"status_code": 200, "content": "busy", "action": "retry"}, ResponseAction(200, "busy", "retry")),
    ],
    ids=repr,
)
def test_an_action_is_read(stated: dict[str, object], action: ResponseAction) -> None:
    assert plan_of(of(with_endpoint(response_actions=[stated]))).resources[0].actions == (action,)


def test_several_statuses_may_be_ignored_in_the_order_of_the_document() -> None:
    stated = [{"status_code": code, "action": "ignore"} for code in (404, 403, 410)]
    actions = plan_of(of(with_endpoint(response_actions=stated))).resources[0].actions
    assert [action.status for action in actions] == [404, 403, 410]


@pytest.mark.parametrize(
    "stated",
    [
        {"action": "ignore"},
        {"status_code": "4xx", "action": "ignore"},
        {"status_code": 404, "action": "ignor"},
    ],
    ids=repr,
)
def test_an_action_that_never_acts_in_dlt_is_told_and_left_out(stated: dict[str, object]) -> None:
    reading = of(with_endpoint(response_actions=[stated]))
    assert codes(reading, "warning") == ["action-idle"]
    assert plan_of(reading).resources[0].actions == ()


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        ({"status_code": 404}, "response_actions[0]"),
        ({"status_cde": 404, "action": "ignore"}, "response_actions[0].status_cde"),
        ({"status_code": [404], "action": "ignore"}, "response_actions[0].status_code"),
        ({"content": 3, "action": "ignore"}, "response_actions[0].content"),
        ({"status_code": 404, "action": 3}, "response_actions[0].action"),
        ({"status_code": 404, "action": ["ignore"]}, "response_actions[0].action"),
        (3, "response_actions[0]"),
    ],
    ids=repr,
)
def test_an_action_that_cannot_be_read_is_an_error_at_its_place(stated: object, path: str) -> None:
    reading = of(with_endpoint(response_actions=[stated]))
    assert errors(reading)[0].path.startswith(f"resources[0].endpoint.{path}")


def test_actions_are_a_list() -> None:
    reading = of(with_endpoint(response_actions={"status_code": 404, "action": "ignore"}))
    assert the_error(reading).path == "resources[0].endpoint.response_actions"


@pytest.mark.parametrize(
    "action", ["clean", "{'status_code': 200, 'action': clean}", "{'content': 'x', 'action': [clean]}"]
)
def test_a_function_as_an_action_points_to_the_python_api(action: str) -> None:
    endpoint = f"{{'response_actions': [{action}]}}"
    config = f"{{'client': {{'base_url': 'https://a.io'}}, 'resources': [{{'name': 'a', 'endpoint': {endpoint}}}]}}"
    fault = the_error(python(f"def clean(response):\n    pass\n\nrest_api_source({config})\n"))
    assert fault.code == "python-object"
    assert "headrace.rest_api" in fault.fix
