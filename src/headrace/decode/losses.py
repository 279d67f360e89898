"""The ways in which a value can change between a record and its column, and the sentences that say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

_PLACES_SHOWN = 2
IN_JOURNAL = ", and the journal keeps what was sent"
"""Of a run, which has one."""


class Loss(Enum):
    """A way to lose something: what was there, and what becomes of it."""

    NAMES = "two keys of one record lead to this column", "the last one stands, as in dlt"
    RESERVED = "a field has the name of a column that every table has", "the column's own value stands, as in dlt"
    REPEATED = "a key stands twice in one object", "the last one stands, as in dlt"
    UNICODE = "a text is not valid Unicode", "U+FFFD stands for what cannot be read"
    INFINITE = "a number is beyond the range of a double", "it becomes null, as in dlt"
    TRUTH = "a number other than 0 and 1 meets a bool column", "it becomes true, as in dlt"
    DIGITS = "an integer has more digits than a double column holds", "it is rounded, as in dlt"
    PLACES = "a number has more digits than its decimal column holds", "it is rounded"
    MOMENT = "a moment has more than six digits after the second", "the others are cut off, as in dlt"
    DISCARDED_VALUE = "the schema contract does not take a value", "it is discarded, as the contract says"
    DISCARDED_ROW = "the schema contract does not take a row of this table", "it is discarded, as the contract says"

    def __init__(self, what: str, outcome: str) -> None:
        self.what = what
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Lost:
    """A loss at one place: a table, or a column of it."""

    where: str
    loss: Loss

    @property
    def notice(self) -> str:
        """The sentence for the report; how often it happened is put behind it."""
        return f"{self.where}: {self.loss.what}; {self.loss.outcome}{IN_JOURNAL}"

    @property
    def reason(self) -> str:
        """The sentence for a reject."""
        return f"{self.where}: {self.loss.what}, which --strict refuses; without it {self.loss.outcome}"


def summed(counts: Mapping[str, int]) -> list[str]:
    """The sentences for a report, from counts by notice: one for each kind of loss, with the places where it was."""
    kinds: dict[str, list[tuple[str, int]]] = {}
    for notice, count in counts.items():
        where, _, what = notice.partition(": ")
        kinds.setdefault(what, []).append((where, count))
    return [_sentence(what, places) for what, places in kinds.items()]


def _sentence(what: str, places: list[tuple[str, int]]) -> str:
    places = sorted(places, key=lambda place: -place[1])
    where = ", ".join(name for name, _ in places[:_PLACES_SHOWN])
    more = f" and {len(places) - _PLACES_SHOWN} more" if len(places) > _PLACES_SHOWN else ""
    total = sum(count for _, count in places)
    return f"{where}{more}: {what}" + (f" ({total:,} times)" if total > 1 else "")


Losses: TypeAlias = dict[Lost, int]


def add(losses: Losses, lost: Lost, count: int = 1) -> None:
    """Count one more, or several."""
    losses[lost] = losses.get(lost, 0) + count
