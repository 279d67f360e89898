"""Which runs a journal may forget."""

from __future__ import annotations

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


def _over_at(row: RunRow) -> float:
    return row.run.started_at if row.over_at is None else row.over_at
