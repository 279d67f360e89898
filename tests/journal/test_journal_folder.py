"""The folder: whose it is, who holds it, and who may read it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.errors import ConfigError, JournalBusy, JournalError
from headrace.journal.layout import Identity
from headrace.journal.lock import Lock
from headrace.journal.write import open_journal
from tests.journal.making import IDENTITY, begun, fill, finished, run

HOLD = """
import sys, time
from pathlib import Path
from headrace.journal.write import open_journal
from tests.journal.making import IDENTITY

journal = open_journal(Path(sys.argv[1]), IDENTITY, clock=lambda: 1_700_000_000.0)
print("held", flush=True)
time.sleep(60)
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_and_its_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = tmp_path / "a" / "b"
        with begun(folder) as journal:
            fill(journal, 2)
            journal.sync()
            names = {path.name: mode(path) for path in folder.iterdir()}
    finally:
        os.umask(before)
    assert mode(folder) == 0o700
    assert {"identity.json", "lock", "seg-000001.hrj", "index.sqlite", "index.sqlite-wal"} <= set(names)
    assert set(names.values()) == {0o600}


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    begun(tmp_path).close()
    assert mode(tmp_path) == 0o755


@pytest.mark.parametrize(
    "other",
    [
        Identity("vitally", "duckdb:///w.duckdb", "vitally_data"),
        Identity("vitally", "duckdb:///v.duckdb", "other_data"),
        Identity("other", "duckdb:///v.duckdb", "vitally_data"),
    ],
)
@pytest.mark.parametrize("read_only", [True, False])
def test_a_journal_of_another_destination_names_what_differs(tmp_path: Path, other: Identity, read_only: bool) -> None:
    finished(tmp_path, "r1")
    with pytest.raises(JournalError) as caught:
        open_journal(tmp_path, other, read_only=read_only)
    message = str(caught.value)
    for name in Identity.__struct_fields__:
        ours, theirs = getattr(IDENTITY, name), getattr(other, name)
        assert (f"that of {name} {ours}; {name} {theirs} needs" in message) == (ours != theirs)
    assert "--journal DIR" in message
    with open_journal(tmp_path, IDENTITY):
        pass  # the lock is free again


def test_without_an_identity_the_folder_says_whose_it_is(tmp_path: Path) -> None:
    finished(tmp_path, "r1")
    for read_only in (True, False):
        with open_journal(tmp_path, None, read_only=read_only) as journal:
            assert journal.identity == IDENTITY


@pytest.mark.parametrize("read_only", [True, False])
def test_without_an_identity_there_must_be_a_journal(tmp_path: Path, read_only: bool) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(JournalError, match=r"There is no journal in .*--journal DIR"):
            open_journal(folder, None, read_only=read_only)
    assert list(tmp_path.iterdir()) == []


def test_reading_only_makes_no_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="There is no journal"):
        open_journal(tmp_path / "j", IDENTITY, read_only=True)
    assert not (tmp_path / "j").exists()


def test_a_file_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("")
    with pytest.raises(JournalError, match=r"The journal .*/j cannot be opened: .*; mend that"):
        open_journal(tmp_path / "j", IDENTITY)


def test_one_process_holds_a_journal_once(tmp_path: Path) -> None:
    with begun(tmp_path), pytest.raises(JournalBusy, match=f"process {os.getpid()} on "):
        open_journal(tmp_path, IDENTITY)
    begun_again = open_journal(tmp_path, IDENTITY)
    begun_again.close()


def test_two_processes_and_the_lock(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    with pytest.raises(JournalBusy) as caught:
        open_journal(tmp_path, IDENTITY)
    assert isinstance(caught.value, ConfigError)
    assert f"process {child.pid} on " in str(caught.value)
    assert "started 2023-11-14 22:13:20 UTC" in str(caught.value)
    assert "wait for it to end, or choose another with --journal DIR" in str(caught.value)
    child.kill()
    child.wait()
    child.stdout.close()
    with open_journal(tmp_path, IDENTITY):  # the kernel has freed it
        pass


def test_a_lock_whose_holder_is_not_told_still_holds(tmp_path: Path) -> None:
    lock = Lock.take(tmp_path, 0.0)
    (tmp_path / "lock").write_bytes(b"\xff{")
    with pytest.raises(JournalBusy, match="it does not say which"):
        Lock.take(tmp_path, 0.0)
    lock.release()
    lock.release()
    Lock.take(tmp_path, 0.0).release()


def test_a_journal_can_be_read_while_a_run_goes_on(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        refs = fill(journal, 2)
        journal.sync()
        refs += fill(journal, 2, start=2)
        with open_journal(tmp_path, None, read_only=True) as reader:
            assert reader.unfinished == journal.unfinished
            assert reader.refs("r1", "accounts") == refs
            assert [summary.pages for summary in reader.runs()] == [4]
            assert list(reader.verify()) == []
            assert all(map(reader.is_synced, refs))
            assert reader.synced_pages("r1", "accounts") == 4
        fill(journal, 1, start=4)


@pytest.mark.parametrize("verb", ["begin", "sync", "start_syncer", "prune"])
def test_a_journal_that_is_open_for_reading_takes_nothing(tmp_path: Path, verb: str) -> None:
    finished(tmp_path, "r1")
    with open_journal(tmp_path, IDENTITY, read_only=True) as journal:
        calls: dict[str, Callable[[], object]] = {
            "begin": lambda: journal.begin(run("r2")),
            "sync": journal.sync,
            "start_syncer": journal.start_syncer,
            "prune": lambda: journal.prune(keep_runs=0),
        }
        with pytest.raises(JournalError, match="open for reading only"):
            calls[verb]()
        assert len(journal.runs()) == 1


def test_a_newer_format_is_refused_not_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.journal.identity.VERSION", 2)
    monkeypatch.setattr("headrace.journal.frame.VERSION", 2)
    finished(tmp_path, "r1")
    monkeypatch.undo()
    with pytest.raises(JournalError, match=r"written by a newer headrace \(format 2, this one reads up to 1\)"):
        open_journal(tmp_path, IDENTITY)
    (tmp_path / "identity.json").unlink()
    with pytest.raises(JournalError, match="written by a newer headrace"):
        open_journal(tmp_path, IDENTITY)


def test_no_other_child_inherits_the_lock(tmp_path: Path) -> None:
    with begun(tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        with open_journal(tmp_path, IDENTITY):
            pass
    finally:
        child.communicate()
