"""What the end of a child resource says of its parent, as `run.fan` words it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from headrace.report.collect import ResourceReport

_CUT = re.compile(r"its parent `(.+)` was not walked to its end")
_NO_ROW = re.compile(r"all 0 walks\b")


def parent_failed(child: ResourceReport, resources: Mapping[str, ResourceReport]) -> bool:
    """Whether nothing of it was asked for because its parent, or that one's own, failed."""
    found = _CUT.match(child.proof.why)
    if found is None or child.stopped != "early" or child.pages or child.requests:
        return False
    parent = resources.get(found[1])
    return parent is not None and (parent.stopped == "error" or parent_failed(parent, resources))


def had_no_row(child: ResourceReport) -> bool:
    """Whether its parent gave it nothing to ask for."""
    return child.proof.complete and _NO_ROW.match(child.proof.why) is not None
