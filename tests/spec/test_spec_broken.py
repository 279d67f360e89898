"""Broken copies of our example: each fault has the line to mend, the problem and the mend, and all come at once."""

from __future__ import annotations

import json

import pytest

from headrace.model.plan import Text
from headrace.spec.faults import Fault

from .documents import EXAMPLE, codes, errors, example_with, line_of, plan_of, the_error, told


def _sentence(fault: Fault) -> str:
    return f"{fault.path} | {fault.problem} | {fault.fix}"


BROKEN = [
    (
        '"path": "/notes",',
        '"path\': "/notes",',
        0,
        (
            " | the quotes on this line do not pair: \"path' begins with one kind of quote and ends with another"
            " | close each string with the quote it began with"
        ),
    ),
    (
        '"name": "tasks",',
        "“name”: “tasks”,",
        0,
        ' | the quotes on this line are typographic (“), not Python\'s | write straight quotes: "…"',
    ),
    (
        '"name": "tasks",',
        '"name": "tasks,',
        0,
        " | the quotes on this line do not pair | close each string with the quote it began with",
    ),
    (
        '"path": "/notes",',
        '"path": "/notes"',
        0,
        ' | a comma is missing after `"/notes"` at the end of this value | add a comma after `"/notes"`',
    ),
    (
        '"limit": 100,\n                    "cursor_param": "from",',
        '"limit": 100\n                    "cursor_param": "from",',
        0,
        " | a comma is missing after `100` at the end of this value | add a comma after `100`",
    ),
    (
        '"write_disposition": "merge"\n    },',
        '"write_disposition": "merge"\n    }',
        1,
        " | a comma is missing after `}` at the end of this value | add a comma after `}`",
    ),
    (
        '"name": "tasks",',
        '"name" "tasks",',
        0,
        ' | a colon is missing after "name" | write "name": …',
    ),
    (
        '"resources": [',
        '"resources": [{',
        0,
        " | the `{` opened on this line is never closed | add `}` before the `]` of line 103",
    ),
    (
        '"data_selector": "results",',
        '"data_selectr": "results",',
        0,
        "resources[0].endpoint.data_selectr | an endpoint has no key `data_selectr` | did you mean `data_selector`?",
    ),
    (
        '"cursor_param": "from",',
        '"cursor_parm": "from",',
        0,
        (
            "resources[0].endpoint.paginator.cursor_parm | the `cursor` paginator has no key `cursor_parm`"
            " | did you mean `cursor_param`?"
        ),
    ),
    (
        '"type": "basic",',
        '"type": "basik",',
        0,
        "client.auth.type | there is no auth type `basik` | did you mean `basic`?",
    ),
    (
        '"type": "basic",',
        '"type": "kerberos",',
        0,
        (
            "client.auth.type | there is no auth type `kerberos`"
            " | write `bearer`, `api_key`, `http_basic` or `oauth2_client_credentials`"
        ),
    ),
    (
        '"resources": [',
        '"resorces": [',
        0,
        "resorces | the configuration has no key `resorces` | did you mean `resources`?",
    ),
    (
        '"base_url": "https://api.example.com",',
        '"base_ur": "https://api.example.com",',
        0,
        "client.base_ur | `client` has no key `base_ur` | did you mean `base_url`?",
    ),
    (
        '"type": "cursor",',
        '"type": "curser",',
        0,
        "resources[0].endpoint.paginator.type | there is no paginator type `curser` | did you mean `cursor`?",
    ),
    (
        '"write_disposition": "merge"',
        '"write_disposition": "merg"',
        0,
        "resource_defaults.write_disposition | there is no write disposition `merg` | did you mean `merge`?",
    ),
    (
        '"path": "/notes",',
        '"path": lambda: "/notes",',
        0,
        (
            "resources[3].endpoint.path | a function stands here (`lambda: '/notes'`), and a document's code"
            " is never run | write a path, or load the configuration from Python with headrace.rest_api.rest_api_source"
        ),
    ),
]


@pytest.mark.parametrize(("old", "new", "below", "sentence"), BROKEN, ids=[new[:28] for _, new, _, _ in BROKEN])
def test_a_broken_copy_gets_the_line_the_problem_and_the_mend(old: str, new: str, below: int, sentence: str) -> None:
    reading, text = example_with((old, new))
    found = errors(reading)
    assert {_sentence(fault) for fault in found} == {sentence}
    assert found[0].line == line_of(text, new) + below
    assert reading.plan is None


def test_a_missing_list_of_resources_is_told_where_the_configuration_begins() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    start, end = text.index(',\n    "resources": ['), text.index("\n})")
    fault = the_error(told(text[:start] + text[end:]))
    assert (fault.code, fault.path) == ("missing-key", "resources")
    assert (fault.problem, fault.fix) == ("the configuration lacks `resources`", "add `resources`")
    assert fault.line == line_of(text, "rest_api_source({")


def test_a_missing_closing_brace_points_to_the_brace_that_it_belongs_to() -> None:
    old = '                }\n            }\n        },\n        {\n            "name": "tasks"'
    reading, text = example_with((old, old.replace("            }\n        },", "        },", 1)))
    fault = the_error(reading)
    notes = line_of(text, '"name": "notes"')
    assert fault.line == notes + 1
    assert fault.problem == "the `{` opened on this line is never closed"


def test_all_faults_come_at_once_and_in_order() -> None:
    reading, text = example_with(
        ('"base_url"', '"base_urll"'),
        ('"type": "basic"', '"type": "basik"'),
        ('"data_selector": "results"', '"selector": "results"'),
        ('"path": "/users"', '"pth": "/users"'),
    )
    lines = [fault.line for fault in errors(reading)]
    assert lines == [line_of(text, word) for word in ('"base_urll"', "basik", '"selector"', '"pth"')]
    assert set(codes(reading)) == {"unknown-key", "auth-type"}


def test_a_broken_copy_still_tells_what_was_understood() -> None:
    reading, _ = example_with(('"type": "basic"', '"type": "basik"'))
    assert [read.resource.name for read in reading.outline.resources][:2] == ["accounts", "admins"]


@pytest.mark.parametrize(
    ("text", "line", "problem", "fix"),
    [
        ('{\n "client": {}\n "resources": []\n}', 2, "a comma is missing at the end of this value", "add a comma"),
        ("{\n 'client': {}}", 2, "JSON takes no single quotes", 'write double quotes: "…"'),
        ("{\n “client”: {}}", 2, "the quotes on this line are typographic, not JSON's", 'write straight quotes: "…"'),
    ],
)
def test_a_slip_in_json_points_to_the_line_to_mend(text: str, line: int, problem: str, fix: str) -> None:
    fault = the_error(told(text, "json"))
    assert (fault.line, fault.problem, fault.fix) == (line, problem, fix)


def test_a_tab_in_yaml_is_named() -> None:
    fault = the_error(told("client:\n\tbase_url: x\n", "yaml"))
    assert (fault.line, fault.problem, fault.fix) == (2, "the line is indented with a tab", "indent with spaces")


def test_a_slip_in_yaml_has_its_line() -> None:
    fault = the_error(told("client:\n  base_url: [x\nresources: []\n", "yaml"))
    assert fault.line in {2, 3}
    assert fault.code == "syntax"


def test_a_slip_in_toml_has_its_line() -> None:
    fault = the_error(told("[client]\nbase_url = “x”\n", "toml"))
    assert (fault.line, fault.fix) == (2, 'write straight quotes: "…"')


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", "py"),
        ("", "yaml"),
        ("", "json"),
        ("", "toml"),
        ("", "md"),
        ("x = 1", "py"),
        ("just words", "md"),
        ("```python\nprint(1)\n```", "md"),
        ("[1, 2]", "json"),
        ("null", "json"),
        ("a string", "yaml"),
        ("\x00", "py"),
        ("(" * 400, "py"),
        ("[" * 5000, "json"),
        ("[" * 2000, "yaml"),
        ("- " * 3000, "yaml"),
        ("&a [*a]", "yaml"),
    ],
)
def test_a_text_without_a_configuration_is_an_error_and_never_a_crash(text: str, form: str) -> None:
    reading = told(text, form)
    assert reading.plan is None
    assert all(fault.fix and fault.line for fault in errors(reading))


def test_aliases_that_unfold_without_end_are_refused() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for here, there in zip("bcdefgh", "abcdefg", strict=True):
        bomb += f"{here}: &{here} [{', '.join([f'*{there}'] * 9)}]\n"
    assert "unfold" in the_error(told(bomb, "yaml")).problem


def test_no_finding_ever_shows_a_secret() -> None:
    config = {
        "client": {"base_url": "https://api.acme.io", "auth": {"type": "bearer", "token": "hush-hush", "x": 1}},
        "resources": [{"name": "a", "endpoint": {"path": "a", "paginator": "cursr"}}],
    }
    reading = told(json.dumps(config), "json")
    said = repr(reading.faults) + repr(reading.needs)
    assert "hush-hush" not in said


# --- slips of the pen around other faults -----------------------------------------------------


@pytest.mark.parametrize(
    ("slip", "inside"),
    [
        ('{"clients": {"base_url": "acme"}, "resources": ["users"]}', "base-url"),
        ('{"client": {"base_url": "https://a.io"}, "resorces": [{"name": 3}]}', "wrong-type"),
        ('{"client": {"base_url": "https://a.io", "paginater": "ofset"}, "resources": ["users"]}', "paginator-type"),
        (
            '{"client": {"base_url": "https://a.io"}, "resources": [{"name": "u", "endpont": {"method": "fetch"}}]}',
            "method",
        ),
        (
            '{"client": {"base_url": "https://a.io"}, "resources": ["u"], "resource_default": {"columns": {"x": 1}}}',
            "wrong-type",
        ),
    ],
)
def test_a_misspelt_container_does_not_hide_the_faults_inside_it(slip: str, inside: str) -> None:
    assert set(codes(told(slip, "json"))) == {"unknown-key", inside}


def test_the_fault_inside_a_misspelt_container_points_to_where_it_stands() -> None:
    text = '{"client": {"base_url": "https://a.io"},\n"resources": [{"name": "u",\n"endpont": {\n"method": "fetch"}}]}'
    assert {(each.code, each.path, each.line) for each in errors(told(text, "json"))} == {
        ("unknown-key", "resources[0].endpont", 3),
        ("method", "resources[0].endpont.method", 4),
    }


def test_a_misspelt_key_beside_the_right_one_is_told_and_not_read() -> None:
    text = '{"client": {"base_url": "https://a.io", "base_ul": "x"}, "resources": ["users"]}'
    assert codes(told(text, "json")) == ["unknown-key"]


# --- values that YAML and TOML would write otherwise -------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01 10:00:00", "2024-01-01T00:00:00.000+02:00", "12:30", "12:30:45"],
)
def test_a_time_in_yaml_is_sent_as_it_is_written(written: str) -> None:
    text = (
        "client: {base_url: 'https://a.io'}\nresources:\n- name: users\n  endpoint:\n    params:\n"
        f"      since: {written}\n"
    )
    assert plan_of(told(text, "yaml")).resources[0].request.params == (("since", Text((written,))),)


@pytest.mark.parametrize("written", ["2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01 10:00:00", "12:30:45"])
def test_a_time_in_toml_is_sent_as_it_is_written(written: str) -> None:
    text = (
        "[client]\nbase_url = 'https://a.io'\n[[resources]]\nname = 'users'\n[resources.endpoint.params]\n"
        f"since = {written}\n"
    )
    assert plan_of(told(text, "toml")).resources[0].request.params == (("since", Text((written,))),)
