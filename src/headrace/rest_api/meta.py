"""The mark on a batch that is a finished table."""

from __future__ import annotations

from dlt.extract.items import TableNameMeta

FINISHED = "x-headrace-finished"
"""The key that such a table bears on its way past dlt's contracts; it is never stored."""


class TableMeta(TableNameMeta):  # type: ignore[misc]
    """Says that a batch is a finished table, for whose columns the schema needs no further hints."""

    __slots__ = ()
