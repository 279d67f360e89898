"""The same pages through real dlt and through decode, both brought into one form that can be compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simplejson  # type: ignore[import-untyped]  # what dlt's HTTP client decodes with

from headrace.decode.columns import cast
from headrace.decode.infer import fold
from headrace.decode.observe import Reader
from headrace.decode.rows import RecordPage, page_prefix
from headrace.model.plan import Request, Resource
from headrace.model.table import Reject, Schema
from tests.parity.cases import Case

Row = dict[str, Any]
IDS = ("_dlt_id", "_dlt_parent_id", "_dlt_root_id", "_dlt_list_idx", "_dlt_load_id")


@dataclass
class Tables:
    """All tables of one resource: columns in order with dlt's types, and rows."""

    columns: dict[str, list[tuple[str, str]]]
    parents: dict[str, str | None]
    rows: dict[str, list[Row]]


def resource_of(case: Case) -> Resource:
    return Resource(
        name=case.name,
        table=case.name,
        request=Request(path=case.name),
        disposition=case.disposition,
        primary_key=case.primary_key,
        columns=case.columns,
        max_nesting=case.max_nesting,
    )


def through_decode(case: Case) -> tuple[Tables, list[Reject]]:
    """The pages in batches, observed in turn, folded in page order."""
    resource = resource_of(case)
    reader = Reader(resource)
    schema = Schema({})
    rows: dict[str, list[Row]] = {}
    rejects: list[Reject] = []
    pages = [RecordPage(n, page_prefix("uid", "run", case.name, n), page) for n, page in enumerate(case.pages)]
    for start in range(0, len(pages), case.batch):
        observation = reader.observe(pages[start : start + case.batch])
        folded = fold(schema, observation, resource)
        schema = folded.schema
        decoded = cast(observation, folded)
        for batch in decoded.batches:
            batch.rows.validate(full=True)
            rows.setdefault(batch.schema.name, []).extend(batch.rows.to_pylist())
        rejects += decoded.rejects
    tables = schema.tables.values()
    return Tables(
        {table.name: [(column.name, column.data_type) for column in table.columns] for table in tables},
        {table.name: table.parent for table in tables},
        {table.name: rows.get(table.name, []) for table in tables},
    ), rejects


def through_dlt(cases: Sequence[Case], folder: Path) -> dict[str, Tables]:
    """All cases as the resources of one source, in one pipeline run into DuckDB. Raises what dlt raises."""
    import dlt

    def resource(case: Case) -> Any:
        def pages() -> Iterator[list[Any]]:
            for page in case.pages:
                yield [simplejson.loads(body) for body in page]

        hints: dict[str, Any] = {"columns": {hint.name: {"data_type": hint.data_type} for hint in case.columns}}
        if case.primary_key:
            hints["primary_key"] = case.primary_key
        return dlt.resource(
            pages, name=case.name, write_disposition=case.disposition, max_table_nesting=case.max_nesting, **hints
        )

    source = dlt.source(lambda: [resource(case) for case in cases], name="parity")()
    pipeline = dlt.pipeline(
        "parity", pipelines_dir=str(folder), destination=dlt.destinations.duckdb(str(folder / "p.duckdb")),
        dataset_name="d",
    )  # fmt: skip
    pipeline.run(source, loader_file_format="parquet")
    schema = pipeline.default_schema
    found = {case.name: Tables({}, {}, {}) for case in cases}
    with pipeline.sql_client() as client:
        for table in schema.data_tables():
            name = table["name"]
            tables = found[name.split("__", 1)[0]]
            columns = schema.get_table_columns(name)
            tables.columns[name] = [(column, spec["data_type"]) for column, spec in columns.items()]
            tables.parents[name] = table.get("parent")
            with client.execute_query(f"SELECT * FROM {client.make_qualified_table_name(name)}") as cursor:
                names = [column[0] for column in cursor.description]
                tables.rows[name] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return found


def forest(tables: Tables) -> list[str]:
    """Every root row with all its descendants, ids left out, as sorted texts: equal forests mean equal joins."""
    children: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for name, rows in tables.rows.items():
        parent = tables.parents[name]
        if parent is not None:
            for row in rows:
                children.setdefault((parent, row["_dlt_parent_id"]), {}).setdefault(name, []).append(row)
    used = 0

    def tree(table: str, row: Row) -> Any:
        nonlocal used
        used += 1
        below = children.get((table, row["_dlt_id"]), {})
        return [
            sorted([key, _plain(value)] for key, value in row.items() if value is not None and key not in IDS),
            {
                name: [tree(name, child) for child in sorted(below[name], key=lambda child: child["_dlt_list_idx"])]
                for name in sorted(below)
            },
        ]

    roots = [(name, row) for name, rows in tables.rows.items() if tables.parents[name] is None for row in rows]
    texts = sorted(json.dumps(tree(name, row), sort_keys=True) for name, row in roots)
    assert used == sum(len(rows) for rows in tables.rows.values()), "rows without a parent"
    return texts


def differences(ours: Tables, theirs: Tables) -> list[str]:
    """In what the tables differ, in words; nothing if they are equal."""
    found = []
    if ours.parents != theirs.parents:
        found.append(f"tables: {ours.parents} and in dlt {theirs.parents}")
    found += [
        f"columns of {name}: {ours.columns[name]} and in dlt {theirs.columns[name]}"
        for name in set(ours.columns) & set(theirs.columns)
        if ours.columns[name] != theirs.columns[name]
    ]
    if not found and forest(ours) != forest(theirs):
        pairs = zip(forest(ours), forest(theirs), strict=False)
        found.append(next(f"row {one} and in dlt {other}" for one, other in pairs if one != other))
    return found


def _plain(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if isinstance(value, float):
        value += 0.0  # a merge in DuckDB turns -0.0 into 0.0
    return f"{type(value).__name__}:{value!r}"
