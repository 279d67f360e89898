"""`partition_router`, Airbyte's words for a walk over a parent's rows or over a list, that leaked into scaffolds."""

from __future__ import annotations

from typing import NamedTuple

from headrace.model.plan import ParentField, Ref, Text
from headrace.spec.context import Context
from headrace.spec.node import Node, shown
from headrace.spec.template import Template

_KEYS = (
    "type", "values", "cursor_field", "request_option", "parent_stream_configs", "parent_stream", "parent", "stream",
    "parent_key", "partition_field", "incremental_dependency",
)  # fmt: skip
_CONFIG_KEYS = ("type", "parent_stream", "parent", "stream", "parent_key", "partition_field", "request_option",
                "incremental_dependency")  # fmt: skip


class Partition(NamedTuple):
    """What a router fills: variables of the path by name, and query parameters."""

    fields: dict[str, ParentField | str]
    params: tuple[tuple[str, Text], ...] = ()


def read_partition(ctx: Context, template: Template, node: Node | None) -> Partition:
    """The router of a resource; several of them, or several parents, are read as the first."""
    if node is not None and isinstance(node.value, list):
        node = _first(ctx, node)
    if node is None or ctx.mapping(node) is None:
        return Partition({})
    ctx.keys(node, _KEYS, "a partition_router")
    if node.get("values") is not None:
        return _values(ctx, node)
    configs = node.get("parent_stream_configs")
    given = _first(ctx, configs) if configs is not None else node
    if given is None or ctx.mapping(given) is None:
        return Partition({})
    ctx.keys(given, _CONFIG_KEYS if configs is not None else _KEYS, "a parent of a partition_router")
    return _parent(ctx, template, given)


def _first(ctx: Context, node: Node) -> Node | None:
    for extra in node.elements[1:2]:
        why, mend = "a walk has one parent", "keep one of them"
        ctx.faults.tell("dropped", extra.path, extra.at, key="partition_router", why=why, mend=mend)
    return node.elements[0] if node.elements else None


def _parent(ctx: Context, template: Template, node: Node) -> Partition:
    stated = node.get("parent_stream") or node.get("parent") or node.get("stream")
    if stated is not None and isinstance(stated.value, dict):
        stated = stated.get("name")
    name = ctx.string(stated) if stated is not None else None
    if stated is None or not name:
        why, mend = "it names neither values nor a parent", "name the resource as `parent_stream`"
        ctx.faults.tell("dropped", node.path, node.at, key="partition_router", why=why, mend=mend)
        return Partition({})
    key_node, field_node = node.get("parent_key"), node.get("partition_field")
    key = (ctx.string(key_node) if key_node is not None else None) or "id"
    slot = template.parent_field(stated, name, key)
    if slot is None:
        return Partition({})
    ctx.faults.tell("partition-parent", node.path, node.at, parent=name)
    field = (ctx.string(field_node) if field_node is not None else None) or key
    return Partition({field: slot}, _option(ctx, node, Text((slot,))))


def _values(ctx: Context, node: Node) -> Partition:
    """A list of values: with one there is nothing to choose, of several one must be chosen from outside."""
    values, field = node.items["values"], node.get("cursor_field")
    name = (ctx.string(field) if field is not None else None) or "partition"
    listed = [shown(sub.value) for sub in values.elements]
    if len(listed) == 1:
        return Partition({name: listed[0]}, _option(ctx, node, Text((listed[0],))))
    known = ctx.found(Ref(name, "config"))
    if known is None:
        ctx.need(f"config:{name}")
        told = ", ".join(f"`{value}`" for value in listed[:4]) or f"`{shown(values.value)}`"
        more = ", …" if len(listed) > 4 else ""  # noqa: PLR2004 - as many as a message can show
        ctx.faults.tell("partition-list", node.path, node.at, values=told + more, name=name)
    sent = Text((known or Ref(name, "config"),))
    return Partition({name: known or f"{{{name}}}"}, _option(ctx, node, sent))


def _option(ctx: Context, node: Node, value: Text) -> tuple[tuple[str, Text], ...]:
    """The query parameter that a router's value goes into, if it says so."""
    option = node.get("request_option")
    name = option.get("field_name") if option is not None else None
    words = ctx.string(name) if name is not None else None
    return ((words, value),) if words else ()
