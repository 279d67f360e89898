"""The index is a cache: losing or spoiling it loses nothing, and it is never waited for or believed blindly."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from headrace.journal.layout import RunSummary
from headrace.journal.write import open_journal
from headrace.model.page import PageRef
from tests.journal.making import IDENTITY, begun, drop_index, fill, finished, last_report, run, segments


def content(folder: Path, *, read_only: bool = True) -> tuple[list[RunSummary], list[tuple[str, PageRef]], object]:
    with open_journal(folder, IDENTITY, read_only=read_only) as journal:
        return journal.runs(), list(journal.all_refs()), last_report(journal)


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """Three runs over several segments, the last one unfinished."""
    finished(tmp_path, "r1", "r2", pages=8, segment_bytes=1500)
    with begun(tmp_path, "accounts", "users", run_id="r3", segment_bytes=1500) as journal:
        fill(journal, 8, run_id="r3")
        fill(journal, 3, "users", run_id="r3")
    return tmp_path


@pytest.mark.parametrize("read_only", [True, False])
def test_without_the_index_everything_is_there(full: Path, read_only: bool) -> None:
    before = content(full)
    drop_index(full)
    assert content(full, read_only=read_only) == before


def test_the_index_alone_answers_what_the_segments_would(full: Path) -> None:
    before = content(full)
    with sqlite3.connect(full / "index.sqlite") as db:
        assert db.execute("SELECT count(*) FROM pages").fetchone() == (27,)
    db.close()
    assert content(full, read_only=False) == before


@pytest.mark.parametrize("spoiled", [b"", b"no database", b"SQLite format 3\0" + bytes(5000)])
def test_a_file_that_is_no_index_is_made_again(full: Path, spoiled: bytes) -> None:
    before = content(full)
    drop_index(full)
    (full / "index.sqlite").write_bytes(spoiled)
    assert content(full) == before
    assert content(full, read_only=False) == before
    assert (full / "index.sqlite").stat().st_size > 5000


def test_an_index_with_changed_bytes_is_not_believed(full: Path) -> None:
    before = content(full)
    path = full / "index.sqlite"
    sound = path.read_bytes()
    chance = random.Random(11)
    for read_only in (True, False):
        for _ in range(60):
            data = bytearray(sound)
            for _ in range(chance.choice([1, 1, 4, 400])):
                data[chance.randrange(100, len(data))] ^= 1 << chance.randrange(8)
            drop_index(full)
            path.write_bytes(data)
            assert content(full, read_only=read_only) == before


def test_an_index_of_another_journal_is_not_believed(full: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    before = content(full)
    other = tmp_path_factory.mktemp("other")
    finished(other, "r7")
    drop_index(full)
    shutil.copy(other / "index.sqlite", full / "index.sqlite")
    assert content(full, read_only=False) == before


def test_an_old_index_is_caught_up(full: Path) -> None:
    old = (full / "index.sqlite").read_bytes()
    with open_journal(full, IDENTITY, segment_bytes=1500) as journal:
        fill(journal, 6, run_id="r3", start=8)
    before = content(full)
    drop_index(full)
    (full / "index.sqlite").write_bytes(old)
    assert content(full, read_only=False) == before


def test_an_index_that_is_ahead_of_the_segments_is_not_believed(full: Path) -> None:
    """As after a power cut that took the tail of the last segment but not the index."""
    last = segments(full)[-1]
    with open_journal(full, IDENTITY, read_only=True) as journal:
        refs = journal.refs("r3", "users")
    last.write_bytes(last.read_bytes()[: refs[-1].offset])
    with open_journal(full, IDENTITY) as journal:
        assert journal.refs("r3", "users") == refs[:-1]


def test_segments_that_come_back_from_a_copy_are_seen(full: Path) -> None:
    before = content(full)
    first = segments(full)[0]
    data = first.read_bytes()
    first.unlink()
    assert content(full, read_only=False) != before
    first.write_bytes(data)
    assert content(full, read_only=False) == before


def test_a_reused_segment_number_is_seen(tmp_path: Path) -> None:
    """An index that outlived its segments: the same number, another file."""
    finished(tmp_path, "r1")
    stale = (tmp_path / "index.sqlite").read_bytes()
    with open_journal(tmp_path, IDENTITY) as journal:
        journal.prune(keep_runs=0)
    finished(tmp_path, "r2", pages=9)
    drop_index(tmp_path)
    (tmp_path / "index.sqlite").write_bytes(stale)
    assert [summary.run.run_id for summary in content(tmp_path)[0]] == ["r2"]


def test_an_index_that_is_removed_under_way_costs_nothing(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        fill(journal, 3)
        journal.sync()
        drop_index(tmp_path)
        refs = fill(journal, 3, start=3)
        assert journal.refs("r1", "accounts")[3:] == refs
        journal.finish("r1", b"done")
    assert content(tmp_path)[2] == ("r1", b"done")


def test_an_index_that_breaks_under_way_is_replaced(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        refs = fill(journal, 3)
        journal.sync()
        other = sqlite3.connect(tmp_path / "index.sqlite")
        other.executescript("DROP TABLE pages; DROP TABLE walks;")
        other.close()
        refs += fill(journal, 3, start=3)
        assert journal.refs("r1", "accounts") == refs
        journal.begin_walk("r1", "users", "f1")
        journal.finish("r1", b"done")
        assert last_report(journal) == ("r1", b"done")
    assert content(tmp_path, read_only=False)[1] == [("r1", ref) for ref in refs]


def test_a_changed_row_under_way_is_noticed(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        refs = fill(journal, 3)
        journal.sync()
        other = sqlite3.connect(tmp_path / "index.sqlite")
        other.execute("UPDATE pages SET row = (SELECT row FROM pages WHERE number = 0) WHERE number = 2")
        other.commit()
        assert journal.refs("r1", "accounts") == refs
        other.close()


def test_a_missing_row_is_noticed(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        refs = fill(journal, 3)
    other = sqlite3.connect(tmp_path / "index.sqlite")
    other.execute("DELETE FROM pages WHERE number = 1")
    other.commit()
    other.close()
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.refs("r1", "accounts") == refs


def test_the_index_holds_only_what_is_synced(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        fill(journal, 2)
        journal.sync()
        fill(journal, 2, start=2)
        other = sqlite3.connect(tmp_path / "index.sqlite")
        assert other.execute("SELECT count(*) FROM pages").fetchone() == (2,)
        other.close()


def test_prune_removes_whole_runs_the_oldest_first(tmp_path: Path) -> None:
    finished(tmp_path, "r1", "r2", "r3", pages=8, segment_bytes=1500)
    with open_journal(tmp_path, IDENTITY) as journal:
        held = journal.runs()[0]
        pruned = journal.prune(keep_runs=2)
        assert (pruned.runs, pruned.segments, pruned.stored_bytes) == (("r1",), len(held.segments), held.stored_bytes)
        assert [summary.run.run_id for summary in journal.runs()] == ["r2", "r3"]
        assert len(journal.refs("r2", "accounts")) == 8
        assert list(journal.verify()) == []
    drop_index(tmp_path)
    assert [summary.run.run_id for summary in content(tmp_path)[0]] == ["r2", "r3"]


def test_prune_by_time_takes_what_was_over_before(tmp_path: Path) -> None:
    finished(tmp_path, "r1", "r2", "r3")  # over at 100, 200 and 300 s
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.prune(before=100.0).runs == ()
        assert journal.prune(before=200.5).runs == ("r1", "r2")


def test_prune_with_both_limits_must_pass_both(tmp_path: Path) -> None:
    finished(tmp_path, "r1", "r2", "r3")
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.prune(keep_runs=2, before=1000.0).runs == ("r1",)
        assert journal.prune().runs == ()


def test_prune_never_takes_the_unfinished_run(tmp_path: Path) -> None:
    finished(tmp_path, "r1")
    with begun(tmp_path, run_id="r2") as journal:
        refs = fill(journal, 2, run_id="r2")
        assert journal.prune(keep_runs=0, before=1e12).runs == ("r1",)
        assert journal.unfinished == run("r2")
        refs += fill(journal, 2, run_id="r2", start=2)
        assert [journal.read(ref).number for ref in refs] == [0, 1, 2, 3]
        assert [path.name for path in segments(tmp_path)] == ["seg-000002.hrj"]


def test_a_journal_that_was_pruned_empty_goes_on(tmp_path: Path) -> None:
    finished(tmp_path, "r1")
    with open_journal(tmp_path, IDENTITY) as journal:
        uid = journal.uid
        journal.prune(keep_runs=0)
        assert journal.runs() == []
        assert last_report(journal) is None
        assert segments(tmp_path) == []
    finished(tmp_path, "r2")
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.uid == uid
        assert [journal.read(ref).number for ref in journal.refs("r2", "accounts")] == [0, 1, 2]


def test_a_prune_that_was_cut_off_can_be_repeated(tmp_path: Path) -> None:
    finished(tmp_path, "r1", pages=8, segment_bytes=1500)
    finished(tmp_path, "r2")
    segments(tmp_path)[0].unlink()  # the first of r1's segments went, then the power
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.unfinished is None
        assert [summary.run.run_id for summary in journal.runs()] == ["r1", "r2"]
        assert last_report(journal) == ("r2", b"report of r2")
        assert journal.prune(keep_runs=1).runs == ("r1",)
        assert list(journal.verify()) == []
    assert len(segments(tmp_path)) == 1
