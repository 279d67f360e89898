"""The statements, letter for letter: what a reader of DuckDB's query log will see."""

from __future__ import annotations

from headrace.model.table import Column, TableSchema
from headrace.sinks import merge_sql
from headrace.sinks.ddl import Names, add_columns, adopt, create_data, create_staged, data_type, quote
from headrace.sinks.merge_sql import Link, Source

NAMES = Names("w", "data")
COLUMNS = (Column("id", "bigint", nullable=False), Column("_dlt_load_id", "text", nullable=False))
ROOT = TableSchema("t", "t", None, COLUMNS)
KID = TableSchema("t__k", "t", "t", (Column('va"lue', "wei"),))


def test_a_table_of_the_dataset() -> None:
    assert create_data(NAMES, ROOT) == (
        'CREATE TABLE "w"."data"."t" ("id" BIGINT NOT NULL, "_dlt_load_id" VARCHAR NOT NULL)'
    )
    assert create_data(NAMES, KID) == 'CREATE TABLE "w"."data"."t__k" ("va""lue" DECIMAL(38,0))'


def test_a_table_of_the_staging_refuses_nulls_only_in_columns_of_our_own() -> None:
    assert create_staged(NAMES, ROOT) == (
        'CREATE TABLE "w"."data"."_headrace_staged_t" ("id" BIGINT, "_dlt_load_id" VARCHAR NOT NULL,'
        ' "headrace:walk" INTEGER, "headrace:row" BIGINT)'
    )
    assert create_staged(NAMES, KID) == (
        'CREATE TABLE "w"."data"."_headrace_staged_t__k" ("va""lue" DECIMAL(38,0), "headrace:walk" INTEGER)'
    )


def test_a_staged_table_becomes_that_of_the_dataset_once_it_keeps_its_constraints() -> None:
    assert adopt(NAMES, ROOT) == [
        'ALTER TABLE "w"."data"."_headrace_staged_t" ALTER COLUMN "id" SET NOT NULL',
        'ALTER TABLE "w"."data"."_headrace_staged_t" DROP COLUMN "headrace:walk"',
        'ALTER TABLE "w"."data"."_headrace_staged_t" DROP COLUMN "headrace:row"',
        'ALTER TABLE "w"."data"."_headrace_staged_t" RENAME TO "t"',
    ]
    assert adopt(NAMES, KID) == [
        'ALTER TABLE "w"."data"."_headrace_staged_t__k" DROP COLUMN "headrace:walk"',
        'ALTER TABLE "w"."data"."_headrace_staged_t__k" RENAME TO "t__k"',
    ]


def test_only_columns_that_are_missing_are_added_and_none_refuses_nulls() -> None:
    columns = (Column("ID", "bigint"), Column("new", "json", nullable=False))
    assert add_columns("t", ["id"], columns) == ['ALTER TABLE t ADD COLUMN "new" JSON']


def test_duckdbs_types_are_read_as_dlt_reads_them() -> None:
    kinds = ["VARCHAR", "HUGEINT", "DECIMAL(38,0)", "DECIMAL(18,3)", "TIMESTAMP_NS", "JSON", "INTEGER[]"]
    assert [data_type(kind) for kind in kinds] == ["text", "bigint", "wei", "decimal", "timestamp", "json", None]


def test_a_quote_in_a_name_ends_nothing() -> None:
    assert quote('a"; DROP TABLE b; --') == '"a""; DROP TABLE b; --"'


def test_roots_are_deleted_by_either_key() -> None:
    assert merge_sql.delete_roots(NAMES, "t", [("a", "b"), ("c",)], Source((1, 2))) == (
        'DELETE FROM "w"."data"."t" AS d WHERE'
        ' EXISTS (SELECT 1 FROM "w"."data"."_headrace_staged_t" AS s'
        ' WHERE s."headrace:walk" IN (1, 2) AND s."a" = d."a" AND s."b" = d."b")'
        ' OR EXISTS (SELECT 1 FROM "w"."data"."_headrace_staged_t" AS s'
        ' WHERE s."headrace:walk" IN (1, 2) AND s."c" = d."c")'
    )


def test_children_are_deleted_by_the_first_id_that_leads_to_a_root() -> None:
    path = [Link("t__k__l", has_root_id=False), Link("t__k", has_root_id=True)]
    assert merge_sql.delete_children(NAMES, path) == (
        'DELETE FROM "w"."data"."t__k__l" AS d WHERE d."_dlt_parent_id" IN'
        ' (SELECT p2."_dlt_id" FROM "w"."data"."t__k" AS p2 WHERE p2."_dlt_root_id" IN'
        ' (SELECT id FROM "temp"."main"."_headrace_doomed"))'
    )


def test_without_duplicates_rows_are_moved_with_no_question_asked() -> None:
    assert merge_sql.insert_roots(NAMES, "t", ["a"], Source(), distinct=True) == (
        'INSERT INTO "w"."data"."t" ("a", "_dlt_load_id") SELECT s."a", ? FROM "w"."data"."_headrace_staged_t" AS s'
    )


def test_with_duplicates_only_the_last_reads_and_their_children_are_moved() -> None:
    assert merge_sql.insert_roots(NAMES, "t", ["a"], Source(), distinct=False).endswith(
        ' WHERE NOT EXISTS (SELECT 1 FROM "temp"."main"."_headrace_losers" AS l WHERE l.row = s."headrace:row")'
    )
    path = [Link("t__k", has_root_id=True)]
    assert merge_sql.insert_children(NAMES, path, ["v"], Source(), distinct=False) == (
        'INSERT INTO "w"."data"."t__k" ("v") SELECT s."v" FROM "w"."data"."_headrace_staged_t__k" AS s'
        ' WHERE (s."_dlt_root_id" IN (SELECT id FROM "temp"."main"."_headrace_orphaned")) IS NOT TRUE'
    )
