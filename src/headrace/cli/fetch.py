"""`headrace fetch`: the first half of a run, from the API into the journal."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.cli.flags import add_common
from headrace.cli.parser import Parser
from headrace.cli.run import conduct
from headrace.cli.world import World


def parser() -> Parser:
    """The arguments of `headrace fetch`."""
    made = Parser(
        "fetch",
        "CONFIG [flags]",
        "Fetch everything that CONFIG names into the journal, and load nothing. `headrace replay` "
        "or `headrace run` with the same flags loads it later, without a request.",
    )
    add_common(made, "--widen-numbers", "--strict", "--memory-mb")
    return made


def main(argv: Sequence[str], world: World) -> int:
    """Fetch only."""
    return conduct("fetch", parser(), argv, world)
