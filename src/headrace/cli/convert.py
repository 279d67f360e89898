"""`headrace convert`: what a document says, as clean dlt, as headrace YAML, or as a diff. Opens no socket."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import json
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from headrace.cli.flags import add_common
from headrace.cli.masks import masked, masked_faults
from headrace.cli.output import add_output, check_free, put
from headrace.cli.parser import Parser, UsageError
from headrace.cli.reading import options_of
from headrace.cli.run import complain, config_name
from headrace.cli.world import World
from headrace.errors import ConfigError
from headrace.report.exits import Exit

if TYPE_CHECKING:
    from headrace.model.plan import Text
    from headrace.spec.read import Reading, Source
    from headrace.spec.references import Part
    from headrace.spec.writing import Meant

_IDLE = (
    "--resource", "--limit-pages", "--to", "--dataset", "--journal", "--new", "--full-refresh", "--widen-numbers",
    "--strict", "--max-concurrency", "--memory-mb", "--format",
)  # fmt: skip
_EXITS = """\
exit codes:
  0    written
  2    CONFIG cannot run, or the file is there already; nothing was written
"""


def parser() -> Parser:
    """The arguments of `headrace convert`."""
    made = Parser(
        "convert",
        "CONFIG [flags]",
        "Write what CONFIG says as a clean configuration: a Python module for dlt, YAML with comments that "
        "say what was interpreted, or a diff that mends CONFIG itself. No request is sent and no code of the "
        "document is run. Secrets become references.",
        _EXITS,
    )
    group = made.add_argument_group("what is written")
    group.add_argument(
        "--as", choices=("dlt", "yaml", "diff"), default="dlt", dest="form", help="which form (default: dlt)"
    )
    add_output(group)
    add_common(made, *_IDLE)
    return made


def main(argv: Sequence[str], world: World) -> int:
    """Read the document, and write it."""
    try:
        return _convert(parser().read(argv), world)
    except ConfigError as error:
        complain(error, world)
        return Exit.MEND


def _convert(flags: argparse.Namespace, world: World) -> int:
    from headrace.spec.read import open_source

    if flags.to is not None:
        raise UsageError("convert writes into no warehouse, so it takes no --to: the form is --as dlt, yaml or diff")
    check_free(flags.output, force=flags.force)
    source = open_source(flags.config)
    reading = _read(source, flags, world)
    text, notes = _written(source, reading, flags, world)
    put(text.removesuffix("\n"), flags.output, world)
    for note in notes if not flags.quiet else ():
        world.regret(f"headrace: {note}")
    return Exit.DONE


def _read(source: Source, flags: argparse.Namespace, world: World) -> Reading:
    from headrace.spec.read import read
    from headrace.spec.settings import Settings

    options = options_of(flags, world)
    reading = read(source, dataclasses.replace(options, settings=Settings(options.settings)))
    if reading.plan is None:
        shown = config_name(flags.config)
        raise ConfigError(
            f"{shown} cannot be converted before it is mended; `headrace check {shown} --fix` helps:",
            faults=reading.faults,
        )
    return reading


def _written(source: Source, reading: Reading, flags: argparse.Namespace, world: World) -> tuple[str, tuple[str, ...]]:
    """The text, and what is to be said of it."""
    from headrace.spec.writing import meant_in
    from headrace.spec.writing_secrets import without_literals

    meant = meant_in(reading, source, dict(flags.settings))
    assert meant is not None  # noqa: S101 - there is a plan
    plain, names = without_literals(meant)
    _refuse_secret_paths(plain)
    if flags.form == "diff":
        return _diff(source, flags, world, names)
    told = _secrets(names)
    origin = config_name(flags.config)
    if flags.form == "dlt":
        from headrace.spec.writing_dlt import dlt_module

        text, lost = dlt_module(plain, origin, told)
        return text, (*told, *(f"dlt cannot be told: {words[:1].lower()}{words[1:]}" for words in lost))
    return _yaml(plain, reading, origin, told), told


def _diff(
    source: Source, flags: argparse.Namespace, world: World, secrets: Collection[str]
) -> tuple[str, tuple[str, ...]]:
    """The document against itself with every deviation written out; what no edit of it settles is said."""
    if source.format == "toml":
        raise UsageError("there is no diff of a TOML document: --as yaml writes it anew")
    from headrace.spec.mend_readings import UNSAID
    from headrace.spec.mends import mend_all
    from headrace.spec.read import read

    options = options_of(flags, world)
    text, _ = mend_all(source, options, lambda _: True)
    left = read(dataclasses.replace(source, text=text), options).in_full
    after = text.replace("\n", "\r\n") if "\r\n" in source.text else text
    lines = _unified(source.text, after, config_name(flags.config))
    if any(shape in line for line in lines for value in secrets for shape in _shapes(value)):
        raise ConfigError(
            "The diff would show a secret that the document spells out:"
            ' write dlt.secrets["…"] there first, or take --as dlt or --as yaml.'
        )
    doubts = sorted({fault.code for fault in left if fault.code in UNSAID})
    others = sorted({fault.code for fault in left if fault.code not in UNSAID})
    notes = []
    if not lines:
        notes.append("There is nothing to write otherwise: the diff is empty.")
    if doubts:
        notes.append(f"The diff cannot mend {', '.join(doubts)}; `headrace check` says what would.")
    if others:
        notes.append(f"Left as it is: {', '.join(others)}; `headrace check` says where.")
    return "".join(lines), tuple(notes)


def _shapes(value: str) -> set[str]:
    """How a secret may stand in a document: as it is, line by line, or escaped as JSON, Python, YAML and URLs do."""
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], value.replace("'", "''")}
    return {
        each
        for each in (*escaped, value.replace("'", "\\'"), quote(value, safe=""), *value.splitlines())
        if each.strip()
    }


def _unified(before: str, after: str, name: str) -> list[str]:
    """A unified diff that `patch` takes, with its mark for a last line without an end."""
    name = name.removeprefix("./")
    found = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), name, name)
    return [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found]


def _yaml(meant: Meant, reading: Reading, origin: str, told: tuple[str, ...]) -> str:
    from headrace.spec.writing import config_tree
    from headrace.spec.writing_comments import comments_on
    from headrace.spec.writing_value import Tongue
    from headrace.spec.writing_yaml import yaml_text

    tree = {"name": meant.name, **config_tree(meant, Tongue(ours=True))}
    comments = comments_on(reading, masked_faults(reading.in_full), tree)
    lead = f"Written by headrace from {origin}. Comments say how its lines were read, and how sure that is."
    comments[""] = [lead, *told, *comments.get("", [])]
    return yaml_text(tree, comments)


def _secrets(names: dict[str, str]) -> tuple[str, ...]:
    """What became of the secrets that the document spells out; their names only."""
    if not names:
        return ()
    listed = ", ".join(f'dlt.secrets["{name}"]' for name in dict.fromkeys(names.values()))
    what = "A secret that the document spells out is" if len(names) == 1 else "Secrets that the document spells out are"
    return (f"{what} written as {listed}: put the value into .dlt/secrets.toml or the environment.",)


def _refuse_secret_paths(meant: Meant) -> None:
    for what, words in _addresses(meant):
        shown = words if isinstance(words, str) else "".join(_shown(part) for part in words.parts)
        if masked(shown) != shown:
            raise ConfigError(
                f"{what} holds a key ({masked(shown)}), for which nothing else can stand there:"
                " move it into endpoint.params or auth."
            )


def _addresses(meant: Meant) -> Iterator[tuple[str, str | Text]]:
    """Texts that may hold `name=value`, each with what it is."""
    from headrace.model.plan import OAuth2ClientCredentials, OAuth2Jwt
    from headrace.spec.writing import auths_of

    if meant.address is not None:
        yield "The base URL", meant.address
    for auth in auths_of(meant):
        if isinstance(auth, OAuth2ClientCredentials | OAuth2Jwt):
            yield "The token's URL", auth.token_url if isinstance(auth, OAuth2ClientCredentials) else auth.auth_endpoint
    for resource in meant.resources:
        yield f"The path of `{resource.name}`", resource.request.path
        if resource.request.raw_body is not None:
            yield f"The body of `{resource.name}`", resource.request.raw_body


def _shown(part: Part) -> str:
    """A part of a text; what is filled in is no literal key."""
    return part if isinstance(part, str) else "<filled >"
