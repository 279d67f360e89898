"""How a merge is to be done: dlt's strategies by their words, and what may be set beside each of them."""

from __future__ import annotations

import datetime as dt
from typing import assert_never

from headrace.model.strategy import Cdc, DeleteInsert, InsertOnly, Scd2, Strategy, Upsert, word
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean, listed
from headrace.spec.node import Node

SCOPES = ("source_filter", "destination_scope")
STRATEGIES: dict[str, tuple[str, ...]] = {
    "delete-insert": ("deduplicated", *SCOPES),
    "upsert": ("skip_unchanged_rows", "row_version_column_name", SCOPES[0]),
    "scd2": (
        "validity_column_names",
        "active_record_timestamp",
        "boundary_timestamp",
        "row_version_column_name",
        *SCOPES,
    ),
    "insert-only": (),
    "cdc": ("skip_unchanged_rows", "row_version_column_name", *SCOPES),
}
"""What each strategy takes, as dlt has it."""
OPTIONS = tuple(dict.fromkeys(option for options in STRATEGIES.values() for option in options))

_TIME = "a time, such as 2024-01-31T00:00:00Z"


def read_strategy(ctx: Context, node: Node, disposition: str) -> Strategy:
    """The strategy of a disposition that is a mapping; without one, what dlt does by default."""
    stated = node.get("strategy")
    name = ctx.string(stated) if stated is not None else None
    if stated is not None and name is not None and name not in STRATEGIES:
        fix = did_you_mean(name, STRATEGIES, f"write {listed(STRATEGIES)}")
        ctx.faults.error("disposition", stated.path, stated.line, f"a merge has no strategy `{name}`", fix)
        return DeleteInsert()
    for key, sub in node.items.items():
        if key in OPTIONS and key not in STRATEGIES.get(name or "", ()):
            takers = [taker for taker, options in STRATEGIES.items() if key in options]
            where = f"the strategy `{name}`" if name else "a write disposition without a `strategy`"
            fix = f"delete it, or write a `strategy` that has it: {listed(takers)}"
            ctx.faults.error("unknown-key", sub.path, sub.at, f"{where} has no key `{key}`", fix)
    way = _way(ctx, node, name or "delete-insert")
    if stated is not None and disposition != "merge":
        problem = f"a `strategy` says how a merge is done, and `{disposition}` is none"
        ctx.faults.tell("no-effect", stated.path, stated.at, problem=problem, mend="delete it")
        return DeleteInsert()
    return way


def _way(ctx: Context, node: Node, name: str) -> Strategy:
    match name:
        case "upsert":
            return Upsert(*_compared(ctx, node))
        case "cdc":
            return Cdc(*_compared(ctx, node))
        case "insert-only":
            return InsertOnly()
        case "scd2":
            return _scd2(ctx, node)
        case _:
            ctx.boolean(node.get("deduplicated"))
            return DeleteInsert()


def check_key(ctx: Context, way: Strategy, spot: Node, primary_key: tuple[str, ...]) -> None:
    """What identifies rows by their primary key needs one; dlt says so only once it loads."""
    match way:
        case Upsert() | InsertOnly() | Cdc():
            if not primary_key and not ctx.live:
                problem = f"the merge strategy `{word(way)}` needs a `primary_key`, and there is none"
                ctx.faults.error("missing-key", spot.path, spot.line, problem, "add `primary_key`")
        case DeleteInsert() | Scd2():
            pass
        case _:
            assert_never(way)


def _compared(ctx: Context, node: Node) -> tuple[bool, str | None]:
    version = node.get("row_version_column_name")
    skips = ctx.boolean(node.get("skip_unchanged_rows")) is True
    name = ctx.string(version) if version is not None else None
    if version is not None and not skips:
        problem = "`row_version_column_name` has no effect here: no row is skipped"
        ctx.faults.tell("no-effect", version.path, version.at, problem=problem, mend="add `skip_unchanged_rows: true`")
        name = None
    return skips, name


def _scd2(ctx: Context, node: Node) -> Scd2:
    usual = Scd2()
    names = (usual.valid_from, usual.valid_to)
    columns, version = node.get("validity_column_names"), node.get("row_version_column_name")
    if columns is not None:
        found = ctx.strings(columns) if isinstance(columns.value, list) else ()
        if len(found) == len(names):
            names = (found[0], found[1])
        else:
            ctx.wrong(columns, "a list of two columns, from when and to when a row holds")
    return Scd2(
        valid_from=names[0],
        valid_to=names[1],
        active=_moment(ctx, node.get("active_record_timestamp")),
        boundary=_moment(ctx, node.get("boundary_timestamp")),
        row_version=(ctx.string(version) if version is not None else None) or usual.row_version,
    )


def _moment(ctx: Context, node: Node | None) -> str | None:
    """A time as ISO 8601, in UTC where it says nothing else. In a live configuration dlt reads it."""
    if node is None or ctx.live:
        return None
    found: dt.datetime | None = None
    try:
        match node.value:
            case bool():
                pass
            case int() | float() as seconds:
                found = dt.datetime.fromtimestamp(seconds, dt.UTC)
            case str() as text:
                found = dt.datetime.fromisoformat(text)
            case _:
                given = ctx.string(node, _TIME)
                if given is None:
                    return None
                found = dt.datetime.fromisoformat(given)
    except (ValueError, OverflowError, OSError):
        pass
    if found is None:
        ctx.wrong(node, _TIME)
        return None
    return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).isoformat()
