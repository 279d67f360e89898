"""Help: as its golden files, quick to come, and found by each command."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.cli import replay
from headrace.cli.flags import options
from headrace.cli.main import COMMANDS, main
from headrace.cli.world import World

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
HEAVY = {"aiohttp", "asyncio", "pyarrow", "duckdb", "rich", "yaml", "dlt", "requests", "zstandard", "brotli"}


def said(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(argv, World(environ={}, stdout=out, stderr=err, argv0="headrace"))
    return code, out.getvalue(), err.getvalue()


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("HEADRACE_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_help_reads_as_its_golden_file() -> None:
    code, out, err = said("--help")
    assert (code, err) == (0, "")
    golden("help.txt", out)
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("command", list(COMMANDS))
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_the_help_of_each_command_reads_as_its_golden_file(
    command: str, flag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code, out, err = said(command, flag)
    assert (code, err) == (0, "")
    golden(f"help_{command}.txt", out)
    assert max(map(len, out.splitlines())) <= 80


def test_a_replay_takes_the_flags_of_the_run_that_it_does_not_list() -> None:
    flags = options(replay.parser().read(["x.md", "--base-url", "http://h", "--limit-pages", "3"]), "replay")
    assert (flags.base_url, flags.limit_pages) == ("http://h", 3)
    assert "--base-url" not in said("replay", "--help")[1]


def test_help_wins_over_whatever_else_is_typed() -> None:
    assert said("run", "--nope", "--help")[0] == 0


def test_nothing_typed_is_help_and_a_mistake() -> None:
    code, out, _ = said()
    assert code == 2
    assert out.startswith("usage: headrace COMMAND")


def test_every_command_is_in_the_help() -> None:
    out = said("--help")[1]
    assert all(f"  {command} " in out for command in COMMANDS)


def test_the_version_is_told() -> None:
    code, out, _ = said("--version")
    assert code == 0
    assert out.startswith("headrace 0.")


def modules_after(*argv: str) -> set[str]:
    code = (
        f"import sys\nfrom headrace.cli.main import main\ncode = main({list(argv)!r})\nprint('MODULES', *sys.modules)\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, timeout=20, capture_output=True, text=True).stdout
    return set(shown.rpartition("MODULES")[2].split())


@pytest.mark.parametrize("argv", [("--help",), ("run", "--help"), ("check", "--help"), ("demo", "--help"), ()])
def test_help_imports_nothing_heavy(argv: tuple[str, ...]) -> None:
    assert not HEAVY & modules_after(*argv)


def test_the_first_help_does_not_even_load_argparse_of_a_command() -> None:
    assert not {
        name for name in modules_after("--help") if name.startswith(("headrace.run", "headrace.spec", "msgspec"))
    }


def test_python_m_headrace_is_the_same_command() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "headrace", "--help"], check=True, timeout=20, capture_output=True, text=True
    )
    assert shown.stdout == said("--help")[1]


def test_whoever_stops_reading_gets_no_traceback() -> None:
    command = f"{sys.executable} -m headrace run --help | head -n 1"
    shown = subprocess.run(["bash", "-c", command], check=True, timeout=20, capture_output=True, text=True)
    assert shown.stdout.startswith("usage: headrace run")
    assert shown.stderr == ""
