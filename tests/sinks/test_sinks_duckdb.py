"""What only the DuckDB sink has: a catalog, types, files, and a database that others may touch."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import msgspec
import pytest

from headrace.errors import SinkError
from headrace.model.table import Column, DataType, Reject, TableBatch, TableSchema
from headrace.sinks.ddl import STAGED, TYPES
from headrace.sinks.duckdb import DuckDBSink

from .making import ARROW, InDuckDB, Row, World, batch, child, people, root

KEYED = root("people", {"id": "bigint", "name": "text"}, disposition="merge", key=["id"])
KEYED_PETS = child(KEYED, "pets", {"value": "text"})
UTC = dt.UTC

VALUES: dict[DataType, object] = {
    "text": "naïve ☃ \x00 'quoted'",
    "bigint": -(2**63),
    "double": 0.1,
    "bool": False,
    "timestamp": dt.datetime(1969, 7, 20, 20, 17, 40, 123456, UTC),
    "date": dt.date(1, 1, 1),
    "time": dt.time(23, 59, 59, 999999),
    "decimal": Decimal("-12345678901234567890123456789.123456789"),
    "wei": Decimal(10**38 - 1),
    "binary": b"\x00\xff",
    "json": '{"a": [1, null, "☃"]}',
}


def test_every_type_is_dlts_own_and_its_values_survive(duck: World, file: InDuckDB) -> None:
    table = root("t", {f"c_{kind}": kind for kind in TYPES})
    duck.load("a", batch(table, [{**{f"c_{kind}": value for kind, value in VALUES.items()}, "_dlt_id": "1"}]))
    types = {name: sql for name, sql, _ in file.columns("t")}
    assert [types[f"c_{kind}"] for kind in TYPES] == list(TYPES.values())
    assert duck.rows("t", *(f"c_{kind}" for kind in VALUES)) == [tuple(VALUES.values())]


def test_keys_and_system_columns_take_no_nulls_and_others_do(duck: World, file: InDuckDB) -> None:
    duck.load("a", *people((1, "ann", ["cat"]), table=KEYED, pets=KEYED_PETS))
    assert file.columns("people") == [
        ("id", "BIGINT", False),
        ("name", "VARCHAR", True),
        ("_dlt_load_id", "VARCHAR", False),
        ("_dlt_id", "VARCHAR", False),
    ]
    assert [(name, nullable) for name, _, nullable in file.columns("people__pets")] == [
        ("value", True),
        ("_dlt_root_id", False),
        ("_dlt_parent_id", False),
        ("_dlt_list_idx", False),
        ("_dlt_id", False),
    ]


def test_the_system_tables_say_what_was_loaded(duck: World, file: InDuckDB) -> None:
    duck.open("r", {})
    duck.stage("people", *people((1, "ann", []), table=KEYED, pets=KEYED_PETS), pages=2)
    duck.commit("people", load_id="17.5", complete=False)
    loads = file.query('SELECT load_id, schema_name, status, length(schema_version_hash) FROM "data"."_dlt_loads"')
    assert loads == [("17.5", "tests", 0, 44)]
    assert file.query('FROM "data"."_headrace_positions"') == [("r", "17.5", "people", "people", 2, 1, False, "")]
    walks = [("17.5", "people", "people", "merge", "error", "told to", False, 2, 1, True)]
    assert file.query('FROM "data"."_headrace_walks"') == walks


def test_a_table_that_dlt_reads_back_has_the_columns_of_dlts_own(duck: World, file: InDuckDB) -> None:
    duck.open("r", {})
    assert file.columns("_dlt_loads") == [
        ("load_id", "VARCHAR", False),
        ("schema_name", "VARCHAR", True),
        ("status", "BIGINT", False),
        ("inserted_at", "TIMESTAMP WITH TIME ZONE", False),
        ("schema_version_hash", "VARCHAR", True),
    ]


ODD = ['we"ird', "sel'ect", "select", "日本", "a b", "a.b", "rowid", "s", "d", "row", "id", "x;DROP TABLE y", "%s", "?"]


@pytest.mark.parametrize("name", ODD)
def test_any_name_may_be_a_tables_and_a_columns(duck: World, name: str) -> None:
    table = root(name, {name: "bigint", "v": "text"}, disposition="merge", key=[name])
    kids = child(table, name, {name: "text"})

    def load(run: str, *values: str) -> None:
        rows = [{name: 1, "v": value, "_dlt_id": f"{run}{n}"} for n, value in enumerate(values)]
        ids = [{"_dlt_root_id": f"{run}{n}", "_dlt_parent_id": f"{run}{n}"} for n in range(len(values))]
        under = [{name: run, "_dlt_list_idx": 0, "_dlt_id": f"{run}{n}k", **ids[n]} for n in range(len(values))]
        duck.load(run, batch(table, rows), batch(kids, under))

    load("a", "first")
    load("b", "early", "late")
    assert duck.rows(name, name, "v") == [(1, "late")]
    assert duck.values(f"{name}__{name}", name) == ["b"]


@pytest.mark.parametrize("dataset", ['da"ta', "main", "select", "w", "день"])
def test_any_name_may_be_a_datasets(file: InDuckDB, dataset: str) -> None:
    # "w" is the name of the catalog as well: two-part names would mean something else.
    here = World(InDuckDB(file.path, dataset))
    here.load("a", *people((1, "ann", ["cat"]), table=KEYED, pets=KEYED_PETS, run="a"))
    here.load("b", *people((1, "bea", ["dog"]), table=KEYED, pets=KEYED_PETS, run="b"))
    here.sink.close()
    assert here.rows("people", "id", "name") == [(1, "bea")]
    assert here.values("people__pets", "value") == ["dog"]


def test_two_datasets_in_one_file_know_nothing_of_each_other(file: InDuckDB) -> None:
    for dataset in ("one", "two"):
        here = World(InDuckDB(file.path, dataset))
        state = here.open("r", {})
        assert (state.schema.tables, state.committed) == ({}, {})
        here.load("r", *people((1, dataset, []), table=KEYED, pets=KEYED_PETS))
        here.sink.close()
    assert World(InDuckDB(file.path, "one")).values("people", "name") == ["one"]


def test_a_column_that_a_user_dropped_is_made_again_only_by_new_data(duck: World, file: InDuckDB) -> None:
    duck.load("a", *people((1, "ann", []), table=KEYED, pets=KEYED_PETS, run="a"))
    duck.sink.close()
    file.query('ALTER TABLE "data"."people" DROP COLUMN name')
    state = duck.reopen("b")
    assert "name" not in {column.name for column in state.schema.tables["people"].columns}
    duck.stage("people", *people((2, "bob", []), table=KEYED, pets=KEYED_PETS, run="b"))
    duck.commit("people")
    assert duck.rows("people", "id", "name") == [(1, None), (2, "bob")]


def test_a_table_that_a_user_dropped_is_forgotten_and_made_again(duck: World, file: InDuckDB) -> None:
    duck.load("a", *people((1, "ann", []), table=KEYED, pets=KEYED_PETS, run="a"))
    duck.sink.close()
    file.query('DROP TABLE "data"."people"')
    assert duck.reopen("b").schema.tables == {}
    duck.stage("people", *people((2, "bob", []), table=KEYED, pets=KEYED_PETS, run="b"))
    duck.commit("people")
    assert duck.values("people", "id") == [2]


def test_a_type_that_a_user_changed_is_kept_and_filled(duck: World, file: InDuckDB) -> None:
    duck.load("a", *people((1, "ann", []), table=KEYED, pets=KEYED_PETS, run="a"))
    duck.sink.close()
    file.query('ALTER TABLE "data"."people" ALTER id TYPE VARCHAR')
    state = duck.reopen("b")
    assert state.schema.tables["people"].columns[0] == Column("id", "text", nullable=False)
    duck.stage("people", *people((1, "bob", []), (2, "cy", []), table=KEYED, pets=KEYED_PETS, run="b"))
    duck.commit("people")
    assert duck.rows("people", "id", "name") == [("1", "bob"), ("2", "cy")]


def test_a_column_that_a_user_added_is_left_alone(duck: World, file: InDuckDB) -> None:
    duck.load("a", *people((1, "ann", []), table=KEYED, pets=KEYED_PETS, run="a"))
    duck.sink.close()
    file.query('ALTER TABLE "data"."people" ADD COLUMN remark VARCHAR DEFAULT \'mine\'')
    duck.reopen("b")
    duck.stage("people", *people((2, "bob", []), table=KEYED, pets=KEYED_PETS, run="b"))
    duck.commit("people")
    assert duck.rows("people", "id", "remark") == [(1, "mine"), (2, "mine")]


def test_children_made_while_the_root_only_appended_go_with_it_once_it_merges(duck: World) -> None:
    plain = root("people", {"id": "bigint", "name": "text"})
    pets = child(plain, "pets", {"value": "text"})
    toys = child(pets, "toys", {"value": "text"})
    rows = [{"id": 1, "_dlt_id": "r1"}, {"id": 2, "_dlt_id": "r2"}]
    kids = [{"value": f"p{n}", "_dlt_parent_id": f"r{n}", "_dlt_list_idx": 0, "_dlt_id": f"r{n}.0"} for n in (1, 2)]
    grand = [{"value": f"t{n}", "_dlt_parent_id": f"r{n}.0", "_dlt_list_idx": 0, "_dlt_id": f"r{n}.k"} for n in (1, 2)]
    duck.load("a", batch(plain, rows), batch(pets, kids), batch(toys, grand))
    keyed_toys = child(KEYED_PETS, "toys", {"value": "text"})
    duck.open("b", {})
    ids = {"_dlt_root_id": "n", "_dlt_list_idx": 0}
    new_pet = {"value": "new", "_dlt_parent_id": "n", "_dlt_id": "n.0", **ids}
    new_toy = {"value": "newer", "_dlt_parent_id": "n.0", "_dlt_id": "n.0.0", **ids}
    roots, pets_now = batch(KEYED, [{"id": 1, "_dlt_id": "n"}]), batch(KEYED_PETS, [new_pet])
    duck.stage("people", roots, pets_now, batch(keyed_toys, [new_toy]))
    duck.commit("people")
    assert duck.values("people__pets", "value") == ["new", "p2"]
    assert duck.values("people__pets__toys", "value") == ["newer", "t2"]
    assert duck.values("people__pets__toys", "_dlt_root_id") == ["n", "r2"]


def test_children_without_a_root_id_are_found_by_their_parents(duck: World) -> None:
    keyed = root("t", {"id": "bigint"}, disposition="merge", key=["id"])

    def bare(name: str, parent: str) -> TableSchema:
        columns = (Column("value", "text"), Column("_dlt_parent_id", "text"), Column("_dlt_id", "text"))
        return TableSchema(name, "t", parent, columns, "merge")

    for run in ("a", "b"):
        roots = [{"id": 1, "_dlt_id": f"{run}{p}"} for p in "xy"]
        kids = [{"value": p, "_dlt_parent_id": f"{run}{p}", "_dlt_id": f"{run}{p}k"} for p in "xy"]
        grand = [{"value": p, "_dlt_parent_id": f"{run}{p}k", "_dlt_id": p} for p in "xy"]
        below = batch(bare("t__k", "t"), kids), batch(bare("t__k__l", "t__k"), grand)
        duck.load(run, batch(keyed, roots), *below)
    assert duck.rows("t__k", "value", "_dlt_parent_id") == [("y", "by")]
    assert duck.rows("t__k__l", "value", "_dlt_parent_id") == [("y", "byk")]


def test_a_table_of_somebody_else_that_is_named_like_one_of_the_staging_is_left_alone(
    duck: World, file: InDuckDB
) -> None:
    file.query('CREATE SCHEMA "data"')
    file.query('CREATE TABLE "data"."_headrace_staged_people" AS SELECT 1 AS a')
    duck.open("a", {})
    with pytest.raises(SinkError, match="'_headrace_staged_people' that headrace did not make"):
        duck.stage("people", *people((1, "ann", []), table=KEYED, pets=KEYED_PETS))
    duck.reopen("b")
    other = root("others", {"v": "text"})
    duck.stage("others", batch(other, [{"v": "x", "_dlt_id": "1"}]))
    duck.commit("others")
    assert file.query('FROM "data"."_headrace_staged_people"') == [(1,)]


def test_after_a_run_nothing_but_the_dataset_is_there(duck: World, file: InDuckDB) -> None:
    duck.load("a", *people((1, "ann", ["cat"]), table=KEYED, pets=KEYED_PETS, run="a"))
    duck.load("b", *people((1, "ann", ["dog"]), table=KEYED, pets=KEYED_PETS, run="b"))
    found = file.query("SELECT schema_name FROM duckdb_schemas() WHERE NOT internal AND database_name = 'w'")
    assert {name for (name,) in found} - {"main"} == {"data"}
    assert [name for name in file.all_tables() if name.startswith(STAGED)] == []
    assert file.query('FROM "data"."_headrace_staging_positions"') == []


def first_load(duck: World, *parts: TableBatch) -> None:
    """A load into tables that are not there yet, one part a page."""
    duck.open("a")
    for part in parts:
        duck.stage("people", part)
    duck.commit("people")


def test_a_first_load_gives_the_columns_and_constraints_of_any_other(duck: World, file: InDuckDB) -> None:
    wider = root("people", {"id": "bigint", "name": "text"}, disposition="merge", key=["id"])
    wider = msgspec.structs.replace(wider, columns=(*wider.columns, Column("late", "double")))
    row: Row = {"id": 1, "name": "ann", "_dlt_id": "1"}
    first_load(duck, batch(KEYED, [row]), batch(wider, [{**row, "id": 2, "late": 0.5, "_dlt_id": "2"}]))
    adopted, rows = file.columns("people"), duck.rows("people", "id", "late", "_dlt_load_id")
    assert rows == [(1, None, "a.1"), (2, 0.5, "a.1")]
    again = World(InDuckDB(file.path.with_name("again.duckdb")))
    # With a key that comes twice, rows are moved one by one.
    first_load(again, batch(wider, [{**row, "late": 0.5}, {**row, "_dlt_id": "2"}]))
    again.sink.close()
    assert InDuckDB(file.path.with_name("again.duckdb")).columns("people") == adopted
    assert [nullable for *_, nullable in adopted] == [False, True, False, False, True]


def test_a_first_load_refuses_a_null_that_the_table_would_not_take(duck: World) -> None:
    with pytest.raises(SinkError, match=r"has no null in column 'people.id', but the data has"):
        first_load(duck, batch(KEYED, [{"name": "keyless", "_dlt_id": "1"}]))
    assert duck.reader.tables() == set()
    assert duck.reader.staged_rows() == 1


@pytest.mark.parametrize("name", ["_headrace_walk", "_headrace_row", "_dlt_load_id", "_dlt_parent_id"])
def test_fields_of_any_name_come_through(duck: World, name: str) -> None:
    kids = child(KEYED, "pets", {name: "text"} if name != "_dlt_parent_id" else {})
    plain = root("people", {"id": "bigint", **({} if name == "_dlt_load_id" else {name: "text"})})
    ids: Row = {"_dlt_parent_id": "1", "_dlt_root_id": "1", "_dlt_list_idx": 0, "_dlt_id": "1.0"}
    kid = {name: "x"} | ids
    row = {"id": 1, name: "x", "_dlt_id": "1"} if name != "_dlt_load_id" else {"id": 1, "_dlt_id": "1"}
    for run in ("a", "b"):
        duck.load(run, batch(plain, [row]), batch(kids, [kid]))
    assert duck.values("people", name) == (["a.1", "b.2"] if name == "_dlt_load_id" else ["x", "x"])
    assert duck.values("people__pets", name) == (["1", "1"] if name == "_dlt_parent_id" else ["x", "x"])


def test_a_value_that_a_column_cannot_take_is_a_sink_error_and_changes_nothing(duck: World, file: InDuckDB) -> None:
    duck.load("a", *people((1, "ann", ["cat"]), table=KEYED, pets=KEYED_PETS, run="a"))
    duck.open("b", {})
    duck.stage("people", *people((1, "bob", ["dog"]), table=KEYED, pets=KEYED_PETS, run="b"))
    duck.stage("people", batch(KEYED, [{"name": "keyless", "_dlt_id": "k"}]))
    with pytest.raises(SinkError, match=r"has no null in column 'people.id', but the data has"):
        duck.commit("people")
    assert duck.rows("people", "id", "name") == [(1, "ann")]
    assert duck.values("people__pets", "value") == ["cat"]
    assert (file.staged_rows(), file.loads()) == (3, ["a.1"])


def test_a_failed_batch_changes_nothing_and_the_next_one_is_taken(duck: World, file: InDuckDB) -> None:
    duck.open("a", {})
    bad = TableBatch(KEYED_PETS, batch(root("x", {"stranger": "text"}), [{"stranger": "x"}]).rows)
    good = people((1, "ann", ["cat"]), table=KEYED, pets=KEYED_PETS)
    with pytest.raises(SinkError, match="refused"):
        duck.stage("people", good[0], bad, rejects=[Reject("people", "people", 0, 0, "", b"")])
    assert file.staged_rows() == 0
    assert [name for name in file.all_tables() if name.startswith(STAGED)] == []
    duck.schema = type(duck.schema)({})
    duck.stage("people", *good)
    duck.commit("people")
    assert duck.values("people__pets", "value") == ["cat"]
    assert file.rejects() == []


def test_a_wrong_json_text_is_refused_when_it_is_staged(duck: World) -> None:
    table = root("t", {"j": "json"})
    duck.open("a", {})
    with pytest.raises(SinkError, match=r"(?i)json"):
        duck.stage("t", batch(table, [{"j": "{broken", "_dlt_id": "1"}]))


def test_nothing_is_left_beside_the_file(duck: World, file: InDuckDB) -> None:
    duck.load("a", *people((1, "ann", []), table=KEYED, pets=KEYED_PETS))
    spill = file.path.with_name(file.path.name + ".tmp")
    spill.mkdir(exist_ok=True)
    duck.sink.close()
    assert [path.name for path in file.path.parent.iterdir()] == [file.path.name]


def test_a_spill_folder_that_somebody_uses_stays(duck: World, file: InDuckDB) -> None:
    duck.open("a", {})
    spill = file.path.with_name(file.path.name + ".tmp")
    spill.mkdir(exist_ok=True)
    (spill / "mine").touch()
    duck.sink.close()
    assert spill.exists()


def test_a_file_that_is_open_in_this_process_already_is_shared(file: InDuckDB) -> None:
    with duckdb.connect(str(file.path)) as other:
        here = World(file)
        here.load("a", *people((1, "ann", []), table=KEYED, pets=KEYED_PETS))
        assert other.execute('SELECT id FROM "data"."people"').fetchall() == [(1,)]
        here.sink.close()


def test_the_memory_limit_is_the_budget_but_never_absurd(file: InDuckDB) -> None:
    for budget, limit in ((1, "64.0 MiB"), (300 << 20, "300.0 MiB")):
        sink = DuckDBSink(file.path, "data", memory_budget_bytes=budget)
        sink.open("a", {})
        assert file.query("SELECT current_setting('memory_limit')") == [(limit,)]
        sink.close()


def test_arrow_types_of_these_tests_are_those_of_the_contract() -> None:
    assert ARROW.keys() == TYPES.keys()


def test_many_pages_fit_through_a_small_memory(file: InDuckDB) -> None:
    sink = DuckDBSink(file.path, "data", memory_budget_bytes=1)
    here = World(file)
    here.sink = sink
    table = root("t", {"id": "bigint", "v": "text"}, disposition="merge", key=["id"])
    for run in ("a", "b"):
        here.open(run, {})
        for page in range(12):
            rows = [{"id": page * 4000 + n, "v": f"{run}{n}" * 60, "_dlt_id": f"{run}{page}.{n}"} for n in range(4000)]
            here.stage("t", batch(table, rows))
        receipt = here.commit("t")
        assert receipt.rows == {"t": 48000}
    assert file.query('SELECT count(*), count(DISTINCT id), min(v[1]) FROM "data"."t"') == [(48000, 48000, "b")]
    sink.close()
