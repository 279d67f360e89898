"""Parents and children: placeholders in every place, several pages on both levels, chains, columns of the parent."""

from __future__ import annotations

from typing import Any

import dlt

from tests.parity.rest_api.case import Build, Case, Config, Counts, configuration

PARENTS = {"name": "parents", "endpoint": {"path": "parents", "paginator": "json_link"}}
CHILDREN: Counts = {"parents": (3, 6), "children": (6, 12)}
"""Three parents in each state; five children and one, then four and two."""


def child(endpoint: Any, **hints: Any) -> Build:
    return configuration(PARENTS, {"name": "children", "endpoint": endpoint, **hints})


def own_parents(at: str) -> Config:
    def numbers() -> Any:
        yield [{"id": 1}, {"id": 3}]

    parents = dlt.resource(numbers, name="own", selected=False)
    endpoint = {"path": "parents/{resources.own.id}/children", "paginator": "json_link"}
    return configuration(PARENTS)(at) | {"resources": [parents, {"name": "children", "endpoint": endpoint}]}


CASES = [
    Case(
        "child by path", child({"path": "parents/{resources.parents.id}/children", "paginator": "json_link"}), CHILDREN
    ),
    Case("child by path, detected", child("parents/{resources.parents.id}/children"), CHILDREN),
    Case(
        "child by query",
        child({"path": "children", "params": {"parent": "{resources.parents.id}"}}),
        CHILDREN,
    ),
    Case(
        "child by query with offsets",
        child(
            {
                "path": "children",
                "params": {"parent": "{resources.parents.id}"},
                "paginator": {"type": "offset", "limit": 2, "total_path": None},
            }
        ),
        CHILDREN,
    ),
    Case(
        "child by header",
        child({"path": "children_header", "headers": {"X-Parent": "no. {resources.parents.id}"}}),
        CHILDREN,
    ),
    Case(
        "child by JSON body",
        child(
            {
                "path": "children_json",
                "method": "POST",
                "json": {
                    "filter": {"parent": "{resources.parents.id}", "text": "parent is {resources.parents.id}"},
                    "{resources.parents.slug}": [True, None, 1.5],
                },
            }
        ),
        CHILDREN,
    ),
    Case(
        "child by form",
        child({"path": "children_form", "method": "POST", "data": {"parent": "{resources.parents.id}"}}),
        CHILDREN,
    ),
    Case(
        "child by several fields",
        child(
            {
                "path": "regions/{resources.parents.region.code}/parents/{resources.parents.id}",
                "data_selector": "data",
                "paginator": "json_link",
            }
        ),
        CHILDREN,
    ),
    Case(
        "child with columns of its parent",
        child(
            {"path": "parents/{resources.parents.slug}/children", "paginator": "json_link"},
            include_from_parent=["id", "title", "region", "marks"],
        ),
        CHILDREN | {"children___parents_marks": (12, 24)},
    ),
    Case(
        "single entity of each parent",
        child({"path": "parents/{resources.parents.id}"}),
        {"parents": (3, 6), "children": (3, 6)},
    ),
    Case(
        "child by legacy resolve",
        child(
            {
                "path": "parents/{number}/children",
                "params": {"number": {"type": "resolve", "resource": "parents", "field": "id"}},
                "paginator": "json_link",
            }
        ),
        CHILDREN,
    ),
    Case(
        "child by legacy resolve of a nested field",
        child(
            {
                "path": "regions/{code}/parents/{number}",
                "params": {
                    "number": {"type": "resolve", "resource": "parents", "field": "id"},
                    "code": {"type": "resolve", "resource": "parents", "field": "region.code"},
                },
                "data_selector": "data",
                "paginator": "json_link",
            }
        ),
        CHILDREN,
    ),
    Case(
        "grandchildren",
        configuration(
            {
                "name": "grandchildren",
                "endpoint": "parents/{resources.children._parents_id}/children/{resources.children.id}/grandchildren",
                "include_from_parent": ["_parents_id", "at"],
            },
            {
                "name": "children",
                "endpoint": {"path": "parents/{resources.parents.id}/children", "paginator": "json_link"},
                "include_from_parent": ["id"],
            },
            PARENTS,
        ),
        CHILDREN | {"grandchildren": (8, 20)},
    ),
    Case(
        "two children of one parent",
        configuration(
            PARENTS,
            {"name": "children", "endpoint": "parents/{resources.parents.id}/children"},
            {"name": "entities", "endpoint": "parents/{resources.parents.id}"},
        ),
        CHILDREN | {"entities": (3, 6)},
    ),
    Case(
        "a parent that is not selected",
        configuration(
            PARENTS | {"selected": False}, {"name": "children", "endpoint": "parents/{resources.parents.id}/children"}
        ),
        {"children": (6, 12), "parents": (0, 0)},
    ),
    Case(
        "only the child is chosen",
        child("parents/{resources.parents.id}/children"),
        {"children": (6, 12), "parents": (0, 0)},
        change=lambda source: source.with_resources("children"),
    ),
    Case(
        "only the parent is chosen",
        child("parents/{resources.parents.id}/children"),
        {"children": (0, 0), "parents": (3, 6)},
        change=lambda source: source.with_resources("parents"),
    ),
    Case(
        "children merged",
        configuration(
            PARENTS | {"primary_key": "id", "write_disposition": "merge"},
            {
                "name": "children",
                "endpoint": "parents/{resources.parents.id}/children",
                "primary_key": ["parent", "id"],
                "write_disposition": "merge",
            },
        ),
        {"parents": (3, 4), "parents__marks": (6, 8), "children": (6, 8), "children__labels": (16, 18)},
    ),
    Case(
        "children replaced",
        configuration(
            PARENTS,
            {"name": "children", "endpoint": "parents/{resources.parents.id}/children", "write_disposition": "replace"},
        ),
        {"parents": (3, 6), "children": (6, 6), "children__labels": (16, 14)},
    ),
    Case(
        "parallel children",
        child(
            "parents/{resources.parents.id}/children", parallelized=True, primary_key="id", write_disposition="merge"
        ),
        {"parents": (3, 6), "children": (6, 8)},
    ),
    Case("a resource of the user as the parent", own_parents, {"children": (5, 9)}),
    Case(
        "a parent that a step has filtered",
        configuration(
            PARENTS | {"processing_steps": [{"filter": lambda row: row["id"] != 1}]},
            {"name": "children", "endpoint": "parents/{resources.parents.id}/children"},
        ),
        {"parents": (2, 4), "children": (1, 3)},
    ),
    Case(
        "child of a parent that a step has changed",
        configuration(
            PARENTS | {"processing_steps": [{"map": lambda row: row | {"handle": f"p-{row['id']}"}}]},
            {
                "name": "children",
                "endpoint": "parents/{resources.parents.handle}/children",
                "include_from_parent": ["handle"],
            },
        ),
        CHILDREN,
    ),
    Case(
        "child refused for one parent",
        child(
            {
                "path": "trouble/member/{resources.parents.id}",
                "response_actions": [{"status_code": 410, "action": "ignore"}],
                "data_selector": "data",
            }
        ),
        {"parents": (3, 6), "children": (2, 5)},
    ),
    Case(
        "incremental child of a window for all parents",
        child(
            {
                "path": "parents/{resources.parents.id}/children",
                "params": {"since": "{incremental.initial_value}"},
                "incremental": {
                    "cursor_path": "at",
                    "initial_value": "2024-04-02T00:00:00Z",
                    "end_value": "2024-04-05",
                },
            }
        ),
        {"parents": (3, 6), "children": (4, 7)},
    ),
]
