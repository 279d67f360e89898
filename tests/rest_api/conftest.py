"""An API for each test, and a world in which dlt finds no settings but its own defaults."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rest_api.serving import Api, serving

pytest.importorskip("dlt", reason="the dlt extra is not installed")


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def bare_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    logging.getLogger("dlt").setLevel(logging.CRITICAL)
