"""In which order resources are loaded, parents first, and which of them run at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from headrace.model.naming import normalise
from headrace.model.plan import Resource


def load_order(resources: Iterable[Resource], chosen: Collection[str] = ()) -> tuple[Resource, ...]:
    """The resources that run, in the order of the document, save that a parent comes before its children.

    `chosen` names those asked for, also where the document deselects them; with none, all that are selected run. A
    parent of one that runs is walked as well, and is not `selected` unless it is asked for itself.
    """
    known = {resource.name: resource for resource in resources}
    wanted = {name for name, resource in known.items() if (name in chosen if chosen else resource.selected)}
    ordered: dict[str, Resource] = {}
    for name in (name for name in known if name in wanted):
        for each in reversed(lineage(known, name)):
            ordered.setdefault(each, msgspec.structs.replace(known[each], selected=each in wanted))
    meant = [each for each in known.values() if each.selected or each.name in wanted]
    return tuple(_related(each, meant) for each in ordered.values())


def _related(resource: Resource, all_of_them: Sequence[Resource]) -> Resource:
    """The resource, told of those that depend on it, whether they run this time or not."""
    table = normalise(resource.table)
    others = [each for each in all_of_them if each.name != resource.name]
    known = {each.name: each for each in (*all_of_them, resource)}
    return msgspec.structs.replace(
        resource,
        children=tuple(each.name for each in others if each.parent and each.parent.resource == resource.name),
        beside=tuple(each.name for each in others if normalise(each.table) == table),
        below_increment=any(known[above].incremental for above in lineage(known, resource.name)[1:]),
    )


def lineage(known: Mapping[str, Resource], name: str) -> list[str]:
    """The resource, its parent, that one's parent and so on, as far as they are known and come round to none twice."""
    found = [name]
    parent = known[name].parent
    while parent is not None and parent.resource in known and parent.resource not in found:
        found.append(parent.resource)
        parent = known[parent.resource].parent
    return found


def circle(known: Mapping[str, Resource], name: str) -> list[str]:
    """The resources through which one is its own ancestor, itself first; none if it is not."""
    line = lineage(known, name)
    last = known[line[-1]].parent
    return line if last is not None and last.resource == name else []
