"""Every merge strategy, from one API into DuckDB, through dlt and through headrace: the same tables after each load."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest

import headrace
from tests.e2e.api import served
from tests.e2e.warehouse import read_dataset

pytestmark = pytest.mark.timeout(600)  # the first test waits for all loads
Row = dict[str, Any]
DATASET = "tables"

FIRST: list[Row] = [
    {"id": 1, "name": "ann", "team": "a", "pets": [{"kind": "cat", "toys": ["ball", "rope"]}, {"kind": "dog"}]},
    {"id": 2, "name": "bob", "team": "a", "tags": ["x", "y"], "at": "2024-01-01T10:00:00Z"},
    {"id": 3, "name": "cy", "team": "b", "pets": [{"kind": "eel", "toys": []}], "score": 1.5},
    {"id": 4, "name": "dee", "team": "c", "tags": [], "deep": {"a": {"b": 1e16}, "é": None}},
]
CHANGED: list[Row] = [
    {"team": "a", "name": "ann", "id": 1, "pets": [{"toys": ["rope"], "kind": "cat"}]},  # fewer, and in another order
    {"id": 2, "name": "bob", "team": "a", "tags": [], "at": "2024-01-01T10:00:00Z"},
    {"id": 5, "name": "eve", "team": "b", "pets": [{"kind": "fly", "toys": ["web"]}], "new": True},
    {"id": 3, "name": "cy", "team": "b", "pets": [{"kind": "eel"}], "gone": True},
    {"deep": {"é": None, "a": {"b": 10000000000000000.0}}, "id": 4, "tags": [], "name": "dee", "team": "c"},
]
LONGER: list[Row] = [
    {
        "id": 1,
        "name": "ann",
        "team": "a",
        "pets": [{"kind": "gnu"}, {"kind": "hen"}, {"kind": "ibis", "toys": ["net"]}],
    },
    {"id": 3, "name": "cy", "team": "b", "pets": [{"kind": "eel", "toys": []}], "score": 1.5},
]
GONE = {"gone": {"hard_delete": True}}
LOADS = [FIRST, FIRST, CHANGED, [], LONGER, FIRST]


def merge(strategy: str, **more: Any) -> Row:
    return {"disposition": "merge", "strategy": strategy, **more}


WAYS: dict[str, Row] = {
    "upsert": {"primary_key": "id", "write_disposition": merge("upsert")},
    "upsert by several fields": {"primary_key": ["name", "id"], "write_disposition": merge("upsert")},
    "upsert of what changed": {"primary_key": "id", "write_disposition": merge("upsert", skip_unchanged_rows=True)},
    "upsert by version": {
        "primary_key": "id",
        "write_disposition": merge("upsert", skip_unchanged_rows=True, row_version_column_name="team"),
    },
    "insert-only": {"primary_key": "id", "write_disposition": merge("insert-only")},
    "scd2": {"write_disposition": merge("scd2")},
    "scd2 with a key": {"primary_key": "id", "write_disposition": merge("scd2")},
    "scd2 in parts": {"merge_key": "team", "write_disposition": merge("scd2")},
    "scd2, named": {
        "write_disposition": merge(
            "scd2",
            validity_column_names=["since", "until"],
            active_record_timestamp="9999-12-31T00:00:00+00:00",
            boundary_timestamp="2024-05-01T00:00:00Z",
        )
    },
    "cdc": {"primary_key": "id", "write_disposition": merge("cdc")},
    "cdc in parts": {"primary_key": "id", "merge_key": "team", "write_disposition": merge("cdc")},
    "upsert of what is not gone": {"primary_key": "id", "columns": GONE, "write_disposition": merge("upsert")},
    "cdc of what is not gone": {"primary_key": "id", "columns": GONE, "write_disposition": merge("cdc")},
    "delete-insert of what is not gone": {"primary_key": "id", "columns": GONE, "write_disposition": "merge"},
    "delete-insert of parts": {"merge_key": "team", "columns": GONE, "write_disposition": "merge"},
    "no key, and what is not gone": {"columns": GONE, "write_disposition": "merge"},
    "cdc of what changed": {"primary_key": "id", "write_disposition": merge("cdc", skip_unchanged_rows=True)},
}


class Api:
    """One list, in pages of three."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.url = ""

    def answer(self, target: str) -> tuple[int, Any]:
        at = int(parse_qs(urlsplit(target).query).get("page", ["0"])[0])
        return 200, {"rows": self.rows[at : at + 3], "next": str(at + 3) if at + 3 < len(self.rows) else None}

    def config(self, ways: dict[str, Row]) -> Row:
        paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "page"}
        endpoint = {"path": "things", "data_selector": "rows", "paginator": paginator}
        resources = [{"name": name, "endpoint": endpoint, **way} for name, way in ways.items()]
        return {"client": {"base_url": self.url}, "resources": resources}


def name_of(way: str) -> str:
    return f"t{list(WAYS).index(way)}"


def through_dlt(folder: Path, config: Row, name: str = "dlt") -> Path:
    import dlt
    from dlt.sources.rest_api import rest_api_source

    database = folder / f"{name}.duckdb"
    pipeline = dlt.pipeline(
        "things",
        pipelines_dir=str(folder / f"pipelines_{name}"),
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name=DATASET,
    )
    source: Any = rest_api_source
    pipeline.run(source(config), loader_file_format="parquet")
    return database


def through_headrace(folder: Path, config: Row, name: str = "ours") -> Path:
    """Into a file of this name; `by_dlt` is one that the sink for dlt's destinations writes."""
    file, database = folder / "things.json", folder / f"{name}.duckdb"
    file.write_text(json.dumps(config))
    to = "dlt:duckdb" if name == "by_dlt" else f"duckdb:///{database}"
    with mock.patch.dict(os.environ, {"DESTINATION__DUCKDB__CREDENTIALS": f"duckdb:///{database}"}):
        report = headrace.load(str(file), to=to, dataset=DATASET, journal=str(folder / f"journal_{name}"), environ={})
    assert report.status == "complete", report.errors
    assert not [notice for notice in report.notices if "dlt left" in notice.message]
    return database


Standing = tuple[dict[str, dict[str, str]], str, dict[str, list[str]]]
"""Types by table and column, the records with all that hangs on them, and the ids of each table."""


def standing(database: Path, root: str) -> Standing:
    """What there is of a root and its children; moments of loads are told by their order."""
    types, records = read_dataset(database, DATASET)
    types = {table: columns for table, columns in types.items() if table == root or table.startswith(f"{root}__")}
    ids, moments = {}, set[Any]()
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in types:
            rows = connection.sql(f'SELECT _dlt_id FROM "{DATASET}"."{table}" ORDER BY 1').fetchall()
            ids[table] = [row[0] for row in rows]
        for column in {"_dlt_valid_from", "_dlt_valid_to"} & types.get(root, {}).keys():
            found = connection.sql(f'SELECT DISTINCT {column} FROM "{DATASET}"."{root}"').to_arrow_table()
            moments |= {value for value in found[column].to_pylist() if value is not None}
    text = "\n".join(sorted(map(repr, records.get(root, []))))
    for number, moment in enumerate(sorted(moments)):
        text = text.replace(repr(repr(moment)), f"'moment {number}'")
    return types, "\n".join(sorted(text.splitlines())), ids


FEW = ("upsert", "insert-only", "scd2", "scd2 in parts", "cdc", "upsert of what is not gone")
"""Of those that go through dlt as well, which takes its time."""
CASES = [("ours", way) for way in WAYS] + [(dataset, way) for dataset in ("by_dlt", "turns") for way in FEW]


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[Standing]]:
    """Every load in every way, all ways together: what stands after it, in each of the datasets.

    Of `turns` dlt and headrace have loaded one after the other.
    """
    folder, api = tmp_path_factory.mktemp("strategies"), Api()
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}
    found: dict[tuple[str, str], list[Standing]] = {}
    with served(api.answer) as api.url, mock.patch.dict(os.environ, quiet):
        every = api.config({name_of(way): hints for way, hints in WAYS.items()})
        few = api.config({name_of(way): WAYS[way] for way in FEW})
        for number, api.rows in enumerate(LOADS):
            turn = through_headrace if number % 2 else through_dlt
            for file in (
                through_dlt(folder, every),
                through_headrace(folder, every),
                through_headrace(folder, few, "by_dlt"),
                turn(folder, few, "turns"),
            ):
                for way in WAYS if file.stem in {"dlt", "ours"} else FEW:
                    found.setdefault((file.stem, way), []).append(standing(file, name_of(way)))
    return found


@pytest.mark.parametrize(("dataset", "way"), CASES)
def test_the_tables_are_those_of_dlt_after_every_load(
    loads: dict[tuple[str, str], list[Standing]], dataset: str, way: str
) -> None:
    has_digests = "delete-insert" not in way and "no key" not in way
    for (types, records, ids), (their_types, their_records, their_ids) in zip(
        loads[dataset, way], loads["dlt", way], strict=True
    ):
        assert [(name, list(columns.items())) for name, columns in types.items()] == [
            (name, list(columns.items())) for name, columns in their_types.items()
        ]
        assert records
        assert records.splitlines() == their_records.splitlines()
        assert not has_digests or ids == their_ids


@pytest.mark.parametrize("way", ["scd2", "cdc", "upsert", "insert-only"])
def test_a_replay_changes_nothing_and_into_a_new_file_always_makes_the_same(tmp_path: Path, way: str) -> None:
    api = Api()
    with served(api.answer) as api.url:
        config = api.config({name_of(way): WAYS[way]})
        for api.rows in (FIRST, CHANGED):
            database = through_headrace(tmp_path, config)
    given: dict[str, Any] = {"dataset": DATASET, "journal": str(tmp_path / "journal_ours"), "environ": {}}

    def replayed() -> Standing:
        headrace.replay(str(tmp_path / "things.json"), to=f"duckdb:///{database}", **given)
        return standing(database, name_of(way))

    stood = standing(database, name_of(way))
    assert [replayed(), replayed()] == [stood, stood]
    database.unlink()
    once = replayed()
    assert once[1]
    assert replayed() == once
