"""A merge in dlt's words: the hints that say of a table and of its columns how it is done. dlt itself is not needed."""

from __future__ import annotations

from typing import TypeAlias

from headrace.model.plan import Json, Resource
from headrace.model.strategy import ROW_ID, Cdc, DeleteInsert, Scd2, Strategy, Upsert, word
from headrace.model.table import TableSchema

Hints: TypeAlias = dict[str, Json]
STRATEGY = "x-merge-strategy"


def table_hints(way: Strategy) -> Hints:
    """What is said of the root table; nothing where dlt does by default what is meant."""
    if way == DeleteInsert():
        return {}
    said: Hints = {STRATEGY: word(way)}
    if isinstance(way, Upsert | Cdc) and way.skip_unchanged:
        said["x-merge-skip-unchanged-rows"] = True
    if isinstance(way, Scd2) and way.boundary is not None:
        said["x-boundary-timestamp"] = way.boundary
    return said


def column_hints(table: TableSchema) -> dict[str, Hints]:
    """What is said of columns of the root table."""
    way, said = table.strategy, dict[str, Hints]()
    match way:
        case Scd2():
            said[way.valid_from] = {"nullable": True, "x-valid-from": True}
            said[way.valid_to] = {"nullable": True, "x-valid-to": True, "x-active-record-timestamp": way.active}
            said[way.row_version] = {"nullable": False, "x-row-version": True, "unique": False, "row_key": False}
        case (
            Upsert(skip_unchanged=True, row_version=str() as name) | Cdc(skip_unchanged=True, row_version=str() as name)
        ):
            said[name] = {"nullable": False, "x-row-version": True}
        case _:
            pass
    if table.hard_delete:
        said.setdefault(table.hard_delete, {})["hard_delete"] = True
    if table.dedup_sort is not None:
        said.setdefault(table.dedup_sort[0], {})["dedup_sort"] = table.dedup_sort[1]
    return said


def disposition(table: TableSchema | None, disposition_word: str) -> Json:
    """The write disposition of a resource of dlt's."""
    if disposition_word != "merge" or table is None or table.strategy == DeleteInsert():
        return disposition_word
    way = table.strategy
    said: Hints = {"disposition": "merge", "strategy": word(way)}
    match way:
        case Scd2():
            said["validity_column_names"] = [way.valid_from, way.valid_to]
            said["active_record_timestamp"] = way.active
            said["boundary_timestamp"] = way.boundary
            if way.row_version != ROW_ID:
                said["row_version_column_name"] = way.row_version
        case Upsert(skip_unchanged=True) | Cdc(skip_unchanged=True):
            said["skip_unchanged_rows"] = True
            if way.row_version is not None:
                said["row_version_column_name"] = way.row_version
        case _:
            pass
    return said


def words_for(resource: Resource) -> frozenset[str]:
    """What a resource asks of a merge, in the words in which a stored schema is told that nobody does it."""
    said = {f"the merge strategy `{word(resource.strategy)}`"}
    said |= {"`hard_delete`"} if any(hint.hard_delete for hint in resource.columns) else set()
    said |= {"`dedup_sort`"} if any(hint.dedup_sort for hint in resource.columns) else set()
    return frozenset(said)
