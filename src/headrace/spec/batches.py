"""Requests for many rows of a parent at once, `{resources.x.y:batch(50)}`: what goes with them and what does not."""

from __future__ import annotations

import msgspec

from headrace.model.plan import Incremental, ParentField, Text
from headrace.spec.context import Context
from headrace.spec.node import Node
from headrace.spec.template import Template


def repeated(text: Text) -> Text:
    """An element of a list of values; a batch that is one is sent as a parameter for each of its values."""
    match text:
        case Text(parts=(ParentField(batch=int()) as slot,)):
            return Text((msgspec.structs.replace(slot, repeated=True),))
        case _:
            return text


def check_batches(ctx: Context, template: Template, resource: Node, rule: Incremental | None) -> None:
    """Tells what cannot be done for many rows at once."""
    if not template.batches:
        return
    (first, field), *others = template.batches
    for spot, other in others:
        if other.batch != field.batch:
            problem = f"the request has batches of {field.batch} and of {other.batch} rows"
            ctx.faults.error("batch", spot.path, spot.at, problem, "state the same size for both")
    for spot, each in template.batches:
        if each.key in template.alone:
            problem = f"the request takes `{each.path}` of many rows and of one row"
            ctx.faults.error("batch", spot.path, spot.at, problem, "write `:batch` at both places or at none")
    include = resource.get("include_from_parent")
    if include is not None and ctx.strings(include):
        problem = "`include_from_parent` takes values of one row, and a batch asks for many rows at once"
        fix = "take the batch out, or the key: the records themselves may say which row they belong to"
        ctx.faults.error("batch", include.path, include.at, problem, fix)
    if rule is not None:
        problem = "an increment has a place for each row of the parent, and a batch asks for many rows at once"
        ctx.faults.error("batch", first.path, first.at, problem, "take the batch out, or the increment")
