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
    if file is not None and Path(file).is_file() and not force:
        raise UsageError(f"{file} is there already: name another file, or add --force to overwrite it")


def put(words: str, file: str | None, world: World) -> None:
    """Say the words, or write them to a file. Raises ConfigError where it cannot be written."""
    if file is None:
        world.say(words)
        return
    write_whole(Path(file), f"{words}\n" if words else "")
    world.complain(f"Written to {file}.")


def write_whole(path: Path, text: str, like: Path | None = None) -> None:
    """The file with all of its text, or as it was before: it gets its name when it is complete.

    It has the rights of `like`, or those of the file that it takes the place of; a link keeps pointing where it points.
    Raises ConfigError where it cannot be written.
    """
    try:
        place = path.resolve()
        if place.exists() and not place.is_file():  # a pipe, or a device: it is written to, and stays
            place.write_text(text, encoding="utf-8")
            return
        _take_place(place, text, like or place)
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead to each other
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path} cannot be written ({reason}): check the folder.") from error


def _take_place(place: Path, text: str, like: Path) -> None:
    draft = place.with_name(f".{place.name}.{os.getpid()}.part")
    rights = like.stat().st_mode & 0o7777 if like.exists() else None
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o666 & ~_umask() if rights is None else rights)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


def _umask() -> int:
    """Which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
