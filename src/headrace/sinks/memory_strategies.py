"""dlt's other merge strategies over plain dictionaries: what enters, and what becomes of the rows that are there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from headrace.model.strategy import ROW_ID, Cdc, InsertOnly, Scd2, Upsert
from headrace.model.table import TableSchema
from headrace.sinks.memory_rows import Row, best_of, is_marked, key_of, remove

Placed: TypeAlias = tuple[int, Row]
"""A row with the place of its root among all that were staged."""
Staged: TypeAlias = Mapping[str, Sequence[Placed]]


@dataclass(frozen=True)
class Merge:
    """One merge into `data`. `joins`: this run has filled the table before; `moment` is when versions change."""

    data: dict[str, list[Row]]
    tables: Sequence[TableSchema]
    moment: dt.datetime | None
    joins: bool

    def enter(self, way: Upsert | InsertOnly | Scd2 | Cdc, staged: Staged) -> tuple[dict[str, list[Row]], int]:
        """The rows that enter, and how many root rows a better one of their key or version has replaced."""
        root = self.tables[0]
        key = (way.row_version,) if isinstance(way, Scd2) else root.primary_key
        rows = [row for _, row in staged[root.name]]
        best = best_of(rows, key, root.dedup_sort, last=isinstance(way, Upsert | Cdc))
        first = {staged[root.name][number][0] for number in best}
        lost = len(rows) - len(first)
        new = _of(staged, first)
        match way:
            case Cdc():
                self._delete_absent(new)
                entering = self._upserted(way, new)
            case Upsert():
                entering = self._upserted(way, new)
            case InsertOnly():
                entering = self._inserted(new)
            case Scd2():
                entering = self._versions(way, new)
            case _:
                assert_never(way)
        return {name: [row for _, row in rows] for name, rows in entering.items()}, lost

    def _upserted(self, way: Upsert | Cdc, new: Staged) -> Staged:
        root = self.tables[0]
        there = {key_of(row, root.primary_key): row for row in self.data.get(root.name, [])}
        replaced = [old for _, row in new[root.name] if (old := there.get(key_of(row, root.primary_key)))]
        unmarked = self._unmarked(new)
        same: set[int] = set()
        if way.skip_unchanged:
            apart = {*root.primary_key, root.hard_delete, "_dlt_load_id"}
            columns = [c.name for c in root.columns if c.name not in apart]
            names = [way.row_version, ROW_ID] if way.row_version else columns
            for place, row in unmarked[root.name]:
                old = there.get(key_of(row, root.primary_key))
                if names and old and all(row.get(name) == old.get(name) for name in names):
                    same.add(place)
        kept = [there[key_of(row, root.primary_key)] for place, row in unmarked[root.name] if place in same]
        remove(self.data, self.tables, replaced)
        self.data.setdefault(root.name, []).extend(kept)
        return {**unmarked, root.name: [(place, row) for place, row in unmarked[root.name] if place not in same]}

    def _delete_absent(self, new: Staged) -> None:
        root = self.tables[0]
        known = {key_of(row, root.primary_key) for _, row in new[root.name]}
        beside = {key_of(row, root.merge_key) for _, row in new[root.name]}
        gone = [
            row
            for row in self.data.get(root.name, [])
            if key_of(row, root.primary_key) not in known
            and (not root.merge_key or key_of(row, root.merge_key) in beside)
        ]
        if not self.joins:
            remove(self.data, self.tables, gone)

    def _inserted(self, new: Staged) -> Staged:
        root = self.tables[0]
        there = {key_of(row, root.primary_key) for row in self.data.get(root.name, [])}
        unmarked = self._without_known(self._unmarked(new))
        anew = [placed for placed in unmarked[root.name] if key_of(placed[1], root.primary_key) not in there]
        return {**unmarked, root.name: anew}

    def _versions(self, way: Scd2, new: Staged) -> Staged:
        root = self.tables[0]
        until = None if way.active is None else dt.datetime.fromisoformat(way.active)
        open_ = [row for row in self.data.get(root.name, []) if row.get(way.valid_to) == until]
        staged = {row[way.row_version] for _, row in new[root.name]}
        beside = {key_of(row, root.merge_key) for _, row in new[root.name]}
        for row in open_:
            is_in_part = not root.merge_key or key_of(row, root.merge_key) in beside
            if row.get(way.row_version) not in staged and is_in_part and not self.joins:
                row[way.valid_to] = self.moment
        known = {row.get(way.row_version) for row in open_}
        first = {place for place, row in new[root.name] if row[way.row_version] not in known}
        entering = self._without_known(_of(new, first))
        dates = {way.valid_from: self.moment, way.valid_to: until}
        return {**entering, root.name: [(place, {**row, **dates}) for place, row in entering[root.name]]}

    def _unmarked(self, new: Staged) -> Staged:
        root = self.tables[0]
        stay = {place for place, row in new[root.name] if not is_marked(row, root)}
        return _of(new, stay)

    def _without_known(self, new: Staged) -> Staged:
        """A child that is there already does not come again."""
        known = {table.name: {row[ROW_ID] for row in self.data.get(table.name, [])} for table in self.tables}
        root = self.tables[0].name
        return {
            name: rows if name == root else [placed for placed in rows if placed[1][ROW_ID] not in known[name]]
            for name, rows in new.items()
        }


def _of(staged: Staged, places: set[int]) -> Staged:
    """What is, or hangs on, the root rows at these places."""
    return {name: [placed for placed in rows if placed[0] in places] for name, rows in staged.items()}
