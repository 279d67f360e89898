"""The scaffold in people's hands, and our own document in its form: read whole, with every interpretation told."""

from __future__ import annotations

import pytest
import yaml

from headrace.model.plan import Cursor, HttpBasic, Ref, RetryPolicy, Text
from headrace.spec.node import Node
from headrace.spec.read import Options, Reading, open_source, read
from headrace.spec.secrets import Lookup

from .documents import EXAMPLE, codes, errors, example_with, line_of, plan_of, seed, told

NAMES = ["accounts", "admins", "conversations", "notes", "tasks", "users"]


@pytest.fixture(params=["example", "seed"])
def reading(request: pytest.FixtureRequest) -> Reading:
    return seed() if request.param == "seed" else read(open_source(str(EXAMPLE)))


def test_the_document_has_no_error_and_a_plan(reading: Reading) -> None:
    assert errors(reading) == []
    assert [resource.name for resource in plan_of(reading).resources] == NAMES


def test_it_is_known_as_a_scaffold(reading: Reading) -> None:
    assert reading.dialect == "scaffold"
    assert plan_of(reading).dialect == "scaffold"


def test_basic_is_read_as_http_basic_with_the_two_secrets(reading: Reading) -> None:
    auth = plan_of(reading).client.auth
    assert auth == HttpBasic(Text((Ref("secret_token"),)), Text((Ref("basic_auth_header", default=""),)))


def test_the_limit_becomes_a_query_parameter_and_the_page_size(reading: Reading) -> None:
    for resource in plan_of(reading).resources:
        assert resource.request.params == (("limit", Text(("100",))),)
        assert (resource.paging.size, resource.paging.size_param) == (100, "limit")


def test_the_cursor_goes_from_next_into_from(reading: Reading) -> None:
    for resource in plan_of(reading).resources:
        assert resource.paging == Cursor("next", "from", follow_urls=True, size=100, size_param="limit")


def test_records_are_merged_on_id(reading: Reading) -> None:
    for resource in plan_of(reading).resources:
        assert (resource.disposition, resource.primary_key, resource.selector) == ("merge", ("id",), "results")


def test_only_accounts_is_known_to_hide_records(reading: Reading) -> None:
    hides = {resource.name: resource.hides for resource in plan_of(reading).resources}
    assert [name for name, sentences in hides.items() if sentences] == ["accounts"]
    assert "status=activeOrChurned" in hides["accounts"][0]
    assert "hidden-by-default" in codes(reading, "note")


def test_the_address_and_the_username_are_needed_but_no_password(reading: Reading) -> None:
    assert reading.needs == ("base_url", "secret:secret_token")


def test_the_plan_holds_no_placeholder_address(reading: Reading) -> None:
    assert plan_of(reading).client.base_url == ""


def test_429_and_500_are_asked_again(reading: Reading) -> None:
    for resource in plan_of(reading).resources:
        assert {429, 500} <= set(resource.retry.statuses)
        assert resource.retry == RetryPolicy()


@pytest.mark.parametrize(
    "code", ["auth-alias", "password-optional", "page-size", "cursor-value", "base-url-placeholder", "prose-retry"]
)
def test_each_deviation_is_a_note_with_a_line_a_path_and_how_it_was_read(reading: Reading, code: str) -> None:
    found = [fault for fault in reading.in_full if fault.code == code]
    assert found
    for fault in found:
        assert fault.severity == "note"
        assert fault.line is not None
        assert fault.path
        assert fault.problem
        assert fault.fix


def test_nothing_in_it_is_a_warning(reading: Reading) -> None:
    assert codes(reading, "warning") == []


def test_faults_come_in_the_order_of_the_document(reading: Reading) -> None:
    lines = [fault.line or 0 for fault in reading.faults]
    assert lines == sorted(lines)


def test_with_address_and_secret_nothing_is_needed(reading: Reading) -> None:
    del reading
    options = Options(base_url="http://127.0.0.1:9/resources", lookup=Lookup({"SECRET_TOKEN": "x"}))
    ready = read(open_source(str(EXAMPLE)), options)
    assert ready.needs == ()
    assert plan_of(ready).client.base_url == "http://127.0.0.1:9/resources"


def test_the_flag_is_recorded_as_where_the_address_came_from() -> None:
    ready = read(open_source(str(EXAMPLE)), Options(base_url="http://127.0.0.1:9/resources"))
    origin = next(origin for origin in plan_of(ready).provenance if origin.path == "client.base_url")
    assert (origin.origin, origin.value) == ("flag", "http://127.0.0.1:9/resources")


def test_the_example_is_named_after_its_file() -> None:
    assert read(open_source(str(EXAMPLE))).name == "vitally"


def test_the_example_and_the_seed_mean_the_same() -> None:
    example = plan_of(read(open_source(str(EXAMPLE))))
    assert plan_of(seed()).resources == example.resources
    assert plan_of(seed()).client == example.client


def test_a_missing_password_is_an_empty_one() -> None:
    reading, _ = example_with((',\n            "password": dlt.secrets["basic_auth_header"]', ""))
    assert plan_of(reading).client.auth == HttpBasic(Text((Ref("secret_token"),)), Text(("",)))
    assert "no-password" in codes(reading, "note")


def test_a_sent_status_hides_nothing() -> None:
    reading, _ = example_with(('"path": "/accounts",', '"path": "/accounts", "params": {"status": "activeOrChurned"},'))
    assert all(resource.hides == () for resource in plan_of(reading).resources)


def test_the_name_accounts_alone_hides_nothing() -> None:
    reading, _ = example_with(('"data_selector": "results"', '"data_selector": "items"'))
    assert plan_of(reading).resources[0].hides == ()


def _code() -> str:
    text = EXAMPLE.read_text(encoding="utf-8")
    return text.split("```python\n", 1)[1].split("```", 1)[0]


def _plain(node: Node) -> object:
    if isinstance(node.value, dict):
        return {key: _plain(sub) for key, sub in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(sub) for sub in node.value]
    if isinstance(node.value, Text):
        return f'dlt.secrets["{node.value.refs[0].name}"]'
    return node.value


def _as(form: str) -> str:
    from headrace.spec.document import open_document
    from headrace.spec.faults import Faults

    config = open_document(_code(), "py", Faults()).config
    assert config is not None
    data = _plain(config)
    if form == "py":
        return _code()
    if form == "yaml":
        return yaml.safe_dump(data, sort_keys=False)
    if form == "source.yaml":
        assert isinstance(data, dict)
        return yaml.safe_dump({"sources": {"doc": {"type": "rest_api", **data}}}, sort_keys=False)
    if form == "json":
        import json

        return json.dumps(data, indent=2)
    return _toml(data)


def _toml(data: object) -> str:
    import json

    assert isinstance(data, dict)
    out = []
    for top in ("client", "resource_defaults"):
        out.append(f"[{top}]")
        for key, value in data[top].items():
            if isinstance(value, dict):
                inner = ", ".join(f"{name} = {json.dumps(each)}" for name, each in value.items())
                out.append(f"{key} = {{ {inner} }}")
            else:
                out.append(f"{key} = {json.dumps(value)}")
    for resource in data["resources"]:
        endpoint = resource["endpoint"]
        out += ["[[resources]]", f'name = "{resource["name"]}"', "[resources.endpoint]"]
        out += [f"{key} = {json.dumps(value)}" for key, value in endpoint.items() if not isinstance(value, dict)]
        out.append("[resources.endpoint.paginator]")
        out += [f"{key} = {json.dumps(value)}" for key, value in endpoint["paginator"].items()]
    return "\n".join(out) + "\n"


@pytest.mark.parametrize("form", ["py", "yaml", "source.yaml", "json", "toml"])
def test_the_same_content_in_any_format_gives_the_same_plan(form: str) -> None:
    reading = told(_as(form), form.rsplit(".", maxsplit=1)[-1])
    plan, markdown = plan_of(reading), plan_of(told(EXAMPLE.read_text(encoding="utf-8")))
    assert plan.resources == markdown.resources
    assert plan.client == markdown.client
    assert (plan.name, plan.dialect, reading.needs) == (
        "doc",
        "scaffold",
        ("base_url", "secret:secret_token"),
    )


@pytest.mark.parametrize("form", ["py", "yaml", "json", "toml"])
def test_every_finding_points_to_its_line_in_any_format(form: str) -> None:
    text = _as(form)
    faults = told(text, form).in_full
    rows = text.splitlines()
    words = {
        "auth-alias": "basic",
        "cursor-value": "response.next",
        "page-size": "limit",
        "base-url-placeholder": "example.com",
    }
    for fault in faults:
        if fault.code in words:
            assert fault.line is not None
            assert words[fault.code] in rows[fault.line - 1], fault
    paged = [fault.line for fault in faults if fault.code == "cursor-value"]
    assert len(set(paged)) == 6


def test_a_document_in_one_markdown_fence_is_unwrapped() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    reading = told(f"```markdown\n{text}\n```\n")
    assert plan_of(reading).resources == plan_of(told(text)).resources
    assert "wrapped-document" in codes(reading, "note")
    alias = next(fault for fault in reading.in_full if fault.code == "auth-alias")
    assert alias.line == line_of(text, '"type": "basic"') + 1


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert plan_of(told("\ufeff" + text.replace("\n", "\r\n"))) == plan_of(told(text))


def test_slash_comments_say_that_the_list_is_cut_off() -> None:
    reading, text = example_with(("    ]\n})", "        // Additional resources follow the same pattern\n    ]\n})"))
    fault = next(fault for fault in reading.faults if fault.code == "resources-cut-off")
    assert (fault.severity, fault.line) == ("warning", line_of(text, "// Additional"))
    assert len(plan_of(reading).resources) == 6
