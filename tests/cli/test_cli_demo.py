"""`headrace demo` and `headrace emulate`: a real emulator in a process of its own, the run itself stood in for."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from headrace.cli.main import main
from headrace.cli.world import World
from headrace.errors import Interrupted, RequestRefused
from headrace.journal.layout import Identity
from headrace.journal.write import open_journal
from headrace.model.event import Emit, PageFetched, RunStarted, WalkEnded
from headrace.report.collect import Collector
from headrace.report.exits import exit_code
from headrace.run.options import Outcome, RunOptions

SMALL = "accounts=3,users=3,notes=3,tasks=3,conversations=3,admins=3"


class Asks:
    """Stands in for the run room: sends one request to the emulator with the credentials it was given."""

    def __init__(self, *errors: BaseException) -> None:
        self.asked: list[RunOptions] = []
        self.statuses: list[int] = []
        self._errors = errors

    def __call__(
        self, options: RunOptions, *, environ: Mapping[str, str], listen: Emit, publish: Callable[[Outcome], None]
    ) -> Outcome:
        self.asked.append(options)
        for token in (environ["SECRET_TOKEN"], "another"):
            self.statuses.append(_status(f"{options.base_url}/users", token, environ["BASIC_AUTH_HEADER"]))
        collector = Collector()
        for event in (
            RunStarted("r1", ("users",), resumed=False),
            PageFetched("users", 0, 3, 100, 0.1),
            WalkEnded("users", "end", "`next` was null", proven=True),
        ):
            collector(event)
            listen(event)
        report = collector.report(rows={"users": {"users": 3}}, errors=self._errors)
        outcome = Outcome(report, int(exit_code(report)), options.to or "", "vitally_data", options.journal or "")
        publish(outcome)
        return outcome


def _status(url: str, user: str, password: str) -> int:
    import base64

    credential = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = Request(url, headers={"Authorization": f"Basic {credential}"})
    for _ in range(5):
        try:
            with urlopen(request, timeout=10) as response:
                return int(response.status)
        except HTTPError as error:
            if error.code != 429:
                return error.code
    raise AssertionError("the emulator refuses everything")


class Said:
    def __init__(self, asks: Asks, *argv: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        world = World(environ={"PATH": ""}, stdout=out, stderr=err, execute=asks, argv0="/opt/bin/headrace")
        self.code = main(("demo", "--records", SMALL, "--faults", "", *argv), world)
        self.out, self.err = out.getvalue(), err.getvalue()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_demo_runs_the_packaged_document_against_an_emulator_that_takes_its_key(here: Path) -> None:
    asks = Asks()
    said = Said(asks)
    assert said.code == 0
    (asked,) = asks.asked
    assert Path(asked.config).name == "vitally.md"
    assert not (here / "examples").exists()
    assert (asked.to, asked.new, asked.full_refresh) == ("duckdb:///vitally.duckdb", True, True)
    assert asks.statuses == [200, 401]


def test_the_demo_says_what_it_does_and_what_to_type_next(here: Path) -> None:
    said = Said(Asks())
    assert here.is_dir()
    assert "A local emulator of the Vitally API answers at http://127.0.0.1:" in said.out
    assert "/opt/bin/headrace check vitally\n" in said.out
    assert "/opt/bin/headrace journal list\n" in said.out
    assert "connect('vitally.duckdb').sql('FROM vitally_data.users LIMIT 5')" in said.out
    assert "began run r1" in said.err


def test_in_the_repository_the_demo_runs_the_example_there(here: Path) -> None:
    (here / "examples").mkdir()
    (here / "examples" / "vitally.md").write_text("# Overview\n")
    asks = Asks()
    said = Said(asks)
    assert asks.asked[0].config == "examples/vitally.md"
    assert "headrace check examples/vitally.md" in said.out


def test_another_warehouse_gets_a_journal_of_its_own(here: Path) -> None:
    asks = Asks()
    Said(asks)
    Said(asks, "--to", "other.duckdb")
    assert here.is_dir()
    assert asks.asked[1].to == "duckdb:///other.duckdb"
    assert asks.asked[0].journal != asks.asked[1].journal


def made_by(folder: str, destination: str, pipeline: str = "vitally") -> None:
    """A journal that says what its runs load."""
    with open_journal(Path(folder), Identity(pipeline, destination, "vitally_data")):
        pass


@pytest.mark.parametrize("destination", [None, "duckdb:///another.duckdb"])
def test_a_warehouse_that_no_demo_made_is_left_alone(here: Path, destination: str | None) -> None:
    (here / "vitally.duckdb").write_text("mine")
    if destination:
        made_by(".headrace/demo", destination)
    asks = Asks()
    said = Said(asks)
    assert (said.code, said.out, asks.asked) == (2, "", [])
    assert said.err.count("\n") == 1
    assert "vitally.duckdb exists, and no demo made it here" in said.err
    assert "/opt/bin/headrace demo --to demo.duckdb" in said.err
    assert (here / "vitally.duckdb").read_text() == "mine"


def test_a_warehouse_that_the_demo_made_is_made_anew(here: Path) -> None:
    (here / "vitally.duckdb").write_text("the demo's")
    made_by(".headrace/demo", "duckdb:///vitally.duckdb")
    asks = Asks()
    assert Said(asks).code == 0
    assert asks.asked[0].journal == ".headrace/demo"


@pytest.mark.parametrize("absolute", [False, True])
def test_a_warehouse_of_the_demo_that_a_run_loads_into_as_well_is_left_alone(here: Path, absolute: bool) -> None:
    (here / "vitally.duckdb").write_text("the demo's and mine")
    made_by(".headrace/demo", "duckdb:///vitally.duckdb")
    made_by(".headrace/vitally", f"duckdb:///{here / 'vitally.duckdb' if absolute else 'vitally.duckdb'}")
    asks = Asks()
    said = Said(asks)
    assert (said.code, asks.asked) == (2, [])
    assert "the runs of .headrace/vitally load into it" in said.err


@pytest.mark.timeout(60)
def test_a_second_demo_works(here: Path) -> None:
    for _ in range(2):
        out = io.StringIO()
        world = World(environ={}, stdout=out, stderr=io.StringIO(), argv0="headrace")
        assert main(("demo", "--records", SMALL, "--faults", ""), world) == 0, out.getvalue()
    assert (here / "vitally.duckdb").exists()


def test_a_demo_that_fails_exits_as_a_run_does_and_leads_nowhere(here: Path) -> None:
    said = Said(Asks(RequestRefused("GET /users: 401")), "--keep")
    assert here.is_dir()
    assert said.code == 3
    assert "where it stopped" not in said.out
    assert "See how the document was understood" not in said.out


def test_an_interrupted_demo_says_that_it_begins_anew(here: Path) -> None:
    said = Said(Asks(Interrupted("The run was interrupted.")), "--to", "o.duckdb")
    assert here.is_dir()
    assert said.code == 130
    assert "! vitally → duckdb:///o.duckdb  interrupted\n" in said.out
    command = f"/opt/bin/headrace demo --records {SMALL} --faults '' --to o.duckdb"
    assert f"Begin anew; what this run fetched is not used again:\n    {command}\n" in said.out


def test_the_emulator_is_gone_after_the_demo(here: Path) -> None:
    asks = Asks()
    Said(asks)
    assert here.is_dir()
    with pytest.raises(OSError, match="refused"):
        urlopen(f"{asks.asked[0].base_url}/users", timeout=5)


def test_wrong_records_are_one_sentence_and_exit_2(here: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    world = World(environ={}, stdout=out, stderr=err, execute=Asks(), argv0="headrace")
    assert here.is_dir()
    assert main(("demo", "--records", "accounts=many"), world) == 2
    assert err.getvalue().count("\n") == 1


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_emulator_says_where_it_listens_and_stops_when_told(stop: signal.Signals) -> None:
    command = [sys.executable, "-m", "headrace", "emulate", "vitally", "--records", SMALL]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:")
        assert line.endswith("/resources\n")
        process.send_signal(stop)
        assert process.wait(timeout=10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_an_unknown_vendor_is_one_sentence_and_exit_2() -> None:
    out, err = io.StringIO(), io.StringIO()
    assert main(("emulate", "salesforce"), World(environ={}, stdout=out, stderr=err, argv0="headrace")) == 2
    assert "invalid choice: 'salesforce'" in err.getvalue()
    assert err.getvalue().count("\n") == 1


def test_a_journal_is_not_for_the_demo_to_choose(here: Path) -> None:
    said = Said(Asks(), "--journal", "j")
    assert here.is_dir()
    assert said.code == 2
    assert "unknown flag --journal: the demo keeps its pages in .headrace/demo of this folder" in said.err
