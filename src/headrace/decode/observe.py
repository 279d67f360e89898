"""Which lane a batch takes: Arrow's reader if it can, Python objects if it must; and what a batch teaches the next."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import cast

from headrace.decode import arrow_lane, coerce, row_lane
from headrace.decode.arrow_lane import Changed, Read
from headrace.decode.memory import EMPTY_MEMORY, Memory, merge_memory
from headrace.decode.moments import is_timestamp
from headrace.decode.nested import NotPlain
from headrace.decode.observed import Observation, first_valid
from headrace.decode.record import Unreadable, kinds_of, parse
from headrace.decode.rows import RecordPage
from headrace.decode.rules import AS_DLT, DecodeRules
from headrace.decode.shape import shape_of
from headrace.decode.split import Part, can_split
from headrace.model.plan import Resource
from headrace.model.records import Records


class Reader:
    """Reads the batches of one resource. One reader may serve many threads.

    It remembers which fields hold text and which keys change kind, so that later batches are read in one go.
    What it remembers never changes what is observed.
    """

    def __init__(self, resource: Resource, rules: DecodeRules = AS_DLT) -> None:
        self._resource = resource
        self._rules = rules
        self._shape = shape_of(resource)
        self._memory = EMPTY_MEMORY
        self._lock = Lock()

    def observe(self, pages: Sequence[RecordPage]) -> Observation:
        """All tables of the pages' records, with no type decided. Raises nothing: what is no record is `invalid`."""
        pages = tuple(pages)
        records = Records.chained([Records.of(page.records) for page in pages])
        if not records:
            return Observation(self._resource, pages, (), rules=self._rules)
        fast = self._fast(records)
        if fast is not None and not (fast.losses and self._rules.strict):
            observation = Observation(self._resource, pages, fast.tables, losses=fast.losses, rules=self._rules)
        else:
            taken = row_lane.take(records, self._shape, strict=self._rules.strict)
            observation = Observation(
                self._resource, pages, taken.tables, taken.invalid, taken.record_of_row, taken.losses, self._rules
            )
        _warm(observation)
        return observation

    def _fast(self, records: Records) -> Read | None:
        """The batch by way of Arrow, None if the row lane must take the batch."""
        for _ in range(2):
            try:
                found = arrow_lane.read(records, self._shape, self._memory)
            except Changed:
                if not self._survey(records):
                    return None
            except NotPlain:
                return None
            else:
                self._learn(found.memory)
                return found
        return None

    def _survey(self, records: Sequence[bytes]) -> bool:
        """Look for keys whose values change kind, in Python; true if that brings any new ones."""
        try:
            mixed = kinds_of(parse(record) for record in records)
        except Unreadable:
            return False
        splits = {key: cast("frozenset[Part]", frozenset(parts)) for key, parts in mixed.items() if can_split(key)}
        return self._learn(Memory(EMPTY_MEMORY.texts, splits))

    def _learn(self, learnt: Memory) -> bool:
        """Remember; true if there was anything new."""
        if learnt is self._memory:
            return False
        with self._lock:
            before, self._memory = self._memory, merge_memory(self._memory, learnt)
            return before.splits != self._memory.splits


def _warm(observation: Observation) -> None:
    """Read the texts of likely timestamp columns now, side by side with other batches, not later in the fold."""
    for table in observation.tables:
        for column in table.columns.values():
            texts = column.parts.get("text")
            if texts is not None and is_timestamp(texts[first_valid(texts)].as_py()):
                coerce.cast(column, "text", "timestamp")
