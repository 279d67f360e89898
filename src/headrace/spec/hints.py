"""The table side of a resource: its table, keys, disposition, columns and nesting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast, get_args

from headrace.model.plan import ColumnHint, Disposition
from headrace.model.strategy import DeleteInsert, Order, Scd2, Strategy
from headrace.model.table import DataType
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean, listed
from headrace.spec.merge import by_name
from headrace.spec.node import Node
from headrace.spec.strategies import OPTIONS, SCOPES, check_key, read_strategy
from headrace.spec.vocabulary import NOT_YET_FIX

DISPOSITIONS = get_args(Disposition)
DATA_TYPES = get_args(DataType)
DISPOSITION_KEYS = ("disposition", "strategy", *OPTIONS)
ORDERS = get_args(Order)


@dataclass(frozen=True, slots=True)
class Hints:
    """What a resource says of its table."""

    table: str
    disposition: Disposition
    primary_key: tuple[str, ...]
    merge_key: tuple[str, ...]
    columns: tuple[ColumnHint, ...]
    max_nesting: int | None
    strategy: Strategy


def read_hints(ctx: Context, resource: Node, name: str) -> Hints:
    """The hints of a resource, defaults already put in."""
    path = resource.path
    columns, column_keys = read_columns(ctx, resource.get("columns"))
    key_node = resource.get("primary_key")
    primary_key = ctx.strings(key_node) or column_keys["primary_key"]
    merge_key = ctx.strings(resource.get("merge_key")) or column_keys["merge_key"]
    stated = resource.get("write_disposition")
    disposition, strategy = _disposition(ctx, stated)
    spot = stated or resource
    if disposition == "merge":
        check_key(ctx, strategy, spot, primary_key)
    if disposition == "merge" and not primary_key and not merge_key and not isinstance(strategy, Scd2):
        # What is marked to go does not come, key or not.
        disposition = "merge" if any(hint.hard_delete for hint in columns) else "append"
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
        strategy=strategy,
    )


def _disposition(ctx: Context, node: Node | None) -> tuple[Disposition, Strategy]:
    usual: tuple[Disposition, Strategy] = ("append", DeleteInsert())
    if node is None:
        return usual
    word_node: Node | None = node
    if isinstance(node.value, dict):
        ctx.keys(node, DISPOSITION_KEYS, "a write disposition")
        word_node = node.get("disposition")
        if word_node is None:
            ctx.faults.error(
                "missing-key",
                node.path,
                node.line,
                "the write disposition lacks `disposition`",
                f"add it: {listed(DISPOSITIONS)}",
            )
            return usual
    word = ctx.string(word_node, "a write disposition")
    if word is None or word_node is None or word not in DISPOSITIONS:
        if word is not None and word_node is not None:
            fix = did_you_mean(word, DISPOSITIONS, f"write {listed(DISPOSITIONS)}")
            ctx.faults.error(
                "disposition", word_node.path, word_node.line, f"there is no write disposition `{word}`", fix
            )
        return usual
    strategy = read_strategy(ctx, node, word) if word_node is not node else DeleteInsert()
    for key in SCOPES:
        scope = node.get(key)
        if scope is not None:
            problem = f"`{key}` of a write disposition is not supported yet"
            _unsupported(ctx, scope, problem, NOT_YET_FIX)
    return cast("Disposition", word), strategy


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
        found.append(
            ColumnHint(
                name,
                _data_type(ctx, column.get("data_type")),
                ctx.boolean(column.get("nullable")),
                hard_delete=ctx.boolean(column.get("hard_delete")) is True,
                dedup_sort=_order(ctx, column.get("dedup_sort")),
            )
        )
        for key, names in keys.items():
            if ctx.boolean(column.get(key)):
                names.append(name)
    for effect in ("hard_delete", "dedup_sort"):
        several = [hint.name for hint in found if getattr(hint, effect)]
        if node is not None and len(several) > 1:
            problem = f"several columns have the hint `{effect}`, and one may: {listed(several)}"
            ctx.faults.error("disposition", node.path, node.line, problem, "leave it to one of them")
    return tuple(found), {key: tuple(names) for key, names in keys.items()}


def _order(ctx: Context, node: Node | None) -> Order | None:
    if node is None:
        return None
    word = ctx.string(node)
    if word is None or word in ORDERS:
        return cast("Order | None", word)
    ctx.wrong(node, f"the order {listed(ORDERS)}")
    return None


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
