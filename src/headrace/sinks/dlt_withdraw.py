"""How the rows of one load are taken back from a database that dlt loads: in SQL, children before their parents."""

# ruff: noqa: S608 - identifiers come through dlt's escaping, and the load id as a parameter

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from headrace.model.table import PAGE_CHARS, TableSchema
from headrace.sinks.dlt_rows import ID, LOAD_ID, PARENT_ID
from headrace.sinks.dlt_tables import Naming


def withdrawing(
    tables: Sequence[TableSchema],
    client: Any,  # noqa: ANN401 - dlt's own
    naming: Naming,
    staying_pages: Sequence[str] = (),
) -> Iterator[str]:
    """DELETE for each table of one root, parents given first. Every parameter is the load id.

    Where the data brings equal ids, what hangs on a row that stays does not go. Rows of `staying_pages` stay.
    """
    pages = ", ".join(f"'{page}'" for page in staying_pages)  # base 64 and nothing else: `decode.rows.page_prefix`
    by_name = {table.name: table for table in tables}

    def qualified(table: TableSchema) -> str:
        return str(client.make_qualified_table_name(naming.short(table.name)))

    def column(name: str) -> str:
        return str(client.escape_column_name(name))

    def of_load(table: TableSchema) -> str:
        if table.parent is None:
            page = f"SUBSTRING({column(ID)}, 1, {PAGE_CHARS})"
            return f"{column(LOAD_ID)} = %s" + (f" AND {page} NOT IN ({pages})" if pages else "")
        above = by_name[table.parent]
        parent, ids, doomed = column(PARENT_ID), f"SELECT {column(ID)} FROM {qualified(above)} WHERE", of_load(above)
        return f"{parent} IN ({ids} {doomed}) AND {parent} NOT IN ({ids} NOT ({doomed}))"

    for table in reversed(tables):
        yield f"DELETE FROM {qualified(table)} WHERE {of_load(table)}"
