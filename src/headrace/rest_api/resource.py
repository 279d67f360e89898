"""A dlt resource whose tables may come whole: root and nested ones, each batch with the name of its table."""

from __future__ import annotations

from typing import Any, Self

from dlt.extract import DltResource

from headrace.rest_api.channel import Channel
from headrace.rest_api.meta import FINISHED, TableMeta


class WalkedResource(DltResource):  # type: ignore[misc]
    """A resource that our engine feeds, if it can."""

    def compute_table_schema(self, item: Any = None, meta: Any = None) -> Any:  # noqa: ANN401 - dlt's own types
        """As dlt; nothing but the name for a finished table."""
        if isinstance(meta, TableMeta):
            return {"name": meta.table_name, "columns": {}, FINISHED: True}
        return super().compute_table_schema(item, meta)

    def parallelize(self) -> Self:
        """As dlt, but what our engine feeds is parallel as it is."""
        return self if isinstance(self._pipe, Channel) else super().parallelize()
