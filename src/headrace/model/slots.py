"""Where in a request the slots are that a parent's row fills, and how each of them is put another way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import msgspec

from headrace.model.plan import Json, ParentField, Request, Text

Change: TypeAlias = Callable[[ParentField], ParentField]


def with_slots(request: Request, change: Change) -> Request:
    """The request with every slot as `change` puts it."""
    return msgspec.structs.replace(
        request,
        path=request.path if isinstance(request.path, str) else _text(request.path, change),
        params=tuple((name, _text(value, change)) for name, value in request.params),
        headers=tuple((name, _text(value, change)) for name, value in request.headers),
        json=_json(request.json, change),
        form=None if request.form is None else tuple((name, _text(value, change)) for name, value in request.form),
        raw_body=None if request.raw_body is None else _text(request.raw_body, change),
    )


def slots_of(request: Request) -> Iterator[ParentField]:
    """The slots of a request, in the order in which they are met."""
    found: list[ParentField] = []

    def kept(slot: ParentField) -> ParentField:
        found.append(slot)
        return slot

    with_slots(request, kept)
    yield from found


def _text(words: Text, change: Change) -> Text:
    return Text(tuple(change(part) if isinstance(part, ParentField) else part for part in words.parts))


def _json(value: Json, change: Change) -> Json:
    match value:
        case Text():
            return _text(value, change)
        case dict():
            return {_json(key, change): _json(sub, change) for key, sub in value.items()}
        case list() | tuple():
            return [_json(sub, change) for sub in value]
        case _:
            return value
