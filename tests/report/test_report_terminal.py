"""What a person reads at the end: golden reports, and the sentences in them."""

from __future__ import annotations

import io
import os
from pathlib import Path

import msgspec
import pytest

from headrace.report.collect import Failure, Notice, Proof, ResourceReport, RunReport
from headrace.report.layout import ASCII_MARKS, Marks, Stage, ansi, bare
from headrace.report.sentences import happened
from headrace.report.terminal import Setting, lines, print_report

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
NULL = Proof(complete=True, why="`next` was null")
SETTING = Setting(
    name="examples/vitally.md",
    destination="duckdb:///vitally.duckdb",
    dataset="vitally_data",
    journal=".headrace/vitally",
    again="headrace run examples/vitally.md",
)
GOOD = RunReport(
    run_id="20261124T041200Z-ab12cd",
    status="complete",
    resources={
        "accounts": ResourceReport(
            pages=180,
            records=18_000,
            rows={"accounts": 18_000, "accounts__traits": 41_000},
            bytes=18_200_000,
            requests=183,
            retries=3,
            retried={"429": 1, "reset": 2},
            throttled_s=2.4,
            proof=NULL,
            stopped="end",
            hides=("churned accounts are not listed unless `status` asks for them.",),
        ),
        "users": ResourceReport(
            pages=200,
            records=20_000,
            rows={"users": 20_000},
            duplicates=12,
            bytes=20_000_000,
            requests=200,
            proof=NULL,
            stopped="end",
        ),
    },
    requests=383,
    http_429=1,
    wall_s=12.34,
    cpu_s=9.8,
    peak_rss_mb=210.4,
    load_id="1795493520.1",
    notices=(
        Notice("the value at `next` goes into `from`", resource="accounts"),
        Notice("the value at `next` goes into `from`", resource="users"),
        Notice("a key came twice", severity="warning", resource="users", count=40),
    ),
    budget="RateLimit-Reset triple",
)
BAD = RunReport(
    run_id="20261124T041200Z-ab12cd",
    status="failed",
    resources={
        "accounts": ResourceReport(
            pages=18, records=1_800, resumed_pages=7, proof=Proof(complete=False, why="401"), stopped="error"
        ),
        "notes": ResourceReport(
            pages=3, records=300, rejects=2, proof=Proof(complete=False, why="--limit-pages 3"), stopped="limit"
        ),
        "users": ResourceReport(proof=Proof(complete=False, why=""), stopped="interrupted"),
    },
    wall_s=1.0,
    errors=(Failure("source", "GET /accounts: 401 Unauthorized: mend the secret secret_token", "accounts", 401),),
    resumed=True,
)


def golden(name: str, text: str) -> None:
    """Compare with the golden file; HEADRACE_GOLDEN=write makes it anew."""
    path = GOLDEN / name
    if os.environ.get("HEADRACE_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(("name", "report"), [("good", GOOD), ("bad", BAD)])
def test_a_report_reads_as_its_golden_file(name: str, report: RunReport, width: int) -> None:
    text = "\n".join(lines(report, SETTING, Stage(width, bare, Marks())))
    golden(f"report_{name}_{width}.txt", text + "\n")


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("report", [GOOD, BAD])
def test_only_a_command_is_wider_than_the_terminal(report: RunReport, width: int) -> None:
    commands = ("    headrace run", "    python -c")
    for line in lines(report, SETTING, Stage(width, bare, Marks())):
        assert len(line) <= max(width, 76) or line.startswith(commands)


def test_colour_changes_no_word() -> None:
    plain = lines(GOOD, SETTING, Stage(80, bare, Marks()))
    coloured = "\n".join(lines(GOOD, SETTING, Stage(80, ansi, Marks())))
    for code in ("0", "1", "2", "32", "33", "36", "31;1"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured.split("\n") == plain


def test_a_pipe_gets_no_escape_codes() -> None:
    stream = io.StringIO()
    print_report(GOOD, SETTING, stream=stream, environ={"TERM": "xterm"})
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().startswith("✓ examples/vitally.md → duckdb:///vitally.duckdb  complete\n")


def test_a_terminal_of_ascii_gets_only_ascii_marks() -> None:
    text = "\n".join(lines(BAD, SETTING, Stage(80, bare, ASCII_MARKS)))
    assert text.isascii()


def said(report: RunReport) -> str:
    return "\n".join(f"{tone}: {words}" for tone, words in happened(report))


def test_errors_come_first() -> None:
    assert said(BAD).startswith("bad: accounts: GET /accounts: 401 Unauthorized")


def test_an_unproven_walk_is_said_to_be_one() -> None:
    assert "warn: notes: nothing proves that this is all of it (--limit-pages 3)." in said(BAD)


def test_a_failed_walk_is_not_also_called_unproven() -> None:
    assert "accounts: nothing proves" not in said(BAD)


def test_rejects_are_told_with_where_they_lie() -> None:
    assert "warn: notes: 2 records fit no table; they are in `_headrace_rejects`, with the reason." in said(BAD)


def test_faults_that_were_ridden_out_are_counted_by_reason() -> None:
    assert "Faults on the way: 2 × a connection reset and 1 × 429 (too many requests); each was asked again" in said(
        GOOD
    )


def test_with_errors_nobody_claims_that_nothing_is_missing() -> None:
    report = msgspec.structs.replace(GOOD, errors=BAD.errors, status="failed")
    assert "nothing is missing" not in said(report)


def test_the_pace_that_the_api_set_is_told() -> None:
    assert (
        "The API's limit (RateLimit-Reset triple) set the pace of accounts: requests waited for it, and 1 was"
        in said(GOOD)
    )


def test_an_even_run_says_that_it_was_even() -> None:
    users = {"users": GOOD.resources["users"]}
    report = msgspec.structs.replace(GOOD, resources=users, notices=())
    assert "Every walk was followed to its own end, and no request had to be asked again." in said(report)


def test_an_equal_notice_of_several_resources_is_told_once() -> None:
    text = said(GOOD)
    assert text.count("goes into `from`") == 1
    assert "none: accounts and users: the value at `next` goes into `from`" in text
    assert "warn: users: a key came twice (40 times)" in text


def test_very_many_notices_are_counted() -> None:
    report = msgspec.structs.replace(GOOD, notices=tuple(Notice(f"oddity {number}") for number in range(40)))
    assert "… and 28 more notices; --format json has them all." in said(report)


def test_a_notice_of_very_many_resources_names_a_few() -> None:
    report = msgspec.structs.replace(GOOD, notices=tuple(Notice("odd", resource=f"r{number}") for number in range(9)))
    assert "none: r0, r1 and 7 more: odd" in said(report)


def text_of(report: RunReport, setting: Setting = SETTING) -> str:
    return "\n".join(lines(report, setting, Stage(120, bare, Marks())))


def test_a_failed_run_says_how_to_go_on() -> None:
    assert "What next\n  Go on where it stopped" in text_of(BAD)
    assert "    headrace run examples/vitally.md" in text_of(BAD)


def test_a_run_that_never_began_offers_no_resume() -> None:
    assert "What next" not in text_of(RunReport.refused(Failure("config", "no")))


def test_a_complete_run_says_how_to_look_at_the_largest_root_table() -> None:
    assert "connect('vitally.duckdb').sql('FROM vitally_data.users LIMIT 5')" in text_of(GOOD)


def test_an_absolute_warehouse_keeps_its_path() -> None:
    setting = msgspec.structs.replace(SETTING, destination="duckdb:////data/v.duckdb")
    assert "connect('/data/v.duckdb')" in text_of(GOOD, setting)


def test_another_warehouse_gets_no_duckdb_snippet() -> None:
    assert "import duckdb" not in text_of(GOOD, msgspec.structs.replace(SETTING, destination="dlt:postgres"))


def test_a_fetch_points_to_the_replay() -> None:
    setting = msgspec.structs.replace(SETTING, mode="fetch", again="headrace replay examples/vitally.md")
    text = text_of(GOOD, setting)
    assert text.startswith("✓ examples/vitally.md → .headrace/vitally  complete")
    assert "Load what was fetched; no request is sent:\n    headrace replay" in text


def test_many_child_tables_are_summed_up_by_size() -> None:
    rows = {"accounts": 10} | {f"accounts__c{number:02d}": number for number in range(30)}
    report = msgspec.structs.replace(
        GOOD, resources={"accounts": msgspec.structs.replace(GOOD.resources["users"], rows=rows)}
    )
    text = text_of(report)
    assert "accounts__c29" in text
    assert "accounts__c05" not in text
    assert "… 17 more child tables" in text


def test_a_resumed_run_claims_no_speed() -> None:
    assert "records/s" in text_of(GOOD)
    assert "records/s" not in text_of(msgspec.structs.replace(GOOD, resumed=True))
