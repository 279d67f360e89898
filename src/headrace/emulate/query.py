"""How a list's parameters are read, and which of them the vendor refuses."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

import msgspec

from headrace.emulate import refuse
from headrace.emulate.catalogue import Kind
from headrace.emulate.refuse import Refused
from headrace.emulate.shelf import Choice
from headrace.emulate.vitally import Settings

SORTS = ("updatedAt", "createdAt")
STATUSES = ("active", "churned", "activeOrChurned")
FLAGS = {"true": True, "false": False}

Params = dict[str, str]


def split(target: str) -> tuple[list[str], Params]:
    """The decoded parts of a path and its parameters; of a repeated parameter the last one counts."""
    path, _, query = target.partition("?")
    parts = path.strip("/").split("/")
    if "%" in path:
        parts = [unquote(part) for part in parts]
    return parts, dict(parse_qsl(query, keep_blank_values=True)) if query else {}


class Asked(msgspec.Struct, frozen=True):
    """A list request that validates: which records in which order, how many of them, and the cursor's text."""

    choice: Choice
    limit: int
    start: str | None


def asked(name: str, kind: Kind, params: Params, settings: Settings) -> Asked:
    """Read a list's parameters; raises `Refused`."""
    size = limit(params, settings)
    return Asked(choice(name, kind, params, settings), size, params.get("from"))


def limit(params: Params, settings: Settings) -> int:
    """The page size."""
    most = settings.page_cap
    text = params.get("limit")
    if text is None:
        return min(settings.number("page.default_limit"), most)
    lenient = settings.switch("page.limit_invalid") == "default"
    try:
        size = int(text)
    except ValueError:
        if lenient:
            return min(settings.number("page.default_limit"), most)
        raise Refused(refuse.invalid("limit", "type", {"type": "integer"}, "must be integer")) from None
    if size < 1:
        if lenient:
            return min(settings.number("page.default_limit"), most)
        raise Refused(refuse.invalid("limit", "minimum", {"comparison": ">=", "limit": 1}, "must be >= 1"))
    if size > most and settings.switch("page.limit_over_max") == "400":
        limits: dict[str, object] = {"comparison": "<=", "limit": most}
        raise Refused(refuse.invalid("limit", "maximum", limits, f"must be <= {most}"))
    return min(size, most)


def choice(name: str, kind: Kind, params: Params, settings: Settings) -> Choice:
    """Order and filters of a list. Parameters that it does not know are ignored."""
    if not kind.sorts:
        by_name = name == "admins" and settings.switch("admins.order") == "name"
        return Choice(sort="name" if by_name else "id", ascending=True)
    sort = params.get("sortBy", SORTS[0])
    if sort not in SORTS:
        if settings.switch("sort.bad_value") == "400":
            raise Refused(refuse.not_allowed("sortBy", SORTS))
        sort = SORTS[0]
    return Choice(
        sort=sort,
        ascending=sort == "createdAt" and settings.switch("sort.createdAt_direction") == "asc",
        status=_status(params, settings) if "status" in kind.filters else STATUSES[2],
        archived=_archived(params, settings) if "archived" in kind.filters else None,
        source=params.get("source") if "source" in kind.filters else None,
    )


def _status(params: Params, settings: Settings) -> str:
    status = params.get("status", STATUSES[0])
    if status in STATUSES:
        return status
    if settings.switch("status.bad_value") == "400":
        raise Refused(refuse.not_allowed("status", STATUSES))
    return STATUSES[0]


def _archived(params: Params, settings: Settings) -> bool | None:
    text = params.get("archived")
    if text is None:
        return False if settings.switch("archived.omitted") == "active" else None
    if text not in FLAGS:
        raise Refused(refuse.invalid("archived", "type", {"type": "boolean"}, "must be boolean"))
    return FLAGS[text]
