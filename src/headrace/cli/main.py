"""The door: which command is meant, and what becomes of an error that nobody expected."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from headrace.cli.unbroken import unbroken

# Little is imported here: what happens before `main` begins, a Ctrl-C breaks off without a word.
if TYPE_CHECKING:
    from collections.abc import Sequence

    from headrace.cli.world import World
    from headrace.errors import HeadraceError

COMMANDS = {
    "run": "fetch and load",
    "check": "can it run, and what was understood",
    "explain": "every effective value, where it comes from, and what to expect",
    "preview": "the first page of one resource, as a table and a schema",
    "fetch": "the first half of run: from the API to the journal",
    "replay": "the second half of run: from the journal to the warehouse",
    "report": "the report of the last run, or of a named one",
    "journal": "list, show, verify or prune the raw pages that were kept",
    "convert": "write it as clean dlt, as YAML, or as a diff",
    "demo": "a local API, a run and its report, with no set-up",
    "emulate": "a local vendor API to try things against",
    "schema": "the JSON Schema of a configuration, for editors",
}

RESUMING = ("run", "fetch", "replay")

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
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        with unbroken():
            from headrace.cli.world import World
            from headrace.errors import HeadraceError

        world = World() if world is None else world
        for stream in (world.stdout, world.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        try:
            return int(_dispatch(arguments, world))
        except HeadraceError as error:
            from headrace.report.exits import exit_code

            world.regret(f"headrace: {error}")
            return int(exit_code(error))
    except KeyboardInterrupt as stop:
        return _stopped(stop, arguments, world)
    except Exception as error:  # noqa: BLE001 - the last boundary: a person gets a sentence, the log the traceback
        from headrace.cli.crash import unexpected
        from headrace.cli.world import World

        return unexpected(error, World() if world is None else world)


def entry() -> NoReturn:
    """The console script. The process is left at once: a run that is over must not take a tenth of a second to end."""
    # SIGTERM (a scheduler, a container, systemd) is a Ctrl-C that nobody typed: the same orderly way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _occupy()
    code = main()
    from headrace.cli.world import leave

    leave(code)


def _occupy() -> None:
    """Open what is closed of the standard descriptors, so that no file of ours gets a number that others use."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process lasts


def _stopped(stop: KeyboardInterrupt, arguments: Sequence[str], world: World | None) -> int:
    """A Ctrl-C that no run has taken: before it began, or the second one. A run still owes its object."""
    from headrace.cli.run import refuse
    from headrace.cli.world import World
    from headrace.report.exits import Exit

    world = World() if world is None else world
    resumes = bool(arguments) and arguments[0] in RESUMING
    if resumes:
        refuse(stop, arguments, world)
    world.regret(f"headrace: stopped at once{'; the same command goes on where it stopped' if resumes else ''}")
    world.leave(Exit.INTERRUPTED)


def _dispatch(arguments: list[str], world: World) -> int:
    from headrace.report.exits import Exit

    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        world.say(HELP.format(commands="\n".join(f"  {name:<11} {words}" for name, words in COMMANDS.items())).rstrip())
        return Exit.DONE if arguments else Exit.MEND
    if arguments[0] in {"--version", "version"}:
        from headrace.cli.version import version

        world.say(f"headrace {version()}")
        return Exit.DONE
    name, *rest = arguments
    if name not in COMMANDS:
        raise _unknown(name)
    with unbroken():
        command = importlib.import_module(f"headrace.cli.{name}")
    if {"-h", "--help"} & set(rest):
        world.say(command.parser().format_help().rstrip())
        return Exit.DONE
    code: int = command.main(rest, world)
    return code


def _unknown(name: str) -> HeadraceError:
    import difflib

    from headrace.cli.parser import UsageError

    near = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean `headrace {near[0]}`?" if near else f"there are {', '.join(COMMANDS)}"
    return UsageError(f"{name!r} is no command of headrace; {hint}")
