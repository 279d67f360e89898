"""How staged rows enter in DuckDB where a merge is no delete-insert: what leaves the staging first, in what order.

Afterwards all that is left in the staging is inserted as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from headrace.model.strategy import ROW_ID, Cdc, InsertOnly, Scd2, Upsert
from headrace.model.table import TableSchema
from headrace.sinks import merge_sql, strategy_sql
from headrace.sinks.database import Database
from headrace.sinks.ddl import LOAD_ID, Catalog, Names
from headrace.sinks.merge_sql import LOSERS, Source
from headrace.sinks.strategy_sql import KNOWN, MARKED
from headrace.sinks.versions import moment_of


class Merge:
    """One merge of the tables of a root, within the transaction of the commit. All of them are in the dataset.

    `staged` and `data` are the tables as they are; `delete_children` deletes what hangs on the doomed roots.
    `joins`: this run has brought a part of the table before, so what these rows lack is not gone.
    """

    def __init__(
        self,
        database: Database,
        names: Names,
        tables: Sequence[TableSchema],
        source: Source,
        *,
        staged: Catalog,
        data: Catalog,
        delete_children: Callable[[], None],
        joins: bool,
    ) -> None:
        self._run = database.run
        self._count = database.number
        self._names = names
        self._root = next(table for table in tables if table.parent is None)
        self._children = [table.name for table in tables if table.parent is not None and table.name in staged]
        self._source = source
        self._staged: Mapping[str, str] = staged[self._root.name]
        self._data = data[self._root.name]
        self._delete_children = delete_children
        self._joins = joins

    def prepare(self, way: Upsert | InsertOnly | Scd2 | Cdc, load_id: str) -> int:
        """Leave in the staging what enters. How many rows a better one of their key or version has replaced."""
        root = self._root
        match way:
            case Upsert():
                lost = self._weed(root.primary_key, last=True)
                self._upsert(way)
            case Cdc():
                lost = self._weed(root.primary_key, last=True)
                if not self._joins:
                    self._delete_absent()
                self._upsert(way)
            case InsertOnly():
                lost = self._weed(root.primary_key, last=False)
                self._insert_new()
            case Scd2():
                lost = self._weed((way.row_version,), last=False)
                self._new_versions(way, load_id)
            case _:
                assert_never(way)
        return lost

    def _weed(self, key: Sequence[str], *, last: bool) -> int:
        sort = self._root.dedup_sort
        sort = sort if sort is not None and sort[0] in self._staged else None
        query = strategy_sql.losers(self._names, self._root.name, key, self._source, sort, last=last)
        self._run(query)
        lost = self._count(f"SELECT count(*) FROM {LOSERS}")  # noqa: S608 - a name of our own
        if lost:
            self._drop(LOSERS)
        return lost

    def _upsert(self, way: Upsert | Cdc) -> None:
        names, root, key, source = self._names, self._root.name, self._root.primary_key, self._source
        has_marks = self._mark()
        self._run(merge_sql.doomed(names, root, [key], source))
        self._delete_children()
        if compared := self._compared(way):
            self._run(strategy_sql.unchanged(names, root, key, compared, source))
            if has_marks:
                self._run(strategy_sql.forget(KNOWN, MARKED))
            self._run(strategy_sql.delete_changed_roots(names, root, key, source))
            self._run(strategy_sql.without(names, root, KNOWN))
        else:
            self._run(merge_sql.delete_roots(names, root, [key], source))
        if has_marks:
            self._drop(MARKED)

    def _compared(self, way: Upsert | Cdc) -> list[tuple[str, bool]]:
        """The columns that say whether a row is as it was, if that counts.

        Its id too: children hang on it, and another strategy has not made it of the key.
        """
        if not way.skip_unchanged:
            return []
        apart = {*self._root.primary_key, self._root.hard_delete, LOAD_ID}
        names = [way.row_version, ROW_ID] if way.row_version else [name for name in self._data if name not in apart]
        return [(name, name in self._staged) for name in names]

    def _delete_absent(self) -> None:
        root = self._root
        self._run(strategy_sql.absent(self._names, root.name, root.primary_key, root.merge_key, self._source))
        self._delete_children()
        self._run(strategy_sql.delete_absent(self._names, root.name, root.primary_key, root.merge_key, self._source))

    def _insert_new(self) -> None:
        names, root = self._names, self._root
        if self._mark():
            self._drop(MARKED)
        self._run(strategy_sql.known_keys(names, root.name, root.primary_key, self._source))
        self._run(strategy_sql.without(names, root.name, KNOWN))
        self._drop_known_children()

    def _new_versions(self, way: Scd2, load_id: str) -> None:
        names, root, source = self._names, self._root, self._source
        moment = moment_of(way, load_id)
        if not self._joins:
            self._run(strategy_sql.close_absent(names, root.name, way, root.merge_key, source, moment=moment))
        self._run(strategy_sql.known_versions(names, root.name, way, source))
        self._drop(KNOWN)
        self._drop_known_children()
        self._run(strategy_sql.open_versions(names, root.name, way, source, moment))

    def _mark(self) -> bool:
        """Whether there are rows that are to go; then they are marked."""
        column = self._root.hard_delete
        if not column or column not in self._staged:
            return False
        self._run(strategy_sql.marked(self._names, self._root.name, column, self._staged[column], self._source))
        return bool(self._count(f"SELECT count(*) FROM {MARKED}"))  # noqa: S608 - a name of our own

    def _drop(self, rows: str) -> None:
        """Take root rows out of the staging, and what hangs on them."""
        for table in (self._root.name, *self._children):
            self._run(strategy_sql.without(self._names, table, rows))

    def _drop_known_children(self) -> None:
        """A child that is there already does not come again."""
        for table in self._children:
            self._run(strategy_sql.without_known_ids(self._names, table, self._source))
