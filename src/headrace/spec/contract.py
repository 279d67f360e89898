"""What a `schema_contract` says: one word for all parts of the schema, or one for each."""

from __future__ import annotations

from typing import cast, get_args

import msgspec

from headrace.model.plan import EVOLVES, Evolution, SchemaContract
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean, listed
from headrace.spec.node import Node

MODES = get_args(Evolution)
ENTITIES = SchemaContract.__struct_fields__


def read_contract(ctx: Context, node: Node | None) -> SchemaContract | None:
    """The contract; None where there is none. Of a live configuration dlt keeps it."""
    if node is None or ctx.live:
        return None
    if not isinstance(node.value, dict):
        return SchemaContract(*[_mode(ctx, node)] * len(ENTITIES))
    ctx.keys(node, ENTITIES, "a schema contract")
    stated = {entity: _mode(ctx, found) for entity in ENTITIES if (found := node.get(entity)) is not None}
    return msgspec.structs.replace(EVOLVES, **stated)


def _mode(ctx: Context, node: Node) -> Evolution:
    word = ctx.string(node, f"a schema contract ({listed(MODES)}), or a mapping of {listed(ENTITIES)} to such words")
    if word is not None and word not in MODES:
        fix = did_you_mean(word, MODES, f"write {listed(MODES)}")
        ctx.faults.error("contract", node.path, node.line, f"there is no schema contract `{word}`", fix)
    return cast("Evolution", word) if word in MODES else "evolve"
