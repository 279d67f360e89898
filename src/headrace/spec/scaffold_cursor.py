"""The cursor paginators of scaffolds: where the next cursor is, and whether it is a value, a link or a header."""

from __future__ import annotations

import re

from headrace.model.plan import Cursor, HeaderCursor, LinkHeader, NextUrl, Paging
from headrace.spec.context import Context
from headrace.spec.cursor_expression import Expression, parse_expression, tested_place
from headrace.spec.json_path import join_path, path_problem
from headrace.spec.node import Node, shown
from headrace.spec.scaffold_size import first_of, more_path, page_size

_URL_LIKE = re.compile(r"next|next_?page|.*(?:url|link|uri|href)s?", re.IGNORECASE)


def read_cursor(ctx: Context, fields: Node, selector: str | None) -> Paging | None:
    """A cursor paginator; `selector` is where the records are, for a cursor that is a field of the last one."""
    size, size_param = page_size(ctx, fields)
    param_node = fields.get("cursor_param")
    param = ctx.string(param_node) if param_node else None
    body_node = fields.get("cursor_body_path")
    body = ctx.string(body_node) if body_node else None
    more = more_path(ctx, fields)
    source = first_of(fields, "cursor_value", "cursor_path", "next_url_path")
    if source is None:
        return _sourceless(ctx, fields, param, more, (size, size_param))
    where = _expression(ctx, source)
    match where.place:
        case "link":
            ctx.faults.tell("cursor-link", source.path, source.line, words=shown(source.value))
            return LinkHeader("next", size, size_param)
        case "header":
            return HeaderCursor(where.path, param or "cursor", size, size_param)
        case "unknown":
            ctx.faults.error(
                "cursor-expression",
                source.path,
                source.line,
                f"`{shown(source.value)}` says nothing that can be read as the place of the next cursor",
                "write the JSON path of the next cursor as `cursor_path`",
            )
            return None
        case "last_record":
            path = f"{selector if selector and selector != '$' else '$'}[-1].{where.path}"
        case _:
            path = where.path
    if param is None and body is None:
        ctx.faults.tell("cursor-is-link", source.path, source.line, path=path)
        return NextUrl(path, size, size_param)
    if source.path.endswith(".cursor_value"):
        target = f"the query parameter `{param}` of the next request" if param else f"`{body}` of the body"
        ctx.faults.tell("cursor-value", source.path, source.line, words=shown(source.value), path=path, where=target)
    return Cursor(
        path=path,
        param=param,
        body_path=body,
        stop_after_empty_page=bool(ctx.boolean(fields.get("stop_after_empty_page"))),
        has_more_path=more,
        follow_urls=True,
        size=size,
        size_param=size_param,
    )


def _expression(ctx: Context, source: Node) -> Expression:
    if isinstance(source.value, list):
        steps = [ctx.string(sub) or "" for sub in source.value]
        if steps and all(steps):
            if steps[0] in {"headers", "response"}:
                return parse_expression(".".join(steps))
            return Expression("body", join_path(steps))
        return Expression("unknown")
    words = ctx.string(source, "a path")
    if not words:
        return Expression("unknown")
    found = parse_expression(words)
    return Expression("body", words) if found.place == "unknown" and path_problem(words) is None else found


def _tested(tested: Expression, param: str, more: str | None, sized: tuple[int | None, str | None]) -> Paging:
    """The rule whose cursor a stop condition names: a link if the parameter is called so, else a value for it."""
    size, size_param = sized
    if tested.place == "link":
        return LinkHeader("next", size, size_param)
    if "." in param or _URL_LIKE.fullmatch(param):
        return NextUrl(tested.path, size, size_param)
    return Cursor(tested.path, param, has_more_path=more, follow_urls=True, size=size, size_param=size_param)


def _sourceless(
    ctx: Context, fields: Node, param: str | None, more: str | None, sized: tuple[int | None, str | None]
) -> Paging | None:
    """`cursor_param` alone: its text often is the key of the response."""
    node = fields.get("cursor_param")
    if node is None or param is None:
        ctx.faults.error(
            "cursor-unknown",
            fields.path,
            fields.line,
            "neither `cursor_path` nor `cursor_param` is stated",
            "add `cursor_path`, where the response holds the next cursor",
        )
        return None
    size, size_param = sized
    stop = fields.get("stop_condition")
    tested = tested_place(stop.word or "") if stop is not None else Expression("unknown")
    if stop is not None and tested.place in {"body", "link"}:
        ctx.faults.tell("cursor-from-stop", stop.path, stop.line, words=shown(stop.value))
        return _tested(tested, param, more, sized)
    paging: Paging
    if "." in param and path_problem(param) is None:
        how = f"read as the URL of the next page at `{param}` of the response"
        paging = NextUrl(param, size, size_param)
    elif param.lower() == "link":
        how = "read as the Link header's `next`"
        paging = LinkHeader("next", size, size_param)
    elif _URL_LIKE.fullmatch(param):
        how = f"read as the URL of the next page at `{param}` of the response"
        paging = NextUrl(join_path([param]), size, size_param)
    else:
        how = f"the same key is looked for in the response, and its value goes into `{param}`"
        paging = Cursor(
            join_path([param]), param, has_more_path=more, follow_urls=True, size=size, size_param=size_param
        )
    ctx.faults.tell("cursor-source-unknown", f"{fields.path}.cursor_path", node.line, how=how)
    return paging
