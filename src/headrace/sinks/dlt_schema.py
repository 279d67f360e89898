"""How dlt 1.31 writes a schema down in `_dlt_version`: made from the tables of a commit, without importing dlt."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

import msgspec

from headrace.model.naming import normalise
from headrace.model.plan import Json
from headrace.model.position import Seen
from headrace.model.strategy import links_by_root_id
from headrace.model.table import Column, Schema, TableSchema
from headrace.sinks.ddl import with_load_id
from headrace.sinks.dlt_merges import column_hints, table_hints

ENGINE_VERSION = 11
"""Of the stored form, in dlt 1.31."""

Document: TypeAlias = dict[str, Json]
"""A stored schema, or a part of it. What dlt has put there and nobody here reads stays as it is."""

_LOAD_ID, _ID, _ROOT_ID, _PARENT_ID = "_dlt_load_id", "_dlt_id", "_dlt_root_id", "_dlt_parent_id"
_SYSTEM: Mapping[str, Document] = {
    _ID: {"unique": True, "row_key": True},
    _ROOT_ID: {"root_key": True},
    _PARENT_ID: {"parent_key": True},
}
_REMEMBERED_HASHES = 10


class Filled(msgspec.Struct, frozen=True):
    """What a commit says of the root tables: the resource that fills each of them, and how far its increment is.

    Tables of other roots keep the hints that they have, those of `dropped` roots none. `there` are the tables of the
    dataset after the commit, with their columns.
    """

    resources: Mapping[str, str]
    seen: Mapping[str, Seen]
    there: Mapping[str, Collection[str]]
    dropped: tuple[str, ...] = ()


def stored_schema(before: Document | None, name: str, schema: Schema, filled: Filled) -> Document:
    """The schema after a commit, as dlt would have stored it; `before` is the stored one, and is left as it is.

    The version rises, and the hash of `before` is remembered, only where something has changed.
    """
    after = _new(name) if before is None else copy.deepcopy(before)
    tables: Document = after["tables"]
    for name_of_old in [each for each in tables if _root(tables, each) in filled.dropped]:
        del tables[name_of_old]
    for table in schema.tables.values():
        # Other tables of the dataset may be those of another schema.
        if table.name in filled.there and (table.root in filled.resources or table.name in tables):
            _describe(tables, table, filled)
    _forget(tables, filled.there)
    _propagate(after, schema)
    return _numbered(after)


def describes_less(after: Document, before: Document) -> bool:
    """Whether a table or a column is gone since `before`."""
    return any(
        name not in after["tables"] or table["columns"].keys() - after["tables"][name]["columns"].keys()
        for name, table in before["tables"].items()
    )


def version_hash(document: Document) -> str:
    """The hash that dlt gives a stored schema: of its content, whatever the order, and of the order of its columns."""
    apart = {"version", "version_hash", "imported_version_hash", "previous_hashes"}
    digest = hashlib.sha3_256(
        msgspec.json.encode({key: value for key, value in document.items() if key not in apart}, order="sorted")
    )
    for name in sorted(document["tables"]):
        digest.update(name.encode())
        for column in document["tables"][name].get("columns") or ():
            digest.update(column.encode())
    return base64.b64encode(digest.digest()).decode()


def _numbered(document: Document) -> Document:
    before, now = document.get("version_hash"), version_hash(document)
    if before is None:
        document["version"] = 1
    elif before != now:
        document["version"] += 1
        others = [known for known in document["previous_hashes"] if known != before]
        document["previous_hashes"] = [before, *others][:_REMEMBERED_HASHES]
    document["version_hash"] = now
    return document


def _describe(tables: Document, table: TableSchema, filled: Filled) -> None:
    """Put a table in, or what is new of it."""
    entry: Document = tables.setdefault(table.name, {"name": table.name, "columns": {}})
    columns: Document = entry["columns"]
    for column in with_load_id(table):
        described = columns.get(column.name)
        if described is None:
            columns[column.name] = _column(column)
        elif described.get("data_type") != column.data_type:
            # dlt, too, puts a column in its place when it learns its type.
            columns[column.name] = {**columns.pop(column.name), **_column(column)}
            columns[column.name].pop("x-normalizer", None)
    if table.parent is not None:
        entry["parent"] = table.parent
    elif table.name in filled.resources:
        resource = filled.resources[table.name]
        entry |= {"write_disposition": table.disposition, "resource": resource, **table_hints(table.strategy)}
        for name, hints in column_hints(table).items():
            if name in columns:
                columns[name] |= hints
        _mark_keys(columns, table)
        _mark_cursor(columns, filled.seen.get(resource))
    if table.contract is not None:
        entry["schema_contract"] = table.contract.words
    entry["x-normalizer"] = {**entry.get("x-normalizer", {}), "seen-data": True}


def _forget(tables: Document, there: Mapping[str, Collection[str]]) -> None:
    """Take out what somebody has dropped."""
    for name in sorted(tables, key=len, reverse=True):  # a child's name is longer than its parent's
        table = tables[name]
        if name.startswith("_dlt_") or not table.get("x-normalizer", {}).get("seen-data"):
            continue
        if name in there:
            gone = [each for each, column in table["columns"].items() if "data_type" in column]
            for each in set(gone) - {*there[name]}:
                del table["columns"][each]
        elif not any(each.get("parent") == name for each in tables.values()):
            del tables[name]


def _column(column: Column) -> Document:
    nullable = column.nullable and not column.name.startswith("_dlt_")
    described: Document = {"name": column.name, "data_type": column.data_type, "nullable": nullable}
    if column.variant:
        described |= {"variant": True, "description": f"Variant of column {column.name} generated by dlt"}
    return described | _SYSTEM.get(column.name, {})


def _mark_keys(columns: Document, table: TableSchema) -> None:
    for hint, keys in (("primary_key", table.primary_key), ("merge_key", table.merge_key)):
        for name, column in columns.items():
            if name in keys:
                column |= {hint: True, "nullable": False}
            elif keys:
                column.pop(hint, None)


def _mark_cursor(columns: Document, seen: Seen | None) -> None:
    """Mark the column of an increment, as dlt does where its path is a plain name."""
    name = normalise(seen.cursor_path.removeprefix("$.")) if seen else ""
    if name in columns:
        columns[name]["incremental"] = True


def _propagate(document: Document, schema: Schema) -> None:
    """Which roots hand their row's id down to all tables below: dlt does so where it merges."""
    tables: Document = document["tables"]
    merged = {_root(tables, name) for name, table in tables.items() if _ROOT_ID in table["columns"]}
    merged |= {
        name
        for name, table in schema.tables.items()
        if tables.get(name, {}).get("write_disposition") == "merge" and links_by_root_id(table.strategy)
    }
    if not merged:
        return
    normalizer = document["normalizers"]["json"]
    propagation = normalizer.setdefault("config", {}).setdefault("propagation", {})
    propagation.setdefault("tables", {}).update({name: {_ID: _ROOT_ID} for name in sorted(merged)})


def _root(tables: Document, name: str) -> str:
    while parent := tables.get(name, {}).get("parent"):
        name = parent
    return name


# --- what every schema of dlt 1.31 begins with -----------------------------------------------


def _new(name: str) -> Document:
    return {
        "version": 1,
        "version_hash": None,
        "engine_version": ENGINE_VERSION,
        "name": name,
        "tables": _standard_tables(),
        "settings": {
            "detections": ["iso_timestamp"],
            "default_hints": {
                "not_null": [_ID, _ROOT_ID, _PARENT_ID, "_dlt_list_idx", _LOAD_ID],
                "parent_key": [_PARENT_ID],
                "root_key": [_ROOT_ID],
                "unique": [_ID],
                "row_key": [_ID],
            },
        },
        "normalizers": {"names": "snake_case", "json": {"module": "dlt.common.normalizers.json.relational"}},
        "previous_hashes": [],
    }


def _standard_tables() -> Document:
    number: Document = {"data_type": "bigint"}
    text: Document = {"data_type": "text"}
    moment: Document = {"data_type": "timestamp"}
    some: Document = {"nullable": True}
    short: Document = {"precision": 64}
    version = [
        ("version", number, "Numeric version of the schema, incremented on each schema change"),
        ("engine_version", number, "Version of the dlt schema engine that created this schema"),
        ("inserted_at", moment, "Timestamp when this schema version was stored"),
        ("schema_name", text, "Name of the schema"),
        ("version_hash", text, "Unique hash of the schema content, used to detect changes"),
        ("schema", text, "JSON representation of the complete schema definition"),
    ]
    loads = [
        ("load_id", text | short, "Unique identifier of the load operation"),
        ("schema_name", text | some, "Name of the schema associated with this load"),
        ("status", number, "Status of the load operation (0 = success)"),
        ("inserted_at", moment, "Timestamp when the load was completed"),
        ("schema_version_hash", text | some, "Hash of the schema version used during this load"),
    ]
    state = [
        ("version", number, "Numeric version of the pipeline state"),
        ("engine_version", number, "Version of the dlt state engine"),
        ("pipeline_name", text, "Name of the pipeline this state belongs to"),
        ("state", text, "Compressed JSON representation of the pipeline state"),
        ("created_at", moment, "Timestamp when this state was created"),
        ("version_hash", text | some, "Hash of the state content, used to detect changes"),
        (_LOAD_ID, text | short, "Load identifier linking this row to its load operation"),
    ]
    skipped = {"write_disposition": "skip"}
    kept = {"write_disposition": "append", "file_format": "preferred", "x-normalizer": {"seen-data": True}}
    return {
        "_dlt_version": _standard("_dlt_version", version)
        | skipped
        | {"description": "Created by DLT. Tracks schema updates"},
        "_dlt_loads": _standard("_dlt_loads", loads)
        | skipped
        | {"description": "Created by DLT. Tracks completed loads"},
        "_dlt_pipeline_state": _standard("_dlt_pipeline_state", state, _column(Column(_ID, "text"))) | kept,
    }


def _standard(name: str, columns: Iterable[tuple[str, Mapping[str, Json], str]], *more: Document) -> Document:
    described = [
        {"name": column, "nullable": False, **hints, "description": description}
        for column, hints, description in columns
    ]
    return {"name": name, "resource": name, "columns": {each["name"]: each for each in (*described, *more)}}
