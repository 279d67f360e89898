"""What `nested_hints` declare of child tables, and which of their keys a run cannot honour."""

from __future__ import annotations

from headrace.model.plan import Disposition, NestedHints
from headrace.spec.context import Context
from headrace.spec.contract import read_contract
from headrace.spec.hints import read_columns
from headrace.spec.node import Node
from headrace.spec.vocabulary import NESTED, NESTED_WITHOUT_EFFECT, NOT_YET_FIX

_KEYS = ("primary_key", "merge_key")
_KEYED = "a nested table with a key of its own is one that dlt cuts off from its parent, which is not supported yet"


def read_nested(ctx: Context, node: Node | None, disposition: Disposition) -> tuple[NestedHints, ...]:
    """The hints for each child table; `disposition` is that of the root. Of a live configuration dlt keeps them."""
    if node is None or ctx.live or ctx.mapping(node) is None:
        return ()
    return tuple(
        _hints(ctx, name, hints, disposition)
        for name, hints in node.items.items()
        if hints.value is not None and ctx.mapping(hints) is not None
    )


def _hints(ctx: Context, name: str, node: Node, disposition: Disposition) -> NestedHints:
    ctx.keys(node, NESTED, "a nested table")
    columns, keys = read_columns(ctx, node.get("columns"))
    for key in _KEYS:
        stated = node.get(key)
        if stated is not None and stated.value not in ("", []):
            ctx.faults.error("not-yet", stated.path, stated.at, _KEYED, NOT_YET_FIX)
        elif keys[key]:
            ctx.faults.error("not-yet", node.path, node.at, _KEYED, NOT_YET_FIX)
    own = node.get("write_disposition")
    if own is not None and own.word != disposition:
        problem = f"a nested table with another write disposition than its root's ({disposition}) is not supported yet"
        ctx.faults.error("not-yet", own.path, own.at, problem, NOT_YET_FIX)
    for key, why in NESTED_WITHOUT_EFFECT.items():
        sub = node.get(key)
        if sub is not None:
            problem = f"`{key}` has no effect here: {why}"
            ctx.faults.tell("no-effect", sub.path, sub.at, problem=problem, mend="it is not read")
    return NestedHints(name, columns, read_contract(ctx, node.get("schema_contract")))
