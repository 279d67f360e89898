"""Where a command's whole result goes: standard output, or the file that `--output` names."""

from __future__ import annotations

from pathlib import Path

from headrace.cli.world import World
from headrace.errors import ConfigError


def put(words: str, file: str | None, world: World) -> None:
    """Say the words, or write them to a file. Raises ConfigError where it cannot be written."""
    if file is None:
        world.say(words)
        return
    try:
        Path(file).write_text(f"{words}\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--output {file} cannot be written ({error.strerror}): name another file") from error
    world.complain(f"Written to {file}.")
