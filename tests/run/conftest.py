from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run.room import Room, furnished


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with furnished(tmp_path) as room:
        yield room
