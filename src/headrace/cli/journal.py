"""`headrace journal`: what is kept, where a row came from, whether every byte is sound, and what may go."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from headrace.cli.flags import add_format, add_help, positive
from headrace.cli.journals import HOME, journals_of, opened
from headrace.cli.parser import Parser
from headrace.cli.world import World
from headrace.errors import JournalError
from headrace.report.exits import Exit
from headrace.report.layout import Cell, Stage, Style, stage, table
from headrace.report.words import count, many, size

if TYPE_CHECKING:
    from headrace.cli.trace import Traced
    from headrace.journal.layout import Problem, Pruned, RunSummary
    from headrace.journal.write import Journal

VERBS = ("list", "show", "verify", "prune")
_DAY_S = 86_400
_WITH_TIME = 100


class Told(msgspec.Struct, frozen=True):
    """What a command has to say: an object for JSON, lines for a person, and the exit code."""

    object: object
    lines: list[str]
    code: int = Exit.DONE


class _End(msgspec.Struct, frozen=True):
    """How one resource of a run ended."""

    stopped: str


class _Ended(msgspec.Struct, frozen=True):
    """What a kept report says of the ends."""

    resources: dict[str, _End] = {}


def parser(verb: str = "") -> Parser:
    """The arguments of `headrace journal`; only `show` takes an ID."""
    made = Parser(
        "journal",
        "list | show ID | verify | prune [flags]",
        "Look after the raw pages that runs have kept.\n\n"
        "  list     the runs in each journal: when, what state, pages, size\n"
        "  show ID  the raw record and page behind a `_dlt_id` of the warehouse\n"
        "  verify   read every byte and compare it with its checksum\n"
        "  prune    forget runs that are over; what was delivered stays in the warehouse",
        "exit codes:\n  0    done, and nothing is wrong\n  1    verify found damage, or show found no such row\n"
        "  2    a flag is wrong, there is no journal, or a run holds it\n",
    )
    made.add_argument("verb", metavar="VERB", choices=VERBS, help="what to do")
    if verb in {"", "show"}:
        made.add_argument("id", metavar="ID", help="show: a `_dlt_id`, of a root or a child row")
    made.add_argument("--journal", metavar="DIR", help=f"one journal (default: every one in {HOME}/)")
    made.add_argument("--body", action="store_true", help="show: the page's whole body, as it was received")
    made.add_argument("--keep-runs", metavar="N", type=positive, help="prune: keep the newest N runs")
    made.add_argument("--older-than", metavar="DAYS", type=positive, help="prune: only what was over DAYS ago")
    add_format(made.add_argument_group("output"))
    add_help(made)
    return made


def main(argv: Sequence[str], world: World, *, clock: Callable[[], float] = time.time) -> int:
    """Look, and tell."""
    flags = parser(next((each for each in argv if each in VERBS), "list")).read(_guarded(argv))
    if flags.verb == "prune" and flags.keep_runs is None and flags.older_than is None:
        parser().error("prune needs --keep-runs N, --older-than DAYS or both, so that nothing goes unasked")
    shown = stage(world.stdout, world.environ)
    folders = journals_of(flags.journal)
    verbs: dict[str, Callable[[], Told]] = {
        "list": lambda: _list(folders, shown),
        "show": lambda: _show(folders, flags, shown),
        "verify": lambda: _verify(folders, shown),
        "prune": lambda: _prune(folders, flags, clock()),
    }
    told = verbs[flags.verb]()
    world.say(msgspec.json.encode(told.object).decode() if flags.format == "json" else "\n".join(told.lines))
    return told.code


def _guarded(argv: Sequence[str]) -> list[str]:
    """The arguments with an ID that begins with a hyphen put last, where it is not taken for a flag."""
    from headrace.cli.trace import is_row_id

    ids = [each for each in argv if each.startswith("-") and is_row_id(each)]
    return [each for each in argv if each not in {"--", *ids}] + ["--", *ids] if ids else list(argv)


def _list(folders: Sequence[Path], shown: Stage) -> Told:
    objects, lines = [], []
    for folder in folders:
        with opened(folder) as journal:
            identity, runs = journal.identity, [_counted(journal, each) for each in journal.runs()]
        objects.append({"journal": str(folder), "identity": identity, "runs": runs})
        title = f"{identity.pipeline} {shown.marks.arrow} {identity.destination} ({identity.dataset})"
        lines += [f"{shown.paint('strong', str(folder))}  {title}", *_runs(runs, shown), ""]
    return Told({"journals": objects}, lines[:-1])


def _runs(runs: Sequence[RunSummary], shown: Stage) -> list[str]:
    if not runs:
        return ["  no run yet"]
    styles: dict[str, Style] = {"unfinished": "warn", "limited": "warn", "lost": "bad", "finished": "good"}
    rows: list[list[str | Cell]] = [
        [
            Cell(each.run.run_id, "strong"),
            _when(each.run.started_at),
            Cell(_state(each), styles.get(_state(each), "dim")),
            f"{each.walks_ended}/{each.walks}",
            count(each.pages),
            count(each.records),
            size(each.stored_bytes),
        ]
        for each in runs
    ]
    head = ["run", "begun (UTC)", "state", "walks", "pages", "records", "on disk"]
    if shown.width < _WITH_TIME:  # a run's name begins with the time
        head, rows = [head[0], *head[2:]], [[row[0], *row[2:]] for row in rows]
    return table(head, rows, stage=shown, right=range(len(head) - 4, len(head)))


def _counted(journal: Journal, run: RunSummary) -> RunSummary:
    """The run without the walks that only stand for those of a parent's rows: they have no page, and never end.

    One that a limit cut short is counted: the rows that it did not get to have no walk.
    """
    if run.walks_ended == run.walks:
        return run
    walks = list(journal.walks(run.run.run_id))
    owners = {each.walk.rpartition("/")[0] for each in walks}
    over = run.state == "finished"
    cut = _cut(journal, run) if over else set()
    stand = {each.walk for each in walks if not each.ended and (each.walk in owners or (over and not each.pages))}
    return msgspec.structs.replace(run, walks=len(walks) - len(stand - cut))


def _cut(journal: Journal, run: RunSummary) -> set[str]:
    """The resources of a run that is over which --limit-pages cut short, by its report."""
    if run.run.limit_pages is None:
        return set()
    try:
        ended = msgspec.json.decode(journal.report(run.run.run_id) or b"{}", type=_Ended).resources
    except (JournalError, msgspec.DecodeError):  # a list tells what it can; `verify` finds the damage
        return set()
    return {name for name, each in ended.items() if each.stopped == "limit"}


def _state(run: RunSummary) -> str:
    """A run that is over though walks have not ended was stopped by --limit-pages."""
    limited = run.run.limit_pages is not None and run.walks_ended < run.walks
    return "limited" if run.state == "finished" and limited else run.state


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))


def _show(folders: Sequence[Path], flags: argparse.Namespace, shown: Stage) -> Told:
    from headrace.cli.trace import row_id, trace

    wanted = row_id(flags.id)
    for folder in folders:
        with opened(folder) as journal:
            traced = trace(folder, journal, wanted)
        if traced is not None:
            return Told(_traced_object(traced, whole=flags.body), list(_traced_lines(traced, shown, whole=flags.body)))
    where = ", ".join(map(str, folders))
    words = f"No page in {where} has given a row {flags.id}; it may have been pruned, or lie in another journal"
    return Told({"found": False, "id": flags.id, "message": words}, [words], Exit.LOOK)


def _traced_object(traced: Traced, *, whole: bool) -> dict[str, object]:
    said: dict[str, object] = {"found": True} | msgspec.structs.asdict(traced)
    text = said.pop("record_text")
    said["record_json"] = None if text is None else msgspec.Raw(bytes(traced.record_text or b""))
    said["body"] = traced.body.decode(errors="replace") if whole else None
    return said


def _traced_lines(traced: Traced, shown: Stage, *, whole: bool) -> Iterator[str]:
    place = f"record {traced.record} of page {traced.page} of {traced.walk}"
    if traced.children:
        place += f" (child row {'.'.join(map(str, traced.children))})"
    yield f"{shown.paint('strong', place)}, run {traced.run_id}, journal {traced.journal}"
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(traced.fetched_at))
    yield f"  fetched {stamp} UTC, status {traced.status}, {many(traced.records_in_page, 'record')} in the page"
    for name, value in traced.headers.items():
        yield shown.paint("dim", f"  {name}: {value}")
    yield ""
    if whole:
        yield traced.body.decode(errors="replace")
    elif traced.record_text is None:
        yield "  The list of records cannot be told without the configuration; --body shows the whole page."
    else:
        yield msgspec.json.format(traced.record_text, indent=2).decode(errors="replace")


def _verify(folders: Sequence[Path], shown: Stage) -> Told:
    objects: list[dict[str, object]] = []
    lines: list[str] = []
    sound = True
    for folder in folders:
        with opened(folder) as journal:
            runs, problems = journal.runs(), list(journal.verify())
        sound = sound and not problems
        objects.append({"journal": str(folder), "sound": not problems, "problems": problems})
        lines += _verdict(folder, runs, problems, shown)
    return Told({"sound": sound, "journals": objects}, lines, Exit.DONE if sound else Exit.LOOK)


def _verdict(folder: Path, runs: Sequence[RunSummary], problems: Sequence[Problem], shown: Stage) -> Iterator[str]:
    stored = f"{many(sum(run.pages for run in runs), 'page')}, {size(sum(run.stored_bytes for run in runs))}"
    if not problems:
        yield f"{shown.paint('good', shown.marks.good)} {folder}: every byte is as it was written ({stored})"
        return
    yield f"{shown.paint('bad', shown.marks.bad)} {folder}: {many(len(problems), 'problem')} ({stored})"
    for problem in problems:
        yield f"  {problem}"
    yield "  Fetch again what is damaged with `headrace run CONFIG --new`. It is told here until its run is forgotten:"
    yield "  `headrace journal prune --keep-runs 1`."


def _prune(folders: Sequence[Path], flags: argparse.Namespace, now: float) -> Told:
    objects: list[dict[str, object]] = []
    lines: list[str] = []
    before = now - flags.older_than * _DAY_S if flags.older_than is not None else None
    for folder in folders:
        with opened(folder, read_only=False) as journal:
            pruned: Pruned = journal.prune(keep_runs=flags.keep_runs, before=before)
        objects.append({"journal": str(folder), "pruned": pruned})
        freed = f"{many(len(pruned.runs), 'run')} forgotten, {size(pruned.stored_bytes)} freed"
        lines.append(f"{folder}: {freed}")
    return Told({"journals": objects}, lines)
