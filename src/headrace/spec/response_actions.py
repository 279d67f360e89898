"""What certain responses mean: dlt's `response_actions`, those that need no Python."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.model.plan import ResponseAction
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean
from headrace.spec.node import Node, Opaque, shown
from headrace.spec.vocabulary import PLACEHOLDER_KEYS

_ACTIONS = ("ignore", "retry")
_FIX = 'write {"status_code": 404, "action": "ignore"}'


def read_actions(ctx: Context, node: Node | None) -> tuple[ResponseAction, ...]:
    """The rules of an endpoint, in order; those that would never act are told and left out."""
    if node is None:
        return ()
    if not isinstance(node.value, list):
        ctx.wrong(node, "a list of actions")
        return ()
    return tuple(_read(ctx, node.value))


def _read(ctx: Context, nodes: list[Node]) -> Iterator[ResponseAction]:
    for node in nodes:
        if not isinstance(node.value, dict):
            ctx.wrong(node, _FIX.removeprefix("write "), hook="response_actions")
            continue
        ctx.keys(node, PLACEHOLDER_KEYS["response_actions"], "a response action")
        content = node.get("content")
        words = ctx.string(content) if content is not None else None
        status, usable = _status(ctx, node.get("status_code"))
        action = _action(ctx, node)
        if action is None or not usable:
            continue
        if status is None and words is None:
            problem = f"`{action}` without `status_code` or `content` fits no response, as in dlt"
            ctx.faults.tell("action-idle", node.path, node.at, problem=problem, mend="add one of them")
        elif action == "retry":
            yield ResponseAction(status, words, "retry")
        else:
            yield ResponseAction(status, words)


def _status(ctx: Context, node: Node | None) -> tuple[int | None, bool]:
    """The status as a number, which dlt compares only if it is written as one; and whether one can be had."""
    if node is None:
        return None, True
    if isinstance(node.value, str) and node.value.strip().isdigit():
        return int(node.value), True
    if isinstance(node.value, str):
        problem = f"`{node.value}` is no status code, so the action fits no response"
        ctx.faults.tell("action-idle", node.path, node.line, problem=problem, mend="write a number, such as 404")
        return None, False
    return ctx.integer(node), True


def _action(ctx: Context, node: Node) -> str | None:
    stated = node.get("action")
    if stated is None:
        ctx.faults.error("missing-key", node.path, node.line, "the response action lacks `action`", "add `ignore`")
        return None
    if isinstance(stated.value, list):
        for sub in [sub for sub in stated.value if not isinstance(sub.value, Opaque)]:
            ctx.wrong(sub, "a function")
        code = next((sub for sub in stated.value if isinstance(sub.value, Opaque)), stated)
        ctx.wrong(code, "`ignore` or `retry`", hook="response_actions")
        return None
    if not isinstance(stated.value, str):
        ctx.wrong(stated, "`ignore` or `retry`", hook="response_actions")
        return None
    if stated.value not in _ACTIONS:
        problem = f"the action `{shown(stated.value)}` has no effect, as in dlt"
        mend = did_you_mean(stated.value, _ACTIONS, "write `ignore`")
        ctx.faults.tell("action-idle", stated.path, stated.line, problem=problem, mend=mend)
        return None
    return stated.value
