"""The stored schema against the warehouse as it is."""

from __future__ import annotations

from headrace.model.table import Column, Schema, TableSchema
from headrace.sinks.ddl import Catalog
from headrace.sinks.reconcile import reconcile

T_COLUMNS = (Column("id", "bigint", nullable=False), Column("v", "text"), Column("_dlt_id", "text"))
KID_COLUMNS = (Column("value", "text"), Column("_dlt_parent_id", "text"), Column("_dlt_id", "text"))
T = TableSchema("t", "t", None, T_COLUMNS, "merge", ("id",))
KID = TableSchema("t__k", "t", "t", KID_COLUMNS)
STORED = Schema({"t": T, "t__k": KID})
T_AS_IT_IS = {"id": "BIGINT", "v": "VARCHAR", "_dlt_load_id": "VARCHAR", "_dlt_id": "VARCHAR"}
KID_AS_IT_IS = {"value": "VARCHAR", "_dlt_parent_id": "VARCHAR", "_dlt_id": "VARCHAR"}
ALL: Catalog = {"t": T_AS_IT_IS, "t__k": KID_AS_IT_IS}


def test_what_agrees_stays_as_it_is() -> None:
    assert reconcile(STORED, STORED, ALL, {}) == STORED


def test_a_dropped_column_is_forgotten() -> None:
    less = {name: sql for name, sql in T_AS_IT_IS.items() if name != "v"}
    result = reconcile(STORED, STORED, {**ALL, "t": less}, {})
    assert [column.name for column in result.tables["t"].columns] == ["id", "_dlt_id"]


def test_a_dropped_table_is_forgotten() -> None:
    assert reconcile(STORED, STORED, {"t": T_AS_IT_IS}, {}) == Schema({"t": T})


def test_a_dropped_root_stays_known_while_a_child_of_it_is_there() -> None:
    assert reconcile(STORED, STORED, {"t__k": KID_AS_IT_IS}, {}).tables.keys() == {"t", "t__k"}


def test_the_type_that_a_column_has_now_counts() -> None:
    changed = {**T_AS_IT_IS, "id": "VARCHAR", "v": "DECIMAL(38,9)"}
    result = reconcile(STORED, STORED, {**ALL, "t": changed}, {})
    assert [column.data_type for column in result.tables["t"].columns] == ["text", "decimal", "text"]
    assert result.tables["t"].columns[0].nullable is False


def test_a_type_that_nothing_reads_changes_nothing() -> None:
    assert reconcile(STORED, STORED, {**ALL, "t": {**T_AS_IT_IS, "v": "STRUCT(a INTEGER)"}}, {}) == STORED


def test_what_is_only_staged_is_not_taken_for_dropped() -> None:
    new = TableSchema("n", "n", None, (Column("v", "text"),))
    wider = TableSchema("t", "t", None, (*T.columns, Column("w", "text")), "merge", ("id",))
    newest = Schema({"t": wider, "t__k": KID, "n": new})
    assert reconcile(newest, STORED, ALL, {"n": {"v": "VARCHAR"}, "t": {"w": "VARCHAR"}}) == newest


def test_tables_that_dlt_made_are_taken_up_with_their_children() -> None:
    catalog: Catalog = {
        "t__k": KID_AS_IT_IS,
        "t__k__l": {"value": "DECIMAL(38,0)", **KID_AS_IT_IS, "odd": "INTEGER[]"},
        "t": {**T_AS_IT_IS, "v__v_bool": "BOOLEAN"},
        "mine": {"id": "BIGINT"},
        "_dlt_pipeline_state": {"_dlt_id": "VARCHAR", "_dlt_load_id": "VARCHAR"},
        "stray__kid": KID_AS_IT_IS,
    }
    tables = reconcile(Schema({}), Schema({}), catalog, {}).tables
    assert {name: (table.root, table.parent) for name, table in tables.items()} == {
        "t": ("t", None),
        "t__k": ("t", "t"),
        "t__k__l": ("t", "t__k"),
    }
    assert tables["t"].columns[-1] == Column("v__v_bool", "bool", variant=True)
    assert "odd" not in {column.name for column in tables["t__k__l"].columns}


def test_columns_that_dlt_added_are_taken_up_after_the_others() -> None:
    more = {**T_AS_IT_IS, "w": "DOUBLE", "V__v_bool": "BOOLEAN", "odd": "INTEGER[]", "_dlt_root_id": "VARCHAR"}
    result = reconcile(STORED, STORED, {**ALL, "t": more}, {})
    assert result.tables["t"].columns == (
        *T_COLUMNS,
        Column("w", "double"),
        Column("V__v_bool", "bool", variant=True),
    )
    assert result.tables["t"].primary_key == ("id",)


def test_a_column_that_was_added_while_the_staging_has_it_as_well_is_one() -> None:
    wider = Schema({"t": TableSchema("t", "t", None, (*T_COLUMNS, Column("w", "text")), "merge", ("id",)), "t__k": KID})
    data: Catalog = {**ALL, "t": {**T_AS_IT_IS, "w": "BIGINT"}}
    columns = reconcile(wider, STORED, data, {"t": {"w": "VARCHAR"}}).tables["t"].columns
    assert [(column.name, column.data_type) for column in columns[-2:]] == [("_dlt_id", "text"), ("w", "bigint")]
