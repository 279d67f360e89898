"""The traps of traits: dotted keys, keys that collide once they are made column names, values that change type."""

from __future__ import annotations

from collections.abc import Callable

from headrace.emulate import words
from headrace.emulate.chance import DAY_MS, iso
from headrace.emulate.world import END_MS, World

Value = str | int | float | bool | list[str] | None
Traits = dict[str, Value]
Make = Callable[[int, int], Value]
"""Two random bytes in, a value out."""

NULL_BELOW = 28  # of 256: about one value in nine is null
HALF = 128


def _text(a: int, b: int) -> Value:
    return words.AREAS[a % len(words.AREAS)] + f" {b}"


def _sentence(a: int, b: int) -> Value:
    return words.SENTENCES[(a + b) % len(words.SENTENCES)]


def _whole(a: int, b: int) -> Value:
    return a * 256 + b


def _epoch_ms(a: int, b: int) -> Value:
    return END_MS - (a * 4 + b % 4) * DAY_MS - b * 977


def _iso(a: int, b: int) -> Value:
    return iso(END_MS - (a * 4 + b % 4) * DAY_MS - b * 977)


def _areas(a: int, b: int) -> Value:
    return [] if b < NULL_BELOW else list(words.some(words.AREAS, a, 1 + b % 3))


def _tags(a: int, b: int) -> Value:
    return list(words.some(words.TAGS, a, b % 4))


def _flag(a: int, _: int) -> Value:
    return a < HALF


def _fraction(a: int, b: int) -> Value:
    value = a + b % 4 / 4
    return int(value) if value == int(value) else value


def _drifting(a: int, b: int) -> Value:
    """A number for most, a text for some: the key changes its type between records."""
    return _whole(a, b) if a % 5 else f"tier {b % 7}"


def _never(_: int, __: int) -> Value:
    return None


_ACCOUNT_TRAPS: dict[str, Make] = {
    "vitally.custom.tier": _text, "vitally.custom.goLiveDate": _iso, "EMAIL": _text, "email": _text,
    "createdAt": _iso, "CREATED_AT": _epoch_ms, "csv.csmEmail": _text, "sfdc.Account_Health__c": _text,
    "sfdc.ARR__c": _fraction, "hspot.notes_last_contacted": _epoch_ms, "hspot.notes_last_updated": _epoch_ms,
    "hspot.practice_areas": _areas, "hspot.scorecard__activation": _whole, "hspot.channel__slack_rounded_": _fraction,
    "zendesk.tags": _tags, "stripe.metadata.plan": _text, "stripe.delinquent": _flag, "legacy_score": _drifting,
    "id": _text, "name": _text, "never_set": _never, "Größe": _whole, "notes summary": _sentence, "2fa_enabled": _flag,
    "is_reference": _flag, "custom.segment.score": _fraction, "a__b": _text, "a.b": _whole,
}  # fmt: skip
_FILLERS: tuple[tuple[str, Make], ...] = (
    ("hspot.property_{}", _text), ("sfdc.Custom_Field_{}__c", _whole), ("vitally.custom.metric{}", _fraction),
    ("stripe.metadata.key_{}", _text), ("csv.column_{}", _sentence), ("usage.feature{}Enabled", _flag),
    ("hspot.date_{}", _epoch_ms), ("segment.lastEvent{}At", _iso),
)  # fmt: skip
ACCOUNT_KEYS = 92
_ACCOUNT: dict[str, Make] = dict(_ACCOUNT_TRAPS)
for _n in range(ACCOUNT_KEYS - len(_ACCOUNT_TRAPS)):
    _pattern, _make = _FILLERS[_n % len(_FILLERS)]
    _ACCOUNT[_pattern.format(_n)] = _make

_USER: dict[str, Make] = {
    key: _ACCOUNT_TRAPS[key]
    for key in ("EMAIL", "email", "createdAt", "CREATED_AT", "zendesk.tags", "legacy_score", "2fa_enabled", "never_set")
} | {
    "hspot.jobTitle": _text, "hspot.last_seen_ms": _epoch_ms, "hspot.topics": _areas, "vitally.custom.persona": _text,
    "intercom.unsubscribed_": _flag, "sfdc.Contact__r": _text, "logins": _whole, "bio": _sentence,
}  # fmt: skip
_WORK: dict[str, Make] = {
    "vitally.custom.effort": _fraction, "vitally.custom.kind": _text, "sfdc.Task__c": _whole, "due_ms": _epoch_ms,
    "watchers": _areas,
}  # fmt: skip
_TALK: dict[str, Make] = {"zendesk.custom_fields.reason": _text, "zendesk.satisfaction__score": _whole,
                          "intercom.read": _flag, "first_reply_ms": _epoch_ms}  # fmt: skip
_PLAN: dict[str, Make] = {"vitally.custom.phase": _text, "budget": _fraction}
_TABLES = {"accounts": _ACCOUNT, "organizations": _ACCOUNT, "users": _USER, "notes": _WORK, "tasks": _WORK,
           "conversations": _TALK, "projects": _PLAN}  # fmt: skip

ABSENT_BELOW = 6  # of 256: a key is now and then not there at all


def full(world: World, kind: str, index: int) -> Traits:
    """All traits of a record; some null, a few absent, and for some records none at all."""
    table = _TABLES[kind]
    dice = world.stream(f"{kind}/traits", index, 2 * len(table) + 2)
    if kind in {"notes", "tasks", "projects"} and dice[-1] < HALF:
        return {}
    traits: Traits = {}
    for at, (key, make) in enumerate(table.items()):
        first, second = dice[2 * at], dice[2 * at + 1]
        if first < ABSENT_BELOW:
            continue
        traits[key] = None if first < NULL_BELOW else make(first, second)
    return traits


def lean(kind: str, dice: int) -> Traits:
    """The few traits of the lean profile: a list for a child table, epoch milliseconds, no collisions."""
    if kind == "accounts":
        return {
            "plan": words.PLANS[dice % 4],
            "hspot.notes_last_contacted": END_MS - dice,
            "hspot.practice_areas": list(words.some(words.AREAS, dice >> 3, (dice >> 8) % 3)),
        }
    return {
        "hspot.jobTitle": words.ROLES[dice % 6],
        "hspot.last_seen_ms": END_MS - dice,
        "hspot.topics": list(words.some(words.AREAS, dice >> 3, (dice >> 8) % 3)),
    }
