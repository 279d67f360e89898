"""Templates in a sandbox: evaluated once, with the time passed in; what could grow, hang or look about has no value."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from headrace.model.plan import Ref, Text
from headrace.spec.read import Options, Reading
from headrace.spec.references import Part
from headrace.spec.sandbox import Missing, NoValue, evaluated

from .documents import codes, plan_of, told

NOW = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
GIVEN = {"start": "2024-01-01", "kind": "rows"}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ config['start'] }}", "2024-01-01"),
        ("{{ config.start }}T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("{{ config.get('end', '2030') }}", "2030"),
        ("{{ config['end'] | default('2030') }}", "2030"),
        ("{{ config['start'] or today_utc() }}", "2024-01-01"),
        ("{{ config['start'] if config['kind'] == 'rows' else '' }}", "2024-01-01"),
        ("{% if config['end'] is defined %}a{% else %}b{% endif %}", "b"),
        ("{{ now_utc() }}", "2024-05-06T07:08:09+00:00"),
        ("{{ today_utc() }}", "2024-05-06"),
        ("{{ now_utc().strftime('%Y-%m-%d') }}", "2024-05-06"),
        ("{{ day_delta(-30, format='%Y-%m-%d') }}", "2024-04-06"),
        ("{{ (now_utc() - duration('P7DT1H')).strftime('%d %H') }}", "29 06"),
        ("{{ format_datetime(config['start'], '%s') }}", "1704067200"),
        ("{{ config['start'] | format_datetime('%d.%m.%Y') }}", "01.01.2024"),
        ("{{ timestamp(config['start']) }}", "1704067200"),
    ],
)
def test_a_template_has_the_value_of_its_time(template: str, value: str) -> None:
    assert evaluated(template, GIVEN.get, NOW) == value


def test_a_value_that_was_not_given_is_named() -> None:
    with pytest.raises(Missing, match=r"^end$"):
        evaluated("{{ config['end'] }}", GIVEN.get, NOW)


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' * 10**9 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{% for i in [1, 2] %}x{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set x = 1 %}{{ x }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ config.__init__.__globals__ }}",
        "{{ '{:9999999999}'.format(1) }}",
        "{{ now_utc().strftime('%99999999Y') }}",
        "{{ format_datetime(now_utc(), '%99999999Y') }}",
        "{{ now_utc().replace(year=1) }}",
        "{{ range(10) }}",
        "{{ lipsum() }}",
        "{{ 'x' | center(99999999) }}",
        "{{ day_delta(9999999999) }}",
        "{{ duration('for ever') }}",
        "{{ stream_interval.start_time }}",
        "{{ unknown }}",
        "{{ not closed",
        "{{ '' }}",
        "{{ " + "not " * 5000 + "1 }}",
    ],
)
def test_what_could_grow_or_hang_or_look_about_has_no_value(template: str) -> None:
    with pytest.raises(NoValue):
        evaluated(template, GIVEN.get, NOW)


def scaffold(endpoint: dict[str, object], **settings: str) -> Reading:
    resource = json.dumps({"name": "notes", "endpoint": {"path": "/notes", **endpoint}})
    code = f'rest_api_source({{"client": {{"base_url": "https://api.acme.io"}}, "resources": [{resource}]}})'
    text = f"# Overview\n# Configuration Example\n```python\n{code}\n```\n# Schema\n"
    return told(text, options=Options(settings=settings, now=NOW))


def test_the_start_of_a_window_may_be_a_template() -> None:
    sync = {"cursor_field": "at", "start_datetime": "{{ day_delta(-7, format='%Y-%m-%d') }}"}
    reading = scaffold({"incremental_sync": sync})
    increment = plan_of(reading).resources[0].incremental
    assert increment is not None
    assert increment.initial_value == "2024-04-29"
    assert "template" in codes(reading, "note")


def test_a_start_that_is_not_given_is_a_need() -> None:
    sync = {"cursor_field": "at", "start_datetime": "{{ config['start_date'] }}"}
    assert scaffold({"incremental_sync": sync}).needs == ("config:start_date",)
    given = plan_of(scaffold({"incremental_sync": sync}, start_date="2020-01-01")).resources[0].incremental
    assert given is not None
    assert given.initial_value == "2020-01-01"


def test_a_parameter_may_hold_a_template_in_the_midst_of_it() -> None:
    query: dict[str, object] = {"params": {"q": "updated>{{ config['since'] }}"}}
    assert scaffold(query).needs == ("config:since",)
    assert plan_of(scaffold(query, since="2020")).resources[0].request.params == (("q", Text(("updated>2020",))),)


def test_a_selector_may_be_a_template_of_a_given_value() -> None:
    assert plan_of(scaffold({"data_selector": "{{ config['kind'] }}"}, kind="rows")).resources[0].selector == "rows"
    assert "selector-jinja" in codes(scaffold({"data_selector": "{{ config['kind'] }}"}), "warning")


@pytest.mark.parametrize(
    "template",
    [
        "{{ day_delta(1, format='a', format='b') }}",
        "{{ format_datetime('1', '%Y', '%d%d') }}",
        "{{ format_datetime(99999999999999999, '%Y') }}",
        "{{ today_utc }}",
        "{{ now_utc }}",
        "{{ config }}",
        "{{ config.get }}",
    ],
)
def test_what_fails_or_is_no_value_is_none_whatever_is_raised(template: str) -> None:
    with pytest.raises(NoValue):
        evaluated(template, GIVEN.get, NOW)


def test_a_template_never_sees_what_may_be_a_secret() -> None:
    found = {"api_key": "sk_live_PLANTED", "day": "2024"}
    endpoint = {"path": "/a", "params": {"x": "{{ config['api_key'] }}-{{ config['day'] }}"}}
    config = {"client": {"base_url": "https://api.acme.io"}, "resources": [{"name": "a", "endpoint": endpoint}]}
    text = f"# Overview\n# Configuration Example\n```python\nrest_api_source({json.dumps(config)})\n```\n# Schema\n"
    reading = told(text, options=Options(lookup=lambda ref: found.get(ref.name), now=NOW))
    assert "sk_live_PLANTED" not in repr(reading)


@pytest.mark.parametrize(
    ("template", "parts", "needs"),
    [
        ("{{ config['api_key'] }}-x", (Ref("api_key"), "-x"), ("secret:api_key",)),
        ("{{ secrets.token }}", (Ref("token"),), ("secret:token",)),
        ("{{ config['site'] }}/{{ config['token'] }}", (Ref("site", "config"), "/", Ref("token")),
         ("config:site", "secret:token")),
    ],
)  # fmt: skip
def test_a_template_that_names_a_secret_takes_it_from_where_secrets_are(
    template: str, parts: tuple[Part, ...], needs: tuple[str, ...]
) -> None:
    reading = scaffold({"path": "users", "params": {"q": template}})
    assert dict(plan_of(reading).resources[0].request.params)["q"] == Text(parts)
    assert reading.needs == needs
    assert "credential-named" in codes(reading, "note")


@pytest.mark.parametrize(
    "template",
    ["{{ config.api_key | upper }}-x", "{{ config['api_key'] + now_utc() }}", "{{ config.get('api_key') ~ '-x' }}"],
)
def test_nothing_is_made_of_a_secret(template: str) -> None:
    reading = scaffold({"path": "users", "params": {"q": template}})
    assert codes(reading) == ["secret-template"]


def test_a_template_with_words_around_it_needs_the_value_that_it_names() -> None:
    reading = scaffold({"path": "users", "params": {"q": "{{ config['site'] }}-x"}})
    assert reading.needs == ("config:site",)
    given = scaffold({"path": "users", "params": {"q": "{{ config['site'] }}-x"}}, site="acme")
    assert dict(plan_of(given).resources[0].request.params)["q"] == Text(("acme-x",))


def test_a_page_token_is_no_credential_of_a_template() -> None:
    reading = scaffold({"path": "users", "params": {"q": "{{ next_page_token }}"}})
    assert "credential-named" not in codes(reading, "note")


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("a/{{ config['tenant'] | upper }}/b", "a/ACME/b"),
        ("a/{{ config['other'] | default('x') }}/{{ config['tenant'] }}", "a/x/Acme"),
        ("a/{{ config['tenant'] | string }}", "a/Acme"),
    ],
)
def test_what_a_template_makes_of_a_value_is_made_in_a_path_too(path: str, sent: str) -> None:
    assert plan_of(scaffold({"path": path}, tenant="Acme")).resources[0].request.path == sent


def test_a_value_that_a_filter_in_a_path_lacks_is_a_need() -> None:
    reading = scaffold({"path": "a/{{ config['tenant'] | upper }}/b"})
    assert "config:tenant" in reading.needs
    assert plan_of(reading).resources[0].request.path == "a/{tenant}/b"


@pytest.mark.parametrize("template", ["{{ config['tenant'] | reverse }}", "{{ config['token'] | upper }}"])
def test_what_cannot_be_made_of_a_value_in_a_path_is_refused(template: str) -> None:
    assert codes(scaffold({"path": f"a/{template}"})) == ["path-template"]
