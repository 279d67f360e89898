"""Which statuses a scaffold wants asked again, in its `error_handler` or in its prose, and which never are."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from headrace.model.plan import ResponseAction, RetryPolicy
from headrace.spec.context import Context
from headrace.spec.node import Node

NEVER = frozenset({400, 401, 403, 404})
"""Asking again changes nothing about these."""
_RECOMMENDABLE = frozenset({408, 409, 423, 425, 429})
_CODES = ("retry_on_status_codes", "status_codes", "retry_on", "http_codes")
_KEYS = (*_CODES, "max_retries", "backoff_factor", "backoff", "type", "response_filters", "backoff_strategies")
_FILTER_KEYS = ("type", "action", "http_codes", "error_message", "error_message_contains", "predicate")
_LEAST_ATTEMPTS = 6
_CLIENT_ERRORS, _SERVER_ERRORS, _END = 400, 500, 600


def read_error_handler(ctx: Context, node: Node) -> RetryPolicy:
    """An explicit `error_handler`: its codes replace the default ones."""
    policy = RetryPolicy()
    if ctx.mapping(node) is None:
        return policy
    ctx.keys(node, _KEYS, "an error_handler")
    stated = [sub for key in _CODES if (sub := node.get(key)) is not None]
    stated += [codes for action, _, codes in _filters(ctx, node) if action == "retry" and codes is not None]
    codes = tuple(sorted({code for sub in stated for code in _codes(ctx, sub)}))
    if codes:
        policy = msgspec.structs.replace(policy, statuses=codes)
    retries = ctx.integer(node.get("max_retries"))
    if retries is not None:
        policy = msgspec.structs.replace(policy, attempts=max(retries + 1, _LEAST_ATTEMPTS))
    return policy


def ignored(ctx: Context, node: Node) -> tuple[ResponseAction, ...]:
    """The responses that an `error_handler` ends a walk with: its filters with the action IGNORE."""
    found = []
    for action, words, codes in _filters(ctx, node):
        text = ctx.string(words) if words is not None else None
        numbers = [ctx.integer(sub) for sub in _elements(codes)] if codes is not None else [None]
        if action == "ignore":
            found += [ResponseAction(number, text) for number in numbers if number is not None or text is not None]
    return tuple(found)


def _filters(ctx: Context, node: Node) -> Iterator[tuple[str, Node | None, Node | None]]:
    """Each filter: its action in small letters, the words it looks for, and its codes."""
    filters = node.get("response_filters")
    for sub in filters.elements if filters is not None else ():
        if isinstance(sub.value, dict):
            ctx.keys(sub, _FILTER_KEYS, "a response filter")
            action = sub.get("action")
            word = (action.word or "" if action is not None else "").lower()
            yield word, sub.get("error_message_contains"), sub.get("http_codes")


def _elements(node: Node) -> list[Node]:
    return node.elements if isinstance(node.value, list) else [node]


def _codes(ctx: Context, node: Node) -> tuple[int, ...]:
    codes = [code for sub in _elements(node) if (code := ctx.integer(sub)) is not None]
    refused = sorted(NEVER & set(codes))
    if refused:
        them = "it" if len(refused) == 1 else "them"
        ctx.faults.tell("retry-refused", node.path, node.at, codes=_words(refused), them=them)
    kept = tuple(sorted({code for code in codes if code not in NEVER and _CLIENT_ERRORS <= code < _END}))
    if kept:
        ctx.faults.tell("error-handler", node.path, node.at, codes=_words(kept))
    return kept


def recommended(codes: set[int]) -> tuple[int, ...]:
    """Of the codes that prose speaks of, those that may be added to the default ones."""
    return tuple(sorted(code for code in codes if code in _RECOMMENDABLE or _SERVER_ERRORS <= code < _END))


def _words(codes: list[int] | tuple[int, ...]) -> str:
    return ", ".join(map(str, codes))
