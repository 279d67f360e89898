"""`headrace replay`: the second half of a run, from the journal into the warehouse."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.cli.flags import add_common
from headrace.cli.parser import Parser
from headrace.cli.run import conduct
from headrace.cli.world import World

# What shapes requests has no part in a replay; what begins anew is refused (`flags.options`).
_IDLE = (
    "--base-url", "--allow-origin", "--limit-pages", "--walk-deadline", "--rate", "--max-concurrency", "--new",
    "--full-refresh",
)  # fmt: skip


def parser() -> Parser:
    """The arguments of `headrace replay`."""
    made = Parser(
        "replay",
        "CONFIG [flags]",
        "Load what the journal holds into the warehouse, and send no request. Replaying any number "
        "of times gives the same tables. Takes the flags of `headrace run`; those listed act here.",
    )
    add_common(made, *_IDLE)
    return made


def main(argv: Sequence[str], world: World) -> int:
    """Load only."""
    return conduct("replay", parser(), argv, world)
