"""The documents are as `make docs` leaves them, the README is short, and the example is the connector."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_figures_and_links_are_as_make_docs_leaves_them() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "build.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_the_readme_is_short_and_begins_with_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 200
    assert [line.split("#")[0].strip() for line in lines[3:5]] == ["make demo", "make test"]


def test_the_example_is_the_connector() -> None:
    example = (ROOT / "examples" / "vitally.md").read_bytes()
    assert example == (ROOT / "src" / "headrace" / "connectors" / "vitally.md").read_bytes()
