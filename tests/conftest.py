"""Property tests draw the same examples each time, so that a run can be repeated; HEADRACE_EXPLORE=1 draws new ones."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
if not os.environ.get("HEADRACE_EXPLORE"):
    settings.load_profile("repeatable")
