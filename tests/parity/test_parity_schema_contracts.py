"""What a schema contract lets in, and what nested hints make of child tables: decode beside real dlt, load by load."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from headrace.decode.columns import cast
from headrace.decode.infer import fold
from headrace.decode.observe import Reader
from headrace.decode.rows import RecordPage, page_prefix
from headrace.errors import ContractBroken
from headrace.model.plan import Resource
from headrace.model.table import Reject, Schema
from tests.parity.oracle import Row, Tables, differences
from tests.spec import documents
from tests.spec.documents import with_resource

Load = list[list[dict[str, Any]]]
FIRST: Load = [
    [{"id": 1, "a": 1, "k": [{"x": 1}]}],
    [{"id": 2, "a": 2, "late": "b", "k": [{"x": 2}, {"x": 3}]}],
]
"""A column comes up after the first row: a table may have any columns in its first load."""
SECOND: Load = [
    [
        {"id": 3, "a": 3, "new": 1, "k": [{"x": 4}]},
        {"id": 4, "a": "text", "k": [{"x": 5}]},
        {"id": 5, "a": 5, "o": {"p": True}, "k": [{"x": 6, "y": 1}, {"x": 7}]},
    ],
    [
        {"id": 6, "k": [{"x": "text"}, {"x": 8}]},
        {"id": 7, "a": 7, "n": [{"z": 1}, {"z": 2, "deep": [1, 2]}]},
        {"id": 8, "a": True, "new": 2, "k": [{"x": 9, "below": [{"w": 1}]}]},
        {"id": 9, "a": 9},
    ],
]
MODES = ("evolve", "discard_row", "discard_value")
ENTITIES = ("tables", "columns", "data_type")


@dataclass(frozen=True)
class Case:
    """`hints` of each load; the first one may have other hints than those after it."""

    hints: tuple[dict[str, Any], ...]
    loads: tuple[Load, ...] = (FIRST, SECOND)


def contract(value: Any, **hints: Any) -> dict[str, Any]:
    return {"schema_contract": value, **hints}


def typed(**types: str) -> dict[str, Any]:
    """Columns of a nested table, which dlt takes in this form alone."""
    return {name: {"name": name, "data_type": data_type} for name, data_type in types.items()}


CASES: dict[str, Case] = {
    **{
        f"{entity} {mode}, {'from the second load' if free else 'always'}": Case(
            ({} if free else contract({entity: mode}), contract({entity: mode}))
        )
        for entity in ENTITIES
        for mode in MODES
        for free in (False, True)
    },
    **{f"all {mode}, from the second load": Case(({}, contract(mode))) for mode in MODES},
    **{f"all {mode}, always": Case((contract(mode), contract(mode))) for mode in MODES},
    "rows go for a column, values for a type": Case(
        (contract({"columns": "discard_row", "data_type": "discard_value"}),) * 2
    ),
    "values go for a column, rows for a type": Case(
        (contract({"columns": "discard_value", "data_type": "discard_row"}),) * 2
    ),
    "tables go, columns stay": Case(({}, contract({"tables": "discard_value", "columns": "evolve"}))),
    "a column that is declared later": Case(
        (
            contract({"columns": "discard_value"}),
            contract({"columns": "discard_value"}, columns=[{"name": "new", "data_type": "text"}]),
        )
    ),
    "a column that is declared at once": Case(
        (contract({"columns": "discard_row"}, columns=[{"name": "new", "data_type": "text"}]),) * 2
    ),
    "a contract of a child table": Case(
        ({}, {"nested_hints": {"k": contract({"columns": "discard_value", "data_type": "discard_row"})}})
    ),
    "a contract of a child table that is new": Case(({"nested_hints": {"k": contract("discard_value")}},) * 2),
    "a child table that may do what its root may not": Case(
        ({}, contract("discard_value", nested_hints={"k": contract("evolve")}))
    ),
    "types of a child table": Case(
        ({"nested_hints": {"k": {"columns": typed(x="text", unseen="date")}}},) * 2
    ),
    "JSON in a child table": Case(
        (
            {
                "nested_hints": {
                    "k": {"columns": typed(below="json")},
                    "n": {"columns": typed(deep="json")},
                }
            },
        )
        * 2
    ),
}  # fmt: skip


def root(name: str) -> str:
    return f"t{list(CASES).index(name)}"


class Ours:
    """One warehouse in memory: each load folds on from the schema of the one before."""

    def __init__(self) -> None:
        self.schema = Schema({})
        self.rows: dict[str, list[Row]] = {}
        self.rejects: list[Reject] = []
        self.counts: dict[str, int] = {}

    def load(self, name: str, hints: dict[str, Any], pages: Load, batch: int, run_id: str) -> None:
        resource = planned(name, hints)
        reader = Reader(resource)
        bodies = [[json.dumps(record).encode() for record in page] for page in pages]
        read = [RecordPage(n, page_prefix("uid", run_id, name, n), page) for n, page in enumerate(bodies)]
        for start in range(0, len(read), batch):
            observation = reader.observe(read[start : start + batch])
            folded = fold(self.schema, observation, resource, run_id)
            decoded = cast(observation, folded)
            self.schema = folded.schema
            rows = next((each.rows.num_rows for each in decoded.batches if each.schema.parent is None), 0)
            assert rows + len(decoded.rejects) == decoded.records
            for each in decoded.batches:
                self.rows.setdefault(each.schema.name, []).extend(each.rows.to_pylist())
            self.rejects += decoded.rejects
            for notice, count in decoded.counts.items():
                self.counts[notice] = self.counts.get(notice, 0) + count

    @property
    def tables(self) -> Tables:
        tables = [table for table in self.schema.tables.values() if self.rows.get(table.name)]
        return Tables(
            {table.name: [(column.name, column.data_type) for column in table.columns] for table in tables},
            {table.name: table.parent for table in tables},
            {table.name: self.rows[table.name] for table in tables},
        )


def planned(name: str, hints: dict[str, Any]) -> Resource:
    reading = documents.of(with_resource(**hints | {"name": name}))
    assert reading.plan is not None, reading.faults
    return reading.plan.resources[0]


def ours(name: str, *, batch: int) -> Ours:
    case, made = CASES[name], Ours()
    for number, (hints, pages) in enumerate(zip(case.hints, case.loads, strict=True)):
        made.load(root(name), hints, pages, batch, f"run{number}")
    return made


@pytest.fixture(scope="module")
def dlts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tables]:
    """All cases as resources of one pipeline, one run for each load."""
    dlt = pytest.importorskip("dlt")
    folder = tmp_path_factory.mktemp("dlt")
    pipeline = pipeline_in(dlt, folder)
    for number in range(2):
        resources = [
            dlt.resource(list(case.loads[number]), name=root(name), **case.hints[number])
            for name, case in CASES.items()
        ]
        pipeline.run(resources, loader_file_format="parquet")
    found = {name: Tables({}, {}, {}) for name in CASES}
    named = {root(name): name for name in CASES}
    schema = pipeline.default_schema
    with pipeline.sql_client() as client:
        for table in schema.data_tables(seen_data_only=True):
            name = table["name"]
            tables = found[named[name.split("__", 1)[0]]]
            columns = schema.get_table_columns(name)
            tables.columns[name] = [(column, spec["data_type"]) for column, spec in columns.items()]
            tables.parents[name] = table.get("parent")
            with client.execute_query(f"SELECT * FROM {client.make_qualified_table_name(name)}") as cursor:
                names = [column[0] for column in cursor.description]
                tables.rows[name] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return found


def pipeline_in(dlt: Any, folder: Path) -> Any:
    destination = dlt.destinations.duckdb(str(folder / "w.duckdb"))
    return dlt.pipeline("contracts", pipelines_dir=str(folder), destination=destination, dataset_name="d")


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("name", CASES)
def test_what_a_contract_lets_in_is_what_dlt_lets_in(name: str, batch: int, dlts: dict[str, Tables]) -> None:
    assert differences(ours(name, batch=batch).tables, dlts[name]) == []


FROZEN: dict[str, tuple[Any, list[dict[str, Any]], str]] = {
    "a new table": ({"tables": "freeze"}, [{"id": 3, "n": [{"z": 1}]}], "the table things__n is new"),
    "a new column": ({"columns": "freeze"}, [{"id": 3}, {"id": 4, "c": 1}], "things.c is a new column"),
    "a new column of a child": ({"columns": "freeze"}, [{"id": 3, "k": [{"y": 1}]}], "things__k.y is a new column"),
    "a variant": ({"data_type": "freeze"}, [{"id": 3}, {"id": 4, "a": "x"}], "things.a takes no text"),
    "a variant of a child": ({"data_type": "freeze"}, [{"id": 3, "k": [{"x": "y"}]}], "things__k.x takes no text"),
    "anything": ("freeze", [{"id": 3, "a": "x"}], "things.a takes no text"),
}


@pytest.mark.parametrize("name", FROZEN)
def test_what_is_frozen_fails_in_dlt_and_here_with_its_table_column_and_page(name: str, tmp_path: Path) -> None:
    dlt = pytest.importorskip("dlt")
    from dlt.pipeline.exceptions import PipelineStepFailed

    frozen, records, fact = FROZEN[name]
    pipeline = pipeline_in(dlt, tmp_path)
    pipeline.run(dlt.resource(FIRST, name="things"), loader_file_format="parquet")
    with pytest.raises(PipelineStepFailed, match="is violated"):
        pipeline.run(dlt.resource([records], name="things", schema_contract=frozen), loader_file_format="parquet")
    made = Ours()
    made.load("things", {}, FIRST, 2, "run0")
    before = made.schema
    with pytest.raises(ContractBroken) as broken:
        made.load("things", contract(frozen), [[{"id": 2}], records], 2, "run1")
    assert str(broken.value).startswith(f"{fact}, and the schema contract freezes ")
    assert f"(page 1, record {len(records) - 1})" in str(broken.value)
    assert made.schema == before


@pytest.mark.parametrize("name", FROZEN)
def test_what_is_frozen_is_no_matter_where_nothing_changes(name: str) -> None:
    made = Ours()
    made.load("things", {}, FIRST, 1, "run0")
    made.load("things", contract(FROZEN[name][0]), FIRST, 1, "run1")
    assert len(made.rows["things"]) == 4
    assert made.rejects == []


def both(tmp_path: Path, hints: dict[str, Any], *loads: list[dict[str, Any]]) -> tuple[Ours, Any]:
    """The loads here, and a function that asks dlt's warehouse."""
    dlt = pytest.importorskip("dlt")
    pipeline, made = pipeline_in(dlt, tmp_path), Ours()
    for number, records in enumerate(loads):
        pipeline.run(dlt.resource([records], name="things", **hints), loader_file_format="parquet")
        made.load("things", hints, [records], 1, f"run{number}")

    def theirs(query: str) -> list[tuple[Any, ...]]:
        with pipeline.sql_client() as client, client.execute_query(query) as cursor:
            return list(cursor.fetchall())

    return made, theirs


def of(made: Ours, table: str, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row.get(name) for name in names) for row in made.rows[table]]


def test_a_new_child_table_may_have_any_columns_where_dlt_takes_those_of_its_first_row(tmp_path: Path) -> None:
    records = [{"id": 1, "k": [{"x": 1}, {"x": 2, "y": 1}]}]
    made, theirs = both(tmp_path, contract({"columns": "discard_row"}), records)
    assert of(made, "things__k", "x", "y") == [(1, None), (2, 1)]
    assert theirs("SELECT x FROM things__k") == [(1,)]


def test_a_null_discards_no_row(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [{"id": 2, "new": None}, {"id": 3, "new": 1}, {"id": 4, "new": None}]
    made, theirs = both(tmp_path, contract({"columns": "discard_row"}), [{"id": 1}], records)
    assert of(made, "things", "id") == [(1,), (2,), (4,)]
    assert [reject.record for reject in made.rejects] == [1]
    assert theirs("SELECT id FROM things ORDER BY id") == [(1,), (2,)]


def test_a_row_that_goes_for_a_column_leaves_no_variant_behind(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [{"id": "x", "new": 1}, {"id": 2}]
    made, theirs = both(tmp_path, contract({"columns": "discard_row"}), [{"id": 1}], records)
    assert [name for name, _ in made.tables.columns["things"] if not name.startswith("_dlt_")] == ["id"]
    assert theirs("SELECT id, id__v_text FROM things ORDER BY id") == [(1, None), (2, None)]


def test_a_changed_declaration_is_frozen_too(tmp_path: Path) -> None:
    dlt = pytest.importorskip("dlt")
    from dlt.pipeline.exceptions import PipelineStepFailed

    made, _ = both(tmp_path, {}, [{"id": 1, "a": 1}])
    for hints, fact in (
        (contract({"data_type": "freeze"}, columns=[{"name": "a", "data_type": "text"}]), "things.a is bigint, and"),
        (contract({"columns": "freeze"}, columns=[{"name": "c", "data_type": "text"}]), "things.c, which the conf"),
    ):
        with pytest.raises(PipelineStepFailed, match="is violated"):
            pipeline_in(dlt, tmp_path).run(dlt.resource([{"id": 2}], name="things", **hints))
        with pytest.raises(ContractBroken, match=f"^{fact}"):
            made.load("things", hints, [[{"id": 2}]], 1, "run1")
