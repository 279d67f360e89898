from __future__ import annotations

import os
from collections.abc import Iterator
from unittest import mock

import pytest


@pytest.fixture(autouse=True)
def quiet_dlt() -> Iterator[None]:
    """dlt tells nobody of these runs, and logs nothing of the failures that they are about."""
    with mock.patch.dict(os.environ, {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}):
        yield
