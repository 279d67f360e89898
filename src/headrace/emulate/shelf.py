"""The live records of one object as JSON bytes, and the orders in which they can be read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

import msgspec

from headrace.emulate.catalogue import KINDS
from headrace.emulate.world import World


class Facts(msgspec.Struct):
    """What ordering, filtering and finding need of a record; the rest of it is skipped."""

    id: str
    createdAt: str = ""  # noqa: N815 - the vendor's spelling
    updatedAt: str = ""  # noqa: N815 - likewise
    name: str | None = None
    churnedAt: str | None = None  # noqa: N815 - likewise
    archivedAt: str | None = None  # noqa: N815 - likewise
    source: str | None = None
    externalId: str | None = None  # noqa: N815 - likewise
    email: str | None = None


class Choice(msgspec.Struct, frozen=True):
    """What a list asks for: an order (`sort` is a field of Facts, `ascending` its direction) and filters."""

    sort: str = "updatedAt"
    ascending: bool = False
    status: str = "activeOrChurned"
    archived: bool | None = None
    source: str | None = None

    def takes(self, facts: Facts) -> bool:
        """Whether a record belongs into the list."""
        if self.status != "activeOrChurned" and (self.status == "churned") != (facts.churnedAt is not None):
            return False
        if self.archived is not None and self.archived != (facts.archivedAt is not None):
            return False
        return self.source is None or self.source == facts.source


facts_of = msgspec.json.Decoder(Facts).decode


def place(sort_value: str, key: str) -> str:
    """Where a record stands in an order: by the sort value, equal ones by id."""
    return f"{sort_value}\0{key}"


class View:
    """One order over one choice of records: two sorted parallel lists, read from either end."""

    __slots__ = ("_ascending", "_places", "_slots")

    def __init__(self, entries: Iterable[tuple[str, int]], *, ascending: bool) -> None:
        ordered = sorted(entries)
        self._places = [entry[0] for entry in ordered]
        self._slots = [entry[1] for entry in ordered]
        self._ascending = ascending

    def __len__(self) -> int:
        return len(self._slots)

    def after(self, last: str | None, limit: int) -> tuple[list[int], str | None]:
        """The next `limit` slots strictly after a place, and the place of the last one if more follow."""
        if self._ascending:
            start = 0 if last is None else bisect_right(self._places, last)
            stop = min(start + limit, len(self._slots))
            more = self._places[stop - 1] if start < stop < len(self._slots) else None
            return self._slots[start:stop], more
        stop = len(self._slots) if last is None else bisect_left(self._places, last)
        start = max(0, stop - limit)
        return self._slots[start:stop][::-1], self._places[start] if 0 < start < stop else None

    def at(self, offset: int, limit: int) -> tuple[list[int], bool]:
        """`limit` slots from an offset, and whether more follow."""
        ordered = self._slots if self._ascending else self._slots[::-1]
        return ordered[offset : offset + limit], offset + limit < len(ordered)

    def add(self, entry: tuple[str, int]) -> None:
        """Put a record in its place."""
        at = bisect_left(self._places, entry[0])
        self._places.insert(at, entry[0])
        self._slots.insert(at, entry[1])

    def discard(self, where: str) -> None:
        """Take the record at a place out, if there is one."""
        at = bisect_left(self._places, where)
        if at < len(self._places) and self._places[at] == where:
            del self._places[at], self._slots[at]


class Shelf:
    """All records of one object. A slot is a record's index for ever; a deleted record leaves its slot empty."""

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self._world = world
        self._kind = KINDS[name]
        encode, make = msgspec.json.encode, self._kind.make
        self.bodies: list[bytes | None] = [encode(make(world, slot)) for slot in range(world.counts[name])]
        self._views: dict[Choice, View] = {}
        self._slot_of: dict[str, int] = {}
        self._external: dict[str, list[int]] | None = None
        self._children: dict[str, dict[int, list[int]]] = {}

    def body(self, slot: int) -> bytes:
        """The bytes of a live record."""
        found = self.bodies[slot]
        if found is None:
            raise LookupError(f"{self.name} has no live record {slot}.")
        return found

    def live(self) -> Iterator[bytes]:
        """Every live record, by slot."""
        return (body for body in self.bodies if body is not None)

    def view(self, choice: Choice) -> View:
        """An order over a choice; made when first asked for, kept up to date from then on."""
        found = self._views.get(choice)
        if found is None:
            found = self._views[choice] = self._order(range(len(self.bodies)), choice)
        return found

    def _order(self, slots: Iterable[int], choice: Choice) -> View:
        entries = []
        for slot in slots:
            body = self.bodies[slot]
            if body is not None:
                facts = facts_of(body)
                if choice.takes(facts):
                    entries.append((_place(facts, choice), slot))
        return View(entries, ascending=choice.ascending)

    def under(self, parent: str, slot: int, choice: Choice) -> View:
        """An order over the records that hang on one account or organization; made anew each time."""
        by_parent = self._children.get(parent)
        if by_parent is None:
            by_parent = self._children[parent] = {}
            for at in range(len(self.bodies)):
                self._hang(parent, by_parent, at)
        return self._order(by_parent.get(slot, ()), choice)

    def _hang(self, parent: str, by_parent: dict[int, list[int]], at: int) -> None:
        links = self._kind.links(self._world, at)
        for slot in links.accounts if parent == "accounts" else links.organizations:
            by_parent.setdefault(slot, []).append(at)

    def slot_of(self, key: str) -> int | None:
        """The slot of a live record by its id."""
        if not self._slot_of:
            self._slot_of = {facts_of(body).id: slot for slot, body in enumerate(self.bodies) if body is not None}
        slot = self._slot_of.get(key)
        return None if slot is None or self.bodies[slot] is None else slot

    def slot_of_external(self, key: str, source: str | None = None) -> int | None:
        """The first live record with an externalId (never the empty one), of one source if given."""
        if self._external is None:
            self._external = {}
            for slot, body in enumerate(self.bodies):
                external = None if body is None else facts_of(body).externalId
                if external:
                    self._external.setdefault(external, []).append(slot)
        for slot in self._external.get(key, ()):
            kept = self.bodies[slot]
            if kept is not None and (source is None or facts_of(kept).source == source):
                return slot
        return None

    def put(self, slot: int, body: bytes | None) -> None:
        """Replace a record (None deletes it) or, at the first free slot, add one; every order follows."""
        if slot == len(self.bodies):
            self.bodies.append(None)
            for parent, by_parent in self._children.items():
                self._hang(parent, by_parent, slot)
        before = self.bodies[slot]
        self.bodies[slot] = body
        old = None if before is None else facts_of(before)
        new = None if body is None else facts_of(body)
        for choice, view in self._views.items():
            if old is not None:
                view.discard(_place(old, choice))
            if new is not None and choice.takes(new):
                view.add((_place(new, choice), slot))
        if new is not None and old is None:
            if self._slot_of:
                self._slot_of[new.id] = slot
            if self._external is not None and new.externalId:
                self._external.setdefault(new.externalId, []).append(slot)


def _place(facts: Facts, choice: Choice) -> str:
    value: str | None = getattr(facts, choice.sort)
    return place(value or "", facts.id)
