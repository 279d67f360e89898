"""A live Python configuration as the one tree: dlt's own objects as their dict form, everything else kept as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from headrace.model.plan import Ref, Text
from headrace.spec.dlt_classes import CLASSES
from headrace.spec.node import Node, Opaque, Value, child_path

_PLACE = r"(?:client|resource_defaults\.endpoint|resources\[\d+\]\.endpoint)"
_CUSTOM = re.compile(rf"{_PLACE}\.(?:auth|paginator)")
_CREDENTIAL = re.compile(
    rf"{_PLACE}\.auth\.(?:token|api_key|username|password|client_id|client_secret|access_token"
    r"|access_token_request_data\..*|private_key|private_key_passphrase|headers\..*)"
)
_SECRET_HEADER = re.compile(rf"(?i){_PLACE}\.headers\b.*(?:auth|token|key|secret|cookie).*")
_REST_CLIENT = "dlt.sources.helpers.rest_client."
_RANGES = {
    "offset": {
        "limit": "limit",
        "limit_param": "limit_param",
        "limit_body_path": "limit_body_path",
        "offset": "initial_value",
        "offset_param": "param_name",
        "offset_body_path": "param_body_path",
        "maximum_offset": "maximum_value",
    },
    "page_number": {
        "base_page": "base_index",
        "page": "initial_value",
        "page_param": "param_name",
        "page_body_path": "param_body_path",
        "maximum_page": "maximum_value",
    },
}
"""The attributes in which dlt keeps a paginator's arguments."""
_INCREMENTAL = (
    "cursor_path",
    "initial_value",
    "end_value",
    "last_value_func",
    "primary_key",
    "row_order",
    "allow_external_schedulers",
    "on_cursor_value_missing",
    "lag",
    "range_start",
    "range_end",
)


@dataclass(slots=True)
class LiveTree:
    """One conversion. `custom` are registered type names, whose configurations are left to whoever registered them.

    `secrets` are the credentials that were met, by the name of the reference that stands for each in the tree;
    `increments` are the incremental objects of parameters, by their path.
    """

    custom: Collection[str] = ()
    secrets: dict[str, str] = field(default_factory=dict)
    increments: dict[str, object] = field(default_factory=dict)

    def node(self, value: object, path: str = "") -> Node:
        """The node of a value that stands at a path."""
        return Node(self._value(value, path), 0, path)

    def _value(self, value: object, path: str) -> Value:  # noqa: PLR0911 - one for each kind
        if _CUSTOM.fullmatch(path) and _type_of(value) in self.custom:
            return Opaque("object", str(_type_of(value)), value)
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self._string(str(value), path)
            case bytes():
                return _decoded(value)
            case list() | tuple():
                return [self.node(sub, f"{path}[{index}]") for index, sub in enumerate(value)]
            case Mapping() if not callable(value):
                return {str(key): self.node(sub, child_path(path, str(key))) for key, sub in value.items()}
            case _:
                return self._object(value, path)

    def _object(self, value: object, path: str) -> Value:
        form = dict_form(value)
        if form is None:
            return _opaque(value)
        if form["type"] == "incremental":
            self.increments[path] = value
        return self._value(form, path)

    def _string(self, value: str, path: str) -> str | Text:
        if _CREDENTIAL.fullmatch(path) or (_SECRET_HEADER.fullmatch(path) and "{" not in value):
            self.secrets[path] = value
            return Text((Ref(path),))
        return value


def _type_of(value: object) -> object:
    return value.get("type") if isinstance(value, dict) else value if isinstance(value, str) else None


def _decoded(value: bytes) -> Value:
    """A body in bytes, whose braces stand for themselves."""
    try:
        return value.decode().replace("{", "{{").replace("}", "}}")
    except UnicodeDecodeError:
        return Opaque("object", "bytes that are not UTF-8", value)


def _opaque(value: object) -> Opaque:
    named = getattr(value, "name", None) if is_dlt_resource(value) else getattr(value, "__name__", None)
    if callable(value) and named is not None:
        return Opaque("object" if is_dlt_resource(value) else "function", str(named), value)
    return Opaque("object", str(named or type(value).__name__), value)


def is_dlt_resource(value: object) -> bool:
    """Whether this is a resource of dlt's, told without importing dlt."""
    return any(each.__name__ == "DltResource" and each.__module__.startswith("dlt.") for each in type(value).__mro__)


# --- dlt's own objects -----------------------------------------------------------------------


def dict_form(value: object) -> dict[str, object] | None:
    """The dict form of a paginator, an auth or an incremental of dlt's own classes; None for anything else."""
    kind = type(value)
    if kind.__name__ == "Incremental" and kind.__module__.startswith("dlt."):
        arguments = {name: getattr(value, name, None) for name in _INCREMENTAL}
        return {"type": "incremental", **{name: each for name, each in arguments.items() if each is not None}}
    known = CLASSES.get(kind.__name__)
    if known is None or not kind.__module__.startswith(_REST_CLIENT):
        return None
    if kind.__module__.endswith(".auth"):
        return {"type": known.type, **_auth(value, known.arguments)}
    return {"type": known.type, **_paginator(value, known.type)}


def _auth(value: object, names: tuple[str, ...]) -> dict[str, object]:
    """The fields that are set. A token bought before is dlt's to keep, and a session is one for its token requests."""
    found = {name: getattr(value, name, None) for name in names if name not in {"session", "token"}}
    if names == CLASSES["BearerTokenAuth"].arguments:
        found["token"] = getattr(value, "token", None)
    return {name: each for name, each in found.items() if each is not None}


def _paginator(value: object, kind: str) -> dict[str, object]:
    def of(name: str) -> object:
        return getattr(value, name, None)

    def path(name: str) -> str | None:
        return None if of(name) is None else str(of(name))

    match kind:
        case "json_link":
            return {"next_url_path": path("next_url_path")}
        case "header_link":
            return {"links_next_key": of("links_next_key")}
        case "header_cursor":
            return {"cursor_key": of("cursor_key"), "cursor_param": of("cursor_param")}
        case "cursor":
            own = ("cursor_param", "cursor_body_path", "stop_after_empty_page")
            paths = {"cursor_path": path("cursor_path"), "has_more_path": path("has_more_path")}
            return {name: of(name) for name in own} | paths
        case "offset" | "page_number":
            counted = {key: of(attribute) for key, attribute in _RANGES[kind].items()}
            paths = {"total_path": path("total_path"), "has_more_path": path("has_more_path")}
            return counted | paths | {"stop_after_empty_page": of("stop_after_empty_page")}
        case _:
            return {}
