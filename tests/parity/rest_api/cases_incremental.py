"""Incremental loading in all forms: parameters, placeholders, bounds, order, missing cursors, identity, lag."""

from __future__ import annotations

from typing import Any

import dlt

from tests.parity.rest_api.case import Build, Case, Config, one

ORDERED = {"path": "ordered", "params": {"page": 0}, "paginator": {"type": "page_number"}}


def window(incremental: Config, /, path: str = "events", **hints: Any) -> Build:
    """The whole list, of which the incremental lets the new rows through."""
    return one({"path": path, "incremental": {"cursor_path": "at", **incremental}}, **hints)


def asked(endpoint: Config, incremental: Config, /, **hints: Any) -> Build:
    return one({"path": "events", "incremental": {"cursor_path": "at", **incremental}, **endpoint}, **hints)


def boundless(**arguments: Any) -> Build:
    """An incremental object as a parameter: it takes what a dict is not allowed to have."""
    since = dlt.sources.incremental("at", initial_value="2024-03-02T00:00:00Z", **arguments)
    return one({"path": "events", "params": {"since": since}})


START = {"initial_value": "2024-03-02T00:00:00Z"}
NEW = (5, 9)
"""Five of six from the second on; then the second row of the boundary's time, and three new ones."""

REQUESTS = [
    Case("start_param", asked({}, START | {"start_param": "since"}), {"things": NEW}),
    Case(
        "start_param and end_param",
        asked({}, START | {"start_param": "since", "end_param": "until", "end_value": "2024-03-05T00:00:00Z"}),
        {"things": (3, 6)},
    ),
    Case("window in the parameters", asked({"params": {"since": "{incremental.start_value}"}}, START), {"things": NEW}),
    Case(
        "all values in the parameters",
        asked(
            {
                "path": "echo",
                "params": {
                    "a": "{incremental.initial_value}",
                    "b": "{incremental.start_value}",
                    "c": "{incremental.last_value}",
                    "d": "{incremental.end_value}",
                },
            },
            START | {"on_cursor_value_missing": "include"},
        ),
        {"things": (1, 2)},
    ),
    Case(
        "window in the path",
        asked({"path": "events_from/{incremental.start_value}", "data_selector": "data"}, START),
        {"things": NEW},
    ),
    Case(
        "window in a header",
        asked({"path": "events_from", "headers": {"X-Since": "{incremental.start_value}"}}, START),
        {"things": NEW},
    ),
    Case(
        "window in the JSON body",
        asked(
            {"path": "events_from", "method": "POST", "json": {"since": "{incremental.start_value}"}},
            START,
        ),
        {"things": NEW},
    ),
    Case(
        "a number stays a number in the JSON body",
        asked(
            {
                "path": "echo",
                "method": "POST",
                "json": {"n": "{incremental.start_value}", "s": "n{incremental.start_value}"},
            },
            {"cursor_path": "json.n", "initial_value": 200},
            max_table_nesting=0,
        ),
        {"things": (1, 1)},
    ),
    Case(
        "start_param converted",
        asked(
            {"path": "events_day"},
            START | {"start_param": "since", "convert": lambda value: value[:10]},
        ),
        {"things": NEW},
    ),
    Case(
        "placeholder converted",
        asked(
            {"path": "events_day", "params": {"since": "{incremental.start_value}"}},
            START | {"convert": lambda value: value[:10]},
        ),
        {"things": NEW},
    ),
    Case(
        "legacy parameter",
        one({"path": "events", "params": {"since": {"type": "incremental", "cursor_path": "at", **START}}}),
        {"things": NEW},
    ),
    Case(
        "legacy parameter converted",
        one(
            {
                "path": "events_day",
                "params": {
                    "since": {"type": "incremental", "cursor_path": "at", **START, "convert": lambda value: value[:10]}
                },
            }
        ),
        {"things": NEW},
    ),
    Case(
        "legacy parameter transformed",
        one(
            {
                "path": "events_day",
                "params": {
                    "since": {
                        "type": "incremental",
                        "cursor_path": "at",
                        **START,
                        "transform": lambda value: value[:10],
                    }
                },
            }
        ),
        {"things": NEW},
    ),
    Case(
        "an incremental object as a parameter",
        boundless(),
        {"things": NEW},
    ),
]

ROWS = [
    Case("no initial value", window({}), {"things": (6, 10)}),
    Case("initial value", window(START), {"things": NEW}),
    Case("a number", window({"cursor_path": "seq", "initial_value": 200}), {"things": NEW}),
    Case(
        "a number as a parameter",
        asked({}, {"cursor_path": "seq", "initial_value": 200, "start_param": "after"}),
        {"things": NEW},
    ),
    Case("a nested cursor", window({"cursor_path": "meta.at"} | START), {"things": NEW}),
    Case("a bare date", window({"cursor_path": "day", "initial_value": "2024-03-02"}), {"things": NEW}),
    Case("an end value", window(START | {"end_value": "2024-03-05T00:00:00Z"}), {"things": (3, 6)}),
    Case(
        "an end value that belongs to it",
        window(START | {"end_value": "2024-03-05T00:00:00Z", "range_end": "closed"}),
        {"things": (4, 8)},
    ),
    Case("an open start", window(START | {"range_start": "open"}), {"things": (4, 7)}),
    Case("the least value", window({"cursor_path": "seq", "last_value_func": "min"}), {"things": (6, 6)}),
    Case("the least value as a function", window({"cursor_path": "seq", "last_value_func": min}), {"things": (6, 6)}),
    Case("a missing cursor included", window({"on_cursor_value_missing": "include"}, "gaps"), {"things": (6, 12)}),
    Case("a missing cursor excluded", window({"on_cursor_value_missing": "exclude"}, "gaps"), {"things": (4, 8)}),
    Case("identity by the resource's key", window(START, primary_key="id"), {"things": NEW}),
    Case("identity by a key of its own", window(START | {"primary_key": "id"}), {"things": NEW}),
    Case("identity by several keys", window(START | {"primary_key": ["id", "seq"]}), {"things": NEW}),
    Case("no identity", boundless(primary_key=()), {"things": (5, 10)}),
    Case("a lag of days", window({"cursor_path": "day", "initial_value": "2024-03-02", "lag": 2}), {"things": (5, 12)}),
    Case("a lag of seconds", window(START | {"lag": 86400.0}), {"things": (5, 11)}),
    Case("a lag of units", window({"cursor_path": "seq", "initial_value": 200, "lag": 100}), {"things": (5, 11)}),
    Case(
        "rows in rising order",
        one(ORDERED | {"incremental": {"cursor_path": "at", "row_order": "asc"}}),
        {"things": (6, 10)},
    ),
    Case(
        "rows in falling order",
        one(
            ORDERED | {"params": {"order": "desc"}, "incremental": {"cursor_path": "at", "row_order": "desc", **START}},
        ),
        {"things": NEW},
    ),
    Case(
        "rows in rising order up to an end",
        one(
            ORDERED
            | {
                "incremental": {
                    "cursor_path": "at",
                    "row_order": "asc",
                    "initial_value": "2024-03-01T00:00:00Z",
                    "end_value": "2024-03-03T00:00:00Z",
                }
            },
        ),
        {"things": (2, 4)},
    ),
    Case("merged", window(START, primary_key="id", write_disposition="merge"), {"things": NEW}),
    Case("replaced", window(START, write_disposition="replace"), {"things": (5, 9)}),
    Case(
        "after a step",
        window(
            START,
            processing_steps=[{"filter": lambda row: row["id"] != 6}, {"map": lambda row: row | {"at2": row["at"]}}],
        ),
        {"things": (4, 8)},
    ),
]

CASES = [*REQUESTS, *ROWS]
