"""A reading as the object that `headrace check --format json` prints."""

from __future__ import annotations

from typing import Any, assert_never

import msgspec

from headrace.model.plan import (
    AutoPaging,
    Cursor,
    HeaderCursor,
    Incremental,
    LinkHeader,
    NextUrl,
    Offset,
    PageNumber,
    Paging,
    SinglePage,
    Text,
)
from headrace.spec.node import shown
from headrace.spec.read import Reading
from headrace.spec.resource import ReadResource


def check_json(reading: Reading) -> bytes:
    """The object of `check_object` as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(check_object(reading)), indent=2)


def check_object(reading: Reading) -> dict[str, Any]:
    """What was understood and what was found, with the keys of CLI.md; references are shown by name."""
    outline = reading.outline
    auth = outline.client.auth
    return {
        "runnable": reading.plan is not None,
        "needs": list(reading.needs),
        "dialect": reading.dialect,
        "faults": [msgspec.structs.asdict(fault) for fault in reading.faults],
        "plan": {
            "base_url": outline.client.shown_url,
            "auth": {"kind": auth.kind, "name": auth.name, "location": auth.location},
            "resources": [_resource(read) for read in outline.resources],
        },
    }


def _resource(read: ReadResource) -> dict[str, Any]:
    resource = read.resource
    parent = resource.parent.resource if resource.parent is not None else None
    return {
        "name": resource.name,
        "method": resource.request.method,
        "path": shown(resource.request.path, parent or ""),
        "params": {name: shown(value, parent or "") for name, value in resource.request.params},
        "paging": _paging(resource.paging, known=read.paging_known),
        "selector": resource.selector,
        "primary_key": list(resource.primary_key),
        "disposition": resource.disposition,
        "parent": parent,
        "incremental": _incremental(resource.incremental),
    }


def _incremental(rule: Incremental | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    told = msgspec.structs.asdict(rule)
    return {name: shown(value) if isinstance(value, Text) else value for name, value in told.items()}


def _paging(paging: Paging, *, known: bool) -> dict[str, Any]:  # noqa: PLR0911 - one for each rule
    size_param = paging.size_param
    told: dict[str, Any] = {
        "kind": "custom",
        "param": None,
        "path": None,
        "size_param": size_param,
        "size": paging.size,
        "start": None,
    }
    if not known:
        return told
    match paging:
        case AutoPaging() | SinglePage():
            return told | {"kind": _tag(paging)}
        case Cursor():
            return told | {"kind": "cursor", "param": paging.param or paging.body_path, "path": paging.path}
        case HeaderCursor():
            return told | {"kind": "header_cursor", "param": paging.param, "path": paging.header}
        case NextUrl():
            return told | {"kind": "next_url", "path": paging.path}
        case LinkHeader():
            return told | {"kind": "link_header", "path": paging.rel}
        case Offset():
            body = {"size_param": size_param or paging.size_body_path}
            return told | body | {"kind": "offset", "param": paging.param or paging.body_path, "start": paging.start}
        case PageNumber():
            return told | {"kind": "page_number", "param": paging.param or paging.body_path, "start": paging.start}
        case _:
            assert_never(paging)


def _tag(paging: Paging) -> str:
    return str(paging.__struct_config__.tag)
