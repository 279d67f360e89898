"""What an account and an organization look like, on their own and embedded in other records."""

from __future__ import annotations

import msgspec

from headrace.emulate import admins, traits, words
from headrace.emulate.chance import DAY_MS, Dice, iso
from headrace.emulate.world import END_MS, Links, Record, World, external, number


def links(world: World, index: int) -> Links:
    """The organization of an account; three in four have one."""
    dice = world.roll("accounts", index)[1]
    chosen = world.pick("organizations", dice[3] >> 4) if dice[3] % 4 else None
    return Links(organizations=() if chosen is None else (chosen,))


def account(world: World, index: int) -> Record:
    """An account as it is listed, in the order in which the vendor serves the fields."""
    key, dice = world.roll("accounts", index)
    record = _core(world, index, key, dice)
    record["segments"] = world.some_segments(dice[11])
    record["keyRoles"] = _key_roles(world, index, dice[3] >> 16)
    return record


def _core(world: World, index: int, key: str, dice: Dice, *, stale: bool = False) -> Record:
    """An account without segments and keyRoles. A stale one was copied before its last update."""
    created, updated = world.stamps(index, dice)
    if stale:
        updated = (created + updated) // 2
    own = world.pick_id("organizations", dice[3] >> 4) if dice[3] % 4 else None
    counted = dice[9] % 40
    return {
        "id": key,
        "createdAt": iso(created),
        "updatedAt": iso(updated),
        "externalId": external(f"acct-{index}", dice[4]),
        "name": words.company(dice[5]),
        "traits": traits.lean("accounts", dice[10]) if world.lean else traits.full(world, "accounts", index),
        "organizationId": own,
        "accountOwnerId": world.pick_id("admins", dice[6]) if dice[6] % 3 else None,
        "mrr": _mrr(world, dice[7]),
        "nextRenewalDate": iso(END_MS + dice[7] % 500 * DAY_MS) if dice[7] % 5 else None,
        "churnedAt": iso(min(updated, created + 90 * DAY_MS)) if churned(dice) else None,
        "firstSeenTimestamp": iso(created + dice[8] % DAY_MS) if dice[8] % 7 else None,
        **seen(dice[8], updated),
        "trialEndDate": iso(created + 14 * DAY_MS) if dice[9] % 4 == 0 else None,
        "usersCount": dice[9] % 97 - (1 if stale and dice[9] % 97 else 0),
        "npsDetractorCount": counted // 5,
        "npsPassiveCount": counted // 3,
        "npsPromoterCount": counted // 2,
        "npsScore": _nps(world, counted),
        "healthScore": _health(world, dice[10]) if dice[10] % 9 else None,
        "csmId": world.pick_id("admins", dice[11]) if dice[11] % 5 else None,
        "accountExecutiveId": world.pick_id("admins", dice[11] >> 8) if dice[11] % 3 else None,
    }


def churned(dice: Dice) -> bool:
    """About one account in ten has left; a list hides it unless it is asked for."""
    return dice[4] % 10 == 0


def seen(dice: int, updated: int) -> Record:
    """The three seen stamps that accounts and users share."""
    return {
        "lastSeenTimestamp": iso(updated - dice % DAY_MS) if dice % 7 else None,
        "lastInboundMessageTimestamp": iso(updated - dice % DAY_MS * 3) if dice % 3 == 0 else None,
        "lastOutboundMessageTimestamp": iso(updated - dice % DAY_MS * 2) if dice % 4 == 0 else None,
    }


def _mrr(world: World, dice: int) -> int | float | None:
    if dice % 6 == 0:
        return None
    return dice % 90_000 if world.lean else number(dice % 900_000 / (1 if dice % 2 else 100))


def _nps(world: World, counted: int) -> int | float | None:
    answers = counted // 5 + counted // 3 + counted // 2
    if not answers:
        return None
    score = 100 * (counted // 2 - counted // 5) / answers
    return round(score) if world.lean else number(round(score, 2))


def _health(world: World, dice: int) -> int | float:
    return (dice % 99 * 10 + 5) / 100 if world.lean else number(dice % 1001 / 100)


def _key_roles(world: World, index: int, chance: int) -> list[Record]:
    count = (chance % 8 == 0) + (chance // 8 % 4 == 0) if world.lean else chance % 4
    if not count:
        return []
    dice = world.roll("accountKeyRoles", index)[1]
    return [_key_role(world, index * 4 + step, dice[step]) for step in range(count)]


def _key_role(world: World, number_of: int, dice: int) -> Record:
    assigned = END_MS - dice % 700 * DAY_MS
    record: Record = {
        "id": world.roll("keyRoleAssignments", number_of)[0],
        "createdAt": iso(assigned),
        "assignedAt": iso(assigned + 977),
        "vitallyUser": admins.admin_of(world, dice >> 3),
        "keyRole": world.roles[dice % len(world.roles)],
    }
    if dice % 6 == 0:
        unfilled = world.settings.switch("keyRoles.unfilled_user")
        record["vitallyUser"] = {} if unfilled == "{}" else None
        if unfilled == "absent":
            del record["vitallyUser"]
    return record


def embedded(world: World, index: int, *, with_segments: bool = False, stale: bool = False) -> msgspec.Raw:
    """An account inside a note or task (without both lists) or inside a user (with its segments)."""

    def make() -> Record:
        key, dice = world.roll("accounts", index)
        record = _core(world, index, key, dice, stale=stale)
        if with_segments:
            record["segments"] = world.some_segments(dice[11])
        return record

    return world.cached(("account", index, with_segments, stale), make)


def organization(world: World, index: int) -> Record:
    """An organization: an account less its own parents, with an owner, a first paid date and a count."""
    key, dice = world.roll("organizations", index)
    created, updated = world.stamps(index, dice)
    counted = dice[9] % 40
    return {
        "id": key,
        "createdAt": iso(created),
        "updatedAt": iso(updated),
        "externalId": external(f"org-{index}", dice[4]),
        "name": words.company(dice[5]),
        "traits": {} if world.lean else traits.full(world, "organizations", index),
        "organizationOwnerId": world.pick_id("admins", dice[6]) if dice[6] % 3 else None,
        "mrr": _mrr(world, dice[7]),
        "nextRenewalDate": iso(END_MS + dice[7] % 500 * DAY_MS) if dice[7] % 5 else None,
        "churnedAt": iso(updated) if churned(dice) else None,
        "firstPaidDate": iso(created + 30 * DAY_MS) if dice[8] % 4 else None,
        "lastInboundMessageTimestamp": iso(updated - dice[8] % DAY_MS) if dice[8] % 3 else None,
        "lastOutboundMessageTimestamp": iso(updated - dice[8] % DAY_MS * 2) if dice[8] % 5 else None,
        "trialEndDate": iso(created + 14 * DAY_MS) if dice[9] % 4 == 0 else None,
        "usersCount": dice[9] % 997,
        "accountsCount": dice[9] % 13,
        "npsDetractorCount": counted // 5,
        "npsPassiveCount": counted // 3,
        "npsPromoterCount": counted // 2,
        "npsScore": _nps(world, counted),
        "healthScore": _health(world, dice[10]) if dice[10] % 9 else None,
        "csmId": world.pick_id("admins", dice[11]) if dice[11] % 5 else None,
        "accountExecutiveId": world.pick_id("admins", dice[11] >> 8) if dice[11] % 3 else None,
        "segments": world.some_segments(dice[3]),
        "keyRoles": [],
    }


def embedded_organization(world: World, index: int) -> msgspec.Raw:
    """A full organization inside a note, a task or a user."""
    return world.cached(("organization", index), lambda: organization(world, index))
