"""The fillers of scaffolds for what their writer did not know: a path's `/v1/`, the selector `data`, the key `id`."""

from __future__ import annotations

from headrace.spec.context import Context
from headrace.spec.habits import is_of_one, reads_body
from headrace.spec.node import Node


def suspect(ctx: Context, path: Node, endpoint: Node) -> None:
    """Doubts the path and the selector of a scaffold's resource, where nothing in the document speaks for them."""
    words = path.word or ""
    if ctx.habits.listed:
        ctx.faults.tell("listed-endpoint", path.path, path.line, path=words)
    if ctx.habits.prefixed and words.lstrip("/").startswith("v1/"):
        ctx.faults.tell("path-prefix", path.path, path.line, path=words)
    selector, enveloped = endpoint.get("data_selector"), ctx.habits.enveloped or reads_body(endpoint.get("paginator"))
    if selector is not None and selector.value == "data" and not enveloped:
        ctx.faults.tell("selector-data", selector.path, selector.line)


def suspect_key(ctx: Context, node: Node, name: str, keys: tuple[str, ...]) -> None:
    """Doubts the default key on a resource whose records hardly have it."""
    if keys == ("id",) and is_of_one(name):
        spot = node.get("primary_key") or node
        ctx.faults.tell("key-of-one", f"{node.path}.primary_key", spot.line, name=name)
