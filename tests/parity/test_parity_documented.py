"""Every difference that the documentation lists names the test that shows it, and that test exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8").splitlines()
NAMED = sorted({name for line in LINES for name in re.findall(r"`(tests/\S+?::\w+)`", line)})


@pytest.mark.parametrize("name", NAMED)
def test_a_named_test_exists(name: str) -> None:
    path, _, function = name.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_line_of_a_table_names_its_test() -> None:
    rows = [line for line in LINES if line.startswith("|") and not line.startswith(("|---", "| What"))]
    assert len(rows) > 30
    assert [row for row in rows if not re.search(r"`tests/\S+?::test_\w+`", row)] == []


def test_every_difference_that_is_tried_against_dlt_is_listed() -> None:
    path = "tests/parity/test_parity_differences.py"
    defined = re.findall(r"^def (test_\w+)", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    assert defined
    assert {f"{path}::{name}" for name in defined} <= set(NAMED)
