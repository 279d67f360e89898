"""What the end of a child resource has to do with its parent."""

from __future__ import annotations

from collections.abc import Mapping

from headrace.report.collect import ResourceReport


def parent_failed(child: ResourceReport, resources: Mapping[str, ResourceReport]) -> bool:
    """Whether nothing of it was asked for because its parent, or that one's own, failed."""
    if not child.cut_by or child.pages or child.requests:
        return False
    parent = resources.get(child.cut_by)
    return parent is not None and (parent.stopped == "error" or parent_failed(parent, resources))


def had_no_row(child: ResourceReport) -> bool:
    """Whether its parent gave it nothing to ask for."""
    return child.proof.complete and child.parent_rows == 0
