from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .making import InDuckDB, InMemory, World


@pytest.fixture(params=["memory", "duckdb"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """One contract, every sink."""
    here = World(InMemory() if request.param == "memory" else InDuckDB(tmp_path / "w.duckdb"))
    yield here
    here.sink.close()


@pytest.fixture
def file(tmp_path: Path) -> InDuckDB:
    return InDuckDB(tmp_path / "w.duckdb")


@pytest.fixture
def duck(file: InDuckDB) -> Iterator[World]:
    """DuckDB alone, for what only a database has."""
    here = World(file)
    yield here
    here.sink.close()
