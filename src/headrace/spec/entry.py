"""An element of the list of resources as a mapping: dlt takes a mere path as well."""

from __future__ import annotations

from headrace.spec.context import Context
from headrace.spec.jinja import without_variables
from headrace.spec.node import Node, Opaque


def entry_of(ctx: Context, node: Node) -> Node | None:
    """A resource as a mapping; a string is its name and its path."""
    if isinstance(node.value, str):
        plain = without_variables(node.value) if ctx.scaffold else node.value
        if plain != node.value:  # a name is no place for a variable
            named = Node(plain, node.line, node.path)
            return Node(
                {"name": named, "endpoint": Node(node.value, node.line, f"{node.path}.endpoint")}, node.line, node.path
            )
        return Node({"name": node}, node.line, node.path)
    if isinstance(node.value, dict):
        return node
    if isinstance(node.value, Opaque):
        ctx.wrong(node, "a resource as a mapping or a path", hook="entry")
    else:
        ctx.wrong(node, "a name or a mapping")
    return None
