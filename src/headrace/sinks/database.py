"""How this room speaks to an open database: a statement at a time, each to its end, and the catalog as it is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from headrace.sinks.ddl import Catalog


class Answer(Protocol):
    """What a statement gave."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows."""
        ...


class Connection(Protocol):
    """As much of DuckDB's connection as is used here; the driver itself is imported in `duckdb.py` alone."""

    def execute(self, query: str, parameters: Sequence[object] = ...) -> Answer:
        """Begin a statement; it is over when its rows are fetched."""
        ...

    def register(self, view_name: str, python_object: object) -> object:
        """Make Arrow data readable under a name, without a copy."""
        ...

    def unregister(self, view_name: str) -> object:
        """Forget that name."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


class Database:
    """One open database. Errors are the driver's own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a statement to its end. Cells are whatever type their column has."""
        # An unfetched result would keep the connection busy, and some statements unfinished.
        return self._connection.execute(query, parameters).fetchall()

    def number(self, query: str, parameters: Sequence[object] = ()) -> int:
        """Run a statement whose answer is one number: a count, or how many rows it changed."""
        return int(self.run(query, parameters)[0][0])

    @contextlib.contextmanager
    def lending(self, name: str, arrow: object) -> Iterator[None]:
        """Let statements of this block read Arrow data as the temporary view `name`."""
        self._connection.register(name, arrow)
        yield
        # Not after a failure: in a transaction that is lost this would fail as well, and hide why. The next one
        # lent under this name takes its place.
        self._connection.unregister(name)

    def catalog(self, database: str, schema: str) -> Catalog:
        """The tables of a schema with their columns, in order."""
        rows = self.run(
            "SELECT table_name, column_name, data_type FROM duckdb_columns()"
            " WHERE database_name = ? AND schema_name = ? ORDER BY table_name, column_index",
            [database, schema],
        )
        catalog: Catalog = {}
        for table, column, sql in rows:
            catalog.setdefault(table, {})[column] = sql
        return catalog

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()
