"""After a crash at any byte: what was written before the cut is there, and nothing else."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from headrace.journal.write import Journal, open_journal
from headrace.model.page import PageRef
from tests.journal.making import IDENTITY, begun, drop_index, fill, finished, last_report, page, run, segments

CHILD = """
import sys
from pathlib import Path
from tests.journal.making import page
from headrace.journal.write import open_journal
from tests.journal.making import IDENTITY, run

journal = open_journal(Path(sys.argv[1]), IDENTITY, segment_bytes=40_000)
if journal.unfinished is None:
    journal.begin(run("r1"))
if sys.argv[2] == "synced":
    journal.start_syncer()
state = journal.begin_walk("r1", "accounts", "f1")
number = state.pages
print(number, flush=True)
while True:
    journal.append("r1", page(number))
    print(number, flush=True)
    number += 1
"""


@pytest.mark.usefixtures("no_disk")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.floats(0, 1), count=st.integers(1, 6), indexed=st.booleans(), finish=st.booleans())
def test_a_cut_at_any_byte_loses_only_what_lay_behind_it(
    tmp_path_factory: pytest.TempPathFactory, cut: float, count: int, indexed: bool, finish: bool
) -> None:
    folder = tmp_path_factory.mktemp("j")
    with begun(folder) as journal:
        head = segments(folder)[0].stat().st_size
        refs = fill(journal, count)
        if finish:
            journal.finish("r1", b"{}")
    (path,) = segments(folder)
    size = int(cut * path.stat().st_size)
    whole = path.stat().st_size == size
    os.truncate(path, size)
    if not indexed:
        drop_index(folder)
    kept = [ref for ref in refs if ref.offset + ref.length <= size]
    with open_journal(folder, IDENTITY) as journal:
        assert journal.refs("r1", "accounts") == kept
        assert [journal.read(ref) for ref in kept] == [page(number) for number in range(len(kept))]
        assert list(journal.verify()) == []
        assert (journal.torn_bytes == 0) or not whole
        if size >= head and not finish:
            assert journal.unfinished == run()
            assert fill(journal, 2, start=len(kept))[0].offset >= (kept[-1].offset if kept else 0)
        if journal.unfinished is None and size < head:
            journal.begin(run("r2"))
    drop_index(folder)
    with open_journal(folder, IDENTITY) as journal:
        assert journal.refs("r1", "accounts")[: len(kept)] == kept
        assert list(journal.verify()) == []


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 40, 60])
def test_a_segment_whose_first_frame_is_torn_is_removed(tmp_path: Path, size: int) -> None:
    finished(tmp_path, "r1")
    begun(tmp_path, run_id="r2").close()
    os.truncate(segments(tmp_path)[1], size)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.torn_bytes == size
        assert journal.unfinished is None
        assert len(segments(tmp_path)) == 1
        journal.begin(run("r3"))
        assert [summary.run.run_id for summary in journal.runs()] == ["r1", "r3"]
        assert list(journal.verify()) == []


def test_garbage_after_the_last_frame_is_cut_off(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        refs = fill(journal, 3)
    (path,) = segments(tmp_path)
    sound = path.read_bytes()
    path.write_bytes(sound + bytes(5000) + b"HRJ1" + bytes(100))
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.torn_bytes == 5104
        assert journal.refs("r1", "accounts") == refs
    assert path.read_bytes() == sound


def test_reading_only_leaves_a_torn_tail_as_it_is(tmp_path: Path) -> None:
    with begun(tmp_path) as journal:
        refs = fill(journal, 3)
    (path,) = segments(tmp_path)
    os.truncate(path, path.stat().st_size - 1)
    with open_journal(tmp_path, None, read_only=True) as journal:
        assert journal.refs("r1", "accounts") == refs[:2]
        (problem,) = journal.verify()
        assert (problem.file, problem.offset) == (path.name, refs[2].offset)
    assert path.stat().st_size == refs[2].offset + refs[2].length - 1


def test_a_lost_marker_leaves_the_run_unfinished(tmp_path: Path) -> None:
    finished(tmp_path, "r1")
    (path,) = segments(tmp_path)
    with open_journal(tmp_path, IDENTITY) as journal:
        pages_end = (last := journal.refs("r1", "accounts")[-1]).offset + last.length
    os.truncate(path, pages_end + 10)
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.unfinished is not None
        assert journal.report("r1") is None
        journal.finish("r1", b"again")
        assert last_report(journal) == ("r1", b"again")


def test_a_crash_between_the_marker_and_the_seal_costs_nothing(tmp_path: Path) -> None:
    finished(tmp_path, "r1")
    (path,) = segments(tmp_path)
    os.truncate(path, path.stat().st_size - 1)  # the seal is the last frame
    with open_journal(tmp_path, IDENTITY) as journal:
        assert journal.unfinished is None
        assert last_report(journal) == ("r1", b"report of r1")
        journal.begin(run("r2"))
        assert list(journal.verify()) == []
        assert [summary.segments for summary in journal.runs()] == [(1,), (2,)]


@pytest.mark.parametrize("syncing", ["synced", "written"])
def test_a_process_that_is_killed_keeps_every_page_that_it_acknowledged(tmp_path: Path, syncing: str) -> None:
    chance = random.Random(syncing)
    acknowledged = 0
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), syncing],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            text=True,
        )
        assert child.stdout is not None
        assert int(child.stdout.readline()) >= acknowledged
        for _ in range(chance.randrange(1, 60)):
            child.stdout.readline()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(chance.random() / 100)
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split("\n")
        child.wait()
        child.stdout.close()
        acknowledged = max([acknowledged, *(int(line) + 1 for line in rest[:-1] if line)])
        if chance.random() < 0.5:
            drop_index(tmp_path)
    with open_journal(tmp_path, IDENTITY) as journal:
        refs = journal.refs("r1", "accounts")
        assert len(refs) >= acknowledged > 0
        assert [journal.read(ref) for ref in refs] == [page(number) for number in range(len(refs))]
        assert list(journal.verify()) == []


class Life(RuleBasedStateMachine):
    """Fetching, restarting, ending, crashing and pruning in any order, against a model of plain dictionaries."""

    walks = Bundle("walks")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path()
        self.journal: Journal | None = None
        self.run_id: str | None = None
        self.count = 0
        self.pages: dict[tuple[str, str], list[PageRef]] = {}
        self.prints: dict[tuple[str, str], str] = {}
        self.over: list[tuple[str, str]] = []

    @property
    def open(self) -> Journal:
        assert self.journal is not None
        return self.journal

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=os.environ["HEADRACE_TEST_JOURNAL"]))
        self.journal = open_journal(self.folder, IDENTITY, segment_bytes=1500)

    @rule(target=walks, name=st.sampled_from("abc"))
    def name_walk(self, name: str) -> str:
        return name

    @precondition(lambda self: self.run_id is None)
    @rule()
    def begin(self) -> None:
        self.count += 1
        self.run_id = f"r{self.count}"
        self.open.begin(run(self.run_id))

    @precondition(lambda self: self.run_id is not None)
    @rule(walk=walks, fingerprint=st.sampled_from(["f1", "f2"]))
    def begin_walk(self, walk: str, fingerprint: str) -> None:
        assert self.run_id is not None
        key = (self.run_id, walk)
        if self.prints.get(key) != fingerprint:
            self.prints[key] = fingerprint
            self.pages[key] = []
        state = self.open.begin_walk(self.run_id, walk, fingerprint)
        assert state.pages == len(self.pages[key])

    @precondition(lambda self: self.run_id is not None)
    @rule(walk=walks, count=st.integers(1, 4))
    def append(self, walk: str, count: int) -> None:
        assert self.run_id is not None
        key = (self.run_id, walk)
        if key in self.pages:
            refs = self.pages[key]
            refs += fill(self.open, count, walk, run_id=self.run_id, start=len(refs))

    @rule()
    def sync(self) -> None:
        self.open.sync()
        for (run_id, walk), refs in self.pages.items():
            assert all(map(self.open.is_synced, refs))
            assert self.open.synced_pages(run_id, walk) == len(refs)

    @precondition(lambda self: self.run_id is not None)
    @rule(finish=st.booleans())
    def end(self, finish: bool) -> None:
        assert self.run_id is not None
        if finish:
            self.open.finish(self.run_id, self.run_id.encode())
        else:
            self.open.abandon(self.run_id)
        self.over.append((self.run_id, "finished" if finish else "abandoned"))
        self.run_id = None

    @rule(keep=st.integers(1, 3))
    def prune(self, keep: int) -> None:
        gone = [run_id for run_id, _ in self.over[:-keep]]
        assert list(self.open.prune(keep_runs=keep).runs) == gone
        self.over = self.over[-keep:]
        self.pages = {key: refs for key, refs in self.pages.items() if key[0] not in gone}

    @rule(tail=st.binary(max_size=50), indexed=st.booleans())
    def crash(self, tail: bytes, indexed: bool) -> None:
        """The files as a killed process leaves them: no close, half a frame at the end."""
        twin = self.folder.with_name(f"{self.folder.name}x")
        shutil.copytree(self.folder, twin)
        self.open.close()
        self.folder = twin
        if not indexed:
            drop_index(twin)
        if self.run_id is not None:
            with segments(twin)[-1].open("ab") as file:
                file.write(tail)
        self.journal = open_journal(self.folder, IDENTITY, segment_bytes=1500)

    @invariant()
    def agrees(self) -> None:
        if self.journal is None:
            return
        unfinished = self.journal.unfinished
        assert (unfinished.run_id if unfinished else None) == self.run_id
        for (run_id, walk), refs in self.pages.items():
            state = self.journal.walk(run_id, walk)
            assert state is not None
            assert (state.pages, state.last) == (len(refs), refs[-1].next if refs else None)
            assert self.journal.synced_pages(run_id, walk) <= sum(map(self.journal.is_synced, refs))

    def teardown(self) -> None:
        if self.journal is None:
            return
        for (run_id, walk), refs in self.pages.items():
            assert self.journal.refs(run_id, walk) == refs
            assert [self.journal.read(ref).number for ref in refs] == list(range(len(refs)))
        states = [(summary.run.run_id, summary.state) for summary in self.journal.runs()]
        assert states == self.over + ([(self.run_id, "unfinished")] if self.run_id else [])
        assert list(self.journal.verify()) == []
        self.journal.close()


@pytest.mark.usefixtures("no_disk")
def test_any_life_of_a_journal_agrees_with_plain_dictionaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_TEST_JOURNAL", str(tmp_path))
    run_state_machine_as_test(Life, settings=settings(max_examples=25, stateful_step_count=25, deadline=None))
