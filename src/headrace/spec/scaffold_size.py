"""What the paginators of all scaffolds share: how they state a page size, and a flag that more is to come."""

from __future__ import annotations

from headrace.spec.context import Context
from headrace.spec.cursor_expression import has_more_path, tested_place
from headrace.spec.json_path import checked_path
from headrace.spec.node import Node, shown

SIZE_KEYS = ("limit", "page_size")
SIZE_PARAM_KEYS = ("limit_param", "size_param", "page_size_param")


def first_of(fields: Node, *names: str) -> Node | None:
    """The value of the first of these keys that is stated."""
    return next((node for name in names if (node := fields.get(name))), None)


def page_size(ctx: Context, fields: Node) -> tuple[int | None, str | None]:
    """The page size and the parameter that asks for it; without a name for it, `limit`."""
    node = first_of(fields, *SIZE_KEYS)
    size = ctx.integer(node)
    named = first_of(fields, *SIZE_PARAM_KEYS)
    param = ctx.string(named) if named else None
    if node is not None and size is not None and param is None:
        param = "limit"
        key = node.path.rsplit(".", 1)[-1]
        ctx.faults.tell("page-size", f"{fields.path}.limit_param", node.line, key=key, size=size)
    return (size, param) if size is not None else (None, None)


def more_path(ctx: Context, fields: Node) -> str | None:
    """The path of the flag, stated or read from a stop condition."""
    stated = fields.get("has_more_path")
    if stated is not None:
        return checked_path(ctx, stated)
    node = fields.get("stop_condition")
    if node is None:
        return None
    path = has_more_path(node.word or "")
    if path is None and tested_place(node.word or "").place == "unknown":
        ctx.faults.tell("stop-condition-idle", node.path, node.line, words=shown(node.value))
        return None
    reading = f"read as `has_more_path: {path}`" if path else "not needed: the walk ends where no next page is offered"
    ctx.faults.tell("stop-condition", node.path, node.line, how=reading)
    return path
