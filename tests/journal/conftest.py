"""What the tests of this room share."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Syncs that do not wait for the disk: for tests of many examples, whose crashes are cuts of files anyway."""

    def pretend(fd: int) -> None:
        os.fstat(fd)

    monkeypatch.setattr(os, "fsync", pretend)
    monkeypatch.setattr(os, "fdatasync", pretend)
