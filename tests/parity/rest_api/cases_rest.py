"""Requests, defaults, selectors, response actions, processing steps."""

from __future__ import annotations

from typing import Any

from requests import Response

from tests.parity.rest_api.case import APPENDED, Build, Case, Config, configuration, one

ECHOED = {"things": (1, 2)}


def selected(shape: str, selector: str | None = None, /, **hints: Any) -> Build:
    choice = {} if selector is None else {"data_selector": selector}
    return one({"path": f"shapes/{shape}", "paginator": "single_page", **choice}, **hints)


def absolute(at: str) -> Config:
    return one({"path": f"{at}/things"}, client={"base_url": "http://127.0.0.1:9/none/"})(at)


def no_base_url(at: str) -> Config:
    return one({"path": f"{at}/things"}, client={"base_url": ""})(at)


def below(at: str) -> Config:
    return one("/absolute", client={"base_url": f"{at}/json_link/"})(at)


def latin(response: Response, *_: Any, **__: Any) -> Response:
    response.encoding = "latin-1"
    return response


def mend(response: Response, *_: Any, **__: Any) -> Response:
    response._content = b'{"data": [{"id": 1, "mended": true}]}'
    response.status_code = 200
    return response


REQUESTS = [
    Case("resource as a text", configuration("things", "bare"), APPENDED | {"bare": (7, 15)}),
    Case("endpoint as a text", one("things"), APPENDED),
    Case("no endpoint", configuration({"name": "things"}), APPENDED, alone=True),
    Case("an absolute path", absolute, APPENDED),
    Case("no base_url", no_base_url, APPENDED),
    Case("slashes where base_url and path meet", below, APPENDED),
    Case(
        "parameters",
        one(
            {
                "path": "echo",
                "params": {"a": 1, "b": "x y&z=ü/☃", "c": True, "d": 1.5, "e": None, "f": ["1", "2"], "g": ""},
            }
        ),
        ECHOED,
    ),
    Case(
        "headers",
        one(
            {"path": "echo", "headers": {"X-One": "endpoint", "X-Three": "3"}},
            client={"headers": {"X-One": "client", "X-Two": "2"}},
        ),
        ECHOED,
    ),
    Case(
        "a JSON body",
        one({"path": "echo", "method": "POST", "json": {"a": [1, {"b": None}], "c": "ü", "d": 1.5, "e": True}}),
        ECHOED,
    ),
    Case("a form", one({"path": "echo", "method": "POST", "data": {"a": "1 2&3", "b": "ü"}}), ECHOED),
    Case("a raw body", one({"path": "echo", "method": "POST", "data": "plain <xml/> text"}), ECHOED),
    Case(
        "doubled braces",
        one(
            {
                "path": "echo",
                "method": "POST",
                "json": {"query": "{{ things(first: 3) {{ id }} }}"},
                "params": {"filter": "{{x}}"},
                "headers": {"X-Brace": "{{y}}"},
            }
        ),
        ECHOED,
    ),
    Case(
        "a static value of the path",
        one({"path": "echo/{version}/list", "params": {"version": "v 1", "kept": "yes"}, "data_selector": "data"}),
        ECHOED,
    ),
    Case("a query in the path", one({"path": "echo?a=1&b=%20x", "params": {"c": 2}}), ECHOED),
    Case(
        "defaults",
        configuration(
            {"name": "things", "endpoint": {"path": "echo", "params": {"b": 3}, "json": {"n": 1}}},
            {
                "name": "others",
                "primary_key": "method",
                "write_disposition": "replace",
                "endpoint": {"path": "echo", "headers": {"X-Own": "1"}},
                "columns": {"kind": {"description": "of the body"}, "path": {"data_type": "text"}},
            },
            "echo",
            defaults={
                "primary_key": ["path"],
                "write_disposition": "merge",
                "columns": {"kind": {"data_type": "text", "nullable": False}},
                "endpoint": {
                    "method": "POST",
                    "params": {"a": 1, "b": 2},
                    "json": {"m": 0, "n": 0},
                    "headers": {"X-Default": "1"},
                    "data_selector": "data",
                    "paginator": "single_page",
                },
            },
        ),
        {"things": (1, 1), "others": (1, 1), "echo": (1, 1)},
    ),
]

SELECTORS = [
    Case("selector nested", selected("deep", "data.list.items"), APPENDED),
    Case("selector with a dollar", selected("deep", "$.data.list.items"), APPENDED),
    Case("selector of the whole", one({"path": "bare", "data_selector": "$"}), APPENDED),
    Case("selector of wildcards", selected("groups", "groups[*].members[*]"), APPENDED),
    Case("selector of fields below a wildcard", selected("wrapped", "edges[*].node"), APPENDED),
    Case("selector of a place", selected("second", "batches[1].rows"), {"things": (6, 13)}),
    Case("selector of a filter", selected("deep", "data.list.items[?(@.kind == 'a')]"), {"things": (3, 7)}),
    Case("selector of anything below", selected("second", "$..rows[*]"), APPENDED),
    Case("selector of odd keys", selected("dotted", "'a.b'.\"it's\""), APPENDED),
    Case("selector of an object", selected("object", "data"), {"things": (1, 2)}),
    Case("selector of scalars", selected("scalars", "data"), APPENDED),
    Case(
        "selector of null",
        configuration({"name": "things", "endpoint": {"path": "shapes/null", "data_selector": "data"}}, "bare"),
        {"things": (0, 0), "bare": (7, 15)},
    ),
    Case("detected deep list", selected("deep"), APPENDED),
    Case("detected unusual key", selected("unusual"), APPENDED),
    Case("detected usual key", selected("preferred"), APPENDED),
    Case("detected first list", selected("first"), APPENDED),
    Case("detected single object", selected("one", max_table_nesting=0), {"things": (1, 2)}),
]

ACTIONS = [
    Case(
        "ignored status on a later page",
        one(
            {
                "path": "trouble/late",
                "paginator": {"type": "page_number", "total_path": None},
                "response_actions": [{"status_code": 404, "action": "ignore"}],
            }
        ),
        {"things": (3, 6)},
    ),
    Case(
        "ignored content",
        configuration(
            {
                "name": "things",
                "endpoint": {
                    "path": "trouble/content",
                    "data_selector": "data",
                    "response_actions": [{"content": "nothing for you", "action": "ignore"}],
                },
            },
            "bare",
        ),
        {"things": (0, 0), "bare": (7, 15)},
    ),
    Case(
        "ignored status with content",
        configuration(
            {
                "name": "things",
                "endpoint": {
                    "path": "trouble/conflict",
                    "response_actions": [
                        {"status_code": 409, "content": "another text", "action": mend},
                        {"status_code": 409, "content": "for you yet", "action": "ignore"},
                    ],
                },
            },
            "bare",
        ),
        {"things": (0, 0), "bare": (7, 15)},
    ),
    Case(
        "a hook that sets the encoding", one({"path": "trouble/latin", "response_actions": [latin]}), {"things": (1, 2)}
    ),
    Case(
        "hooks for a status",
        one({"path": "trouble/conflict", "response_actions": [{"status_code": 409, "action": [latin, mend]}]}),
        {"things": (1, 2)},
    ),
]

STEPS = [
    Case("filter", one("things", processing_steps=[{"filter": lambda row: row["kind"] == "a"}]), {"things": (3, 7)}),
    Case(
        "map",
        one("things", processing_steps=[{"map": lambda row: row | {"twice": row["id"] * 2, "name": None}}]),
        APPENDED,
    ),
    Case(
        "yield_map",
        one(
            "things",
            processing_steps=[{"yield_map": lambda row: ({"of": row["id"], "tag": tag} for tag in row["tags"])}],
        ),
        {"things": (7, 13)},
    ),
    Case(
        "steps in their order",
        one(
            "things",
            processing_steps=[
                {"map": lambda row: row | {"id": row["id"] + 100}},
                {"filter": lambda row: row["id"] > 103},
                {"yield_map": lambda row: [row, row | {"id": -row["id"]}]},
                {"filter": lambda row: row["id"] != -105},
            ],
        ),
        {"things": (7, 18)},
    ),
]

CASES = [*REQUESTS, *SELECTORS, *ACTIONS, *STEPS]
