"""Which rows of a table a walk brought, so that they can be taken back once it brings them again."""

# ruff: noqa: S608 - identifiers come through ddl.quote, values are parameters

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from headrace.sinks.base import WalkCommit
from headrace.sinks.database import Database
from headrace.sinks.ddl import WALK, Names, quote
from headrace.sinks.ledger import Staged
from headrace.sinks.settle import Delivery

DELIVERIES, DELIVERED = "_headrace_deliveries", "_headrace_delivered_rows"

_TABLES: Mapping[str, str] = {
    DELIVERIES: 'run_id VARCHAR, load_id VARCHAR, walk VARCHAR, "table" VARCHAR, keyed BOOLEAN, shared BOOLEAN, '
    "asks VARCHAR, provisional BOOLEAN, abandoned BOOLEAN",
    DELIVERED: "run_id VARCHAR, load_id VARCHAR, walk VARCHAR, id VARCHAR",
}


class Deliveries:
    """Reads and writes these tables, within whatever transaction is open.

    A load id tells the rows of a walk, unless another walk filled the same table in that load: then their ids are kept.
    """

    def __init__(self, database: Database, names: Names) -> None:
        self._run = database.run
        self._names = names

    def create(self, run_id: str) -> None:
        """Make what is missing; ids that earlier runs kept for good are of no use any more."""
        for name, columns in _TABLES.items():
            self._run(f"CREATE TABLE IF NOT EXISTS {self._names.data(name)} ({columns})")
        lasting = f"SELECT (load_id, walk) FROM {self._names.data(DELIVERIES)} WHERE provisional"
        others = f"DELETE FROM {self._names.data(DELIVERED)} WHERE run_id <> ?"
        self._run(f"{others} AND (load_id, walk) NOT IN ({lasting})", [run_id])

    def abandon(self, run_id: str, walks: Sequence[str]) -> None:
        """These walks of the run have begun again."""
        of_walks = "run_id = ? AND walk IN (SELECT unnest(?))"
        self._run(f"UPDATE {self._names.data(DELIVERIES)} SET abandoned = true WHERE {of_walks}", [run_id, list(walks)])

    def abandoned(self, run_id: str) -> list[Delivery]:
        """What the run brought of walks that have begun again since."""
        return self._read("run_id = ? AND abandoned", run_id)

    def provisional(self, run_id: str) -> list[Delivery]:
        """What earlier runs brought, and the next one of the same walks brings again."""
        return self._read("run_id <> ? AND provisional", run_id)

    def note(self, run_id: str, deliveries: Iterable[Delivery], staged: Mapping[str, Staged]) -> None:
        """Keep what the staged rows of some walks are about to bring."""
        for delivery in deliveries:
            walk = staged.get(delivery.walk)
            if walk is None or walk.root != delivery.table:
                continue
            row = [run_id, delivery.load_id, delivery.walk]
            self._run(
                f"INSERT INTO {self._names.data(DELIVERIES)} VALUES (?, ?, ?, ?, ?, ?, ?, ?, false)",
                [*row, delivery.table, delivery.keyed, delivery.shared, delivery.asks, delivery.provisional],
            )
            if delivery.shared:
                ids = f"FROM {self._names.staged(walk.root)} AS s WHERE s.{quote(WALK)} = {walk.number}"
                self._run(f'INSERT INTO {self._names.data(DELIVERED)} SELECT ?, ?, ?, s."_dlt_id" {ids}', row)

    def decide(self, run_id: str, walks: Iterable[WalkCommit]) -> None:
        """Whether what the run has brought of some walks is provisional is known better with each of its commits."""
        decided = f"UPDATE {self._names.data(DELIVERIES)} SET provisional = ? AND NOT keyed"
        for walk in walks:
            self._run(f"{decided} WHERE run_id = ? AND walk = ?", [walk.provisional, run_id, walk.walk])

    def forget(self, run_id: str, walks: Collection[str]) -> list[tuple[str, str]]:
        """What earlier attempts and runs brought of these walks is dealt with. Gives the other runs, with the walk."""
        deliveries, parameters = self._names.data(DELIVERIES), [sorted(walks), run_id, run_id]
        which = "walk IN (SELECT unnest(?)) AND CASE WHEN run_id = ? THEN abandoned ELSE provisional END"
        others = f"SELECT DISTINCT run_id, walk FROM {deliveries} WHERE {which} AND run_id <> ?"
        found = self._run(others, parameters)
        self._run(
            f"DELETE FROM {self._names.data(DELIVERED)} WHERE (load_id, walk) IN"
            f" (SELECT (load_id, walk) FROM {deliveries} WHERE {which})",
            parameters[:2],
        )
        self._run(f"DELETE FROM {deliveries} WHERE {which}", parameters[:2])
        return [(run, walk) for run, walk in found]

    def _read(self, where: str, run_id: str) -> list[Delivery]:
        columns = 'load_id, walk, "table", keyed, shared, asks, provisional'
        rows = self._run(f"SELECT {columns} FROM {self._names.data(DELIVERIES)} WHERE {where}", [run_id])
        return [Delivery(*row) for row in rows]
