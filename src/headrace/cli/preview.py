"""`headrace preview`: the first page of one resource as a table, with the schema that it gives. Nothing is written.

`--format json` prints one object: `{"config", "resource", "table", "request": {"method", "url", "status",
"body_bytes", "elapsed_s"}, "parents": [{"resource", "records", "taken"}], "records", "kept", "selector", "detected":
{"selector", "paging", "why"} | null, "next": {"done", "proven", "why"}, "rows": [{COLUMN: value}], "tables": [{"name",
"parent", "rows", "columns": [{"name", "data_type", "nullable", "filled", "example"}], "sample"}], "keys": [{"kind":
"primary_key|merge_key|candidate", "columns", "good", "nulls", "duplicates", "why"}], "rejects": [{"record",
"reason"}], "notices": []}`. Where there is no page: `{"config", "resource", "errors": [ERROR]}`, each as in a run's.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.cli.flags import add_common, positive
from headrace.cli.masks import masked, masked_error
from headrace.cli.parser import Parser, wants_json
from headrace.cli.reading import as_json, read_config
from headrace.cli.run import complain, config_name
from headrace.cli.world import World
from headrace.errors import ConfigError, HeadraceError
from headrace.report.exits import Exit
from headrace.report.layout import stage

if TYPE_CHECKING:
    from headrace.cli.preview_object import Previewed

_IDLE = (
    "--resource", "--limit-pages", "--to", "--dataset", "--journal", "--new", "--full-refresh",
    "--walk-deadline", "--memory-mb", "--quiet",
)  # fmt: skip
_ROWS = 5


def parser() -> Parser:
    """The arguments of `headrace preview`."""
    made = Parser(
        "preview",
        "CONFIG RESOURCE [flags]",
        "Fetch the first page of RESOURCE and show it: rows, tables and types, whether the key is there and unique, "
        "what was detected, and how the next page would be asked for. Of a resource that hangs on another, the first "
        "page of that one is fetched before; what is a guess is tried first, as by `headrace run`. Nothing is written: "
        "no journal, no warehouse.",
        "exit codes:\n"
        "  0    shown, and nothing is wrong\n"
        "  1    shown; the key is not what it should be, or records would be rejected\n"
        "  2    the configuration, a flag or a need is wrong; nothing was fetched\n"
        "  3    the API refused or failed\n",
    )
    add_common(made, *_IDLE)
    made.add_argument("resource", metavar="RESOURCE", nargs="?", help="the name of one resource of CONFIG")
    made.add_argument("--rows", metavar="N", type=positive, default=_ROWS, help=f"show N rows (default: {_ROWS})")
    return made


def main(argv: Sequence[str], world: World) -> int:
    """Fetch one page, and show it."""
    named = {"config": "", "resource": ""}
    try:
        flags = _flags(argv)
        named = {"config": masked(config_name(flags.config)), "resource": flags.resource}
        found = _previewed(flags, world)
    except ConfigError as error:
        _refuse(masked_error(error), named, argv, world)
        complain(error, world)
        return Exit.MEND
    except HeadraceError as error:
        _refuse(error, named, argv, world)
        raise
    if flags.format == "json":
        world.say(as_json(found))
    else:
        from headrace.cli.preview_lines import lines

        world.say("\n".join(lines(found, stage(world.stdout, world.environ))))
    return Exit.LOOK if found.rejects or any(not key.good for key in found.keys) else Exit.DONE


def _flags(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments, with the resource where it belongs. Raises UsageError."""
    made = parser()
    flags = made.read(argv)
    if flags.resources:
        whole = f"headrace preview {masked(config_name(flags.config))} {flags.resource or flags.resources[0]}"
        made.error(f"preview shows one resource and takes its name without --resource: `{whole}`")
    if flags.resource is None:
        made.error("the following arguments are required: RESOURCE")
    return flags


def _previewed(flags: argparse.Namespace, world: World) -> Previewed:
    """Read the document, fetch the page. Raises HeadraceError."""
    flags.resources = [flags.resource]
    reading, options = read_config(flags, world)
    name = config_name(flags.config)
    if reading.plan is None or options.lookup is None:
        raise ConfigError(f"{name} cannot run; mend what is listed and try again", faults=reading.faults)
    if reading.needs:
        raise ConfigError(f"{name} needs {' and '.join(reading.lacking)} before it can be asked for")
    from headrace.cli.preview_object import previewed
    from headrace.decode.rules import DecodeRules
    from headrace.run.preview import preview
    from headrace.transport.base import MAX_CONCURRENCY

    rules = DecodeRules(widen_numbers=flags.widen_numbers, strict=flags.strict)
    page = asyncio.run(
        preview(
            reading.plan,
            flags.resource,
            resolve=options.lookup,
            rules=rules,
            max_concurrency=flags.max_concurrency or MAX_CONCURRENCY,
        )
    )
    return previewed(page, name, flags.rows)


def _refuse(error: HeadraceError, named: dict[str, str], argv: Sequence[str], world: World) -> None:
    """The object for a page that did not come, if an object is wanted."""
    if wants_json(argv):
        from headrace.report.collect import failure

        world.say(as_json({**named, "errors": [failure(error)]}))
