"""A dataset in a DuckDB file that dlt loads, seen from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt

from headrace.sinks.base import Sink
from headrace.sinks.dlt import DltSink
from headrace.sinks.dlt_staging import StagingFolder

from .making import InDuckDB, Row


class InDlt(InDuckDB):
    """Looks into the file, and into the folder where batches wait. Settings are in the environment."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.folder = path.parent / "work"

    def new_sink(self) -> Sink:
        return DltSink("duckdb", self.dataset, self.folder)

    def rows(self, table: str) -> list[Row]:
        return super().rows(table) if self.path.exists() else []

    def all_tables(self) -> set[str]:
        return super().all_tables() if self.path.exists() else set()

    def loads(self) -> list[str]:
        return super().loads() if "_dlt_loads" in self.all_tables() else []

    def rejects(self) -> list[tuple[str, str, int, int, str, bytes]]:
        return super().rejects() if "_headrace_rejects" in self.all_tables() else []

    def staged_rows(self) -> int:
        staging = StagingFolder(self.folder / "staged")
        staging.open()
        return sum(rows.num_rows for one in staging.batches for _, rows in one.rows(lambda _: None))


def settings(folder: Path) -> dict[str, str]:
    """What stands in the environment of a process that loads into the file of `folder`."""
    return {
        "DESTINATION__DUCKDB__CREDENTIALS": f"duckdb:///{folder / 'w.duckdb'}",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "CRITICAL",
        "DLT_DATA_DIR": str(folder / "dlt"),
    }


def pipeline(folder: Path, dataset: str = "data") -> Any:
    """The pipeline with which the sink loads, for those who look at it."""
    return dlt.pipeline(dataset, destination="duckdb", dataset_name=dataset, pipelines_dir=str(folder / "work"))
