"""The tables that dlt itself makes of a set of records: the oracle for whole runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.e2e.warehouse import Records, Types, read_dataset


def dlt_dataset(folder: Path, records: dict[str, list[dict[str, Any]]]) -> tuple[Types, Records]:
    """Load `records` by root table through dlt into a DuckDB of its own, merging on id, and read what came of it."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt

    database = folder / "oracle.duckdb"
    pipeline = dlt.pipeline(
        "oracle",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="tables",
    )

    @dlt.source  # type: ignore[untyped-decorator]
    def everything() -> Any:
        for name, listed in records.items():
            yield dlt.resource(listed, name=name, primary_key="id", write_disposition="merge")

    pipeline.run(everything(), loader_file_format="parquet")
    return read_dataset(database, "tables")
