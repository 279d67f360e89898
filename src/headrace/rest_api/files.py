"""Finished tables as the Parquet files that dlt loads, written in a thread beside the walks, by dlt's own settings."""

from __future__ import annotations

import io
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from dlt.common.configuration.container import Container
from dlt.common.data_writers import BufferedDataWriter, DataWriter
from dlt.common.data_writers.writers import ArrowToParquetWriter
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.libs.pyarrow import get_context_timezone_name, normalize_py_arrow_item
from dlt.common.metrics import DataWriterMetrics
from dlt.common.normalizers.naming import NamingConvention
from dlt.common.schema import utils
from dlt.common.storages.load_package import LoadPackageStateInjectableContext
from dlt.extract.extractors import ImportFileMeta

from headrace.decode import identity
from headrace.sinks.dlt_items import TableMeta

_IDS = frozenset({identity.ID, identity.PARENT_ID, identity.ROOT_ID})
_EMPTY = pa.table({})
_OLD_S = 60.0
_OPTIONS = (
    "flavor", "version", "compression", "data_page_size", "coerce_timestamps", "allow_truncated_timestamps",
    "use_compliant_nested_type", "write_page_index",
)  # fmt: skip


class FinishedFile(TableMeta):
    """The mark on a whole file of a finished table.

    dlt looks for the name of the table and for the file with `isinstance`. Both of its classes have slots, so none can
    be derived from both: this one is the first, and gives itself out for the second.
    """

    __slots__ = ("create_table_variant", "file_format", "file_path", "hints", "metrics")

    def __init__(self, table: str, metrics: DataWriterMetrics) -> None:
        super().__init__(table)
        self.file_path = metrics.file_path
        self.file_format = "parquet"
        self.metrics = metrics
        self.hints = self.create_table_variant = None

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return ImportFileMeta  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Settings:
    """How dlt would write the files of a load: looked up once, where it does it for each table.

    `flush_rows` are gathered before they are written; a file with `file_rows` or `file_bytes` is full. `options` are
    pyarrow's.
    """

    folder: Path
    naming: NamingConvention
    caps: DestinationCapabilitiesContext
    timezone: str
    flush_rows: int
    file_rows: int | None
    file_bytes: int | None
    row_group_rows: int | None
    options: Mapping[str, Any]

    @classmethod
    def of(cls, naming: NamingConvention, load_id: str) -> Settings:
        """Those of the load that is being extracted."""
        container = Container()
        has_caps = DestinationCapabilitiesContext in container
        caps = container[DestinationCapabilitiesContext] if has_caps else None
        buffered = BufferedDataWriter(DataWriter.writer_spec_from_file_format("parquet", "arrow"), "%s", _caps=caps)
        parquet = ArrowToParquetWriter(io.BytesIO(), caps=caps).parquet_format
        packages = container[LoadPackageStateInjectableContext].storage
        return cls(
            folder=Path(packages.storage.make_full_path(packages.get_package_path(load_id))),
            naming=naming,
            caps=caps or DestinationCapabilitiesContext.generic_capabilities(),
            timezone=get_context_timezone_name(),
            flush_rows=buffered.buffer_max_items,
            file_rows=buffered.file_max_items,
            file_bytes=buffered.file_max_bytes,
            row_group_rows=parquet.row_group_size,
            options={name: getattr(parquet, name) for name in _OPTIONS}
            | ({"use_content_defined_chunking": True} if parquet.use_content_defined_chunking else {}),  # pyarrow 21
        )


class TableFiles:
    """The files of one resource in a load, in a folder of their own in its package: dlt deletes it with that."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._folder = settings.folder / name
        self._open: dict[str, _File] = {}
        self._whole: deque[FinishedFile] = deque()
        self._number = 0

    def write(self, table: str, batches: Sequence[pa.Table], columns: Mapping[str, Any]) -> None:
        """Rows of a table, which has these columns by now (as dlt describes them)."""
        settings = self._settings
        typed = {name: column for name, column in columns.items() if utils.is_complete_column(column)}
        for batch in batches:
            rows = normalize_py_arrow_item(batch, typed, settings.naming, settings.caps, settings.timezone)
            file = self._open.get(table)
            if file is None or not file.takes(rows):
                self._end(table)
                file = self._open[table] = self._begin(table, rows.schema)
            file.write(rows)
            if file.is_full:
                self._end(table)

    def close(self) -> None:
        """End all of them."""
        for table in [*self._open]:
            self._end(table)

    def whole(self) -> Iterator[tuple[FinishedFile, pa.Table]]:
        """Those that have been ended, each once. For another thread than that which writes."""
        while self._whole:
            yield self._whole.popleft(), _EMPTY

    def _begin(self, table: str, schema: pa.Schema) -> _File:
        self._folder.mkdir(exist_ok=True)
        self._number += 1
        return _File(self._folder / f"{table}.{self._number}.parquet", schema, self._settings)

    def _end(self, table: str) -> None:
        file = self._open.pop(table, None)
        if file is not None:
            self._whole.append(FinishedFile(table, file.close()))


class _File:
    """One file under way."""

    def __init__(self, path: Path, schema: pa.Schema, settings: Settings) -> None:
        self._path = path
        self._settings = settings
        self._schema = schema
        self._began = time.time()
        self._gathered: list[pa.Table] = []
        self._gathered_rows = self._rows = 0
        self._writer: pq.ParquetWriter | None = None  # opened late: there may be more tables than files may be open

    def takes(self, rows: pa.Table) -> bool:
        """Whether they have the columns of this file."""
        return bool(self._schema.equals(rows.schema))

    @property
    def is_full(self) -> bool:
        """Whether the file has all that it should have, or is so old that somebody may wait for a sign of progress."""
        rows, size = self._settings.file_rows, self._settings.file_bytes
        written = self._path.stat().st_size if size is not None and self._writer is not None else 0
        has_all = (rows is not None and self._rows >= rows) or (size is not None and written >= size)
        return has_all or time.time() - self._began >= _OLD_S

    def write(self, rows: pa.Table) -> None:
        """Add rows, which are written once there are enough of them."""
        self._gathered.append(rows)
        self._gathered_rows += rows.num_rows
        self._rows += rows.num_rows
        if self._gathered_rows >= self._settings.flush_rows:
            self._flush()

    def close(self) -> DataWriterMetrics:
        """End it."""
        self._flush().close()
        size = self._path.stat().st_size
        return DataWriterMetrics(str(self._path), self._rows, size, self._began, time.time())

    def _flush(self) -> pq.ParquetWriter:
        if self._writer is None:
            # No two of these ids are equal, or few: a dictionary of them only costs time.
            words = [name for name in self._schema.names if name not in _IDS]
            self._writer = pq.ParquetWriter(
                self._path, self._schema, use_dictionary=words or False, **self._settings.options
            )
        if self._gathered:
            gathered, self._gathered, self._gathered_rows = self._gathered, [], 0
            self._writer.write_table(pa.concat_tables(gathered), row_group_size=self._settings.row_group_rows)
        return self._writer
