"""How `resource_defaults` and a resource become one, by dlt's rules."""

from __future__ import annotations

from headrace.model.plan import Text
from headrace.spec.node import Node

_UNITED = ("params", "json")


def with_defaults(resource: Node, defaults: Node | None) -> Node:
    """The resource with the defaults that it does not replace.

    Keys of the resource and of its endpoint replace the default's whole; `params` and `json` are united one level
    deep, and `columns` hint by hint. A default path is never used: without one of its own, a resource has its name.
    """
    if defaults is None:
        return resource
    merged = {**defaults.items, **resource.items}
    endpoint, default_endpoint = resource.items.get("endpoint"), defaults.items.get("endpoint")
    if default_endpoint is not None and isinstance(default_endpoint.value, dict):
        merged["endpoint"] = _endpoints(default_endpoint, endpoint, resource)
    columns, default_columns = resource.get("columns"), defaults.get("columns")
    if columns is not None and default_columns is not None:
        merged["columns"] = _columns(default_columns, columns)
    return Node(merged, resource.line, resource.path, resource.key_line)


def _endpoints(default: Node, own: Node | None, resource: Node) -> Node:
    inherited = {key: sub for key, sub in default.items.items() if key != "path"}
    if own is None:
        return Node({**inherited}, resource.line, f"{resource.path}.endpoint", resource.line)
    if isinstance(own.value, str | Text):
        own = Node({"path": own}, own.line, own.path, own.key_line)
    if not isinstance(own.value, dict):
        return own
    merged = {**inherited, **own.items}
    for key in _UNITED:
        mine, theirs = own.items.get(key), default.items.get(key)
        if mine is not None and theirs is not None and isinstance(mine.value, dict) and isinstance(theirs.value, dict):
            merged[key] = Node({**theirs.value, **mine.value}, mine.line, mine.path, mine.key_line)
    return Node(merged, own.line, own.path, own.key_line)


def by_name(columns: Node) -> dict[str, Node]:
    """Columns as a mapping, whether written as one or as a list of `{"name": …}`."""
    if isinstance(columns.value, dict):
        return columns.value
    named = ((sub.get("name"), sub) for sub in columns.elements)
    return {name.word or "": sub for name, sub in named if name is not None}


def _columns(default: Node, own: Node) -> Node:
    if not isinstance(own.value, dict | list) or not isinstance(default.value, dict | list):
        return own
    merged = dict(by_name(default))
    for name, column in by_name(own).items():
        base = merged.get(name)
        hints = {**base.items, **column.items} if base is not None else column.items
        merged[name] = Node(hints, column.line, column.path, column.key_line)
    return Node(merged, own.line, own.path, own.key_line)
