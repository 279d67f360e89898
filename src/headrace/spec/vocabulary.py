"""The words of a configuration: dlt's keys at each place, those of scaffolds, and what is not supported yet."""

from __future__ import annotations

TOP = ("client", "resources", "resource_defaults")
CLIENT = ("base_url", "headers", "auth", "paginator", "session")
RESOURCE = (
    "name",
    "endpoint",
    "table_name",
    "write_disposition",
    "primary_key",
    "merge_key",
    "columns",
    "max_table_nesting",
    "selected",
    "parallelized",
    "include_from_parent",
    "processing_steps",
    "schema_contract",
    "table_format",
    "file_format",
    "references",
    "parent_table_name",
    "nested_hints",
)
ENDPOINT = (
    "path",
    "method",
    "params",
    "json",
    "data",
    "headers",
    "auth",
    "paginator",
    "data_selector",
    "response_actions",
    "incremental",
)

SIZE_PARAMS = ("limit", "per_page", "page_size", "pageSize", "perPage", "page[size]")
"""Query parameters that are known to ask for the page size."""

SCAFFOLD_CLIENT = ("error_handler",)
SCAFFOLD_RESOURCE = ("incremental_sync", "error_handler", "record_filter", "partition_router", "data_selector")
SCAFFOLD_ENDPOINT = (
    "http_method",
    "body",
    "error_handler",
    "incremental_sync",
    "record_filter",
    "partition_router",
    "primary_key",
)

MISPLACED_RESOURCE = {
    key: f"move it into `endpoint`: endpoint.{key}"
    for key in ("path", "method", "params", "json", "data", "headers", "auth", "paginator", "incremental")
} | {"data_selector": "move it into `endpoint`: endpoint.data_selector"}
MISPLACED_CLIENT = {"resources": "move it out of `client`", "resource_defaults": "move it out of `client`"}
MISPLACED_ENDPOINT = dict.fromkeys(
    ("name", "primary_key", "write_disposition", "merge_key", "columns", "table_name"),
    "move it out of `endpoint`, to the resource",
)

NOT_YET_RESOURCE = {
    "processing_steps": "processing steps are Python functions, which a document cannot bring along",
    "parent_table_name": "a table nested below another resource's is not supported yet",
}
"""Keys that are read and checked, but that a run cannot honour yet. Each is an error with the code `not-yet`."""
NOT_YET_FIX = (
    "take it out to load without it, or load from Python, where dlt honours it:"
    " `from headrace.rest_api import rest_api_source`"
)

WITHOUT_EFFECT = {
    "table_format": "the warehouse decides on the format of tables",
    "file_format": "the warehouse decides on the format of files",
    "references": "references between tables are not written to the warehouse",
}

_ONE_WIDTH = "numbers, texts and moments have one width each"
_NO_LAYOUT = "no index and no layout of a table is written"
COLUMN_WITHOUT_EFFECT = {
    "precision": _ONE_WIDTH,
    "scale": _ONE_WIDTH,
    "timezone": "moments are kept with their time zone",
    **dict.fromkeys(("unique", "sort", "cluster", "partition"), _NO_LAYOUT),
}

NESTED = (
    "columns",
    "schema_contract",
    "primary_key",
    "merge_key",
    "write_disposition",
    "parent_table_name",
    *WITHOUT_EFFECT,
)
"""What `nested_hints` may say of a child table."""
NESTED_WITHOUT_EFFECT = WITHOUT_EFFECT | {"parent_table_name": "a child table's parent is the one that has its list"}

FORMATS = {
    "table_format": ("iceberg", "delta", "hive", "native"),
    "file_format": ("preferred", "jsonl", "typed-jsonl", "insert_values", "parquet", "csv", "reference", "model"),
}

PLACEHOLDER_KEYS = {
    "incremental": (
        "cursor_path",
        "initial_value",
        "end_value",
        "start_param",
        "end_param",
        "convert",
        "last_value_func",
        "primary_key",
        "row_order",
        "range_start",
        "range_end",
        "on_cursor_value_missing",
        "lag",
        "allow_external_schedulers",
    ),
    "resolve": ("type", "resource", "field"),
    "response_actions": ("status_code", "content", "action"),
    "processing_steps": ("filter", "map", "yield_map"),
}
INCREMENTAL_PARAM = (
    "type",
    "transform",
    *(key for key in PLACEHOLDER_KEYS["incremental"] if key not in {"end_value", "start_param", "end_param"}),
)
"""What a parameter of type `incremental` takes: the older form, without an end."""
