"""What a person reads at the end: golden reports, and the sentences in them."""

from __future__ import annotations

import io
import os
from pathlib import Path

import msgspec
import pytest

from headrace.report.collect import Failure, Notice, Proof, RejectReason, ResourceReport, RunReport
from headrace.report.layout import ASCII_MARKS, Marks, Stage, ansi, bare, stage
from headrace.report.sentences import happened
from headrace.report.steps import Setting
from headrace.report.terminal import lines

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
            pages=18,
            records=1_800,
            resumed_pages=7,
            requests=12,
            proof=Proof(complete=False, why="401"),
            stopped="error",
        ),
        "notes": ResourceReport(
            pages=3,
            records=300,
            rejects=2,
            proof=Proof(complete=False, why="--limit-pages 3"),
            stopped="limit",
            reject_reasons=(RejectReason("notes.id must have a value and has none", 2, 1, 40),),
        ),
        "users": ResourceReport(proof=Proof(complete=False, why=""), stopped="interrupted"),
    },
    wall_s=1.0,
    errors=(
        Failure(
            "source",
            "GET /accounts: 401 Unauthorized: check secret_token",
            "accounts",
            401,
            mend="credentials",
            secrets=("secret_token",),
        ),
    ),
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
    text = "\n".join(lines(GOOD, SETTING, stage(io.StringIO(), {"TERM": "xterm"})))
    assert "\x1b" not in text
    assert text.startswith("✓ examples/vitally.md → duckdb:///vitally.duckdb  complete\n")


def test_a_terminal_of_ascii_gets_only_ascii_marks() -> None:
    text = "\n".join(lines(BAD, SETTING, Stage(80, bare, ASCII_MARKS)))
    assert text.isascii()


def said(report: RunReport, *pace: str) -> str:
    return "\n".join(f"{tone}: {words}" for tone, words in happened(report, pace))


def test_errors_come_first() -> None:
    assert said(BAD).startswith("bad: accounts: GET /accounts: 401 Unauthorized")


def test_an_unproven_walk_is_said_to_be_one() -> None:
    assert "warn: notes: nothing proves that this is all of it (--limit-pages 3)." in said(BAD)


def test_a_failed_walk_is_not_also_called_unproven() -> None:
    assert "accounts: nothing proves" not in said(BAD)


def test_rejects_are_told_with_reason_place_and_where_they_lie() -> None:
    assert (
        "warn: notes: 2 of 300 records are rejected: notes.id must have a value and has none (first: record 40 of "
        "page 1). `_headrace_rejects` holds what was sent, with the reason."
    ) in said(BAD)


def rejecting(rejects: int, *reasons: RejectReason) -> RunReport:
    notes = msgspec.structs.replace(BAD.resources["notes"], rejects=rejects, reject_reasons=reasons)
    return msgspec.structs.replace(BAD, resources={"notes": notes})


def test_a_resource_of_which_nothing_was_taken_says_so() -> None:
    assert "notes: all 300 records are rejected: no id (first" in said(rejecting(300, RejectReason("no id", 300, 0, 0)))


def test_several_reasons_are_counted_and_the_rarest_of_many_left_out() -> None:
    text = said(rejecting(10, *(RejectReason(f"reason {n}", 4 - n, 0, n) for n in range(4))))
    assert "10 of 300 records are rejected: 4 × reason 0 (first: record 0 of page 0), 3 × reason 1" in text
    assert "and 2 more. `_headrace_rejects`" in text
    assert "reason 3" not in text


def test_rejects_without_a_known_reason_are_still_told() -> None:
    assert "notes: 1 of 300 records is rejected. `_headrace_rejects` holds" in said(rejecting(1))


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


@pytest.mark.parametrize(
    ("budget", "refused", "pace", "words"),
    [
        ("", 0, ("--rate 5/1",), "--rate 5/1 set the pace of accounts: requests waited for it, and none was refused."),
        ("", 0, ("--rate 5/1", "--max-concurrency 2"), "--rate 5/1 and --max-concurrency 2 set the pace of"),
        (
            "RateLimit",
            0,
            ("--rate 5/1",),
            "--rate 5/1, or the API's limit (RateLimit) where that is lower, set the pace",
        ),
        ("", 2, ("--rate 5/1",), "--rate 5/1, or the API's limit where that is lower, set the pace"),
        ("", 2, (), "The API's limit set the pace of accounts: requests waited for it, and 2 were refused."),
        ("", 0, (), "The limits of this run set the pace of accounts"),
    ],
)
def test_a_flag_that_sets_the_pace_is_named(budget: str, refused: int, pace: tuple[str, ...], words: str) -> None:
    assert words in said(msgspec.structs.replace(GOOD, budget=budget, http_429=refused), *pace)


def test_an_even_run_says_that_it_was_even() -> None:
    users = {"users": GOOD.resources["users"]}
    report = msgspec.structs.replace(GOOD, resources=users, notices=())
    assert "Every walk was followed to its own end, and no request had to be asked again." in said(report)


def test_an_equal_notice_of_several_resources_is_told_once() -> None:
    text = said(GOOD)
    assert text.count("goes into `from`") == 1
    assert "none: accounts and users: the value at `next` goes into `from`" in text
    assert "warn: users: a key came twice (40 times)" in text


def test_notices_that_differ_only_in_their_places_are_told_once() -> None:
    notices = (
        Notice("a.x, a.y and 3 more: beside the column, as in dlt (7 times)", severity="warning", resource="accounts"),
        Notice("b.x: beside the column, as in dlt", severity="warning", resource="users"),
        Notice("b.x: rounded", severity="warning", resource="users"),
    )
    text = said(msgspec.structs.replace(GOOD, notices=notices))
    first = "warn: accounts: a.x, a.y and 3 more: beside the column, as in dlt (7 times); the like in users\n"
    assert first in text
    assert text.count("beside the column") == 1
    assert "warn: users: b.x: rounded" in text


def test_what_happened_is_told_worst_first() -> None:
    tones = [tone for tone, _ in happened(msgspec.structs.replace(BAD, notices=GOOD.notices))]
    assert tones == sorted(tones, key=["bad", "warn", "none"].index)
    assert len(set(tones)) == 3


def test_very_many_notices_are_counted() -> None:
    report = msgspec.structs.replace(GOOD, notices=tuple(Notice(f"oddity {number}") for number in range(40)))
    assert "… and 28 more notices; --format json has them all." in said(report)


def test_a_notice_of_very_many_resources_names_a_few() -> None:
    report = msgspec.structs.replace(GOOD, notices=tuple(Notice("odd", resource=f"r{number}") for number in range(9)))
    assert "none: r0, r1 and 7 more: odd" in said(report)


def text_of(report: RunReport, setting: Setting = SETTING) -> str:
    return "\n".join(lines(report, setting, Stage(120, bare, Marks())))


def test_a_failed_run_says_what_to_mend_and_how_to_go_on() -> None:
    assert "What next\n  Mend the credentials: secret_token.\n  Then go on where it stopped" in text_of(BAD)
    assert "    headrace run examples/vitally.md" in text_of(BAD)


def nothing_came(*errors: Failure, requests: int = 1) -> RunReport:
    """A run whose six resources all failed before their first page."""
    empty = ResourceReport(requests=requests, stopped="error", hides=("churned accounts are not listed.",))
    return RunReport("r1", "failed", resources={f"r{n}": empty for n in range(6)}, errors=errors)


REFUSED = tuple(
    Failure(
        "source", f"GET http://h/r{n} was refused with 401", f"r{n}", 401, f"http://h/r{n}", "credentials", ("token",)
    )
    for n in range(6)
)


def test_where_nothing_was_fetched_nothing_is_said_to_be_kept() -> None:
    text = text_of(nothing_came(*REFUSED))
    assert "failed; nothing was fetched or loaded" in text
    assert "failed, nothing fetched" in text
    assert "Then run it again:" in text
    for claim in ("is kept", "where it stopped", "page that is in the journal", "churned", "records/s"):
        assert claim not in text


def test_one_cause_of_several_resources_is_told_once() -> None:
    text = said(nothing_came(*REFUSED))
    assert text == "bad: r0, r1, r2, r3, r4 and r5: GET http://h/r0 (and 5 more like it) was refused with 401"


def test_two_causes_stay_two() -> None:
    other = msgspec.structs.replace(REFUSED[0], message="GET http://h/r0 was refused with 403", status=403)
    assert said(nothing_came(other, *REFUSED[1:])).count("bad: ") == 2


def test_a_warehouse_that_cannot_be_opened_begins_nothing() -> None:
    report = nothing_came(Failure("sink", "the warehouse 'x' is a folder: name a file", mend="warehouse"), requests=0)
    text = text_of(report)
    assert "the warehouse refused; nothing was fetched or loaded" in text
    assert text.count("not begun") == 6
    assert "Mend the warehouse, as said above, or name another with --to and --journal.\n  Then run it again:" in text


def test_pages_of_an_earlier_try_are_kept_though_this_one_never_began() -> None:
    kept = {"users": ResourceReport(pages=4, records=400, resumed_pages=4, stopped="error")}
    report = RunReport("r1", "failed", kept, errors=(Failure("sink", "locked", mend="warehouse"),), resumed=True)
    text = text_of(report)
    assert "the warehouse refused; what was fetched is kept" in text
    assert "not continued" in text
    assert "Mend the warehouse, as said above.\n  Then go on where it stopped" in text


def test_a_journal_that_cannot_be_written_is_not_called_a_warehouse() -> None:
    report = RunReport("r1", "failed", {"users": GOOD.resources["users"]}, errors=(Failure("journal", "disk full"),))
    assert "the disk of the journal refused; what was fetched is kept" in text_of(report)


def test_a_contract_that_is_broken_is_not_called_a_warehouse() -> None:
    broken = Failure("sink", "things.a is frozen", "users", mend="contract")
    report = RunReport("r1", "failed", {"users": GOOD.resources["users"]}, errors=(broken,))
    text = text_of(report)
    assert "a schema contract was broken; what was fetched is kept" in text
    assert "warehouse" not in text
    other = msgspec.structs.replace(report, errors=(broken, Failure("sink", "locked", mend="warehouse")))
    assert "the warehouse refused; what was fetched is kept" in text_of(other)


def test_a_run_that_begins_anew_promises_nothing() -> None:
    report = RunReport(
        "r1", "failed", {"users": BAD.resources["accounts"]}, errors=(Failure("interrupted", "stopped", mend="again"),)
    )
    text = text_of(report, msgspec.structs.replace(SETTING, again="headrace demo", anew=True))
    assert "  interrupted\n" in text
    assert "is kept" not in text
    assert "Begin anew; what this run fetched is not used again:\n    headrace demo" in text


def test_rejects_come_with_the_command_that_shows_them() -> None:
    report = msgspec.structs.replace(rejecting(2), status="complete", errors=(), load_id="1")
    assert "Look at the rejects:" in text_of(report)
    assert "FROM vitally_data._headrace_rejects LIMIT 5" in text_of(report)
    assert "Look at the rejects:" not in text_of(msgspec.structs.replace(report, load_id=""))
    assert "Look at the rejects:" not in text_of(GOOD)


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


@pytest.mark.parametrize(("wall_s", "records"), [(0.4, 38_000), (10.0, 99)])
def test_a_tiny_run_claims_no_speed(wall_s: float, records: int) -> None:
    users = msgspec.structs.replace(GOOD.resources["users"], records=records)
    report = msgspec.structs.replace(GOOD, wall_s=wall_s, resources={"users": users})
    assert "records/s" not in text_of(report)


def test_a_resumed_run_claims_no_speed() -> None:
    assert "records/s" in text_of(GOOD)
    assert "records/s" not in text_of(msgspec.structs.replace(GOOD, resumed=True))


@pytest.mark.parametrize(
    ("repeated", "tone", "words"),
    [
        (9, "none", "users: 9 records came more than once; the last read was kept."),
        (10, "warn", "users: 10 records of 100 gave way to a later one with the same key; if these are not the same"),
    ],
)
def test_many_records_of_one_key_are_a_doubt_of_the_key(repeated: int, tone: str, words: str) -> None:
    ended = ResourceReport(records=100, duplicates=repeated, proof=Proof(complete=True, why=""), stopped="end")
    found = next(said for said in happened(RunReport("r", "complete", {"users": ended})) if "users" in said[1])
    assert (found[0], found[1][: len(words)]) == (tone, words)
