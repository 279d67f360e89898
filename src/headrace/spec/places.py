"""Where in a document each effective value may be stated, and which values each rule of reading decides.

A place is a path below one of the roots: `client`, `resource`, or `paginator` and `incremental`, which a resource has
itself or takes from elsewhere.
"""

from __future__ import annotations

CLIENT: dict[str, tuple[str, ...]] = {
    "base_url": ("client/base_url",),
    "auth.kind": ("client/auth.type", "client/auth"),
    "rate": ("client/rate_limit",),
}

RESOURCE: dict[str, tuple[str, ...]] = {
    "table": ("resource/table_name",),
    "method": ("resource/endpoint.method", "resource/endpoint.http_method"),
    "path": ("resource/endpoint.path", "resource/endpoint", "resource/name"),
    "json": ("resource/endpoint.json", "resource/endpoint.body"),
    "form": ("resource/endpoint.data",),
    "body": ("resource/endpoint.data",),
    "auth.kind": ("resource/endpoint.auth.type", "resource/endpoint.auth"),
    "selector": ("resource/endpoint.data_selector",),
    "disposition": ("resource/write_disposition.disposition", "resource/write_disposition"),
    "strategy": ("resource/write_disposition.strategy",),
    "primary_key": ("resource/primary_key", "resource/columns"),
    "merge_key": ("resource/merge_key", "resource/columns"),
    "columns": ("resource/columns",),
    "schema_contract": ("resource/schema_contract",),
    "nested_hints": ("resource/nested_hints",),
    "max_nesting": ("resource/max_table_nesting",),
    "selected": ("resource/selected",),
    "parent.include": ("resource/include_from_parent",),
    "response_actions": ("resource/endpoint.response_actions",),
    "deadline_s": ("resource/endpoint.deadline_s",),
    "retry.statuses": (
        "resource/endpoint.retry.statuses",
        "resource/endpoint.error_handler",
        "resource/error_handler",
    ),
    "retry.base_s": ("resource/endpoint.retry.base_s",),
    "retry.cap_s": ("resource/endpoint.retry.cap_s",),
    "retry.timeout_s": ("resource/endpoint.retry.timeout_s",),
    "retry.attempts": (
        "resource/endpoint.retry.attempts",
        "resource/endpoint.error_handler.max_retries",
        "resource/error_handler.max_retries",
    ),
    "paging.kind": ("paginator/type", "paginator/"),
}

_SIZE = ("limit", "page_size", "page_size_option")
_SIZE_PARAM = ("limit_param", "size_param", "page_size_param", "page_size_option.field_name")

PAGING: dict[str, tuple[str, ...]] = {
    "path": ("cursor_path", "next_url_path", "cursor_value"),
    "header": ("cursor_key",),
    "rel": ("links_next_key",),
    "param": ("cursor_param", "page_param", "offset_param", "page_token_option.field_name"),
    "body_path": ("cursor_body_path", "page_body_path", "offset_body_path"),
    "size": _SIZE,
    "size_param": _SIZE_PARAM,
    "size_body_path": ("limit_body_path",),
    "start": ("page", "offset", "start_from_page", "initial_page", "initial_offset", "base_page"),
    "base": ("base_page", "start_from_page", "initial_page", "page"),
    "total_path": ("total_path", "total_pages_path"),
    "maximum": ("maximum_page", "maximum_offset"),
    "has_more_path": ("has_more_path", "stop_condition"),
}
"""Fields of a paging rule, and the arguments that state them; the others are called alike."""

INCREMENTAL: dict[str, tuple[str, ...]] = {
    "cursor_path": ("cursor_path", "cursor_field"),
    "initial_value": ("initial_value", "start_datetime", "start_value", "start_date"),
    "end_value": ("end_value", "end_datetime", "end_date"),
    "start_param": ("start_param", "start_time_option", "type"),  # a parameter of that type is it itself
    "end_param": ("end_param", "end_time_option"),
    "latest": ("last_value_func",),
    "on_missing": ("on_cursor_value_missing",),
}

AUTH: dict[str, tuple[str, ...]] = {
    "token": ("token", "api_key"),
    "api_key": ("api_key", "key", "value", "token"),
    "name": ("name", "header", "header_name", "key_name", "param", "parameter", "key"),
    "username": ("username", "credentials", "token"),
    "password": ("password", "credentials"),
    "token_url": ("access_token_url", "token_url", "token_refresh_endpoint", "token_refresh_url", "url"),
    "request_data": ("access_token_request_data", "grant_type", "scope", "scopes", "refresh_token"),
    "default_expiration_s": ("default_token_expiration",),
}

STRATEGY: dict[str, tuple[str, ...]] = {
    "valid_from": ("write_disposition.validity_column_names",),
    "valid_to": ("write_disposition.validity_column_names",),
    "active": ("write_disposition.active_record_timestamp",),
    "boundary": ("write_disposition.boundary_timestamp",),
    "row_version": ("write_disposition.row_version_column_name",),
    "skip_unchanged": ("write_disposition.skip_unchanged_rows",),
}

PARTS = {"paging": PAGING, "incremental": INCREMENTAL, "auth": AUTH, "strategy": STRATEGY}
ROOTS = {"paging": "paginator", "incremental": "incremental", "auth": "auth", "strategy": "resource"}
"""Values that have several fields, and below which root those are stated."""

DECIDES: dict[str, tuple[str, ...]] = {
    "auth-alias": ("auth.kind",),
    "auth-oauth2": ("auth.kind",),
    "auth-none": ("auth.kind",),
    "basic-ready": ("auth.username",),
    "no-password": ("auth.password",),
    "password-optional": ("auth.password",),
    "bearer-key": ("auth.token",),
    "api-key-name": ("auth.name",),
    "key-in-body": ("auth.location", "json", "form"),
    "token-url-placeholder": ("auth.token_url",),
    "prose-auth": ("auth.kind",),
    "stray-mapping": ("auth.kind",),
    "base-url-placeholder": ("base_url",),
    "missing-base-url": ("base_url",),
    "secret-url": ("base_url",),
    "rate-limit": ("rate",),
    "name-from-path": ("name",),
    "path-prefix": ("path",),
    "listed-endpoint": ("path",),
    "path-value": ("path",),
    "path-shared": ("path",),
    "parent-by-path": ("parent",),
    "guessed-parent": ("parent",),
    "partition-parent": ("parent",),
    "partition-list": ("path",),
    "incremental-sync": ("incremental.cursor_path",),
    "incremental-format": ("incremental.initial_value",),
    "incremental-end": ("incremental.end_value",),
    "incremental-twice": ("incremental.cursor_path",),
    "expression-value": ("incremental.initial_value",),
    "error-handler": ("retry.statuses",),
    "retry-refused": ("retry.statuses",),
    "prose-retry": ("retry.statuses",),
    "merged-table": ("disposition",),
    "merge-without-key": ("disposition",),
    "two-spellings": ("table",),
    "nested-table": ("table",),
    "selector-list": ("selector",),
    "selector-prefix": ("selector",),
    "selector-data": ("selector",),
    "selector-jinja": ("selector",),
    "selector-odd": ("selector",),
    "key-of-one": ("primary_key",),
    "prose-key": ("primary_key",),
    "schema-types": ("columns",),
    "cursor-value": ("paging.path",),
    "cursor-is-link": ("paging.kind",),
    "cursor-link": ("paging.kind",),
    "cursor-source-unknown": ("paging.path",),
    "cursor-from-stop": ("paging.path",),
    "stop-condition": ("paging.has_more_path",),
    "page-size": ("paging.size", "paging.size_param"),
    "page-size-missing": ("paging.size",),
    "page-size-none": ("paging.size",),
    "size-param-pair": ("paging.size_param",),
    "size-param-odd": ("paging.size_param",),
    "offset-param": ("paging.param",),
    "page-start": ("paging.base", "paging.start"),
    "page-start-usual": ("paging.base", "paging.start"),
    "action-idle": ("response_actions",),
}
"""Rules (`rules.RULES`) and the values that they decide."""

BY_PLACE = frozenset({"credential-outside", "credential-named", "credential-filler", "airbyte-key", "template"})
"""Rules of which the place itself says which value they decide."""

DECIDE_NOTHING = frozenset(
    {
        "read-as-meant",
        "stop-condition-idle",
        "wrapped-document",
        "json-relaxed",
        "bare-words",
        "resources-cut-off",
        "block-cut-off",
        "list-cut-off",
        "several-configurations",
        "conditional",
        "repeated-key",
        "unbound-name",
        "unbound-credential",
        "no-effect",
        "dropped",
        "record-filter",
        "hidden-by-default",
        "prose-contradiction",
        "prose-resource",
    }
)
"""Rules that are about the document as a whole, or about what is left out."""
