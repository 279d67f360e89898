"""Every destination of dlt: batches wait on the local disk, and a commit is one load package with all that it means."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.common.destination import Destination
from dlt.common.exceptions import DltException, MissingDependencyException
from dlt.common.schema.utils import normalize_schema_name
from dlt.common.storages.configuration import WithLocalFiles

from headrace.errors import ConfigError, SinkError
from headrace.model.position import Seen
from headrace.model.table import Receipt, Schema, Watermark
from headrace.sinks import dlt_kept
from headrace.sinks.base import Commit, SinkState, Staging
from headrace.sinks.dlt_faults import lacking, sentence, told
from headrace.sinks.dlt_line import Line, Outrun
from headrace.sinks.dlt_package import Package
from headrace.sinks.dlt_staging import Staged, StagingFolder
from headrace.sinks.figures import NOTHING, STAGED, Counted, added, last_load, moves_nothing, rejecting, together
from headrace.sinks.settle import Delivery, Settlement, begun_again, check_roots, later, roots_of, settle, to_take

_FORMATS = ("delta", "iceberg")
_NO_NAME = "<unnamed>"  # of a pipeline: none can have it, and no file of a user's


class DltSink:
    """A dataset in the dlt destination `name`, with dlt's own settings. Nothing is connected before `open`.

    `name` may end in `?table_format=delta` or `iceberg`. `folder` is where batches and dlt's packages wait. Several
    pipelines may load one dataset: how far increments have come is known of `pipeline` alone.
    """

    def __init__(self, name: str, dataset: str, folder: Path, *, pipeline: str = "") -> None:
        self._name, _, query = name.partition("?")
        self._format = _table_format(query)
        self._destination = _destination(self._name, dataset, pipeline)
        self._dataset = dataset
        self._pipeline = pipeline
        self._folder = folder
        self._staging = StagingFolder(folder / "staged")
        self._opened_line: Line | None = None
        self._run_id = ""
        self._kept = dlt_kept.Kept()
        self._roots: dict[str, str] = {}

    def open(self, run_id: str, fingerprints: Mapping[str, str]) -> SinkState:
        """Finish what a killed run has left to dlt, and say what is there. See `base.Sink.open`."""
        with told(self._name):
            line = self._line()
            line.discard()
            with contextlib.suppress(Outrun):  # its batches are staged still
                line.finish()
            line.sync()
            kept, schema = line.kept, line.schema
        self._run_id = run_id
        self._kept = dlt_kept.of_run(dlt_kept.of_pipeline(kept, self._pipeline), run_id)
        self._staging.open()
        self._staging.forget(lambda staged: staged.manifest.run_id != run_id)
        marks = [*self._staging.marks.values(), *self._kept.committed.values()]
        again = begun_again(marks, fingerprints)
        if again:
            self._kept = dlt_kept.begun_anew(self._kept, again)
            line.keep(self._kept)
        self._staging.forget(lambda staged: staged.manifest.mark.walk in again or self._is_delivered(staged))
        schema = self._staging.schema or schema
        self._roots = roots_of(schema)
        abandoned = frozenset(old.walk for old in self._kept.abandoned)
        staged, committed = self._staging.marks, self._kept.committed
        return SinkState(schema, staged, committed, abandoned, tuple(self._warnings(fingerprints, schema)))

    def seen(self) -> dict[str, Seen]:
        """How far increments have come; loads nothing. See `base.Sink.seen`."""
        with told(self._name):
            line = self._line()
            line.discard()
            line.sync()
            own = dlt_kept.of_pipeline(line.kept, self._pipeline).seen
            return (
                line.increments(own) if line.kept.pipeline in ("", self._pipeline) else own
            )  # else they are another's

    def stage(self, staging: Staging) -> Receipt:
        """Take one batch, with its watermark, onto the disk. Repeating a watermark that is taken does nothing."""
        if not self._run_id:
            raise SinkError(f"the destination dlt:{self._name} is not open: call open(run_id) first")
        walk = staging.watermark.walk
        taken = later(self._staging.marks.get(walk), self._kept.committed.get(walk))
        if not to_take(staging, taken):
            return Receipt(rows={}, watermarks=(taken,) if taken else ())
        check_roots(staging, self._roots)
        rows: dict[str, int] = {}
        for batch in staging.batches:
            rows[batch.schema.name] = rows.get(batch.schema.name, 0) + batch.rows.num_rows
            self._roots[batch.schema.name] = batch.schema.root
        try:
            self._staging.add(self._run_id, staging)
        except OSError as error:
            raise SinkError(f"a batch cannot be kept in {str(self._folder)!r}: {error.strerror}; make room") from error
        return Receipt(rows, watermarks=(staging.watermark,))

    def commit(self, commit: Commit) -> Receipt:
        """One load package of dlt's: rows, rejects, how walks ended, and the state that holds the positions."""
        if not self._run_id:
            raise SinkError(f"the destination dlt:{self._name} is not open: call open(run_id) first")
        if commit.run_id != self._run_id:
            raise SinkError(f"run {commit.run_id!r} cannot commit: the warehouse was opened for run {self._run_id!r}")
        kept = self._kept
        settlement = settle(
            commit,
            self._staging.marks,
            kept.committed,
            kept.begun,
            rejected=rejecting(self._counted),
            abandoned=kept.abandoned,
            provisional=kept.provisional,
        )
        if moves_nothing(settlement):
            return self._receipt(commit, {}, {}, last_load(self._counted))
        entering = [staged for staged in self._staging.batches if staged.manifest.mark.walk in settlement.entered]
        with told(self._name):
            package = Package(commit, settlement, entering, kept, self._leaving(settlement), self._format)
            try:
                self._line().load(package, commit.schema_name)
            except Outrun as outrun:
                raise SinkError(
                    f"another run has loaded into the dataset {str(outrun)!r} of dlt:{self._name} since this one opened"
                    " it, and neither may forget the other: run again, to go on from there; nothing is fetched again"
                ) from outrun
        self._kept = package.after
        self._staging.forget(self._is_delivered)
        return self._receipt(commit, package.rows, package.duplicates, commit.load_id)

    def close(self) -> None:
        """Let go of the pipeline; may be called twice."""
        if self._opened_line is not None:
            self._opened_line.close()
            self._opened_line = None
        self._run_id = ""

    def _line(self) -> Line:
        if self._opened_line is None:
            self._opened_line = Line(self._destination, self._dataset, self._folder)
        return self._opened_line

    def _is_delivered(self, staged: Staged) -> bool:
        mark = staged.manifest.mark
        delivered = self._kept.committed.get(mark.walk)
        return delivered is not None and delivered.pages >= mark.pages

    def _leaving(self, settlement: Settlement) -> tuple[Delivery, ...]:
        """What a walk had brought before it began again, and can be taken back."""
        emptied = {entry.table for entry in settlement.entries if entry.emptied} | {*settlement.dropped}
        old = [delivery for delivery in settlement.withdrawn if delivery.table not in emptied]
        leaving = tuple(delivery for delivery in old if not delivery.shared) if self._line().takes_back else ()
        provisional = {one.which for one in self._kept.provisional}
        kept = [one for one in old if one not in leaving and one.which not in provisional]
        if kept:
            raise SinkError(
                f"walk {kept[0].walk!r} has begun again after load {kept[0].load_id} had brought a part of it, which "
                f"cannot be taken back from dlt:{self._name}: run again with --full-refresh"
            )
        return leaving

    def _warnings(self, walks: Iterable[str], schema: Schema) -> Iterator[str]:
        """What may be there twice after this run."""
        swapped = {table.name for table in schema.tables.values() if table.disposition == "replace"}
        of_walks = [old for old in self._kept.provisional if old.walk in walks and old.table not in swapped]
        for walk in dict.fromkeys(old.walk for old in of_walks if old.shared or not self._line().takes_back):
            yield (
                f"rows of `{walk}` that an earlier run has loaded without a proven end cannot be taken back from "
                f"dlt:{self._name}: those that come again are there twice, unless you run with --full-refresh"
            )

    @property
    def _counted(self) -> Counted:
        counted: Counted = dict(self._kept.figures)
        for staged in self._staging.batches:
            key = (staged.manifest.mark.walk, STAGED)
            counted[key] = added(counted.get(key, NOTHING), staged.manifest.figures)
        return counted

    def _receipt(self, commit: Commit, rows: dict[str, int], duplicates: dict[str, int], load_id: str) -> Receipt:
        delivered: list[Watermark | None] = [self._kept.committed.get(walk.walk) for walk in commit.walks]
        lost = {table: count for table, count in duplicates.items() if count}
        return Receipt(rows, tuple(mark for mark in delivered if mark), load_id, lost, together(self._counted))


def _destination(name: str, dataset: str, pipeline: str) -> Destination:
    """The destination that dlt knows by this name, with all its settings found. Raises ConfigError."""
    try:
        destination = Destination.from_reference(name)
        spec = destination.spec()._bind_dataset_name("d")  # noqa: SLF001 - without one it is refused
        if isinstance(spec, WithLocalFiles):
            spec.pipeline_name = _NO_NAME
        found = destination.configuration(spec)
        if destination.destination_name == "duckdb" and Path(found.credentials.database).stem == _NO_NAME:
            destination = Destination.from_reference(name, credentials=_database(dataset, pipeline))
    except ConfigFieldMissingException as error:
        raise ConfigError(f"the destination dlt:{name} {lacking(error)}") from error
    except MissingDependencyException as error:
        raise ConfigError(sentence(error, name)) from error
    except (DltException, ImportError) as error:
        raise ConfigError(
            f"dlt has no destination {name!r}: give one of its own (postgres, bigquery, snowflake, filesystem …) "
            "or one that is named in .dlt/config.toml"
        ) from error
    return destination


def _database(dataset: str, pipeline: str) -> str:
    """The file of a DuckDB that nothing configures: dlt's own choice is called as the dataset, which DuckDB refuses."""
    schema = normalize_schema_name(dataset)
    clashes = not pipeline or normalize_schema_name(pipeline) in {schema, f"{schema}_staging"}
    return f"{f'{dataset}_db' if clashes else pipeline}.duckdb"


def _table_format(query: str) -> str | None:
    """The format of tables that the name asks for. Raises ConfigError."""
    asked = dict(parse_qsl(query, keep_blank_values=True))
    found = asked.pop("table_format", None)
    if asked or (found is not None and found not in _FORMATS) or (query and found is None):
        raise ConfigError(
            f"{query!r} is no setting of a destination: after the ? there may be table_format=delta or =iceberg"
        )
    return found
