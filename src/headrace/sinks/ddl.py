"""How headrace's names and types read in DuckDB's SQL: quoting, qualified names, CREATE and ALTER."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from headrace.model.table import ROW, Column, DataType, TableSchema

# The staging's own columns; no name of the data can have a colon once it is normalised.
WALK = "headrace:walk"
LOAD_ID = "_dlt_load_id"
STAGED = "_headrace_staged_"

Catalog: TypeAlias = dict[str, dict[str, str]]
"""The tables of one database schema as they are: {table: {column: DuckDB type}}."""

TYPES: Mapping[DataType, str] = {
    "text": "VARCHAR",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "date": "DATE",
    "time": "TIME",
    "decimal": "DECIMAL(38,9)",
    "wei": "DECIMAL(38,0)",
    "binary": "BLOB",
    "json": "JSON",
}

_DATA_TYPES: Mapping[str, DataType] = {
    **{sql: data_type for data_type, sql in TYPES.items() if data_type not in {"decimal", "wei"}},
    "TINYINT": "bigint",
    "SMALLINT": "bigint",
    "INTEGER": "bigint",
    "HUGEINT": "bigint",
    "FLOAT": "double",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
}


def quote(name: str) -> str:
    """An identifier as SQL; any text is one."""
    return '"' + name.replace('"', '""') + '"'


def quoted(names: Iterable[str]) -> str:
    """A list of identifiers as SQL."""
    return ", ".join(quote(name) for name in names)


def data_type(sql: str) -> DataType | None:
    """The data type that a column of DuckDB type `sql` holds, as dlt reads it; None for one that is nobody's."""
    if sql.startswith("DECIMAL"):
        return "wei" if sql.endswith(",0)") else "decimal"
    return _DATA_TYPES.get(sql)


@dataclass(frozen=True, slots=True)
class Names:
    """Where tables are: every name with its catalog and schema, so that no search path can mislead.

    The staging is in the dataset, since DuckDB renames a table but cannot move it to another schema.
    """

    catalog: str
    dataset: str

    def data(self, table: str) -> str:
        """A table of the dataset."""
        return f"{quote(self.catalog)}.{quote(self.dataset)}.{quote(table)}"

    def staged(self, table: str) -> str:
        """A table of the staging, named as the table of the dataset that its rows are for."""
        return self.data(STAGED + table)


def staged_in(catalog: Catalog) -> Catalog:
    """The tables of the staging by the names that they are for."""
    return {name.removeprefix(STAGED): columns for name, columns in catalog.items() if name.startswith(STAGED)}


def temporary(table: str) -> str:
    """A table that lives in this connection only."""
    return f'"temp"."main".{quote(table)}'


def with_load_id(table: TableSchema) -> tuple[Column, ...]:
    """The columns of a table in the dataset: a root has `_dlt_load_id`, last if its schema has no place for it."""
    if table.parent is not None or any(column.name == LOAD_ID for column in table.columns):
        return table.columns
    return (*table.columns, Column(LOAD_ID, "text", nullable=False))


def create_data(names: Names, table: TableSchema) -> str:
    """CREATE for a table of the dataset, columns in the order of its schema."""
    columns = ", ".join(_defined(column, nullable=column.nullable) for column in with_load_id(table))
    return f"CREATE TABLE {names.data(table.name)} ({columns})"


def create_staged(names: Names, table: TableSchema, *, numbered: bool = False) -> str:
    """CREATE for a table of the staging: as that of the dataset, and the walk of each row, and a root's order.

    `numbered`: rows of a child say which row of the root they hang on.

    Only our own columns refuse nulls: what the data has of them is told when the rows enter the dataset.
    """
    own = [f"{quote(WALK)} INTEGER", *([f"{quote(ROW)} BIGINT"] if table.parent is None or numbered else [])]
    columns = [_defined(column, nullable=not _is_ours(column)) for column in with_load_id(table)]
    return f"CREATE TABLE {names.staged(table.name)} ({', '.join([*columns, *own])})"


def adopt(names: Names, table: TableSchema) -> list[str]:
    """What makes a staged table that of the dataset, as it is."""
    staged = names.staged(table.name)
    required = [column for column in table.columns if not column.nullable and not _is_ours(column)]
    return [
        *(f"ALTER TABLE {staged} ALTER COLUMN {quote(column.name)} SET NOT NULL" for column in required),
        *(f"ALTER TABLE {staged} DROP COLUMN {quote(own)}" for own in (WALK, *([] if table.parent else [ROW]))),
        f"ALTER TABLE {staged} RENAME TO {quote(table.name)}",
    ]


def _defined(column: Column, *, nullable: bool) -> str:
    return f"{quote(column.name)} {TYPES[column.data_type]}{'' if nullable else ' NOT NULL'}"


def _is_ours(column: Column) -> bool:
    return column.name.startswith("_dlt_") and not column.nullable


def add_columns(qualified: str, existing: Iterable[str], columns: Iterable[Column]) -> list[str]:
    """ALTER for each of `columns` that a table lacks; DuckDB compares names without case, adds none as NOT NULL."""
    there = {name.lower() for name in existing}
    return [
        f"ALTER TABLE {qualified} ADD COLUMN {quote(column.name)} {TYPES[column.data_type]}"
        for column in columns
        if column.name.lower() not in there
    ]


def widen_columns(qualified: str, existing: Mapping[str, str], columns: Iterable[Column]) -> list[str]:
    """ALTER for each column of whole numbers that has to take fractions from now on (`--widen-numbers`)."""
    there = {name.lower(): sql for name, sql in existing.items()}
    return [
        f"ALTER TABLE {qualified} ALTER COLUMN {quote(column.name)} SET DATA TYPE DOUBLE"
        for column in columns
        if column.data_type == "double" and there.get(column.name.lower()) == "BIGINT"
    ]
