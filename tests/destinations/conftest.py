"""An API for each test, one PostgreSQL server for all, and a dlt that finds no settings but those given here."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("dlt", reason="the dlt extra is not installed")

from tests.destinations.places import Place, place, postgres
from tests.rest_api.serving import Api, serving


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(autouse=True)
def bare_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    logging.getLogger("dlt").setLevel(logging.CRITICAL)


@pytest.fixture
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The destination that the test asks for by name."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    found = place(request.param, tmp_path / "place", url)
    for name, value in found.settings.items():
        monkeypatch.setenv(name, value)
    return found
