"""The table of rules: each row has an example that it is told of, and the page made from it is up to date."""

from __future__ import annotations

import string
import subprocess
import sys

import pytest

from headrace.spec.rules import RULES

from .documents import ROOT
from .golden import PAGE


@pytest.mark.parametrize("code", RULES)
def test_a_rule_is_told_of_its_example_with_its_severity_line_and_mend(code: str) -> None:
    fault = PAGE.found(code, PAGE.EXAMPLES[code])
    assert fault.severity == RULES[code].severity
    assert fault.line is not None
    assert fault.problem
    assert fault.fix
    assert "{}" not in fault.problem + fault.fix


@pytest.mark.parametrize("code", PAGE.REFUSED)
def test_a_refusal_is_told_of_its_example(code: str) -> None:
    fault = PAGE.found(code, PAGE.REFUSED[code])
    assert fault.severity == "error"
    assert fault.fix


def test_every_refusal_of_the_source_is_in_the_page() -> None:
    assert PAGE.raised() == set(PAGE.REFUSED)


def test_every_rule_is_in_the_page_and_no_other() -> None:
    assert set(PAGE.EXAMPLES) == set(RULES)


def test_the_page_is_as_make_docs_leaves_it() -> None:
    script = str(ROOT / "docs" / "diagnostics.py")
    checked = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_the_words_of_a_rule_are_format_strings() -> None:
    for rule in RULES.values():
        names = [
            name for words in (rule.problem, rule.mend) for _, name, _, _ in string.Formatter().parse(words) if name
        ]
        assert all(name.isidentifier() for name in names), rule.code


def test_what_is_settled_or_asked_is_no_more_than_a_note() -> None:
    assert all(rule.severity == "note" for rule in RULES.values() if rule.confidence in {"settled", "asked"})
