"""The same configuration through dlt's own source and through ours, into a warehouse each, in one comparable form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import dlt
import dlt.sources.rest_api

import headrace.rest_api
from tests.parity.oracle import Tables, forest

Which = Literal["ours", "dlt"]
Prepare = Callable[[Any], Any]


@dataclass
class Loaded:
    """What stands in the warehouse, and how dlt describes it: tables without what is never filled in."""

    tables: Tables
    schema: dict[str, Any]
    state: Any


def source(which: Which, config: Any, **options: Any) -> Any:
    module = headrace.rest_api if which == "ours" else dlt.sources.rest_api
    return module.rest_api_source(config, **options)


def pipeline(which: Which, folder: Path) -> Any:
    return dlt.pipeline(
        f"p_{which}",
        destination=dlt.destinations.duckdb(str(folder / f"{which}.duckdb")),
        dataset_name="d",
        pipelines_dir=str(folder / which),
    )


def load(which: Which, config: Any, folder: Path, prepare: Prepare = lambda one: one, **options: Any) -> Loaded:
    """One run of the pipeline, and what stands there after it."""
    line = pipeline(which, folder)
    line.run(prepare(source(which, config, **options)), loader_file_format="parquet")
    return loaded(line)


def loaded(line: Any) -> Loaded:
    schema = line.default_schema
    tables = Tables({}, {}, {})
    described: dict[str, Any] = {}
    with line.sql_client() as client:
        for table in schema.data_tables():
            name = table["name"]
            columns = schema.get_table_columns(name)
            described[name] = {**{key: value for key, value in table.items() if key != "columns"}, "columns": columns}
            tables.columns[name] = [(column, spec["data_type"]) for column, spec in columns.items()]
            tables.parents[name] = table.get("parent")
            with client.execute_query(f"SELECT * FROM {client.make_qualified_table_name(name)}") as cursor:
                names = [column[0] for column in cursor.description]
                tables.rows[name] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return Loaded(tables, described, line.state.get("sources"))


def assert_equal(ours: Loaded, theirs: Loaded) -> None:
    described = list(_described(ours, theirs))
    assert not described, described
    assert _order(ours) == _order(theirs), (_order(ours), _order(theirs))
    here, there = set(forest(ours.tables)), set(forest(theirs.tables))
    assert here == there, (here - there, there - here)
    assert len(forest(ours.tables)) == len(forest(theirs.tables))


def _described(ours: Loaded, theirs: Loaded) -> Iterator[str]:
    """In what the schemas differ, in words."""
    for name in ours.schema.keys() | theirs.schema.keys():
        one, other = ours.schema.get(name, {}), theirs.schema.get(name, {})
        for key in one.keys() | other.keys():
            if key == "columns":
                yield from _columns(name, one.get(key, {}), other.get(key, {}))
            elif one.get(key) != other.get(key):
                yield f"{name}: {key} is {one.get(key)}, in dlt {other.get(key)}"


def _columns(table: str, one: Any, other: Any) -> Iterator[str]:
    for name in one.keys() | other.keys():
        if one.get(name) != other.get(name):
            yield f"{table}.{name}: {one.get(name)}, in dlt {other.get(name)}"


def _order(loaded: Loaded) -> dict[str, list[str]]:
    return {name: list(table["columns"]) for name, table in loaded.schema.items()}
