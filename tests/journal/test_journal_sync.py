"""Written is with the kernel, synced is on the disk; and what happens when the system takes no more."""

from __future__ import annotations

import errno
import os
import random
import re
import resource
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headrace.errors import JournalError
from headrace.journal.index import Index
from headrace.journal.sync import AFTER_BYTES, LIMIT_BYTES, Syncer
from headrace.journal.write import open_journal
from headrace.model.page import PageRef
from tests.journal.making import IDENTITY, begun, body_of, drop_index, fill, page, run, segments


def until(told: Callable[[], bool], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not told():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def broken_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Syncs fail."""

    def fail(fd: int) -> None:
        os.fstat(fd)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", fail)


@pytest.fixture
def file_limit() -> Iterator[Callable[[int], None]]:
    """Files may not grow beyond so many bytes: the nearest to a full disk that needs no disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_page_is_written_before_append_returns(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        ref = fill(journal, 1)[0]
        assert segments(tmp_path)[0].stat().st_size == ref.offset + ref.length


def test_a_page_is_synced_only_after_a_sync(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        journal.sync()
        refs = fill(journal, 2)
        assert not any(map(journal.is_synced, refs))
        assert journal.synced_pages("r1", "accounts") == 0
        journal.sync()
        refs += fill(journal, 1, start=2)
        assert list(map(journal.is_synced, refs)) == [True, True, False]
        assert journal.synced_pages("r1", "accounts") == 2


def test_a_frame_goes_down_in_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with begun(tmp_path) as journal:
        sizes: list[int] = []
        write = os.write
        monkeypatch.setattr(os, "write", lambda fd, data: sizes.append(len(data)) or write(fd, data))  # type: ignore[func-returns-value]
        refs = fill(journal, 3)
        monkeypatch.undo()
    assert sizes == [ref.length for ref in refs]


def test_all_pages_that_a_reopened_journal_shows_are_synced(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        refs = fill(journal, 2)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert all(map(journal.is_synced, refs))
        assert journal.synced_pages("r1", "accounts") == 2


def test_the_marker_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with begun(tmp_path) as journal:
        fill(journal, 1)
        synced: list[bytes] = []
        sync = os.fdatasync

        def watch(fd: int) -> None:
            sync(fd)
            synced.append(segments(tmp_path)[0].read_bytes())

        monkeypatch.setattr(os, "fdatasync", watch)
        journal.finish("r1", b"the report itself")
        monkeypatch.undo()
    assert b"the report itself" in synced[0]


def test_the_thread_syncs_without_being_asked(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        journal.start_syncer()
        journal.start_syncer()
        for number in range(3):
            (ref,) = fill(journal, 1, start=number)
            until(lambda ref=ref: journal.is_synced(ref))  # type: ignore[misc]
        until(lambda: journal.synced_pages("r1", "accounts") == 3)


def test_eight_megabytes_are_synced_without_a_thread(tmp_path: Path) -> None:
    noise = random.Random(5).randbytes(3 << 20)
    with begun(tmp_path, segment_bytes=1 << 30) as journal:
        refs = [journal.append("r1", page(number, body=noise)) for number in range(4)]
        assert sum(ref.length for ref in refs) > LIMIT_BYTES
        assert list(map(journal.is_synced, refs)) == [True, True, True, False]


def test_the_syncer_waits_for_company_but_not_for_long() -> None:
    calls: list[float] = []
    syncer = Syncer(lambda: calls.append(time.monotonic()), after_s=0.05)
    try:
        time.sleep(0.02)
        assert calls == []
        began = time.monotonic()
        for _ in range(5):
            syncer.nudge(10)
        until(lambda: bool(calls))
        assert calls[0] - began >= 0.045
        time.sleep(0.1)
        assert len(calls) == 1
    finally:
        syncer.stop()


def test_the_syncer_hurries_when_much_waits() -> None:
    calls: list[float] = []
    syncer = Syncer(lambda: calls.append(1.0), after_s=30.0)
    try:
        syncer.nudge(AFTER_BYTES - 1)
        time.sleep(0.02)
        assert calls == []
        syncer.nudge(AFTER_BYTES)
        until(lambda: len(calls) == 1)
    finally:
        syncer.stop()
        syncer.stop()


@pytest.mark.usefixtures("broken_disk")
def test_a_failed_sync_says_so_and_the_journal_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = begun(tmp_path)
    fill(journal, 1)
    with pytest.raises(JournalError, match=r"cannot be written to the disk: Input/output error; .*run again to resume"):
        journal.sync()
    monkeypatch.undo()
    for verb in (journal.sync, lambda: fill(journal, 1, start=1), lambda: journal.finish("r1", b""), journal.close):
        with pytest.raises(JournalError, match="cannot be written to the disk"):
            verb()
    with open_journal(tmp_path, IDENTITY) as again:  # closing has let go of the lock
        assert again.unfinished == run()
        fill(again, 1, start=len(again.refs("r1", "accounts")))


@pytest.mark.usefixtures("broken_disk")
def test_a_failure_of_the_thread_is_raised_by_the_next_append(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    journal.start_syncer()
    fill(journal, 1)
    number = 1
    with pytest.raises(JournalError, match="cannot be written to the disk"):  # noqa: PT012 — it comes when it comes
        while number < 2000:
            fill(journal, 1, start=number)
            number += 1
            time.sleep(0.005)
    with pytest.raises(JournalError):
        journal.close()


def test_an_unforeseen_failure_of_the_thread_is_raised_too() -> None:
    def fail() -> None:
        raise ValueError("unforeseen")

    syncer = Syncer(fail, after_s=0.0)
    syncer.nudge(1)
    until(lambda: syncer.error is not None)
    assert "ValueError: unforeseen" in str(syncer.error)
    syncer.stop()


def test_a_full_disk_is_one_sentence_and_leaves_a_readable_journal(
    tmp_path: Path, file_limit: Callable[[int], None]
) -> None:
    with begun(tmp_path, segment_bytes=1 << 30) as journal:
        refs = fill(journal, 3)
        journal.sync()
        size = segments(tmp_path)[0].stat().st_size
        file_limit(size + 500)  # room for half of the next page
        with pytest.raises(JournalError) as caught:
            journal.append("r1", page(3, body=body_of(3, 4000)))
        assert str(caught.value) == (
            f"The journal {tmp_path} cannot take more: File too large; make room and run again to resume."
        )
        assert segments(tmp_path)[0].stat().st_size == size
        assert [journal.read(ref) for ref in refs] == [page(number) for number in range(3)]
        file_limit(resource.RLIM_INFINITY)
        refs += fill(journal, 2, start=3)  # there is room again
        assert list(journal.verify()) == []
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.torn_bytes == 0
        assert journal.refs("r1", "accounts") == refs


def test_no_room_for_a_new_segment_leaves_none(tmp_path: Path, file_limit: Callable[[int], None]) -> None:
    journal = open_journal(tmp_path, IDENTITY)
    file_limit(50)
    with pytest.raises(JournalError, match="cannot take more: File too large"):
        journal.begin(run())
    file_limit(resource.RLIM_INFINITY)
    assert journal.unfinished is None
    assert segments(tmp_path) == []
    journal.begin(run())
    journal.close()


def test_a_process_that_dies_of_a_full_disk_can_be_resumed(tmp_path: Path, file_limit: Callable[[int], None]) -> None:
    """Nothing fits any more, the index neither: closing still lets go, and the next process goes on."""
    journal = begun(tmp_path, segment_bytes=1 << 30)
    refs = fill(journal, 2)
    file_limit(segments(tmp_path)[0].stat().st_size)
    with pytest.raises(JournalError):
        fill(journal, 1, start=2)
    try:
        journal.close()
    except JournalError as error:
        assert "make" in str(error)  # noqa: PT017 — whether the index fits is SQLite's affair
    file_limit(resource.RLIM_INFINITY)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.refs("r1", "accounts") == refs
        fill(journal, 1, start=2)


@pytest.mark.parametrize("size", [0, 50, 500, 4_000, 8_000, 20_000, 33_000, 50_000, 70_000])
def test_wherever_the_disk_is_full_the_error_is_the_journals_and_the_next_run_goes_on(
    tmp_path: Path, file_limit: Callable[[int], None], size: int
) -> None:
    """Index, its temporary stand-in and segments alike: SQLite's own errors stay in this room."""
    with begun(tmp_path) as journal:
        refs = fill(journal, 40)
    drop_index(tmp_path)
    file_limit(size)
    with pytest.raises(JournalError) as caught:  # noqa: PT012 - it may fail at any of these
        with open_journal(tmp_path, IDENTITY) as journal:
            fill(journal, 400, start=40)
        raise AssertionError
    assert re.search("make room|mend that", str(caught.value))
    file_limit(resource.RLIM_INFINITY)
    with open_journal(tmp_path, IDENTITY) as journal:
        kept = journal.refs("r1", "accounts")
        assert kept[:40] == refs
        fill(journal, 1, start=len(kept))
        assert list(journal.verify()) == []


def test_an_index_that_cannot_grow_is_replaced_and_if_that_fails_too_the_error_is_the_journals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full under way: first the folder's, then that of temporary files as well."""

    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with begun(tmp_path) as journal:
        fill(journal, 2)
        journal._catalogue._index._db.execute("PRAGMA max_page_count = 1")
        refs = fill(journal, 200, start=2)
        journal.sync()
        assert journal.refs("r1", "accounts", 2) == refs
        with monkeypatch.context() as patch:
            for question in ("apply", "pages", "runs"):
                patch.setattr(Index, question, full)
            fill(journal, 1, start=202)
            for verb in (journal.sync, lambda: journal.refs("r1", "accounts"), journal.runs):
                with pytest.raises(JournalError, match="can have no index: database or disk is full; make room"):
                    verb()
        assert len(journal.refs("r1", "accounts")) == 203
    with open_journal(tmp_path, IDENTITY) as journal:
        assert len(journal.refs("r1", "accounts")) == 203


def test_one_thread_appends_while_others_sync_and_read(tmp_path: Path) -> None:
    failures: list[BaseException] = []
    done = threading.Event()
    written: list[PageRef] = []

    def guarded(work: Callable[[], object]) -> Callable[[], None]:
        def loop() -> None:
            try:
                while not done.is_set():
                    work()
            except BaseException as error:  # noqa: BLE001 — told to the test below
                failures.append(error)

        return loop

    with begun(tmp_path, segment_bytes=50_000) as journal:
        chance = random.Random(2)

        def look() -> None:
            if written:
                ref = chance.choice(written)
                assert journal.read(ref) == page(ref.number)

        def ask() -> None:
            refs = journal.refs("r1", "accounts")
            assert [ref.number for ref in refs] == list(range(len(refs)))
            state = journal.walk("r1", "accounts")
            assert state is not None
            assert journal.synced_pages("r1", "accounts") <= len(written) + 1

        journal.start_syncer()
        threads = [threading.Thread(target=guarded(work)) for work in (look, ask, journal.sync)]
        for thread in threads:
            thread.start()
        for number in range(1000):
            written.append(journal.append("r1", page(number)))
            time.sleep(0)
        done.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert journal.refs("r1", "accounts") == written
        assert list(journal.verify()) == []
    assert len(segments(tmp_path)) > 5


def test_what_is_at_hand_does_not_grow_with_the_walks(tmp_path: Path) -> None:
    with begun(tmp_path, "w0") as journal:
        for number in range(200):
            journal.begin_walk("r1", f"w{number}", "f1")
            journal.append("r1", page(0, f"w{number}", last=True, body=b"x"))
        journal.sync()
        assert not journal._ledger._at_hand._walks
        assert not journal._ledger._at_hand._pending
        assert sum(state.ended for state in journal.walks("r1")) == 200
