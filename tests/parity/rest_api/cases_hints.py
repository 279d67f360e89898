"""What a resource says of its tables, what the source says of all, and what a user does to the source afterwards."""

from __future__ import annotations

from typing import Any

import dlt

from tests.parity.rest_api.case import APPENDED, Case, Counts, configuration, one, paged

MERGED: Counts = {"things": (7, 9), "things__tags": (7, 6), "things__lines": (12, 11)}


def merged(strategy: str | None = None, /, **hints: Any) -> Any:
    disposition = {"disposition": "merge", "strategy": strategy} if strategy else "merge"
    return one("things", primary_key="id", write_disposition=disposition, **hints)


def numbered(row: Any) -> Any:
    return row | {"number": row["id"]}


DISPOSITIONS = [
    Case("append", one("things", write_disposition="append", primary_key="id"), APPENDED),
    Case("replace", one("things", write_disposition="replace"), {"things": (7, 8), "things__tags": (7, 6)}),
    Case("merge", merged(), MERGED),
    Case("merge, delete-insert", merged("delete-insert"), MERGED),
    Case("merge, upsert", merged("upsert"), MERGED),
    Case("merge, insert-only", merged("insert-only"), {"things": (7, 9)}),
    Case(
        "merge, scd2",
        one("things", write_disposition={"disposition": "merge", "strategy": "scd2"}),
        {"things": (7, 11)},
    ),
    Case("merge without a key", one("things", write_disposition="merge"), APPENDED),
    Case("merge by merge_key", one("things", write_disposition="merge", merge_key="kind"), {"things": (7, 8)}),
    Case(
        "merge by both keys",
        one("things", write_disposition="merge", merge_key="kind", primary_key="id"),
        {"things": (7, 8)},
    ),
    Case("merge by two columns", one("things", write_disposition="merge", primary_key=["kind", "id"]), MERGED),
    Case(
        "merge by a nested column",
        one("things", write_disposition="merge", primary_key="owner__id"),
        {"things": (3, 3)},
    ),
    Case(
        "merge over pages",
        one({"path": "pages/0", "paginator": "page_number"}, primary_key="id", write_disposition="merge"),
        MERGED,
    ),
    Case(
        "merge with deletions",
        merged(columns={"ok": {"hard_delete": True}}),
        {"things": (4, 5)},
    ),
    Case(
        "merge with an order among equals",
        one(
            "things",
            write_disposition="merge",
            primary_key="kind",
            columns={"count": {"dedup_sort": "desc", "data_type": "bigint"}},
        ),
        {"things": (2, 2)},
    ),
]

COLUMNS = [
    Case(
        "column types",
        one(
            "things",
            columns={
                "id": {"data_type": "text"},
                "price": {"data_type": "decimal", "precision": 20, "scale": 4},
                "dueDate": {"data_type": "date"},
                "count": {"data_type": "double"},
                "owner": {"data_type": "json"},
                "tags": {"data_type": "json"},
                "ok": {"data_type": "bigint"},
                "never": {"data_type": "text", "description": "is never there"},
            },
        ),
        APPENDED,
    ),
    Case(
        "columns as a list",
        one("things", columns=[{"name": "count", "data_type": "text"}, {"name": "name", "nullable": False}]),
        APPENDED,
    ),
    Case("nesting 0", one("things", max_table_nesting=0), APPENDED),
    Case("nesting 1", one("things", max_table_nesting=1), APPENDED | {"things__lines": (12, 20)}),
    Case("nesting 0 for the source", one("things"), APPENDED, source={"max_table_nesting": 0}),
    Case("another table", one("things", table_name="Other Things"), {"other_things": (7, 15)}),
    Case(
        "a table for each kind",
        one("things", table_name=lambda row: f"kind_{row['kind']}"),
        {"kind_a": (3, 7), "kind_b": (4, 8)},
    ),
    Case(
        "not selected",
        configuration({"name": "things", "selected": False}, "bare"),
        {"things": (0, 0), "bare": (7, 15)},
    ),
    Case(
        "hints of nested tables",
        one(
            "things",
            nested_hints={"lines": {"columns": {"qty": {"name": "qty", "data_type": "double"}}}},
        ),
        APPENDED,
    ),
    Case(
        "references and formats",
        one(
            "things",
            references=[{"referenced_table": "bare", "columns": ["id"], "referenced_columns": ["id"]}],
            file_format="parquet",
        ),
        APPENDED,
    ),
    *(
        Case(
            f"contract, {part} {mode}",
            one("things", schema_contract={part: mode}),
            {"things": (7, rows)},
        )
        for part, mode, rows in (
            ("columns", "discard_value", 15),
            ("columns", "discard_row", 14),
            ("data_type", "discard_value", 15),
            ("data_type", "discard_row", 14),
        )
    ),
]

SOURCES = [
    Case("root_key", one("things"), APPENDED, source={"root_key": True}),
    Case("name and section", one("things"), APPENDED, source={"name": "shop", "section": "shops"}),
    Case("parallelized", configuration("things", "bare"), APPENDED | {"bare": (7, 15)}, source={"parallelized": True}),
    Case(
        "contract of the source",
        one("things"),
        {"things": (7, 15)},
        source={"schema_contract": {"columns": "discard_value"}},
    ),
    Case("schema of the user", one("things"), APPENDED, source={"schema": dlt.Schema("ours")}),
    Case(
        "only some are chosen",
        configuration("things", "bare"),
        {"bare": (7, 15)},
        change=lambda source: source.with_resources("bare"),
    ),
]


def mapped(source: Any) -> Any:
    source.things.add_map(numbered)
    return source


def filtered(source: Any) -> Any:
    source.things.add_filter(lambda row: row["id"] % 2 == 1)
    return source


def yielded(source: Any) -> Any:
    source.things.add_yield_map(lambda row: row["lines"])
    return source


def limited(source: Any) -> Any:
    source.things.add_limit(2)
    return source


def hinted(source: Any) -> Any:
    source.things.apply_hints(
        table_name="renamed", primary_key="id", write_disposition="merge", columns={"count": {"data_type": "text"}}
    )
    return source


def piped(source: Any) -> Any:
    @dlt.transformer(name="tags")  # type: ignore[untyped-decorator]
    def tags(rows: Any) -> Any:
        for row in rows if isinstance(rows, list) else [rows]:
            yield [{"of": row["id"], "tag": tag} for tag in row["tags"]]

    source.resources["tags"] = source.things | tags
    return source


def parallel(source: Any) -> Any:
    return source.parallelize()


CHANGES = [
    Case("add_map", one("things"), APPENDED, change=mapped),
    Case("add_filter", one("things"), {"things": (4, 8)}, change=filtered),
    Case("add_yield_map", one("things"), {"things": (12, 20)}, change=yielded),
    Case("add_limit", paged("pages/0", "page_number"), {"things": (6, 12)}, change=limited),
    Case("apply_hints", one("things"), {"renamed": (7, 9)}, change=hinted),
    Case("a transformer", one("things"), APPENDED | {"tags": (7, 13)}, change=piped),
    Case("parallelize", configuration("things", "bare"), APPENDED, change=parallel),
]

CASES = [*DISPOSITIONS, *COLUMNS, *SOURCES, *CHANGES]
