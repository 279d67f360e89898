"""`headrace journal`: over a real journal in a folder of its own."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from headrace.cli.main import main
from headrace.cli.trace import RowId, row_id
from headrace.cli.world import World
from headrace.decode.rows import page_prefix
from headrace.errors import ConfigError
from headrace.journal.layout import Identity, RunRecord
from headrace.journal.write import open_journal
from headrace.model.page import Page
from headrace.model.position import Done, Start, Token

BODIES = (
    b'{"results": [{"id": 1}, {"id": 2, "name": "\xc3\xa9"}], "next": "c2"}',
    b'{"results": [{"id": 3}], "next": null}',
)


class Said:
    def __init__(self, *argv: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        self.code = main(("journal", *argv), World(environ={}, stdout=out, stderr=err, argv0="headrace"))
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def object(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.out)
        return decoded


def fill(folder: Path, *runs: str) -> str:
    """Runs of one walk with two pages, all finished; gives the journal's uid."""
    identity = Identity(folder.name, "duckdb:///v.duckdb", "v_data")
    with open_journal(folder, identity, clock=lambda: 1_700_000_100.0) as journal:
        for run_id in runs:
            journal.begin(RunRecord(run_id, 1_700_000_000.0, ("users",), folder.name))
            journal.begin_walk(run_id, "users", "fingerprint")
            for number, body in enumerate(BODIES):
                last = number == len(BODIES) - 1
                journal.append(
                    run_id,
                    Page(
                        walk="users",
                        number=number,
                        position=Start() if number == 0 else Token("c2"),
                        next=Done("`next` was null", proven=True) if last else Token("c2"),
                        body=body,
                        status=200,
                        headers={"content-type": "application/json"},
                        fetched_at=1_700_000_001.0,
                        records=2 - number,
                        records_digest=bytes([number]) * 16,
                        fingerprint="fingerprint",
                    ),
                )
            journal.finish(run_id, b"{}")
        return journal.uid


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_list_shows_every_journal_of_the_folder(home: Path) -> None:
    fill(home / ".headrace" / "vitally", "r1", "r2")
    fill(home / ".headrace" / "other", "r3")
    said = Said("list")
    assert said.code == 0
    assert ".headrace/vitally  vitally → duckdb:///v.duckdb (v_data)" in said.out
    row = next(line for line in said.out.splitlines() if line.startswith("  r2"))
    assert row.split()[:7] == ["r2", "2023-11-14", "22:13", "finished", "1/1", "2", "3"]
    assert "r3" in said.out


def test_list_as_json_is_one_object(home: Path) -> None:
    fill(home / ".headrace" / "vitally", "r1")
    (journal,) = Said("list", "--format", "json").object["journals"]
    assert journal["identity"] == {"pipeline": "vitally", "destination": "duckdb:///v.duckdb", "dataset": "v_data"}
    assert journal["runs"][0]["run"]["run_id"] == "r1"
    assert journal["runs"][0]["state"] == "finished"


@pytest.mark.parametrize("verb", [("list",), ("verify",), ("prune", "--keep-runs", "1"), ("show", "abcdefghijAAAA")])
def test_without_a_journal_each_verb_says_so(home: Path, verb: tuple[str, ...]) -> None:
    assert home.is_dir()
    for where in ((), ("--journal", "nowhere")):
        said = Said(*verb, *where)
        assert said.code == 2
        assert "There is no journal in" in said.err
        assert not Path("nowhere").exists()


def test_verify_of_a_sound_journal_exits_0(home: Path) -> None:
    fill(home / "j", "r1")
    said = Said("verify", "--journal", "j")
    assert said.code == 0
    assert "every byte is as it was written (2 pages" in said.out
    assert Said("verify", "--journal", "j", "--format", "json").object == {
        "sound": True,
        "journals": [{"journal": "j", "sound": True, "problems": []}],
    }


def test_a_torn_tail_that_a_run_has_cut_off_is_damage_no_more(home: Path) -> None:
    with open_journal(home / "j", Identity("vitally", "duckdb:///v.db", "d")) as journal:
        journal.begin(RunRecord("20260101T000000Z-aa1111", 1_764_000_000.0, ("users",), "vitally"))
        journal.begin_walk("20260101T000000Z-aa1111", "users", "f")
        for number in range(2):
            start = Start() if number == 0 else Token("1")
            page = Page("users", number, start, Token(str(number + 1)), b"{}" * 500, 200, {}, 1.0, 5, b"d" * 16, "f")
            journal.append("20260101T000000Z-aa1111", page)
    segment = next((home / "j").glob("seg-*"))
    segment.write_bytes(segment.read_bytes()[:-9])
    assert Said("verify", "--journal", "j").code == 1
    with open_journal(home / "j", None) as journal:
        assert journal.torn_bytes
        page = Page("users", 1, Token("1"), Done("end", proven=True), b"{}", 200, {}, 1.0, 5, b"e" * 16, "f")
        journal.append("20260101T000000Z-aa1111", page)
        journal.finish("20260101T000000Z-aa1111", b"{}")
    assert Said("verify", "--journal", "j").code == 0


def test_damage_is_told_until_its_run_is_forgotten_as_verify_says(home: Path) -> None:
    fill(home / "j", "20260101T000000Z-aa1111")
    segment = next((home / "j").glob("seg-*"))
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0xFF
    segment.write_bytes(data)
    assert "It is told here until its run is forgotten" in Said("verify", "--journal", "j").out
    fill(home / "j", "20260102T000000Z-bb2222")
    assert Said("verify", "--journal", "j").code == 1
    assert Said("prune", "--journal", "j", "--keep-runs", "1").code == 0
    assert Said("verify", "--journal", "j").code == 0


def test_verify_names_damage_and_exits_1(home: Path) -> None:
    fill(home / "j", "r1")
    segment = next(path for path in (home / "j").iterdir() if path.read_bytes().startswith(b"headrace journal"))
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0xFF
    segment.write_bytes(data)
    said = Said("verify", "--journal", "j")
    assert said.code == 1
    assert segment.name in said.out
    assert Said("verify", "--journal", "j", "--format", "json").object["sound"] is False


def test_show_finds_the_raw_record_behind_a_row(home: Path) -> None:
    uid = fill(home / ".headrace" / "vitally", "r1")
    said = Said("show", page_prefix(uid, "r1", "users", 0) + "AAAB")
    assert said.code == 0
    assert "record 1 of page 0 of users, run r1, journal .headrace/vitally" in said.out
    assert "fetched 2023-11-14 22:13:21 UTC, status 200, 2 records in the page" in said.out
    assert '"name": "é"' in said.out
    assert '"id": 1' not in said.out


def test_show_of_a_child_row_finds_its_root(home: Path) -> None:
    uid = fill(home / "j", "r1")
    said = Said("show", page_prefix(uid, "r1", "users", 1) + "AAAA.3.0", "--journal", "j")
    assert "record 0 of page 1 of users (child row 3.0)" in said.out


def test_show_as_json_holds_the_record_and_on_request_the_body(home: Path) -> None:
    uid = fill(home / "j", "r1")
    wanted = page_prefix(uid, "r1", "users", 0) + "AAAB"
    said = Said("show", wanted, "--journal", "j", "--format", "json").object
    assert said["record_json"] == {"id": 2, "name": "é"}
    assert (said["found"], said["page"], said["record"], said["body"]) == (True, 0, 1, None)
    whole = Said("show", wanted, "--journal", "j", "--format", "json", "--body").object
    assert json.loads(whole["body"]) == json.loads(BODIES[0])
    assert BODIES[0].decode() in Said("show", wanted, "--journal", "j", "--body").out


def test_show_of_a_row_that_no_page_gave_exits_1(home: Path) -> None:
    uid = fill(home / "j", "r1")
    for wanted in ("abcdefghijAAAA", page_prefix(uid, "r1", "users", 1) + "AAAB"):
        said = Said("show", wanted, "--journal", "j")
        assert said.code == 1
        assert "No page in j has given a row" in said.out
    assert Said("show", "abcdefghijAAAA", "--journal", "j", "--format", "json").object["found"] is False


def test_an_id_that_begins_with_a_hyphen_is_no_flag(home: Path) -> None:
    fill(home / "j", "r1")
    for argv in (("show", "-bcdefghijAAAA"), ("show", "--", "-bcdefghijAAAA")):
        said = Said("--journal", "j", *argv)
        assert (said.code, said.err) == (1, "")
        assert "has given a row -bcdefghijAAAA" in said.out


def test_prune_forgets_all_but_the_newest(home: Path) -> None:
    fill(home / "j", "r1", "r2", "r3")
    said = Said("prune", "--journal", "j", "--keep-runs", "1")
    assert said.code == 0
    assert "j: 2 runs forgotten" in said.out
    runs = Said("list", "--journal", "j", "--format", "json").object["journals"][0]["runs"]
    assert [run["run"]["run_id"] for run in runs] == ["r3"]


def test_prune_by_age_keeps_what_is_young(home: Path) -> None:
    fill(home / "j", "r1")
    said = Said("prune", "--journal", "j", "--older-than", "100000", "--format", "json")
    assert said.object["journals"][0]["pruned"]["runs"] == []
    said = Said("prune", "--journal", "j", "--older-than", "1", "--format", "json")
    assert said.object["journals"][0]["pruned"]["runs"] == ["r1"]


@pytest.mark.parametrize(
    "argv",
    [
        ("prune",),
        ("show",),
        ("list", "abcdefghijAAAA"),
        ("burn",),
        (),
        ("show", "short"),
        ("prune", "--keep-runs", "0"),
    ],
)
def test_a_wrong_use_is_one_sentence_and_exit_2(home: Path, argv: tuple[str, ...]) -> None:
    fill(home / ".headrace" / "j", "r1")
    said = Said(*argv)
    assert said.code == 2
    assert said.err.count("\n") == 1


def test_a_journal_that_a_run_holds_can_be_listed_but_not_pruned(home: Path) -> None:
    fill(home / "j", "r1")
    with open_journal(home / "j", None):
        assert Said("list", "--journal", "j").code == 0
        assert Said("verify", "--journal", "j").code == 0
        assert Said("prune", "--journal", "j", "--keep-runs", "1").code == 2


def test_an_id_is_taken_apart() -> None:
    assert row_id("abcdefghij_-AZ.3.17") == RowId("abcdefghij", 0xFFE019, (3, 17))
    assert row_id("abcdefghijAABA") == RowId("abcdefghij", 64, ())


@pytest.mark.parametrize("text", ["", "abcdefghijAAA", "abcdefghijAAAA.", "abcdefghijAAAA.x", "abcdefghij AAA"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no `_dlt_id` of headrace"):
        row_id(text)


def test_ids_number_records_as_the_tables_do() -> None:
    identity = pytest.importorskip("headrace.decode.identity", reason="decode makes the ids")
    from headrace.decode.rows import RecordPage

    ids = identity.root_ids([RecordPage(0, "abcdefghij", [b"{}"] * 5_000)]).to_pylist()
    assert [row_id(each).record for each in ids] == list(range(5_000))


@pytest.mark.parametrize(("columns", "timed"), [("80", False), ("120", True)])
def test_a_narrow_terminal_gets_a_list_that_fits(
    columns: str, timed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / ".headrace" / "vitally", "20261124T041200Z-ab12cd")
    out = io.StringIO()
    assert main(("journal", "list"), World(environ={"COLUMNS": columns}, stdout=out, argv0="headrace")) == 0
    assert ("begun (UTC)" in out.getvalue()) == timed
    assert max(map(len, out.getvalue().splitlines())) <= int(columns)
