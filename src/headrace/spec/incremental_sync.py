"""`incremental_sync`, Airbyte's words for an increment that leaked into scaffolds, as dlt's `incremental`."""

from __future__ import annotations

import re

from headrace.model.plan import Incremental, Json, Text
from headrace.spec.context import Context
from headrace.spec.incremental import bound
from headrace.spec.json_path import checked_path
from headrace.spec.node import Node, shown
from headrace.spec.rendered import needed, rendered

_KEYS = (
    "type", "cursor_field", "cursor_path", "start_datetime", "initial_value", "start_value", "start_date",
    "end_datetime", "end_value", "end_date", "datetime_format", "cursor_datetime_formats", "cursor_granularity", "step",
    "lookback_window", "start_time_option", "end_time_option", "start_time_param", "end_time_param", "start_param",
    "end_param", "is_data_feed", "is_client_side_incremental",
)  # fmt: skip
_NOW = re.compile(r"\b(?:now|today)\b|now_utc|today_utc", re.IGNORECASE)
_QUERY = {"query", "request_parameter", "request_parameters", "params", "query_param", "query_parameter"}
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SECONDS = (604_800, 86_400, 3600, 60, 1)
_ISO = re.compile(r"%Y-%m-%d(?:[T ]%H:%M:%S.*)?")


def read_incremental_sync(ctx: Context, node: Node | None) -> Incremental | None:
    """The increment; None where nothing says which field tells what is new."""
    if node is None or node.value == {} or ctx.mapping(node) is None:
        return None
    ctx.keys(node, _KEYS, "an incremental_sync")
    cursor = node.get("cursor_field") or node.get("cursor_path")
    path = checked_path(ctx, cursor) if cursor is not None else None
    if not path:
        why = "it names no `cursor_field`"
        ctx.faults.tell("dropped", node.path, node.at, key="incremental_sync", why=why, mend="add `cursor_field`")
        return None
    ctx.faults.tell("incremental-sync", node.path, node.at, cursor=path)
    start_param = _param(ctx, node, "start")
    layout = node.get("datetime_format")
    if layout is not None and start_param and not _ISO.fullmatch(layout.word or ""):
        ctx.faults.tell("incremental-format", layout.path, layout.at, key="datetime_format")
    initial = _bound(ctx, node, "start_datetime", "initial_value", "start_value", "start_date")
    end = _end(ctx, node)
    return Incremental(
        cursor_path=path,
        initial_value=initial,
        end_value=end if initial is not None else None,
        start_param=start_param,
        end_param=_param(ctx, node, "end") if end is not None else None,
        lag=_lag(ctx, node.get("lookback_window")),
    )


def _param(ctx: Context, node: Node, which: str) -> str | None:
    """The query parameter of the window's start or end, stated plainly or as an option."""
    plain = node.get(f"{which}_time_param") or node.get(f"{which}_param")
    if plain is not None:
        return ctx.string(plain)
    option = node.get(f"{which}_time_option")
    if option is None:
        return None
    if not isinstance(option.value, dict):
        return ctx.string(option)
    place, name = option.get("inject_into"), option.get("field_name")
    if name is None or (place is not None and (place.word or "").lower() not in _QUERY):
        why = f"a window goes into the query, not into `{place.word if place is not None else 'an unnamed field'}`"
        mend = "name a query parameter as `field_name`"
        ctx.faults.tell("dropped", option.path, option.at, key=f"{which}_time_option", why=why, mend=mend)
        return None
    return ctx.string(name)


def _end(ctx: Context, node: Node) -> Json:
    """The window's end; the time of the run is none."""
    keys = ("end_datetime", "end_value", "end_date")
    found = _stated(node, *keys)
    if found is not None and _NOW.search(shown(found.value)):
        ctx.faults.tell("incremental-end", found.path, found.at)
        return None
    return _bound(ctx, node, *keys)


def _stated(node: Node, *keys: str) -> Node | None:
    found = next((sub for key in keys if (sub := node.get(key)) is not None), None)
    return found.get("datetime") if found is not None and isinstance(found.value, dict) else found


def _bound(ctx: Context, node: Node, *keys: str) -> Json:  # noqa: PLR0911 - one for each kind of value
    """A bound as the API writes it; a template is evaluated."""
    found = _stated(node, *keys)
    if found is None:
        return None
    if isinstance(found.value, Text):
        return bound(ctx, found, found.value) or None
    words = found.word
    if words is not None and "{{" in words:
        if (value := rendered(ctx, found, words)) is not None:
            return value
        if needed(ctx, words):
            return None
        why = "it is a template without a value"
        mend = "write the time as the API does"
        ctx.faults.tell("dropped", found.path, found.at, key=found.path.rpartition(".")[2], why=why, mend=mend)
        return None
    if isinstance(found.value, str | int | float):
        return found.value
    ctx.wrong(found, "a value as the API writes it")
    return None


def _lag(ctx: Context, node: Node | None) -> float | None:
    """`P7D` in seconds."""
    if node is None:
        return None
    found = _DURATION.fullmatch(node.word or "")
    if found is None or not any(found.groups()):
        why, mend = "it is no duration", "write it as P1D or PT1H"
        ctx.faults.tell("dropped", node.path, node.at, key="lookback_window", why=why, mend=mend)
        return None
    return float(sum(int(count or 0) * seconds for count, seconds in zip(found.groups(), _SECONDS, strict=True)))
