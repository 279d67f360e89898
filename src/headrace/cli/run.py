"""`headrace run`, and what `fetch` and `replay` share with it: where progress, report and errors go."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from headrace.cli.faults import fault_lines
from headrace.cli.flags import add_common, options
from headrace.cli.parser import Parser
from headrace.cli.world import World
from headrace.errors import ConfigError
from headrace.report.collect import RunReport
from headrace.report.exits import Exit, exit_code
from headrace.report.layout import stage
from headrace.report.progress import Progress
from headrace.report.steps import Setting
from headrace.report.terminal import print_report
from headrace.run.options import Outcome

Mode = Literal["run", "fetch", "replay"]

_EXITS = """\
exit codes:
  0    done; complete
  1    done, but something needs eyes: rejects, an unproven walk
  2    the configuration, a flag or a need is wrong; nothing was fetched
  3    the API refused or failed for good; what was fetched is kept
  4    the warehouse refused; what was fetched is kept
  130  interrupted; run again to resume
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
    telling = Telling(world, as_json=wants_json(argv))
    try:
        return _run(mode, flags.read(argv), argv, telling)
    except ConfigError as error:
        telling.refuse(error)
        complain(error, world)
        return exit_code(error)
    except (Exception, KeyboardInterrupt) as error:
        telling.refuse(error)
        raise


@dataclass(slots=True)
class Telling:
    """Sees to it that the one object is printed once."""

    world: World
    as_json: bool
    told: bool = False

    def tell(self, report: RunReport) -> None:
        """Print the report as the one object."""
        self.told = True
        self.world.say(report.to_json().decode())

    def refuse(self, error: BaseException) -> None:
        """Print the object for an error that no report has told, if an object is wanted."""
        if self.as_json and not self.told:
            self.tell(RunReport.refused(error))


def _run(mode: Mode, flags: argparse.Namespace, argv: Sequence[str], telling: Telling) -> int:
    world = telling.world
    with Progress(world.stderr, quiet=flags.quiet, environ=world.environ) as progress:

        def publish(outcome: Outcome) -> None:
            progress.stop()
            if telling.as_json:
                telling.tell(outcome.report)
            elif not flags.quiet or outcome.exit_code != Exit.DONE:
                shown = setting(mode, outcome, flags.config, argv, world)
                stream = world.stderr if flags.quiet else world.stdout
                print_report(outcome.report, shown, stream=stream, environ=world.environ)

        outcome = world.execute(options(flags, mode), environ=world.environ, listen=progress, publish=publish)
    if telling.as_json and outcome.exit_code == Exit.INTERRUPTED:
        world.complain(f"Interrupted; to resume: {again(mode, argv, world)}")
    return outcome.exit_code


def setting(mode: Mode, outcome: Outcome, config: str, argv: Sequence[str], world: World) -> Setting:
    """What a report says beside the figures."""
    return Setting(
        name=config_name(config),
        destination=outcome.destination,
        dataset=outcome.dataset,
        journal=outcome.journal,
        again=again("replay" if mode == "fetch" and outcome.exit_code in {Exit.DONE, Exit.LOOK} else mode, argv, world),
        python=world.python,
        mode=mode,
    )


def config_name(config: str) -> str:
    """How the document is named to a person."""
    return "stdin" if config == "-" else config


def again(mode: Mode, argv: Sequence[str], world: World) -> str:
    """The command that goes on where this one stopped: the same, less what would begin anew."""
    return world.command(mode, [each for each in argv if each != "--new"])


def complain(error: ConfigError, world: World) -> None:
    """Say on standard error why nothing was begun: the sentence, then each fault of the document."""
    shown = stage(world.stderr, world.environ)
    world.regret(str(error), shown.marks.bad)
    for line in fault_lines(getattr(error, "faults", ()), shown):
        world.complain(line)


def wants_json(argv: Sequence[str]) -> bool:
    """Whether `--format json` stands among the arguments, also when the rest of them cannot be parsed."""
    joined = "\0".join(argv)
    return "--format\0json" in joined or "--format=json" in joined
