"""How staged rows enter the dataset in DuckDB: which statements a settled commit becomes, and in what order."""

# ruff: noqa: S608 - identifiers come through ddl.quote, values are parameters

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headrace.errors import SinkError
from headrace.model.strategy import Cdc, DeleteInsert, InsertOnly, Scd2, Upsert
from headrace.model.table import ROW, Schema, TableSchema
from headrace.sinks import merge_sql, strategy_sql
from headrace.sinks.absence import without_absence
from headrace.sinks.by_strategy import Merge
from headrace.sinks.database import Database
from headrace.sinks.ddl import (
    LOAD_ID,
    TYPES,
    WALK,
    Catalog,
    Names,
    add_columns,
    adopt,
    create_data,
    quote,
    staged_in,
    widen_columns,
    with_load_id,
)
from headrace.sinks.deliveries import DELIVERED
from headrace.sinks.ledger import Staged
from headrace.sinks.merge_sql import Link, Source
from headrace.sinks.settle import Delivery, Entry, Settlement, family

_ROOT_ID = "_dlt_root_id"


class Dataset:
    """The dataset's tables within one open transaction: the commit's own.

    `stored` is the schema of the commit before, `new` that of this one.
    `rows` and `duplicates` are what has been inserted, and which rows of a load a later read of their key replaced.
    """

    def __init__(self, database: Database, names: Names, stored: Schema, new: Schema) -> None:
        self._database = database
        self._names = names
        self._stored = stored
        self._new = new
        self._data = database.catalog(names.catalog, names.dataset)
        self._staged = {name: columns for name, columns in staged_in(self._data).items() if WALK in columns}
        self.rows: dict[str, int] = {}
        self.duplicates: dict[str, int] = {}

    @property
    def there(self) -> Catalog:
        """The tables as they are now, with their columns."""
        return self._data

    def take(self, settlement: Settlement, walks: Mapping[str, Staged], load_id: str) -> None:
        """Do what was settled; `walks` are those in the staging. Raises SinkError if a staged table is unknown."""
        if unknown := self._staged.keys() - self._new.tables.keys():
            raise SinkError(
                f"rows are staged for {sorted(unknown)}, which the schema of the commit lacks: add them to it"
            )
        for root in settlement.dropped:
            self._drop(root)
        for delivery in settlement.withdrawn:
            self._withdraw(delivery)
        for entry in settlement.entries:
            if entry.emptied:
                self._empty(entry.table)
            source = _source(entry, walks)
            if source is not None:
                self._enter(entry, source, load_id)

    def _drop(self, root: str) -> None:
        for table in reversed(family(root, self._stored, self._new)):
            if table.name in self._data:
                self._database.run(f"DROP TABLE {self._names.data(table.name)}")
                del self._data[table.name]

    def _empty(self, root: str) -> None:
        """Child tables too, also those that the new rows do not fill."""
        for table in family(root, self._stored, self._new):
            if table.name in self._data:
                self._database.run(f"DELETE FROM {self._names.data(table.name)}")

    def _withdraw(self, delivery: Delivery) -> None:
        """Take back what an earlier attempt of a walk has brought, children first."""
        if delivery.table not in self._data:
            return
        delivered = DELIVERED if delivery.shared else None
        brought: list[object] = [delivery.load_id, *([delivery.walk] if delivery.shared else ())]
        brought.append(delivery.staying_pages)
        self._database.run(merge_sql.withdrawn(self._names, delivery.table, delivered), brought)
        self._delete_children(family(delivery.table, self._stored, self._new))
        self._database.run(merge_sql.delete_brought(self._names, delivery.table, delivered), brought)

    def _delete_children(self, tables: Sequence[TableSchema]) -> None:
        """Delete what hangs on the doomed roots, the deepest first."""
        for table in reversed(tables):
            if table.parent is not None and table.name in self._data:
                self._database.run(merge_sql.delete_children(self._names, self._path(table, self._data)))

    def _enter(self, entry: Entry, source: Source, load_id: str) -> None:
        tables = family(entry.table, self._stored, self._new)
        if entry.disposition != "skip":
            self._evolve(tables)
            distinct = True
            if entry.disposition == "merge" and not isinstance(tables[0].strategy, DeleteInsert):
                self._merge_by(tables[0].strategy, entry, source, load_id)
            else:
                distinct = entry.disposition != "merge" or self._merge(tables, source)
                if distinct and source.walks is None:
                    self._adopt(tables, load_id)
            self._insert(tables, source, load_id, distinct=distinct)
        self._clear(tables, source)

    def _merge_by(self, way: Upsert | InsertOnly | Scd2 | Cdc, entry: Entry, source: Source, load_id: str) -> None:
        """Leave in the staging what enters, and in the dataset what stays."""
        tables = family(entry.table, self._stored, self._new)
        for table in tables:
            if table.name in self._staged:
                self._create(table)
        if entry.lacks:
            tables = (without_absence(tables[0]), *tables[1:])
        merge = Merge(
            self._database,
            self._names,
            tables,
            source,
            staged=self._staged,
            data=self._data,
            delete_children=lambda: self._delete_children(tables),
            joins=entry.joins,
        )
        if lost := merge.prepare(way, load_id):
            self.duplicates[entry.table] = self.duplicates.get(entry.table, 0) + lost

    def _evolve(self, tables: Sequence[TableSchema]) -> None:
        """Add columns to the tables that are there already."""
        for table in tables:
            there = self._data.get(table.name)
            columns = {column.name: "" for column in with_load_id(table)}
            if there is None:
                continue
            name = self._names.data(table.name)
            for statement in (
                *add_columns(name, there, with_load_id(table)),
                *widen_columns(name, there, with_load_id(table)),
            ):
                self._database.run(statement)
            self._data[table.name] = columns | there
            if _ROOT_ID in columns and _ROOT_ID not in there:
                self._database.run(merge_sql.fill_root_id(self._names, self._path(table, self._data)))

    def _merge(self, tables: Sequence[TableSchema], source: Source) -> bool:
        """Delete what the staged rows replace, and find those that are replaced among themselves: none, if True."""
        names, root = self._names, next(table for table in tables if table.parent is None)
        keys = [key for key in (root.primary_key, root.merge_key) if key and set(key) <= self._staged[root.name].keys()]
        if keys and root.name in self._data and self._holds_rows(root.name):
            self._database.run(merge_sql.doomed(names, root.name, keys, source))
            self._delete_children(tables)
            self._database.run(merge_sql.delete_roots(names, root.name, keys, source))
        count = 0
        if root.primary_key in keys:
            sort = root.dedup_sort if root.dedup_sort and root.dedup_sort[0] in self._staged[root.name] else None
            self._database.run(
                merge_sql.losers(names, root.name, root.primary_key, source)
                if sort is None
                else strategy_sql.losers(names, root.name, root.primary_key, source, sort, last=True)
            )
            count = self._database.number(f"SELECT count(*) FROM {merge_sql.LOSERS}")
        marks = self._marks(root, source)
        if marks:
            if root.primary_key not in keys:
                self._database.run(merge_sql.no_losers())
            self._database.run(merge_sql.lost_as_well(strategy_sql.MARKED))
        if count or marks:
            self._database.run(merge_sql.orphaned(names, root.name, source))
        if count:
            self.duplicates[root.name] = self.duplicates.get(root.name, 0) + count
        return not count and not marks

    def _marks(self, root: TableSchema, source: Source) -> int:
        """How many staged rows are marked: those of their key go, and they do not come."""
        sql_type = self._staged[root.name].get(root.hard_delete)
        if not sql_type:
            return 0
        self._database.run(strategy_sql.marked(self._names, root.name, root.hard_delete, sql_type, source))
        return self._database.number(f"SELECT count(*) FROM {strategy_sql.MARKED}")

    def _adopt(self, tables: Sequence[TableSchema], load_id: str) -> None:
        """Staged tables that the dataset does not have, and all of whose rows enter, become its own as they are."""
        for table in tables:
            staged = self._staged.get(table.name)
            if staged is None or table.name in self._data or not _is_ready(table, staged):
                continue
            where = self._names.staged(table.name)
            self.rows[table.name] = self._database.number(f"SELECT count(*) FROM {where}")
            *constraints, rename = adopt(self._names, table)
            for statement in constraints:
                self._database.run(statement)
            if table.parent is None:
                self._database.run(f"UPDATE {where} SET {quote(LOAD_ID)} = ?", [load_id])
            self._database.run(rename)
            self._data[table.name] = self._staged.pop(table.name)

    def _insert(self, tables: Sequence[TableSchema], source: Source, load_id: str, *, distinct: bool) -> None:
        for table in tables:
            if table.name not in self._staged:
                continue
            self._create(table)
            ours = {WALK, ROW} if table.parent is not None else {WALK, ROW, LOAD_ID}
            columns = [name for name in self._staged[table.name] if name not in ours]
            if table.parent is None:
                query = merge_sql.insert_roots(self._names, table.name, columns, source, distinct=distinct)
                count = self._database.number(query, [load_id])
            else:
                path = self._path(table, self._staged)
                query = merge_sql.insert_children(self._names, path, columns, source, distinct=distinct)
                count = self._database.number(query)
            self.rows[table.name] = self.rows.get(table.name, 0) + count

    def _create(self, table: TableSchema) -> None:
        """Make a table if it is missing."""
        if table.name not in self._data:
            self._database.run(create_data(self._names, table))
            self._data[table.name] = {column.name: "" for column in with_load_id(table)}

    def _clear(self, tables: Sequence[TableSchema], source: Source) -> None:
        """What has entered leaves the staging; a table that holds nothing else goes."""
        for table in tables:
            if table.name not in self._staged:
                continue
            staged = self._names.staged(table.name)
            if source.walks is None:
                self._database.run(f"DROP TABLE {staged}")
                del self._staged[table.name]
            else:
                self._database.run(f"DELETE FROM {staged} AS s{source.where('s')}")

    def _path(self, table: TableSchema, catalog: Catalog) -> list[Link]:
        """The way from a child up to its root, each table as it is in `catalog`."""
        path: list[Link] = []
        known = {**self._stored.tables, **self._new.tables}
        above: TableSchema | None = table
        while above is not None and above.parent is not None:
            path.append(Link(above.name, has_root_id=_ROOT_ID in catalog.get(above.name, {})))
            above = known.get(above.parent)
        return path

    def _holds_rows(self, table: str) -> bool:
        return bool(self._database.run(f"SELECT 1 FROM {self._names.data(table)} LIMIT 1"))


def _source(entry: Entry, walks: Mapping[str, Staged]) -> Source | None:
    """All staged rows of a root's tables where no other walk has brought any, else those of the entry's walks.

    None where the entry's walks have brought none.
    """
    fill = {walk: staged.number for walk, staged in walks.items() if staged.root == entry.table}
    entering = tuple(number for walk, number in fill.items() if walk in entry.walks)
    if not entering:
        return None
    return Source() if len(entering) == len(fill) else Source(entering)


def _is_ready(table: TableSchema, staged: Mapping[str, str]) -> bool:
    """Whether a staged table has the columns that the dataset's will have, in their order."""
    wanted = [(column.name, TYPES[column.data_type]) for column in with_load_id(table)]
    return wanted == [(name, sql) for name, sql in staged.items() if name not in {WALK, ROW}]
