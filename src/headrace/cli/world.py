"""What a command may touch outside itself: environment, streams, how a run is executed, and how to leave."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn, Protocol

if TYPE_CHECKING:
    from headrace.model.event import Emit
    from headrace.run.options import Outcome, RunOptions


class Execute(Protocol):
    """`headrace.run.wire.execute`, or what stands in for it in a test."""

    def __call__(
        self, options: RunOptions, *, environ: Mapping[str, str], listen: Emit, publish: Callable[[Outcome], None]
    ) -> Outcome:
        """Run, and hand the outcome to `publish` before the journal marks the run as over."""
        ...


def execute(
    options: RunOptions, *, environ: Mapping[str, str], listen: Emit, publish: Callable[[Outcome], None]
) -> Outcome:
    """The real run, imported only when one begins: it brings Arrow, DuckDB and the HTTP library."""
    # Arrow's own allocator keeps what was freed for a later use: a quarter of the peak memory, and no time won.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    from headrace.run.wire import execute as run

    return run(options, environ=environ, listen=listen, publish=publish)


def leave(code: int) -> NoReturn:
    """End the process at once. Threads are not waited for: the journal stands a kill."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@dataclass(frozen=True, slots=True)
class World:
    """The outside, as one value; tests pass their own."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    stdout: IO[str] = field(default_factory=lambda: sys.stdout)
    stderr: IO[str] = field(default_factory=lambda: sys.stderr)
    execute: Execute = execute
    leave: Callable[[int], NoReturn] = leave
    argv0: str = field(default_factory=lambda: sys.argv[0])

    def say(self, words: str = "") -> None:
        """One line on standard output."""
        print(words, file=self.stdout, flush=True)

    def complain(self, words: str) -> None:
        """One line on standard error."""
        print(words, file=self.stderr, flush=True)

    def regret(self, sentence: str, mark: str = "") -> None:
        """One sentence on standard error: whole in a log, and in lines where a terminal would break it in a word."""
        from headrace.report.layout import stage, wrapped

        shown = stage(self.stderr, self.environ)
        lead = " " * (len(mark) + 1) if mark else ""
        lines = wrapped(sentence, shown.width, lead) if shown.live else [lead + sentence]
        if mark:
            lines[0] = f"{shown.paint('bad', mark)} {lines[0].lstrip()}"
        self.complain("\n".join(lines))

    @property
    def program(self) -> str:
        """How this program was called, so that a command it prints can be typed as it stands."""
        called = Path(self.argv0)
        if called.name != "headrace":
            return f"{self.python} -m headrace"
        on_path = shutil.which("headrace", path=self.environ.get("PATH"))
        if on_path and called.exists() and Path(on_path).samefile(called):
            return "headrace"
        return shlex.quote(_near(called))

    @property
    def python(self) -> str:
        """This interpreter, as short as it can be typed."""
        on_path = shutil.which("python", path=self.environ.get("PATH"))
        return "python" if on_path == sys.executable else shlex.quote(_near(Path(sys.executable)))

    def command(self, verb: str, argv: Sequence[str]) -> str:
        """A command line that can be typed again."""
        return " ".join([self.program, verb, shlex.join(argv)]).rstrip()


def _near(path: Path) -> str:
    """The path relative to the working directory if it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else str(path)
