"""When a load says that it happened: the moment at which versions of rows close and open."""

from __future__ import annotations

import datetime as dt

from headrace.errors import SinkError
from headrace.model.strategy import Scd2


def moment_of(way: Scd2, load_id: str) -> dt.datetime:
    """The moment that is stated, or that of the load: its id is the time in seconds. Raises SinkError."""
    if way.boundary is not None:
        return dt.datetime.fromisoformat(way.boundary)
    try:
        return dt.datetime.fromtimestamp(float(load_id), dt.UTC)
    except (ValueError, OverflowError) as error:
        raise SinkError(
            f"the load {load_id!r} is not named after its time in seconds, so versions of rows have no moment to close"
            " at; state a `boundary_timestamp`"
        ) from error
