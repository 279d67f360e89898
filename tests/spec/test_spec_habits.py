"""What several resources, the code and the prose say together: which doubts they settle, and which they raise."""

from __future__ import annotations

import pytest

from headrace.spec.habits import is_of_one
from headrace.spec.read import Reading

from .documents import codes, example_with, plan_of, told

HOST = "https://api.example.com"


def scaffold(resources: str, prose: str = "", host: str = HOST, defaults: str = "") -> Reading:
    code = f'rest_api_source({{"client": {{"base_url": "{host}"}},{defaults} "resources": [{resources}]}})'
    return told(f"# Overview\n# Configuration Example\n```python\n{code}\n```\n# Resources\n{prose}\n# Schema\n")


def one(name: str, path: str, more: str = "") -> str:
    return f'{{"name": "{name}", "endpoint": {{"path": "{path}"{more}}}}},'


@pytest.mark.parametrize(
    ("resources", "host", "suspected"),
    [
        (one("users", "/v1/users") + one("notes", "v1/notes"), HOST, True),
        (one("users", "/v1/users") + one("notes", "/v2/notes"), HOST, False),
        (one("users", "/v1/users") + one("notes", "/notes"), HOST, False),
        (one("users", "/v1/users"), "https://api.acme.io", False),
        (one("users", "/v1/users"), "https://{site}.acme.io", True),
    ],
)
def test_v1_is_suspected_where_all_paths_have_it_and_the_host_is_not_known(
    resources: str, host: str, suspected: bool
) -> None:
    assert ("path-prefix" in codes(scaffold(resources, host=host), "warning")) is suspected


DATA = ', "data_selector": "data"'
CURSOR = ', "paginator": {"type": "cursor", "cursor_param": "c", "cursor_path": "meta.next"}'
HEADER = ', "paginator": {"type": "cursor", "cursor_path": "headers.link.next"}'


@pytest.mark.parametrize(
    ("resources", "suspected"),
    [
        (one("users", "/users", DATA), 1),
        (one("users", "/users", DATA + CURSOR), 0),
        (one("users", "/users", DATA + HEADER), 1),
        (one("users", "/users", DATA) + one("notes", "/notes", DATA + CURSOR), 0),
        (one("users", "/users", DATA) + one("notes", "/notes", ', "data_selector": "rows"' + CURSOR), 1),
    ],
)
def test_data_is_suspected_where_nothing_shows_that_the_body_is_an_object(resources: str, suspected: int) -> None:
    assert codes(scaffold(resources), "warning").count("selector-data") == suspected


def test_a_variable_of_most_paths_is_one_value_and_no_parent_is_looked_for_in_vain() -> None:
    reading = scaffold(one("users", "/{site}/users") + one("notes", "/{site}/notes") + one("tags", "/tags"))
    assert reading.needs == ("base_url", "config:site")
    assert codes(reading, "note").count("path-shared") == 2
    assert codes(reading, "warning") == []


def test_a_variable_of_one_path_among_many_is_a_doubt() -> None:
    reading = scaffold(one("users", "/{site}/users") + one("notes", "/notes") + one("tags", "/tags"))
    assert codes(reading, "warning") == ["path-value"]
    assert next(fault.path for fault in reading.faults if fault.code == "path-value").endswith("endpoint.params.site")


@pytest.mark.parametrize("path", ["/v2/teams/{{ stream_slice.team_id }}/users", "/x/{{ stream_partition['team_id'] }}"])
def test_a_slice_of_a_stream_is_a_parents_value_without_doubt(path: str) -> None:
    reading = scaffold(one("teams", "/v3/teams") + one("users", path))
    parent = plan_of(reading).resources[1].parent
    assert parent is not None
    assert parent.resource == "teams"
    assert codes(reading, "warning") == []


def test_a_parent_is_found_by_its_path_where_its_name_says_nothing() -> None:
    reading = scaffold(one("everyone", "/v2/users") + one("notes", "/v2/users/{uid}/notes"))
    parent = plan_of(reading).resources[1].parent
    assert parent is not None
    assert parent.resource == "everyone"


@pytest.mark.parametrize("name", ["profile", "accountSettingsOverview", "usage_by_day", "page-analytics", "currencies"])
def test_a_name_of_one_thing_or_of_figures(name: str) -> None:
    assert is_of_one(name)


@pytest.mark.parametrize("name", ["users", "account_settings", "order-items", "people", "historicalData", "_"])
def test_a_name_of_many_things(name: str) -> None:
    assert not is_of_one(name)


def test_the_default_key_of_one_thing_is_doubted_and_any_other_key_is_not() -> None:
    defaults = ' "resource_defaults": {"primary_key": "id"},'
    reading = scaffold(one("users", "/users") + one("summary", "/summary"), defaults=defaults)
    assert [fault.path for fault in reading.faults if fault.code == "key-of-one"] == ["resources[1].primary_key"]
    other = scaffold(one("summary", "/summary"), defaults=defaults.replace('"id"', '"day"'))
    assert codes(other, "warning") == []


@pytest.mark.parametrize(
    ("auth", "doubted"),
    [('"grant_type": "client_credentials",', False), ("", True)],
)
def test_oauth2_is_doubted_unless_it_says_how_a_token_is_bought(auth: str, doubted: bool) -> None:
    client = f'{{"base_url": "https://a.io", "auth": {{"type": "oauth2", {auth} "client_id": "i", "token_url": "u"}}}}'
    code = f'rest_api_source({{"client": {client}, "resources": ["users"]}})'
    reading = told(f"# Overview\n# Configuration Example\n```python\n{code}\n```\n# Schema\n")
    assert ("auth-oauth2" in codes(reading, "warning")) is doubted


@pytest.mark.parametrize(("name", "code"), [("per_page", "page-start-usual"), ("perPage", "page-start-usual")])
def test_apis_that_count_per_page_begin_with_one(name: str, code: str) -> None:
    pager = f', "paginator": {{"type": "page_number", "limit": 5, "limit_param": "{name}"}}'
    assert code in codes(scaffold(one("users", "/users", pager)), "note")
    assert "page-start" in codes(scaffold(one("users", "/users", pager.replace(name, "size"))), "note")


# --- prose -----------------------------------------------------------------------------------

TWO = one("users", "/users", ', "data_selector": "users"') + one("notes", "/notes", ', "data_selector": "notes"')


@pytest.mark.parametrize(
    "prose",
    [
        "### Users\n- **Data Selector**: `users`\n### Notes\n- **Data Selector**: `notes`",
        "".join(f"- **Resource Name**: `{name}`\n- **Data Selector**: `{name}`\n" for name in ("users", "notes")),
        "1. **Users**\n   - **Data Selector**: `users`\n2. **Notes**\n   - **Data Selector**: `notes`",
        "".join(f"- **Endpoint Path**: `/{name}`\n- **Data Selector**: `{name}`\n" for name in ("users", "notes")),
        "- **Users**:\n  - **Data Selector**: `users`\n- **Notes**:\n  - **Data Selector**: `notes`",
        "### Unknown\n- **Data Selector**: `x`\n### Notes\n- **Data Selector**: `notes`",
        "- **Data Selector**: `x`\n- **Data Selector**: `y`",
    ],
)  # fmt: skip
def test_what_prose_says_of_one_resource_is_not_held_against_another(prose: str) -> None:
    assert codes(scaffold(TWO, prose), "warning") == []


@pytest.mark.parametrize(
    "prose",
    [
        "### Users\n- **Data Selector**: `users`\n### Notes\n- **Data Selector**: `rows`",
        "- **Endpoint Path**: `/notes`\n- **Data Selector**: `rows`\n- **Endpoint Path**: `/users`",
    ],
)
def test_what_prose_says_against_a_resource_is_told_of_that_one(prose: str) -> None:
    reading = scaffold(TWO, prose)
    assert [fault.path for fault in reading.faults if fault.severity == "warning"] == [
        "resources[1].endpoint.data_selector"
    ]


@pytest.mark.parametrize("told_of", ['["a", "rows"]', "response.a.rows", "a.rows"])
def test_prose_that_writes_a_selector_in_another_way_says_the_same(told_of: str) -> None:
    resource = one("users", "/users", ', "data_selector": ["a", "rows"]')
    assert codes(scaffold(resource, f"- **Data Selector**: `{told_of}`"), "warning") == []


def test_a_primary_key_in_the_prose_is_held_against_the_code() -> None:
    prose = "### Users\n- **Primary Key**: `uuid`\n### Notes\n- **Primary Key**: `id`"
    reading = scaffold(TWO, prose, defaults=' "resource_defaults": {"primary_key": "id"},')
    assert [fault.path for fault in reading.faults if fault.code == "prose-key"] == ["resources[0].primary_key"]


# --- what is certain -------------------------------------------------------------------------


def test_what_can_mean_one_thing_only_is_told_in_one_note() -> None:
    reading = example_with()[0]
    assert [fault.code for fault in reading.faults].count("read-as-meant") == 1
    assert {"auth-alias", "cursor-value"} <= {fault.code for fault in reading.certain}
    assert {"auth-alias", "cursor-value"}.isdisjoint(fault.code for fault in reading.faults)
    note = next(fault for fault in reading.faults if fault.code == "read-as-meant")
    assert "`auth.type` (line 15) and `paginator.cursor_value` (lines 34, 47, 60 and 3 more)" in note.problem
    assert note.line == 15


def test_a_document_in_dlts_words_has_nothing_to_sum_up() -> None:
    assert told('rest_api_source({"client": {"base_url": "https://a.io"}, "resources": ["u"]})', "py").faults == ()


def test_each_certain_reading_is_in_the_plans_provenance() -> None:
    reading = example_with()[0]
    origins = {(each.path, each.line): each for each in plan_of(reading).provenance}
    for certain in reading.certain:
        origin = origins[certain.path, certain.line]
        assert origin.origin == "interpretation"
        assert certain.fix in origin.value


def test_in_full_each_reading_stands_in_place_of_the_sum() -> None:
    reading = example_with()[0]
    assert len(reading.in_full) == len(reading.faults) - 1 + len(reading.certain)
    assert "read-as-meant" not in {fault.code for fault in reading.in_full}


@pytest.mark.parametrize(
    ("first", "second", "doubted"),
    [
        ('"data"', '"data"', 2),
        ('"data"', '"data.items"', 0),
        ('"data"', '"items"', 1),
    ],
)
def test_records_deeper_below_data_say_that_the_api_wraps_them_so(first: str, second: str, doubted: int) -> None:
    resources = (
        f'{{"name": "notes", "endpoint": {{"path": "/n", "data_selector": {first}}}}},'
        f'{{"name": "users", "endpoint": {{"path": "/u", "data_selector": {second}}}}}'
    )
    assert codes(scaffold(resources), "warning").count("selector-data") == doubted


@pytest.mark.parametrize(
    ("paginator", "doubted"),
    [
        ('{"type": "cursor", "cursor_param": "next"}', True),
        ('{"type": "cursor", "cursor_param": "links.next"}', False),
        ('{"type": "cursor", "cursor_param": "after", "stop_condition": "not response.has_more"}', False),
    ],
)
def test_what_paging_takes_from_the_body_says_that_it_is_no_bare_list(paginator: str, doubted: bool) -> None:
    resource = f'{{"name": "n", "endpoint": {{"path": "/n", "data_selector": "data", "paginator": {paginator}}}}}'
    assert ("selector-data" in codes(scaffold(resource), "warning")) is doubted


def test_of_two_variables_none_is_certain_to_be_the_parents() -> None:
    teams = '{"name": "teams", "endpoint": {"path": "/orgs/{org}/teams"}}'
    below = '{"name": "users", "endpoint": {"path": "/orgs/{org}/teams/{team_id}/users"}}'
    reading = scaffold(f"{teams}, {below}")
    assert "guessed-parent" in codes(reading, "warning")
    assert "parent-by-path" not in codes(reading, "note")
