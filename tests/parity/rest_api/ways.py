"""The two ways to load with headrace, in one form: the drop-in in a dlt pipeline, and `headrace.load`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from tests.parity.rest_api.case import Config

Row = dict[str, Any]


@dataclass(frozen=True)
class Loaded:
    """What a run left: rows without our own columns by table, and what it complained of (nothing: it went well)."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    problem: str = ""

    def values(self, table: str, column: str = "id") -> list[Any]:
        return sorted((row[column] for row in self.rows.get(table, [])), key=repr)


Way = Callable[[Config, Path], Loaded]


def by_drop_in(config: Config, folder: Path) -> Loaded:
    from headrace.rest_api import rest_api_source

    return in_pipeline(lambda: rest_api_source(config), folder)


def by_dlt(config: Config, folder: Path) -> Loaded:
    """By dlt's own source: what headrace is compared with."""
    from dlt.sources.rest_api import rest_api_source

    return in_pipeline(lambda: rest_api_source(config), folder)


def in_pipeline(source: Callable[[], Any], folder: Path) -> Loaded:
    """A run of the pipeline in this folder, the next one if there have been others."""
    import dlt

    destination = dlt.destinations.duckdb(str(folder / "p.duckdb"))
    pipeline = dlt.pipeline("defects", pipelines_dir=str(folder), destination=destination, dataset_name="d")
    problem = ""
    try:
        pipeline.run(source(), loader_file_format="parquet")
    except Exception as error:  # noqa: BLE001 (the tests are about what is said)
        problem = _chain(error)
    return Loaded(_rows(folder / "p.duckdb", "d"), problem)


def by_load(config: Config, folder: Path) -> Loaded:
    import headrace

    document = folder / "api.json"
    document.write_text(json.dumps(config), encoding="utf-8")
    warehouse = folder / "w.duckdb"
    try:
        report = headrace.load(
            document, to=f"duckdb:///{warehouse}", dataset="d", journal=str(folder / "journal"), environ={}
        )
    except headrace.ConfigError as error:
        return Loaded(problem="\n".join([str(error), *map(str, error.faults)]))
    told = [*map(str, report.errors), *map(str, report.notices)]
    told += [str(resource.reject_reasons) for resource in report.resources.values()]
    return Loaded(_rows(warehouse, "d"), "\n".join(told) if report.exit_code else "")


def _chain(error: BaseException | None) -> str:
    texts = []
    while error is not None:
        texts.append(f"{type(error).__name__}: {error}")
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


def _rows(warehouse: Path, dataset: str) -> dict[str, list[Row]]:
    if not warehouse.exists():
        return {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        query = "SELECT table_name FROM information_schema.tables WHERE table_schema = ?"
        names = [name for (name,) in connection.execute(query, [dataset]).fetchall()]
        return {name: _table(connection, dataset, name) for name in names if not re.match("_dlt|_headrace", name)}


def _table(connection: Any, dataset: str, name: str) -> list[Row]:
    cursor = connection.execute(f'SELECT * FROM "{dataset}"."{name}"')
    columns = [column[0] for column in cursor.description]
    rows = (dict(zip(columns, row, strict=True)) for row in cursor.fetchall())
    return [{key: value for key, value in row.items() if not key.startswith("_dlt_")} for row in rows]


WAYS: dict[str, Way] = {"drop-in": by_drop_in, "load": by_load}
