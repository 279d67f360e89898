"""`headrace report`: what a run did, told again from its journal: for a person, a program, or as a page."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.cli.flags import add_help
from headrace.cli.journals import HOME, journals_of, opened
from headrace.cli.output import add_output, check_free, put
from headrace.cli.parser import Parser
from headrace.cli.world import World
from headrace.errors import ConfigError
from headrace.report.exits import Exit
from headrace.report.layout import stage

if TYPE_CHECKING:
    from headrace.journal.layout import Identity, RunSummary
    from headrace.report.steps import Setting
    from headrace.run.past import Past

_CODES = """\
exit codes:
  0    the report was found, whatever it says of the run
  2    a flag is wrong, or there is no such run
"""


def parser() -> Parser:
    """The arguments of `headrace report`."""
    made = Parser(
        "report",
        "[RUN] [flags]",
        "Show the report of the last run again, or of the run named. It is kept in the journal, so it is there after "
        "the terminal is gone. Of a run that left none (killed, abandoned, still under way) the pages tell.",
        _CODES,
    )
    made.add_argument(
        "run", metavar="RUN", nargs="?", help="the run's id, its beginning or its end (`headrace journal list`)"
    )
    made.add_argument("--journal", metavar="DIR", help=f"one journal (default: every one in {HOME}/)")
    output = made.add_argument_group("output")
    output.add_argument(
        "--format",
        choices=("human", "json", "html"),
        default="human",
        help="human; json: the object of `run --format json`; html: a page that stands alone (default: human)",
    )
    add_output(output)
    add_help(made)
    return made


def main(argv: Sequence[str], world: World) -> int:
    """Find the run, and tell of it."""
    flags = parser().read(argv)
    check_free(flags.output, force=flags.force)
    folder, run = _find(flags)
    from headrace.run.past import past

    with opened(folder) as journal:
        put(_told(past(journal, run), folder, journal.identity, flags, world), flags.output, world)
    return Exit.DONE


def _find(flags: argparse.Namespace) -> tuple[Path, RunSummary]:
    """The run that is meant, and its journal; without a name, the newest of all. Raises ConfigError."""
    from headrace.run.past import find_run

    places: dict[str, Path] = {}
    runs: list[RunSummary] = []
    for folder in journals_of(flags.journal):
        with opened(folder) as journal:
            for each in journal.runs():
                places[each.run.run_id] = folder
                runs.append(each)
    if not runs:
        where = flags.journal or f"{HOME}/"
        raise ConfigError(f"The journal in {where} holds no run yet; `headrace run CONFIG` makes one")
    run = find_run(runs, flags.run) if flags.run else max(runs, key=lambda each: each.run.started_at)
    return places[run.run.run_id], run


def _told(found: Past, folder: Path, identity: Identity, flags: argparse.Namespace, world: World) -> str:
    if flags.format == "json":
        return (found.kept or found.report.to_json()).decode()
    around = _setting(found, folder, identity, world)
    when = _when(found.run)
    if flags.format == "html":
        from headrace.report.html import page

        return page(found.report, around, when)
    from headrace.report.terminal import lines

    shown = stage(world.stdout, world.environ)
    return "\n".join([shown.paint("dim", when), *lines(found.report, around, shown)])


def _setting(found: Past, folder: Path, identity: Identity, world: World) -> Setting:
    """What surrounds the report. The journal knows the configuration by its name alone, not where it lies."""
    from headrace.report.steps import Setting

    going_on = found.run.state == "unfinished" and found.report.running is not True
    fetched = going_on and found.kept is None and found.report.status != "failed"
    again = ["CONFIG", *([] if folder == HOME / identity.pipeline else ["--journal", str(folder)])]
    return Setting(
        name=identity.pipeline,
        destination=identity.destination,
        dataset=identity.dataset,
        journal=str(folder),
        again=world.command("replay" if fetched else "run", again) if going_on else "",
        python=world.python,
        mode="fetch" if fetched else "run",
    )


def _when(run: RunSummary) -> str:
    """When it was, in words: `Run 20261125T…, 2026-11-25 12:50 to 12:52 UTC`."""
    begun = time.strftime("%Y-%m-%d %H:%M", time.gmtime(run.run.started_at))
    if run.over_at is None:
        return f"Run {run.run.run_id}, begun {begun} UTC, not over"
    over = time.strftime("%Y-%m-%d %H:%M", time.gmtime(run.over_at))
    if over[:10] == begun[:10]:
        over = over[11:]
    span = begun if begun.endswith(over) else f"{begun} to {over}"
    return f"Run {run.run.run_id}, {span} UTC{'' if run.state == 'finished' else f', {run.state}'}"
