"""Airbyte's words for what dlt has a word for: each is renamed where it stands, so that the rest need not know them."""

from __future__ import annotations

from collections.abc import Mapping

from headrace.spec.context import Context
from headrace.spec.node import Node

CLIENT = {"url_base": "base_url", "authenticator": "auth", "request_headers": "headers"}
ENDPOINT = {
    "request_parameters": "params",
    "request_headers": "headers",
    "request_body_json": "json",
    "request_body_data": "data",
    "record_selector": "data_selector",
    "field_path": "data_selector",
    "pagination": "paginator",
}


def in_dlts_words(ctx: Context, config: Node) -> Node:
    """A scaffold's configuration with dlt's keys; a key that has both keeps dlt's."""
    found = dict(config.items)
    client, resources = config.get("client"), config.get("resources")
    defaults = config.get("resource_defaults")
    if client is not None:
        found["client"] = _renamed(ctx, client, CLIENT)
    if defaults is not None:
        found["resource_defaults"] = _resource(ctx, defaults)
    if resources is not None and isinstance(resources.value, list):
        each = [_resource(ctx, sub) for sub in resources.value]
        found["resources"] = Node(each, resources.line, resources.path, resources.key_line)
    return Node(found, config.line, config.path, config.key_line)


def _resource(ctx: Context, node: Node) -> Node:
    endpoint = node.get("endpoint")
    if endpoint is None or not isinstance(endpoint.value, dict):
        return node
    inner = _renamed(ctx, endpoint, ENDPOINT)
    return Node({**node.items, "endpoint": inner}, node.line, node.path, node.key_line)


def _renamed(ctx: Context, node: Node, words: Mapping[str, str]) -> Node:
    if not isinstance(node.value, dict) or words.keys().isdisjoint(node.value):
        return node
    found: dict[str, Node] = {}
    for key, sub in node.value.items():
        name = words.get(key)
        if name is None or name in node.value or name in found:
            found[key] = sub
            continue
        ctx.faults.tell("airbyte-key", sub.path, sub.at, key=key, name=name)
        found[name] = _path_of_records(sub) if name == "data_selector" else sub
    return Node(found, node.line, node.path, node.key_line)


def _path_of_records(node: Node) -> Node:
    """`record_selector: {extractor: {field_path: […]}}` as its path."""
    for key in ("extractor", "field_path"):
        inner = node.get(key)
        node = node if inner is None else inner
    return node
