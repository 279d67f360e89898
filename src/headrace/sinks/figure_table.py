"""The table in which a DuckDB dataset keeps the figures of its runs."""

# ruff: noqa: S608 - identifiers come through ddl.quote, values are parameters

from __future__ import annotations

from collections.abc import Collection

import msgspec

from headrace.model.table import Figures
from headrace.sinks.database import Database
from headrace.sinks.ddl import Names
from headrace.sinks.figures import STAGED, Counted

FIGURES = "_headrace_figures"


class FigureTable:
    """Reads and writes the figures of the run at hand, within whatever transaction is open."""

    def __init__(self, database: Database, names: Names) -> None:
        self._run = database.run
        self._table = names.data(FIGURES)

    def create(self, run_id: str) -> None:
        """Make the table, and forget what another run had only staged."""
        self._run(
            f"CREATE TABLE IF NOT EXISTS {self._table} (run_id VARCHAR, walk VARCHAR, load_id VARCHAR, figures VARCHAR)"
        )
        self._run(f"DELETE FROM {self._table} WHERE load_id = ? AND run_id <> ?", [STAGED, run_id])

    def read(self, run_id: str) -> Counted:
        """All that is known of a run."""
        rows = self._run(f"SELECT walk, load_id, figures FROM {self._table} WHERE run_id = ? ORDER BY rowid", [run_id])
        return {(walk, load_id): msgspec.json.decode(text, type=Figures) for walk, load_id, text in rows}

    def write(self, run_id: str, walk: str, load_id: str, figures: Figures) -> None:
        """Put the figures of a walk in the place of those that it had."""
        self.forget(run_id, [walk], load_id)
        text = msgspec.json.encode(figures).decode()
        self._run(f"INSERT INTO {self._table} VALUES (?, ?, ?, ?)", [run_id, walk, load_id, text])

    def forget(self, run_id: str, walks: Collection[str], load_id: str | None = None) -> None:
        """Walks of the run no longer count; with `load_id`, those of that load."""
        self._run(
            f"DELETE FROM {self._table}"
            " WHERE run_id = ? AND walk IN (SELECT unnest(?)) AND load_id = coalesce(?, load_id)",
            [run_id, list(walks), load_id],
        )
