"""Property tests draw the same examples each time, so that a run can be repeated; HEADRACE_EXPLORE=1 draws new ones."""

from __future__ import annotations

import os

from hypothesis import settings

# No example is timed: a machine that is busy makes none of them wrong.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("explore" if os.environ.get("HEADRACE_EXPLORE") else "repeatable")
