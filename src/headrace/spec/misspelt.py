"""Keys a slip of the pen away from a known one: told, then read as meant, so that what is inside is told as well."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from headrace.spec.context import Context
from headrace.spec.faults import nearest
from headrace.spec.node import Node
from headrace.spec.own_keys import RESOURCE as OWN_RESOURCE
from headrace.spec.vocabulary import (
    CLIENT,
    ENDPOINT,
    MISPLACED_CLIENT,
    MISPLACED_ENDPOINT,
    MISPLACED_RESOURCE,
    RESOURCE,
    SCAFFOLD_CLIENT,
    SCAFFOLD_ENDPOINT,
    SCAFFOLD_RESOURCE,
    TOP,
)


class Place(NamedTuple):
    """A mapping of the configuration: the keys that it takes, and what it is called in messages."""

    known: Collection[str]
    what: str
    hints: Mapping[str, str]


_TOP = Place(TOP, "the configuration", {})


def as_meant(ctx: Context, config: Node) -> Node:
    """The configuration with each misspelt key of a container as it was meant; the slip is an error all the same."""
    extra = ctx.scaffold
    client = Place((*CLIENT, *(SCAFFOLD_CLIENT if extra else ())), "`client`", MISPLACED_CLIENT)
    own = () if ctx.live else OWN_RESOURCE
    resource = Place((*RESOURCE, *own, *(SCAFFOLD_RESOURCE if extra else ())), "a resource", MISPLACED_RESOURCE)
    endpoint = Place((*ENDPOINT, *(SCAFFOLD_ENDPOINT if extra else ())), "an endpoint", MISPLACED_ENDPOINT)

    def entry(node: Node) -> Node:
        read = _spelt(ctx, node, resource)
        return _changed(read, "endpoint", lambda inner: _spelt(ctx, inner, endpoint))

    def each(node: Node) -> Node:
        return Node([entry(sub) for sub in node.elements], node.line, node.path, node.key_line)

    config = _spelt(ctx, config, _TOP)
    config = _changed(config, "client", lambda inner: _spelt(ctx, inner, client))
    config = _changed(config, "resource_defaults", entry)
    return _changed(config, "resources", lambda inner: each(inner) if isinstance(inner.value, list) else inner)


def _changed(node: Node, key: str, change: Callable[[Node], Node]) -> Node:
    inner = node.get(key)
    return node if inner is None else Node({**node.items, key: change(inner)}, node.line, node.path, node.key_line)


def _spelt(ctx: Context, node: Node, place: Place) -> Node:
    """The mapping with the keys that were meant, where only one key can be meant."""
    if not isinstance(node.value, dict):
        return node
    found: dict[str, Node] = {}
    for key, sub in node.value.items():
        meant = None if key in place.known or key in place.hints else nearest(key, place.known)
        if meant is None or meant in node.value or meant in found:
            found[key] = sub
            continue
        ctx.keys(Node({key: sub}, node.line, node.path), place.known, place.what, place.hints)
        found[meant] = sub
    return Node(found, node.line, node.path, node.key_line)
