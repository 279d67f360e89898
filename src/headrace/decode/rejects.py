"""Which records become no row, and the one sentence that says why; all rows of such a record go with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from headrace.decode.infer import Misfit
from headrace.decode.observed import Observation, ObservedTable
from headrace.model.table import Reject


def root_rows_of(misfits: Sequence[tuple[ObservedTable, Misfit]]) -> dict[int, str]:
    """The root rows that the misfits belong to, each with its first reason."""
    found: dict[int, str] = {}
    for table, misfit in misfits:
        rows = table.root_rows.filter(misfit.rows)
        for row in pc.unique(rows).to_pylist():
            found.setdefault(row, misfit.reason)
    return found


def keep_mask(rows: int, rejected: Mapping[int, str]) -> pa.Array | None:
    """A mask over the root rows, true where the row stays; None if all stay."""
    if not rejected:
        return None
    keep = [True] * rows
    for row in rejected:
        keep[row] = False
    return pa.array(keep, pa.bool_())


def rejects(observation: Observation, table: str, rejected: Mapping[int, str]) -> tuple[Reject, ...]:
    """All rejects of the batch, in order of the records: the unreadable ones, and those that fit no column."""
    reasons = {invalid.record: invalid.reason for invalid in observation.invalid}
    reasons |= {observation.record(row): reason for row, reason in rejected.items()}
    return tuple(_reject(observation, table, record, reasons[record]) for record in sorted(reasons))


def _reject(observation: Observation, table: str, record: int, reason: str) -> Reject:
    page, number = observation.locate(record)
    walk = page.walk or observation.resource.name
    place = number if page.numbers is None else page.numbers[number]
    return Reject(table, walk, page.number, place, reason, page.records[number])
