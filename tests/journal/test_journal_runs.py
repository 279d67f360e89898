"""Runs: at most one is unfinished, the marker ends it, and its report is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.errors import JournalError
from headrace.journal.layout import RunRecord
from headrace.journal.write import open_journal
from tests.journal.making import IDENTITY, begun, drop_index, fill, finished, last_report, page, run, segments


def test_a_new_journal_has_no_run(tmp_path: Path) -> None:
    with open_journal(tmp_path / "j", IDENTITY) as journal:
        assert journal.unfinished is None
        assert last_report(journal) is None
        assert journal.runs() == []
        assert list(journal.verify()) == []


def test_a_run_that_was_begun_is_unfinished_until_its_marker(tmp_path: Path) -> None:
    record = RunRecord("r1", 7.5, ("a", "b"), "plan", full_refresh=True, limit_pages=3)
    with open_journal(tmp_path, IDENTITY) as journal:
        journal.begin(record)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.unfinished == record
        journal.finish("r1", b"{}")
        assert journal.unfinished is None
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.unfinished is None


def test_a_second_run_cannot_begin_while_one_is_unfinished(tmp_path: Path) -> None:
    with begun(tmp_path) as journal, pytest.raises(JournalError, match=r"r1 was begun before.*--new"):
        journal.begin(run("r2"))


def test_a_run_id_is_used_once(tmp_path: Path) -> None:
    finished(tmp_path, "r1")
    with open_journal(tmp_path, IDENTITY) as journal, pytest.raises(JournalError, match="r1 was begun before"):
        journal.begin(run("r1"))


def test_an_abandoned_run_is_over_and_has_no_report(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        fill(journal, 2)
        journal.abandon("r1")
        assert journal.unfinished is None
        journal.begin(run("r2"))
        assert journal.walk("r2", "accounts") is None
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.unfinished == run("r2")
        assert journal.report("r1") is None
        assert [summary.state for summary in journal.runs()] == ["abandoned", "unfinished"]


@pytest.mark.parametrize("verb", ["finish", "abandon", "begin_walk", "append", "note_report"])
def test_nothing_is_written_for_a_run_that_is_not_unfinished(tmp_path: Path, verb: str) -> None:
    finished(tmp_path, "r1")
    before = segments(tmp_path)[-1].read_bytes()
    with open_journal(tmp_path, IDENTITY) as journal:
        calls: dict[str, Callable[[], object]] = {
            "finish": lambda: journal.finish("r1", b""),
            "abandon": lambda: journal.abandon("r1"),
            "begin_walk": lambda: journal.begin_walk("r1", "accounts", "f2"),
            "append": lambda: journal.append("r1", page(3)),
            "note_report": lambda: journal.note_report("r1", b""),
        }
        with pytest.raises(JournalError, match="r1 is not the unfinished run"):
            calls[verb]()
    assert segments(tmp_path)[-1].read_bytes() == before


def test_the_last_report_is_that_of_the_run_that_finished_last(tmp_path: Path) -> None:
    finished(tmp_path, "r1", "r2")
    with begun(tmp_path, run_id="r3") as journal:
        journal.abandon("r3")
        assert last_report(journal) == ("r2", b"report of r2")
        assert journal.report("r1") == b"report of r1"
        assert journal.report("r9") is None


def test_a_noted_report_is_there_before_the_run_is_over(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        journal.note_report("r1", b"first")
        journal.note_report("r1", b"second")
    drop_index(tmp_path)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.unfinished == run()
        assert journal.report("r1") == b"second"
        assert last_report(journal) is None
        journal.finish("r1", b"third")
        assert last_report(journal) == ("r1", b"third")


def test_an_empty_report_is_a_report(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        journal.finish("r1", b"")
        assert last_report(journal) == ("r1", b"")


def test_summaries_count_walks_pages_records_and_bytes(tmp_path: Path) -> None:
    with begun(tmp_path, "accounts", "users") as journal:
        fill(journal, 3)
        journal.append("r1", page(0, "users", last=True, body=b"12345"))
        bodies = 5 + sum(journal.read(ref).body.__len__() for ref in journal.refs("r1", "accounts"))
        journal.finish("r1", b"{}")
        (summary,) = journal.runs()
    assert (summary.run, summary.state, summary.over_at) == (run(), "finished", 200.0)
    assert (summary.walks, summary.walks_ended, summary.pages, summary.records) == (2, 1, 4, 7)
    assert summary.body_bytes == bodies
    assert summary.stored_bytes == sum(path.stat().st_size for path in segments(tmp_path))


def test_the_uid_is_made_once_for_a_folder(tmp_path: Path) -> None:
    uids = set()
    for run_id in ("r1", "r2"):
        finished(tmp_path / "one", run_id)
        with open_journal(tmp_path / "one", IDENTITY) as journal:
            uids.add(journal.uid)
    assert len(uids) == 1
    (uid,) = uids
    assert len(uid) == 16
    int(uid, 16)
    with open_journal(tmp_path / "two", IDENTITY) as journal:
        assert journal.uid != uid


def test_a_closed_journal_takes_nothing_and_closes_twice(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.append("r1", page(0))


def test_each_run_has_segments_of_its_own(tmp_path: Path) -> None:
    finished(tmp_path, "r1", "r2", "r3")
    with open_journal(tmp_path, IDENTITY) as journal:
        assert [summary.segments for summary in journal.runs()] == [(1,), (2,), (3,)]


def test_opening_without_work_writes_no_segment(tmp_path: Path) -> None:
    finished(tmp_path, "r1")
    before = [(path.name, path.read_bytes()) for path in segments(tmp_path)]
    with open_journal(tmp_path, IDENTITY):
        pass
    assert [(path.name, path.read_bytes()) for path in segments(tmp_path)] == before
