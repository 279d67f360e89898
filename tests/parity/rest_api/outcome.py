"""A case through dlt's own source or through headrace's, into DuckDB, twice; and what then lies there."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.parity.oracle import Row, Tables, forest
from tests.parity.rest_api.case import Case
from tests.parity.rest_api.routes import Api
from tests.parity.rest_api.serving import Server

ORACLE, OURS = "dlt.sources.rest_api", "headrace.rest_api"
REGISTRIES = {ORACLE: "dlt.sources.rest_api.config_setup", OURS: OURS}
DATASET = "d"
UNLIKE = {"x-normalizer": ("seen-data",)}
"""Of these hints of a table only the named keys say something of the table; the others tell how it was made."""


@dataclass(frozen=True)
class Outcome:
    """What a run left: the warehouse's tables, the schema without system tables, and the sources' state."""

    tables: Tables
    schema: dict[str, Any]
    state: dict[str, Any]

    def count(self, table: str) -> int:
        return len(self.tables.rows.get(table, ()))

    def of(self, *roots: str) -> Outcome:
        """What there is of these resources alone."""

        def own(tables: dict[str, Any]) -> dict[str, Any]:
            prefixes = tuple(f"{root}__" for root in roots)
            return {name: table for name, table in tables.items() if name in roots or name.startswith(prefixes)}

        tables = Tables(own(self.tables.columns), own(self.tables.parents), own(self.tables.rows))
        schema = self.schema | {name: own(self.schema[name]) for name in ("tables", "propagation")}
        state = {
            source: {key: own(value) if key == "resources" else value for key, value in kept.items()}
            for source, kept in self.state.items()
        }
        return Outcome(tables, schema, state)


@dataclass
class Runs:
    """One pipeline and the runs that it has had."""

    pipeline: Any
    loads: dict[str, int]

    def run(self, module: str, case: Case, server: Server) -> Outcome:
        """The next run of the case, by the source of this module. Raises what the run raises."""
        api = server.handle
        assert isinstance(api, Api)
        number = len(set(self.loads.values())) + 1
        api.turn = 1 if number == 1 else 2
        rest_api = import_module(module)
        case.prepare(import_module(REGISTRIES[module]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old ways to write a configuration are tried too
            source = case.change(rest_api.rest_api_source(case.build(server.url), **case.source))
            info = self.pipeline.run(source, loader_file_format="parquet")
        self.loads |= dict.fromkeys(info.loads_ids or [f"none in {number}"], number)
        return self.outcome()

    def outcome(self) -> Outcome:
        schema = self.pipeline.default_schema
        with self.pipeline.sql_client() as client:
            tables = Tables({}, {}, {})
            for name in sorted(_names(client)):
                tables.columns[name] = list(_columns(client, name))
                tables.parents[name] = schema.tables.get(name, {}).get("parent")
                tables.rows[name] = [self._row(row) for row in _rows(client, name)]
        _count_moments(tables)
        return Outcome(tables, _schema(schema.to_dict()), _state(self.pipeline.state.get("sources", {})))

    def _row(self, row: Row) -> Row:
        """The row with the number of the run that wrote it in place of the load's id."""
        if "_dlt_load_id" in row:
            row["(run)"] = self.loads[row.pop("_dlt_load_id")]
        return row


def runs(folder: Path) -> Runs:
    """A new pipeline, in a folder of its own."""
    import dlt

    folder.mkdir()
    destination = dlt.destinations.duckdb(str(folder / "p.duckdb"))
    pipeline = dlt.pipeline("parity", pipelines_dir=str(folder), destination=destination, dataset_name=DATASET)
    return Runs(pipeline, {})


def twice(modules: Sequence[str], case: Case, server: Server, folder: Path) -> list[Outcome]:
    """What lies there after each of two runs, the first by the first module."""
    pipeline = runs(folder)
    return [pipeline.run(module, case, server) for module in modules]


def differences(ours: Outcome, theirs: Outcome) -> list[str]:
    """In what the outcomes differ, in words; nothing if they are equal."""
    found = list(_unlike("table", ours.tables.columns, theirs.tables.columns))
    if not found and forest(ours.tables) != forest(theirs.tables):
        mine, other = set(forest(ours.tables)), set(forest(theirs.tables))
        found.append(f"rows {sorted(mine - other)[:2]} and in dlt {sorted(other - mine)[:2]}")
    found += _unlike("schema", ours.schema, theirs.schema)
    found += _unlike("state", ours.state, theirs.state)
    return found


def _unlike(where: str, ours: Any, theirs: Any) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            yield from _unlike(f"{where}.{key}", ours.get(key, "(nothing)"), theirs.get(key, "(nothing)"))
    elif ours != theirs:
        yield f"{where}: {ours!r} and in dlt {theirs!r}"


def _names(client: Any) -> Iterator[str]:
    query = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s"
    with client.execute_query(query, DATASET) as cursor:
        yield from (name for (name,) in cursor.fetchall() if not name.startswith("_dlt"))


def _columns(client: Any, table: str) -> Iterator[tuple[str, str]]:
    """Columns of the data in their order, then those of the system in that of their names."""
    query = (
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        " ORDER BY ordinal_position"
    )
    with client.execute_query(query, DATASET, table) as cursor:
        columns = cursor.fetchall()
    yield from (column for column in columns if not column[0].startswith("_dlt_"))
    yield from sorted(column for column in columns if column[0].startswith("_dlt_"))


def _rows(client: Any, table: str) -> Iterator[Row]:
    with client.execute_query(f"SELECT * FROM {client.make_qualified_table_name(table)}") as cursor:
        names = [column[0] for column in cursor.description]
        yield from (dict(zip(names, row, strict=True)) for row in cursor.fetchall())


def _count_moments(tables: Tables) -> None:
    """The moments of a load, which scd2 writes beside the rows, become their number in order of time."""
    found = [row for rows in tables.rows.values() for row in rows]
    columns = ("_dlt_valid_from", "_dlt_valid_to")
    moments = sorted({row[name] for row in found for name in columns if row.get(name) is not None})
    for row in found:
        row |= {name: moments.index(row[name]) for name in columns if row.get(name) is not None}


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    tables = {name: _table(table) for name, table in schema["tables"].items() if not name.startswith("_dlt")}
    names = {"names": schema["normalizers"]["names"], "module": schema["normalizers"]["json"]["module"]}
    config = schema["normalizers"]["json"].get("config", {})
    propagation = config.pop("propagation", {}).get("tables", {})
    settings = {"settings": schema["settings"], "normalizers": names | config}
    return {"name": schema["name"], **settings, "propagation": propagation, "tables": tables}


def _table(table: dict[str, Any]) -> dict[str, Any]:
    hints = {key: value for key, value in table.items() if key not in UNLIKE}
    for hint, keys in UNLIKE.items():
        hints[hint] = {key: table.get(hint, {}).get(key) for key in keys}
    return hints | {"(order)": [name for name in table["columns"] if not name.startswith("_dlt_")]}


def _state(state: Any) -> Any:
    """The state with sets for lists of which the order says nothing, and without what is ours beside dlt's own."""
    if not isinstance(state, dict):
        return state
    return {
        key: sorted(value) if key == "unique_hashes" else _state(value)
        for key, value in state.items()
        if key != "headrace"
    }
