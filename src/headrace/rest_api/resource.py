"""A dlt resource that our engine feeds, if it can."""

from __future__ import annotations

from typing import Self

from headrace.rest_api.channel import Channel
from headrace.sinks.dlt_items import FinishedTables


class WalkedResource(FinishedTables):
    """Its tables come whole unless rows have to go through Python."""

    def parallelize(self) -> Self:
        """As dlt, but what our engine feeds is parallel as it is."""
        if isinstance(self._pipe, Channel):
            return self
        super().parallelize()
        return self
