"""What is written into dlt's own tables, judged by dlt's own reading of it."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.model.position import Seen
from headrace.model.table import Schema, TableSchema
from headrace.sinks import dlt_schema, dlt_state
from headrace.sinks.base import Sink
from headrace.sinks.dlt_limits import is_another_engine, strict, unmet
from headrace.sinks.dlt_schema import Document, Filled, stored_schema
from headrace.sinks.dlt_state import Owner, furthest_back, pack, pipeline_state, taken_over, typed_values, unpack
from headrace.sinks.duckdb import DuckDBSink
from tests.sinks.making import InDuckDB, World, child, people, root, schema

dlt = pytest.importorskip("dlt")

OWNER = Owner("shop", "shop_data", "rest_api")
PEOPLE = root("people", {"id": "bigint", "name": "text"}, disposition="merge", key=["id"])
PETS = child(PEOPLE, "pets", {"value": "text"})
OTHERS = root("others", {"id": "bigint"})
ADDED = root("people", {"id": "bigint", "name": "text", "age": "double"}, disposition="merge", key=["id"])


def written(*tables: TableSchema, before: Document | None = None, dropped: tuple[str, ...] = ()) -> Document:
    """The schema after a commit of walks that fill all of these tables, and no other is there."""
    resources = {table.name: table.name for table in tables if table.parent is None}
    return stored_schema(before, "rest_api", schema(*tables), Filled(resources, {}, columns_of(*tables), dropped))


def columns_of(*tables: TableSchema) -> dict[str, list[str]]:
    return {table.name: [column.name for column in table.columns] for table in tables}


def read_by_dlt(document: Document) -> Any:
    from dlt.common.schema import Schema as DltSchema

    return DltSchema.from_dict(deepcopy(document))


def test_dlt_reads_the_schema_as_its_own_and_finds_nothing_to_change() -> None:
    document = written(PEOPLE, PETS)
    read = read_by_dlt(json.loads(json.dumps(document)))
    assert (read.version, read.version_hash) == (1, document["version_hash"])
    assert not read.is_modified
    assert read.to_dict()["tables"].keys() == document["tables"].keys()
    assert read.get_table("people__pets")["parent"] == "people"


def test_the_tables_that_every_schema_has_are_dlts() -> None:
    from dlt.common.schema import utils

    tables = written()["tables"]
    for name, table in (("_dlt_version", utils.version_table()), ("_dlt_loads", utils.loads_table())):
        assert tables[name] == table
    state = deepcopy(utils.pipeline_state_table())
    ours = tables["_dlt_pipeline_state"]
    for name, column in state["columns"].items():
        if name in ours["columns"]:
            assert ours["columns"][name] == column
    assert ours["write_disposition"] == state["write_disposition"]
    assert ours["file_format"] == state["file_format"]


def test_nothing_new_leaves_version_and_hash_as_they_are() -> None:
    once = written(PEOPLE, PETS)
    assert written(PEOPLE, PETS, before=once) == once


def test_a_new_column_makes_a_version_that_remembers_the_one_before() -> None:
    once = written(PEOPLE, PETS)
    twice = written(ADDED, PETS, before=once)
    assert (once["version"], twice["version"]) == (1, 2)
    assert twice["previous_hashes"] == [once["version_hash"]]
    assert list(twice["tables"]["people"]["columns"]) == ["id", "name", "_dlt_load_id", "_dlt_id", "age"]
    assert not read_by_dlt(twice).is_modified


def test_ten_hashes_are_remembered() -> None:
    document = written(PEOPLE)
    for number in range(12):
        document = written(PEOPLE, root(f"t{number}", {"id": "bigint"}), before=document)
    assert len(document["previous_hashes"]) == 10
    assert document["version"] == 13


def test_what_dlt_says_beyond_ours_stays() -> None:
    once = written(PEOPLE, PETS)
    once["tables"]["people"] |= {"description": "all of them", "x-merge-strategy": "upsert"}
    once["tables"]["people"]["columns"]["name"]["precision"] = 20
    once["tables"]["others"] = {"name": "others", "columns": {}, "write_disposition": "replace", "resource": "o"}
    after = written(ADDED, before=once)["tables"]
    assert after["people"]["description"] == "all of them"
    assert after["people"]["columns"]["name"]["precision"] == 20
    assert after["others"] == once["tables"]["others"]


def test_tables_that_no_walk_fills_keep_their_disposition_and_keys() -> None:
    once = written(PEOPLE, PETS)
    adopted = TableSchema("people", "people", None, PEOPLE.columns)  # as read from the catalog: no keys, append
    after = stored_schema(once, "rest_api", schema(adopted), Filled({}, {}, columns_of(PEOPLE, PETS)))
    assert after == once


def test_what_was_dropped_by_hand_is_no_longer_described() -> None:
    once = written(ADDED, PETS)
    less = written(PEOPLE, before=once)["tables"]
    assert "people__pets" not in less
    assert "age" not in less["people"]["columns"]
    only_pets = Filled({}, {}, columns_of(PETS))
    assert {"people", "people__pets"} <= stored_schema(once, "rest_api", Schema({}), only_pets)["tables"].keys()


def test_a_table_that_has_not_come_to_the_dataset_is_not_described() -> None:
    document = stored_schema(None, "rest_api", schema(PEOPLE, PETS), Filled({"people": "p"}, {}, columns_of(PEOPLE)))
    assert document["tables"]["people"]["resource"] == "p"
    assert "people__pets" not in document["tables"]


def test_tables_that_may_be_those_of_another_schema_are_left_to_it() -> None:
    there = columns_of(PEOPLE, PETS, OTHERS)
    document = stored_schema(None, "rest_api", schema(PEOPLE, PETS, OTHERS), Filled({"others": "others"}, {}, there))
    assert [name for name in document["tables"] if not name.startswith("_dlt_")] == ["others"]
    assert "config" not in document["normalizers"]["json"]


def test_another_key_takes_the_place_of_the_old_one() -> None:
    other = root("people", {"id": "bigint", "name": "text"}, disposition="merge", key=["name"])
    columns = written(other, before=written(PEOPLE))["tables"]["people"]["columns"]
    assert [name for name, column in columns.items() if column.get("primary_key")] == ["name"]


def test_a_dropped_root_is_described_anew_with_its_children() -> None:
    once = written(PEOPLE, PETS)
    less = root("people", {"id": "text"}, disposition="append")
    tables = written(less, before=once, dropped=("people",))["tables"]
    assert "people__pets" not in tables
    assert tables["people"]["columns"]["id"] == {"name": "id", "data_type": "text", "nullable": True}


def test_a_column_that_dlt_knew_without_a_type_takes_the_place_of_its_first_value() -> None:
    once = written(PEOPLE)
    unknown = {"name": "age", "nullable": True, "x-normalizer": {"seen-null-first": True}}
    once["tables"]["people"]["columns"] = {"age": unknown, **once["tables"]["people"]["columns"]}
    columns = written(ADDED, before=once)["tables"]["people"]["columns"]
    assert columns["age"] == {"name": "age", "nullable": True, "data_type": "double"}
    assert list(columns)[-1] == "age"


words = st.text(max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(words, st.dictionaries(words, values, max_size=4), max_size=4), values)
def test_a_schemas_hash_is_dlts(tables: dict[str, dict[str, Any]], extra: Any) -> None:
    from dlt.common.schema.utils import generate_version_hash

    document = {
        "version": 3, "engine_version": 11, "name": "s", "previous_hashes": ["x"], "x-more": extra,
        "tables": {name: {"name": name, "columns": columns} for name, columns in tables.items()},
    }  # fmt: skip
    assert dlt_schema.version_hash(document) == generate_version_hash(deepcopy(document))


@settings(max_examples=100, deadline=None)
@given(values, st.floats(-1e15, 1e15))  # beyond 10^16, versions of orjson differ in how they write one
def test_a_states_hash_is_dlts_and_dlt_unpacks_it(value: Any, number: float) -> None:
    from dlt.common.versioned_state import decompress_state
    from dlt.pipeline.state_sync import generate_pipeline_state_version_hash

    state = {
        "_state_version": 1,
        "_state_engine_version": 4,
        "pipeline_name": "p",
        "sources": {"s": value, "n": number},
    }
    assert dlt_state.version_hash(state) == generate_pipeline_state_version_hash(deepcopy(state))
    assert decompress_state(pack(state)) == state
    assert unpack(pack(state)) == state


def test_a_state_that_is_plain_json_is_read() -> None:
    assert unpack('{"a": 1}') == {"a": 1}


def test_the_state_changes_with_increments_and_with_the_schema_alone() -> None:
    one = pipeline_state(None, OWNER, "h", {"events": Seen("at", 3, ("x", "y"), 1)})
    increment = one["sources"]["rest_api"]["resources"]["events"]["incremental"]["at"]
    assert increment == {"initial_value": 1, "start_value": 1, "last_value": 3, "unique_hashes": ["x", "y"]}
    assert one["_state_version"] == 1
    assert pipeline_state(one, OWNER, "h", {"events": Seen("at", 3, ("y", "x"), 1)}) == one
    assert pipeline_state(one, OWNER, "other", {})["_state_version"] == 2
    moved = pipeline_state(one, OWNER, "h", {"events": Seen("at", 5, ("z",), 1)})
    increment = moved["sources"]["rest_api"]["resources"]["events"]["incremental"]["at"]
    assert increment == {"initial_value": 1, "start_value": 3, "last_value": 5, "unique_hashes": ["z"]}


def test_a_resource_that_begins_again_loses_its_increment_alone() -> None:
    seen = {"a": Seen("at", 3), "b": Seen("at", 4)}
    one = pipeline_state(None, OWNER, "h", seen)
    resources = pipeline_state(one, OWNER, "h", {"b": seen["b"]}, ["a", "never"])["sources"]["rest_api"]["resources"]
    assert resources["a"] == {}
    assert resources["b"]["incremental"]["at"]["last_value"] == 4


def test_dlt_is_told_the_place_of_the_row_that_has_come_least_far() -> None:
    rows = {"notes/a": Seen("at", "2024-03"), "notes/b": Seen("at", "2024-01"), "events": Seen("n", 5, latest="min")}
    assert furthest_back(rows) == {("notes", "at"): rows["notes/b"], ("events", "n"): rows["events"]}
    assert furthest_back({"n/a": Seen("n", 5, latest="min"), "n/b": Seen("n", 7, latest="min")}) == {
        ("n", "n"): Seen("n", 7, latest="min")
    }
    assert furthest_back({"n/a": Seen("n", 5), "n/b": Seen("n", None)}) == {("n", "n"): Seen("n", None)}


def a_state(**increments: dict[str, Any]) -> Document:
    resources = {name: {"incremental": increment} for name, increment in increments.items()}
    return {"sources": {"rest_api": {"resources": resources}}}


def test_what_headrace_left_stands_until_dlt_goes_on() -> None:
    own = {"notes/a": Seen("at", 3, ("d",)), "notes/b": Seen("at", 2, ("e",)), "events": Seen("at", 1)}
    left = pipeline_state(None, OWNER, "h", own)
    assert taken_over(own, left, "rest_api") == own
    left["sources"]["rest_api"]["resources"]["notes"]["incremental"]["at"] |= {"last_value": 9, "unique_hashes": ["f"]}
    assert taken_over(own, left, "rest_api") == {"events": own["events"], "notes": Seen("at", 9, ("f",))}


def test_hashes_of_older_versions_of_dlt_are_known_again() -> None:
    state = a_state(events={"at": {"last_value": 3, "initial_value": 1, "unique_hashes": ["abcdefghijklmnopqrst"]}})
    assert taken_over({}, state, "rest_api") == {"events": Seen("at", 3, ("abcdefghijkl",), 1)}


def test_of_two_cursors_the_one_in_use_counts() -> None:
    state = a_state(events={"old": {"last_value": 3}, "new": {"last_value": 5}})
    assert taken_over({}, state, "rest_api")["events"].cursor_path == "new"
    own = {"events": Seen("new", 5)}
    assert taken_over(own, state, "rest_api") == own
    assert taken_over({"events": Seen("old", 2)}, state, "rest_api") == {"events": Seen("old", 3)}


def test_a_value_that_json_has_no_type_for_is_named() -> None:
    from dlt.common.json import json as dlt_json
    from dlt.common.pendulum import pendulum

    typed = dlt_json.typed_dumps(
        a_state(events={"at": {"last_value": pendulum.now()}}, notes={"at": {"last_value": 1}})
    )
    assert typed_values(json.loads(typed), "rest_api") == ["events"]
    assert taken_over({}, json.loads(typed), "rest_api") == {"notes": Seen("at", 1)}


ASKED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"x-merge-strategy": "scd2"}, "the merge strategy `scd2` on `people`"),
    ({"settings": {"schema_contract": {"tables": "freeze"}}}, {}, "a schema contract"),
    ({"settings": {"detections": ["iso_timestamp", "timestamp"]}}, {}, "the type detections timestamp"),
    ({"settings": {"preferred_types": {"re:^x": "text"}}}, {}, "preferred types"),
    ({"normalizers": {"names": "direct"}}, {}, "the naming convention `direct`"),
]


@pytest.mark.parametrize(("whole", "table", "said"), ASKED, ids=str)
def test_what_headrace_does_not_do_is_named(whole: dict[str, Any], table: dict[str, Any], said: str) -> None:
    document = written(PEOPLE, PETS) | whole
    document["tables"]["people"] |= table
    assert unmet(document, frozenset({"people"})) == [said]
    assert unmet(document, frozenset({"others"})) == ([said] if whole else [])


@pytest.mark.parametrize("contract", ["freeze", {"columns": "discard_row", "tables": "evolve"}, "evolve", {}])
def test_a_schema_contract_of_a_table_is_found(contract: object) -> None:
    document = written(PEOPLE, PETS)
    document["tables"]["people"]["schema_contract"] = contract
    found = {} if contract in ("evolve", {}) else {"people": "people"}
    assert strict(document, frozenset({"people"})) == found
    assert strict(document, frozenset({"others"})) == {}


def test_a_hint_on_a_column_is_named() -> None:
    document = written(PEOPLE)
    assert unmet(document, frozenset({"people"})) == []
    document["tables"]["people"]["columns"]["name"]["hard_delete"] = True
    assert unmet(document, frozenset({"people"})) == ["`hard_delete` on `people`"]


def test_other_forms_of_the_stored_documents_are_told_apart() -> None:
    document, state = written(PEOPLE), pipeline_state(None, OWNER, "h", {})
    assert not is_another_engine(document, state)
    assert is_another_engine(document | {"engine_version": 10}, state)
    assert is_another_engine(document, state | {"_state_engine_version": 5})


class Shop(InDuckDB):
    """As runs open it: by the name of a pipeline."""

    def new_sink(self) -> Sink:
        return DuckDBSink(self.path, self.dataset, pipeline="shop")


@pytest.fixture
def file(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "w.duckdb")


def load(world: World, run: str, *, table: TableSchema = PEOPLE, pets: TableSchema = PETS) -> tuple[str, ...]:
    state = world.open(run)
    world.stage("people", *people((1, "ann", ["cat"]), table=table, pets=pets))
    world.commit("people", load_id=run)
    return state.warnings


def test_a_row_is_written_only_where_something_changed(file: InDuckDB) -> None:
    for run in ("1", "2", "3"):
        load(World(file), run)
    assert file.query("SELECT version, schema_name FROM data._dlt_version") == [(1, "tests")]
    assert file.query("SELECT version, pipeline_name, _dlt_load_id FROM data._dlt_pipeline_state") == [(1, "shop", "1")]
    hashes = file.query("SELECT DISTINCT schema_version_hash FROM data._dlt_loads")
    assert hashes == file.query("SELECT version_hash FROM data._dlt_version")


def test_each_version_follows_the_newest(file: Shop) -> None:
    for run, table in (("1", PEOPLE), ("2", ADDED), ("3", ADDED), ("4", PEOPLE)):
        load(World(file), run, table=table)
    assert file.query("SELECT version FROM data._dlt_version ORDER BY inserted_at") == [(1,), (2,)]
    state = "SELECT version, _dlt_load_id FROM data._dlt_pipeline_state ORDER BY version"
    assert file.query(state) == [(1, "1"), (2, "2")]


def test_what_another_version_of_dlt_has_stored_is_left_to_it(file: InDuckDB) -> None:
    load(World(file), "1")
    newer = "UPDATE data._dlt_version SET schema = replace(schema, '\"engine_version\":11', '\"engine_version\":12')"
    file.query(newer)
    before = file.query("FROM data._dlt_version")
    (warning,) = load(World(file), "2", table=root("people", {"id": "bigint", "name": "text"}))
    assert "another version of dlt" in warning
    assert file.query("FROM data._dlt_version") == before
    assert file.loads() == ["1", "2"]


def test_a_dataset_of_another_pipeline_is_named(file: Shop) -> None:
    here = World(InDuckDB(file.path))
    load(here, "1")
    here.sink.close()
    (warning,) = load(World(file), "2")
    assert "`tests`, not by `shop`" in warning
    assert load(World(file), "3") == ()


def test_what_a_dataset_asks_for_is_told_for_the_resources_at_hand(file: Shop) -> None:
    load(World(file), "1")
    strict = '\'"x-normalizer":{"seen-data":true}\', \'"x-normalizer":{"seen-data":true},"schema_contract":"freeze"\''
    file.query(f"UPDATE data._dlt_version SET schema = replace(schema, {strict})")
    world = World(file)
    state = world.open("2", {"people": "f"})
    assert state.warnings == ()
    assert "has a schema contract on `people`, and the configuration has none" in state.contracts["people"]
    assert world.open("3", {"others": "f"}).contracts == {}
    world.sink.close()


def test_a_commit_that_fails_leaves_dlts_tables_as_they_were(file: InDuckDB) -> None:
    world = World(file)
    world.open("1")
    world.stage("people", *people((1, "ann", []), table=PEOPLE, pets=PETS))
    world.schema = Schema({})
    with pytest.raises(Exception, match="lacks"):
        world.commit("people")
    world.sink.close()
    assert file.query("FROM data._dlt_version") == file.query("FROM data._dlt_pipeline_state") == []
