"""Who belongs to whom, and when things happened: the ground that all objects' records stand on."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from headrace.emulate import words
from headrace.emulate.chance import DAY_MS, Dice, iso, roll, stream
from headrace.emulate.vitally import DEFAULT_RECORDS, Settings

Record = dict[str, object]

START_MS = 1_640_995_200_000  # 2022-01-01
CREATED_UNTIL_MS = 1_735_689_600_000  # 2025-01-01
END_MS = 1_751_241_600_000  # 2025-06-30
CREATED_SPAN_MS = CREATED_UNTIL_MS - START_MS

IMPORTS = 64  # days on which many records were created in one go
SYNCS = 4  # moments at which a sync touched many records: more of them than fit on a page
CACHED = 16_384


class Links(msgspec.Struct, frozen=True):
    """The parents of a record, by index: what it is listed under, whether or not the record says so."""

    accounts: tuple[int, ...] = ()
    organizations: tuple[int, ...] = ()


class World:
    """Counts, ids, time stamps and small shared pools, all functions of the settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.seed = settings.seed
        self.lean = settings.profile == "lean"
        self.newer = settings.switch("doc_version") == "newer"
        self.counts = {name: settings.count(name) for name in DEFAULT_RECORDS}
        self._ids: dict[str, list[str]] = {}
        self._cache: dict[tuple[object, ...], msgspec.Raw] = {}
        self.segments = [
            {"id": roll(self.seed, "segments", index)[0], "name": name} for index, name in enumerate(words.SEGMENTS)
        ]
        self.roles = [
            {"id": roll(self.seed, "keyRoles", index)[0], "createdAt": iso(START_MS + index * DAY_MS), "label": label}
            for index, label in enumerate(words.ROLES)
        ]

    def roll(self, kind: str, index: int) -> tuple[str, Dice]:
        """The id of a record and its dice."""
        return roll(self.seed, kind, index)

    def stream(self, kind: str, index: int, size: int) -> bytes:
        """Random bytes of a record."""
        return stream(self.seed, kind, index, size)

    def id(self, kind: str, index: int) -> str:
        """The id of a record, without making the record."""
        ids = self._ids.get(kind)
        if ids is None:
            ids = self._ids[kind] = [roll(self.seed, kind, at)[0] for at in range(self.counts[kind])]
        return ids[index] if index < len(ids) else roll(self.seed, kind, index)[0]

    def pick(self, kind: str, dice: int) -> int | None:
        """The index of some record of an object, None if there are none."""
        count = self.counts[kind]
        return dice % count if count else None

    def pick_id(self, kind: str, dice: int) -> str | None:
        """The id of some record of an object, None if there are none."""
        count = self.counts[kind]
        return self.id(kind, dice % count) if count else None

    def stamps(self, index: int, dice: Dice) -> tuple[int, int]:
        """Creation and update in ms. One record in 16 shares the first with many, one in 8 the second."""
        created = START_MS + dice[0] * CREATED_SPAN_MS // 2**32
        if dice[1] % 16 == 0:
            created = START_MS + (index % IMPORTS) * 7 * DAY_MS
        if dice[2] % 8 == 0:
            return created, END_MS - (dice[1] >> 8) % SYNCS * 30 * DAY_MS
        return created, created + dice[2] * (END_MS - created) // 2**32

    def some_segments(self, dice: int) -> list[dict[str, str]]:
        """None to three segments, as they hang on accounts, organizations and users."""
        return [self.segments[(dice + step * 3) % len(self.segments)] for step in range((dice >> 4) % 4)]

    def cached(self, key: tuple[object, ...], make: Callable[[], Record]) -> msgspec.Raw:
        """JSON of an embedded record, made once however many records embed it."""
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= CACHED:
                self._cache.clear()
            found = self._cache[key] = msgspec.Raw(msgspec.json.encode(make()))
        return found


def number(value: float) -> int | float:
    """A number as JavaScript writes it: `7`, never `7.0`."""
    return int(value) if value == int(value) else value


def external(text: str, dice: int) -> str | None:
    """Mostly a text, now and then the empty string or null."""
    if dice % 41 == 1:
        return ""
    return None if dice % 37 == 1 else text
