"""An API for each test, one PostgreSQL server for all, and a dlt that finds no settings but those given here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("dlt", reason="the dlt extra is not installed")

from tests.destinations.places import Place, place, postgres
from tests.rest_api.conftest import api, bare_world  # noqa: F401 - the same fixtures


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The destination that the test asks for by name."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    found = place(request.param, tmp_path / "place", url)
    for name, value in found.settings.items():
        monkeypatch.setenv(name, value)
    return found
