"""Finished Arrow tables on their way through dlt's extraction: root and nested ones, about which it infers nothing."""

from __future__ import annotations

from typing import Any

from dlt.common.schema import Schema
from dlt.common.schema.utils import get_root_table
from dlt.extract import DltResource
from dlt.extract.items import TableNameMeta

from headrace.model.table import TableSchema

FINISHED = "x-headrace-finished"
"""The key that such a table bears on its way past dlt's contracts; it is never stored."""


class TableMeta(TableNameMeta):  # type: ignore[misc]
    """The mark on a batch that is a finished table, for whose columns the schema needs no further hints."""

    __slots__ = ()


class FinishedTables(DltResource):  # type: ignore[misc]
    """A dlt resource whose tables may come whole: each batch with the name of its table."""

    def compute_table_schema(self, item: Any = None, meta: Any = None) -> Any:  # noqa: ANN401 - dlt's own types
        """As dlt; nothing but the name for a finished table."""
        if isinstance(meta, TableMeta):
            return {"name": meta.table_name, "columns": {}, FINISHED: True}
        return super().compute_table_schema(item, meta)


class WalkedSchema(Schema):  # type: ignore[misc]
    """The schema of a source while it is extracted, which takes whole tables in. Its content is an ordinary schema's.

    `known` are the tables that were taken in, as decode knows them.
    """

    known: dict[str, TableSchema]

    @classmethod
    def of(cls, schema: Schema) -> WalkedSchema:
        """The very same schema, as one of ours: whoever holds it holds this one."""
        if not isinstance(schema, cls):
            schema.__class__ = cls
            assert isinstance(schema, cls)  # noqa: S101 - for mypy
            schema.known = {}
        return schema

    def take_in(self, table: Any) -> None:  # noqa: ANN401 - dlt's own type
        """A table as it is from now on, or the columns that are new."""
        self.update_table(table, normalize_identifiers=False, merge_compound_props=False)

    def take_in_hints(self, table: Any) -> None:  # noqa: ANN401 - dlt's own type
        """A root table as its resource is; a merge key that it does not have any more would narrow what may go."""
        for column in self.tables.get(table["name"], {}).get("columns", {}).values():
            column.pop("merge_key", None)
        self.take_in(table)

    def apply_schema_contract(self, schema_contract: Any, partial_table: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """As dlt; a table that was taken in is not looked at again when its rows come."""
        if FINISHED in partial_table:
            return None, []
        return super().apply_schema_contract(schema_contract, partial_table, *args, **kwargs)

    def get_table(self, table_name: str) -> Any:  # noqa: ANN401
        """As dlt; a nested table says which resource it belongs to, for dlt's metrics ask for it."""
        table = super().get_table(table_name)
        if table_name in self.known and "resource" not in table:
            return {**table, "resource": get_root_table(self.tables, table_name)["resource"]}
        return table

    def replace_schema_content(self, schema: Schema, link_to_replaced_schema: bool = False) -> None:
        """As dlt: what comes is an ordinary schema, and so is this one from now on."""
        self.__class__ = Schema
        self.replace_schema_content(schema, link_to_replaced_schema)
