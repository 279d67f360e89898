"""Which jobs of a load that was killed had reached the database, though dlt had no time to write that down."""

# ruff: noqa: S608 - identifiers come through dlt's escaping, values as parameters

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from dlt.common.storages import PackageStorage, ParsedLoadJobFileName
from dlt.destinations.job_client_impl import SqlJobClientBase

from headrace.sinks.dlt_rows import ID

_LOAD_IDS = ("_dlt_load_id", "load_id")


def note_landed(packages: PackageStorage, load_id: str, client: SqlJobClientBase) -> None:
    """Tell dlt of each job that was begun and whose rows are there: a job is one transaction, so all of them are.

    Done again, such a job would bring its rows twice.
    """
    for file in packages.list_started_jobs(load_id):
        path = Path(packages.storage.make_full_path(file))
        job = ParsedLoadJobFileName.parse(path.name)
        if packages.load_pending_transition(load_id, path.name) is None and _has_landed(path, job, load_id, client):
            packages.save_pending_transition(load_id, path.name, "completed", None)


def is_recorded(load_id: str, client: SqlJobClientBase) -> bool:
    """Whether the destination has the load as complete."""
    table = client.sql_client.make_qualified_table_name(client.schema.loads_table_name)
    query = f"SELECT 1 FROM {table} WHERE {client.sql_client.escape_column_name('load_id')} = %s"
    return bool(client.sql_client.execute_sql(query, load_id))


def _has_landed(path: Path, job: ParsedLoadJobFileName, load_id: str, client: SqlJobClientBase) -> bool:
    columns = client.schema.tables[job.table_name]["columns"] if job.table_name in client.schema.tables else {}
    mark = _mark(path, job.file_format) if ID in columns else None
    column, value = (ID, mark) if mark else (next((one for one in _LOAD_IDS if one in columns), None), load_id)
    if job.file_format not in ("parquet", "csv", "insert_values", "jsonl") or column is None:
        return False  # dlt does what these say twice as well as once
    sql = client.sql_client
    if client.should_load_data_to_staging_dataset(job.table_name):
        with sql.with_staging_dataset():
            return _is_there(sql, job.table_name, column, value)
    return _is_there(sql, job.table_name, column, value)


def _is_there(sql: Any, table: str, column: str, value: str) -> bool:  # noqa: ANN401 - dlt's own
    query = f"SELECT 1 FROM {sql.make_qualified_table_name(table)} WHERE {sql.escape_column_name(column)} = %s"
    return bool(sql.execute_sql(query, value))


def _mark(path: Path, file_format: str) -> str | None:
    """The id of the first row of a file, if it has one."""
    if file_format == "parquet":
        rows = pq.ParquetFile(path).iter_batches(batch_size=1, columns=[ID])
    elif file_format == "csv":
        rows = iter(pa_csv.read_csv(path).select([ID]).slice(0, 1).to_batches())
    else:
        return None
    first = next(rows, None)
    return None if first is None or not first.num_rows else str(first.column(0)[0].as_py())
