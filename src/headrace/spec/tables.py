"""Whether the resources of a document agree on the tables that they fill."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import msgspec

from headrace.model.naming import SEPARATOR, normalise
from headrace.model.plan import Resource
from headrace.spec.context import Context
from headrace.spec.node import Node
from headrace.spec.resource import ReadResource

_OURS = ("_dlt_", "_headrace_")


def check_tables(ctx: Context, resources: Sequence[ReadResource]) -> list[ReadResource]:
    """The resources, those that fill one table agreed on how; findings for tables that may not be filled so."""
    filling: dict[str, list[ReadResource]] = {}
    for read in resources:
        if read.resource.selected and read.resource.disposition != "skip":
            filling.setdefault(normalise(read.resource.table), []).append(read)
    for table, several in filling.items():
        if table.startswith(_OURS):
            _reserved(ctx, table, several[0])
        for read in several[1:]:
            _beside(ctx, table, several[0].resource, read)
        for root in filling:
            if table.startswith(root + SEPARATOR):
                _nested(ctx, table, filling[root][0].resource, several[0])
    merging = {table: found for table, several in filling.items() if (found := _merging(several)) is not None}
    return [_agreed(read, merging) for read in resources]


def _merging(several: list[ReadResource]) -> Resource | None:
    """By whose keys a table is merged that others append to."""
    if {read.resource.disposition for read in several} != {"append", "merge"}:
        return None
    return next(read.resource for read in several if read.resource.disposition == "merge")


def _agreed(read: ReadResource, merging: Mapping[str, Resource]) -> ReadResource:
    resource, leading = read.resource, merging.get(normalise(read.resource.table))
    if leading is None or resource.disposition != "append":
        return read
    merged = msgspec.structs.replace(
        resource,
        disposition="merge",
        primary_key=leading.primary_key,
        merge_key=leading.merge_key,
        strategy=leading.strategy,
    )
    return dataclasses.replace(read, resource=merged)


def _reserved(ctx: Context, table: str, read: ReadResource) -> None:
    spot = _spot(read, "table_name")
    ctx.faults.error(
        "reserved-table",
        spot.path,
        spot.line,
        f"the table `{table}` has a name that is kept for {' and '.join(_OURS)} tables of the loader itself",
        "set another `table_name`",
    )


def _beside(ctx: Context, table: str, first: Resource, read: ReadResource) -> None:
    """Two resources in one table: dlt lets one of them decide for both, by the order in which they are extracted."""
    second = read.resource
    both = f"`{first.name}` and `{second.name}` fill the table `{table}`"
    if {first.disposition, second.disposition} == {"append", "merge"}:
        spot = _spot(read, "write_disposition")
        ctx.faults.tell("merged-table", spot.path, spot.line, both=both)
    elif first.disposition != second.disposition:
        spot = _spot(read, "write_disposition")
        problem = f"{both}, one by `{first.disposition}` and one by `{second.disposition}`"
        fix = "give both the same `write_disposition`, or one of them another `table_name`"
        ctx.faults.error("one-table", spot.path, spot.line, problem, fix)
    elif first.disposition == "merge" and _keys(first) != _keys(second):
        spot = _spot(read, "primary_key")
        problem = f"{both} by `merge` with different keys"
        fix = "give both the same keys, or one of them another `table_name`"
        ctx.faults.error("one-table", spot.path, spot.line, problem, fix)
    elif first.disposition == "merge" and first.strategy != second.strategy:
        spot = _spot(read, "write_disposition")
        problem = f"{both} by different merge strategies"
        fix = "give both the same strategy, or one of them another `table_name`"
        ctx.faults.error("one-table", spot.path, spot.line, problem, fix)
    elif first.table != second.table:
        spot = _spot(read, "table_name")
        ctx.faults.tell("two-spellings", spot.path, spot.line, both=both)


def _nested(ctx: Context, table: str, above: Resource, read: ReadResource) -> None:
    spot = _spot(read, "table_name")
    field = table.removeprefix(normalise(above.table) + SEPARATOR)
    ctx.faults.tell(
        "nested-table", spot.path, spot.line, name=read.resource.name, table=table, field=field, above=above.name
    )


def _keys(resource: Resource) -> tuple[Sequence[str], Sequence[str]]:
    return sorted(map(normalise, resource.primary_key)), sorted(map(normalise, resource.merge_key))


def _spot(read: ReadResource, key: str) -> Node:
    return read.node.get(key) or read.node
