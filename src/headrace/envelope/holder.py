"""Whether the object around a list is but an envelope, or a record that the list is a part of."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from msgspec import Raw

from headrace.envelope.choose import RECORD_KEYS, is_about_paging
from headrace.envelope.find import kind, members

_IDENTITY: Final = frozenset(("id", "_id", "uuid", "guid"))
_CALL: Final = "jsonrpc"  # whose `id` is that of the call
_SEPARATORS: Final = re.compile(r"[\W_]+")


def record_around(
    root: Raw, way: tuple[str, ...], *, names: Collection[str], key: Collection[str], strict: bool
) -> tuple[str, ...] | None:
    """Where the record stands that the list at the end of `way` seems to be a part of; None for a list of records.

    A list that has the name of what is asked for (one of `names`) is the records. Else an object on the way to it that
    has an identity of its own, by a usual field or by the resource's `key`, is a record. If `strict`, one is too that
    has anything beside the list but what pages have, unless the list is under a usual name for records.
    """
    if not way or any(_folded(way[-1]) == _folded(name) for name in names):
        return None
    value = root
    others: list[str] = []
    for depth, step in enumerate(way):
        held = members(value)
        others = [name for name in held if name != step]
        if _CALL not in held and any(_identifies(name, held[name], key) for name in others):
            return way[:depth]
        value = held.get(step, Raw(b"null"))
    is_odd = strict and way[-1].lower() not in RECORD_KEYS and not all(is_about_paging(name) for name in others)
    return way[:-1] if is_odd else None


def _identifies(name: str, value: Raw, key: Collection[str]) -> bool:
    return (name in key or name.lower() in _IDENTITY) and kind(value) == "scalar"


def _folded(name: str) -> str:
    """A name without its separators, capitals and plural."""
    return _SEPARATORS.sub("", name).lower().removesuffix("s").removesuffix("e").removesuffix("i").removesuffix("y")
