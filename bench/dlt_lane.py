"""One pipeline of dlt's: the six resources of the emulator, or a thousand children of a slow API.

    python -P bench/dlt_lane.py URL DATABASE LANE [children]

The last line that it prints says, as JSON, how many seconds dlt's steps took.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

url, database, lane, *rest = sys.argv[1:]
parallel = lane in ("parquet", "parallelized", "parallelized20")
if lane == "parquet":  # what its documentation recommends for speed
    os.environ.setdefault("EXTRACT__WORKERS", "6")
    os.environ.setdefault("NORMALIZE__WORKERS", "2")
if lane == "parallelized20":
    os.environ.setdefault("EXTRACT__WORKERS", "20")

import dlt  # noqa: E402 (its settings are read from the environment)

rest_api = importlib.import_module("headrace.rest_api" if lane == "drop-in" else "dlt.sources.rest_api")

PAGING = {"type": "cursor", "cursor_path": "next", "cursor_param": "from"}


def six() -> dict[str, Any]:
    names = ["accounts", "admins", "conversations", "notes", "tasks", "users"]
    return {
        "client": {
            "base_url": url,
            "auth": {"type": "http_basic", "username": os.environ["SECRET_TOKEN"], "password": ""},
            "paginator": PAGING,
        },
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge", "parallelized": parallel},
        "resources": [
            {"name": name, "endpoint": {"path": name, "data_selector": "results", "params": {"limit": 100}}}
            for name in names
        ],
    }


def children() -> dict[str, Any]:
    endpoint = {"path": "parents/{resources.parents.id}/children", "paginator": "single_page"}
    return {
        "client": {"base_url": url, "paginator": PAGING},
        "resource_defaults": {"parallelized": parallel, "endpoint": {"data_selector": "results"}},
        "resources": ["parents", {"name": "children", "endpoint": endpoint}],
    }


@dlt.source(name="vitally")  # type: ignore[untyped-decorator]
def vitally() -> object:
    return rest_api.rest_api_resources(children() if rest else six())


def timed(step: Callable[..., object], *args: object, **named: object) -> float:
    began = time.perf_counter()
    step(*args, **named)
    return time.perf_counter() - began


if __name__ == "__main__":
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.duckdb(database),
        dataset_name="vitally_data",
        pipelines_dir=str(Path(database).parent / "pipelines"),
    )
    chosen = {} if lane == "default" else {"loader_file_format": "parquet"}
    steps = {
        "extract_s": timed(pipeline.extract, vitally(), **chosen),
        "normalize_s": timed(pipeline.normalize),
        "load_s": timed(pipeline.load),
    }
    print(json.dumps(steps))
