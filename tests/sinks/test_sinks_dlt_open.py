"""Which destination of dlt a URL means, and what is refused before anything is fetched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("dlt", reason="the dlt extra is not installed")

from headrace.errors import ConfigError
from headrace.sinks.open import open_sink

from .through_dlt import settings


@pytest.fixture(autouse=True)
def bare_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in settings(tmp_path).items():
        monkeypatch.setenv(name, value)


def test_naming_a_destination_makes_nothing(tmp_path: Path) -> None:
    open_sink("dlt:duckdb", "d").close()
    assert list(tmp_path.iterdir()) == []


def test_a_named_destination_of_dlts_settings_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DESTINATION__LAKE__DESTINATION_TYPE", "filesystem")
    monkeypatch.setenv("DESTINATION__LAKE__BUCKET_URL", str(tmp_path / "lake"))
    open_sink("dlt:lake?table_format=delta", "d").close()


def test_settings_that_are_missing_are_named() -> None:
    with pytest.raises(ConfigError, match=r"dlt:postgres lacks its settings 'credentials': .*\.dlt/secrets\.toml"):
        open_sink("dlt:postgres", "d")


def test_a_destination_that_dlt_does_not_know_is_refused() -> None:
    with pytest.raises(ConfigError, match="dlt has no destination 'postgress'"):
        open_sink("dlt:postgress", "d")


@pytest.mark.parametrize("query", ["?table_format=csv", "?format=delta", "?delta"])
def test_a_setting_that_is_none_is_refused(query: str) -> None:
    with pytest.raises(ConfigError, match="there may be table_format=delta or =iceberg"):
        open_sink(f"dlt:filesystem{query}", "d")


def test_without_dlt_its_extra_is_named() -> None:
    code = "import sys; sys.modules['dlt'] = None; from headrace.sinks.open import open_sink; open_sink('dlt:x', 'd')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ConfigError: the destination 'dlt:x' needs dlt" in ran.stderr
    assert "pip install 'headrace[dlt]'" in ran.stderr
