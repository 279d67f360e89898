"""What the rows of a resource hand down: the values of rows above them that resources further below want."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headrace.envelope.path import render
from headrace.model.plan import AncestorKey, Resource
from headrace.walk.bind import fields_of


def wanted_above(resource: Resource) -> tuple[AncestorKey, ...]:
    """What a resource itself wants of rows above its parent's: for its request, and for its records."""
    asked = [key for key in fields_of(resource) if not isinstance(key, str)]
    included = [(above, render((key,))) for above, key in resource.parent.above] if resource.parent else []
    return tuple(dict.fromkeys((*asked, *included)))


def handed_down(resources: Sequence[Resource]) -> dict[str, tuple[AncestorKey, ...]]:
    """By resource, what those below it want of its parent's row and of those above; a parent comes before its children.

    Whatever a row of one of them was asked for has these values of one line of rows alone.
    """
    found: dict[str, tuple[AncestorKey, ...]] = {each.name: () for each in resources}
    for resource in reversed(resources):
        if resource.parent is not None and resource.parent.resource in found:
            name = resource.parent.resource
            wanted: Iterable[AncestorKey] = (*wanted_above(resource), *found[resource.name])
            further = (key for key in wanted if key[0] != name)
            found[name] = tuple(dict.fromkeys((*found[name], *further)))
    return found
