"""How a command reads its document: with all flags that say what it means, and its findings masked."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

import msgspec

from headrace.cli.masks import masked_faults
from headrace.cli.world import World
from headrace.errors import ConfigError

if TYPE_CHECKING:
    from headrace.spec.read import Options, Reading


def read_config(flags: argparse.Namespace, world: World) -> tuple[Reading, Options]:
    """The document that the flags name, and what came from outside of it. Raises ConfigError."""
    from headrace.sinks.open import open_sink
    from headrace.spec.read import open_source, read
    from headrace.spec.settings import Settings

    if flags.to is not None:
        open_sink(flags.to, "any")  # connects to nothing
    options = dataclasses.replace(options_of(flags, world), settings=Settings(dict(flags.settings)))
    reading = read(open_source(flags.config), options)
    told, certain = masked_faults(reading.faults), masked_faults(reading.certain)
    return dataclasses.replace(reading, faults=told, certain=certain), options


def options_of(flags: argparse.Namespace, world: World) -> Options:
    """What came from outside of a document: flags, and where its references are looked for."""
    from headrace.spec.read import Options
    from headrace.spec.secrets import Lookup

    return Options(
        base_url=flags.base_url,
        settings=dict(flags.settings),
        lookup=Lookup(world.environ, flags.secrets),
        rate=flags.rate,
        walk_deadline_s=flags.walk_deadline,
        allow_origins=tuple(flags.allow_origins),
        resources=tuple(flags.resources),
    )


def unreadable(error: ConfigError) -> dict[str, object]:
    """What an object says of a document that is not there, or of a flag that is wrong: nothing was understood."""
    problem, fix = _problem_and_fix(str(error))
    fault = {"code": "unreadable", "severity": "error", "path": "", "line": None, "problem": problem, "fix": fix}
    return {"runnable": False, "needs": [], "dialect": None, "faults": [fault]}


def as_json(said: object) -> str:
    """An object as a person may read it too."""
    return msgspec.json.format(msgspec.json.encode(said), indent=2).decode()


def _problem_and_fix(sentence: str) -> tuple[str, str]:
    """A sentence of ours says what is wrong, then, after its last semicolon or colon, what to do."""
    for mark in ("; ", ": "):
        problem, found, fix = sentence.rpartition(mark)
        if found:
            return problem, fix
    return sentence, "see `headrace check --help`"
