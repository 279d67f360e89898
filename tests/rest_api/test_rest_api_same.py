"""The drop-in's tables, schema and second run are those of dlt's own source."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.rest_api.both import assert_equal, load
from tests.rest_api.serving import Api

POSTS: list[Any] = [
    {"id": 1, "title": "a", "tags": ["x", "y"], "meta": {"at": "2024-01-01T10:00:00Z", "n": 1}, "parts": []},
    {"id": 2, "title": None, "tags": [], "meta": {"n": 2.5}, "parts": [{"k": 1, "sub": [{"v": True}]}]},
    {"id": 3, "title": "c", "new": "col", "tags": ["z"], "blob": {"a": [1, [2, 3]]}},
    {"id": 4, "title": 7, "meta": {"n": "many"}, "camelCase": {"InnerKey": 1}},
    {"id": 5, "title": "e"},
]
CURSOR = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}


def config(api: Api, *resources: Any, **defaults: Any) -> Any:
    return {
        "client": {"base_url": api.url, "paginator": CURSOR},
        "resource_defaults": defaults,
        "resources": list(resources),
    }


@pytest.mark.parametrize(
    "hints",
    [
        {},
        {"write_disposition": "replace"},
        {"primary_key": "id", "write_disposition": "merge"},
        {"merge_key": "id", "write_disposition": "merge"},
        {"primary_key": "id"},
        {"max_table_nesting": 1},
        {"table_name": "Other Posts", "columns": {"title": {"data_type": "text"}, "never": {"data_type": "bigint"}}},
        {"columns": {"blob": {"data_type": "json"}, "id": {"data_type": "decimal"}}},
        {"primary_key": "id", "write_disposition": {"disposition": "merge", "strategy": "upsert"}},
        {"columns": {"title": {"data_type": "text", "precision": 9}}},
        {"schema_contract": {"columns": "discard_value"}},
        {"file_format": "jsonl", "max_table_nesting": 0},
    ],
    ids=str,
)
def test_tables_and_schema_are_those_of_dlt_on_a_first_and_a_second_run(
    api: Api, tmp_path: Path, hints: dict[str, Any]
) -> None:
    given = config(api, {"name": "posts", "endpoint": {"data_selector": "data"}, **hints})
    api.list_of("/posts", POSTS)
    assert_equal(load("ours", deepcopy(given), tmp_path), load("dlt", deepcopy(given), tmp_path))
    changed = [{"id": 1, "title": "again", "tags": []}, {"id": 2, "later": {"x": [1]}, "parts": [{"k": "text"}]}]
    api.list_of("/posts", changed)
    assert_equal(load("ours", deepcopy(given), tmp_path), load("dlt", deepcopy(given), tmp_path))


def test_a_pipeline_may_go_from_dlt_to_headrace_and_back(api: Api, tmp_path: Path) -> None:
    given = config(api, "posts", primary_key="id", write_disposition="merge")
    api.list_of("/posts", POSTS)
    load("dlt", given, tmp_path)
    api.list_of("/posts", POSTS[1:2])
    import headrace.rest_api
    from tests.rest_api.both import loaded, pipeline, source

    line = pipeline("dlt", tmp_path)
    line.run(headrace.rest_api.rest_api_source(deepcopy(given)), loader_file_format="parquet")
    crossed = loaded(line)
    line.run(source("dlt", deepcopy(given)), loader_file_format="parquet")
    assert_equal(crossed, loaded(line))


def test_children_of_two_parent_pages_are_those_of_dlt(api: Api, tmp_path: Path) -> None:
    api.list_of("/posts", POSTS)
    for post in POSTS:
        api.list_of(f"/posts/{post['id']}/comments", [{"c": n, "of": post["id"], "l": [n]} for n in range(post["id"])])
    given = config(
        api,
        {"name": "posts", "primary_key": "id"},
        {
            "name": "comments",
            "endpoint": "posts/{resources.posts.id}/comments",
            "include_from_parent": ["id", "title"],
        },
    )
    assert_equal(load("ours", deepcopy(given), tmp_path), load("dlt", deepcopy(given), tmp_path))


def test_grandchildren_come_of_parents_that_are_not_loaded(api: Api, tmp_path: Path) -> None:
    api.list_of("/a", [{"id": n} for n in range(5)])
    for n in range(5):
        api.list_of(f"/a/{n}/b", [{"id": f"{n}-{m}"} for m in range(3)])
        for m in range(3):
            api.list_of(f"/b/{n}-{m}/c", [{"n": n, "m": m, "deep": [{"x": 1}]}])
    given = config(
        api,
        {"name": "a", "selected": False},
        {"name": "b", "endpoint": "a/{resources.a.id}/b", "selected": False},
        {"name": "c", "endpoint": "b/{resources.b.id}/c"},
    )
    ours = load("ours", deepcopy(given), tmp_path)
    assert_equal(ours, load("dlt", deepcopy(given), tmp_path))
    assert len(ours.tables.rows["c"]) == 15


@pytest.mark.parametrize("last", [None, "2024-01-09"])
def test_an_increment_goes_on_from_the_state_that_dlt_keeps(api: Api, tmp_path: Path, last: str | None) -> None:
    rows = [{"id": n, "at": f"2024-01-0{n}"} for n in range(1, 7)]
    api.routes["/rows"] = lambda query: {
        "data": [row for row in rows if str(row["at"]) >= query.get("since", "")], "next": None
    }  # fmt: skip
    increment = {"cursor_path": "at", "initial_value": "2024-01-03", "start_param": "since"}
    given = config(
        api, {"name": "rows", "endpoint": {"incremental": increment | ({"end_value": last} if last else {})}}
    )
    ours, theirs = load("ours", deepcopy(given), tmp_path), load("dlt", deepcopy(given), tmp_path)
    assert_equal(ours, theirs)
    assert ours.state == theirs.state
    rows.append({"id": 7, "at": "2024-01-07"})
    ours, theirs = load("ours", deepcopy(given), tmp_path), load("dlt", deepcopy(given), tmp_path)
    assert_equal(ours, theirs)
    assert ours.state == theirs.state
    assert "/rows?since=2024-01-06" in api.asked or last
