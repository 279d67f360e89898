"""What `--set` says of the configuration itself: `client.auth.name=X-Key`, `resources.users.endpoint.path=/v2/users`.

`resources.*.…` is said of every resource that has the mapping which the last key belongs to. A value is what JSON
makes of it, where it looks like JSON, and else a string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from headrace.model.plan import Json, Text
from headrace.spec.context import Context
from headrace.spec.node import Node, child_path

_STEP = re.compile(r"\.?(?:\[\s*['\"]?([^\]'\"]+)['\"]?\s*\]|([^.\[]+))")
_JSON = re.compile(r"\s*(?:[\[{\"]|-?\d+(?:\.\d+)?\s*$|(?:true|false|null)\s*$)")
_SHORT = {"endpoint": "path", "paginator": "type", "auth": "type"}
"""Mappings that may be written as one string, and the key that it is the value of."""


def overridden(ctx: Context, config: Node) -> Node:
    """The configuration with what is said of its `client` and its `resource_defaults`."""
    for key, steps in _steps(ctx.settings, ("client", "resource_defaults")):
        config = _put(ctx, config, steps, key)
    return config


def resource_overridden(ctx: Context, resource: Node, name: str | None, index: int) -> Node:
    """A resource, its defaults put in, with what is said of it."""
    for key, steps in _steps(ctx.settings, ("resources",)):
        below = steps[2:]
        if len(steps) > 2 and (steps[1] in {name, str(index)} or (steps[1] == "*" and _holds(resource, below[:-1]))):  # noqa: PLR2004 - resources, which one, and what of it
            resource = _put(ctx, resource, below, key)
    return resource


def _steps(settings: Mapping[str, str], roots: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    for key in settings:
        steps = [one or other for one, other in _STEP.findall(key)]
        if len(steps) > 1 and steps[0] in roots:
            yield key, steps


def _holds(node: Node, steps: list[str]) -> bool:
    for step in steps:
        found = node.get(step)
        if found is None:
            return False
        node = found
    return True


def _put(ctx: Context, node: Node, steps: list[str], key: str) -> Node:
    """The node with the value of `key` at the end of `steps`; mappings on the way are made where they lack."""
    if not steps:
        value = ctx.settings[key]
        ctx.came(node.path, value, "flag")
        return _node(_value(value), node)
    step, *rest = steps
    held = dict(node.items)
    below = held.get(step, Node(None, node.line, child_path(node.path, step)))
    if rest and isinstance(below.value, str | Text) and step in _SHORT:
        below = Node({_SHORT[step]: below}, below.line, below.path, below.key_line)
    held[step] = _put(ctx, below, rest, key)
    return Node(held, node.line, node.path, node.key_line)


def _value(words: str) -> Json:
    if not _JSON.match(words):
        return words
    try:
        return msgspec.json.decode(words)
    except msgspec.DecodeError:
        return words


def _node(value: Json, at: Node) -> Node:
    path = at.path
    if isinstance(value, dict):
        inner = {key: _node(one, Node(None, at.line, child_path(path, key))) for key, one in value.items()}
        return Node(inner, at.line, path, at.key_line)
    if isinstance(value, list):
        return Node([_node(one, Node(None, at.line, f"{path}[{i}]")) for i, one in enumerate(value)], at.line, path)
    return Node(value, at.line, path, at.key_line)
