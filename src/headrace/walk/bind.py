"""How a walk comes to its request: a parent's row and the window of an increment go where the plan left slots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote

import msgspec

from headrace.model.envelope import ABSENT, Absent
from headrace.model.plan import (
    FieldKey,
    Incremental,
    Json,
    ParentField,
    Ref,
    Resource,
    Slot,
    Text,
    WindowValue,
)
from headrace.model.slots import slots_of

Row: TypeAlias = Mapping[FieldKey, "Json | Absent"]
"""The values of one row of the parent, and of the rows that it comes from, by where they stand; of a batch of rows, a
tuple of those that each row has for itself."""


class Window(msgspec.Struct, frozen=True):
    """The bounds between which a walk asks, as the API writes them; None where there is none."""

    start: Json = None
    end: Json = None
    initial: Json = None


class Unfit(ValueError):
    """A parent's row that gives no request; says why."""


EVERYTHING = Window()
_CLIMBS = {".", ".."}


def fields_of(resource: Resource) -> tuple[FieldKey, ...]:
    """What the request wants of a parent's row and of those above it, each once, in the order in which it is met."""
    return tuple(dict.fromkeys(slot.key for slot in _fields(resource)))


def batch_of(resource: Resource) -> int | None:
    """How many rows of the parent one request asks for at most; None: one, and it has the request for itself."""
    return next((slot.batch for slot in _fields(resource) if slot.batch is not None), None)


def shared_of(resource: Resource) -> tuple[FieldKey, ...]:
    """What all rows of a batch have in common."""
    batched = {slot.key for slot in _fields(resource) if slot.batch is not None}
    return tuple(key for key in fields_of(resource) if key not in batched)


def together(resource: Resource, rows: Sequence[Row]) -> Row:
    """A batch of rows, one at least, as the one row that their request is bound to."""
    shared = set(shared_of(resource))
    return {key: rows[0][key] if key in shared else tuple(row[key] for row in rows) for key in rows[0]}


def bind(resource: Resource, row: Row, window: Window = EVERYTHING) -> Resource:
    """The resource with every slot filled in.

    What goes into the path is percent-encoded as one segment (RFC 3986, section 3.3) unless the slot is `raw`. Values
    are written as Python's `str` writes them, as dlt does; in a JSON body, what is one slot alone keeps its type.

    Raises:
        Unfit: the row lacks a value, or has null, a list or an object where text is wanted, one that would lead to
            another path, or one that cannot be told apart from the others of its batch.
    """
    request, fill = resource.request, _Fill(row, window)
    bound = msgspec.structs.replace(
        request,
        path=request.path if isinstance(request.path, str) else fill.path(request.path),
        params=(*fill.named(request.params), *_bounds(resource.incremental, window)),
        headers=fill.named(request.headers),
        json=fill.json(request.json),
        form=None if request.form is None else fill.named(request.form),
        raw_body=None if request.raw_body is None else fill.text(request.raw_body),
    )
    return msgspec.structs.replace(resource, request=bound)


def _bounds(rule: Incremental | None, window: Window) -> Iterator[tuple[str, Text]]:
    """The window as query parameters, where the increment names them."""
    if rule is not None:
        for name, value in ((rule.start_param, window.start), (rule.end_param, window.end)):
            if name is not None and value is not None:
                yield name, Text((str(value),))


class _Fill:
    """One row and one window, put into texts."""

    __slots__ = ("_row", "_window")

    def __init__(self, row: Row, window: Window) -> None:
        self._row = row
        self._window = window

    def path(self, text: Text) -> str:
        return "".join(part if isinstance(part, str) else self._segment(part) for part in text.parts)

    def named(self, pairs: tuple[tuple[str, Text], ...]) -> tuple[tuple[str, Text], ...]:
        return tuple((name, each) for name, value in pairs for each in self._each(value))

    def _each(self, text: Text) -> Iterator[Text]:
        """One text; for each value of a batch one, where the slot alone stands for a parameter of its own."""
        match text:
            case Text(parts=(ParentField(repeated=True) as slot,)):
                yield from (Text((_word(slot, value),)) for value in self._values(slot))
            case _:
                yield self.text(text)

    def text(self, text: Text) -> Text:
        if not text.slots:
            return text
        return Text(tuple(part if isinstance(part, str | Ref) else self._words(part) for part in text.parts))

    def json(self, value: Json) -> Json:
        match value:
            case Text(parts=(ParentField() | WindowValue() as slot,)):
                return self._value(slot)
            case Text():
                return self.text(value)
            case dict():
                return {self.json(key): self.json(item) for key, item in value.items()}
            case list() | tuple():
                return [each for item in value for each in self._items(item)]
            case _:
                return value

    def _items(self, value: Json) -> list[Json]:
        """An element of a list; a batch is as many elements as it has values."""
        match value:
            case Text(parts=(ParentField(batch=int()) as slot,)):
                return self._values(slot)
            case _:
                return [self.json(value)]

    def _segment(self, part: Ref | Slot) -> str:
        if isinstance(part, Ref):
            raise Unfit(f"the path holds `{part.name}`, which is looked up outside")
        if isinstance(part, ParentField) and part.batch is not None:
            return ",".join(_segment(part, word) for word in self._listed(part))
        words = self._words(part)
        return words if isinstance(part, ParentField) and part.raw else _segment(part, words)

    def _words(self, slot: Slot) -> str:
        if isinstance(slot, ParentField) and slot.batch is not None:
            return ",".join(self._listed(slot))
        return _word(slot, self._value(slot))

    def _listed(self, slot: ParentField) -> list[str]:
        """The values of a batch as they stand between commas."""
        words = [_word(slot, value) for value in self._values(slot)]
        for word in words:
            if not word or "," in word:
                raise Unfit(f"`{_name(slot)}` is {word!r}, which cannot stand in a list with commas")
        return words

    def _value(self, slot: Slot) -> Json:
        if isinstance(slot, WindowValue):
            window = self._window
            return {"start_value": window.start, "end_value": window.end, "initial_value": window.initial}[slot.which]
        values = self._values(slot)
        return values[0] if slot.batch is None else values

    def _values(self, slot: ParentField) -> list[Json]:
        """The values of every row of a batch, or the one of a row."""
        found = self._row.get(slot.key, ABSENT)
        values = list(found) if isinstance(found, tuple) else [found]
        for value in values:
            if isinstance(value, Absent):
                raise Unfit(f"`{_name(slot)}` is missing")
            if value is None:
                raise Unfit(f"`{_name(slot)}` is null")
        return values


def _segment(slot: Slot, words: str) -> str:
    if not words or words in _CLIMBS:
        raise Unfit(f"`{_name(slot)}` is {words!r}, which would lead to another path")
    return quote(words, safe="")


def _word(slot: Slot, value: Json) -> str:
    if isinstance(value, dict | list):
        raise Unfit(f"`{_name(slot)}` is {'an object' if isinstance(value, dict) else 'a list'}, not one value")
    return str(value)


def _name(slot: Slot) -> str:
    match slot:
        case WindowValue(which=which):
            return f"incremental.{which}"
        case ParentField(path=path, above=above):
            return path if above is None else f"{above}.{path}"


def _fields(resource: Resource) -> Iterator[ParentField]:
    """The slots that a parent's row fills, in the order in which they are met."""
    return slots_of(resource.request)
