"""dlt's paginators: their types, arguments, defaults, and which combinations dlt itself takes or refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar

from headrace.model.plan import (
    AutoPaging,
    Cursor,
    HeaderCursor,
    LinkHeader,
    NextUrl,
    Offset,
    PageNumber,
    Paging,
    SinglePage,
)
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean, listed
from headrace.spec.json_path import checked_path
from headrace.spec.node import Node

T = TypeVar("T")


class Argument(NamedTuple):
    """One argument of a paginator: what it holds, and whether null may be written for it."""

    kind: Literal["string", "path", "integer", "boolean"]
    nullable: bool = True


_STRING, _PATH = Argument("string"), Argument("path")
_INTEGER, _BOOLEAN = Argument("integer"), Argument("boolean")
_NEXT_URL = {"next_url_path": _PATH}

PAGINATORS: dict[str, dict[str, Argument]] = {
    "auto": {},
    "single_page": {},
    "json_link": _NEXT_URL,
    "json_response": _NEXT_URL,
    "header_link": {"links_next_key": _STRING},
    "header_cursor": {"cursor_key": _STRING, "cursor_param": _STRING},
    "cursor": {
        "cursor_path": _PATH,
        "cursor_param": _STRING,
        "cursor_body_path": _STRING,
        "stop_after_empty_page": _BOOLEAN,
        "has_more_path": _PATH,
    },
    "offset": {
        "limit": Argument("integer", nullable=False),
        "offset": _INTEGER,
        "offset_param": _STRING,
        "offset_body_path": _STRING,
        "limit_param": _STRING,
        "limit_body_path": _STRING,
        "total_path": _PATH,
        "maximum_offset": _INTEGER,
        "stop_after_empty_page": _BOOLEAN,
        "has_more_path": _PATH,
    },
    "page_number": {
        "base_page": _INTEGER,
        "page": _INTEGER,
        "page_param": _STRING,
        "page_body_path": _STRING,
        "total_path": _PATH,
        "maximum_page": _INTEGER,
        "stop_after_empty_page": _BOOLEAN,
        "has_more_path": _PATH,
    },
}
"""dlt's paginator types and what each takes."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one paginator, checked; `stated` tells a null from an argument left out."""

    values: dict[str, str | int | bool | None]

    def get(self, name: str, kind: type[T], default: T | None = None) -> T | None:
        """The argument; `default` where it is left out, None where null is written."""
        value = self.values.get(name, default)
        return value if isinstance(value, kind) else None

    def or_default(self, name: str, kind: type[T], default: T) -> T:
        """The argument; `default` where it is left out or null."""
        value = self.get(name, kind)
        return default if value is None else value


def paginator_type(ctx: Context, node: Node) -> tuple[str, Node, Node] | None:
    """The type word, where it stands, and the node of the arguments."""
    if isinstance(node.value, str):
        return node.value, node, Node({}, node.line, node.path)
    if not isinstance(node.value, dict):
        ctx.wrong(node, "a mapping with `type`, or the name of a type")
        return None
    stated = node.get("type")
    if stated is None:
        ctx.faults.error(
            "paginator-type", node.path, node.line, "the paginator has no `type`", f"add one: {listed(PAGINATORS)}"
        )
        return None
    word = ctx.string(stated)
    return None if word is None else (word, stated, node)


def read_paginator(ctx: Context, node: Node) -> Paging | None:
    """A paginator in dlt's own words; None where it cannot be used."""
    found = paginator_type(ctx, node)
    if found is None:
        return None
    word, stated, fields = found
    if word not in PAGINATORS:
        ctx.faults.error(
            "paginator-type",
            stated.path,
            stated.line,
            f"there is no paginator type `{word}`",
            did_you_mean(word, PAGINATORS, f"write {listed(PAGINATORS)}"),
        )
        return None
    if word == "auto":  # dlt takes every paginator's arguments here, and reads none
        ctx.keys(fields, ("type", *(name for known in PAGINATORS.values() for name in known)), "the `auto` paginator")
        return AutoPaging()
    return build(ctx, word, fields, read_arguments(ctx, word, fields))


def read_arguments(ctx: Context, word: str, fields: Node) -> Arguments | None:
    """The arguments that dlt's paginator takes, each of its kind; None if one is wrong."""
    before = len(ctx.faults.found)
    known = PAGINATORS[word]
    ctx.keys(fields, ("type", *known), f"the `{word}` paginator")
    values: dict[str, str | int | bool | None] = {}
    for name, argument in known.items():
        node = fields.items.get(name)
        if node is None:
            continue
        if node.value is None and argument.nullable:
            values[name] = None
            continue
        match argument.kind:
            case "string":
                values[name] = ctx.string(node)
            case "path":
                values[name] = checked_path(ctx, node)
            case "integer":
                values[name] = ctx.integer(node)
            case "boolean":
                values[name] = ctx.boolean(node)
    wrong = any(fault.severity == "error" for fault in ctx.faults.found[before:])
    return None if wrong else Arguments(values)


def build(  # noqa: PLR0911 - one for each type
    ctx: Context, word: str, fields: Node, arguments: Arguments | None
) -> Paging | None:
    """The paging rule of a checked dlt paginator."""
    if arguments is None:
        return None
    match word:
        case "single_page":
            return SinglePage()
        case "json_link" | "json_response":
            return _required(ctx, fields, "next_url_path", NextUrl(arguments.or_default("next_url_path", str, "next")))
        case "header_link":
            return LinkHeader(arguments.or_default("links_next_key", str, "next"))
        case "header_cursor":
            return HeaderCursor(
                arguments.or_default("cursor_key", str, "next"), arguments.or_default("cursor_param", str, "cursor")
            )
        case "cursor":
            return _cursor(ctx, fields, arguments)
        case "offset":
            return _offset(ctx, fields, arguments)
        case _:
            return _page_number(ctx, fields, arguments)


def _required(ctx: Context, fields: Node, name: str, paging: Paging) -> Paging | None:
    """A path that dlt needs: null is refused."""
    node = fields.items.get(name)
    if node is not None and not node.value:
        ctx.faults.error(
            "paginator-argument", node.path, node.line, f"`{name}` is empty", "write the path, or leave the key out"
        )
        return None
    return paging


def _one_place(
    ctx: Context, fields: Node, arguments: Arguments, *, param: str, body: str, default: str
) -> str | bool | None:
    """The query parameter, None if the body is used instead, False if both or neither is stated."""
    in_query, in_body = arguments.get(param, str), arguments.get(body, str)
    if in_query is None and in_body is None:
        return default
    if bool(in_query) == bool(in_body):
        spot = fields.items.get(body) or fields.items.get(param) or fields
        problem = f"`{param}` and `{body}` exclude each other" if in_query else f"`{param}` and `{body}` are empty"
        ctx.faults.error("paginator-argument", spot.path, spot.line, problem, "state just one of the two")
        return False
    return in_query or None


def _ends(ctx: Context, fields: Node, arguments: Arguments, maximum: str, total: str | None, *, stop: bool) -> bool:
    if (
        total is None
        and arguments.get(maximum, int) is None
        and arguments.get("has_more_path", str) is None
        and not stop
    ):
        ctx.faults.error(
            "paginator-argument",
            fields.path,
            fields.line,
            "nothing would ever end this walk",
            f"state one of `total_path`, `{maximum}`, `has_more_path` or `stop_after_empty_page`",
        )
        return False
    return True


def _cursor(ctx: Context, fields: Node, arguments: Arguments) -> Paging | None:
    in_query, in_body = arguments.get("cursor_param", str), arguments.get("cursor_body_path", str)
    if in_query is not None and in_body is not None:
        spot = fields.items["cursor_body_path"]
        problem = "`cursor_param` and `cursor_body_path` exclude each other"
        ctx.faults.error("paginator-argument", spot.path, spot.line, problem, "state just one of the two")
        return None
    paging = Cursor(
        path=arguments.or_default("cursor_path", str, "cursors.next"),
        param=in_query if in_body is not None or in_query is not None else "cursor",
        body_path=in_body,
        stop_after_empty_page=arguments.or_default("stop_after_empty_page", bool, False),
        has_more_path=arguments.get("has_more_path", str) or None,
    )
    return _required(ctx, fields, "cursor_path", paging)


def _offset(ctx: Context, fields: Node, arguments: Arguments) -> Paging | None:
    limit = arguments.get("limit", int)
    if limit is None:
        ctx.faults.error(
            "paginator-argument",
            fields.path,
            fields.line,
            "the `offset` paginator lacks `limit`",
            "add `limit`, the page size",
        )
        return None
    if limit < 1:
        spot = fields.items["limit"]
        ctx.faults.tell("page-size-none", spot.path, spot.line)
    param = _one_place(ctx, fields, arguments, param="offset_param", body="offset_body_path", default="offset")
    size_param = _one_place(ctx, fields, arguments, param="limit_param", body="limit_body_path", default="limit")
    total = arguments.get("total_path", str, "total") or None
    stop = bool(arguments.get("stop_after_empty_page", bool, True))
    ends = _ends(ctx, fields, arguments, "maximum_offset", arguments.get("total_path", str, "total"), stop=stop)
    if isinstance(param, bool) or isinstance(size_param, bool) or not ends:
        return None
    return Offset(
        size=limit,
        start=arguments.or_default("offset", int, 0),
        param=param,
        size_param=size_param,
        body_path=arguments.get("offset_body_path", str) or None,
        size_body_path=arguments.get("limit_body_path", str) or None,
        total_path=total,
        maximum=arguments.get("maximum_offset", int),
        stop_after_empty_page=stop,
        has_more_path=arguments.get("has_more_path", str) or None,
    )


def _page_number(ctx: Context, fields: Node, arguments: Arguments) -> Paging | None:
    param = _one_place(ctx, fields, arguments, param="page_param", body="page_body_path", default="page")
    stop = bool(arguments.get("stop_after_empty_page", bool, True))
    ends = _ends(ctx, fields, arguments, "maximum_page", arguments.get("total_path", str, "total"), stop=stop)
    if isinstance(param, bool) or not ends:
        return None
    base = arguments.or_default("base_page", int, 0)
    return PageNumber(
        base=base,
        start=arguments.or_default("page", int, base),
        param=param,
        body_path=arguments.get("page_body_path", str) or None,
        total_path=arguments.get("total_path", str, "total") or None,
        maximum=arguments.get("maximum_page", int),
        stop_after_empty_page=stop,
        has_more_path=arguments.get("has_more_path", str) or None,
    )
