"""The sentences around a scaffold's code: what they add, and where they contradict it."""

from __future__ import annotations

import pytest

from headrace.model.plan import ColumnHint, RetryPolicy

from .documents import codes, example_with, line_of, plan_of


def test_codes_of_the_prose_are_added_to_the_default_ones() -> None:
    reading, _ = example_with(("500 (Internal", "408 and 425, and 500 (Internal"))
    statuses = plan_of(reading).resources[0].retry.statuses
    assert set(RetryPolicy().statuses) | {408, 425} == set(statuses)


def test_codes_that_asking_again_does_not_change_are_never_added() -> None:
    reading, _ = example_with(("500 (Internal", "400, 401, 403, 404, and 500 (Internal"))
    assert not {400, 401, 403, 404} & set(plan_of(reading).resources[0].retry.statuses)


def test_an_error_handler_of_the_code_wins_over_the_prose() -> None:
    reading, _ = example_with(
        ('"path": "/notes",', '"path": "/notes", "error_handler": {"retry_on_status_codes": [503]},'),
        ("500 (Internal", "408 and 500 (Internal"),
    )
    retries = {resource.name: resource.retry.statuses for resource in plan_of(reading).resources}
    assert retries["notes"] == (503,)
    assert 408 in retries["tasks"]


@pytest.mark.parametrize(
    ("old", "new", "code", "path", "words"),
    [
        (
            "`secret_token`: The key that the vendor hands out; it is sent as the username.",
            "`secret_token`: The password for authentication.",
            "prose-auth",
            "client.auth.username",
            "calls `secret_token` the password, the code uses it as the username",
        ),
        (
            "**Type**: Basic Authentication",
            "**Type**: Bearer token",
            "prose-auth",
            "client.auth.type",
            "says “Bearer token”, the code says `http_basic`",
        ),
        (
            "notes, tasks, users\n",
            "notes, tasks, users, projects\n",
            "prose-resource",
            "resources",
            "lists `projects`, which the code leaves out",
        ),
        (
            "`/conversations`, `/notes`",
            "`/talks`, `/notes`",
            "prose-contradiction",
            "resources[2].endpoint.path",
            "says `/talks` for `conversations`, the code says `/conversations`",
        ),
        (
            "**HTTP Method**: GET",
            "**HTTP Method**: POST",
            "prose-contradiction",
            "resources[0].endpoint.method",
            "says `POST` for `accounts`, the code says `GET`",
        ),
        (
            "limit of 100",
            "limit of 50",
            "prose-contradiction",
            "resources[0].endpoint.paginator.limit",
            "says `50` for `accounts`, the code says `100`",
        ),
        (
            "**Data Selector**: `results`",
            "**Data Selector**: `items`",
            "prose-contradiction",
            "resources[0].endpoint.data_selector",
            "says `items` for `accounts`, the code says `results`",
        ),
        (
            "primary key of every resource is `id`",
            "primary key of every resource is `uuid`",
            "prose-key",
            "resources[0].primary_key",
            "says that the primary key is `uuid`, the code says `id`",
        ),
    ],
)
def test_a_contradiction_is_a_warning_and_the_code_is_followed(
    old: str, new: str, code: str, path: str, words: str
) -> None:
    reading, text = example_with((old, new))
    before, _ = example_with()
    found = [fault for fault in reading.faults if fault.code == code]
    assert found[0].severity == "warning"
    assert (found[0].path, found[0].line) == (path, line_of(text, new.strip()))
    assert words in found[0].problem
    assert plan_of(reading).resources == plan_of(before).resources


def test_a_description_in_place_of_names_is_no_list_of_resources() -> None:
    reading, _ = example_with(("accounts, admins, conversations, notes, tasks, users\n", "Taken from the streams\n"))
    assert codes(reading, "warning") == []


def test_typed_fields_below_the_name_of_a_resource_are_column_hints() -> None:
    listed = (
        "## Accounts\n- **Fields**:\n  - `id`: string (required)\n  - `mrr`: number or null\n  - `traits`: object\n"
    )
    reading, text = example_with(("# Schema\n", f"# Schema\n\n{listed}\n"))
    columns = {resource.name: resource.columns for resource in plan_of(reading).resources}
    assert columns["accounts"] == (ColumnHint("id", "text"), ColumnHint("mrr", "double"))
    assert columns["admins"] == ()
    note = next(fault for fault in reading.faults if fault.code == "schema-types")
    assert note.line == line_of(text, "  - `id`: string")


def test_typed_fields_that_name_no_resource_are_left_alone() -> None:
    reading, _ = example_with(("# Schema\n", "# Schema\n\n- `id`: string\n- `name`: string, number or null\n"))
    assert all(resource.columns == () for resource in plan_of(reading).resources)
