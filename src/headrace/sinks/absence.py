"""How a table is merged where something was rejected: what a load lacks need not be gone."""

from __future__ import annotations

import msgspec

from headrace.model.strategy import Cdc, Scd2
from headrace.model.table import TableSchema


def without_absence(root: TableSchema) -> TableSchema:
    """The root so that of keys that the load has something goes, and nothing else: a merge key says so."""
    if not isinstance(root.strategy, Scd2 | Cdc):
        return root
    key = root.primary_key if set(root.primary_key) <= {column.name for column in root.columns} else ()
    if not key and isinstance(root.strategy, Scd2):
        key = (root.strategy.row_version,)
    return msgspec.structs.replace(root, merge_key=key)
