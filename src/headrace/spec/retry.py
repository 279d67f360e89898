"""Which statuses a scaffold wants asked again, in its `error_handler` or in its prose, and which never are."""

from __future__ import annotations

import msgspec

from headrace.model.plan import RetryPolicy
from headrace.spec.context import Context
from headrace.spec.node import Node

NEVER = frozenset({400, 401, 403, 404})
"""Asking again changes nothing about these."""
_RECOMMENDABLE = frozenset({408, 409, 423, 425, 429})
_KEYS = ("retry_on_status_codes", "max_retries", "backoff_factor", "status_codes", "retry_on", "backoff")
_LEAST_ATTEMPTS = 6
_CLIENT_ERRORS, _SERVER_ERRORS, _END = 400, 500, 600


def read_error_handler(ctx: Context, node: Node) -> RetryPolicy:
    """An explicit `error_handler`: its codes replace the default ones."""
    policy = RetryPolicy()
    if ctx.mapping(node) is None:
        return policy
    ctx.keys(node, _KEYS, "an error_handler")
    codes_node = node.get("retry_on_status_codes") or node.get("status_codes") or node.get("retry_on")
    codes = _codes(ctx, codes_node) if codes_node is not None else ()
    if codes:
        policy = msgspec.structs.replace(policy, statuses=codes)
    retries = ctx.integer(node.get("max_retries"))
    if retries is not None:
        policy = msgspec.structs.replace(policy, attempts=max(retries + 1, _LEAST_ATTEMPTS))
    return policy


def _codes(ctx: Context, node: Node) -> tuple[int, ...]:
    elements = node.elements if isinstance(node.value, list) else [node]
    codes = [code for sub in elements if (code := ctx.integer(sub)) is not None]
    refused = sorted(NEVER & set(codes))
    if refused:
        ctx.faults.warning(
            "retry-refused",
            node.path,
            node.at,
            f"asking again after {_words(refused)} changes nothing",
            f"read without {'it' if len(refused) == 1 else 'them'}",
        )
    kept = tuple(sorted({code for code in codes if code not in NEVER and _CLIENT_ERRORS <= code < _END}))
    if kept:
        ctx.faults.note(
            "error-handler",
            node.path,
            node.at,
            "`error_handler` is not a key of dlt's",
            f"read as: ask again after {_words(kept)}",
        )
    return kept


def recommended(codes: set[int]) -> tuple[int, ...]:
    """Of the codes that prose speaks of, those that may be added to the default ones."""
    return tuple(sorted(code for code in codes if code in _RECOMMENDABLE or _SERVER_ERRORS <= code < _END))


def _words(codes: list[int] | tuple[int, ...]) -> str:
    return ", ".join(map(str, codes))
