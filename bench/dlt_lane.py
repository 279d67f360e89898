"""The same six resources through dlt: its config repaired, with its defaults or with its fastest settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path

url, database, lane = sys.argv[1:4]
parquet = lane == "parquet"
if parquet:  # what its documentation recommends for speed
    os.environ.setdefault("EXTRACT__WORKERS", "6")
    os.environ.setdefault("NORMALIZE__WORKERS", "2")

import dlt  # noqa: E402 (its settings are read from the environment)
from dlt.sources.rest_api import rest_api_resources  # noqa: E402


@dlt.source(name="vitally")  # type: ignore[untyped-decorator]
def vitally() -> object:
    names = ["accounts", "admins", "conversations", "notes", "tasks", "users"]
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "from"}
    return rest_api_resources(
        {
            "client": {
                "base_url": url,
                "auth": {"type": "http_basic", "username": os.environ["SECRET_TOKEN"], "password": ""},
                "paginator": paginator,
            },
            "resource_defaults": {"primary_key": "id", "write_disposition": "merge", "parallelized": parquet},
            "resources": [
                {"name": name, "endpoint": {"path": name, "data_selector": "results", "params": {"limit": 100}}}
                for name in names
            ],
        }
    )


if __name__ == "__main__":
    pipeline = dlt.pipeline(
        "bench_" + lane,
        destination=dlt.destinations.duckdb(database),
        dataset_name="vitally_data",
        pipelines_dir=str(Path(database).parent / "pipelines"),
    )
    if parquet:
        pipeline.run(vitally(), loader_file_format="parquet")
    else:
        pipeline.run(vitally())
