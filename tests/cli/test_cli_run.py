"""`run`, `fetch` and `replay`: flags in, options out; one object on standard output; the exit code of the outcome."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest

from headrace.cli.main import main
from headrace.cli.world import World
from headrace.errors import ConfigError, Interrupted, JournalBusy, JournalError, RequestRefused, SinkError
from headrace.model.event import Emit, PageFetched, RunStarted, WalkEnded
from headrace.model.plan import DeclaredLimit
from headrace.report.collect import Collector, RunReport
from headrace.report.exits import exit_code
from headrace.run.options import Outcome, RunOptions
from headrace.spec.faults import Fault


class Left(Exception):
    """The process would have ended here."""

    def __init__(self, code: int) -> None:
        self.code = code


def _leave(code: int) -> NoReturn:
    raise Left(code)


class Runs:
    """Stands in for the run room: remembers what it was asked, emits a small run, and ends as it was told to."""

    def __init__(self, *errors: BaseException, raises: BaseException | None = None, proven: bool = True) -> None:
        self.asked: list[RunOptions] = []
        self.environ: Mapping[str, str] = {}
        self._errors = errors
        self._raises = raises
        self._proven = proven

    def __call__(
        self, options: RunOptions, *, environ: Mapping[str, str], listen: Emit, publish: Callable[[Outcome], None]
    ) -> Outcome:
        self.asked.append(options)
        self.environ = environ
        if self._raises:
            raise self._raises
        collector = Collector()
        for event in (
            RunStarted("r1", ("users",), resumed=False),
            PageFetched("users", 0, 100, 1_000, 0.1),
            WalkEnded("users", "end", "`next` was null", proven=self._proven),
        ):
            collector(event)
            listen(event)
        report = collector.report(rows={"users": {"users": 100}}, errors=self._errors)
        outcome = Outcome(report, int(exit_code(report)), "duckdb:///v.duckdb", "v_data", ".headrace/v")
        publish(outcome)
        return outcome


class Said:
    """A command's exit code and what it wrote."""

    def __init__(self, runs: Runs, *argv: str, environ: Mapping[str, str] | None = None) -> None:
        out, err = io.StringIO(), io.StringIO()
        world = World(
            environ=environ or {}, stdout=out, stderr=err, execute=runs, leave=_leave, argv0="/opt/bin/headrace"
        )
        try:
            self.code = main(argv, world)
        except Left as left:
            self.code = left.code
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def object(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.out)
        return decoded


def test_every_flag_reaches_the_run() -> None:
    runs = Runs()
    argv = (
        "run x.md --base-url http://h/r --to duckdb:///a.db --dataset d --resource users --resource tasks --set a=1"
        " --set b=c=d --secrets s.toml --journal j --rate 600/10 --max-concurrency 3 --new --full-refresh"
        " --allow-origin http://o --widen-numbers --strict --limit-pages 5 --memory-mb 64 --quiet --format json"
    )
    assert Said(runs, *argv.split()).code == 0
    assert runs.asked == [
        RunOptions(
            config="x.md",
            base_url="http://h/r",
            to="duckdb:///a.db",
            dataset="d",
            resources=("users", "tasks"),
            settings={"a": "1", "b": "c=d"},
            secrets="s.toml",
            journal="j",
            rate=DeclaredLimit(600, 10.0),
            max_concurrency=3,
            new=True,
            full_refresh=True,
            allow_origins=("http://o",),
            widen_numbers=True,
            strict=True,
            limit_pages=5,
            memory_mb=64,
        )
    ]


def test_without_flags_everything_is_a_default() -> None:
    runs = Runs()
    Said(runs, "run", "x.md")
    assert runs.asked == [RunOptions(config="x.md")]


@pytest.mark.parametrize("mode", ["run", "fetch", "replay"])
def test_each_command_asks_for_its_mode(mode: str) -> None:
    runs = Runs()
    assert Said(runs, mode, "x.md").code == 0
    assert runs.asked[0].mode == mode


def test_the_environment_is_handed_on() -> None:
    runs = Runs()
    Said(runs, "run", "x.md", environ={"SECRET_TOKEN": "t"})
    assert runs.environ["SECRET_TOKEN"] == "t"


def test_a_person_gets_the_report_on_stdout_and_progress_on_stderr() -> None:
    said = Said(Runs(), "run", "x.md")
    assert "x.md" in said.out
    assert "complete" in said.out
    assert "began run r1" in said.err
    assert "began run" not in said.out


def test_json_is_one_object_on_stdout_and_progress_stays_on_stderr() -> None:
    said = Said(Runs(), "run", "x.md", "--format", "json")
    assert said.object["status"] == "complete"
    assert said.out.count("\n") == 1
    assert "began run r1" in said.err


@pytest.mark.parametrize(
    ("errors", "code", "status"),
    [
        ((), 0, "complete"),
        ((RequestRefused("401"),), 3, "failed"),
        ((SinkError("full"),), 4, "failed"),
        ((Interrupted("stopped"),), 130, "failed"),
    ],
)
@pytest.mark.parametrize("flag", ["--format=json", "--quiet", "--strict"])
def test_the_exit_code_is_that_of_the_outcome(
    errors: tuple[BaseException, ...], code: int, status: str, flag: str
) -> None:
    said = Said(Runs(*errors), "run", "x.md", flag)
    assert said.code == code
    if flag == "--format=json":
        assert said.object["status"] == status


def test_an_unproven_walk_exits_with_one() -> None:
    said = Said(Runs(proven=False), "run", "x.md", "--format", "json")
    assert (said.code, said.object["status"]) == (1, "incomplete")


def test_quiet_says_nothing_when_all_is_well() -> None:
    said = Said(Runs(), "run", "x.md", "--quiet")
    assert (said.out, said.err) == ("", "")


def test_quiet_still_tells_on_stderr_what_went_wrong() -> None:
    said = Said(Runs(RequestRefused("GET /users: 401")), "run", "x.md", "--quiet")
    assert said.out == ""
    assert "GET /users: 401" in said.err
    assert "began run" not in said.err


@pytest.mark.parametrize(
    "argv",
    [
        ("run",),
        ("run", "a", "b"),
        ("run", "x.md", "--rate", "fast"),
        ("run", "x.md", "--rate", "0/10"),
        ("run", "x.md", "--rate", "5/0"),
        ("run", "x.md", "--rate", "5"),
        ("run", "x.md", "--rate", "-5/10"),
        ("run", "x.md", "--limit-pages", "0"),
        ("run", "x.md", "--limit-pages", "many"),
        ("run", "x.md", "--max-concurrency", "-1"),
        ("run", "x.md", "--max-concurrency", "1.5"),
        ("run", "x.md", "--set", "novalue"),
        ("run", "x.md", "--set", "=value"),
        ("run", "x.md", "--format", "yaml"),
        ("run", "x.md", "--to"),
        ("run", "x.md", "--full-refresh=yes"),
        ("run", "x.md", "--full"),
        ("fetch", "x.md", "--nope"),
        ("replay", "x.md", "--nope"),
        ("check", "x.md", "--nope"),
        ("demo", "--nope"),
        ("demo", "surplus"),
        ("rnu", "x.md"),
        ("--nope",),
    ],
)
def test_a_wrong_flag_is_one_sentence_and_exit_2(argv: tuple[str, ...]) -> None:
    runs = Runs()
    said = Said(runs, *argv)
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    assert runs.asked == []


def test_a_misspelt_flag_is_recognised() -> None:
    assert "unknown flag --fromat (did you mean --format?)" in Said(Runs(), "run", "x.md", "--fromat", "json").err


def test_a_misspelt_command_is_recognised() -> None:
    assert "did you mean `headrace replay`?" in Said(Runs(), "repaly").err


def test_standard_input_is_called_so() -> None:
    assert Said(Runs(), "run", "-").out.startswith("✓ stdin → ")


@pytest.mark.parametrize("spelling", [("--format", "json"), ("--format=json",)])
def test_a_wrong_flag_beside_json_still_prints_the_object(spelling: tuple[str, ...]) -> None:
    said = Said(Runs(), "run", "x.md", "--rate", "fast", *spelling)
    assert said.code == 2
    assert said.object["status"] == "failed"
    assert said.object["resources"] == {}
    assert "'fast' is not N/SECONDS" in said.object["errors"][0]["message"]


def test_a_wrong_configuration_exits_2_with_the_object_and_the_sentence() -> None:
    said = Said(Runs(raises=JournalBusy("another run holds the journal")), "run", "x.md", "--format", "json")
    assert said.code == 2
    assert said.object["errors"] == [{"kind": "config", "message": "another run holds the journal"}]
    assert "another run holds the journal" in said.err


def test_a_journal_of_another_destination_exits_2_with_one_object_and_one_sentence() -> None:
    said = Said(Runs(raises=JournalError("the journal belongs to another")), "run", "x.md", "--format", "json")
    assert said.code == 2
    assert said.object["errors"] == [{"kind": "journal", "message": "the journal belongs to another"}]
    assert said.err == "headrace: the journal belongs to another\n"


def test_an_error_after_the_report_prints_no_second_object() -> None:
    class Breaks(Runs):
        def __call__(
            self, options: RunOptions, *, environ: Mapping[str, str], listen: Emit, publish: Callable[[Outcome], None]
        ) -> Outcome:
            super().__call__(options, environ=environ, listen=listen, publish=publish)
            raise JournalError("the disk is full")

    said = Said(Breaks(), "run", "x.md", "--format", "json")
    assert said.code == 2
    assert said.object["status"] == "complete"
    assert said.out.count("\n") == 1


def test_the_faults_of_a_document_are_listed_under_the_sentence() -> None:
    fault = Fault("auth.type", "error", "client.auth.type", 12, "`basci` is no auth type", "did you mean `http_basic`?")
    said = Said(Runs(raises=ConfigError("x.md cannot run", faults=(fault,))), "run", "x.md")
    assert said.code == 2
    assert said.out == ""
    for part in (
        "x.md cannot run",
        "line 12, client.auth.type",
        "`basci` is no auth type",
        "→ Did you mean `http_basic`?",
    ):
        assert part in said.err


def test_the_command_that_resumes_is_the_same_less_new() -> None:
    said = Said(Runs(RequestRefused("401")), "run", "my file.md", "--new", "--to", "duckdb:///v.duckdb")
    assert "headrace run 'my file.md' --to duckdb:///v.duckdb" in said.out
    assert "--new" not in said.out


def test_after_fetch_the_replay_is_offered() -> None:
    assert "headrace replay x.md" in Said(Runs(), "fetch", "x.md").out


def test_an_interrupted_fetch_offers_the_fetch_again() -> None:
    assert "headrace fetch x.md" in Said(Runs(Interrupted("stopped")), "fetch", "x.md").out


@pytest.mark.parametrize(("command", "resumes"), [("run", True), ("fetch", True), ("replay", True), ("check", False)])
def test_only_what_resumes_promises_it_when_stopped_at_once(
    command: str, resumes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("headrace.cli.check.read_config", stop)
    said = Said(Runs(raises=KeyboardInterrupt()), command, "x.md")
    assert said.code == 130
    assert ("the same command goes on where it stopped" in said.err) == resumes


def test_an_interrupted_run_with_json_says_how_to_resume_on_stderr() -> None:
    said = Said(Runs(Interrupted("stopped")), "run", "x.md", "--format", "json")
    assert said.code == 130
    assert "to resume: /opt/bin/headrace run x.md" in said.err


def test_a_second_ctrl_c_leaves_at_once_and_json_still_has_its_object() -> None:
    said = Said(Runs(raises=KeyboardInterrupt()), "run", "x.md", "--format", "json")
    assert said.code == 130
    assert said.object["status"] == "failed"
    assert "stopped at once" in said.err


def test_an_unexpected_error_is_one_sentence_that_hides_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said = Said(Runs(raises=ValueError("token sk_live_secret")), "run", "x.md")
    assert said.code == 3
    assert said.err.count("\n") == 1
    assert "ValueError" in said.err
    assert "sk_live_secret" not in said.err
    (log,) = tmp_path.iterdir()
    assert str(log) in said.err
    written = log.read_text()
    assert "ValueError" in written
    assert "in __call__" in written
    assert "sk_live_secret" not in written


def test_an_unexpected_error_beside_json_still_prints_the_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said = Said(Runs(raises=ValueError("x")), "run", "x.md", "--format", "json")
    assert said.code == 3
    assert said.object["errors"][0]["kind"] == "internal"


def test_the_log_tells_the_cause_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    error = ValueError("outer")
    error.__cause__ = KeyError("inner")
    Said(Runs(raises=error), "run", "x.md")
    assert "KeyError" in next(tmp_path.iterdir()).read_text()


def test_debug_shows_the_traceback() -> None:
    said = Said(Runs(raises=ValueError("odd")), "run", "x.md", environ={"HEADRACE_DEBUG": "1"})
    assert said.code == 3
    assert "Traceback" in said.err


def test_the_report_that_is_printed_is_the_report_of_the_run() -> None:
    said = Said(Runs(), "run", "x.md", "--format", "json")
    report = RunReport.from_json(said.out.encode())
    assert report.resources["users"].rows == {"users": 100}
    assert msgspec.json.decode(said.out)["resources"]["users"]["stopped"] == "end"
