"""Streams that are closed, full or no longer read, and signals at odd moments: the work and the exit code stand."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.cli.main import main
from headrace.cli.unbroken import unbroken
from headrace.cli.world import Closed, World
from headrace.model.event import RunEnded
from headrace.report.tally import Tally
from headrace.report.ticker import Ticker
from tests.cli.test_cli_run import Runs
from tests.cli.vendor import serving

HEADRACE = f"{sys.executable} -m headrace"


class Refusing(io.StringIO):
    """A stream whose every write ends in this error."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def write(self, words: str) -> int:
        del words
        raise OSError(self._number, os.strerror(self._number))


@pytest.mark.parametrize(
    ("stdout", "words"),
    [(Closed(), "Bad file descriptor"), (Refusing(errno.ENOSPC), "No space left"), (Refusing(errno.EPIPE), "")],
)
@pytest.mark.parametrize("form", ["human", "json"])
def test_where_nobody_can_be_told_the_exit_code_is_that_of_the_run(stdout: io.StringIO, words: str, form: str) -> None:
    err = io.StringIO()
    world = World(environ={}, stdout=stdout, stderr=err, execute=Runs(), argv0="headrace")
    assert main(("run", "x.md", "--format", form), world) == 0
    told = [line for line in err.getvalue().splitlines() if line.startswith("headrace: ")]
    assert len(told) == bool(words)
    assert all(words in line for line in told)
    assert world.told.lost


def test_of_several_lines_only_the_first_loss_is_told() -> None:
    err = io.StringIO()
    world = World(environ={}, stdout=Refusing(errno.ENOSPC), stderr=err, argv0="headrace")
    for _ in range(3):
        world.say("words")
    assert err.getvalue().count("\n") == 1


def test_progress_that_cannot_be_written_stops_nothing() -> None:
    Ticker(Tally(), Closed(), lambda: 0.0)(RunEnded("complete"))
    world = World(environ={}, stdout=Closed(), stderr=Closed(), execute=Runs(), argv0="headrace")
    assert main(("run", "x.md"), world) == 0


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A configuration that runs."""
    monkeypatch.chdir(tmp_path)
    with serving(users=(200, [{"id": 1}])) as vendor:
        Path("c.json").write_text(json.dumps({"client": {"base_url": vendor.url}, "resources": ["users"]}))
        yield "c.json"


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full", "| true", "2>&-", ">&- 2>&- <&-"])
def test_a_run_is_over_and_done_wherever_its_words_go(config: str, redirection: str) -> None:
    script = f"set -o pipefail; {HEADRACE} run {config} {redirection}"
    done = subprocess.run(["bash", "-c", script], timeout=20, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "an error of headrace itself" not in done.stderr
    listed = subprocess.run(
        [*HEADRACE.split(), "journal", "list", "--format", "json"], capture_output=True, check=True, timeout=20
    )
    assert [run["state"] for run in json.loads(listed.stdout)["journals"][0]["runs"]] == ["finished"]


def test_a_closed_standard_input_is_an_empty_document(config: str) -> None:
    assert config
    done = subprocess.run(
        ["bash", "-c", f"{HEADRACE} check - <&-"], timeout=20, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "The document is empty" in done.stdout) == (2, True), done.stderr


STOPPING = """
import os, signal, sys
class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Stop())
sys.argv = ["headrace", "run", "c.json", "--format", "json"]
from headrace.cli.main import entry
entry()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "module", ["headrace.cli.world", "headrace.cli.run", "msgspec", "headrace.run.wire", "headrace.spec.markdown"]
)
def test_stopped_while_modules_are_loaded_a_run_still_prints_its_object(
    config: str, module: str, number: signal.Signals
) -> None:
    assert config
    program = STOPPING.format(module=module, number=int(number))
    done = subprocess.run([sys.executable, "-c", program], timeout=20, capture_output=True, text=True, check=False)
    assert done.returncode == 130, done.stderr
    assert json.loads(done.stdout)["status"] == "failed"
    assert "Traceback" not in done.stderr


def test_a_signal_waits_for_the_end_of_an_import() -> None:
    seen = []

    def load() -> None:
        with unbroken():
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)  # no other thread of these tests may take it
            seen.append("the end")

    with pytest.raises(KeyboardInterrupt):
        load()
    assert seen == ["the end"]
    assert not {signal.SIGINT, signal.SIGTERM} & signal.pthread_sigmask(signal.SIG_BLOCK, ())
