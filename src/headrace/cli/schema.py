"""`headrace schema`: the JSON Schema of a configuration, for editors that complete and check."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.cli.flags import add_help
from headrace.cli.output import add_output, check_free, put
from headrace.cli.parser import Parser
from headrace.cli.world import World
from headrace.report.exits import Exit

_EDITORS = """\
in VS Code, Neovim and others, as the first line of a YAML file:
  # yaml-language-server: $schema=headrace.schema.json
"""


def parser() -> Parser:
    """The arguments of `headrace schema`."""
    made = Parser(
        "schema",
        "[flags]",
        "Print the JSON Schema (draft 2020-12) of a configuration in YAML, JSON or TOML: with it an editor completes "
        "keys, explains them, and marks those that are misspelt.",
        _EDITORS,
    )
    add_output(made)
    add_help(made)
    return made


def main(argv: Sequence[str], world: World) -> int:
    """Print or write it."""
    flags = parser().read(argv)
    check_free(flags.output, force=flags.force)
    import msgspec

    from headrace.spec.json_schema import json_schema

    put(msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode(), flags.output, world)
    return Exit.DONE
