"""What a resource says of its merge, with the names of its table: the strategy, and the columns that it needs."""

from __future__ import annotations

import msgspec

from headrace.decode.names import normalise
from headrace.model.plan import Resource
from headrace.model.strategy import (
    ROW_ID,
    Cdc,
    DeleteInsert,
    Order,
    Scd2,
    Strategy,
    Upsert,
    links_by_root_id,
)


def strategy_of(resource: Resource) -> Strategy:
    """How it merges, its columns named as in the table."""
    if resource.disposition != "merge":
        return DeleteInsert()
    match resource.strategy:
        case Scd2() as way:
            names = {name: normalise(getattr(way, name)) for name in ("valid_from", "valid_to", "row_version")}
            return msgspec.structs.replace(way, **names)
        case Upsert(row_version=str() as name) | Cdc(row_version=str() as name):
            return msgspec.structs.replace(resource.strategy, row_version=normalise(name))
        case way:
            return way


def links(resource: Resource) -> bool:
    """Whether its child tables carry the id of their root."""
    return resource.disposition == "merge" and links_by_root_id(resource.strategy)


def version_of(resource: Resource) -> tuple[str, ...]:
    """The column of the data that tells versions of a row apart."""
    match strategy_of(resource):
        case Scd2(row_version=str() as name) if name != ROW_ID:
            return (name,)
        case (
            Upsert(skip_unchanged=True, row_version=str() as name) | Cdc(skip_unchanged=True, row_version=str() as name)
        ):
            return (name,)
        case _:
            return ()


def validity_of(resource: Resource) -> tuple[str, ...]:
    """The columns that say from when to when a version held."""
    way = strategy_of(resource)
    return (way.valid_from, way.valid_to) if isinstance(way, Scd2) else ()


def mark_of(resource: Resource) -> str:
    """The column that marks rows which are to go, or nothing."""
    return next((normalise(hint.name) for hint in resource.columns if hint.hard_delete), "")


def sort_of(resource: Resource) -> tuple[str, Order] | None:
    """The column by which the first of equal keys is taken."""
    return next(((normalise(hint.name), hint.dedup_sort) for hint in resource.columns if hint.dedup_sort), None)
