"""headrace loads REST APIs into a warehouse from the declarative configuration that you already have.

    import headrace

    report = headrace.load("vitally.md", to="duckdb:///vitally.duckdb", base_url="https://acme.rest.vitally.io/resources")
    assert report.status == "complete"

What is offered here is all that there is to rely on. Rooms are loaded when they are first needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from headrace.errors import (
    BodyRejected,
    ConfigError,
    ForeignOrigin,
    HeadraceError,
    Interrupted,
    JournalBusy,
    JournalError,
    RequestRefused,
    RetriesSpent,
    SinkError,
    SourceError,
    WalkStuck,
)

if TYPE_CHECKING:
    from headrace.model.plan import Plan
    from headrace.report.collect import RunReport
    from headrace.run.api import fetch, load, read_plan, replay
    from headrace.sinks.base import Sink

__all__ = [
    "BodyRejected",
    "ConfigError",
    "ForeignOrigin",
    "HeadraceError",
    "Interrupted",
    "JournalBusy",
    "JournalError",
    "Plan",
    "RequestRefused",
    "RetriesSpent",
    "RunReport",
    "Sink",
    "SinkError",
    "SourceError",
    "WalkStuck",
    "fetch",
    "load",
    "read_plan",
    "replay",
]

_HOMES = {
    "Plan": "headrace.model.plan",
    "RunReport": "headrace.report.collect",
    "Sink": "headrace.sinks.base",
    "fetch": "headrace.run.api",
    "load": "headrace.run.api",
    "read_plan": "headrace.run.api",
    "replay": "headrace.run.api",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 (PEP 562)
    """Load a name of the public API when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'headrace' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """With the names that are not loaded yet: a prompt completes them too."""
    return sorted({*globals(), *__all__})
