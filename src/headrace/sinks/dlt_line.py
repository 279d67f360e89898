"""The dlt pipeline behind a sink: what it has delivered, what it has left undone, and how a package is loaded."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema.utils import normalize_schema_name
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.extract import storage as extract_storage

from headrace.model.position import Seen
from headrace.model.table import Schema
from headrace.sinks import dlt_kept, dlt_state
from headrace.sinks.dlt_landed import is_recorded, note_landed
from headrace.sinks.dlt_package import Package
from headrace.sinks.dlt_tables import Naming, known_schema
from headrace.sinks.dlt_turn import turn
from headrace.sinks.dlt_withdraw import withdrawing
from headrace.sinks.settle import Delivery, family


class Outrun(Exception):
    """Another run has loaded the dataset meanwhile; what this one had packed is gone, and stays staged."""


class Line:
    """A pipeline named as its dataset, with its working folder in `folder`. Errors are dlt's own.

    A package counts as soon as the pipeline's state on the disk names it: from then on it is loaded, however often
    that takes. One that was extracted and is not named has never been, and goes.
    """

    def __init__(self, destination: Any, dataset: str, folder: Path) -> None:  # noqa: ANN401 - dlt's own type
        self._pipeline = dlt.pipeline(
            pipeline_name=normalize_schema_name(dataset),
            destination=destination,
            dataset_name=dataset,
            pipelines_dir=str(folder),
        )

    @property
    def kept(self) -> dlt_kept.Kept:
        """What is delivered."""
        return dlt_kept.read(self._pipeline.state)

    def increments(self, own: Mapping[str, Seen]) -> dict[str, Seen]:
        """How far increments have come, where `own` is how far headrace has: dlt may have gone on since."""
        name = self._pipeline.default_schema_name
        return dlt_state.taken_over(own, self._pipeline.state, name) if name else dict(own)

    def keep(self, kept: dlt_kept.Kept) -> None:
        """Write down what is delivered; it reaches the destination with the next package."""
        with self._pipeline.managed_state() as state:
            dlt_kept.write(state, kept)

    @property
    def schema(self) -> Schema:
        """The data tables of the dataset."""
        name = self._pipeline.default_schema_name
        return known_schema(self._pipeline.schemas[name]) if name else Schema({})

    def sync(self) -> None:
        """Take over what the destination knows better: it was loaded from elsewhere, or it is gone."""
        if self._pipeline.config.restore_from_destination:
            self._pipeline.sync_destination()

    def discard(self) -> None:
        """Remove what an extraction that was killed has left."""
        normalised = self._pipeline.list_normalized_load_packages()
        for load_id in self._pipeline.list_extracted_load_packages():
            if load_id in normalised:  # killed between two steps of a move; dlt itself would fail at this for ever
                self._pipeline._get_normalize_storage().extracted_packages.delete_package(load_id)  # noqa: SLF001
            elif load_id != self.kept.load_id:
                self._pipeline.abort_packages()
        extractions = Path(self._pipeline.working_dir, "normalize")
        for folder in extractions.iterdir() if extractions.is_dir() else ():
            if folder.is_dir() and folder.name != "extracted":
                shutil.rmtree(folder)

    def finish(self) -> None:
        """Load the package that is waiting, if there is one. Raises Outrun: then it is gone, and nothing is loaded."""
        if not self._pipeline.has_pending_data:
            return
        with turn(self._pipeline.destination.destination_type, self._pipeline.dataset_name):
            if self._pipeline.list_extracted_load_packages():
                self._pipeline.normalize()
            for load_id in self._pipeline.list_normalized_load_packages():
                self._look_for_landed(load_id)
            for load_id in self._pipeline.list_normalized_load_packages():
                self._check_not_outrun(load_id)
                self._take_back(self.kept.leaving)
                self._pipeline.load()

    def _check_not_outrun(self, load_id: str) -> None:
        """Raises Outrun where another run has loaded the dataset since this one opened it.

        The state in the package would be the newest one, and know nothing of that. A package that is begun is finished.
        """
        packages = self._pipeline._get_load_storage().normalized_packages  # noqa: SLF001 - dlt offers no other way
        is_begun = any(state != "new_jobs" for state, _ in packages.list_all_jobs_with_states(load_id))
        if is_begun or not self._pipeline.config.restore_from_destination:
            return
        with contextlib.suppress(DestinationUndefinedEntity):  # nobody has loaded it
            there = self._pipeline._restore_state_from_destination()  # noqa: SLF001 - likewise
            newest = dlt_kept.read(there or {}).load_id
            if newest and newest not in self.kept.lineage:
                self._pipeline.drop()
                raise Outrun(self._pipeline.dataset_name)

    def _look_for_landed(self, load_id: str) -> None:
        """Tell dlt what a load that was killed had done already, as far as a database can say so."""
        storage = self._pipeline._get_load_storage()  # noqa: SLF001 - dlt offers no way to say it
        packages = storage.normalized_packages
        begun, waiting = packages.list_started_jobs(load_id), packages.list_new_jobs(load_id)
        client = self._pipeline.destination_client()
        if not isinstance(client, SqlJobClientBase) or (waiting and not begun):
            return
        with client:
            if begun:
                note_landed(packages, load_id, client)
            elif is_recorded(load_id, client):
                storage.complete_load_package(load_id, aborted=False)

    def load(self, package: Package, schema_name: str) -> None:
        """Extract, normalise and load a package under the load id of its commit."""
        name = self._pipeline.default_schema_name or normalize_schema_name(schema_name)
        with _load_id(package.commit.load_id):
            self._pipeline.extract(package.source(name))
        self.finish()

    @property
    def takes_back(self) -> bool:
        """Whether the destination speaks the SQL that it takes to delete rows."""
        return isinstance(self._pipeline.destination_client(), SqlJobClientBase)

    def _take_back(self, deliveries: Sequence[Delivery]) -> None:
        """Delete the rows of some loads with what hangs on them. Doing it twice, after a kill, is as good as once."""
        client = self._pipeline.destination_client()
        if not deliveries or not isinstance(client, SqlJobClientBase):
            return
        schema, naming = self.schema, Naming(self._pipeline.default_schema.naming)
        families = [(old, family(old.table, schema)) for old in deliveries]
        names = {naming.short(table.name) for _, tables in families for table in tables}
        with client:
            there = {name for name, columns in client.get_storage_tables(sorted(names)) if columns}
        with self._pipeline.sql_client() as sql, sql.begin_transaction():
            for old, tables in families:
                made = [table for table in tables if naming.short(table.name) in there]
                for statement in withdrawing(made, sql, naming, old.staying_pages):
                    sql.execute_sql(statement, *[old.load_id] * statement.count("%s"))

    def close(self) -> None:
        """Let another pipeline be the active one."""
        if self._pipeline.is_active:
            self._pipeline.deactivate()


@contextlib.contextmanager
def _load_id(load_id: str) -> Iterator[None]:
    """Within this block dlt's extraction uses this load id: it offers no way to give one."""
    made = extract_storage.create_load_id
    extract_storage.create_load_id = lambda: load_id
    try:
        yield
    finally:
        extract_storage.create_load_id = made
