"""What a resource says of the structure of its tables: how deep objects are opened, and what stays JSON text."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from headrace.decode.declared import table_of
from headrace.decode.names import normalise
from headrace.model.plan import ColumnHint, Resource
from headrace.model.table import Schema

DEEPEST = 1000
"""dlt's own limit where the configuration sets none."""


class Shape(msgspec.Struct, frozen=True):
    """`table` is the root table's name, `depth` the nesting that is opened, `json` the root columns that stay JSON.

    `decimals` are the root columns that keep digits which a double does not; `below` are child tables' `json` columns.
    """

    table: str
    depth: int
    json: frozenset[str]
    decimals: frozenset[str]
    below: dict[str, frozenset[str]] = {}

    def stays_json(self, table: str, column: str) -> bool:
        """Whether what a column holds is not opened, however near to the root it is."""
        return column in (self.json if table == self.table else self.below.get(table, ()))


def as_known(resource: Resource, schema: Schema) -> Resource:
    """The resource, with the columns of its table that hold JSON already: they go on to, as in dlt."""
    table = schema.tables.get(normalise(resource.table))
    stated = {normalise(hint.name) for hint in resource.columns}
    json = [column.name for column in (table.columns if table else ()) if column.data_type == "json"]
    kept = tuple(ColumnHint(name, "json") for name in json if name not in stated)
    return msgspec.structs.replace(resource, columns=(*resource.columns, *kept)) if kept else resource


def shape_of(resource: Resource) -> Shape:
    """The structure that the resource asks for; names are normalised."""
    kept = _json_in(resource.columns)
    decimals = frozenset(normalise(hint.name) for hint in resource.columns if hint.data_type in {"decimal", "wei"})
    depth = DEEPEST if resource.max_nesting is None else resource.max_nesting
    below = {table_of(resource, each): _json_in(each.columns) for each in resource.nested}
    return Shape(normalise(resource.table), depth, kept, decimals, below)


def _json_in(columns: Iterable[ColumnHint]) -> frozenset[str]:
    return frozenset(normalise(hint.name) for hint in columns if hint.data_type == "json")
