"""Every defect of the inventory has its line in docs/where-dlt-loses.md, and every test that a line names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "where-dlt-loses.md").read_text(encoding="utf-8")
LINES = {match[1]: match[0] for match in re.finditer(r"^\| (H\d+) \|.*$", PAGE, re.MULTILINE)}
CONTRACT = ROOT.parent / "shared" / "reference" / "dlt-contract.md"


def named(line: str) -> list[str]:
    return re.findall(r"`(tests/\S+?::test_\w+)`", line)


@pytest.mark.parametrize("defect", LINES)
def test_a_line_names_tests_that_are_there(defect: str) -> None:
    tests = named(LINES[defect])
    assert tests
    for name in tests:
        path, _, function = name.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name


def test_every_defect_has_a_line() -> None:
    assert list(LINES) == [f"H{number}" for number in range(1, 46)]
    if not CONTRACT.exists():
        pytest.skip(f"the inventory is not here ({CONTRACT})")
    assert list(LINES) == re.findall(r"^- (H\d+) ", CONTRACT.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_test_that_is_named_after_a_defect_is_on_its_line() -> None:
    for path in sorted((ROOT / "tests" / "parity" / "rest_api").glob("test_*.py")):
        for name, number in re.findall(r"^def (test_h(\d+)_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert f"{path.relative_to(ROOT).as_posix()}::{name}" in named(LINES[f"H{number}"]), name
