"""Which headrace this is."""

from __future__ import annotations


def version() -> str:
    """The version as installed."""
    from importlib.metadata import PackageNotFoundError  # costs start-up, and few ask
    from importlib.metadata import version as installed

    try:
        return installed("headrace")
    except PackageNotFoundError:
        return "(not installed)"
