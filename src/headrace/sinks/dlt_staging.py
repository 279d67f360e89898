"""Batches on the local disk until dlt takes them: a folder each, whole or not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa

from headrace.model.table import Figures, Reject, Schema, TableSchema, Watermark
from headrace.sinks.base import Staging
from headrace.sinks.figures import of_batch

_MANIFEST, _REJECTS, _UNFINISHED = "manifest", "rejects", ".part"


class Manifest(msgspec.Struct, frozen=True):
    """What a staged batch is: whose, how far it brings its walk, and the tables that lie beside it, in order.

    `schema` is that of all that is staged once this batch is.
    """

    run_id: str
    mark: Watermark
    tables: tuple[TableSchema, ...]
    schema: Schema
    figures: Figures


class Staged(msgspec.Struct, frozen=True):
    """One staged batch."""

    folder: Path
    manifest: Manifest

    @property
    def root(self) -> str:
        """The root table that it fills; empty where it brings no row."""
        return self.manifest.tables[0].root if self.manifest.tables else ""

    def rows(self, columns: Callable[[TableSchema], Sequence[str] | None]) -> Iterator[tuple[TableSchema, pa.Table]]:
        """Each table with its rows; `columns` chooses (None: all of them; nothing: the table is passed over)."""
        for number, table in enumerate(self.manifest.tables):
            wanted = columns(table)
            if wanted is None or wanted:
                yield table, _read(self.folder / str(number), wanted)

    def rejects(self) -> tuple[Reject, ...]:
        """The rejects that were staged with it."""
        return msgspec.msgpack.decode((self.folder / _REJECTS).read_bytes(), type=tuple[Reject, ...])


class StagingFolder:
    """The staged batches in `folder`, in the order in which they came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.batches: list[Staged] = []

    def open(self) -> None:
        """Read what is there; what was being written when its process died is not."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for unfinished in self._folder.glob(f"*{_UNFINISHED}"):
            shutil.rmtree(unfinished)
        self.batches = [Staged(folder, _manifest(folder)) for folder in sorted(self._folder.iterdir())]

    def add(self, run_id: str, staging: Staging) -> Staged:
        """Keep one batch; it is on the disk when this returns."""
        last = int(self.batches[-1].folder.name) if self.batches else 0
        folder = self._folder / f"{last + 1:08d}"
        unfinished = folder.with_suffix(_UNFINISHED)
        unfinished.mkdir()
        batches = [batch for batch in staging.batches if batch.rows.num_rows]
        for number, batch in enumerate(batches):
            _write(unfinished / str(number), batch.rows)
        tables = tuple(batch.schema for batch in batches)
        manifest = Manifest(run_id, staging.watermark, tables, staging.schema, of_batch(staging))
        _put(unfinished / _REJECTS, msgspec.msgpack.encode(staging.rejects))
        _put(unfinished / _MANIFEST, msgspec.msgpack.encode(manifest))
        _sync(unfinished)
        unfinished.rename(folder)
        _sync(self._folder)
        staged = Staged(folder, manifest)
        self.batches.append(staged)
        return staged

    def forget(self, gone: Callable[[Staged], bool]) -> None:
        """Remove the batches of which this is true."""
        for staged in [batch for batch in self.batches if gone(batch)]:
            # The name first: half a folder must never be taken for a whole one.
            unfinished = staged.folder.with_suffix(_UNFINISHED)
            staged.folder.rename(unfinished)
            shutil.rmtree(unfinished)
            self.batches.remove(staged)

    @property
    def marks(self) -> dict[str, Watermark]:
        """How far each walk is staged."""
        return {batch.manifest.mark.walk: batch.manifest.mark for batch in self.batches}

    @property
    def schema(self) -> Schema | None:
        """The schema of all that is staged."""
        return self.batches[-1].manifest.schema if self.batches else None


def _manifest(folder: Path) -> Manifest:
    return msgspec.msgpack.decode((folder / _MANIFEST).read_bytes(), type=Manifest)


def _write(path: Path, rows: pa.Table) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with path.open("wb") as file:
        with pa.ipc.new_file(file, rows.schema, options=options) as writer:
            writer.write_table(rows)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path, columns: Sequence[str] | None) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        names = pa.ipc.open_file(source).schema.names
        fields = None if columns is None else [names.index(name) for name in columns if name in names]
        return pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=fields)).read_all()


def _put(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """A name is on the disk only when its folder is."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
