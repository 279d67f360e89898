"""What the configuration declares of columns, by table: types, keys, and what must have a value."""

from __future__ import annotations

from headrace.decode.merging import version_of
from headrace.decode.names import joined, normalise
from headrace.model.plan import ColumnHint, NestedHints, Resource


def table_of(resource: Resource, nested: NestedHints) -> str:
    """The name of the child table that these hints are for."""
    return joined((normalise(resource.table),), normalise(nested.name))


def nested_of(resource: Resource, table: str) -> NestedHints | None:
    """What is declared of a child table; of several spellings of its name the last one stands."""
    return next((hints for hints in reversed(resource.nested) if table_of(resource, hints) == table), None)


def hints_of(resource: Resource, table: str) -> tuple[ColumnHint, ...]:
    """The hints for the columns of a table: the root's, or those that are declared for a child table."""
    if table == normalise(resource.table):
        return resource.columns
    nested = nested_of(resource, table)
    return nested.columns if nested else ()


def keys_of(resource: Resource) -> tuple[str, ...]:
    """The columns by which a merge finds its rows; none for other dispositions."""
    keys = (*resource.primary_key, *resource.merge_key) if resource.disposition == "merge" else ()
    return tuple(normalise(name) for name in keys)


def declared(resource: Resource, table: str) -> frozenset[str]:
    """The columns of a table whose type the configuration states."""
    return frozenset(normalise(hint.name) for hint in hints_of(resource, table) if hint.data_type is not None)


def required(resource: Resource, table: str) -> frozenset[str]:
    """The columns in which every row must have a value: keys and versions of a merge, and what is declared so."""
    stated = (normalise(hint.name) for hint in hints_of(resource, table) if hint.nullable is False)
    keys = (*keys_of(resource), *version_of(resource)) if table == normalise(resource.table) else ()
    return frozenset((*keys, *stated))
