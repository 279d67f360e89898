"""The same loads through real dlt and through the DuckDB sink give the same tables."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import pytest

from headrace.model.plan import Disposition
from headrace.model.table import DataType
from headrace.sinks.base import Commit

from .making import InDuckDB, World, child, people, root

Record = tuple[int, str, list[str]]
Way = tuple[Disposition, tuple[str, ...], tuple[str, ...]]

FIRST: list[Record] = [(1, "ann", ["cat", "dog"]), (2, "bob", []), (3, "cy", ["eel"])]
LOADS: dict[str, list[list[Record]]] = {
    "new, changed and unchanged rows": [FIRST, [(2, "bert", ["fly"]), (3, "cy", ["eel"]), (4, "dee", [])]],
    "a list that became empty": [FIRST, [(1, "ann", [])], [(3, "cy", ["gnu", "hen"])]],
    "no children any more": [FIRST, [(1, "x", []), (2, "x", []), (3, "x", [])]],
    "no rows": [FIRST, []],
    "names that are shared": [FIRST, [(7, "ann", ["ox"]), (2, "cy", [])]],
}
LONGEST = max(map(len, LOADS.values()))
WAYS: dict[str, Way] = {
    "append": ("append", (), ()),
    "replace": ("replace", (), ()),
    "merge by primary key": ("merge", ("id",), ()),
    "merge by merge key": ("merge", (), ("name",)),
    "merge by either": ("merge", ("id",), ("name",)),
    "merge by both together": ("merge", ("id", "name"), ()),
    "merge without a key": ("merge", (), ()),
}


@pytest.fixture(scope="module")
def dlts(tmp_path_factory: pytest.TempPathFactory) -> InDuckDB:
    """Every way and every sequence of loads through dlt: one pipeline run for the n-th load of all of them."""
    dlt = pytest.importorskip("dlt")
    folder = tmp_path_factory.mktemp("dlt")
    file = InDuckDB(folder / "w.duckdb")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quiet(patch)
        pipeline = pipeline_into(dlt, file)
        for number in range(LONGEST):
            resources = [
                _resource(dlt, table_name(way, loads), WAYS[way], records[number])
                for way in WAYS
                for loads, records in LOADS.items()
                if number < len(records)
            ]
            pipeline.run(resources, loader_file_format="parquet")
    return file.hold()


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> InDuckDB:
    """The same, one run of as many walks."""
    file = InDuckDB(tmp_path_factory.mktemp("ours") / "w.duckdb")
    world = World(file)
    for number in range(LONGEST):
        world.open(f"run{number}")
        walks = []
        for way, (disposition, key, merge_key) in WAYS.items():
            for loads, records in LOADS.items():
                if number >= len(records):
                    continue
                name = table_name(way, loads)
                columns: dict[str, DataType] = {"id": "bigint", "name": "text"}
                table = root(name, columns, disposition=disposition, key=key, merge_key=merge_key)
                pets = child(table, "pets", {"value": "text"})
                batches = people(*records[number], table=table, pets=pets, run=f"{number}.")
                world.stage(name, *(part for part in batches if part.rows.num_rows))
                walks.append(world.walk_commit(name, name, disposition, complete=True))
        world.sink.commit(Commit(f"run{number}", str(number), "mine", world.schema, tuple(walks)))
    world.sink.close()
    return file.hold()


def quiet(patch: pytest.MonkeyPatch) -> None:
    for name, value in {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}.items():
        patch.setenv(name, value)


def pipeline_into(dlt: Any, file: InDuckDB) -> Any:
    folder, destination = str(file.path.parent / "pipelines"), dlt.destinations.duckdb(str(file.path))
    return dlt.pipeline("mine", pipelines_dir=folder, destination=destination, dataset_name=file.dataset)


def table_name(way: str, loads: str) -> str:
    return f"t{list(WAYS).index(way)}_{list(LOADS).index(loads)}"


def _resource(dlt: Any, name: str, way: Way, records: Sequence[Record]) -> Any:
    disposition, key, merge_key = way
    rows = [{"id": number, "name": text, "pets": pets} for number, text, pets in records]
    hints = {"primary_key": list(key) or None, "merge_key": list(merge_key) or None}
    return dlt.resource(rows, name=name, write_disposition=disposition, **hints)


def joined(reader: InDuckDB, name: str) -> list[Record]:
    """Roots with their children in order; a child without a root shows as a root of its own."""
    under: dict[str, list[str]] = {}
    for row in sorted(reader.rows(f"{name}__pets"), key=lambda row: row["_dlt_list_idx"]):
        under.setdefault(row["_dlt_parent_id"], []).append(row["value"])
    found = [(row["id"], row["name"], under.pop(row["_dlt_id"], [])) for row in reader.rows(name)]
    return sorted([*found, *((-1, "orphan", values) for values in under.values())])


@pytest.mark.parametrize("loads", LOADS)
@pytest.mark.parametrize("way", WAYS)
def test_the_tables_are_dlts(way: str, loads: str, ours: InDuckDB, dlts: InDuckDB) -> None:
    name = table_name(way, loads)
    assert joined(ours, name) == joined(dlts, name)
    assert ours.columns(name) == dlts.columns(name)
    assert sorted(ours.columns(f"{name}__pets")) == sorted(dlts.columns(f"{name}__pets"))


def test_the_record_of_a_load_is_dlts(ours: InDuckDB, dlts: InDuckDB) -> None:
    assert ours.columns("_dlt_loads") == dlts.columns("_dlt_loads")
    said = 'SELECT schema_name, status, length(schema_version_hash) FROM "w"."data"."_dlt_loads"'
    assert ours.query(said) == dlts.query(said) == [("mine", 0, 44)] * LONGEST


def test_a_dataset_that_dlt_made_is_taken_over_as_it_is(file: InDuckDB, monkeypatch: pytest.MonkeyPatch) -> None:
    dlt = pytest.importorskip("dlt")
    quiet(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline_into(dlt, file).run([_resource(dlt, "people", WAYS["merge by primary key"], FIRST)])
    here = World(file)
    parents = {name: table.parent for name, table in here.open("a").schema.tables.items()}
    assert parents == {"people": None, "people__pets": "people"}
    table = root("people", {"id": "bigint", "name": "text"}, disposition="merge", key=["id"])
    here.stage("people", *people((1, "new", []), table=table, pets=child(table, "pets", {"value": "text"})))
    here.commit("people")
    here.sink.close()
    assert joined(file, "people") == [(1, "new", []), (2, "bob", []), (3, "cy", ["eel"])]
    assert len(file.loads()) == 2
