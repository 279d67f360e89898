"""The keys of headrace's own, which dlt does not have: what a plan can say and dlt's words cannot.

They are read in every document; a live configuration is dlt's alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from headrace.model.guess import PARENT_FIELD, VALUES
from headrace.model.plan import Cursor, DeclaredLimit, Offset, Paging, Request, RetryPolicy
from headrace.spec.context import Context
from headrace.spec.faults import did_you_mean, listed
from headrace.spec.node import Node

CLIENT = ("rate_limit", "allow_origins")
RESOURCE = ("guesses",)
ENDPOINT = ("retry", "deadline_s")
PAGINATOR = ("follow_urls", "page_size_param")
RETRY = ("statuses", "attempts", "base_s", "cap_s", "timeout_s")
LIMIT = ("requests", "seconds")
_SIZES = ("limit", "page_size")
_STATUSES = range(100, 600)


_OF_ANCESTOR = re.compile(r"\{resources\.([^.{}]+)\.([^{}]+)\}")


def included(keys: Iterable[str]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """What `include_from_parent` takes of the parent's row, and of rows above: `{resources.<ancestor>.<key>}`."""
    near, above = [], []
    for key in keys:
        found = _OF_ANCESTOR.fullmatch(key)
        above += [(found[1], found[2])] if found else []
        near += [] if found else [key]
    return tuple(near), tuple(above)


class OwnPaging(NamedTuple):
    """What a paginator says in words of our own; None where it does not."""

    follow_urls: bool | None = None
    page_size_param: str | None = None


def apart(ctx: Context, node: Node) -> tuple[Node, OwnPaging]:
    """A paginator without the keys of our own, and what they say."""
    if ctx.live or set(PAGINATOR).isdisjoint(node.items):
        return node, OwnPaging()
    follow, param = node.get("follow_urls"), node.get("page_size_param")
    if ctx.scaffold and any(key in node.items for key in _SIZES):
        param = None  # there it names the parameter of a size that stands beside it
    rest = {key: sub for key, sub in node.items.items() if sub is not follow and sub is not param}
    own = OwnPaging(ctx.boolean(follow), ctx.string(param) if param is not None else None)
    return Node(rest, node.line, node.path, node.key_line), own


def with_own(ctx: Context, node: Node, paging: Paging, own: OwnPaging, request: Request) -> Paging:
    """The paging rule with what our own keys add to it."""
    if own.follow_urls is not None:
        if isinstance(paging, Cursor):
            paging = msgspec.structs.replace(paging, follow_urls=own.follow_urls)
        else:
            _idle(ctx, node, "follow_urls", "only a `cursor` paginator has values that may be links")
    if own.page_size_param is None or isinstance(paging, Offset):
        return paging
    stated = next((value.literal for name, value in request.params if name == own.page_size_param), None)
    if stated is None or not stated.isdigit() or not int(stated):
        _idle(ctx, node, "page_size_param", f"`params` has no page size `{own.page_size_param}`")
        return paging
    return msgspec.structs.replace(paging, size=int(stated), size_param=own.page_size_param)


def _idle(ctx: Context, node: Node, key: str, why: str) -> None:
    spot = node.get(key) or node
    ctx.faults.tell("no-effect", spot.path, spot.at, problem=f"`{key}` has no effect here: {why}", mend="delete it")


def read_retry(ctx: Context, node: Node) -> RetryPolicy:
    """`retry: {statuses, attempts, base_s, cap_s, timeout_s}`; what is left out is as usual."""
    policy = RetryPolicy()
    if ctx.mapping(node) is None:
        return policy
    ctx.keys(node, RETRY, "`retry`")
    statuses, attempts = node.get("statuses"), ctx.integer(node.get("attempts"))
    if statuses is not None and not isinstance(statuses.value, list):
        ctx.wrong(statuses, "a list of status codes")
    elif statuses is not None:
        codes = tuple(code for sub in statuses.elements if (code := ctx.integer(sub)) is not None)
        for sub, code in zip(statuses.elements, codes, strict=False):
            if code not in _STATUSES:
                ctx.wrong(sub, "a status code, such as 503")
        policy = msgspec.structs.replace(policy, statuses=codes)
    if attempts is not None:
        policy = msgspec.structs.replace(policy, attempts=max(attempts, 1))
    base_s, cap_s = (_seconds(ctx, node.get(key)) for key in ("base_s", "cap_s"))
    return msgspec.structs.replace(
        policy,
        base_s=policy.base_s if base_s is None else base_s,
        cap_s=policy.cap_s if cap_s is None else cap_s,
        timeout_s=_duration(ctx, node.get("timeout_s")),
    )


def read_deadline(ctx: Context, endpoint: Node) -> float | None:
    """`deadline_s`: how long the walks of a resource may take in one run."""
    return None if ctx.live else _duration(ctx, endpoint.get("deadline_s"))


def read_guesses(ctx: Context, node: Node | None) -> frozenset[str]:
    """`guesses: [primary_key, endpoint.data_selector]`: stated values that are to be tried like a scaffold's."""
    if node is None:
        return frozenset()
    found = frozenset(ctx.strings(node))
    for value in sorted(found):
        if value not in VALUES and not value.startswith(PARENT_FIELD):
            fix = did_you_mean(value, VALUES, f"write {listed(VALUES)}")
            ctx.faults.error("guess", node.path, node.at, f"`{value}` is no value that can be a guess", fix)
    return found


def read_limit(ctx: Context, node: Node | None) -> DeclaredLimit | None:
    """`rate_limit: {requests, seconds}`."""
    if node is None or ctx.live:
        return None
    requests = ctx.integer(node.get("requests") or node.get("limit") or node.get("calls"))
    seconds = _seconds(ctx, node.get("seconds") or node.get("window") or node.get("period"))
    if not requests or not seconds or requests < 0:
        ctx.faults.tell("rate-limit", node.path, node.at)
        return None
    return DeclaredLimit(requests, seconds)


def _duration(ctx: Context, node: Node | None) -> float | None:
    """Seconds within which something can be done."""
    wanted = "a number of seconds above 0"
    seconds = _seconds(ctx, node, wanted)
    if node is not None and seconds == 0:
        ctx.wrong(node, wanted)
        return None
    return seconds


def _seconds(ctx: Context, node: Node | None, wanted: str = "a number of seconds") -> float | None:
    if node is not None and isinstance(node.value, float) and 0 < node.value < math.inf:
        return node.value
    whole = ctx.integer(node)
    if node is not None and whole is not None and whole < 0:
        ctx.wrong(node, wanted)
        return None
    return None if whole is None else float(whole)
