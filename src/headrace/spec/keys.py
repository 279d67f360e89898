"""Which keys a resource, or the defaults of all, may have, and what the plain ones may hold; before any merging."""

from __future__ import annotations

from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean, listed
from headrace.spec.merge import by_name
from headrace.spec.node import Node
from headrace.spec.own_keys import ENDPOINT as OWN_ENDPOINT
from headrace.spec.own_keys import RESOURCE as OWN_RESOURCE
from headrace.spec.vocabulary import (
    COLUMN_WITHOUT_EFFECT,
    ENDPOINT,
    FORMATS,
    MISPLACED_ENDPOINT,
    MISPLACED_RESOURCE,
    NOT_YET_FIX,
    NOT_YET_RESOURCE,
    PLACEHOLDER_KEYS,
    RESOURCE,
    SCAFFOLD_ENDPOINT,
    SCAFFOLD_RESOURCE,
    WITHOUT_EFFECT,
)


def check_keys(ctx: Context, node: Node) -> None:
    """The keys of a resource (or of the defaults) and of its endpoint, as they stand before any merging."""
    known = (*RESOURCE, *(() if ctx.live else OWN_RESOURCE), *(SCAFFOLD_RESOURCE if ctx.scaffold else ()))
    ctx.keys(node, known, "a resource", MISPLACED_RESOURCE)
    endpoint = node.get("endpoint")
    if endpoint is not None and isinstance(endpoint.value, dict):
        own = () if ctx.live else OWN_ENDPOINT
        known = (*ENDPOINT, *own, *(SCAFFOLD_ENDPOINT if ctx.scaffold else ()))
        ctx.keys(endpoint, known, "an endpoint", MISPLACED_ENDPOINT)
    if not ctx.live:  # there, dlt itself honours them
        _not_yet(ctx, node, NOT_YET_RESOURCE)
    for step in _elements(node, "processing_steps"):
        _inner_keys(ctx, step, "processing_steps", "a processing step")
    for key, why in WITHOUT_EFFECT.items():
        sub = node.get(key)
        if sub is not None and not ctx.live:
            problem = f"`{key}` has no effect here: {why}"
            ctx.faults.tell("no-effect", sub.path, sub.at, problem=problem, mend="it is not read")
    _columns_without_effect(ctx, node)
    nested = node.get("nested_hints")
    for hints in nested.items.values() if nested is not None else ():
        _columns_without_effect(ctx, hints)
    if not ctx.scaffold:
        _check_values(ctx, node)


def _columns_without_effect(ctx: Context, node: Node) -> None:
    columns = node.get("columns")
    for column in by_name(columns).values() if columns is not None and not ctx.live else ():
        for key, why in COLUMN_WITHOUT_EFFECT.items():
            sub = column.get(key)
            if sub is not None:
                problem = f"`{key}` of a column has no effect here: {why}"
                ctx.faults.tell("no-effect", sub.path, sub.at, problem=problem, mend="it is not read")


def check_defaults(ctx: Context, node: Node) -> None:
    """The keys of `resource_defaults`, whose endpoint has no path of its own."""
    check_keys(ctx, node)
    endpoint = node.get("endpoint")
    if endpoint is not None and not isinstance(endpoint.value, dict) and not ctx.scaffold:
        ctx.wrong(endpoint, "a mapping (a path is each resource's own)")


def _check_values(ctx: Context, node: Node) -> None:
    """Values that are read by nobody, or lost as the defaults are put in: dlt refuses the wrong ones."""
    ctx.boolean(node.get("parallelized"))
    for key, known in FORMATS.items():
        sub = node.get(key)
        word = ctx.string(sub) if sub is not None else None
        if sub is not None and word is not None and word not in known:
            fix = did_you_mean(word, known, f"write {listed(known)}")
            ctx.faults.error("format", sub.path, sub.line, f"there is no {key.replace('_', ' ')} `{word}`", fix)
    for column in _elements(node, "columns"):
        if ctx.mapping(column) is not None and column.get("name") is None:
            ctx.faults.error("missing-key", column.path, column.line, "the column lacks `name`", "add `name`")


def _elements(node: Node, key: str) -> list[Node]:
    sub = node.get(key)
    return sub.elements if sub is not None else []


def _inner_keys(ctx: Context, node: Node | None, kind: str, what: str) -> None:
    if node is not None and isinstance(node.value, dict):
        ctx.keys(node, PLACEHOLDER_KEYS[kind], what)


def _not_yet(ctx: Context, node: Node, table: dict[str, str]) -> None:
    for key, why in table.items():
        sub = node.get(key)
        if sub is not None and sub.value not in ([], {}):
            ctx.faults.error("not-yet", sub.path, sub.at, why, NOT_YET_FIX)
