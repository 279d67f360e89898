"""What a dlt user does with the source: steps, limits, transformers, selection, plain iteration, configuration."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.extract import DltResource, DltSource
from dlt.pipeline.exceptions import PipelineStepFailed
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

import headrace.rest_api
from headrace.errors import ConfigError
from headrace.rest_api import check_connection, register_auth, register_paginator, rest_api_resources, rest_api_source
from headrace.rest_api.tables import TableMaker
from tests.rest_api.both import loaded, pipeline
from tests.rest_api.serving import Api

CURSOR = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The resources of which Arrow tables are made, once for each table."""
    found: list[str] = []
    finish = TableMaker._finished

    def finished(self: TableMaker, batch: Any, columns: Any) -> Any:
        found.append(batch.schema.name)
        return finish(self, batch, columns)

    monkeypatch.setattr(TableMaker, "_finished", finished)
    return found


def config(api: Api, *resources: Any, **client: Any) -> Any:
    return {"client": {"base_url": api.url, "paginator": CURSOR, **client}, "resources": list(resources)}


def rows(line: Any, table: str, key: str = "id") -> list[Any]:
    return sorted(row[key] for row in loaded(line).tables.rows[table])


def test_a_source_is_a_dlt_source_of_dlt_resources(api: Api) -> None:
    source = rest_api_source(config(api, "a"))
    assert isinstance(source, DltSource)
    assert isinstance(source.a, DltResource)
    assert (source.name, source.section) == ("rest_api", "rest_api")


def test_untouched_pages_become_arrow_tables_and_touched_ones_rows(api: Api, tmp_path: Path, made: list[str]) -> None:
    for name in "abcdef":
        api.list_of(f"/{name}", [{"id": n} for n in range(5)])
    source = rest_api_source(config(api, *"abcde", {"name": "f", "processing_steps": [{"filter": lambda r: r["id"]}]}))
    source.b.add_map(lambda row: row | {"id": row["id"] * 10})
    source.c.add_filter(lambda row: row["id"] % 2 == 0)
    source.d.add_yield_map(lambda row: [row, row])
    line = pipeline("ours", tmp_path)
    line.run(source)
    assert rows(line, "a") == [0, 1, 2, 3, 4]
    assert rows(line, "b") == [0, 10, 20, 30, 40]
    assert rows(line, "c") == [0, 2, 4]
    assert rows(line, "d") == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert rows(line, "f") == [1, 2, 3, 4]
    assert sorted(made) == ["a", "e"]


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("mapped", [False, True])
def test_a_limit_is_an_exact_number_of_pages(api: Api, tmp_path: Path, parallel: bool, mapped: bool) -> None:
    for name in "ab":
        api.list_of(f"/{name}", [{"id": n} for n in range(20)])
    source = rest_api_source(config(api, "a", "b"), parallelized=parallel).add_limit(3)
    if mapped:
        source.a.add_map(lambda row: row)
    line = pipeline("ours", tmp_path)
    line.run(source)
    assert rows(line, "a") == rows(line, "b") == [0, 1, 2, 3, 4, 5]


def test_a_limit_of_rows_counts_rows(api: Api, tmp_path: Path) -> None:
    api.list_of("/a", [{"id": n} for n in range(20)])
    line = pipeline("ours", tmp_path)
    line.run(rest_api_source(config(api, "a")).add_limit(3, count_rows=True))
    assert rows(line, "a") == [0, 1, 2, 3]


def test_a_source_gives_dicts_to_whoever_iterates_it(api: Api) -> None:
    api.list_of("/a", [{"id": n, "big": 2**70} for n in range(5)])
    source = rest_api_source(config(api, "a"))
    assert list(source) == [{"id": n, "big": 2**70} for n in range(5)]
    assert [row["id"] for row in source.a] == [0, 1, 2, 3, 4]
    (resource,) = rest_api_resources(config(api, "a"))
    assert [row["id"] for row in resource.add_limit(1)] == [0, 1]


def test_a_transformer_of_the_user_gets_lists_of_rows(api: Api, tmp_path: Path, made: list[str]) -> None:
    api.list_of("/a", [{"id": n} for n in range(5)])

    @dlt.transformer  # type: ignore[untyped-decorator]
    def doubled(items: list[Any]) -> Iterator[Any]:
        assert type(items) is list
        yield [{"id": item["id"] * 2} for item in items]

    source = rest_api_source(config(api, "a"))
    line = pipeline("ours", tmp_path)
    line.run([source.a, source.a | doubled])
    assert rows(line, "doubled") == [0, 2, 4, 6, 8]
    assert rows(line, "a") == [0, 1, 2, 3, 4]
    assert made == ["a"]


def test_children_see_what_the_steps_of_their_parent_leave(api: Api, tmp_path: Path, made: list[str]) -> None:
    api.list_of("/a", [{"id": n} for n in range(9)])
    for n in range(9):
        api.list_of(f"/a/{n}", [{"id": f"{n}.{m}"} for m in range(3)])
    source = rest_api_source(
        config(api, "a", {"name": "b", "endpoint": {"path": "a/{resources.a.id}", "data_selector": "data",
                                                    "paginator": CURSOR}})
    )  # fmt: skip
    source.a.add_filter(lambda row: row["id"] != 1).add_limit(2)
    line = pipeline("ours", tmp_path)
    line.run(source)
    assert rows(line, "b") == [f"{n}.{m}" for n in (0, 2, 3) for m in range(3)]
    assert set(made) == {"b"}
    assert not any(path.startswith("/a/1") for path in api.asked)


def test_a_source_may_be_run_again(api: Api, tmp_path: Path) -> None:
    api.list_of("/a", [{"id": 1}, {"id": 1}])
    api.list_of("/a/1", [{"id": 2}])
    source = rest_api_source(config(api, "a", {"name": "b", "endpoint": "a/{resources.a.id}"}))
    line = pipeline("ours", tmp_path)
    line.run(source)
    line.run(source)
    assert rows(line, "a") == [1, 1, 1, 1]
    assert api.asked["/a/1"] == 2  # equal requests of one run are made once


def test_values_of_a_row_are_quoted_and_rows_without_them_left_out(
    api: Api, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    api.list_of("/a", [{"id": "x/y?z ü"}, {"id": None}, {"id": ".."}, {"id": "ok"}])
    for path in ("/a/x%2Fy%3Fz%20%C3%BC/b", "/a/ok/b"):
        api.list_of(path, [{"id": path}])
    source = rest_api_source(config(api, "a", {"name": "b", "endpoint": "a/{resources.a.id}/b"}))
    line = pipeline("ours", tmp_path)
    line.run(source)
    assert rows(line, "b") == ["/a/ok/b", "/a/x%2Fy%3Fz%20%C3%BC/b"]
    assert sum("a row of its parent is left out" in message for message in caplog.messages) == 2


def test_selection_and_hints_hold(api: Api, tmp_path: Path) -> None:
    for name in "abc":
        api.list_of(f"/{name}", [{"id": n, "at": "2024-01-01T00:00:00Z"} for n in range(3)])
    source = rest_api_source(config(api, "a", "b", "c"), name="mine").with_resources("a", "b")
    source.b.apply_hints(table_name="bees", primary_key="id", write_disposition="merge")
    line = pipeline("ours", tmp_path)
    line.run(source)
    line.run(source)
    assert set(loaded(line).schema) == {"a", "bees"}
    assert (rows(line, "bees"), len(rows(line, "a"))) == ([0, 1, 2], 6)
    assert line.default_schema.name == "mine"
    assert not any(path.startswith("/c") for path in api.asked)


def test_every_row_has_the_id_of_its_load(api: Api, tmp_path: Path, made: list[str]) -> None:
    api.list_of("/a", [{"id": n} for n in range(3)])
    line = pipeline("ours", tmp_path)
    info = line.run(rest_api_source(config(api, "a")))
    assert {row["_dlt_load_id"] for row in loaded(line).tables.rows["a"]} == set(info.loads_ids)
    assert line.last_trace.last_normalize_info.row_counts["a"] == 3
    assert made == ["a"]


def test_a_paginator_of_the_users_own_is_driven_by_dlt_and_said_so(
    api: Api, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Mine(JSONResponseCursorPaginator):  # type: ignore[misc]
        pass

    register_paginator("mine", Mine)
    api.list_of("/a", [{"id": n} for n in range(5)])
    source = rest_api_source(config(api, "a", paginator={"type": "mine", "cursor_path": "next"}))
    line = pipeline("ours", tmp_path)
    line.run(source)
    assert rows(line, "a") == [0, 1, 2, 3, 4]
    assert "a is fetched by dlt's own client, because its paginator is a Mine" in caplog.text


@pytest.mark.parametrize("register", [register_paginator, register_auth])
def test_what_is_registered_must_be_of_dlts_kind(register: Any) -> None:
    with pytest.raises(ValueError, match="has to be a subclass"):
        register("wrong", dict)


def test_a_secret_comes_from_dlts_own_section(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__REST_API__CREDENTIALS__TOKEN", "s3cret")
    api.list_of("/a", [{"id": 1}])
    list(rest_api_source(config(api, "a", auth={"type": "bearer"})))
    assert api.headers[0]["authorization"] == "Bearer s3cret"


def test_the_whole_source_may_come_from_dlts_configuration(api: Api, tmp_path: Path) -> None:
    (tmp_path / ".dlt").mkdir()
    client = f'base_url = "{api.url}"\npaginator = "single_page"'
    text = f'[sources.rest_api]\nresources = ["a"]\n[sources.rest_api.client]\n{client}\n'
    (tmp_path / ".dlt" / "config.toml").write_text(text)
    api.list_of("/a", [{"id": 1}])
    with Container().injectable_context(PluggableRunContext()):
        assert list(headrace.rest_api.rest_api()) == [{"id": 1}]


def test_a_connection_is_checked_with_one_page(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    api.list_of("/a", [{"id": n} for n in range(20)])
    assert check_connection(rest_api_source(config(api, "a")), "a") == (True, "")
    worked, message = check_connection(rest_api_source(config(api, "b")), "b")
    assert not worked
    assert "404" in message


def test_a_refusal_fails_the_run_with_its_reason(api: Api, tmp_path: Path) -> None:
    api.list_of("/a", [{"id": 1}])
    with pytest.raises(PipelineStepFailed, match="was refused with 404 Not Found"):
        pipeline("ours", tmp_path).run(rest_api_source(config(api, "a", "b")))


def test_a_resource_of_dlt_may_be_a_parent(api: Api, tmp_path: Path) -> None:
    api.list_of("/a/1/b", [{"id": 10}])
    api.list_of("/a/2/b", [{"id": 20}])
    lists, singles = dlt.resource([[{"id": 1}]], name="a"), dlt.resource([{"id": 2}], name="c")
    given = config(
        api, lists, singles,
        {"name": "b", "endpoint": "a/{resources.a.id}/b"}, {"name": "d", "endpoint": "a/{resources.c.id}/b"},
    )  # fmt: skip
    line = pipeline("ours", tmp_path)
    line.run(rest_api_source(given))
    assert rows(line, "b") == [10]
    assert rows(line, "d") == [20]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"client": {"base_url": "http://x"}}, "resources"),
        ({"client": {"base_url": "http://x"}, "resources": ["a", "a"]}, "a"),
        ({"client": {"base_url": "http://x"}, "resources": [{"name": "a", "endpoit": {}}]}, "endpoint"),
        ({"client": {"base_url": "http://x", "paginator": {"type": "curser"}}, "resources": ["a"]}, "cursor"),
        ({"client": {"base_url": "http://x"}, "resources": [{"name": "a", "endpoint": "b/{resources.c.id}"}]}, "c"),
    ],
)
def test_what_dlt_rejects_is_rejected_with_its_place_and_its_mend(wrong: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        rest_api_source(wrong)
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)


def test_names_that_are_too_long_for_the_destination_are_dlts(api: Api, tmp_path: Path, made: list[str]) -> None:
    api.list_of("/a", [{"id": 1, "a_long_name" * 5: 1, "l": [{"another_long_name" * 4: "x"}]}])
    line = dlt.pipeline(
        "short",
        destination=dlt.destinations.duckdb(str(tmp_path / "short.duckdb"), max_identifier_length=40),
        dataset_name="d",
        pipelines_dir=str(tmp_path / "short"),
    )
    line.run(rest_api_source(config(api, "a")))
    line.run(rest_api_source(config(api, "a")))
    names = [name for table in loaded(line).schema.values() for name in table["columns"]]
    assert max(map(len, names)) == 40
    assert len(loaded(line).tables.rows["a"]) == 2
    assert made == []


def test_a_response_action_that_ignores_ends_the_walk_and_keeps_its_pages(
    api: Api, tmp_path: Path, made: list[str]
) -> None:
    api.routes["/a"] = lambda query: (
        {"data": [{"id": 1}], "next": None if query else "2"} | ({"error": "no more"} if query else {})
    )
    actions = [{"content": "no more", "action": "ignore"}, {"status_code": 404, "action": "ignore"}]
    endpoint = {"response_actions": actions, "data_selector": "data"}
    line = pipeline("ours", tmp_path)
    line.run(rest_api_source(config(api, {"name": "a", "endpoint": endpoint}, {"name": "gone", "endpoint": endpoint})))
    assert rows(line, "a") == [1]
    assert made == ["a"]


def test_two_resources_may_feed_one_table(api: Api, tmp_path: Path, made: list[str]) -> None:
    api.list_of("/a", [{"id": 1, "v": 1, "l": [{"x": 1}]}])
    api.list_of("/b", [{"id": 2, "v": "text", "l": [{"x": "y"}]}])
    given = config(api, {"name": "a", "table_name": "t"}, {"name": "b", "table_name": "t"})
    line = pipeline("ours", tmp_path)
    line.run(rest_api_source(given))
    assert rows(line, "t") == [1, 2]
    found = loaded(line).tables.rows
    assert {row["v"] or row["v__v_text"] for row in found["t"]} in ({1, "text"}, {"1", "text"})
    assert len(found["t__l"]) == 2
    assert sorted(made) == ["t", "t", "t__l", "t__l"]


def test_one_resource_twice_in_a_load_has_ids_of_its_own(api: Api, tmp_path: Path) -> None:
    api.list_of("/a", [{"id": 1, "l": [1]}])
    source = rest_api_source(config(api, "a"))
    line = pipeline("ours", tmp_path)
    line.run([source.a, rest_api_source(config(api, "a")).a])
    assert len({row["_dlt_id"] for row in loaded(line).tables.rows["a"]}) == 2
    assert len({row["_dlt_parent_id"] for row in loaded(line).tables.rows["a__l"]}) == 2


def test_a_parent_that_is_not_loaded_leaves_no_table(api: Api, tmp_path: Path) -> None:
    api.list_of("/a", [{"id": 1}])
    api.list_of("/a/1/b", [])
    given = config(
        api,
        {"name": "a", "selected": False, "primary_key": "id"},
        {"name": "b", "endpoint": "a/{resources.a.id}/b", "primary_key": "k"},
    )
    line = pipeline("ours", tmp_path)
    line.run(rest_api_source(given))
    assert "a" not in line.default_schema.tables
    assert "k" in line.default_schema.tables["b"]["columns"]


@pytest.mark.parametrize(("chosen", "suffix"), [({}, ".jsonl.gz"), ({"loader_file_format": "parquet"}, ".parquet")])
def test_a_folder_gets_files_of_the_format_that_dlt_would_choose(
    api: Api, tmp_path: Path, made: list[str], chosen: Any, suffix: str
) -> None:
    api.list_of("/a", [{"id": n, "l": [n]} for n in range(3)])
    line = dlt.pipeline(
        "files",
        destination=dlt.destinations.filesystem(str(tmp_path / "files")),
        dataset_name="d",
        pipelines_dir=str(tmp_path / "pipelines"),
    )
    line.run(rest_api_source(config(api, "a")), **chosen)
    files = [file for table in ("a", "a__l") for file in (tmp_path / "files" / "d" / table).iterdir()]
    assert [file.name.endswith(suffix) for file in files] == [True, True]
    assert made == (["a", "a__l"] if chosen else [])


@pytest.mark.parametrize("kind", ["filter", "map", "yield_map"])
def test_a_step_that_raises_is_named_with_its_record(api: Api, tmp_path: Path, kind: str) -> None:
    def fussy(row: Any) -> Any:
        return 1 // row["id"]

    api.list_of("/a", [{"id": 0}])
    source = rest_api_source(config(api, {"name": "a", "processing_steps": [{kind: fussy}]}))
    with pytest.raises(PipelineStepFailed, match=r"fussy`, the .*map|fussy`, the filter") as caught:
        pipeline("ours", tmp_path).run(source)
    assert "ZeroDivisionError" in str(caught.value)
    assert "{'id': 0}" in str(caught.value)


@pytest.mark.parametrize("form", [lambda call: call, lambda call: {"status_code": 200, "action": [call]}])
def test_a_response_action_that_raises_is_named_with_its_url(api: Api, tmp_path: Path, form: Any) -> None:
    def fussy(response: Any, **_: Any) -> None:
        raise ValueError(response.status_code)

    api.list_of("/a", [{"id": 0}])
    source = rest_api_source(config(api, {"name": "a", "endpoint": {"response_actions": [form(fussy)]}}))
    with pytest.raises(PipelineStepFailed, match="fussy`, a response action of a, raised ValueError: 200") as caught:
        pipeline("ours", tmp_path).run(source)
    assert f"{api.url}/a" in str(caught.value)


@pytest.mark.parametrize("order", [None, "asc", "desc"])
def test_an_increment_leaves_out_records_and_the_rest_becomes_tables(
    api: Api, tmp_path: Path, made: list[str], order: Any
) -> None:
    api.list_of("/a", [{"id": n, "l": [n]} for n in (range(9, -1, -1) if order == "desc" else range(10))])
    increment = {"cursor_path": "id", "initial_value": 6, "row_order": order}
    source = rest_api_source(config(api, {"name": "a", "endpoint": {"incremental": increment}}))
    line = pipeline("ours", tmp_path)
    line.run(source)
    assert rows(line, "a") == [6, 7, 8, 9]
    assert set(made) == {"a", "a__l"}
    line.run(source)
    assert rows(line, "a") == [6, 7, 8, 9]
    state = line.state["sources"]["rest_api"]["resources"]["a"]["incremental"]["id"]
    assert state["last_value"] == 9
