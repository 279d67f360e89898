"""Which field of its parent's rows a path's variable means, where that it is `id` is only a guess."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, TypeGuard

import msgspec

from headrace.model.guess import PARENT_FIELD, PARENT_KEY
from headrace.model.plan import Json, ParentField, Ref, Resource, Slot, Text

_ODD: Final = re.compile(r"[^a-z0-9]")


def with_field(resource: Resource, records: Sequence[bytes]) -> tuple[Resource, str]:
    """The child resource as a page of its parent's records bears it out, and what there is to say of it.

    Only where no record has an `id`: then the field that is called as the variable is, or as what the path has before
    it (`waivers/{parent_id}`: `waiverId`), if each record has it and no two have the same. Otherwise nothing changes.
    """
    names = [guess.removeprefix(PARENT_FIELD) for guess in resource.guesses if guess.startswith(PARENT_FIELD)]
    path = resource.request.path
    if len(names) != 1 or not isinstance(path, Text) or resource.parent is None:
        return resource, ""
    rows = _without_key(records)
    for form in _forms(names[0], path) if rows else ():
        fields = [key for key in rows[0] if _plain(key) == form]
        if len(fields) == 1 and _tells_apart(fields[0], rows):
            found, above = _filled_by(fields[0], resource, path), resource.parent.resource
            return found, f"`{{{names[0]}}}` is `{fields[0]}` of each record of `{above}`: they have no `{PARENT_KEY}`"
    return resource, ""


def _without_key(records: Sequence[bytes]) -> list[dict[str, Json]]:
    """The records, if they are objects that all have no `id`."""
    try:
        rows = [msgspec.json.decode(record) for record in records]
    except msgspec.DecodeError:
        return []
    return rows if all(isinstance(row, dict) and row.get(PARENT_KEY) is None for row in rows) else []


def _forms(name: str, path: Text) -> Iterator[str]:
    """What the field may be called, the likeliest first."""
    yield _plain(name)
    for before, slot in zip(path.parts, path.parts[1:], strict=False):
        if isinstance(before, str) and _is_guess(slot):
            segment = _plain(before.rstrip("/").rpartition("/")[2])
            for stem in (segment, segment.removesuffix("s"), segment.removesuffix("es"), f"{segment[:-3]}y"):
                yield f"{stem}id"


def _plain(name: str) -> str:
    """A name without its case and what joins its words."""
    return _ODD.sub("", name.lower())


def _tells_apart(field: str, rows: Sequence[dict[str, Json]]) -> bool:
    values = [row.get(field) for row in rows]
    are_plain = all(isinstance(value, str | int) and not isinstance(value, bool) for value in values)
    return are_plain and "" not in values and len(set(values)) == len(values)


def _filled_by(field: str, resource: Resource, path: Text) -> Resource:
    """The resource with that field in its path."""
    known = field if field.isidentifier() else f"'{field}'"
    parts = tuple(ParentField(known, part.raw) if _is_guess(part) else part for part in path.parts)
    request = msgspec.structs.replace(resource.request, path=Text(parts))
    return msgspec.structs.replace(resource, request=request)


def _is_guess(part: str | Ref | Slot) -> TypeGuard[ParentField]:
    return isinstance(part, ParentField) and part.key == PARENT_KEY
