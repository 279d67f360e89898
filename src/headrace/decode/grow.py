"""How the schema grows by a batch: what is known of a table before it, and the tables after it."""

from __future__ import annotations

import msgspec

from headrace.decode.contract import Gate
from headrace.decode.declared import hints_of, nested_of, required
from headrace.decode.merging import mark_of, sort_of, strategy_of, validity_of
from headrace.decode.names import normalise
from headrace.decode.observed import Observation
from headrace.decode.order import Newcomer
from headrace.model.plan import Resource
from headrace.model.table import Column, DataType, Schema, TableSchema


def is_anothers(name: str, schema: Schema, resource: Resource) -> bool:
    """Whether a table belongs to another root: as a child of it, or as that root itself."""
    table = schema.tables.get(name)
    return table is not None and table.root != normalise(resource.table)


def known_columns(table: TableSchema | None, resource: Resource, gate: Gate, name: str) -> dict[str, Column]:
    """The columns of a table before the batch: those of the schema, then those that the resource declares."""
    columns = {} if table is None else {column.name: column for column in table.columns}
    for hint in hints_of(resource, name) if gate.takes_columns(name) else ():
        column = normalise(hint.name)
        if hint.data_type is not None and column not in columns:
            columns[column] = Column(
                column,
                msgspec.convert(hint.data_type, DataType),
                nullable=column not in required(resource, name),
            )
    if name == normalise(resource.table):
        columns |= {each: Column(each, "timestamp") for each in validity_of(resource)}
    return columns


def grown(
    schema: Schema, observation: Observation, gate: Gate, run_id: str, newcomers: list[Newcomer]
) -> dict[str, TableSchema]:
    """The tables of the schema with the newcomers, and with the resource's disposition and keys on its own tables."""
    resource, tables = observation.resource, dict(schema.tables)
    root = normalise(resource.table)
    seen = {table.name: table for table in reversed(observation.tables)}
    if root in seen and root not in gate.refused and not is_anothers(root, schema, resource):
        old = tables.get(root)
        tables[root] = TableSchema(
            root,
            root,
            None,
            tuple(known_columns(old, resource, gate, root).values()),
            resource.disposition,
            tuple(map(normalise, resource.primary_key)),
            tuple(map(normalise, resource.merge_key)),
            strategy_of(resource),
            mark_of(resource),
            sort_of(resource),
            since=run_id if old is None else old.since,
            contract=resource.contract,
        )
    for name, table in tables.items():
        if table.root == root and name != root and table.disposition != resource.disposition:
            tables[name] = msgspec.structs.replace(table, disposition=resource.disposition)
    for newcomer in newcomers:
        name = newcomer.table
        if name not in tables:
            parent = seen[name].parent
            above = None if parent is None else observation.tables[parent].name
            stated = tuple(known_columns(None, resource, gate, name).values())
            contract = nested.contract if (nested := nested_of(resource, name)) else None
            tables[name] = TableSchema(name, root, above, stated, resource.disposition, since=run_id, contract=contract)
        table = tables[name]
        tables[name] = msgspec.structs.replace(table, columns=(*table.columns, newcomer.column))
    return tables


def with_doubles(tables: dict[str, TableSchema], widened: dict[str, frozenset[str]]) -> dict[str, TableSchema]:
    """The tables with the widened columns of their new type, each at its old place."""
    return tables | {
        name: msgspec.structs.replace(
            tables[name],
            columns=tuple(
                msgspec.structs.replace(column, data_type="double") if column.name in names else column
                for column in tables[name].columns
            ),
        )
        for name, names in widened.items()
        if names
    }
