"""`headrace emulate`: a local vendor API in this process, by the flags of the emulator itself."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.cli.flags import add_help
from headrace.cli.parser import Parser
from headrace.cli.world import World
from headrace.report.exits import Exit


def parser() -> Parser:
    """The arguments of `headrace emulate`, as the emulator states them."""
    from headrace.emulate.cli import add_arguments

    made = Parser(
        "emulate",
        "NAME [flags]",
        "Serve a local copy of a vendor's API: its paging, its limiter, its errors, and faults on request. "
        "Prints `listening on URL` when it is ready, and stops on SIGTERM or Ctrl-C.",
    )
    add_arguments(made)
    add_help(made)
    return made


def main(argv: Sequence[str], world: World) -> int:
    """Serve until stopped."""
    from headrace.emulate.cli import settings
    from headrace.emulate.server import serve

    serve(settings(parser().read(argv)), ready=lambda url: world.say(f"listening on {url}"))
    return Exit.DONE
