"""The vendor's read paths: from a path and its parameters to an answer. Knows no socket, limit or key."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from headrace.emulate import conversations, fields, query, refuse
from headrace.emulate.catalogue import KINDS, Kind
from headrace.emulate.cursor import Cursor, Keyset, Offset
from headrace.emulate.issued import Issued
from headrace.emulate.query import Asked, Params
from headrace.emulate.refuse import Answer, Refused
from headrace.emulate.shelf import Shelf, View, facts_of, place
from headrace.emulate.vitally import Settings
from headrace.emulate.world import World

encode = msgspec.json.encode
SEARCHES = ("externalId", "email", "emailSubdomain")


class Api:
    """Answers GET requests under /resources from the shelves."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self.world = World(settings)
        self.shelves = {name: Shelf(name, self.world) for name in KINDS}
        self._issued = Issued(settings, clock)
        for name, kind in KINDS.items():  # the order that most walks read is ready before the first of them
            self.shelves[name].view(query.choice(name, kind, {}, settings))
        self._offsets = settings.switch("cursor.kind") == "offset"
        self._missing = refuse.plain(404, settings.switch("errors.404_body"))

    def get(self, target: str) -> Answer:
        """The answer to a path below /resources, with its query."""
        parts, params = query.split(target)
        try:
            return self._route(parts, params)
        except Refused as refused:
            return refused.answer

    def _route(self, parts: list[str], params: Params) -> Answer:  # noqa: PLR0911 - a table of paths
        match parts:
            case ["customFields"]:
                return self._custom_fields(params)
            case ["users", "search"]:
                return self._search_users(params)
            case ["admins", "search"]:
                return self._search_admins(params)
            case ["messages", key]:
                return self._message(key)
            case ["conversations", key, "messages"]:
                slot = self._find("conversations", key, params)
                return Answer(200, encode({"results": conversations.messages(self.world, slot), "next": None}))
            case [name] if name in KINDS:
                return self._list(name, params)
            case [name, key] if name in KINDS and KINDS[name].single:
                return self._single(name, key, params)
            case ["accounts", key, "healthScores"]:
                return self._health_scores(self._find("accounts", key, params))
            case [name, key, child] if name in KINDS and child in KINDS[name].children:
                return self._under(name, self._find(name, key, params), child, params)
            case _:
                return self._missing

    def _list(self, name: str, params: Params) -> Answer:
        shelf, asked = self.shelves[name], query.asked(name, KINDS[name], params, self._settings)
        return self._page(shelf, shelf.view(asked.choice), asked, name)

    def _under(self, parent: str, slot: int, name: str, params: Params) -> Answer:
        if "status" in KINDS[name].filters and "status" not in params:
            default = self._settings.switch("accounts.by_org_status_default")
            params = {**params, "status": "active" if default == "active" else "activeOrChurned"}
        shelf, asked = self.shelves[name], query.asked(name, KINDS[name], params, self._settings)
        return self._page(shelf, shelf.under(parent, slot, asked.choice), asked, f"{parent}/{slot}/{name}")

    def _page(self, shelf: Shelf, view: View, asked: Asked, where: str) -> Answer:
        walk = (where, asked.choice)
        cursor = None if asked.start is None else self._issued.read(asked.start, walk)
        if isinstance(cursor, Keyset) and self._rests(cursor):
            again = Keyset(cursor.sortValue, cursor.lastId, rested=True)
            return self._envelope([], self._issued.write(again, walk), shelf.name)
        slots, following = self._slice(view, cursor, asked.limit)
        text = None if following is None else self._issued.write(following, walk)
        return self._envelope([shelf.body(slot) for slot in slots], text, shelf.name)

    def _slice(self, view: View, cursor: Cursor | None, limit: int) -> tuple[list[int], Cursor | None]:
        """The slots of a page, and the cursor of the next one if there is one."""
        if isinstance(cursor, Offset) or (cursor is None and self._offsets):
            offset = 0 if cursor is None else cursor.offset
            slots, more = view.at(offset, limit)
            return slots, Offset(offset + limit) if more else None
        slots, edge = view.after(None if cursor is None else place(cursor.sortValue, cursor.lastId), limit)
        if edge is None:
            return slots, None
        value, _, key = edge.rpartition("\0")
        return slots, Keyset(value, key)

    def _rests(self, cursor: Keyset) -> bool:
        """Whether an empty page is put in here: half of all places, chosen by the id, once each."""
        return self._settings.switch("next.empty_page") == "on" and not cursor.rested and cursor.lastId[-1] < "8"

    def _envelope(self, bodies: list[bytes], following: str | None, name: str) -> Answer:
        end = b'],"next":null}'
        if following is not None:
            end = b'],"next":"%b"}' % following.encode()
        elif self._settings.switch("next.at_end") == "absent":
            end = b"]}"
        return Answer(200, b"".join((b'{"results":[', b",".join(bodies), end)), page_of=name)

    def _find(self, name: str, key: str, params: Params) -> int:
        """The slot of a record by id or, where the vendor allows it, by externalId."""
        shelf, kind = self.shelves[name], KINDS[name]
        slot = shelf.slot_of(key)
        if slot is None and self._by_external(kind, params):
            slot = shelf.slot_of_external(key, params.get("source") if kind.external == "sourced" else None)
        if slot is None:
            raise Refused(self._missing)
        return slot

    def _by_external(self, kind: Kind, params: Params) -> bool:
        match kind.external:
            case "yes":
                return True
            case "sourced":
                return "source" in params
            case "switch":
                return self._settings.switch("conversation.get_by_external_id") == "on"
            case _:
                return False

    def _single(self, name: str, key: str, params: Params) -> Answer:
        slot = self._find(name, key, params)
        body = self.shelves[name].body(slot)
        if name == "conversations":
            listed: dict[str, object] = msgspec.json.decode(body)
            body = encode(conversations.whole(self.world, slot, listed))
        return Answer(200, body, single=True)

    def _message(self, key: str) -> Answer:
        found = conversations.conversation_of(key)
        shelf = self.shelves["conversations"]
        if found is not None and found[0] < len(shelf.bodies) and shelf.bodies[found[0]] is not None:
            for message in conversations.messages(self.world, found[0]):
                if message["id"] == key:
                    return Answer(200, encode(message), single=True)
        return self._missing

    def _custom_fields(self, params: Params) -> Answer:
        model = params.get("model", "")
        if model not in fields.MODELS:
            return refuse.not_allowed("model", fields.MODELS)
        return Answer(200, encode(fields.custom_fields(self.world, model)))

    def _search_users(self, params: Params) -> Answer:
        given = [name for name in SEARCHES if name in params]
        if len(given) != 1:
            return refuse.plain(400, f"Exactly one of {', '.join(SEARCHES)} must be given.")
        wanted, found = params[given[0]], []
        for body in self.shelves["users"].live():
            facts = facts_of(body)
            value = facts.externalId if given[0] == "externalId" else facts.email or ""
            hit = value == wanted if given[0] != "emailSubdomain" else (value or "").endswith(f"@{wanted}")
            if hit:
                found.append(body)
        return Answer(200, b'{"results":[%b]}' % b",".join(found))

    def _search_admins(self, params: Params) -> Answer:
        if "email" not in params:
            missing: dict[str, object] = {"missingProperty": "email"}
            return refuse.invalid("email", "required", missing, "must have required property 'email'")
        for body in self.shelves["admins"].live():
            if facts_of(body).email == params["email"]:
                return Answer(200, body)
        miss = self._settings.switch("admins.search_miss")
        return self._missing if miss == "404" else Answer(200, miss.encode())

    def _health_scores(self, slot: int) -> Answer:
        if self._settings.switch("healthScores.body") == "404":
            return self._missing
        score: dict[str, object] = msgspec.json.decode(self.shelves["accounts"].body(slot))
        return Answer(200, encode({"results": [{"name": "Overall", "score": score["healthScore"]}], "next": None}))
