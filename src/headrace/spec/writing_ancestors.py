"""Values of rows above a parent's, for dlt, which takes values of the parent alone: they come down as its columns."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from headrace.envelope.path import parse, render
from headrace.model.plan import Parent, ParentField, Resource
from headrace.model.slots import slots_of, with_slots

_FIRST = re.compile(r"([A-Za-z_]\w*)([.\[].*)", re.DOTALL)
_changed = msgspec.structs.replace


def takes_above(resource: Resource) -> bool:
    """Whether a resource takes a value of a row above its parent's."""
    parent = resource.parent
    return parent is not None and (bool(parent.above) or any(slot.above for slot in slots_of(resource.request)))


def by_way_of_parents(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """The resources with no value of an ancestor: it is one of the parent's, which has it from its own parent.

    What does not begin with a key of the ancestor's row stays as it is, and dlt refuses it.
    """
    known = {each.name: each for each in resources}
    for resource in list(known.values()):
        if resource.parent is not None and takes_above(resource):
            _bring_down(resource.name, resource.parent, known)
    return tuple(known.values())


def _bring_down(name: str, parent: Parent, known: dict[str, Resource]) -> None:
    def changed(slot: ParentField) -> ParentField:
        first = _first(slot.path) if slot.above is not None else None
        if slot.above is None or first is None:
            return slot
        key, rest = first
        return ParentField(render((_column(parent.resource, slot.above, key, known),)) + rest)

    request = with_slots(known[name].request, changed)
    included = [_column(parent.resource, above, key, known) for above, key in parent.above]
    told = (known[name].parent or parent).include
    whole = Parent(parent.resource, tuple(dict.fromkeys((*told, *included))))
    known[name] = _changed(known[name], request=request, parent=whole)


def _column(name: str, above: str, key: str, known: dict[str, Resource]) -> str:
    """What the rows of a resource call this key of the ancestor's row, which they take from now on."""
    parent = known[name].parent
    if parent is None:
        raise LookupError(f"{name} does not hang on {above}")
    taken = key if parent.resource == above else _column(parent.resource, above, key, known)
    if taken not in parent.include:
        known[name] = _changed(known[name], parent=_changed(parent, include=(*parent.include, taken)))
    return f"_{parent.resource}_{taken}"


def _first(path: str) -> tuple[str, str] | None:
    """The key that a path begins with, and the rest of the path."""
    read = parse(path)
    if read.keys:
        return read.keys[0], "".join(f".{render((key,))}" for key in read.keys[1:])
    found = _FIRST.fullmatch(path) if len(read.branches) == 1 else None
    return (found[1], found[2]) if found is not None else None
