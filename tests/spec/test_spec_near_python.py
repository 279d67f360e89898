"""Blocks that are not quite Python, JSON that is not quite JSON, and values that are written out as sums."""

from __future__ import annotations

import pytest

from headrace.model.guess import PATH
from headrace.model.plan import ApiKey, HttpBasic, Incremental, Ref, ResponseAction, Text, text
from headrace.spec.read import Options, Reading

from .documents import codes, errors, line_of, plan_of, python, the_error, told

GUIDE = """Some words.

```python-outcome
@dlt.source
def acme_source(access_token=dlt.secrets.value):
    config: RESTAPIConfig = {
        "client": {
            "base_url": "https://api.acme.io/",
            %s
        },
        "resources": [
            %s
            ],
    }
    [...]
    yield from rest_api_resources(config)
```

More words.
"""
BEARER = '"auth": {"type": "bearer", "token": access_token},'


def guide(resources: str, auth: str = BEARER) -> Reading:
    return told(GUIDE % (auth, resources))


def paths(reading: Reading) -> list[object]:
    return [each.request.path for each in plan_of(reading).resources]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("shelf,,shelves,,bookLoans", ["shelf", "shelves", "bookLoans"]),
        ("books, authors", ["books", "authors"]),
        ("loans,,manual/loans/#fines", ["loans", "manual/loans/#fines"]),
        ("users/me,,payment-methods", ["users/me", "payment-methods"]),
        ("one\n            two", ["one", "two"]),
    ],
)
def test_resources_without_quotes_are_read_as_paths(words: str, expected: list[str]) -> None:
    reading = guide(words)
    assert paths(reading) == expected
    assert codes(reading, "note").count("bare-words") == 1
    told_of = next(fault for fault in reading.faults if fault.code == "bare-words")
    assert told_of.line == 11


def test_names_that_the_block_gives_a_value_are_no_bare_words() -> None:
    config = '{"client": {"base_url": "https://a.io"}, "resources": [users]}'
    text = f'```python\nusers = "people"\nrest_api_source({config})\n```'
    assert paths(told(text)) == ["people"]


def test_an_empty_list_of_resources_stays_an_error() -> None:
    assert codes(guide("")) == ["no-resources"]


LIST = """
Here are a few of the endpoints that can be loaded:

- **Open Loans**: what is lent at present
- Authors: who wrote the books
- **getShelf**: one shelf
- **Fines**: what is owed, at `/money/fines`
- **Authors**: again

- The end: no endpoint, but after a blank line still an item

More words.
- **Not**: an endpoint
"""


def test_where_the_code_lists_no_resource_the_endpoints_of_the_prose_are_guessed() -> None:
    text = GUIDE % (BEARER, "") + LIST
    reading = told(text)
    resources = plan_of(reading).resources
    assert [(each.name, each.request.path) for each in resources] == [
        ("open_loans", "open_loans"),
        ("authors", "authors"),
        ("getShelf", "getShelf"),
        ("fines", "money/fines"),
        ("the_end", "the_end"),
    ]
    assert all(PATH in each.guesses for each in resources)
    found = [fault for fault in reading.faults if fault.code == "listed-endpoint"]
    assert [fault.line for fault in found] == [
        line_of(text, words) for words in ("- **Open", "- Auth", "- **get", "- **Fines", "- The end")
    ]
    assert found[0].path == "resources[0].endpoint"


def test_prose_adds_nothing_to_resources_that_the_code_lists() -> None:
    assert paths(told(GUIDE % (BEARER, '"books"') + LIST)) == ["books"]


@pytest.mark.parametrize(
    "prose", ["Here are the things to do:\n\n- **Books**: read them\n", "The endpoints are:\n\nmany.\n- **Books**: b\n"]
)
def test_a_list_of_something_else_is_no_list_of_endpoints(prose: str) -> None:
    assert codes(told(GUIDE % (BEARER, "") + prose)) == ["no-resources"]


def test_a_plain_block_with_no_resource_takes_those_of_the_prose_as_well() -> None:
    block = '```python\nrest_api_source({"client": {"base_url": "https://a.io"}, "resources": []})\n```\n'
    reading = told(block + LIST)
    assert reading.dialect == "scaffold"
    assert PATH in plan_of(reading).resources[0].guesses


def test_a_flag_states_the_path_of_an_endpoint_of_the_prose() -> None:
    options = Options(settings={"resources.authors.endpoint.path": "/people"})
    authors = plan_of(told(GUIDE % (BEARER, "") + LIST, options=options)).resources[1]
    assert (authors.request.path, PATH in authors.guesses) == ("/people", False)


def test_without_prose_about_paging_a_guide_leaves_the_paging_to_the_first_page() -> None:
    assert plan_of(guide("users")).resources[0].paging.__class__.__name__ == "AutoPaging"


@pytest.mark.parametrize(
    "stray",
    [
        '{"type": "bearer", "token": access_token},',
        '{\n    "auth": {\n "type": "bearer", "token": access_token,\n }\n},',
        '{"auth": {"type": "bearer", "token": access_token},},',
    ],
)
def test_a_mapping_without_a_key_is_the_auth(stray: str) -> None:
    reading = guide('"users"', stray)
    assert plan_of(reading).client.auth == plan_of(guide('"users"')).client.auth
    assert "stray-mapping" in codes(reading, "note")


@pytest.mark.parametrize(
    ("auth", "meaning"),
    [
        (
            '"auth": {"type": "basic", "credentials": (dlt.secrets["u"], dlt.secrets["p"])},',
            HttpBasic(Text((Ref("u"),)), Text((Ref("p"),))),
        ),
        ('"auth": {"type": "custom_header", "header_name": "X", "token": "t"},', ApiKey(Text(("t",)), "X")),
        ('"auth": {"type": "custom", "header": "X", "token": "t"},', ApiKey(Text(("t",)), "X")),
    ],
)
def test_an_auth_of_the_guides_is_read_for_what_it_means(auth: str, meaning: object) -> None:
    assert plan_of(guide('"users"', auth)).client.auth == meaning


@pytest.mark.parametrize("kind", ["aws_sigv4", "aws4", "hmac", "hawk", "aws_signature_v4"])
def test_a_scheme_that_signs_requests_is_named(kind: str) -> None:
    fault = the_error(guide('"users"', f'"auth": {{"type": "{kind}", "key": "k"}},'))
    assert fault.code == "not-yet"
    assert kind in fault.problem
    assert fault.line == 9


CUT = """# Overview
# Configuration Example
```python
source = rest_api_source({
    "client": {"base_url": "https://api.acme.io"},
    "resources": [
        {"name": "users", "endpoint": {"path": "/users"}},
        {"name": "notes", "endpoint": {"path": "/no
```
# Schema
"""


def test_a_block_that_is_cut_off_is_read_up_to_there_and_says_so() -> None:
    reading = told(CUT)
    assert [each.name for each in plan_of(reading).resources] == ["users", "notes"]
    fault = next(fault for fault in reading.faults if fault.code == "block-cut-off")
    assert (fault.severity, fault.line) == ("warning", 8)


def test_a_block_cut_off_before_its_first_resource_is_an_error() -> None:
    assert errors(told(CUT.split('        {"name"', maxsplit=1)[0] + "```\n"))


def test_a_bracket_that_is_missing_inside_is_still_an_error_with_its_line() -> None:
    text = CUT.replace('{"path": "/no', '{"path": "/notes"}}\n})')
    assert the_error(told(text)).line == 6


JSON = """{
  // where it is
  "client": {"base_url": "https://api.acme.io"}, /* two
  lines */
  "resources": ["a//b", "c",],
}
"""


def test_json_with_comments_and_trailing_commas_is_read_with_its_lines() -> None:
    reading = told(JSON, "json")
    assert paths(reading) == ["a//b", "c"]
    fault = next(fault for fault in reading.faults if fault.code == "json-relaxed")
    assert fault.line == 2
    assert fault.problem == "JSON takes no comments and no trailing commas"
    assert the_error(told(JSON.replace('"c"', "3"), "json")).line == 5


@pytest.mark.parametrize(
    ("expression", "value"),
    [("60 * 60", 3600), ("10 - 3", 7), ("100 // 3", 33), ("2 * (3 + 4)", 14), ("SIZE * 2", 50), ("7 % 4", 3)],
)
def test_a_sum_that_is_written_out_has_its_value(expression: str, value: int) -> None:
    text = f"""
SIZE = 25
rest_api_source({{"client": {{"base_url": "https://a.io"}},
    "resources": [{{"name": "a", "max_table_nesting": {expression}}}]}})
"""
    assert plan_of(python(text)).resources[0].max_nesting == value


@pytest.mark.parametrize("expression", ["1 / 0", "9 ** 9 ** 9", "10 ** 18 * 10 ** 18", "True * 3", "'a' * 10 ** 9"])
def test_a_sum_without_a_plain_value_is_code(expression: str) -> None:
    text = f"""
rest_api_source({{"client": {{"base_url": "https://a.io"}},
    "resources": [{{"name": "a", "max_table_nesting": {expression}}}]}})
"""
    assert codes(python(text)) == ["python-object"]


def scaffolded(endpoint: str, others: str = "") -> Reading:
    code = f"""source = rest_api_source({{
    "client": {{"base_url": "https://api.acme.io"}},
    "resources": [{others}
        {{"name": "notes", "endpoint": {endpoint}}},
    ],
}})"""
    return told(f"# Overview\n# Configuration Example\n```python\n{code}\n```\n# Schema\n")


def test_incremental_sync_is_an_incremental() -> None:
    reading = scaffolded("""{"path": "/notes", "incremental_sync": {
        "type": "datetime", "cursor_field": "changed", "start_datetime": "2024-01-01",
        "end_datetime": "{{ now_utc() }}", "lookback_window": "P1D", "datetime_format": "%s",
        "start_time_option": {"field_name": "since", "inject_into": "query"},
    }}""")
    assert plan_of(reading).resources[0].incremental == Incremental(
        "changed", "2024-01-01", start_param="since", lag=86_400.0
    )
    assert codes(reading, "note").count("incremental-sync") == 1
    assert "incremental-end" in codes(reading, "note")
    assert codes(reading, "warning") == ["incremental-format"]


def test_an_incremental_sync_with_a_start_from_outside_is_a_need() -> None:
    reading = scaffolded(
        '{"path": "/notes", "incremental_sync": {"cursor_field": "at", "start_datetime": dlt.config["start"]}}'
    )
    assert reading.needs == ("config:start",)
    assert plan_of(reading).resources[0].incremental == Incremental("at", text(Ref("start", "config")))


def test_what_an_incremental_sync_says_in_vain_is_told() -> None:
    reading = scaffolded("""{"path": "/notes", "incremental_sync": {
        "cursor_field": "at", "lookback_window": "a while", "start_datetime": "{{ other.x }}",
        "start_time_option": {"field_name": "since", "inject_into": "header"}}}""")
    assert codes(reading, "warning") == ["dropped"] * 3
    assert codes(scaffolded('{"path": "/n", "incremental_sync": {}}'), "warning") == []
    assert codes(scaffolded('{"path": "/n", "incremental_sync": {"type": "x"}}'), "warning") == ["dropped"]


FOLDERS = '"folders",'


@pytest.mark.parametrize(
    "router",
    [
        '{"type": "substream", "parent_stream": "folders", "parent_key": "key", "partition_field": "f"}',
        '{"parent_stream_configs": [{"stream": "folders", "parent_key": "key", "partition_field": "f"}]}',
        '[{"parent": {"name": "folders"}, "parent_key": "key", "partition_field": "f"}]',
    ],
)
def test_a_partition_router_with_a_parent_is_a_child(router: str) -> None:
    reading = scaffolded(f'{{"path": "/folders/{{f}}/notes", "partition_router": {router}}}', FOLDERS)
    child = plan_of(reading).resources[1]
    assert child.parent is not None
    assert child.parent.resource == "folders"
    assert [slot.path for slot in child.request.path.slots if hasattr(slot, "path")] == ["key"]  # type: ignore[union-attr]
    assert codes(reading, "warning") == []


def test_a_partition_router_may_fill_a_parameter() -> None:
    router = '{"parent_stream": "folders", "request_option": {"field_name": "folder", "inject_into": "query"}}'
    child = plan_of(scaffolded(f'{{"path": "/notes", "partition_router": {router}}}', FOLDERS)).resources[1]
    assert [name for name, _ in child.request.params] == ["folder"]
    assert child.parent is not None


def test_a_parent_that_is_not_there_is_an_error() -> None:
    reading = scaffolded('{"path": "/notes", "partition_router": {"parent_stream": "foldrs"}}', FOLDERS)
    assert the_error(reading).code == "unknown-parent"


def test_a_list_of_values_is_one_value_that_must_be_chosen() -> None:
    router = '{"type": "list", "values": ["a", "b"], "cursor_field": "kind", "request_option": {"field_name": "k"}}'
    endpoint = f'{{"path": "/{{kind}}/notes", "partition_router": {router}}}'
    reading = scaffolded(endpoint)
    assert reading.needs == ("config:kind",)
    assert "partition-list" in codes(reading, "warning")
    one = plan_of(scaffolded(endpoint.replace('["a", "b"]', '["a"]'))).resources[0].request
    assert one.path == "/a/notes"
    assert one.params == (("k", Text(("a",))),)


def test_a_record_filter_is_not_applied_and_says_so() -> None:
    reading = scaffolded("""{"path": "/notes", "record_filter": "{{ record.x }}"}""")
    assert plan_of(reading)
    assert codes(reading, "warning") == ["record-filter"]


def test_a_path_with_a_variable_is_no_name() -> None:
    reading = guide("shelves, shelves/{shelf}/books, readers/{id}")
    assert [each.name for each in plan_of(reading).resources] == ["shelves", "shelves_books", "readers"]
    assert reading.needs == ("secret:access_token", "config:id")


def test_airbytes_words_are_dlts() -> None:
    reading = scaffolded("""{"path": "/notes", "request_parameters": {"sort": "id"}, "request_headers": {"X": "1"},
        "record_selector": {"extractor": {"field_path": ["a", "b"]}}}""")
    resource = plan_of(reading).resources[0]
    assert resource.request.params == (("sort", Text(("id",))),)
    assert resource.request.headers == (("X", Text(("1",))),)
    assert resource.selector == "a.b"
    assert codes(reading, "note").count("airbyte-key") == 3


def test_a_key_that_is_there_in_both_words_is_still_an_error() -> None:
    assert codes(scaffolded('{"path": "/n", "params": {"a": 1}, "request_parameters": {"a": 2}}')) == ["unknown-key"]


def test_an_error_handler_in_airbytes_full_form() -> None:
    reading = scaffolded("""{"path": "/notes", "error_handler": {"type": "DefaultErrorHandler", "response_filters": [
        {"http_codes": [429, 503], "action": "RETRY"}, {"http_codes": [404], "action": "IGNORE"},
        {"error_message_contains": "no access", "action": "IGNORE"}, {"http_codes": [400], "action": "FAIL"}]}}""")
    resource = plan_of(reading).resources[0]
    assert resource.retry.statuses == (429, 503)
    assert resource.actions == (ResponseAction(404), ResponseAction(None, "no access"))


def test_a_key_in_the_body_is_a_field_of_every_body() -> None:
    auth = '"auth": {"type": "api_key", "name": "apiKey", "api_key": dlt.secrets["k"], "location": "body"},'
    one, other = plan_of(guide('"users", {"name": "notes", "endpoint": {"data": {"a": "b"}}}', auth)).resources
    assert one.request.json == {"apiKey": Text((Ref("k"),))}
    assert other.request.form == (("a", Text(("b",))), ("apiKey", Text((Ref("k"),))))
    assert guide('"users"', auth).needs == ("secret:k",)
