"""Which of the resources that a request names is its parent, where it names several: the one that hangs on all others.

A value of an ancestor is that of the row from which the parent's own row has come. Resources of which none hangs on
the others have no such line, and are refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec

from headrace.model.plan import Parent, ParentField, Resource
from headrace.model.slots import slots_of, with_slots
from headrace.spec.context import Context
from headrace.spec.resource import ReadResource


def in_lines(ctx: Context, resources: Sequence[ReadResource]) -> list[ReadResource]:
    """The resources, each below its nearest parent; with every fault that keeps one from having a line above it."""
    named = {read.resource.name: tuple(read.named) for read in resources}
    found = [_below_nearest(ctx, read, named) if len(read.named) > 1 else read for read in resources]
    known = {read.resource.name: read.resource for read in found}
    for read in found:
        _check(ctx, read, known, named)
    return found


def _below_nearest(ctx: Context, read: ReadResource, named: Mapping[str, Sequence[str]]) -> ReadResource:
    first, *_ = names = list(read.named)
    parent_name = nearest(names, named)
    if parent_name is None:
        _tell_apart(ctx, read, named)
        return read

    def named_anew(slot: ParentField) -> ParentField:
        owner = slot.above or first
        return msgspec.structs.replace(slot, above=None if owner == parent_name else owner)

    resource = read.resource
    parent = msgspec.structs.replace(resource.parent or Parent(parent_name), resource=parent_name)
    request = with_slots(resource.request, named_anew)
    return replace(read, resource=msgspec.structs.replace(resource, request=request, parent=parent))


def nearest(names: Collection[str], named: Mapping[str, Sequence[str]]) -> str | None:
    """The one of several resources that hangs on all the others, by what each one names."""
    return next((name for name in names if set(names) - {name} <= above(name, named)), None)


def above(name: str, named: Mapping[str, Sequence[str]]) -> set[str]:
    """All resources above one, however far."""
    found: set[str] = set()
    left = list(named.get(name, ()))
    while left:
        each = left.pop()
        if each not in found:
            found.add(each)
            left += named.get(each, ())
    return found


def _tell_apart(ctx: Context, read: ReadResource, named: Mapping[str, Sequence[str]]) -> None:
    """Two of them have no line between them."""
    one, other = next(
        (one, other)
        for place, one in enumerate(read.named)
        for other in list(read.named)[place + 1 :]
        if other not in above(one, named) and one not in above(other, named)
    )
    spot = read.named[other]
    ctx.faults.error(
        "several-parents",
        spot.path,
        spot.at,
        f"the request takes fields of `{one}` and of `{other}`, and neither of them is asked for with the other's rows",
        f"take a field of `{one}` in the request of `{other}`, so that their rows belong together,"
        f" or write the values of `{other}` out, in one resource for each",
    )


def _check(ctx: Context, read: ReadResource, known: Mapping[str, Resource], named: Mapping[str, Sequence[str]]) -> None:
    """What a resource takes of rows further above must be there, and be that of one row."""
    resource = read.resource
    parent = resource.parent
    if parent is None:
        return
    spot = read.node.get("include_from_parent") or read.node
    for name, _ in parent.above:
        if name not in above(parent.resource, named):
            problem = f"`include_from_parent` takes a field of `{name}`, which is not above `{parent.resource}`"
            ctx.faults.error("no-ancestor", spot.path, spot.at, problem, "name a resource that its parent hangs on")
            return
    for slot in slots_of(resource.request):
        if slot.batch is not None and slot.above is not None:
            where = read.named[slot.above]
            problem = f"a batch is of rows of the parent, `{parent.resource}`, and `{slot.above}` is further above"
            ctx.faults.error("batch", where.path, where.at, problem, f"write {{resources.{slot.above}.{slot.path}}}")
            return
    taken = (slot.above for slot in slots_of(resource.request) if slot.above is not None)
    for name in dict.fromkeys((*taken, *(name for name, _ in parent.above))):
        for below in _between(parent.resource, name, known):
            if any(slot.batch is not None for slot in slots_of(known[below].request)):
                where = read.named.get(name, spot)
                problem = f"a row of `{below}` is asked for with many rows of its parent, so it has no one row of"
                fix = f"take the batch out of `{below}`, or the field of `{name}` out of `{resource.name}`"
                ctx.faults.error("batch", where.path, where.at, f"{problem} `{name}`", fix)
                return


def _between(parent: str, ancestor: str, known: Mapping[str, Resource]) -> Iterator[str]:
    """The resources of a line, from a parent up to the one below an ancestor; a circle ends where it closes."""
    seen: set[str] = set()
    name: str | None = parent
    while name is not None and name != ancestor and name in known and name not in seen:
        yield name
        seen.add(name)
        following = known[name].parent
        name = following.resource if following is not None else None
