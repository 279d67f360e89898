"""How records change while they are read: by chance at a rate, by script between pages, or on request."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from urllib.parse import quote

import msgspec

from headrace.emulate.api import Api
from headrace.emulate.catalogue import KINDS
from headrace.emulate.chance import iso
from headrace.emulate.shelf import Shelf
from headrace.emulate.vitally import MUTATIONS, Settings, Step

Record = dict[str, object]

_REVISION = re.compile(r" ✎\d+$")
_TEXTS = ("name", "subject", "feedback")
_CHANCES = ("update",) * 14 + ("create",) * 4 + ("archive",) * 2
_MOVING = ("accounts", "users", "notes", "tasks", "conversations")
_TRIES = 20


class Mutator:
    """Changes records. The clock gives seconds since 1970; time stamps never run backwards."""

    def __init__(self, api: Api, settings: Settings, clock: Callable[[], float]) -> None:
        self._api = api
        self._clock = clock
        self._random = random.Random(f"{settings.seed}/mutations")
        self._moves_on_archive = settings.switch("archive_moves_updatedAt") == "yes"
        self._script = settings.script
        self._pages: Counter[str] = Counter()
        self._revision = 0
        self._last_ms = 0

    def any(self) -> None:
        """One change by chance: mostly updates, some new records, a few archived or churned ones."""
        name, kind = self._random.choice(_MOVING), self._random.choice(_CHANCES)
        shelf = self._api.shelves[name]
        slot = self._live(shelf)
        if kind == "create" or slot is None:
            self.create(name)
        else:
            self.apply(kind, name, slot)

    def apply(self, kind: str, name: str, slot: int) -> None:
        """One change of the kinds update, archive and delete to one live record."""
        shelf = self._api.shelves[name]
        if kind == "delete":
            shelf.put(slot, None)
            return
        record: Record = msgspec.json.decode(shelf.body(slot))
        now = self._now()
        if kind == "archive":
            gone = "archivedAt" if "archivedAt" in record else "churnedAt" if "churnedAt" in record else None
            if gone is not None:
                record[gone] = record[gone] or now
        if "updatedAt" in record and (kind != "archive" or self._moves_on_archive):
            record["updatedAt"] = now
        if kind == "update":
            self._revision += 1
            field = next((field for field in _TEXTS if field in record), None)
            if field is not None:
                record[field] = f"{_REVISION.sub('', str(record[field] or ''))} ✎{self._revision}"
        shelf.put(slot, msgspec.json.encode(record))

    def create(self, name: str) -> int:
        """A new record, created and updated now; gives its slot."""
        shelf = self._api.shelves[name]
        slot = len(shelf.bodies)
        record: Record = msgspec.json.decode(msgspec.json.encode(KINDS[name].make(self._api.world, slot)))
        now = self._now()
        for field in ("createdAt", "updatedAt"):
            if field in record:
                record[field] = now
        shelf.put(slot, msgspec.json.encode(record))
        return slot

    def ask(self, body: bytes) -> bool:
        """A change on request: `{"object", "kind", "id"?}` with kind update, create, archive or delete.

        Without an id some live record is taken. False for a request that cannot be done.
        """
        try:
            wish = msgspec.json.decode(body, type=dict[str, str])
        except msgspec.DecodeError:
            return False
        name, kind = wish.get("object", ""), wish.get("kind", "")
        if name not in KINDS or kind not in MUTATIONS or kind.startswith("update_"):
            return False
        if kind == "create":
            self.create(name)
            return True
        shelf = self._api.shelves[name]
        slot = shelf.slot_of(wish["id"]) if "id" in wish else self._live(shelf)
        if slot is not None:
            self.apply(kind, name, slot)
        return slot is not None

    def page_served(self, name: str, target: str, body: bytes) -> None:
        """Tell of a list page that went out, so that the script can do what is due after it."""
        if not self._script:
            return
        self._pages[name] += 1
        for step in self._script:
            if step.object == name and step.page == self._pages[name]:
                self._step(step, target, body)

    def _step(self, step: Step, target: str, body: bytes) -> None:
        if step.kind == "create":
            self.create(step.object)
            return
        shelf = self._api.shelves[step.object]
        page = msgspec.json.decode(body)
        chosen: str | None = page["results"][0]["id"] if page["results"] else None
        if step.kind == "update_unread":
            chosen = self._unread(target, page.get("next"))
        slot = None if chosen is None else shelf.slot_of(chosen)
        if slot is not None:
            self.apply("update" if step.kind.startswith("update") else step.kind, step.object, slot)

    def _unread(self, target: str, following: str | None) -> str | None:
        """The last record of the page that would come next."""
        if following is None:
            return None
        path, _, query = target.partition("?")
        kept = [part for part in query.split("&") if part and not part.startswith("from=")]
        answer = self._api.get(f"{path}?{'&'.join([*kept, f'from={quote(following)}'])}")
        results = msgspec.json.decode(answer.body)["results"]
        return results[-1]["id"] if results else None

    def _live(self, shelf: Shelf) -> int | None:
        for _ in range(_TRIES if shelf.bodies else 0):
            slot = self._random.randrange(len(shelf.bodies))
            if shelf.bodies[slot] is not None:
                return slot
        return None

    def _now(self) -> str:
        self._last_ms = max(self._last_ms, int(self._clock() * 1000))
        return iso(self._last_ms)
