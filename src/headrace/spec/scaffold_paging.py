"""The paginators of scaffolds: near dlt's, with keys that dlt does not have, each read for what it means."""

from __future__ import annotations

import re

from headrace.model.plan import HeaderCursor, LinkHeader, NextUrl, Offset, PageNumber, Paging, SinglePage
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean, listed
from headrace.spec.json_path import checked_path
from headrace.spec.node import Node
from headrace.spec.paging import PAGINATORS, build, paginator_type, read_arguments
from headrace.spec.scaffold_cursor import read_cursor
from headrace.spec.scaffold_size import SIZE_KEYS, SIZE_PARAM_KEYS, first_of, more_path, page_size

_ALIASES = {"page": "page_number", "pagenumber": "page_number", "single": "single_page", "link_header": "header_link"}
_EXTRA: dict[str, tuple[str, ...]] = {
    "cursor": (*SIZE_KEYS, *SIZE_PARAM_KEYS, "cursor_value", "stop_condition", "next_url_path"),
    "page_number": (
        *SIZE_KEYS,
        *SIZE_PARAM_KEYS,
        "start_from_page",
        "initial_page",
        "total_pages_path",
        "stop_condition",
    ),
    "offset": (*SIZE_KEYS, *SIZE_PARAM_KEYS, "page_param", "initial_offset", "stop_condition"),
}
_TOKEN_PARAMS = {"cursor": "cursor_param", "page_number": "page_param", "offset": "offset_param"}
_DROPPED = {
    "inject_into": "what a paginator adds goes into the query",
    "inject_on_first_request": "every request carries its page",
    "step": "a step of time is no rule for pages",
    "start_time_option": "a window of time is no rule for pages",
    "end_time_option": "a window of time is no rule for pages",
}
_DEFAULT_LIMIT = 100
_PAIRS = {"skip": "limit", "_skip": "_limit", "$skip": "$top", "startAt": "maxResults", "startIndex": "count"}
"""Parameters for an offset, and those for the size that go with them: MongoDB's, OData's, Atlassian's, SCIM's."""
_COUNTED_FROM_1 = re.compile(r"(?:items_?)?per_?(?:page)?", re.IGNORECASE)
"""Parameters for the page size in the style of Rails, Laravel and GitHub, whose pages all begin with 1."""


def read_scaffold_paginator(  # noqa: PLR0911 - one for each kind
    ctx: Context, node: Node, selector: str | None
) -> Paging | None:
    """A scaffold's paginator; `selector` is where the records are, for a cursor that is one of their fields."""
    found = paginator_type(ctx, node)
    if found is None:
        return None
    word, stated, fields = found
    kind = _ALIASES.get(word.lower(), word.lower())
    if kind == "custom":
        ctx.faults.error(
            "paginator-custom",
            stated.path,
            stated.line,
            "`custom` does not say how the API pages",
            f"say it in one of dlt's kinds: {listed(PAGINATORS)}",
        )
        return None
    if kind not in PAGINATORS:
        ctx.faults.error(
            "paginator-type",
            stated.path,
            stated.line,
            f"there is no paginator type `{word}`",
            did_you_mean(word, PAGINATORS, f"write {listed(PAGINATORS)}"),
        )
        return None
    fields = _without_dropped(ctx, _without_options(kind, fields))
    ctx.keys(fields, ("type", *PAGINATORS[kind], *_EXTRA.get(kind, SIZE_KEYS)), f"the `{kind}` paginator")
    match kind:
        case "cursor":
            return read_cursor(ctx, fields, selector)
        case "page_number":
            return _page_number(ctx, fields)
        case "offset":
            return _offset(ctx, fields)
        case _:
            return _plain(ctx, kind, fields)


def _without_options(kind: str, fields: Node) -> Node:
    """`page_size_option: {field_name: x}` and its kin, Airbyte's words, as the name of the parameter."""
    found = dict(fields.items)
    for option, name in (("page_size_option", "limit_param"), ("page_token_option", _TOKEN_PARAMS.get(kind))):
        stated = found.get(option)
        field = stated.get("field_name") if stated is not None else None
        if name is not None and field is not None and name not in found:
            found[name] = field
            del found[option]
    return Node(found, fields.line, fields.path, fields.key_line)


def _without_dropped(ctx: Context, fields: Node) -> Node:
    for key, why in _DROPPED.items():
        sub = fields.items.get(key)
        if sub is not None:
            ctx.faults.tell("dropped", sub.path, sub.at, key=key, why=why, mend="delete it")
    kept = {key: sub for key, sub in fields.items.items() if key not in _DROPPED}
    return Node(kept, fields.line, fields.path, fields.key_line)


def _plain(ctx: Context, kind: str, fields: Node) -> Paging | None:
    size, size_param = page_size(ctx, fields)
    own = {key: sub for key, sub in fields.items.items() if key in PAGINATORS[kind]}
    rest = Node(own, fields.line, fields.path, fields.key_line)
    paging = (
        SinglePage() if kind == "auto" and not fields.items else build(ctx, kind, rest, read_arguments(ctx, kind, rest))
    )
    match paging:
        case SinglePage():
            return SinglePage(size, size_param)
        case NextUrl(path=path):
            return NextUrl(path, size, size_param)
        case LinkHeader(rel=rel):
            return LinkHeader(rel, size, size_param)
        case HeaderCursor(header=header, param=param):
            return HeaderCursor(header, param, size, size_param)
        case _:
            return paging


# --- page number and offset --------------------------------------------------------------------


def _page_number(ctx: Context, fields: Node) -> Paging:
    size, size_param = page_size(ctx, fields)
    node = first_of(fields, "start_from_page", "initial_page", "base_page", "page")
    start = ctx.integer(node)
    if node is None:
        usual = size_param is not None and _COUNTED_FROM_1.fullmatch(size_param) is not None
        code = "page-start-usual" if usual else "page-start"
        ctx.faults.tell(code, f"{fields.path}.base_page", fields.at, param=size_param)
    first = 1 if start is None else start
    base = ctx.integer(fields.get("base_page"))
    param_node, body_node = fields.get("page_param"), fields.get("page_body_path")
    param = ctx.string(param_node) if param_node else None
    total = first_of(fields, "total_path", "total_pages_path")
    stop = ctx.boolean(fields.get("stop_after_empty_page"))
    return PageNumber(
        base=first if base is None else base,
        start=first,
        param=None if body_node and not param else param or "page",
        body_path=ctx.string(body_node) if body_node else None,
        total_path=checked_path(ctx, total) if total else None,
        maximum=ctx.integer(fields.get("maximum_page")),
        stop_after_empty_page=stop is not False,
        has_more_path=more_path(ctx, fields),
        size=size,
        size_param=size_param,
    )


def _paired(ctx: Context, fields: Node, offset_param: str | None) -> str:
    """The page size's parameter where none is named: of the style of the offset's."""
    param = offset_param or "offset"
    found = _PAIRS.get(param) or (param.replace("offset", "limit") if "offset" in param else None)
    if found is None:
        ctx.faults.tell("size-param-odd", f"{fields.path}.limit_param", fields.at, param=param)
    elif found != "limit":
        ctx.faults.tell("size-param-pair", f"{fields.path}.limit_param", fields.at, param=param, size_param=found)
    return found or "limit"


def _offset(ctx: Context, fields: Node) -> Paging:
    size_node = first_of(fields, *SIZE_KEYS)
    size = ctx.integer(size_node)
    if size_node is None:
        size = _DEFAULT_LIMIT
        ctx.faults.tell("page-size-missing", f"{fields.path}.limit", fields.at, size=size)
    param_node = first_of(fields, "offset_param", "page_param")
    named = first_of(fields, *SIZE_PARAM_KEYS)
    body_node, size_body = fields.get("offset_body_path"), fields.get("limit_body_path")
    if param_node is None and body_node is None:
        ctx.faults.tell("offset-param", f"{fields.path}.offset_param", fields.at)
    param = ctx.string(param_node) if param_node else None
    size_param = ctx.string(named) if named else _paired(ctx, fields, param) if size_body is None else None
    total = fields.get("total_path")
    start = ctx.integer(first_of(fields, "offset", "initial_offset"))
    stop = ctx.boolean(fields.get("stop_after_empty_page"))
    return Offset(
        size=size if size and size > 0 else _DEFAULT_LIMIT,
        start=start or 0,
        param=None if body_node and not param else param or "offset",
        size_param=None if size_body and not named else size_param or "limit",
        body_path=ctx.string(body_node) if body_node else None,
        size_body_path=ctx.string(size_body) if size_body else None,
        total_path=checked_path(ctx, total) if total else None,
        maximum=ctx.integer(fields.get("maximum_offset")),
        stop_after_empty_page=stop is not False,
        has_more_path=more_path(ctx, fields),
    )
