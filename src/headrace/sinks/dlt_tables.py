"""Tables in decode's words and in dlt's: what either knows of a table, said to the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pyarrow as pa
from dlt.common.normalizers.naming import NamingConvention
from dlt.common.schema import Schema as DltSchema
from dlt.common.schema import utils

from headrace.model.plan import Disposition
from headrace.model.table import Column, DataType, Schema, TableSchema

_SYSTEM_HINTS: dict[str, dict[str, bool]] = {
    "_dlt_id": {"unique": True, "row_key": True},
    "_dlt_parent_id": {"parent_key": True},
    "_dlt_root_id": {"root_key": True},
}
LONG_NAME = "x-headrace-name"
_SINCE = "x-headrace-since"
_DISPOSITIONS: frozenset[Disposition] = frozenset(("append", "merge", "replace", "skip"))


class Naming:
    """Names as a destination allows them. Those that it makes shorter keep the long one beside it, in the schema."""

    def __init__(self, convention: NamingConvention) -> None:
        self._convention = convention

    def short(self, name: str) -> str:
        """The name of a table or column in the destination."""
        return str(self._convention.normalize_path(name))

    def shortened(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """A table in dlt's words with such names."""
        columns = {self.short(name): self._named(column) for name, column in table["columns"].items()}
        parent = {"parent": self.short(table["parent"])} if "parent" in table else {}
        return {**self._named(table), "columns": columns, **parent}

    def _named(self, what: Mapping[str, Any]) -> dict[str, Any]:
        name = self.short(what["name"])
        return {**what, "name": name} | ({LONG_NAME: what["name"]} if name != what["name"] else {})


def known_tables(schema: DltSchema, root: str) -> dict[str, TableSchema]:
    """The tables of a root as earlier loads have left them, parents first."""
    found = {}
    for table in utils.get_nested_tables(schema.tables, root) if root in schema.tables else []:
        columns = tuple(
            Column(
                column.get(LONG_NAME, name),
                msgspec.convert(column["data_type"], DataType),
                nullable=column.get("nullable", True),
                variant=column.get("variant", False),
            )
            for name, column in table["columns"].items()
            if column.get("data_type")
        )
        name, parent = (_long(schema, one) for one in (table["name"], table.get("parent")))
        found[name] = TableSchema(name, _long(schema, root), parent, columns, since=table.get(_SINCE, ""))
    return found


def known_schema(schema: DltSchema) -> Schema:
    """All data tables of a dlt schema, with the disposition and the keys of their roots."""
    tables: dict[str, TableSchema] = {}
    for root in schema.data_tables():
        name = root["name"]
        if root.get("parent") is None and not name.startswith("_headrace_"):
            stated = root.get("write_disposition")
            disposition: Disposition = stated if stated in _DISPOSITIONS else "append"
            keys = (tuple(utils.get_columns_names_with_prop(root, key)) for key in ("primary_key", "merge_key"))
            primary_key, merge_key = keys
            for table in known_tables(schema, name).values():
                own = {"primary_key": primary_key, "merge_key": merge_key} if table.parent is None else {}
                tables[table.name] = msgspec.structs.replace(table, disposition=disposition, **own)
    return Schema(tables)


def _long(schema: DltSchema, name: str | None) -> Any:  # noqa: ANN401 - a name if one is given
    return name and schema.tables[name].get(LONG_NAME, name)


def dlt_table(table: TableSchema, known: Mapping[str, Any]) -> dict[str, Any]:
    """A table in dlt's words, with the columns that have had no type up to now."""
    columns = {
        column.name: {"name": column.name, "data_type": column.data_type, "nullable": column.nullable}
        | _variant(column)
        | _SYSTEM_HINTS.get(column.name, {})
        for column in table.columns
        if not known.get(column.name, {}).get("data_type")
    }
    stated = {"parent": table.parent, _SINCE: table.since, "schema_contract": table.contract and table.contract.words}
    return {"name": table.name, "columns": columns} | {key: value for key, value in stated.items() if value}


def in_order(rows: pa.Table, columns: Mapping[str, Any]) -> pa.Table:
    """The columns as dlt orders them, and null only where it lets them be.

    Whole numbers become fractions where the column has been widened since they were read.
    """
    names = [name for name in columns if name in rows.schema.names]
    fields = [rows.schema.field(name).with_nullable(columns[name].get("nullable", True)) for name in names]
    widened = [
        field.with_type(pa.float64())
        if columns[field.name].get("data_type") == "double" and pa.types.is_int64(field.type)
        else field
        for field in fields
    ]
    ordered = pa.Table.from_arrays(rows.select(names).columns, schema=pa.schema(fields))
    return ordered if widened == fields else ordered.cast(pa.schema(widened))


def _variant(column: Column) -> dict[str, Any]:
    """What dlt says of a variant column."""
    if not column.variant:
        return {}
    return {"variant": True, "description": f"Variant of column {column.name} generated by dlt"}
