"""The JSON Schema of a configuration in YAML, JSON or TOML, made from the very tables that the reader works by.

A key that a table has and `meanings` does not describe is a KeyError here: neither can grow without the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, get_args

import msgspec

from headrace.model.guess import PARENT_FIELD, VALUES
from headrace.model.plan import Incremental, OAuth2ClientCredentials, ResponseAction
from headrace.model.table import DataType
from headrace.spec import meanings, own_keys
from headrace.spec.auth import FIELDS, LOCATIONS, PUBLIC
from headrace.spec.contract import ENTITIES, MODES
from headrace.spec.hints import DISPOSITIONS, ORDERS
from headrace.spec.paging import PAGINATORS, Argument
from headrace.spec.strategies import SCOPES, STRATEGIES
from headrace.spec.vocabulary import (
    CLIENT,
    ENDPOINT,
    FORMATS,
    INCREMENTAL_PARAM,
    NESTED_WITHOUT_EFFECT,
    NOT_YET_RESOURCE,
    PLACEHOLDER_KEYS,
    RESOURCE,
    TOP,
)

Schema: TypeAlias = "dict[str, Any]"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID = "urn:headrace:configuration"
_CODE_ONLY = frozenset({"session", "convert", "transform", "processing_steps"})
"""Keys for Python objects, which no YAML, JSON or TOML can hold."""
_REFERENCE = (
    r"""^\s*(dlt\.secrets|dlt\.config|os\.environ)(\[|\.get\()\s*(["'])[^"'\]]+\3\s*[\])]"""
    r"""(\s+or\s+".*")?\s*$"""
)
_NULL: Schema = {"type": "null"}
_STRING: Schema = {"type": "string"}
_BOOLEAN: Schema = {"type": "boolean"}
_NUMBER: Schema = {"type": "number"}
_MORE_THAN_NONE: Schema = {"type": "number", "exclusiveMinimum": 0}
_NAMES: Schema = {"type": ["string", "array"], "items": _STRING}
_SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
_ANY_JSON: Schema = {}
_GUESS: Schema = {"anyOf": [{"enum": list(VALUES)}, {"type": "string", "pattern": rf"^{re.escape(PARENT_FIELD)}"}]}


def json_schema() -> Schema:
    """The schema, as draft 2020-12. It refers to nothing outside itself."""
    return {
        "$schema": _DIALECT,
        "$id": _ID,
        "title": "A REST API configuration for headrace",
        "description": "dlt's RESTAPIConfig in YAML, JSON or TOML, with headrace's additions.",
        "type": "object",
        "if": {"required": ["sources"]},
        "then": _closed({"sources": _sources()}, ["sources"]),
        "else": _ref("configuration"),
        "$defs": {
            "reference": {
                "type": "string",
                "pattern": _REFERENCE,
                "description": 'A value from outside the document: dlt.secrets["x"], dlt.config["x"], os.environ["X"].',
            },
            "integer": {"anyOf": [{"type": "integer"}, _ref("reference")]},
            "configuration": _closed(
                {"name": _described(_STRING, meanings.CONFIGURATION["name"]), **_top()}, ["client", "resources"]
            ),
            "client": _client(),
            "resource": _resource("name"),
            "defaults": _resource(),
            "endpoint": _endpoint(),
            "auth": _auth(),
            "paginator": _paginator(),
            "incremental": _incremental(PLACEHOLDER_KEYS["incremental"]),
            "parameter": _parameter(),
            "response_action": _response_action(),
            "write_disposition": _disposition(),
            "column": _column(),
            "schema_contract": _contract(),
            "nested_table": _nested(),
        },
    }


# --- the parts, in the order of a document ------------------------------------------------------


def _top() -> Schema:
    kinds = {
        "client": _ref("client"),
        "resources": {"type": "array", "minItems": 1, "items": {"anyOf": [_STRING, _ref("resource")]}},
        "resource_defaults": _or_null(_ref("defaults")),
    }
    return _properties(TOP, kinds, meanings.CONFIGURATION)


def _sources() -> Schema:
    """The layout of dlt itself: `sources: NAME: type: rest_api`."""
    words = meanings.SOURCE
    own = {"type": {"type": "string", "pattern": r"(^|\.)rest_api$"}, "name": _STRING}
    source = _closed({**_properties(own, own, words), **_top()}, ["client", "resources"])
    return _described({"type": "object", "minProperties": 1, "additionalProperties": source}, words["sources"])


def _client() -> Schema:
    limit = {"requests": _ref("integer"), "seconds": _NUMBER}
    kinds = {
        "base_url": _or_null(_STRING),
        "headers": _or_null({"type": "object", "additionalProperties": {"type": ["string", "null"]}}),
        "auth": _or_null(_ref("auth")),
        "paginator": _or_null(_ref("paginator")),
        "rate_limit": _or_null(_closed(_properties(own_keys.LIMIT, limit, meanings.LIMIT), own_keys.LIMIT)),
        "allow_origins": _or_null(_NAMES),
    }
    return _closed(_properties((*CLIENT, *own_keys.CLIENT), kinds, meanings.CLIENT))


def _resource(*required: str) -> Schema:
    """A resource, or what all resources have; a key that cannot be honoured yet may only be empty."""
    kinds = {
        "name": _STRING,
        "endpoint": {"anyOf": [_STRING, _ref("endpoint"), _NULL]},
        "table_name": _or_null(_STRING),
        "write_disposition": _or_null(_ref("write_disposition")),
        "primary_key": _or_null(_NAMES),
        "merge_key": _or_null(_NAMES),
        "columns": _or_null(_columns()),
        "max_table_nesting": _or_null(_ref("integer")),
        "selected": _or_null(_BOOLEAN),
        "parallelized": _or_null(_BOOLEAN),
        "include_from_parent": _or_null(_NAMES),
        **{key: _or_null({"enum": list(known)}) for key, known in FORMATS.items()},
        "references": _ANY_JSON,
        "schema_contract": _or_null(_ref("schema_contract")),
        "nested_hints": _or_null({"type": "object", "additionalProperties": _or_null(_ref("nested_table"))}),
        "guesses": _or_null({"anyOf": [_GUESS, {"type": "array", "items": _GUESS}]}),
    }
    known = [key for key in (*RESOURCE, *own_keys.RESOURCE) if key not in NOT_YET_RESOURCE]
    empty: Schema = {"enum": [None, [], {}]}
    later = {key: _described(empty, f"{why[0].upper()}{why[1:]}.") for key, why in NOT_YET_RESOURCE.items()}
    return _closed(_properties(known, kinds, meanings.RESOURCE) | later, required)


def _endpoint() -> Schema:
    scalars = {"type": "object", "additionalProperties": _SCALAR}
    kinds = {
        "path": _or_null(_STRING),
        "method": {"enum": ["GET", "POST", None]},
        "params": _or_null({"type": "object", "additionalProperties": _ref("parameter")}),
        "json": _or_null({"type": "object"}),
        "data": {"type": ["object", "array", "string", "null"]},
        "headers": _or_null(scalars),
        "auth": _or_null(_ref("auth")),
        "paginator": _or_null(_ref("paginator")),
        "data_selector": _or_null(_STRING),
        "response_actions": _or_null({"type": "array", "items": _ref("response_action")}),
        "incremental": _or_null(_ref("incremental")),
    }
    kinds |= {"retry": _or_null(_retry()), "deadline_s": _or_null(_MORE_THAN_NONE)}
    return _closed(_properties((*ENDPOINT, *own_keys.ENDPOINT), kinds, meanings.ENDPOINT))


def _retry() -> Schema:
    kinds = {
        "statuses": _or_null({"type": "array", "items": {"type": "integer", "minimum": 100, "maximum": 599}}),
        "attempts": _or_null(_ref("integer")),
        "base_s": _or_null(_NUMBER),
        "cap_s": _or_null(_NUMBER),
        "timeout_s": _or_null(_MORE_THAN_NONE),
    }
    return _closed(_properties(own_keys.RETRY, kinds, meanings.RETRY))


def _auth() -> Schema:
    """One of the kinds; a mere string is a kind whose fields are looked up outside."""
    kinds = (*PUBLIC, "oauth2_jwt")
    fields: dict[str, Schema] = {
        "location": {"enum": [*LOCATIONS, None]},
        "client_auth": {"enum": [*_choices(OAuth2ClientCredentials, "client_auth"), None]},
        "default_token_expiration": _or_null(_ref("integer")),
        "scopes": _or_null(_NAMES),
        "access_token_request_data": _or_null({"type": "object", "additionalProperties": _SCALAR}),
        "headers": _or_null({"type": "object", "additionalProperties": _SCALAR}),
    }
    typed = [_tagged(kind, FIELDS[kind], fields, meanings.AUTH, needed=kind != "bearer") for kind in kinds]
    return {"anyOf": [_described({"enum": list(kinds)}, meanings.AUTH["type"]), {"oneOf": typed}]}


def _tagged(
    kind: str, keys: Iterable[str], kinds: Mapping[str, Schema], words: Mapping[str, str], *, needed: bool
) -> Schema:
    """A mapping whose `type` says which one it is."""
    stated = _described({"const": kind}, words["type"])
    known = [key for key in keys if key not in _CODE_ONLY]
    fields = _properties(known, {key: kinds.get(key, _or_null(_STRING)) for key in known}, words)
    return _closed({"type": stated, **fields}, ["type"] if needed else [])


def _paginator() -> Schema:
    every = {name: argument for known in PAGINATORS.values() for name, argument in known.items()}
    typed = []
    for kind, own in PAGINATORS.items():
        arguments = every if kind == "auto" else own  # dlt takes every paginator's arguments there, and reads none
        fields = {name: _argument(argument) for name, argument in arguments.items()}
        fields |= {"page_size_param": _or_null(_STRING)} if kind != "offset" else {}
        fields |= {"follow_urls": _or_null(_BOOLEAN)} if kind == "cursor" else {}
        stated = _described({"const": kind}, meanings.PAGINATOR[kind])
        needed = [name for name, argument in own.items() if not argument.nullable]
        typed.append(_closed({"type": stated, **_properties(fields, fields, meanings.ARGUMENT)}, ["type", *needed]))
    words = " ".join(f"`{kind}`: {said}" for kind, said in meanings.PAGINATOR.items())
    alone = [kind for kind, own in PAGINATORS.items() if all(argument.nullable for argument in own.values())]
    return {"anyOf": [_described({"enum": alone}, words), {"oneOf": typed}]}


def _argument(argument: Argument) -> Schema:
    kinds = {"string": _STRING, "path": _STRING, "integer": _ref("integer"), "boolean": _BOOLEAN}
    return _or_null(kinds[argument.kind]) if argument.nullable else kinds[argument.kind]


def _incremental(keys: Iterable[str], **more: Schema) -> Schema:
    kinds = {
        "cursor_path": _STRING,
        "initial_value": _ANY_JSON,
        "end_value": _ANY_JSON,
        "start_param": _or_null(_STRING),
        "end_param": _or_null(_STRING),
        "last_value_func": {"enum": [*_choices(Incremental, "latest"), None]},
        "primary_key": _or_null(_NAMES),
        "row_order": {"enum": [*_choices(Incremental, "row_order"), None]},
        "range_start": {"enum": [*_choices(Incremental, "range_start"), None]},
        "range_end": {"enum": [*_choices(Incremental, "range_end"), None]},
        "on_cursor_value_missing": {"enum": _choices(Incremental, "on_missing")},
        "lag": _or_null(_NUMBER),
        "allow_external_schedulers": _or_null(_BOOLEAN),
    }
    known = [key for key in keys if key not in _CODE_ONLY and key not in more]
    return _closed({**more, **_properties(known, kinds, meanings.INCREMENTAL)}, ["cursor_path", *more])


def _parameter() -> Schema:
    resolve = PLACEHOLDER_KEYS["resolve"]
    kinds = {"type": {"const": "resolve"}, "resource": _STRING, "field": _STRING}
    window = _described({"const": "incremental"}, "The value is where the window of new records begins.")
    return {
        "anyOf": [
            _SCALAR,
            {"type": "array", "items": _SCALAR},
            _closed(_properties(resolve, kinds, meanings.RESOLVE), resolve),
            _incremental(INCREMENTAL_PARAM, type=window),
        ]
    }


def _response_action() -> Schema:
    kinds = {
        "status_code": {"type": ["integer", "string", "null"]},
        "content": _or_null(_STRING),
        "action": {"enum": _choices(ResponseAction, "action")},
    }
    return _closed(_properties(PLACEHOLDER_KEYS["response_actions"], kinds, meanings.RESPONSE_ACTION), ["action"])


def _disposition() -> Schema:
    """A word, or a mapping: what may stand in it depends on the strategy."""
    word = _described({"enum": list(DISPOSITIONS)}, meanings.DISPOSITION["disposition"])
    kinds = {
        "deduplicated": _BOOLEAN,
        "skip_unchanged_rows": _BOOLEAN,
        "validity_column_names": {"type": "array", "items": _STRING, "minItems": 2, "maxItems": 2},
        "active_record_timestamp": {"type": ["string", "number", "null"]},
        "boundary_timestamp": {"type": ["string", "number", "null"]},
        "row_version_column_name": _STRING,
    }
    usual = _described({"type": "null"}, meanings.STRATEGIES["delete-insert"])
    ways = [_closed({"disposition": word, "strategy": usual}, ["disposition"])]
    for name, options in STRATEGIES.items():
        fields = _properties([each for each in options if each not in SCOPES], kinds, meanings.DISPOSITION)
        strategy = _described({"const": name}, meanings.STRATEGIES[name])
        ways.append(_closed({"disposition": word, "strategy": strategy, **fields}, ["disposition", "strategy"]))
    return {"anyOf": [{"enum": list(DISPOSITIONS)}, *ways]}


def _contract() -> Schema:
    modes: Schema = {"enum": list(MODES)}
    whole = _closed(_properties(ENTITIES, dict.fromkeys(ENTITIES, _or_null(modes)), meanings.CONTRACT))
    return {"anyOf": [modes, whole]}


def _nested() -> Schema:
    """Keys that a nested table may not have yet are left out."""
    kinds = {
        "columns": _or_null(_columns()),
        "schema_contract": _or_null(_ref("schema_contract")),
        "write_disposition": _or_null({"enum": list(DISPOSITIONS)}),
        **dict.fromkeys(NESTED_WITHOUT_EFFECT, _ANY_JSON),
    }
    return _closed(_properties(kinds, kinds, meanings.NESTED))


def _columns() -> Schema:
    return {
        "anyOf": [
            {"type": "object", "additionalProperties": _ref("column")},
            {"type": "array", "items": _ref("column")},
        ]
    }


def _column() -> Schema:
    """Destinations of dlt know hints of all kinds; only those that are read are described."""
    kinds = {
        "name": _STRING,
        "data_type": {"enum": [*get_args(DataType), None]},
        "nullable": _or_null(_BOOLEAN),
        "primary_key": _or_null(_BOOLEAN),
        "merge_key": _or_null(_BOOLEAN),
        "hard_delete": _or_null(_BOOLEAN),
        "dedup_sort": {"enum": [*ORDERS, None]},
    }
    return {"type": "object", "properties": _properties(kinds, kinds, meanings.COLUMN)}


# --- small pieces -------------------------------------------------------------------------------


def _properties(keys: Iterable[str], kinds: Mapping[str, Schema], words: Mapping[str, str]) -> Schema:
    return {key: _described(kinds[key], words[key]) for key in keys if key not in _CODE_ONLY}


def _closed(properties: Schema, required: Iterable[str] = ()) -> Schema:
    """A mapping of these keys and no others: a misspelt one is refused."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _described(schema: Schema, words: str) -> Schema:
    return {"description": words, **schema}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _or_null(schema: Schema) -> Schema:
    """The reader takes null for a key that is left out."""
    kinds = schema.get("type")
    if kinds is None:
        return {"anyOf": [*schema.get("anyOf", [schema]), _NULL]}
    return {**schema, "type": [*([kinds] if isinstance(kinds, str) else kinds), "null"]}


def _choices(struct: type[msgspec.Struct], field: str) -> list[str]:
    """The words that a field of the plan can have."""
    found = next(each for each in msgspec.structs.fields(struct) if each.name == field)
    kinds = msgspec.inspect.type_info(found.type)
    parts = kinds.types if isinstance(kinds, msgspec.inspect.UnionType) else (kinds,)
    return [str(word) for part in parts if isinstance(part, msgspec.inspect.LiteralType) for word in part.values]
