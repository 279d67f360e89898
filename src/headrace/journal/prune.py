"""Which runs a journal may forget, and how their segments go."""

from __future__ import annotations

from pathlib import Path

from headrace.journal import segment
from headrace.journal.catalogue import Catalogue
from headrace.journal.layout import Pruned
from headrace.journal.rows import RunRow


def prunable(runs: list[RunRow], *, keep_runs: int | None, before: float | None) -> list[str]:
    """Ids of the runs to remove, the oldest first: never an unfinished one, nor the `keep_runs` newest that are over.

    `before` (seconds since the epoch) takes only what was over by then. With both, a run must pass both; with
    neither, none does.
    """
    if keep_runs is None and before is None:
        return []
    over = [row for row in runs if row.state != "unfinished"]
    old = over[: max(0, len(over) - keep_runs)] if keep_runs is not None else over
    return [row.run.run_id for row in old if before is None or _over_at(row) < before]


def forget(folder: Path, catalogue: Catalogue, runs: list[str]) -> Pruned:
    """Remove whole segments, run by run."""
    count = stored_bytes = 0
    for run_id in runs:
        for number in catalogue.forget(run_id):  # the lowest first: what begins the run goes before its end
            stored_bytes += segment.size_of(folder, number)
            count += 1
            segment.path_of(folder, number).unlink(missing_ok=True)
        segment.sync_folder(folder)
    return Pruned(tuple(runs), count, stored_bytes)


def _over_at(row: RunRow) -> float:
    return row.run.started_at if row.over_at is None else row.over_at
