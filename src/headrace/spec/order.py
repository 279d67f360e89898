"""In which order resources are loaded, and which of them run at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from headrace.model.plan import Resource


def load_order(resources: Iterable[Resource], chosen: Collection[str] = ()) -> tuple[Resource, ...]:
    """The resources that run, in the order of the document.

    `chosen` names those asked for, also where the document deselects them; with none, all that are selected run.
    """
    if chosen:
        return tuple(resource for resource in resources if resource.name in chosen)
    return tuple(resource for resource in resources if resource.selected)
