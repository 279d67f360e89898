from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.workplace import Emulate, Workplace, emulated


@pytest.fixture
def emulate() -> Emulate:
    return emulated


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)
