"""What a dataset in DuckDB holds, as nested records: ids are followed and then left out, so that datasets compare."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb

HIDDEN = {"_dlt_id", "_dlt_parent_id", "_dlt_root_id", "_dlt_load_id", "_dlt_list_idx"}
Types = dict[str, dict[str, str]]
Records = dict[str, list[tuple[Any, ...]]]


def read_dataset(database: Path | str, dataset: str) -> tuple[Types, Records]:
    """Types by table and column, and the root records by table, each with its children nested in list order."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        types: Types = defaultdict(dict)
        listed = connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = ?"
            " ORDER BY table_name, ordinal_position",
            [dataset],
        ).fetchall()
        for table, column, data_type in listed:
            if not table.startswith(("_dlt_", "_headrace_")):
                types[table][column] = data_type
        rows = {
            table: connection.sql(f'SELECT * FROM "{dataset}"."{table}"').to_arrow_table().to_pylist()
            for table in types
        }
    return dict(types), _nest(rows)


def _nest(rows: dict[str, list[dict[str, Any]]]) -> Records:
    roots = [table for table in rows if not any(table.startswith(other + "__") for other in rows if other != table)]
    by_parent: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for table, listed in rows.items():
        if table not in roots:
            for row in listed:
                by_parent[table, row["_dlt_parent_id"]].append(row)
    for children in by_parent.values():
        children.sort(key=lambda row: row["_dlt_list_idx"])
    for table in set(rows) - set(roots):
        known = {row["_dlt_id"] for parent in rows if table.startswith(parent + "__") for row in rows[parent]}
        orphans = [row for row in rows[table] if row["_dlt_parent_id"] not in known]
        assert not orphans, f"{table} has {len(orphans)} rows without a parent"

    def whole(table: str, row: dict[str, Any]) -> tuple[Any, ...]:
        own = tuple(
            sorted((name, repr(value)) for name, value in row.items() if name not in HIDDEN and value is not None)
        )
        below = tuple(
            (child, tuple(whole(child, each) for each in by_parent[child, row["_dlt_id"]]))
            for child in sorted(rows)
            if (child, row.get("_dlt_id")) in by_parent and child.startswith(table + "__")
        )
        return own, below

    return {table: sorted(whole(table, row) for row in rows[table]) for table in roots}
