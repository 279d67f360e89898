"""What each load brought of each walk, in plain dictionaries, until nobody can bring it again."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from headrace.model.table import PAGE_CHARS
from headrace.sinks.memory_rows import Row
from headrace.sinks.settle import Delivery


@dataclass(slots=True)
class Delivered:
    """What a load brought of a walk, with the ids of the root rows, and whether the walk has begun again since."""

    run_id: str
    delivery: Delivery
    ids: frozenset[str]
    abandoned: bool = False

    def is_provisional_to(self, run_id: str) -> bool:
        """Whether an earlier run than this one brought it, and the next one of the same walk brings it again."""
        return self.delivery.provisional and self.run_id != run_id

    def is_dealt_with(self, run_id: str, entered: AbstractSet[str]) -> bool:
        """Whether a commit of the run has made up its mind about it."""
        open_ = self.abandoned if self.run_id == run_id else self.delivery.provisional
        return open_ and self.delivery.walk in entered


def goes(row: Row, old: Delivery, ids: AbstractSet[str]) -> bool:
    """Whether a root row is one of these ids that goes as an old delivery is taken back."""
    is_brought = row["_dlt_load_id"] == old.load_id and row["_dlt_id"] in ids
    return is_brought and row["_dlt_id"][:PAGE_CHARS] not in old.staying_pages
