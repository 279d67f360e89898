"""The door: which command is meant, and what becomes of an error that nobody expected."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from headrace.cli.parser import UsageError, wants_help
from headrace.cli.world import World, leave
from headrace.errors import HeadraceError
from headrace.report.exits import Exit, exit_code

COMMANDS = {
    "run": "fetch and load",
    "check": "can it run, and what was understood",
    "fetch": "the first half of run: from the API to the journal",
    "replay": "the second half of run: from the journal to the warehouse",
    "journal": "list, show, verify or prune the raw pages that were kept",
    "demo": "a local API, a run and its report, with no set-up",
    "emulate": "a local vendor API to try things against",
}

RESUMING = ("run", "fetch", "replay")
LATER = ("explain", "convert", "preview", "report")

HELP = """\
usage: headrace COMMAND [arguments]

headrace loads REST APIs into a warehouse from the declarative configuration
that you already have: dlt's, or the near-dlt document that a language model
wrote for you.

commands:
{commands}

flags:
  --help      show this and stop; `headrace COMMAND --help` has a command's own
  --version   show the version and stop

begin with:
  headrace demo
  headrace check CONFIG
  headrace run CONFIG --to duckdb:///my.duckdb
"""


def main(argv: Sequence[str] | None = None, world: World | None = None) -> int:
    """Run one command and give its exit code. Nothing but an exit code and text ever comes out."""
    world = World() if world is None else world
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (world.stdout, world.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return int(_dispatch(arguments, world))
    except HeadraceError as error:
        world.regret(f"headrace: {error}")
        return int(exit_code(error))
    except KeyboardInterrupt:
        resumes = "; the same command goes on where it stopped" if arguments[0] in RESUMING else ""
        world.regret(f"headrace: stopped at once{resumes}")
        world.leave(Exit.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone: there is nobody to tell, and the interpreter must not try on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.LOOK)
    except Exception as error:  # noqa: BLE001 - the last boundary: a person gets a sentence, the log the traceback
        return _unexpected(error, world)


def entry() -> NoReturn:
    """The console script. The process is left at once: a run that is over must not take a tenth of a second to end."""
    leave(main())


def _dispatch(arguments: list[str], world: World) -> int:
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        world.say(HELP.format(commands="\n".join(f"  {name:<11} {words}" for name, words in COMMANDS.items())).rstrip())
        return Exit.DONE if arguments else Exit.MEND
    if arguments[0] in {"--version", "version"}:
        world.say(f"headrace {_version()}")
        return Exit.DONE
    name, *rest = arguments
    if name in LATER:
        raise UsageError(f"`headrace {name}` is not part of this version; there are {', '.join(COMMANDS)}")
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean `headrace {near[0]}`?" if near else f"there are {', '.join(COMMANDS)}"
        raise UsageError(f"{name!r} is no command of headrace; {hint}")
    command = importlib.import_module(f"headrace.cli.{name}")
    if wants_help(rest):
        world.say(command.parser().format_help().rstrip())
        return Exit.DONE
    code: int = command.main(rest, world)
    return code


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # costs start-up, and few ask

    try:
        return version("headrace")
    except PackageNotFoundError:
        return "(not installed)"


def _unexpected(error: Exception, world: World) -> int:
    """A fault of ours: one sentence, and the traceback in a file. Its words may hold a secret: not shown."""
    if world.environ.get("HEADRACE_DEBUG"):
        traceback.print_exception(error, file=world.stderr)
        return int(exit_code(error))
    where = _log(error)
    told = f"its traceback is in {where}" if where else "set HEADRACE_DEBUG=1 to see its traceback"
    world.regret(
        f"headrace: an error of headrace itself ({type(error).__name__}); what was fetched is kept, run again to"
        f" resume, and please report it: {told}"
    )
    return int(exit_code(error))


def _log(error: Exception) -> Path | None:
    """Write the traceback without the exception's own words (they may hold a secret) to a file of this user's."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    try:
        descriptor, path = tempfile.mkstemp(prefix=f"headrace-{stamp}-", suffix=".log")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"headrace {_version()}, Python {sys.version.split()[0]}, {sys.platform}\n")
            seen: BaseException | None = error
            while seen is not None:
                file.writelines(traceback.format_tb(seen.__traceback__))
                file.write(f"{type(seen).__module__}.{type(seen).__qualname__}\n\n")
                seen = seen.__cause__ or seen.__context__
    except OSError:
        return None
    return Path(path)
