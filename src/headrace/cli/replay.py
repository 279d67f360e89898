"""`headrace replay`: the second half of a run, from the journal into the warehouse."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.cli.flags import add_common
from headrace.cli.parser import Parser
from headrace.cli.run import conduct
from headrace.cli.world import World


def parser() -> Parser:
    """The arguments of `headrace replay`."""
    made = Parser(
        "replay",
        "CONFIG [flags]",
        "Load what the journal holds into the warehouse, and send no request. Replaying any number\n"
        "of times gives the same tables.",
    )
    add_common(made)
    return made


def main(argv: Sequence[str], world: World) -> int:
    """Load only."""
    return conduct("replay", parser(), argv, world)
