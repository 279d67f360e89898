"""`headrace check --fix`: mends offered one by one, written to a copy, and what is left for the user."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.cli.check import verdict
from headrace.cli.faults import fault_lines, sentence
from headrace.cli.masks import masked, masked_faults
from headrace.cli.output import write_whole
from headrace.cli.parser import UsageError
from headrace.cli.run import config_name
from headrace.cli.world import World
from headrace.errors import ConfigError
from headrace.model.credential import names_credential
from headrace.report.exits import Exit
from headrace.report.layout import Stage, stage, wrapped
from headrace.report.words import many

if TYPE_CHECKING:
    from headrace.spec.mend import Mend
    from headrace.spec.read import Options, Source

_CHOICES = "[y]es  [n]o  [a]ll that are certain  [q]uit"
_VALUE = re.compile(
    r"""(?P<lead>(?P<key>["']?(?<![\w$-])[\w$-]+["']?)\s*[:=]\s*)"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|"""
    r"""[^\s,}{\["']+(?: [^\s,}{\["':=#]+=*(?=[\s,}\]]|$)(?!\s*[:=]))*)"""
)


@dataclass(slots=True)
class Mending:
    """A document under way: its source, the mends that were taken, and the keys of those that were refused."""

    source: Source
    options: Options
    taken: list[Mend] = field(default_factory=list)
    refused: set[tuple[str, ...]] = field(default_factory=set)

    def take(self, mend: Mend, text: str) -> None:
        """Goes on with the text of a mend."""
        import dataclasses

        self.taken.append(mend)
        self.source = dataclasses.replace(self.source, text=text)

    def next(self, wanted: Callable[[Mend], bool]) -> Mend | None:
        """The next mend that is wanted and was not refused."""
        from headrace.spec.mends import mends

        found = mends(self.source, self.options)
        return next((mend for mend in found if mend.key not in self.refused and wanted(mend)), None)


def fix(flags: argparse.Namespace, options: Options, world: World) -> int:
    """Mend, write, and say what is left. Gives the exit code of a check of the copy."""
    from headrace.spec.read import open_source

    path = Path(flags.config)
    if flags.config == "-" or not path.is_file():
        raise UsageError("--fix mends a file: save the document under a name, and give that")
    if path.suffix.lower() == ".toml":
        raise UsageError("a TOML document is not mended in its place: `headrace convert --as yaml` writes it anew")
    if flags.format == "json":
        raise UsageError("--fix speaks to people: leave out --format json, and check the copy afterwards")
    source = open_source(flags.config)
    _check_settings(source, options, flags)
    mending = Mending(source, options)
    shown = stage(world.stdout, world.environ)
    asks = not flags.yes and world.stdin.isatty() and world.stdout.isatty()
    if asks:
        _offer(mending, world, shown)
    else:
        from headrace.spec.mends import mend_all

        for mend in mend_all(source, options, lambda each: each.certain)[1]:
            mending.take(mend, mend.text)
    return _conclude(mending, source, flags, world, shown, asked=asks)


def _check_settings(source: Source, options: Options, flags: argparse.Namespace) -> None:
    """Before a mend writes a value into the copy, the document has to ask for it."""
    import dataclasses

    from headrace.spec.read import read
    from headrace.spec.settings import Settings

    reading = read(source, dataclasses.replace(options, settings=Settings(options.settings)))
    unused = [fault for fault in reading.faults if fault.path.startswith("--set ")]
    if unused:
        raise ConfigError(f"{config_name(flags.config)} cannot take what --set says:", faults=tuple(unused))


# --- one by one ------------------------------------------------------------------------------


def _offer(mending: Mending, world: World, shown: Stage) -> None:
    """Every mend, until the user wants no more."""
    all_certain = False
    number = 0
    while (mend := mending.next(lambda _: True)) is not None:
        if all_certain and mend.certain and mend.ask is None:
            mending.take(mend, mend.text)
            continue
        number += 1
        _show(mend, mending.source.text, number, world, shown)
        if mend.ask is not None:
            if not _answered(mend, mending, world, shown):
                return
            continue
        match _choice(world, shown):
            case "y":
                mending.take(mend, mend.text)
            case "a":
                all_certain = True
                mending.refused.discard(mend.key)
                mending.take(mend, mend.text)
            case "q":
                return
            case _:
                mending.refused.add(mend.key)


def _show(mend: Mend, text: str, number: int, world: World, shown: Stage) -> None:
    """The findings, each with its line, then the lines before and after."""
    world.say()
    lines = sorted({fault.line for fault in mend.faults if fault.line})
    where = f"line {lines[0]}, {mend.place}" if lines else mend.place
    world.say(f"{shown.paint('strong', f'{number}')}  {shown.paint('accent', where)}")
    told = {(fault.problem, fault.fix): None for fault in masked_faults(mend.faults)}
    for problem, mend_words in told:
        words = sentence(f"{problem}{'; ' if mend_words else ''}{mend_words}")
        for line in wrapped(words, shown.width, "   "):
            world.say(line)
    for line in changed_lines(text, mend.text) if mend.ask is None else ():
        world.say("   " + shown.paint("bad" if line[0] == "-" else "good", line))


def changed_lines(before: str, after: str) -> list[str]:
    """The lines that go, after a minus, and those that come, after a plus; no secret in them."""
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    kept = [line for line in found if line[:1] in "-+" and line[:3] not in {"---", "+++"}]
    blank = min((len(line) - 1 - len(line[1:].lstrip()) for line in kept if line[1:].strip()), default=0)
    return [_unsecret(f"{line[0]} {line[1 + blank :]}") for line in kept]


def _unsecret(line: str) -> str:
    """The line with a mask for what is set to a name of a credential and is no reference."""

    def mask(found: re.Match[str]) -> str:
        literal = names_credential(found["key"].strip("\"'")) and not re.search(r"dlt\.|environ|getenv", found["value"])
        return f"{found['lead']}***" if literal and found["value"] not in {'""', "''"} else found[0]

    return masked(_VALUE.sub(mask, line))


def _choice(world: World, shown: Stage) -> str:
    """The letter that was typed; the end of the input is a q."""
    while True:
        typed = _line(world, f"   Apply it? {shown.paint('dim', _CHOICES)} ")
        if typed is None:
            return "q"
        letter = typed.strip().lower()[:1]
        if letter in {"y", "n", "a", "q"}:
            return letter
        world.say("   Type y, n, a or q.")


def _answered(mend: Mend, mending: Mending, world: World, shown: Stage) -> bool:
    """Whether to go on: the value was given, or left open with an empty line."""
    from headrace.spec.mend import after, draft_of, gone
    from headrace.spec.patch import Unplaced

    assert mend.ask is not None  # noqa: S101 - that is what it is called for
    draft = draft_of(mending.source, mending.options)
    while True:
        given = _line(world, f"   {mend.ask.question} {shown.paint('dim', '(empty: leave it)')} ")
        if given is None:
            return False
        if not given.strip():
            mending.refused.add(mend.key)
            return True
        try:
            text = mend.ask.then(given.strip())
        except ConfigError as error:
            world.say(f"   {str(error).removeprefix('--base-url ')}")
            continue
        except Unplaced:
            world.say("   That cannot be written here.")
            continue
        if set(mend.faults) <= set(gone(draft.reading, after(draft, text))):
            mending.take(mend, text)
            return True
        world.say("   That does not mend it.")


def _line(world: World, prompt: str) -> str | None:
    """What was typed, None at the end of the input."""
    world.stdout.write(prompt)
    world.stdout.flush()
    typed = world.stdin.readline()
    if not typed:
        world.say()
        return None
    return typed


# --- the end ---------------------------------------------------------------------------------


def _conclude(
    mending: Mending, source: Source, flags: argparse.Namespace, world: World, shown: Stage, *, asked: bool
) -> int:
    from headrace.spec.read import read

    target = Path(flags.config) if flags.in_place else free_name(Path(flags.config))
    if mending.taken:
        text = mending.source.text.replace("\n", "\r\n") if "\r\n" in source.text else mending.source.text
        write_whole(target, text, like=Path(flags.config))
    reading = read(mending.source, mending.options)
    if not flags.quiet or reading.plan is None:
        if not asked:
            for line in _told(mending.taken, shown):
                world.say(line)
        if asked:
            world.say()
        name = str(target) if mending.taken else config_name(flags.config)
        world.say(_written(mending.taken, target, flags, asked=asked))
        if mending.taken and not flags.in_place and reading.name == Path(flags.config).stem:
            world.say("A warehouse is named after its document: rename the copy to go on with the one that is there.")
        world.say("\n".join([*verdict(reading, name, shown), *fault_lines(masked_faults(reading.in_full), shown)]))
    return Exit.MEND if reading.plan is None else Exit.DONE


def _told(taken: Sequence[Mend], shown: Stage) -> list[str]:
    """A line for each mend that was applied without a question."""
    out = []
    for mend in taken:
        lines = sorted({fault.line for fault in mend.faults if fault.line})
        words = "; ".join(dict.fromkeys(fault.problem for fault in masked_faults(mend.faults)))
        where = f"line {lines[0]}, {mend.place}" if lines else mend.place
        out += wrapped(f"{where}: {words or 'as the flag says'}", shown.width, f"  {shown.marks.good} ", "    ")
    return out


def _written(taken: Sequence[Mend], target: Path, flags: argparse.Namespace, *, asked: bool) -> str:
    if not taken:
        why = "was changed" if asked else "is certain enough to be mended without asking"
        return f"Nothing {why}; no copy is written."
    what = many(len(taken), "mend")
    which = "" if asked else ", each certain"
    beside = "" if flags.in_place else f"; {flags.config} is as it was"
    return f"{what}{which}, written to {target}{beside}."


def free_name(path: Path) -> Path:
    """`NAME.fixed.EXT` beside the original, with a number if there is one already."""
    names = (path.with_name(f"{path.stem}.fixed{count}{path.suffix}") for count in ("", *range(2, 10_000)))
    return next(name for name in names if not name.exists())
