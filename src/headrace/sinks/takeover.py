"""dlt's own tables in a dataset, read and written so that a pipeline of dlt can take it over, and headrace from it.

`_dlt_version` holds the schemas and `_dlt_pipeline_state` the states of pipelines, a row for each change.
"""

# ruff: noqa: S608 - identifiers come through ddl.quote, values are parameters

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType

import msgspec

from headrace.model.plan import Json
from headrace.model.position import Seen
from headrace.sinks import dlt_schema, dlt_state
from headrace.sinks.base import Commit
from headrace.sinks.database import Database
from headrace.sinks.ddl import Catalog, Names
from headrace.sinks.dlt_limits import is_another_engine, listed, strict, unmet
from headrace.sinks.dlt_schema import Document, Filled
from headrace.sinks.dlt_state import Owner, resource_of

SCHEMA = "rest_api"
"""The schema's name where the dataset has none yet: that of dlt's `rest_api_source`."""
LOADS, VERSIONS, STATES = "_dlt_loads", "_dlt_version", "_dlt_pipeline_state"
TABLES: Mapping[str, str] = {
    VERSIONS: "version BIGINT NOT NULL, engine_version BIGINT NOT NULL, inserted_at TIMESTAMP WITH TIME ZONE NOT NULL, "
    "schema_name VARCHAR NOT NULL, version_hash VARCHAR NOT NULL, schema VARCHAR NOT NULL",
    STATES: "version BIGINT NOT NULL, engine_version BIGINT NOT NULL, pipeline_name VARCHAR NOT NULL, "
    "state VARCHAR NOT NULL, created_at TIMESTAMP WITH TIME ZONE NOT NULL, version_hash VARCHAR, "
    "_dlt_load_id VARCHAR NOT NULL, _dlt_id VARCHAR NOT NULL",
}
_ANOTHER_DLT = (
    "another version of dlt has written `_dlt_version` or `_dlt_pipeline_state` of this dataset, so headrace leaves"
    " both as they are, and increments are its own; run the pipeline once with dlt 1.31"
)


class Described(msgspec.Struct, frozen=True):
    """How a load is written into `_dlt_loads`: the schema's name, and its hash."""

    schema_name: str
    version_hash: str


class Takeover:
    """The schema and the state of one pipeline, within whatever transaction is open.

    `done` is what the run does, by resource, of what a stored schema may ask for.
    """

    def __init__(
        self,
        database: Database,
        names: Names,
        pipeline: str,
        done: Mapping[str, AbstractSet[str]] = MappingProxyType({}),
    ) -> None:
        self._run = database.run
        self._done = done
        self._names = names
        self._pipeline = pipeline
        self._made = False

    def seen(self, own: Mapping[str, Seen]) -> dict[str, Seen]:
        """How far increments have come, by walk, dlt's own runs included; `own` is what headrace wrote down."""
        state = self._state(self._pipeline)
        if state is None or is_another_engine(None, state):
            return dict(own)
        seen = dict(own)
        for schema in state.get("schema_names") or [SCHEMA]:
            seen = dlt_state.taken_over(seen, state, schema)
        return seen

    def warnings(self, resources: Iterable[str]) -> tuple[str, ...]:
        """What dlt would do for these resources, by what it has stored, and headrace does not."""
        wanted = frozenset(resources)
        state = self._state(self._pipeline)
        name = self._schema_name(state, wanted, SCHEMA)
        schema = self._schema(name)
        if is_another_engine(schema, state):
            return (_ANOTHER_DLT,)
        return (*_unmet(name, schema, wanted, self._done), *self._lost_increments(state, name, wanted))

    def contracts(self, resources: Iterable[str]) -> dict[str, str]:
        """A sentence for each resource on whose table there is a schema contract, which the configuration may lack."""
        wanted = frozenset(resources)
        state = self._state(self._pipeline)
        name = self._schema_name(state, wanted, SCHEMA)
        schema = self._schema(name)
        if schema is None or is_another_engine(schema, state):
            return {}
        return {
            resource: f"the schema `{name}` of this dataset has a schema contract on `{table}`, and the configuration"
            " has none: rows are loaded without; write it there as `schema_contract` to keep it"
            for resource, table in strict(schema, wanted).items()
        }

    def write(self, commit: Commit, seen: Mapping[str, Seen], there: Catalog) -> Described:
        """Bring schema and state up to a commit; a row for each of them that has changed.

        `seen` are all increments of the dataset after it, `there` its tables.
        """
        pipeline = self._pipeline or commit.schema_name
        before = self._state(pipeline)
        resources = {walk.table: walk.walk for walk in commit.walks}
        name = self._schema_name(before, frozenset(resources.values()), commit.schema_name)
        owner = Owner(pipeline, self._names.dataset, name)
        known = self._schema(owner.schema)
        # What another version of dlt has stored is left to it.
        stands = is_another_engine(known, before)
        marks = {resource_of(walk): mark for walk, mark in seen.items()}
        filled = Filled(resources, marks, there, commit.drop)
        schema = dlt_schema.stored_schema(None if stands else known, owner.schema, commit.schema, filled)
        described = Described(owner.schema, schema["version_hash"])
        if stands:
            return described
        if known is not None and dlt_schema.describes_less(schema, known):
            # dlt makes nothing anew of what any stored schema describes that is equal to its own.
            self._run(f"DELETE FROM {self._data(VERSIONS)} WHERE schema_name = ?", [owner.schema])
        if known is None or known["version_hash"] != schema["version_hash"]:
            self._write_schema(schema)
        again = [resources[table] for table in commit.drop if table in resources]
        state = dlt_state.pipeline_state(before, owner, schema["version_hash"], seen, again)
        if before is None or before.get("_version_hash") != state["_version_hash"]:
            self._write_state(state, commit.load_id)
        return described

    def _lost_increments(self, state: Document | None, name: str, resources: frozenset[str]) -> list[str]:
        typed = [each for each in (dlt_state.typed_values(state, name) if state else ()) if each in resources]
        found = [
            f"the increment of `{each}` is kept by dlt in a type that JSON does not have, so it begins at its"
            " `initial_value`; give that as the API writes it"
            for each in typed
        ]
        others = self._pipelines() if state is None and self._pipeline else []
        if others:
            found.append(
                f"the dataset was loaded by the dlt pipeline `{listed(others)}`, not by `{self._pipeline}`:"
                " increments begin at their `initial_value`; give the document the pipeline's name to go on from it"
            )
        return found

    def _pipelines(self) -> list[str]:
        if not self._is_made():
            return []
        return [name for (name,) in self._run(f"SELECT DISTINCT pipeline_name FROM {self._data(STATES)} ORDER BY ALL")]

    def _state(self, pipeline: str) -> Document | None:
        """The newest state of a load that is complete, as dlt looks for it."""
        if not self._is_made():
            return None
        rows = self._run(
            f"SELECT s.state FROM {self._data(STATES)} AS s JOIN {self._data(LOADS)} AS l ON l.load_id = s._dlt_load_id"
            " WHERE s.pipeline_name = ? AND l.status = 0 ORDER BY l.load_id DESC LIMIT 1",
            [pipeline],
        )
        return dlt_state.unpack(rows[0][0]) if rows else None

    def _schema_name(self, state: Document | None, resources: frozenset[str], otherwise: str) -> str:
        """The schema of a pipeline that has most of these resources; its first one, if it has but one, or none has."""
        first: str = (state or {}).get("default_schema_name") or otherwise
        names: list[str] = (state or {}).get("schema_names") or []
        if len(names) < 2:  # noqa: PLR2004 - where there is a choice
            return first

        def holds(name: str) -> int:
            tables = (self._schema(name) or {"tables": {}})["tables"]
            return sum(table.get("resource") in resources for table in tables.values())

        return max([first, *names], key=holds)

    def _schema(self, name: str) -> Document | None:
        if not self._is_made():
            return None
        rows = self._run(
            f"SELECT schema FROM {self._data(VERSIONS)} WHERE schema_name = ? ORDER BY inserted_at DESC LIMIT 1", [name]
        )
        return msgspec.json.decode(rows[0][0], type=dict[str, Json]) if rows else None

    def _write_schema(self, schema: Document) -> None:
        self._run(
            f"INSERT INTO {self._data(VERSIONS)} (version, engine_version, inserted_at, schema_name, version_hash,"
            " schema) VALUES (?, ?, now(), ?, ?, ?)",
            [
                *(schema[key] for key in ("version", "engine_version", "name", "version_hash")),
                msgspec.json.encode(schema).decode(),
            ],
        )

    def _write_state(self, state: Document, load_id: str) -> None:
        row_id = base64.b64encode(hashlib.blake2b(f"{load_id} {self._pipeline}".encode(), digest_size=10).digest())
        self._run(
            f"INSERT INTO {self._data(STATES)} (version, engine_version, pipeline_name, state, created_at,"
            " version_hash, _dlt_load_id, _dlt_id) VALUES (?, ?, ?, ?, now(), ?, ?, ?)",
            [
                *(state[key] for key in ("_state_version", "_state_engine_version", "pipeline_name")),
                *(dlt_state.pack(state), state["_version_hash"], load_id, row_id.decode().rstrip("=")),
            ],
        )

    def _is_made(self) -> bool:
        """Whether the tables are there; once they are, they stay."""
        if not self._made:
            known = "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = ?"
            there = {name for (name,) in self._run(known, [self._names.catalog, self._names.dataset])}
            self._made = {LOADS, VERSIONS, STATES} <= there
        return self._made

    def _data(self, table: str) -> str:
        return self._names.data(table)


def _unmet(
    name: str, schema: Document | None, resources: frozenset[str], done: Mapping[str, AbstractSet[str]]
) -> list[str]:
    asked = unmet(schema, resources, done) if schema else []
    if not asked:
        return []
    said = f"the schema `{name}` that dlt left in this dataset asks for {listed(asked)}, which headrace does not do"
    return [f"{said}: rows are loaded without; load these resources with dlt if they need it"]
