"""The messages of the reader, as its golden files: a changed word is seen."""

from __future__ import annotations

import pytest

from .golden import EXAMPLES, FOLDER, told_of


@pytest.mark.parametrize("code", EXAMPLES)
def test_a_finding_reads_as_its_golden_file(code: str) -> None:
    written = (FOLDER / f"{code}.txt").read_text(encoding="utf-8")
    assert told_of(code) == written, "write them anew with `python -m tests.spec.golden`, and read what has changed"


def test_no_golden_file_is_of_a_finding_that_is_no_more() -> None:
    assert {file.stem for file in FOLDER.glob("*.txt")} == set(EXAMPLES)


def test_at_least_forty_faults_have_a_golden_file() -> None:
    assert len(EXAMPLES) >= 40
