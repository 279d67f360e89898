"""Which rows of a table a walk brought, so that they can be taken back once it brings them again."""

# ruff: noqa: S608 - identifiers come through ddl.quote, values are parameters

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from headrace.sinks.base import AskedFor, WalkCommit
from headrace.sinks.database import Database
from headrace.sinks.ddl import WALK, Names, quote
from headrace.sinks.ledger import Staged
from headrace.sinks.settle import Delivery, Settlement

DELIVERIES, DELIVERED, ASKED = "_headrace_deliveries", "_headrace_delivered_rows", "_headrace_asked_rows"

_TABLES: Mapping[str, str] = {
    DELIVERIES: 'run_id VARCHAR, load_id VARCHAR, walk VARCHAR, "table" VARCHAR, keyed BOOLEAN, shared BOOLEAN, '
    "asks VARCHAR, provisional BOOLEAN, abandoned BOOLEAN",
    DELIVERED: "run_id VARCHAR, load_id VARCHAR, walk VARCHAR, id VARCHAR",
    ASKED: "run_id VARCHAR, load_id VARCHAR, walk VARCHAR, rows VARCHAR[], pages VARCHAR[]",
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
        for name in (DELIVERED, ASKED):
            others = f"DELETE FROM {self._names.data(name)} WHERE run_id <> ?"
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
        rows = self._run(
            f"SELECT load_id, walk, rows, pages FROM {self._names.data(ASKED)} WHERE run_id <> ?", [run_id]
        )
        asked: dict[tuple[str, str], list[AskedFor]] = {}
        for load_id, walk, of_rows, pages in rows:
            asked.setdefault((load_id, walk), []).append(AskedFor(tuple(of_rows), tuple(pages)))
        found = self._read("run_id <> ? AND provisional", run_id)
        return [msgspec.structs.replace(old, asked_for=tuple(asked.get(old.which, ()))) for old in found]

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
            self._ask(run_id, delivery)

    def decide(self, run_id: str, walks: Iterable[WalkCommit]) -> None:
        """Whether what the run has brought of some walks is provisional is known better with each of its commits."""
        decided = f"UPDATE {self._names.data(DELIVERIES)} SET provisional = ? AND NOT keyed"
        for walk in walks:
            self._run(f"{decided} WHERE run_id = ? AND walk = ?", [walk.provisional, run_id, walk.walk])

    def forget(self, run_id: str, settlement: Settlement) -> list[tuple[str, str]]:
        """What earlier attempts and runs brought of the walks that enter is dealt with, but for what is waiting.

        Gives the other runs whose rows were taken back, with the walk: should one go on, it brings all of them again.
        """
        withdrawn = sorted({old.which for old in settlement.withdrawn})
        waiting = sorted({old.which for old in settlement.waiting})
        deliveries, of_those = self._names.data(DELIVERIES), "(load_id, walk) IN (SELECT unnest(?), unnest(?))"
        others = f"SELECT DISTINCT run_id, walk FROM {deliveries} WHERE run_id <> ? AND {of_those}"
        found = self._run(others, [run_id, *_apart(withdrawn)])
        which = "walk IN (SELECT unnest(?)) AND CASE WHEN run_id = ? THEN abandoned ELSE provisional END"
        over = f"SELECT load_id, walk FROM {deliveries} WHERE {which} AND NOT {of_those}"
        parameters = [sorted(settlement.entered), run_id, *_apart(waiting)]
        for name in (DELIVERED, ASKED, DELIVERIES):
            self._run(f"DELETE FROM {self._names.data(name)} WHERE (load_id, walk) IN ({over})", parameters)
        left = [each for each in settlement.waiting if each.which in withdrawn]
        self._run(f"UPDATE {deliveries} SET abandoned = true WHERE {of_those}", _apart([each.which for each in left]))
        for old in left:
            self._shorten(old)
        return [(run, walk) for run, walk in found]

    def _ask(self, run_id: str, delivery: Delivery) -> None:
        """Keep which rows of a parent were asked for."""
        asked = delivery.asked_for
        lists = [[list(each.rows) for each in asked], [list(each.pages) for each in asked]]
        if asked:
            query = f"INSERT INTO {self._names.data(ASKED)} SELECT ?, ?, ?, unnest(?), unnest(?)"
            self._run(query, [run_id, *delivery.which, *lists])

    def _shorten(self, waiting: Delivery) -> None:
        """Keep of an old delivery the rows that are waiting."""
        pages = f"DELETE FROM {self._names.data(ASKED)} WHERE load_id = ? AND walk = ? AND pages[1]"
        self._run(f"{pages} NOT IN (SELECT unnest(?))", [*waiting.which, waiting.staying_pages])

    def _read(self, where: str, run_id: str) -> list[Delivery]:
        columns = 'load_id, walk, "table", keyed, shared, asks, provisional'
        rows = self._run(f"SELECT {columns} FROM {self._names.data(DELIVERIES)} WHERE {where}", [run_id])
        return [Delivery(*row) for row in rows]


def _apart(pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    return [[one for one, _ in pairs], [other for _, other in pairs]]
