"""How pages become Arrow tables, and how these stand in dlt's schema: as its own normaliser would have put them."""

from __future__ import annotations

import logging
import os
import secrets
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import Any, ClassVar, TypeAlias

import pyarrow as pa
from dlt.common.configuration import resolve_configuration
from dlt.common.normalizers.json.relational import DataItemNormalizer
from dlt.common.schema import Schema as DltSchema
from dlt.common.schema import utils
from dlt.extract import DltResource
from dlt.extract.items import TableNameMeta
from dlt.normalize.configuration import ItemsNormalizerConfiguration

from headrace.decode import identity
from headrace.decode.columns import Decoded, cast
from headrace.decode.infer import fold
from headrace.decode.losses import IN_JOURNAL, summed
from headrace.decode.observe import Reader
from headrace.decode.observed import Observation
from headrace.decode.rows import RecordPage, page_prefix
from headrace.model.plan import ColumnHint, Request, Resource
from headrace.model.table import Schema, TableBatch
from headrace.rest_api.files import Settings, TableFiles
from headrace.rest_api.fit import unfit
from headrace.rest_api.page import JsonPage, LastPage
from headrace.sinks.dlt_items import TableMeta, WalkedSchema
from headrace.sinks.dlt_tables import dlt_table, in_order, known_tables

_log = logging.getLogger("headrace.rest_api")
BATCH_BYTES = 6 << 20
HELD_BYTES = 2 << 20  # of one table: each time that dlt is given rows costs it a millisecond
_GOLDEN = 0.618  # its multiples, less their whole numbers, are spread evenly, however many there are
AHEAD = 2  # batches of one resource that are being read while the next one is gathered
_WRITES = 8  # of one resource, that wait for their turn

Item: TypeAlias = tuple[TableNameMeta | None, Any]
"""A finished table, or a file of one, with its mark; or rows without one."""


class Load:
    """What the makers of one load share: the threads that read their batches, and a schema with nothing of its own."""

    _all: ClassVar[weakref.WeakValueDictionary[str, Load]] = weakref.WeakValueDictionary()

    def __init__(self, schema: str, load_id: str, key: str) -> None:
        self.id = load_id
        self._key = key
        self.alone = DltSchema(schema)
        self._makers = self._under_way = 0
        self.threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="headrace-decode")
        self.writer = ThreadPoolExecutor(1, thread_name_prefix="headrace-files")

    @cached_property
    def settings(self) -> Settings:
        """Of its files."""
        return Settings.of(self.alone.naming, self.id)

    @cached_property
    def adds_columns(self) -> bool:
        """Whether dlt is set to add columns to tables that come as Parquet: to nested ones as well, and wrongly."""
        sections = ("normalize", "parquet_normalizer")
        set_to = resolve_configuration(ItemsNormalizerConfiguration(), sections=sections)
        return bool(set_to.add_dlt_id or set_to.add_dlt_load_id)

    @classmethod
    def of(cls, schema: DltSchema, load_id: str) -> Load:
        """The one of a source in a load, for as long as anything of it is under way."""
        key = f"{load_id} {schema.name}"
        load = cls._all.get(key)
        if load is None:
            load = cls._all[key] = cls(schema.name, load_id, key)
        return load

    def enter(self) -> int:
        """One more maker. How many bytes its first batch has: lists that grow side by side are to be full in turn."""
        self._makers += 1
        self._under_way += 1
        return int(BATCH_BYTES * (self._makers * _GOLDEN % 1))

    def leave(self) -> None:
        """One maker is done; with the last one the threads end. One that fails, or hangs on rows, does not say so."""
        self._under_way -= 1
        if not self._under_way:
            self._all.pop(self._key, None)
            self.threads.shutdown(wait=False)
            self.writer.shutdown(wait=False)


class TableMaker:
    """The pages of one resource in one extraction, on their way to tables. Types are decided in page order.

    `hints` gives the root table as the resource describes it once its first page has come.
    """

    def __init__(
        self, resource: Resource, hints: Callable[[], dict[str, Any]], schema: WalkedSchema, load: Load
    ) -> None:
        self._resource = resource
        self._hints = hints
        self._schema = schema
        self._load = load
        self._uid = secrets.token_hex(8)  # a load may hold one resource twice
        self._has_begun = False
        self._overlong = False
        self._reader = Reader(resource)
        self._pages: list[RecordPage] = []
        self._being_read: deque[Future[Observation]] = deque()
        self._number = 0
        self._gathered_bytes = 0
        self._held: dict[str, list[TableBatch]] = {}
        self._to_files = False
        self._files: TableFiles | None = None
        self._writing: deque[Future[None]] = deque()
        self._batch_bytes = load.enter()

    def write_files(self) -> None:
        """Tables are not to come out as they are read, but as whole files at the end."""
        self._to_files = True

    @property
    def is_full(self) -> bool:
        """Whether what is gathered is enough for a batch."""
        return self._gathered_bytes >= self._batch_bytes

    def put(self, page: JsonPage) -> None:
        """One more page, or several."""
        if not self._has_begun and not isinstance(page, LastPage):
            self._begin()
        for records in page.pages:
            if records:
                prefix = page_prefix(self._uid, self._load.id, self._resource.name, self._number)
                self._pages.append(RecordPage(self._number, prefix, records))
                self._gathered_bytes += len(records.lines)
            self._number += 1

    def read(self) -> None:
        """What is gathered goes to be read."""
        pages, self._pages, self._gathered_bytes = self._pages, [], 0
        self._batch_bytes = BATCH_BYTES
        if pages:
            self._being_read.append(self._load.threads.submit(self._reader.observe, pages))

    def take(self, *, all_of_it: bool) -> Iterator[Item]:
        """What has been read, as tables, the root first; `all_of_it`: what is still being read as well."""
        while self._being_read and (all_of_it or len(self._being_read) > AHEAD or self._being_read[0].done()):
            yield from self._tables(self._being_read.popleft().result())
        for name, batches in [*self._held.items()]:
            if all_of_it or sum(batch.rows.nbytes for batch in batches) >= HELD_BYTES:
                del self._held[name]
                columns = dict(self._schema.tables[name]["columns"])  # as they are now: a file is written later
                if self._files is None:
                    yield TableMeta(name), [self._finished(batch, columns) for batch in batches]
                else:
                    self._writing.append(self._load.writer.submit(self._write, self._files, name, batches, columns))
        while self._writing and (all_of_it or len(self._writing) > _WRITES or self._writing[0].done()):
            self._writing.popleft().result()
        if self._files is not None:
            if all_of_it:
                self._load.writer.submit(self._files.close).result()
            yield from self._files.whole()
        if self._to_files and all_of_it:
            self._load.leave()

    def _write(self, files: TableFiles, name: str, batches: list[TableBatch], columns: dict[str, Any]) -> None:
        files.write(name, [self._finished(batch, columns) for batch in batches], columns)

    def _tables(self, observation: Observation) -> Iterator[Item]:
        folded = fold(Schema(self._schema.known), observation, self._resource)
        self._overlong = self._overlong or self._is_overlong(folded.schema)
        if self._overlong:  # dlt shortens such names; from here on it normalises the rows itself
            yield None, [row for page in observation.pages for row in JsonPage(page.records)]
            return
        before, self._schema.known = self._schema.known, folded.schema.tables
        decoded = cast(observation, folded)
        self._tell(decoded)
        for table in folded.schema.tables.values():
            if table.name not in before or before[table.name].columns != table.columns:
                known = self._schema.tables.get(table.name)
                self._schema.take_in(dlt_table(table, known["columns"] if known else {}))
        for batch in decoded.batches:
            self._held.setdefault(batch.schema.name, []).append(batch)

    def _begin(self) -> None:
        """Enter the table as soon as there is a page, if only an empty one: as dlt does."""
        self._has_begun = True
        if self._to_files:
            self._files = TableFiles(self._load.settings, f"headrace-{self._uid}")
        self._schema.take_in(self._hints())
        self._schema.known = known_tables(self._schema, self._resource.table) | self._schema.known

    def _is_overlong(self, schema: Schema) -> bool:
        """Whether there is a name that the destination does not allow."""
        longest = self._schema.naming.max_length
        tables = schema.tables.values()
        names = (name for table in tables for name in (table.name, *(column.name for column in table.columns)))
        return longest is not None and any(len(name.encode()) > longest for name in names)

    def _finished(self, batch: TableBatch, columns: dict[str, Any]) -> pa.Table:
        """The rows with the load's id, the columns as dlt orders them and null only where it lets them be."""
        rows = batch.rows
        if batch.schema.parent is None:
            load_id = pa.repeat(pa.scalar(self._load.id), rows.num_rows)
            rows = rows.append_column(identity.LOAD_ID, load_id)
        return in_order(rows, columns)

    def _tell(self, decoded: Decoded) -> None:
        for sentence in summed(decoded.counts):
            _log.warning("%s: %s", self._resource.name, sentence.replace(IN_JOURNAL, ""))
        for reject in decoded.rejects:
            _log.warning(
                "%s: record %d of page %d is left out: %s",
                self._resource.name, reject.record, reject.page, reject.reason,
            )  # fmt: skip


def table_maker(resource: DltResource, schema: DltSchema, load_id: str) -> TableMaker | None:
    """What makes tables of a resource's pages; None, with a word in the log, where dlt must normalise rows."""
    if resource.has_dynamic_table_name or resource.has_other_dynamic_hints:
        _tell_rows(resource, "it has hints that depend on the rows")
        return None

    def hints() -> dict[str, Any]:
        described: dict[str, Any] = utils.normalize_table_identifiers(resource.compute_table_schema(), schema.naming)
        return described

    table = hints()
    load = Load.of(schema, load_id)
    if load.adds_columns:
        _tell_rows(resource, "dlt is set to add its columns to Parquet files")
        return None
    for why in unfit(resource, table, schema, load.alone):
        _tell_rows(resource, why)
        return None
    walked = WalkedSchema.of(schema)
    disposition = table["write_disposition"]
    limits = [resource.max_table_nesting, DataItemNormalizer.get_normalizer_config(schema).get("max_nesting")]
    nesting = next((limit for limit in limits if limit is not None), None)
    model = Resource(
        name=resource.name,
        table=table["name"],
        request=Request(path=""),
        disposition=disposition,
        primary_key=tuple(utils.get_columns_names_with_prop(table, "primary_key", include_incomplete=True)),
        merge_key=tuple(utils.get_columns_names_with_prop(table, "merge_key", include_incomplete=True)),
        columns=tuple(
            ColumnHint(name, hint.get("data_type"), hint.get("nullable"))
            for name, hint in table["columns"].items()
            if not name.startswith("_dlt_")
        ),
        max_nesting=nesting,
    )
    return TableMaker(model, hints, walked, load)


def _tell_rows(resource: DltResource, why: str) -> None:
    _log.info("%s is normalised by dlt, row by row, because %s", resource.name, why)
