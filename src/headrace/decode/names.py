"""How the names of nested fields, variants and root tables are put together."""

from __future__ import annotations

from headrace.model import naming
from headrace.model.naming import SEPARATOR
from headrace.model.plan import Resource

normalise = naming.normalise  # most of this room needs nothing else of the naming convention


def joined(path: tuple[str, ...], name: str) -> str:
    """The name of a field below `path`; all parts are normalised already."""
    return SEPARATOR.join((*path, name)) if path else name


def variant(column: str, data_type: str) -> str:
    """The column that takes the values of `data_type` which `column` cannot hold."""
    return f"{column}{SEPARATOR}v_{data_type}"


def table_name(resource: Resource) -> str:
    """The root table of a resource."""
    return normalise(resource.table)
