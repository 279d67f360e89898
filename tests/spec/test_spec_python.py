"""Python text: what expressions mean, where the configuration is, and that nothing is ever run."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.model.plan import ApiKey, Bearer, HttpBasic, LinkHeader, NextUrl, Offset, PageNumber, Ref, Text
from headrace.spec.faults import Faults
from headrace.spec.node import Opaque, plain
from headrace.spec.python_config import read_python

from .documents import codes, plan_of, python, the_error


def value(expression: str, before: str = "") -> object:
    """What an expression as a resource's table name is read as."""
    config, _ = read_python(f"{before}\nrest_api_source({{'client': {expression}, 'resources': []}})", 0, Faults())
    assert config is not None
    return plain(config.items["client"])


@pytest.mark.parametrize(
    ("expression", "meaning"),
    [
        ("'a'", "a"),
        ("'a' 'b'", "ab"),
        ("1", 1),
        ("-1.5", -1.5),
        ("True", True),
        ("None", None),
        ("true", True),
        ("null", None),
        ("[1, 'x']", [1, "x"]),
        ("(1, 2)", [1, 2]),
        ("[1, ...]", [1]),
        ("{'a': {'b': 1}}", {"a": {"b": 1}}),
        ("dict(a=1, b='x')", {"a": 1, "b": "x"}),
        ("dict({'a': 1}, b=2)", {"a": 1, "b": 2}),
        ("{**{'a': 1}, 'b': 2}", {"a": 1, "b": 2}),
        ("[*[1, 2], 3]", [1, 2, 3]),
        ("'a' + 'b'", "ab"),
        ("[1] + [2]", [1, 2]),
        ("2 + 3", 5),
        ("f'a{1}b'", "a1b"),
        ("f'{{x}}'", "{x}"),
        ("{'a': 1}['a']", 1),
        ("str('a')", "a"),
        ("dlt.secrets['k']", Text((Ref("k"),))),
        ("dlt.config['k']", Text((Ref("k", "config"),))),
        ("os.environ['K']", Text((Ref("K", "env"),))),
        ("dlt.secrets.get('k')", Text((Ref("k"),))),
        ("dlt.secrets.get('k', 'd')", Text((Ref("k", default="d"),))),
        ("os.getenv('K', 'd')", Text((Ref("K", "env", "d"),))),
        ("os.environ.get('K', 5)", Text((Ref("K", "env", "5"),))),
        ("'Bearer ' + dlt.secrets['k']", Text(("Bearer ", Ref("k")))),
        ("f\"Bearer {dlt.secrets['k']}!\"", Text(("Bearer ", Ref("k"), "!"))),
        ("'dlt.secrets[\"k\"]'", Text((Ref("k"),))),
        ("lambda x: x", Opaque("function", "lambda x: x")),
        ("Custom(1)", Opaque("object", "Custom(1)")),
        ("x.y.z()", Opaque("expression", "x.y.z()")),
        ("[i for i in y]", Opaque("expression", "[i for i in y]")),
        ("'a' % 1", Opaque("expression", "'a' % 1")),
        ("HeaderLinkPaginator(links_next_key='n')", {"type": "header_link", "links_next_key": "n"}),
        ("paginators.JSONLinkPaginator('a.b')", {"type": "json_link", "next_url_path": "a.b"}),
        ("OffsetPaginator(10, 5, total_path=None)", {"type": "offset", "limit": 10, "offset": 5, "total_path": None}),
        ("HttpBasicAuth('u', '')", {"type": "http_basic", "username": "u", "password": ""}),
        ("'a' if dlt.secrets['k'] else 'b'", "a"),
        ("'a' if False else 'b'", "b"),
    ],
)
def test_an_expression_is_read_for_what_it_says(expression: str, meaning: object) -> None:
    assert value(expression) == meaning


@pytest.mark.parametrize(
    ("before", "expression", "meaning"),
    [
        ("x = 'a'", "x", "a"),
        ("x = 'a'\nx = 'b'", "x", "b"),
        ("x, y = 'a', 'b'", "y", "b"),
        ("x: str = 'a'", "x", "a"),
        ("k = dlt.secrets['k']", "f'Bearer {k}'", Text(("Bearer ", Ref("k")))),
        ("base = 'a'\nx = base + '/b'", "x", "a/b"),
        ("x = x", "x", Text((Ref("x", "config"),))),
        ("x = y\ny = x", "x", Text((Ref("y", "config"),))),
        ("def f(): pass", "f", Opaque("function", "f")),
        ("class HeaderLinkPaginator: pass", "HeaderLinkPaginator()", Opaque("object", "HeaderLinkPaginator()")),
        ("for x in y: pass", "x", Opaque("expression", "x")),
        ("if z:\n  x = 'a'", "x", "a"),
        ("x = 'a'\nx += 'b'", "x", Opaque("expression", "x")),
    ],
)
def test_names_bound_earlier_are_followed(before: str, expression: str, meaning: object) -> None:
    assert value(expression, before) == meaning


def test_a_name_without_a_value_is_a_setting_and_a_warning() -> None:
    reading = python("rest_api_source({'client': {'base_url': host}, 'resources': ['a']})")
    assert reading.needs == ("base_url",)
    assert "unbound-name" in codes(reading, "warning")


def test_arguments_of_a_source_function_are_references() -> None:
    reading = python(
        "@dlt.source\n"
        "def acme(token=dlt.secrets.value, base_url: str = dlt.config.value, size=50):\n"
        "    yield from rest_api_resources({\n"
        "        'client': {'base_url': 'https://api.acme.io', 'auth': {'token': token}},\n"
        "        'resources': [{'name': 'a', 'endpoint': {'params': {'limit': size, 'h': base_url}}}],\n"
        "    })\n"
    )
    plan = plan_of(reading)
    assert plan.client.auth == Bearer(Text((Ref("token"),)))
    assert dict(plan.resources[0].request.params) == {"limit": Text(("50",)), "h": Text((Ref("base_url", "config"),))}
    assert reading.needs == ("secret:token", "config:base_url")


def test_the_name_given_to_the_source_is_the_name_of_the_plan() -> None:
    reading = python("rest_api_source({'client': {'base_url': 'https://a.io'}, 'resources': ['a']}, name='acme')")
    assert plan_of(reading).name == "acme"


@pytest.mark.parametrize(
    "text",
    [
        "source = rest_api_source(CONFIG)",
        "source = rest_api_source(config=CONFIG)",
        "config: RESTAPIConfig = CONFIG",
        "x = CONFIG\nsource = rest_api_source(x)",
        "def f():\n    config = CONFIG\n    yield from rest_api_resources(config)",
        "x = CONFIG",
        "CONFIG",
        "rest_api(client={'base_url': 'https://a.io'}, resources=['a'])",
        "ConfigTest(config=CONFIG)",
    ],
)
def test_the_configuration_is_found_however_it_is_handed_over(text: str) -> None:
    config = "{'client': {'base_url': 'https://a.io'}, 'resources': ['a']}"
    plan = plan_of(python(text.replace("CONFIG", config)))
    assert [resource.name for resource in plan.resources] == ["a"]


def test_of_several_configurations_the_first_is_read_and_the_others_are_told() -> None:
    one = "rest_api_source({'client': {'base_url': 'https://a.io'}, 'resources': ['%s']})\n"
    reading = python(one % "a" + one % "b")
    assert [resource.name for resource in plan_of(reading).resources] == ["a"]
    assert "several-configurations" in codes(reading, "warning")


def test_calls_of_dlts_classes_are_read_as_their_dicts() -> None:
    plan = plan_of(
        python(
            "rest_api_source({'client': {'base_url': 'https://a.io', 'auth': APIKeyAuth(name='X', api_key='k'),"
            " 'paginator': PageNumberPaginator(base_page=1, total_path=None)},"
            " 'resources': [{'name': 'a', 'endpoint': {'auth': HttpBasicAuth('u', 'p')}},"
            " {'name': 'b', 'endpoint': {'paginator': OffsetPaginator(limit=10), 'auth': BearerTokenAuth(token='t')}},"
            " {'name': 'c', 'endpoint': {'paginator': JSONLinkPaginator()}},"
            " {'name': 'd', 'endpoint': {'paginator': HeaderLinkPaginator()}}]})"
        )
    )
    assert plan.client.auth == ApiKey(Text(("k",)), "X")
    first, second, third, fourth = plan.resources
    assert first.paging == PageNumber(base=1, start=1)
    assert first.auth == HttpBasic(Text(("u",)), Text(("p",)))
    assert second.paging == Offset(size=10, total_path="total")
    assert third.paging == NextUrl("next")
    assert fourth.paging == LinkHeader("next")


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("'resources': [posts()]", "resources[0]"),
        ("'resources': make()", "resources"),
        ("'resources': [{'name': 'a', 'endpoint': {'paginator': Mine()}}]", "resources[0].endpoint.paginator"),
        ("'resources': [{'name': lambda x: x['t']}]", "resources[0].name"),
    ],
)
def test_python_objects_are_errors_that_point_to_the_python_api(place: str, path: str) -> None:
    fault = the_error(python(f"rest_api_source({{'client': {{'base_url': 'https://a.io'}}, {place}}})"))
    assert (fault.code, fault.path) == ("python-object", path)
    assert "headrace.rest_api.rest_api_source" in fault.fix


@pytest.mark.parametrize("form", ["py", "md"])
def test_no_code_of_a_document_is_ever_run(tmp_path: Path, form: str) -> None:
    from .documents import told

    mark = tmp_path / "mark"
    text = (
        f"import os, pathlib\nos.system('touch {mark}')\npathlib.Path('{mark}').touch()\n"
        f"rest_api_source({{'client': {{'base_url': 'https://a.io',"
        f" 'headers': {{'x': f\"{{os.system('touch {mark}')}}\", 'y': open('{mark}', 'w')}}}},"
        f" 'resources': ['a', __import__('pathlib').Path('{mark}').touch()]}})\n"
    )
    told(f"```python\n{text}```\n" if form == "md" else text, form)
    assert not mark.exists()


def test_a_yaml_document_makes_no_python_objects(tmp_path: Path) -> None:
    from .documents import told

    mark = tmp_path / "mark"
    reading = told(f"client: !!python/object/apply:os.system ['touch {mark}']\nresources: [a]\n", "yaml")
    assert not mark.exists()
    assert reading.plan is None


BUILT = """
HOST = "https://api.acme.io"
def page(size, names=("users",)):
    import json
    return [{"name": name_of_all, "endpoint": {"params": {"limit": size}}} for name_of_all in names]
def client(host=HOST):
    \"\"\"Who is asked.\"\"\"
    return {"base_url": host}
def build(size, *, name: str = "users"):
    all_of_it = {"client": client(), "resources": [{"name": name, "endpoint": {"params": {"limit": size}}}]}
    return all_of_it
def again():
    return {"client": {"base_url": again()}, "resources": ["users"]}
def filled():
    made = {"client": client()}
    made["resources"] = ["users"]
    return made
"""


@pytest.mark.parametrize("call", ["build(50)", "build(size=50)", "build(LIMIT, name='users')"])
def test_a_configuration_that_a_function_only_returns_is_read(call: str) -> None:
    plan = plan_of(python(f"{BUILT}\nLIMIT = 50\nrest_api_source({call})"))
    assert plan.client.base_url is not None
    assert [(each.name, dict(each.request.params)) for each in plan.resources] == [("users", {"limit": Text(("50",))})]


@pytest.mark.parametrize(
    "call", ["filled()", "build(50, 60)", "build(*[50])", "build(**{'size': 50})", "load('a.yml')"]
)
def test_a_configuration_that_code_makes_is_said_to_be_made_there(call: str) -> None:
    fault = the_error(python(f"{BUILT}\nrest_api_source({call})"))
    assert fault.code == "no-config"
    assert fault.line == 19
    assert f"what `{call}` makes" in fault.problem


def test_a_function_that_calls_itself_has_no_value() -> None:
    fault = the_error(python(f"{BUILT}\nrest_api_source(again())"))
    assert (fault.code, fault.path) == ("python-object", "client.base_url")
