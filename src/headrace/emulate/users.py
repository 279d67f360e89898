"""What a user looks like, on its own and embedded in other records, and whom it belongs to."""

from __future__ import annotations

import msgspec

from headrace.emulate import accounts, traits, words
from headrace.emulate.chance import DAY_MS, Dice, iso
from headrace.emulate.world import Links, Record, World, external


def links(world: World, index: int) -> Links:
    """The accounts of a user (one, for some two, for a few none) and the organization of those without."""
    dice = world.roll("users", index)[1]
    first, second = world.pick("accounts", dice[3]), world.pick("accounts", dice[3] >> 8)
    if first is None or dice[4] % 16 == 0:
        chosen = world.pick("organizations", dice[4] >> 4)
        return Links(organizations=() if chosen is None else (chosen,))
    both = second is not None and second != first and dice[4] % 8 == 1
    return Links(accounts=(first, second) if both and second is not None else (first,))


def user(world: World, index: int) -> Record:
    """A user as it is listed; `accounts` and `organizations` are empty in the lean profile."""
    key, dice = world.roll("users", index)
    record = _core(world, index, key, dice)
    tail = {"segments": world.some_segments(dice[11])}
    inside: Record = {"accounts": [], "organizations": []}
    if not world.lean:
        linked = links(world, index)
        stale = dice[5] % 3 == 0
        inside["accounts"] = [accounts.embedded(world, at, with_segments=True, stale=stale) for at in linked.accounts]
        inside["organizations"] = [accounts.embedded_organization(world, at) for at in linked.organizations]
    head = {name: record.pop(name) for name in ("id", "createdAt", "updatedAt", "externalId")}
    joined = record.pop("joinDate")
    return {**head, **inside, **record, **tail, "joinDate": joined}


def _core(world: World, index: int, key: str, dice: Dice) -> Record:
    """A user without accounts, organizations and segments, as an NPS response embeds it."""
    created, updated = world.stamps(index, dice)
    score = dice[6] % 11
    unsubscribed = dice[7] % 19 == 0
    record: Record = {
        "id": key,
        "createdAt": iso(created),
        "updatedAt": iso(updated),
        "externalId": external(f"user-{index}", dice[8]),
        "name": words.person(dice[5]) if dice[5] % 17 else None,
        "email": f"user{index}@customer{dice[3] % 97}.example" if dice[6] % 29 else None,
        "avatar": _avatar(index, dice[9]),
        "traits": traits.lean("users", dice[10]) if world.lean else traits.full(world, "users", index),
        "firstKnown": iso(created),
        **accounts.seen(dice[8], updated),
        "npsLastScore": score if dice[6] % 3 == 0 else None,
        "npsLastFeedback": words.SENTENCES[score] if dice[6] % 6 == 0 else None,
        "npsLastRespondedAt": iso(updated - dice[6] % DAY_MS) if dice[6] % 3 == 0 else None,
        "unsubscribedFromConversations": unsubscribed,
        "unsubscribedFromConversationsAt": iso(updated) if unsubscribed else None,
        "deactivatedAt": iso(updated) if dice[7] % 31 == 0 else None,
    }
    if world.newer:
        record["permanentlyBounced"] = dice[7] % 43 == 0
    record["joinDate"] = iso(created - created % DAY_MS) if dice[7] % 2 else None
    return record


def embedded(world: World, index: int) -> msgspec.Raw:
    """A user inside an NPS response, a note or a conversation."""
    return world.cached(("user", index), lambda: _core(world, index, *world.roll("users", index)))


def _avatar(index: int, dice: int) -> str | None:
    if dice % 4 == 0:
        return None
    if dice % 4 == 1:
        return words.JUNK_AVATARS[dice // 4 % len(words.JUNK_AVATARS)]
    return f"https://cdn.example.net/avatars/{index}.png"
