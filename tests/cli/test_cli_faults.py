"""Findings of a document, as a careful engineer would tell them."""

from __future__ import annotations

from headrace.cli.faults import fault_lines
from headrace.report.layout import ASCII_MARKS, Marks, Stage, bare
from headrace.spec.faults import Fault

SHOWN = Stage(60, bare, Marks())


def note(path: str, line: int | None) -> Fault:
    return Fault("paginator.limit", "note", path, line, "`limit` is no key of dlt's", "it is sent as `limit=100`")


def test_errors_come_before_warnings_and_notes() -> None:
    faults = [
        note("resources[0].x", 9),
        Fault("a", "warning", "client", 3, "odd", ""),
        Fault("b", "error", "resources", 1, "there are none", "add one"),
    ]
    assert [line for line in fault_lines(faults, SHOWN) if line and not line.startswith(" ")] == [
        "1 error · to mend before it can run",
        "1 warning · runs, but may not be what is meant",
        "1 note · how it was read",
    ]


def test_a_finding_has_line_place_problem_and_mend() -> None:
    fault = Fault("auth.type", "error", "client.auth.type", 12, "`basci` is no auth type", "did you mean `http_basic`?")
    assert fault_lines([fault], SHOWN)[2:] == [
        "  ✗ line 12, client.auth.type",
        "    `basci` is no auth type.",
        "    → Did you mean `http_basic`?",
    ]


def test_the_same_finding_at_several_places_is_told_once() -> None:
    faults = [note(f"resources[{number}].endpoint.paginator.limit", 10 * number) for number in (1, 2, 3)]
    told = fault_lines(faults, Stage(120, bare, Marks()))
    assert told[1:3] == [
        "3 notes · how it was read",
        "  · lines 10, 20 and 30, resources[1].endpoint.paginator.limit and 2 more like it",
    ]
    assert len(told) == 5


def test_two_problems_of_one_place_stay_two() -> None:
    faults = [Fault("a", "error", "x", 1, "one", ""), Fault("a", "error", "x", 1, "two", "")]
    assert sum("line 1, x" in line for line in fault_lines(faults, SHOWN)) == 2


def test_a_finding_without_a_place_begins_with_its_problem() -> None:
    assert fault_lines([Fault("empty", "error", "", None, "the document is empty", "")], SHOWN)[2:] == [
        "  ✗ The document is empty."
    ]


def test_long_words_wrap_under_themselves() -> None:
    fault = Fault("a", "error", "x", 1, "word " * 30, "mend " * 30)
    told = fault_lines([fault], SHOWN)
    assert all(len(line) <= 60 for line in told)
    assert all(line.startswith("    ") for line in told[3:])


def test_ascii_terminals_get_ascii() -> None:
    assert "\n".join(fault_lines([note("x", 1)], Stage(60, bare, ASCII_MARKS))).isascii()


def test_nothing_found_is_nothing_said() -> None:
    assert fault_lines([], SHOWN) == []
