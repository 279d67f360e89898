"""Which warehouse a URL means, and that nothing is opened by naming it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headrace.errors import ConfigError
from headrace.sinks.duckdb import DuckDBSink
from headrace.sinks.memory import MemorySink
from headrace.sinks.open import open_sink


def test_three_slashes_are_relative_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sink = open_sink("duckdb:///rel.db", "d")
    sink.open("r", {})
    sink.close()
    assert (tmp_path / "rel.db").exists()


def test_four_slashes_are_absolute(tmp_path: Path) -> None:
    sink = open_sink(f"duckdb:///{tmp_path}/abs.db", "d")
    assert isinstance(sink, DuckDBSink)
    assert not (tmp_path / "abs.db").exists()
    sink.open("r", {})
    sink.close()
    assert (tmp_path / "abs.db").exists()


def test_memory_forgets() -> None:
    assert isinstance(open_sink("memory://", "d"), MemorySink)


@pytest.mark.parametrize(
    "url", ["postgres://localhost/db", "duckdb://x.db", "x.db", "", "duckdb:/x.db", "DUCKDB:///x.db"]
)
def test_any_other_url_is_refused_with_what_is_supported(url: str) -> None:
    with pytest.raises(ConfigError, match=r"not supported: give duckdb:///FILE .* or dlt:DESTINATION"):
        open_sink(url, "d")


@pytest.mark.parametrize("url", ["duckdb:///", "duckdb:////", "duckdb:///folder/", "duckdb:///:memory:"])
def test_a_url_that_names_no_file_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="names no file"):
        open_sink(url, "d")


def test_a_password_in_a_url_is_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        open_sink("postgres://me:hunter2@host/db", "d")
    assert "hunter2" not in str(caught.value)
    assert "postgres://" in str(caught.value)


def test_a_dataset_needs_a_name() -> None:
    with pytest.raises(ConfigError, match="--dataset"):
        open_sink("memory://", "")


def test_the_driver_is_imported_with_the_first_connection_only() -> None:
    code = (
        "import sys; from headrace.sinks.open import open_sink; open_sink('duckdb:///x.db', 'd');"
        " sys.exit(any(name in sys.modules for name in ('duckdb', 'pyarrow', '_duckdb')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
