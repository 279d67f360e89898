"""The table side of a resource: its table, keys, disposition, columns and nesting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast, get_args

from headrace.model.plan import ColumnHint, Disposition
from headrace.model.table import DataType
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean, listed
from headrace.spec.merge import by_name
from headrace.spec.node import Node

DISPOSITIONS = get_args(Disposition)
DATA_TYPES = get_args(DataType)
_STRATEGIES = ("delete-insert", "upsert", "scd2", "insert-only", "cdc")
HONOURED_STRATEGIES = _STRATEGIES[:1]
SCOPES = ("source_filter", "destination_scope")
DISPOSITION_KEYS = (
    "disposition",
    "strategy",
    "deduplicated",
    *SCOPES,
    "skip_unchanged_rows",
    "validity_column_names",
    "active_record_timestamp",
    "boundary_timestamp",
    "row_version_column_name",
)
_COLUMN_EFFECTS_NOT_YET = ("dedup_sort", "hard_delete")


@dataclass(frozen=True, slots=True)
class Hints:
    """What a resource says of its table."""

    table: str
    disposition: Disposition
    primary_key: tuple[str, ...]
    merge_key: tuple[str, ...]
    columns: tuple[ColumnHint, ...]
    max_nesting: int | None


def read_hints(ctx: Context, resource: Node, name: str) -> Hints:
    """The hints of a resource, defaults already put in."""
    path = resource.path
    columns, column_keys = read_columns(ctx, resource.get("columns"))
    key_node = resource.get("primary_key")
    primary_key = ctx.strings(key_node) or column_keys["primary_key"]
    merge_key = ctx.strings(resource.get("merge_key")) or column_keys["merge_key"]
    stated = resource.get("write_disposition")
    disposition = _disposition(ctx, stated)
    if disposition == "merge" and not primary_key and not merge_key:
        disposition = "append"
        spot = stated or resource
        ctx.faults.tell("merge-without-key", spot.path, spot.line, name=name)
    table = resource.get("table_name")
    nesting = resource.get("max_table_nesting")
    ctx.came(
        f"{path}.primary_key",
        ", ".join(primary_key) or "none",
        "document" if key_node else "default",
        key_node.line if key_node else None,
    )
    ctx.came(
        f"{path}.write_disposition", disposition, "document" if stated else "default", stated.line if stated else None
    )
    return Hints(
        table=(ctx.string(table) if table else None) or name,
        disposition=disposition,
        primary_key=primary_key,
        merge_key=merge_key,
        columns=columns,
        max_nesting=ctx.integer(nesting) if nesting else None,
    )


def _disposition(ctx: Context, node: Node | None) -> Disposition:
    if node is None:
        return "append"
    if isinstance(node.value, dict):
        ctx.keys(node, DISPOSITION_KEYS, "a write disposition")
        word_node, strategy = node.get("disposition"), node.get("strategy")
        if word_node is None:
            ctx.faults.error(
                "missing-key",
                node.path,
                node.line,
                "the write disposition lacks `disposition`",
                f"add it: {listed(DISPOSITIONS)}",
            )
            return "append"
    else:
        word_node, strategy = node, None
    word = ctx.string(word_node, "a write disposition")
    if word is None or word not in DISPOSITIONS:
        if word is not None:
            fix = did_you_mean(word, DISPOSITIONS, f"write {listed(DISPOSITIONS)}")
            ctx.faults.error(
                "disposition", word_node.path, word_node.line, f"there is no write disposition `{word}`", fix
            )
        return "append"
    if strategy is not None:
        _strategy(ctx, strategy, word)
    for key in SCOPES:
        scope = node.get(key)
        if scope is not None:
            problem = f"`{key}` of a write disposition is not supported yet"
            _unsupported(ctx, scope, problem, "take it out to load without it")
    return cast("Disposition", word)


def _strategy(ctx: Context, node: Node, disposition: str) -> None:
    word, known = ctx.string(node) or "", _STRATEGIES if disposition == "merge" else ()
    if word not in known:
        fix = did_you_mean(word, known, f"write {listed(known)}" if known else "delete it")
        ctx.faults.error("disposition", node.path, node.line, f"`{disposition}` has no strategy `{word}`", fix)
    elif word not in HONOURED_STRATEGIES:
        problem = f"the merge strategy `{word}` is not supported yet"
        _unsupported(ctx, node, problem, "use `delete-insert` for now")


def read_columns(ctx: Context, node: Node | None) -> tuple[tuple[ColumnHint, ...], dict[str, tuple[str, ...]]]:
    """The hints for columns, and the columns that they make keys."""
    keys: dict[str, list[str]] = {"primary_key": [], "merge_key": []}
    found: list[ColumnHint] = []
    if node is not None and not isinstance(node.value, dict | list):
        ctx.wrong(node, "a mapping of column names to hints")
        node = None
    for name, column in (by_name(node) if node is not None else {}).items():
        if not isinstance(column.value, dict):
            ctx.wrong(column, "a mapping of hints")
            continue
        found.append(ColumnHint(name, _data_type(ctx, column.get("data_type")), ctx.boolean(column.get("nullable"))))
        for key, names in keys.items():
            if ctx.boolean(column.get(key)):
                names.append(name)
        for effect in (hint for hint in _COLUMN_EFFECTS_NOT_YET if hint in column.items):
            problem = f"the column hint `{effect}` is not supported yet"
            _unsupported(ctx, column.items[effect], problem, "take it out to load without it")
    return tuple(found), {key: tuple(names) for key, names in keys.items()}


def _unsupported(ctx: Context, node: Node, problem: str, fix: str) -> None:
    """What our own warehouse cannot do yet. A live configuration is loaded by dlt, which can."""
    if not ctx.live:
        ctx.faults.error("not-yet", node.path, node.at, problem, fix)


def _data_type(ctx: Context, node: Node | None) -> str | None:
    if node is None:
        return None
    word = ctx.string(node)
    if word is None or word in DATA_TYPES:
        return word
    fix = did_you_mean(word, DATA_TYPES, f"write {listed(DATA_TYPES)}")
    ctx.faults.error("data-type", node.path, node.line, f"there is no data type `{word}`", fix)
    return None
