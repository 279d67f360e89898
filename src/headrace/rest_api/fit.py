"""When a resource's pages may become Arrow tables: whenever dlt's normaliser would follow its usual rules alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.normalizers.json.helpers import get_root_row_id_type, requires_root_key
from dlt.common.normalizers.json.relational import DataItemNormalizer
from dlt.common.normalizers.naming import snake_case
from dlt.common.pipeline import PipelineContext
from dlt.common.schema import Schema
from dlt.extract import DltResource

_HINTS = {
    "name", "data_type", "nullable", "primary_key", "merge_key", "dedup_sort", "hard_delete", "unique", "description",
    "sort", "cluster", "partition", "row_key", "parent_key", "root_key", "variant", "incremental",
}  # fmt: skip


def unfit(resource: DltResource, table: Mapping[str, Any], schema: Schema, alone: Schema) -> Iterator[str]:
    """The reasons why dlt must normalise the rows of a resource, each to stand after "because".

    `alone` is a schema of the same name that has nothing but dlt's defaults; it is left as it was.
    """
    yield from _of_schema(schema, alone.settings)
    yield from _of_columns(table, schema)
    if resource.nested_hints:
        yield "it has hints for nested tables"
    if not _in_parquet(table):
        yield "it is not loaded from Parquet files"
    if table["write_disposition"] not in ("append", "merge", "replace"):
        yield f"its write disposition is {table['write_disposition']}"
    if table.get("x-merge-strategy", "delete-insert") != "delete-insert":
        yield f"its merge strategy is {table['x-merge-strategy']}"
    if set(schema.resolve_contract_settings_for_table(table["name"], table).values()) != {"evolve"}:
        yield "it has a schema contract"
    alone.update_table(dict(table))
    try:
        yield from _of_ids(table, alone, DataItemNormalizer.get_normalizer_config(schema).get("root_key_propagation"))
    finally:
        del alone.tables[table["name"]]


def _of_ids(table: Mapping[str, Any], alone: Schema, propagates: bool | None) -> Iterator[str]:
    if get_root_row_id_type(alone, table["name"]) != "random":
        yield "the destination merges it by upsert, for which ids are digests of keys"
    if requires_root_key(alone, alone.tables[table["name"]], propagates) != (table["write_disposition"] == "merge"):
        yield "its children carry the key of their root, or not, against the rule"


def _in_parquet(table: Mapping[str, Any]) -> bool:
    """Whether the rows go to the destination as Parquet files, in which they come out of our tables."""
    chosen, container = table.get("file_format", "preferred"), Container()
    if chosen != "preferred" or DestinationCapabilitiesContext not in container:
        return chosen in ("parquet", "preferred")
    if "parquet" not in container[DestinationCapabilitiesContext].supported_loader_file_formats:
        return False
    return table.get("table_format") in ("delta", "iceberg") or not _keeps_files()


def _keeps_files() -> bool:
    """Whether the destination is a folder: what lies there already is of the format that dlt would choose."""
    active = Container()[PipelineContext]
    destination = active.pipeline().destination if active.is_active() else None
    return destination is not None and destination.destination_type.endswith(".filesystem")


def _of_schema(schema: Schema, usual: Mapping[str, Any]) -> Iterator[str]:
    config = DataItemNormalizer.get_normalizer_config(schema)
    if type(schema.naming) is not snake_case.NamingConvention:
        yield "its schema names things by another convention than snake_case"
    for setting in ("preferred_types", "detections", "default_hints"):
        if (schema.settings.get(setting) or None) != (usual.get(setting) or None):
            yield f"its schema has `{setting}` of its own"
    if set(config) - {"max_nesting", "root_key_propagation", "propagation"} or "root" in config.get("propagation", {}):
        yield "its schema configures the normaliser"


def _of_columns(table: Mapping[str, Any], schema: Schema) -> Iterator[str]:
    columns = {**schema.tables.get(table["name"], {}).get("columns", {}), **table["columns"]}
    if any(name in column for column in columns.values() for name in ("precision", "scale", "timezone")):
        yield "its columns have a precision, a scale or no time zone"
    if unknown := {name for column in table["columns"].values() for name in column} - _HINTS:
        yield f"its columns have the hint {min(unknown)}"
