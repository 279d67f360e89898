"""Which records of an endpoint are new: dlt's `endpoint.incremental`, and the parameter of type `incremental`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, cast

from headrace.model.plan import Incremental, Json, Ref, Text
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean, listed
from headrace.spec.json_path import checked_path
from headrace.spec.node import Node, Opaque, plain
from headrace.spec.vocabulary import INCREMENTAL_PARAM, PLACEHOLDER_KEYS


def read_incremental(ctx: Context, endpoint: Node, params: Iterator[tuple[str, Node]]) -> Incremental | None:
    """The increment of an endpoint. `params` are its parameters of type `incremental`, of which the first counts."""
    stated = endpoint.get("incremental")
    found = list(params)
    if not found:
        if stated is None or ctx.mapping(stated) is None:
            return None
        ctx.keys(stated, PLACEHOLDER_KEYS["incremental"], "`endpoint.incremental`")
        start, end = stated.get("start_param"), stated.get("end_param")
        return _rule(ctx, stated, ctx.string(start) if start else None, ctx.string(end) if end else None)
    (name, param), *others = found
    for _, other in others:
        problem, fix = "a second parameter is incremental, and an endpoint has one window", "keep one of them"
        ctx.faults.error("two-incrementals", other.path, other.at, problem, fix)
    if stated is not None:
        ctx.faults.tell("incremental-twice", stated.path, stated.at, name=name)
    return _rule(ctx, _without_bounds(ctx, param, name), name, None)


def is_list_of_one(key: Node | None) -> bool:
    """Whether a key is one field, but stated as a list."""
    return key is not None and isinstance(key.value, list) and len(key.value) == 1


def _without_bounds(ctx: Context, node: Node, name: str) -> Node:
    """A parameter's keys, of which dlt refuses those that `endpoint.incremental` alone has."""
    for key in ("end_value", "end_param", "start_param"):
        sub = node.get(key)
        if sub is not None and (sub.value or key == "start_param"):
            fix = f"move it into endpoint.incremental, with `start_param: {name}`"
            ctx.faults.error("param-incremental", sub.path, sub.at, f"a parameter cannot have `{key}`", fix)
    refused = {"end_value", "end_param", "start_param"}
    kept = Node({key: sub for key, sub in node.items.items() if key not in refused}, node.line, node.path)
    ctx.keys(kept, INCREMENTAL_PARAM, "an `incremental` parameter")
    return kept


def _rule(ctx: Context, node: Node, start_param: str | None, end_param: str | None) -> Incremental | None:
    cursor = node.get("cursor_path")
    if cursor is None:
        fix = "add it: the field of each record that says when it changed"
        ctx.faults.error("missing-key", node.path, node.at, "the incremental lacks `cursor_path`", fix)
        return None
    path = checked_path(ctx, cursor)
    for key in ("convert", "transform"):
        function = node.get(key)
        if function is not None:
            ctx.wrong(function, "nothing here, where the API takes the value as it is", hook="convert")
    key_node = node.get("primary_key")
    scheduler = node.get("allow_external_schedulers")
    if scheduler is not None and ctx.boolean(scheduler) and not ctx.live:
        problem = "`allow_external_schedulers` has no effect: no scheduler's window is looked for"
        mend = "give the window with `initial_value`"
        ctx.faults.tell("no-effect", scheduler.path, scheduler.at, problem=problem, mend=mend)
    rule = Incremental(
        cursor_path=path or "",
        initial_value=_value(ctx, node.get("initial_value")),
        end_value=_value(ctx, node.get("end_value")),
        start_param=start_param,
        end_param=end_param,
        latest=_latest(ctx, node.get("last_value_func")),
        primary_key=ctx.strings(key_node) if key_node is not None else None,
        key_listed=is_list_of_one(key_node),
        row_order=cast("Literal['asc', 'desc'] | None", _word(ctx, node, "row_order", ("asc", "desc"))),
        range_start=cast("Literal['closed', 'open']", _word(ctx, node, "range_start", ("closed", "open")) or "closed"),
        range_end=cast("Literal['closed', 'open']", _word(ctx, node, "range_end", ("open", "closed")) or "open"),
        on_missing=cast("Literal['raise', 'include', 'exclude']", _missing(ctx, node)),
        lag=_number(ctx, node.get("lag")),
    )
    ctx.came(f"{node.path}.cursor_path", rule.cursor_path, "document", cursor.line)
    _check_bounds(ctx, node, rule)
    return rule


def _value(ctx: Context, node: Node | None) -> Json:
    """A bound as the API writes it. Code is not run: its value is then given from outside."""
    match node:
        case None:
            return None
        case Node(value=Opaque(live=live)) if live is not None and not callable(live):
            return live.isoformat() if hasattr(live, "isoformat") else str(live)
        case Node(value=Opaque(kind="expression") as code):
            name = node.path.rpartition(".")[2]
            ctx.faults.tell("expression-value", node.path, node.line, name=name, source=code.source)
            return bound(ctx, node, Text((Ref(name, "config"),)))
        case Node(value=Text() as words):
            return bound(ctx, node, words)
        case Node(value=Opaque()):
            ctx.wrong(node, "a value as the API writes it")
            return None
        case _:
            return plain(node)


def bound(ctx: Context, node: Node, words: Text) -> Json:
    """A bound from outside: its value, or the text itself while there is none, without which nothing runs."""
    if any(ref.kind == "config" and ctx.found(ref) is None for ref in words.refs):
        return ctx.settled(words)
    return ctx.string(Node(words, node.line, node.path, node.key_line))


def _latest(ctx: Context, node: Node | None) -> Literal["max", "min"]:
    match node:
        case Node(value="min" | Opaque(source="min")):
            return "min"
        case None | Node(value="max" | Opaque(source="max")):
            return "max"
        case Node(value=str() as word):
            fix = did_you_mean(word, ("max", "min"), "write `max` or `min`")
            problem = f"`{word}` is not a way to tell the last value"
            ctx.faults.error("last-value", node.path, node.line, problem, fix)
        case _:
            ctx.wrong(node, "`max` or `min`", hook="last_value_func")
    return "max"


def _missing(ctx: Context, node: Node) -> str:
    sub = node.items.get("on_cursor_value_missing")
    if sub is not None and sub.value is None:  # dlt takes null for every other key
        ctx.wrong(sub, "`raise`, `include` or `exclude`")
    return _word(ctx, node, "on_cursor_value_missing", ("raise", "include", "exclude")) or "raise"


def _word(ctx: Context, node: Node, key: str, known: tuple[str, ...]) -> str | None:
    sub = node.get(key)
    word = ctx.string(sub) if sub is not None else None
    if sub is None or word is None or word in known:
        return word
    fix = did_you_mean(word, known, f"write {listed(known)}")
    ctx.faults.error("incremental", sub.path, sub.line, f"`{key}` cannot be `{word}`", fix)
    return None


def _number(ctx: Context, node: Node | None) -> float | None:
    if node is None:
        return None
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return float(node.value)
    ctx.wrong(node, "a number: seconds for times, days for dates")
    return None


def _check_bounds(ctx: Context, node: Node, rule: Incremental) -> None:
    """An end needs a beginning that it does not come before, as far as the two can be compared."""
    if rule.end_value is None:
        return
    spot = node.get("end_value") or node
    if node.get("initial_value") is None:
        fix = "add `initial_value`, where the window begins"
        ctx.faults.error("incremental", spot.path, spot.at, "`end_value` is stated without `initial_value`", fix)
        return
    pair = (rule.initial_value, rule.end_value)
    if not all(isinstance(bound, int | float) for bound in pair) and not all(isinstance(bound, str) for bound in pair):
        return
    first, last = pair if rule.latest == "max" else pair[::-1]
    if first > last:
        problem = "the window ends before it begins (`initial_value` and `end_value`)"
        ctx.faults.error("incremental", spot.path, spot.at, problem, "swap the two, or set `last_value_func`")
