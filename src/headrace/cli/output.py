"""Where a command's whole result goes: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from headrace.cli.parser import UsageError
from headrace.cli.world import World
from headrace.errors import ConfigError


def add_output(group: argparse._ActionsContainer) -> None:
    """The flags of `put`."""
    group.add_argument("--output", metavar="FILE", help="write it there (default: standard output)")
    group.add_argument("--force", action="store_true", help="overwrite FILE")


def check_free(file: str | None, *, force: bool) -> None:
    """Raises UsageError where a file is there that nobody asked to overwrite."""
    if file is not None and Path(file).exists() and not force:
        raise UsageError(f"{file} is there already: name another file, or add --force to overwrite it")


def put(words: str, file: str | None, world: World) -> None:
    """Say the words, or write them to a file. Raises ConfigError where it cannot be written."""
    if file is None:
        world.say(words)
        return
    write_whole(Path(file), f"{words}\n")
    world.complain(f"Written to {file}.")


def write_whole(path: Path, text: str, like: Path | None = None) -> None:
    """The file with all of its text, or as it was before: it gets its name when it is complete.

    It has the rights of `like`, or those of the file that it takes the place of; a link keeps pointing where it points.
    Raises ConfigError where it cannot be written.
    """
    place = path.resolve()
    draft = place.with_name(f".{place.name}.{os.getpid()}.part")
    rights = like or place
    try:
        draft.touch()
        if rights.exists():  # before there is anything to read in it
            draft.chmod(rights.stat().st_mode & 0o7777)
        draft.write_text(text, encoding="utf-8")
        draft.replace(place)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror or error}): check the folder.") from error
    finally:
        draft.unlink(missing_ok=True)
