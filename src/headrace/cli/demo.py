"""`headrace demo`: a local API, the main job against it, and its report, with no set-up and no network."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

from headrace.cli.flags import add_help
from headrace.cli.parser import Parser
from headrace.cli.world import World
from headrace.errors import ConfigError
from headrace.report.exits import Exit
from headrace.report.layout import stage, wrapped
from headrace.report.progress import Progress
from headrace.report.steps import Setting
from headrace.report.terminal import lines
from headrace.report.words import listed
from headrace.run.options import Outcome, RunOptions

DOCUMENT = Path("examples/vitally.md")
WAREHOUSE = "vitally.duckdb"
RECORDS = "accounts=1500,users=6000,notes=3000,tasks=3000,conversations=2000,admins=120"
FAULTS = "429:0.02,500:0.02,reset:0.01,truncate:0.01,html:0.01"
_TOKEN = "demo-token"  # noqa: S105 - only the emulator that the demo starts takes it
_PACE = ("--rate", "600/10")
_JOURNALS = Path(".headrace")


def parser() -> Parser:
    """The arguments of `headrace demo`."""
    made = Parser(
        "demo",
        "[flags]",
        "Start a local emulator of a vendor's API (with faults, as real ones have), load six of its "
        f"resources into {WAREHOUSE} in this folder, and show the report. Nothing leaves this machine. "
        "A file that the demo made is made anew each time; any other is left alone.",
    )
    made.add_argument("--records", metavar="NAME=N,…", default=RECORDS, help="how many records the emulated API holds")
    made.add_argument("--faults", metavar="KIND:P,…", default=FAULTS, help="how often which fault happens")
    made.add_argument("--to", metavar="FILE", default=WAREHOUSE, help=f"the DuckDB file (default: {WAREHOUSE})")
    made.add_argument(
        "--keep", action="store_true", help="leave the emulator up afterwards, until Ctrl-C, to try things against it"
    )
    made.not_here = {"--journal": f"the demo keeps its pages in {_JOURNALS}/demo of this folder"}
    add_help(made)
    return made


def main(argv: Sequence[str], world: World) -> int:
    """Run the demo."""
    flags = parser().read(argv)
    target = _target(flags.to, world)
    shown = stage(world.stdout, world.environ)
    with contextlib.ExitStack() as stack:
        document = stack.enter_context(_document())
        url = stack.enter_context(_emulator(flags.records, flags.faults))
        for words in _introduction(url, document):
            world.say("\n".join(wrapped(words, shown.width)))
        world.say()
        options = RunOptions(
            config=str(document),
            base_url=url,
            to=target,
            journal=str(_journal(target)),
            new=True,
            full_refresh=True,
        )
        code = _load(options, document, argv, world)
        if flags.keep and code in {Exit.DONE, Exit.LOOK}:
            _hold(url, document, world)
    return code


def _target(file: str, world: World) -> str:
    """The destination, if it may be made anew. Raises ConfigError where that would drop what the demo did not load."""
    from headrace.journal.identity import read

    path = _file(file)
    target = f"duckdb:///{path}"
    if not path.exists():
        return target
    folders = [each for each in _JOURNALS.iterdir() if each.is_dir()] if _JOURNALS.is_dir() else []
    owners = {folder: _file(known.destination).resolve() for folder in folders if (known := read(folder)) is not None}
    loading = {folder for folder, loaded in owners.items() if loaded == path.resolve()}
    if loading == {_journal(target)}:
        return target
    others = sorted(map(str, loading - {_journal(target)}))
    why = f"the runs of {listed(others)} load into it" if others else "no demo made it here"
    other = world.command("demo", ("--to", "demo.duckdb"))
    raise ConfigError(
        f"{path} exists, and {why}: the demo would drop its tables. Move it away, or load another file: {other}"
    )


def _journal(target: str) -> Path:
    """Where the demo keeps its pages; its identity is what says that the demo made the file."""
    file = str(_file(target))
    return _JOURNALS / ("demo" if file == WAREHOUSE else "demo-" + re.sub(r"[^\w.-]", "_", file))


def _file(target: str) -> Path:
    return Path(target.removeprefix("duckdb:///"))


def _load(options: RunOptions, document: Path, argv: Sequence[str], world: World) -> int:
    environ = {**world.environ, "SECRET_TOKEN": _TOKEN, "BASIC_AUTH_HEADER": ""}
    with Progress(world.stderr, environ=world.environ, title="vitally") as progress:

        def publish(outcome: Outcome) -> None:
            progress.stop()
            setting = Setting(
                name=_typed(document),
                destination=outcome.destination,
                dataset=outcome.dataset,
                again=world.command("demo", argv),
                anew=True,
                python=world.python,
                more=(
                    ("See how the document was understood:", world.command("check", (_typed(document),))),
                    ("See which raw pages were kept:", world.command("journal", ("list",))),
                ),
            )
            world.say("\n".join(lines(outcome.report, setting, stage(world.stdout, world.environ))))

        return world.execute(options, environ=environ, listen=progress, publish=publish).exit_code


def _typed(document: Path) -> str:
    """How the document is named on a command line: the packaged one goes by its name alone."""
    return str(document) if document == DOCUMENT else document.stem


def _introduction(url: str, document: Path) -> Iterator[str]:
    yield f"A local emulator of the Vitally API answers at {url}, with a fault now and then."
    yield f"{_typed(document)} says what to load, as a language model wrote it: its paginator is one that dlt rejects."


def _hold(url: str, document: Path, world: World) -> None:
    world.say()
    world.say(f"The emulator stays at {url} until you press Ctrl-C. From another terminal:")
    environment = f"SECRET_TOKEN={_TOKEN} BASIC_AUTH_HEADER="
    own = ("--to", "duckdb:///try.duckdb")  # the demo's file stays the demo's: the next demo makes it anew
    world.say(f"  {environment} {world.command('run', (_typed(document), '--base-url', url, *own))}")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)


@contextlib.contextmanager
def _document() -> Iterator[Path]:
    """The document of the repository if we stand in it, else the packaged one."""
    if DOCUMENT.is_file():
        yield DOCUMENT
        return
    with resources.as_file(resources.files("headrace") / "connectors" / "vitally.md") as packaged:
        yield packaged


@contextlib.contextmanager
def _emulator(records: str, faults: str) -> Iterator[str]:
    """An emulator in a process of its own; gives its base URL, and stops it on the way out."""
    from headrace.emulate.cli import add_arguments, settings
    from headrace.emulate.server import running

    flags = Parser("demo", "[flags]", "")
    add_arguments(flags)
    asked = flags.read(["vitally", "--token", _TOKEN, "--records", records, "--faults", faults, *_PACE])
    with running(settings(asked)) as emulator:
        yield emulator.url
