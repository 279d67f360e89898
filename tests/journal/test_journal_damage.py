"""Damage: every byte is under a checksum, what is damaged is named, and what is sound stays readable."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from headrace.errors import JournalError
from headrace.journal.verify import verify
from headrace.journal.write import open_journal
from tests.journal.making import IDENTITY, begun, drop_index, fill, finished, flip, last_report, page, run, segments


def problems(folder: Path, uid: str) -> list[str]:
    return [problem.file for problem in verify(folder, uid, sleep=lambda _: None)]


def test_a_change_of_any_single_byte_of_a_segment_is_found(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        fill(journal, 2)
        journal.finish("r1", b"{}")
        uid = journal.uid
    (path,) = segments(tmp_path)
    sound = path.read_bytes()
    assert problems(tmp_path, uid) == []
    chance = random.Random(7)
    for offset in range(len(sound)):
        flip(path, offset, 1 << chance.randrange(8))
        assert path.name in problems(tmp_path, uid), offset
        path.write_bytes(sound)


def test_a_change_of_any_byte_of_the_identity_is_found(tmp_path: Path) -> None:
    finished(tmp_path, "r1")
    path = tmp_path / "identity.json"
    sound = path.read_bytes()
    with open_journal(tmp_path, IDENTITY) as journal:
        uid = journal.uid
    for offset in range(len(sound)):
        flip(path, offset)
        assert problems(tmp_path, uid) == ["identity.json"], offset
        with pytest.raises(JournalError, match=r"identity\.json is damaged; remove that file"):
            open_journal(tmp_path, IDENTITY, read_only=True)
        path.write_bytes(sound)


def test_damage_in_the_middle_is_named_by_segment_and_offset(tmp_path: Path) -> None:
    with begun(tmp_path, segment_bytes=1000) as journal:
        refs = fill(journal, 12)
    assert refs[4].segment > 1
    path = tmp_path / f"seg-{refs[4].segment:06d}.hrj"
    flip(path, refs[4].offset + refs[4].length - 1)
    with open_journal(tmp_path, IDENTITY) as journal:
        (problem,) = journal.verify()
        assert (problem.file, problem.offset, problem.length) == (path.name, refs[4].offset, refs[4].length)
        assert str(problem).startswith(f"{path.name}, offset {refs[4].offset}, {refs[4].length} bytes: the body")


@pytest.mark.parametrize("indexed", [True, False])
def test_reading_a_damaged_page_says_what_to_do_and_others_stay_readable(tmp_path: Path, indexed: bool) -> None:
    with begun(tmp_path) as journal:
        refs = fill(journal, 5)
    flip(segments(tmp_path)[0], refs[2].offset + refs[2].length - 1)
    if not indexed:
        drop_index(tmp_path)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.torn_bytes == 0
        assert journal.refs("r1", "accounts") == refs
        with pytest.raises(JournalError, match=rf"offset {refs[2].offset}, is damaged .*verify.*--new"):
            journal.read(refs[2])
        for number in (0, 1, 3, 4):
            assert journal.read(refs[number]) == page(number)


@pytest.mark.parametrize("part", [0, 5, 8, 20, 31, 33])
def test_damage_in_the_last_segment_is_not_taken_for_a_torn_tail(tmp_path: Path, part: int) -> None:
    with begun(tmp_path) as journal:
        refs = fill(journal, 5)
    (path,) = segments(tmp_path)
    flip(path, refs[2].offset + part)
    size = path.stat().st_size
    drop_index(tmp_path)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.torn_bytes == 0
        assert path.stat().st_size >= size
        assert journal.refs("r1", "accounts") == refs[:2]  # what follows a gap does not count
        state = journal.walk("r1", "accounts")
        assert state is not None
        assert (state.pages, state.ended) == (2, False)
        again = fill(journal, 3, start=2)
        assert again[0].segment == 2  # a segment that has lost something is left alone
        assert [journal.read(ref).number for ref in journal.refs("r1", "accounts")] == [0, 1, 2, 3, 4]
        assert [problem.offset for problem in journal.verify()] == [refs[2].offset, refs[3].offset]


def test_a_page_whose_last_one_was_ended_is_open_again_after_a_gap(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        refs = fill(journal, 2)
        journal.append("r1", page(2, last=True))
        journal.finish("r1", b"{}")
    flip(segments(tmp_path)[0], refs[1].offset)
    drop_index(tmp_path)
    with open_journal(tmp_path, IDENTITY) as journal:
        state = journal.walk("r1", "accounts")
        assert state is not None
        assert (state.pages, state.ended) == (1, False)


def test_a_sealed_segment_that_was_cut_short_is_found(tmp_path: Path) -> None:
    finished(tmp_path, "r1", "r2")
    with open_journal(tmp_path, IDENTITY) as journal:
        first = journal.refs("r1", "accounts")[2]
    os.truncate(segments(tmp_path)[0], first.offset)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert [problem.why for problem in journal.verify()] == ["the segment is cut short: its last frame is missing"]
        assert len(journal.refs("r1", "accounts")) == 2
        assert last_report(journal) == ("r2", b"report of r2")


def test_a_missing_segment_is_found_and_the_walk_ends_before_it(tmp_path: Path) -> None:
    with begun(tmp_path, segment_bytes=1500) as journal:
        refs = fill(journal, 20)
    segments(tmp_path)[1].unlink()
    sound = [ref for ref in refs if ref.segment == 1]
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.refs("r1", "accounts") == sound
        whys = [problem.why for problem in journal.verify()]
    after = next(ref.number for ref in refs if ref.segment == 3)
    assert whys == [f"pages {len(sound)} to {after - 1} of walk 'accounts' are missing before this one"]


def test_a_run_whose_beginning_is_damaged_is_lost_and_does_not_hold_up_the_next(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        refs = fill(journal, 2)
    (path,) = segments(tmp_path)
    data = path.read_bytes()
    flip(path, data.index(b"vitally", data.index(b"accounts")))  # the plan's name, in the frame that begins the run
    drop_index(tmp_path)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.unfinished is None
        assert journal.runs()[0].state == "lost"
        assert journal.refs("r1", "accounts") == refs
        assert [problem.why for problem in journal.verify()][1:] == ["the beginning of run r1 is missing before this"]
        journal.begin(run("r2"))
        assert journal.prune(keep_runs=0).runs == ("r1",)


def test_a_frame_at_another_place_is_no_frame(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        refs = fill(journal, 4)
        uid = journal.uid
    (path,) = segments(tmp_path)
    data = path.read_bytes()
    second, third = (data[ref.offset : ref.offset + ref.length] for ref in refs[1:3])
    path.write_bytes(data[: refs[1].offset] + third + second + data[refs[3].offset :])
    assert problems(tmp_path, uid) != []


def test_a_page_that_holds_a_segment_is_not_taken_for_frames(tmp_path: Path) -> None:
    finished(tmp_path / "other", "r1")
    inner = segments(tmp_path / "other")[0].read_bytes()
    with begun(tmp_path / "j") as journal:
        noise = random.Random(3).randbytes(2000)
        ref = journal.append("r1", page(0, body=inner[:60] + noise + inner))
        uid = journal.uid
    path = segments(tmp_path / "j")[0]
    flip(path, ref.offset)
    drop_index(tmp_path / "j")
    assert len(problems(tmp_path / "j", uid)) == 1
    with open_journal(tmp_path / "j", IDENTITY) as journal:
        assert journal.refs("r1", "accounts") == []


def test_a_journal_whose_identity_is_of_another_is_left_alone(tmp_path: Path) -> None:
    finished(tmp_path / "a", "r1")
    finished(tmp_path / "b", "r1")
    shutil.copy(tmp_path / "a" / "identity.json", tmp_path / "b" / "identity.json")
    before = segments(tmp_path / "b")[0].read_bytes()
    with pytest.raises(JournalError, match=r"seg-000001.hrj is of another journal than identity.json beside it"):
        open_journal(tmp_path / "b", IDENTITY)
    assert segments(tmp_path / "b")[0].read_bytes() == before


def test_a_lost_identity_is_made_again_from_the_segments(tmp_path: Path) -> None:
    finished(tmp_path, "r1")
    path = tmp_path / "identity.json"
    before = path.read_bytes()
    path.unlink()
    with open_journal(tmp_path, None, read_only=True) as journal:
        assert [problem.file for problem in journal.verify()] == ["identity.json"]
    with open_journal(tmp_path, IDENTITY) as journal:
        assert last_report(journal) == ("r1", b"report of r1")
    assert path.read_bytes() == before


def test_a_folder_whose_identity_cannot_be_told_is_refused(tmp_path: Path) -> None:
    finished(tmp_path, "r1")
    (tmp_path / "identity.json").unlink()
    flip(segments(tmp_path)[0], 60)
    with pytest.raises(JournalError, match=r"has lost identity.json, .*--journal DIR"):
        open_journal(tmp_path, IDENTITY)
