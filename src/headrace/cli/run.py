"""`headrace run`, and what `fetch` and `replay` share with it: where progress, report and errors go."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Literal

from headrace.cli.faults import fault_lines
from headrace.cli.flags import add_common, options
from headrace.cli.masks import masked_error, masked_faults
from headrace.cli.parser import Parser, wants_json
from headrace.cli.world import World
from headrace.errors import ConfigError
from headrace.report.collect import RunReport
from headrace.report.exits import Exit, exit_code
from headrace.report.layout import stage
from headrace.report.progress import Progress
from headrace.report.steps import Setting
from headrace.report.terminal import lines
from headrace.run.options import Outcome

Mode = Literal["run", "fetch", "replay"]

_EXITS = """\
exit codes:
  0    done; complete
  1    done, but something needs eyes: rejects, an unproven walk
  2    the configuration, a flag or a need is wrong; nothing was fetched
  3    the API refused or failed for good; what was fetched is kept
  4    the warehouse refused, or the disk is full; what was fetched is kept
  130  interrupted (Ctrl-C or SIGTERM); run again to resume
"""


def parser() -> Parser:
    """The arguments of `headrace run`."""
    made = Parser(
        "run",
        "CONFIG [flags]",
        "Fetch everything that CONFIG names and load it into a warehouse. Every page is kept in a "
        "journal first: run the same command again after a crash, and it goes on where it stopped.",
        _EXITS,
    )
    add_common(made)
    return made


def main(argv: Sequence[str], world: World) -> int:
    """Fetch and load."""
    return conduct("run", parser(), argv, world)


def conduct(mode: Mode, flags: Parser, argv: Sequence[str], world: World) -> int:
    """Parse, run, report. With `--format json` exactly one object goes to standard output, whatever happens."""
    try:
        return _run(mode, flags.read(argv), argv, world)
    except ConfigError as error:
        refuse(error, argv, world)
        complain(error, world)
        return exit_code(error)
    except Exception as error:
        refuse(error, argv, world)
        raise


def refuse(error: BaseException, argv: Sequence[str], world: World) -> None:
    """Print the object for an error that no report has told, if an object is wanted."""
    if wants_json(argv) and not world.told.anything:
        told = masked_error(error) if isinstance(error, ConfigError) else error
        world.say(RunReport.refused(told).to_json().decode())


def _run(mode: Mode, flags: argparse.Namespace, argv: Sequence[str], world: World) -> int:
    with Progress(world.stderr, quiet=flags.quiet, environ=world.environ) as progress:

        def publish(outcome: Outcome) -> None:
            progress.stop()
            if flags.format == "json":
                world.say(outcome.report.to_json().decode())
                return
            surrounds = setting(mode, outcome, flags, argv, world)
            if not flags.quiet:
                world.say("\n".join(lines(outcome.report, surrounds, stage(world.stdout, world.environ))))
            elif outcome.exit_code != Exit.DONE:
                world.complain("\n".join(lines(outcome.report, surrounds, stage(world.stderr, world.environ))))

        outcome = world.execute(options(flags, mode), environ=world.environ, listen=progress, publish=publish)
    if flags.format == "json" and outcome.exit_code == Exit.INTERRUPTED:
        world.complain(f"Interrupted; to resume: {again(mode, argv, world)}")
    return outcome.exit_code


def setting(mode: Mode, outcome: Outcome, flags: argparse.Namespace, argv: Sequence[str], world: World) -> Setting:
    """What a report says beside the figures."""
    return Setting(
        name=config_name(flags.config),
        destination=outcome.destination,
        dataset=outcome.dataset,
        journal=outcome.journal,
        again=again("replay" if mode == "fetch" and outcome.exit_code in {Exit.DONE, Exit.LOOK} else mode, argv, world),
        python=world.python,
        mode=mode,
        pace=_pace(flags),
    )


def _pace(flags: argparse.Namespace) -> tuple[str, ...]:
    """The flags that hold requests back."""
    rate, most = flags.rate, flags.max_concurrency
    told = f"--rate {rate.requests}/{rate.window_s:g}" if rate else "", f"--max-concurrency {most}" if most else ""
    return tuple(each for each in told if each)


def config_name(config: str) -> str:
    """How the document is named to a person."""
    return "stdin" if config == "-" else config


def again(mode: Mode, argv: Sequence[str], world: World) -> str:
    """The command that goes on where this one stopped: the same, less what would begin anew."""
    anew = {"--new", "--full-refresh"} if mode == "replay" else {"--new"}
    return world.command(mode, [each for each in argv if each not in anew])


def complain(error: ConfigError, world: World) -> None:
    """Say on standard error why nothing was begun: the sentence, then each fault of the document."""
    shown = stage(world.stderr, world.environ)
    world.regret(f"headrace: {error.message}")
    for line in fault_lines(masked_faults(error.faults), shown):
        world.complain(line)
