"""`headrace explain`: every effective value and its origin, the requests that would be sent, and what to expect.

No socket is opened and nothing is changed. `--format json` prints one object:
`{"config", "name", "dialect", "runnable", "needs": [], "faults": [],
"client": {"values": {KEY: VALUE}},
"resources": [{"name", "selected", "parent", "values": {KEY: VALUE}, "requests": [REQUEST], "expect": EXPECT,
"tables": [{"name", "parent", "columns": [{"name", "data_type", "nullable", "origin": "declared|seen"}]}]}],
"limits": {"rate": {"requests", "window_s"} | null, "max_concurrency", "pages", "api"},
"expect": {"run_id", "requests", "records", "wall_s", "at_least_s", "unfinished", "why"}, "fillers": {NEED: PLACE}}`.
VALUE is `{"value", "origin": "document|rule|default|flag|first response", "confidence":
"stated|implied|guessed|detected", "path", "line", "rule", "why"}`; REQUEST is `{"what": "token|first|next", "method",
"url", "headers", "body", "note"}`; EXPECT is `{"run_id", "pages", "records", "requests", "changed", "why"}`.
A document that cannot run has `"client": null` and no resources; its faults say why.

Credentials that the document writes out are masked as `***`; a reference is `<secret:NAME>`.
"""

from __future__ import annotations

from collections.abc import Sequence

from headrace.cli.flags import add_common
from headrace.cli.masks import masked_error
from headrace.cli.parser import Parser, wants_json
from headrace.cli.reading import as_json, read_config, unreadable
from headrace.cli.run import complain
from headrace.cli.world import World
from headrace.errors import ConfigError
from headrace.report.exits import Exit
from headrace.report.layout import stage

_NOTHING: dict[str, object] = {"client": None, "resources": [], "limits": None, "expect": None}
_IDLE = ("--to", "--dataset", "--new", "--full-refresh", "--memory-mb", "--quiet")


def parser() -> Parser:
    """The arguments of `headrace explain`."""
    made = Parser(
        "explain",
        "CONFIG [flags]",
        "Tell every value that is in effect for CONFIG: what it is, where it comes from (a line, a rule, a default, "
        "a flag, the first response) and how sure that is; the requests that would be sent, with secrets by name; and "
        "what to expect, by what the journal remembers of earlier runs. No request is sent. Takes all flags of "
        "`headrace run`; those listed act here.",
        "exit codes:\n  0    explained\n  2    the document cannot run; what to mend is listed\n",
    )
    add_common(made, *_IDLE)
    return made


def main(argv: Sequence[str], world: World) -> int:
    """Read the document, and tell."""
    try:
        flags = parser().read(argv)
        reading, options = read_config(flags, world)
    except ConfigError as error:
        if wants_json(argv):
            world.say(as_json({"config": "", "name": "", **unreadable(masked_error(error)), **_NOTHING}))
        complain(error, world)
        return Exit.MEND
    from headrace.cli.explain_lines import lines
    from headrace.cli.explain_object import explained

    found = explained(reading, options, flags)
    if flags.format == "json":
        world.say(as_json(found))
    else:
        world.say("\n".join(lines(found, stage(world.stdout, world.environ))))
    return Exit.MEND if reading.plan is None else Exit.DONE
