"""How a command refers to itself and to Python, so that what it prints can be typed."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from headrace.cli.world import World


def script(folder: Path, name: str = "headrace") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_program_on_the_path_goes_by_its_name(tmp_path: Path) -> None:
    path = script(tmp_path / "bin")
    assert World(environ={"PATH": str(path.parent)}, argv0=str(path)).program == "headrace"


def test_a_program_of_this_folder_goes_by_its_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = script(tmp_path / ".venv" / "bin")
    for called in (str(path), ".venv/bin/headrace"):
        assert World(environ={"PATH": "/nowhere"}, argv0=called).program == ".venv/bin/headrace"


def test_another_headrace_on_the_path_is_not_mistaken_for_this_one(tmp_path: Path) -> None:
    other, this = script(tmp_path / "other"), script(tmp_path / "this")
    assert World(environ={"PATH": str(other.parent)}, argv0=str(this)).program == str(this)


def test_python_m_headrace_goes_by_the_interpreter(tmp_path: Path) -> None:
    environ = {"PATH": str(Path(sys.executable).parent)}
    called = World(environ=environ, argv0=str(tmp_path / "headrace" / "__main__.py"))
    assert called.program == f"{called.python} -m headrace"
    assert called.python.endswith("python") or "python" in Path(called.python).name


def test_a_command_is_quoted_so_that_a_shell_reads_it_back() -> None:
    world = World(environ={}, argv0="/opt/bin/headrace")
    assert world.command("run", ["my file.md", "--set", "a=b c"]) == (
        "/opt/bin/headrace run 'my file.md' --set 'a=b c'"
    )
    assert world.command("demo", ()) == "/opt/bin/headrace demo"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def regretted(stream: io.StringIO) -> str:
    World(environ={"TERM": "xterm", "COLUMNS": "40", "NO_COLOR": "1"}, stderr=stream).regret("word " * 12 + "end")
    return stream.getvalue()


def test_a_terminal_gets_a_long_sentence_in_lines() -> None:
    lines = regretted(Terminal()).splitlines()
    assert len(lines) > 1
    assert all(len(line) <= 40 for line in lines)
    assert lines[0].startswith("word word")


def test_a_log_gets_a_long_sentence_whole() -> None:
    assert regretted(io.StringIO()).count("\n") == 1
