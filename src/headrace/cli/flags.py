"""The flags that `run`, `check`, `fetch` and `replay` share, and the options they make."""

from __future__ import annotations

import argparse
import math
import re
from typing import Literal

from headrace.cli.parser import Parser, UsageError
from headrace.model.plan import DeclaredLimit
from headrace.run.options import RunOptions, rate_of

CONFIG_HELP = "a path (.py .md .txt .yaml .yml .json .toml), - for standard input, or the name of a ready connector"


def rate(value: str) -> DeclaredLimit:
    """`1000/60`: at most 1000 requests in any 60 seconds."""
    try:
        return rate_of(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def positive(value: str) -> int:
    """A whole number from 1."""
    if not value.strip().isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value!r} is not a whole number from 1")
    return int(value)


def seconds(value: str) -> float:
    """A number of seconds above 0."""
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{value!r} is not a number of seconds above 0")
    return number


_CREDENTIAL = re.compile(
    r"(?i)(?:.*\.)?(?:auth\.(?:token|api_key|password|client_secret|access_token|private_key\w*)"
    r"|headers\.[^.]*(?:auth|token|key|secret|cookie)[^.]*)"
)


def setting(value: str) -> tuple[str, str]:
    """`KEY=VALUE`; the value may be empty or hold more equals signs. A credential is no such value."""
    key, equals, rest = value.partition("=")
    if not equals or not key.strip():
        raise argparse.ArgumentTypeError(f"{value!r} is not KEY=VALUE")
    if _CREDENTIAL.fullmatch(key.strip()):
        raise argparse.ArgumentTypeError(
            f"{key.strip()} is a credential, and others can see a command line: write its name into the document, such"
            " as ${TOKEN}, and put the value into the environment"
        )
    return key.strip(), rest


def destination(value: str) -> str:
    """A warehouse that keeps what it is given: `memory://` is for tests in Python."""
    if value.startswith("memory:"):
        raise argparse.ArgumentTypeError("memory:// keeps nothing and is only for tests; give duckdb:///FILE")
    return value


def add_help(parser: Parser) -> None:
    """The flag that asks for help, in words of our own, last."""
    parser.add_argument("--help", "-h", action="store_true", help="show this and stop")


def add_format(group: argparse._ArgumentGroup) -> None:
    """How the result is told."""
    group.add_argument(
        "--format", choices=("human", "json"), default="human", help="how the result is told (default: human)"
    )


def add_common(parser: Parser, *idle: str) -> None:
    """The flags of CLI.md, in groups. Those in `idle` change nothing here: they are taken, and not listed."""
    parser.add_argument("config", metavar="CONFIG", help=CONFIG_HELP)
    _add_source(parser)
    _add_target(parser)
    _add_pace(parser)
    add_help(parser)
    parser.leave_out(idle)


def _add_source(parser: Parser) -> None:
    source = parser.add_argument_group("what is read")
    source.add_argument("--base-url", metavar="URL", help="where the API is; wins over the configuration")
    source.add_argument(
        "--resource", metavar="R", action="append", default=[], dest="resources", help="only this one (repeatable)"
    )
    source.add_argument(
        "--set", metavar="KEY=VALUE", action="append", type=setting, default=[], dest="settings",
        help="a value that the configuration leaves open (repeatable); never a secret",
    )  # fmt: skip
    source.add_argument("--secrets", metavar="FILE", help="TOML file of secrets (default: .dlt/secrets.toml)")
    source.add_argument(
        "--allow-origin", metavar="ORIGIN", action="append", default=[], dest="allow_origins",
        help="follow links there too, without credentials (repeatable)",
    )  # fmt: skip
    source.add_argument("--limit-pages", metavar="N", type=positive, help="at most N pages of each resource")


def _add_target(parser: Parser) -> None:
    target = parser.add_argument_group("where it goes")
    target.add_argument("--to", metavar="URL", type=destination, help="the warehouse (default: duckdb:///NAME.duckdb)")
    target.add_argument("--dataset", metavar="D", help="schema in the warehouse (default: NAME_data)")
    target.add_argument("--journal", metavar="DIR", help="where raw pages are kept (default: .headrace/NAME)")
    target.add_argument("--new", action="store_true", help="abandon an unfinished run and begin a new one")
    target.add_argument(
        "--full-refresh", action="store_true", help="drop the tables and state of the chosen resources on success"
    )
    target.add_argument(
        "--widen-numbers", action="store_true", help="let a whole-number column become a fraction column"
    )
    target.add_argument("--strict", action="store_true", help="reject what would otherwise only be counted")


def _add_pace(parser: Parser) -> None:
    pace = parser.add_argument_group("pace and output")
    pace.add_argument("--rate", metavar="N/SECONDS", type=rate, help="at most N requests in any SECONDS")
    pace.add_argument("--max-concurrency", metavar="N", type=positive, help="at most N requests at once")
    pace.add_argument(
        "--walk-deadline", metavar="SEC", type=seconds,
        help="stop each resource after so many seconds; the next run goes on with it",
    )  # fmt: skip
    pace.add_argument(
        "--memory-mb", metavar="N", type=positive, default=192,
        help="memory for pages under way and the warehouse, in MiB (default: 192); more for very wide records",
    )  # fmt: skip
    add_format(pace)
    pace.add_argument("--quiet", action="store_true", help="no progress, and no report unless something is wrong")


def options(flags: argparse.Namespace, mode: Literal["run", "fetch", "replay"]) -> RunOptions:
    """What the flags say, as a run takes it. Raises UsageError for what this mode must not do."""
    if mode == "replay" and (flags.new or flags.full_refresh):
        raise UsageError(
            "a replay takes no --new and no --full-refresh: it would abandon the pages that were fetched;"
            " fetch them again with `headrace run --new` or `headrace run --full-refresh`"
        )
    return RunOptions(
        config=flags.config,
        base_url=flags.base_url,
        to=flags.to,
        dataset=flags.dataset,
        resources=tuple(flags.resources),
        settings=dict(flags.settings),
        secrets=flags.secrets,
        journal=flags.journal,
        rate=flags.rate,
        max_concurrency=flags.max_concurrency,
        new=flags.new,
        full_refresh=flags.full_refresh,
        allow_origins=tuple(flags.allow_origins),
        widen_numbers=flags.widen_numbers,
        strict=flags.strict,
        limit_pages=flags.limit_pages,
        walk_deadline=flags.walk_deadline,
        memory_mb=flags.memory_mb,
        mode=mode,
    )
