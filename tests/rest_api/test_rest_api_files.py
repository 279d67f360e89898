"""Files that are written beside the walks: what dlt would write, by its settings, and nothing of a failed load."""

from __future__ import annotations

import gc
import resource
import threading
from copy import deepcopy
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from dlt.common.runtime.collector import NullCollector
from dlt.pipeline.exceptions import PipelineStepFailed

from headrace.rest_api import rest_api_source
from headrace.rest_api.tables import TableMaker
from tests.rest_api.both import Which, assert_equal, load, pipeline
from tests.rest_api.serving import Api

CURSOR = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
# Columns and lists come and go, whole numbers become fractions and texts, and a column is only ever null at first.
POSTS: list[Any] = [
    {"id": n, "tags": ["x"] * (n % 3), "n": n if n % 4 else n + 0.5, "late": None if n < 9 else n}
    | ({"at": "2024-01-01T10:00:00Z"} if n % 5 else {"parts": [{"k": n, "sub": [{"v": True}]}]})
    | ({"mixed": "many"} if n == 11 else {"mixed": n})
    for n in range(16)
]


def config(api: Api, **hints: Any) -> Any:
    return {
        "client": {"base_url": api.url, "paginator": CURSOR},
        "resources": [{"name": "posts", "endpoint": {"data_selector": "data"}, **hints}],
    }


def files(folder: Path, table: str) -> list[pq.FileMetaData]:
    """Of the extracted packages."""
    found = sorted(folder.glob(f"ours/**/extracted/*/new_jobs/{table}.*.parquet"))
    return [pq.ParquetFile(file).metadata for file in found]


@pytest.mark.parametrize("cut", [(1, 1, 0.0), (1, 1, 60.0), (200, 1, 60.0), (200, 2 << 20, 0.0), (6 << 20, 1, 60.0)])
def test_tables_and_schema_are_those_of_dlt_however_the_pages_are_cut(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: tuple[int, int, float]
) -> None:
    batch, held, old_s = cut
    monkeypatch.setattr("headrace.rest_api.tables.BATCH_BYTES", batch)
    monkeypatch.setattr("headrace.rest_api.tables.HELD_BYTES", held)
    monkeypatch.setattr("headrace.rest_api.files._OLD_S", old_s)
    given = config(api, primary_key="id", write_disposition="merge")
    for posts in (POSTS, POSTS[::-2]):
        api.list_of("/posts", posts)
        assert_equal(load("ours", deepcopy(given), tmp_path), load("dlt", deepcopy(given), tmp_path))


def test_a_hint_of_a_column_that_never_comes_is_no_column_of_a_file(api: Api, tmp_path: Path) -> None:
    given = config(api, columns={"never": {"nullable": True}, "late": {"data_type": "double"}}, primary_key="never")
    api.list_of("/posts", POSTS)
    assert_equal(load("ours", deepcopy(given), tmp_path), load("dlt", deepcopy(given), tmp_path))


def test_files_are_cut_and_packed_as_dlt_is_set(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.rest_api.engine.AHEAD", 1)  # pages of two rows come one by one
    monkeypatch.setattr("headrace.rest_api.tables.BATCH_BYTES", 1)
    monkeypatch.setattr("headrace.rest_api.tables.HELD_BYTES", 1)
    monkeypatch.setenv("DATA_WRITER__FILE_MAX_ITEMS", "5")
    monkeypatch.setenv("DATA_WRITER__COMPRESSION", "gzip")
    monkeypatch.setenv("DATA_WRITER__ROW_GROUP_SIZE", "1")
    api.list_of("/posts", [{"id": n} for n in range(24)])
    pipeline("ours", tmp_path).extract(rest_api_source(config(api)), loader_file_format="parquet")
    found = files(tmp_path, "posts")
    assert [file.num_rows for file in found] == [6, 6, 6, 6]
    assert {file.row_group(0).column(0).compression for file in found} == {"GZIP"}
    assert {file.num_row_groups for file in found} == {file.num_rows for file in found}


def test_dlt_counts_the_rows_of_the_files(api: Api, tmp_path: Path) -> None:
    api.list_of("/posts", POSTS)
    counted = []
    which: Which
    for which in ("ours", "dlt"):
        line = pipeline(which, tmp_path)
        load(which, config(api), tmp_path)
        counts = line.last_trace.last_normalize_info.row_counts
        counted.append({table: count for table, count in counts.items() if not table.startswith("_dlt")})
    assert counted[0] == counted[1]
    (extracted,) = pipeline("ours", tmp_path).last_trace.last_extract_info.metrics.values()
    assert extracted[0]["table_metrics"]["posts__tags"].items_count == counted[0]["posts__tags"]


@pytest.mark.parametrize("old_s", [0.0, 60.0])
def test_dlts_progress_counts_each_row_once(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old_s: float
) -> None:
    monkeypatch.setattr("headrace.rest_api.tables.BATCH_BYTES", 1)
    monkeypatch.setattr("headrace.rest_api.tables.HELD_BYTES", 1)
    monkeypatch.setattr("headrace.rest_api.files._OLD_S", old_s)
    monkeypatch.setattr("headrace.rest_api.engine.AHEAD", 1)
    counted: dict[str, list[int]] = {}

    class Counting(NullCollector):  # type: ignore[misc]
        def update(self, name: str, inc: int = 1, *_: Any, **__: Any) -> None:
            counted.setdefault(name, []).append(inc)

    api.list_of("/posts", [{"id": n} for n in range(16)])
    line = pipeline("ours", tmp_path)
    line.collector = Counting()
    line.extract(rest_api_source(config(api)), loader_file_format="parquet")
    assert sum(counted["posts"]) == 16
    assert (len(counted["posts"]) > 1) is (old_s == 0)  # as soon as a file is whole


@pytest.mark.parametrize("setting", ["ADD_DLT_LOAD_ID", "ADD_DLT_ID"])
def test_dlt_normalises_the_rows_where_it_is_to_add_to_parquet_files(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv(f"NORMALIZE__PARQUET_NORMALIZER__{setting}", "true")
    api.list_of("/posts", POSTS)
    assert_equal(load("ours", config(api), tmp_path), load("dlt", config(api), tmp_path))


def test_there_may_be_more_tables_than_files_may_be_open(api: Api, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lists = 200
    api.list_of("/posts", [{"id": 1, **{f"list{n}": [n] for n in range(lists)}}])
    resource.setrlimit(resource.RLIMIT_NOFILE, (len([*Path("/proc/self/fd").iterdir()]) + 100, hard))
    try:
        pipeline("ours", tmp_path).extract(rest_api_source(config(api)), loader_file_format="parquet")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len([*tmp_path.glob("ours/**/new_jobs/posts__list*.parquet")]) == lists


def test_the_threads_of_a_load_end_with_it(api: Api, tmp_path: Path) -> None:
    api.list_of("/posts", POSTS)
    before = set(threading.enumerate())
    gc.disable()
    try:
        for _ in range(4):
            pipeline("ours", tmp_path).extract(rest_api_source(config(api)), loader_file_format="parquet")
        for thread in set(threading.enumerate()) - before:
            if thread.name.startswith(("headrace-files", "headrace-decode")):
                thread.join(5)
                assert not thread.is_alive()
    finally:
        gc.enable()


def test_where_a_file_cannot_be_written_nothing_is_loaded_and_the_next_run_brings_all(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.list_of("/posts", POSTS)
    given = config(api, primary_key="id", write_disposition="merge")
    with monkeypatch.context() as patch:
        patch.setattr("headrace.rest_api.tables.BATCH_BYTES", 1)

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr("headrace.rest_api.files._File.write", full)
        with pytest.raises(PipelineStepFailed, match="No space left on device"):
            load("ours", deepcopy(given), tmp_path)
    assert_equal(load("ours", deepcopy(given), tmp_path), load("dlt", deepcopy(given), tmp_path))


def test_rows_of_a_table_stay_in_the_order_of_the_pages(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.rest_api.tables.BATCH_BYTES", 64)
    monkeypatch.setattr("headrace.rest_api.tables.HELD_BYTES", 64)
    api.list_of("/posts", [{"id": n} for n in range(300)])
    tables = load("ours", config(api), tmp_path).tables
    assert [row["id"] for row in tables.rows["posts"]] == [*range(300)]
    assert len({row["_dlt_id"] for row in tables.rows["posts"]}) == 300


def test_a_limited_resource_is_left_to_dlts_own_writer(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrote: list[str] = []
    monkeypatch.setattr(TableMaker, "write_files", lambda _: wrote.append("posts"))
    api.list_of("/posts", POSTS)
    source = rest_api_source(config(api)).add_limit(2)
    pipeline("ours", tmp_path).extract(source, loader_file_format="parquet")
    assert (wrote, sum(file.num_rows for file in files(tmp_path, "posts"))) == ([], 4)
