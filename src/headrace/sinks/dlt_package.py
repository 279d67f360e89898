"""One commit as a dlt source: every table that enters, what headrace notes of its work, and the state that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dlt
import msgspec
import pyarrow as pa
from dlt.common.configuration.container import Container
from dlt.common.normalizers.json.helpers import get_root_row_id_type, requires_root_key
from dlt.common.pipeline import StateInjectableContext
from dlt.common.schema import Schema as DltSchema
from dlt.common.schema import utils
from dlt.common.storages.load_package import load_package_state
from dlt.extract import DltResource, DltSource
from dlt.extract.items import DataItemWithMeta
from dlt.extract.source import SourceSchemaInjectableContext

from headrace.errors import SinkError
from headrace.model.plan import Disposition
from headrace.model.strategy import DeleteInsert, InsertOnly, Scd2
from headrace.model.table import TableSchema
from headrace.sinks import dlt_kept, dlt_state
from headrace.sinks.absence import without_absence
from headrace.sinks.base import Commit
from headrace.sinks.ddl import with_load_id
from headrace.sinks.dlt_items import FinishedTables, TableMeta, WalkedSchema
from headrace.sinks.dlt_merges import column_hints, disposition
from headrace.sinks.dlt_rows import LOAD_ID, ROOT_ID, KeyedIds, LastReads
from headrace.sinks.dlt_staging import Staged
from headrace.sinks.dlt_tables import Naming, dlt_table, in_order
from headrace.sinks.figures import NOTHING, added, of_entry
from headrace.sinks.settle import Delivery, Entry, Settlement, family

_REJECTS, _WALKS = "_headrace_rejects", "_headrace_walks"
_REJECT_FIELDS = (
    ("load_id", "text"), ("table", "text"), ("walk", "text"), ("page", "bigint"), ("record", "bigint"),
    ("reason", "text"), ("body", "binary"),
)  # fmt: skip
_WALK_FIELDS = (
    ("load_id", "text"), ("walk", "text"), ("table", "text"), ("disposition", "text"), ("stopped", "text"),
    ("why", "text"), ("proven", "bool"), ("pages", "bigint"), ("records", "bigint"), ("entered", "bool"),
)  # fmt: skip
_ARROW = {"text": pa.string(), "bigint": pa.int64(), "bool": pa.bool_(), "binary": pa.binary()}


@dataclass
class Package:
    """What goes into one load package. `rows` and `duplicates` are counted while dlt takes it.

    `staged` are the batches of the walks that enter, `kept` what was delivered before, of which `leaving` goes as the
    package is loaded. `table_format` is that of a
    folder's tables ("delta", "iceberg"), if it has one.
    """

    commit: Commit
    settlement: Settlement
    staged: Sequence[Staged]
    kept: dlt_kept.Kept
    leaving: tuple[Delivery, ...] = ()
    table_format: str | None = None
    rows: dict[str, int] = field(default_factory=dict)
    duplicates: dict[str, int] = field(default_factory=dict)
    after: dlt_kept.Kept = field(default_factory=dlt_kept.Kept)
    _open: dict[str, FinishedTables] = field(default_factory=dict)
    _has_dropped: bool = False

    def source(self, schema_name: str) -> DltSource:
        """The source whose extraction makes the package."""
        entries = [self._root(entry) for entry in self._entries()]
        rejects = [
            (self.commit.load_id, *msgspec.structs.astuple(each)) for one in self.staged for each in one.rejects()
        ]
        walks = [
            (
                *(self.commit.load_id, walk.walk, walk.table, walk.disposition, walk.stopped, walk.why, walk.proven),
                *(walk.watermark.pages, walk.watermark.records, walk.walk in self.settlement.entered),
            )
            for walk in self.commit.walks
        ]
        notes = [_note(_WALKS, _WALK_FIELDS, walks), *([_note(_REJECTS, _REJECT_FIELDS, rejects)] if rejects else [])]
        return DltSource(DltSchema(schema_name), "headrace", [*entries, *notes, self._end()])

    def _entries(self) -> Iterator[Entry]:
        """What enters each root table, in one way for each: dlt knows of no other."""
        for table in dict.fromkeys(entry.table for entry in self.settlement.entries if entry.disposition != "skip"):
            entries = [
                entry for entry in self.settlement.entries if entry.table == table and entry.disposition != "skip"
            ]
            ways = {_way_of(entry) for entry in entries}
            if "merge" in ways and len(ways) > 1:
                raise SinkError(
                    f"the table {table!r} is filled in two ways ({' and '.join(sorted(ways))}), which dlt cannot do in "
                    "one load: give one of the resources another table_name"
                )
            way = "replace" if "replace" in ways else entries[0].disposition
            walks = tuple(walk for entry in entries for walk in entry.walks)
            yield Entry(table, way, walks, "replace" in ways, lacks=any(entry.lacks for entry in entries))

    def _drop(self, schema: DltSchema) -> None:
        """Tables that go before anything comes; once, whichever resource is asked first."""
        gone = [
            table
            for root in self.settlement.dropped
            if not self._has_dropped and root in schema.tables
            for table in utils.get_nested_tables(schema.tables, root)
        ]
        self._has_dropped = True
        if gone:
            load_package_state()["state"]["dropped_tables"] = [dict(table) for table in gone]
            schema.drop_tables([table["name"] for table in gone])

    def _end(self) -> DltResource:
        """No rows, but the state, once those of all tables are counted."""

        def end() -> Iterator[Any]:
            schema, state = Container()[SourceSchemaInjectableContext].schema, Container()[StateInjectableContext].state
            self._drop(schema)
            while self._open:
                yield None
            self.after = dlt_kept.after(self.kept, self.commit, self.settlement, self._counted(), self.leaving)
            dlt_kept.write(state, self.after)
            again = [walk.walk for walk in self.commit.walks if walk.table in self.commit.drop]
            dlt_state.move_increments(state, schema.name, self.after.seen, again)  # for dlt to go on from

        return dlt.resource(end(), name="headrace_end")

    def _counted(self) -> tuple[dlt_kept.Counted, ...]:
        found = []
        for walk in self.commit.walks:
            if walk.walk in self.settlement.entered:
                staged = NOTHING
                for one in self.staged:
                    if one.manifest.mark.walk == walk.walk:
                        staged = added(staged, one.manifest.figures)
                figures = of_entry(walk, self.commit.schema, self.rows, self.duplicates, staged)
                found.append(dlt_kept.Counted(walk.walk, self.commit.load_id, figures))
        return tuple(found)

    def _root(self, entry: Entry) -> DltResource:
        tables = family(entry.table, self.commit.schema)
        root = next((table for table in tables if table.parent is None), None)
        if root and entry.lacks:
            root = without_absence(root)
        made = dlt.resource(
            self._rows(entry, tables),
            name=entry.table,
            write_disposition=disposition(root, _way_of(entry)),
            columns=_marks(root) if root and _way_of(entry) == "merge" else None,
            primary_key=(root.primary_key if root else ()) or None,
            merge_key=(root.merge_key if root else ()) or None,
            table_format=self.table_format,
            _impl_cls=FinishedTables,
        )
        self._open[entry.table] = made
        return made

    def _rows(self, entry: Entry, tables: Sequence[TableSchema]) -> Iterator[Any]:
        """The finished tables of a root, batch by batch."""
        schema = WalkedSchema.of(Container()[SourceSchemaInjectableContext].schema)
        self._drop(schema)
        batches = [one for one in self.staged if one.manifest.mark.walk in entry.walks and one.root == entry.table]
        if batches:
            hints = self._open[entry.table].compute_table_schema()
            for name in without_absence(tables[0]).merge_key if entry.lacks else ():
                hints["columns"][name]["merge_key"] = True  # dlt's own hints of a row's version leave it out
            schema.take_in_hints(utils.normalize_table_identifiers(hints, schema.naming))
            yield from self._tables(batches, _Way(schema, entry, tables))
        del self._open[entry.table]

    def _tables(self, batches: Sequence[Staged], way: _Way) -> Iterator[Any]:
        reads = LastReads(batches, way.root, way.key, way.sort, first=way.takes_first)
        self.duplicates[way.root] = reads.lost
        ids = KeyedIds(way.key) if way.has_keyed_ids else None
        for batch in batches:
            for table, rows in batch.rows(lambda _: None):
                if table.parent is None:
                    staying = reads.of_root(rows)
                    staying = ids.of_root(staying) if ids else staying
                    load_id = pa.repeat(pa.scalar(self.commit.load_id), staying.num_rows)
                    staying = staying.append_column(LOAD_ID, load_id)
                else:
                    staying = reads.of_child(rows)
                    staying = ids.of_child(table, staying) if ids else staying
                self.rows[table.name] = self.rows.get(table.name, 0) + staying.num_rows
                if staying.num_rows:
                    yield way.item(table, staying)


class _Way:
    """How the tables of one root go into a dlt schema: names as the destination allows, columns as it has them."""

    def __init__(self, schema: WalkedSchema, entry: Entry, tables: Sequence[TableSchema]) -> None:
        self._schema = schema
        self._naming = Naming(schema.naming)
        root = schema.tables[self._naming.short(entry.table)]
        self.has_keyed_ids = get_root_row_id_type(schema, root["name"]) == "key_hash"
        self.root = entry.table
        self._propagates = requires_root_key(schema, root, None)
        merges = root["write_disposition"] == "merge" and (self.has_keyed_ids or self._propagates)
        self.key: tuple[str, ...] = tables[0].primary_key if merges and tables else ()
        strategy = tables[0].strategy if tables and entry.disposition == "merge" else DeleteInsert()
        # Ids of the other strategies are made where the whole record is seen.
        self.has_keyed_ids = self.has_keyed_ids and strategy == DeleteInsert()
        if isinstance(strategy, Scd2):
            self.key = (strategy.row_version,)
        self.takes_first = isinstance(strategy, InsertOnly | Scd2)
        self.sort = tables[0].dedup_sort if tables else None
        for table in tables:
            self._take_in(table)

    def item(self, table: TableSchema, rows: pa.Table) -> Any:  # noqa: ANN401 - as dlt has it
        """Rows of a table with its mark, ready for dlt."""
        rows = rows.rename_columns([self._naming.short(name) for name in rows.schema.names])
        name = self._naming.short(table.name)
        return DataItemWithMeta(TableMeta(name), in_order(rows, self._schema.tables[name]["columns"]))

    def _take_in(self, table: TableSchema) -> None:
        columns = tuple(one for one in with_load_id(table) if self._propagates or one.name != ROOT_ID)
        plain = dlt_table(msgspec.structs.replace(table, columns=columns), {})
        for name, hints in column_hints(table).items() if table.parent is None else ():
            if name in plain["columns"]:
                plain["columns"][name] |= hints
        described = self._naming.shortened(plain)
        known = self._schema.tables.get(described["name"], {}).get("columns", {})
        self._refuse_other_types(described, known)
        described["columns"] = {
            name: column for name, column in described["columns"].items() if not known.get(name, {}).get("data_type")
        }
        self._schema.take_in(described)
        self._schema.known[described["name"]] = table

    def _refuse_other_types(self, described: Mapping[str, Any], known: Mapping[str, Any]) -> None:
        for name, column in described["columns"].items():
            there = known.get(name, {}).get("data_type")
            if there and there != column["data_type"]:
                raise SinkError(
                    f"column {name!r} of table {described['name']!r} holds {there} in the destination, and "
                    f"{column['data_type']} now, which dlt cannot change: run without --widen-numbers, or once with "
                    "--full-refresh"
                )


def _marks(root: TableSchema) -> dict[str, Any]:
    """The columns by which a merge takes rows away, or chooses among equal keys."""
    plain = msgspec.structs.replace(root, strategy=DeleteInsert())
    return {name: {"name": name, **hints} for name, hints in column_hints(plain).items()}


def _way_of(entry: Entry) -> Disposition:
    """A replace that comes in parts has emptied the table with the first one."""
    return "append" if entry.disposition == "replace" and not entry.emptied else entry.disposition


def _note(name: str, fields: Sequence[tuple[str, str]], rows: Sequence[Sequence[object]]) -> DltResource:
    """A table of headrace's own."""
    columns = zip(*rows, strict=True) if rows else ([] for _ in fields)
    arrow = pa.table(
        {title: pa.array(list(values), _ARROW[kind]) for (title, kind), values in zip(fields, columns, strict=True)}
    )
    hints = {title: {"data_type": kind, "nullable": True} for title, kind in fields}
    return dlt.resource([arrow], name=name, columns=hints, write_disposition="append")
