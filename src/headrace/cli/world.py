"""What a command may touch outside itself: environment, streams, how a run is executed, and how to leave."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn, Protocol

from headrace.cli.unbroken import unbroken

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
    with unbroken():
        from headrace.run.wire import execute as run

    return run(options, environ=environ, listen=listen, publish=publish)


def leave(code: int) -> NoReturn:
    """End the process at once. Threads are not waited for: the journal stands a kill."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):  # nobody is left to be told
                stream.flush()
    os._exit(code)


class Closed(io.StringIO):
    """A standard stream that was closed before we began: Python has None there."""

    def write(self, words: str) -> NoReturn:
        """Refuse, as the kernel would."""
        del words
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


@dataclass(slots=True)
class Told:
    """What has become of standard output: whether anything was said there, and whether it can still be written."""

    anything: bool = False
    lost: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """The outside, as one value; tests pass their own."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    stdin: IO[str] = field(default_factory=lambda: sys.stdin or Closed())
    stdout: IO[str] = field(default_factory=lambda: sys.stdout or Closed())
    stderr: IO[str] = field(default_factory=lambda: sys.stderr or Closed())
    execute: Execute = execute
    leave: Callable[[int], NoReturn] = leave
    argv0: str = field(default_factory=lambda: sys.argv[0])
    told: Told = field(default_factory=Told)

    def say(self, words: str = "") -> None:
        """One line on standard output. What a command does never depends on whether somebody reads it."""
        self.told.anything = True
        if self.told.lost:
            return
        try:
            print(words, file=self.stdout, flush=True)
        except BrokenPipeError:  # a reader that went away has read what it wanted
            self.told.lost = True
        except OSError as error:
            self.told.lost = True
            self.complain(f"headrace: standard output cannot be written ({error.strerror}); the exit code stands")

    def complain(self, words: str) -> None:
        """One line on standard error, if it can be written."""
        with contextlib.suppress(OSError):
            print(words, file=self.stderr, flush=True)

    def regret(self, sentence: str) -> None:
        """One sentence on standard error: whole in a log, and in lines where a terminal would break it in a word."""
        from headrace.cli.masks import masked
        from headrace.report.layout import stage, wrapped

        shown = stage(self.stderr, self.environ)
        words = masked(sentence)
        self.complain("\n".join(wrapped(words, shown.width)) if shown.live else words)

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
        """A command line that can be typed again, once a password that was in it is put back."""
        from headrace.cli.masks import masked

        return " ".join([self.program, verb, shlex.join(map(masked, argv))]).rstrip()


def _near(path: Path) -> str:
    """The path relative to the working directory if it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else str(path)
