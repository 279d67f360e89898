"""What a resource says of the structure of its tables: how deep objects are opened, and what stays JSON text."""

from __future__ import annotations

import msgspec

from headrace.decode.names import normalise
from headrace.model.plan import Resource

DEEPEST = 1000
"""dlt's own limit where the configuration sets none."""


class Shape(msgspec.Struct, frozen=True):
    """`table` is the root table's name, `depth` the nesting that is opened, `json` the root columns that stay JSON.

    `decimals` are the root columns that keep digits which a double does not.
    """

    table: str
    depth: int
    json: frozenset[str]
    decimals: frozenset[str]


def shape_of(resource: Resource) -> Shape:
    """The structure that the resource asks for; names are normalised."""
    kept = frozenset(normalise(hint.name) for hint in resource.columns if hint.data_type == "json")
    decimals = frozenset(normalise(hint.name) for hint in resource.columns if hint.data_type in {"decimal", "wei"})
    depth = DEEPEST if resource.max_nesting is None else resource.max_nesting
    return Shape(normalise(resource.table), depth, kept, decimals)
