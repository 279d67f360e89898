"""What an NPS response looks like: it embeds its user, without what hangs on the user."""

from __future__ import annotations

from headrace.emulate import users, words
from headrace.emulate.chance import DAY_MS, iso
from headrace.emulate.world import Links, Record, World


def links(world: World, index: int) -> Links:
    """The accounts and organizations of the user who answered."""
    chosen = world.pick("users", world.roll("npsResponses", index)[1][3])
    return Links() if chosen is None else users.links(world, chosen)


def response(world: World, index: int) -> Record:
    """An NPS response as it is listed; dismissed ones have neither score nor feedback."""
    key, dice = world.roll("npsResponses", index)
    created, updated = world.stamps(index, dice)
    dismissed = dice[4] % 6 == 0
    chosen = world.pick("users", dice[3])
    return {
        "id": key,
        "createdAt": iso(created),
        "updatedAt": iso(updated),
        "externalId": f"nps-{index}" if dice[5] % 3 else None,
        "userId": None if chosen is None else world.id("users", chosen),
        "user": None if world.lean or chosen is None else users.embedded(world, chosen),
        "dismissedAt": iso(created + 977) if dismissed else None,
        "respondedAt": None if dismissed else iso(created + dice[6] % DAY_MS),
        "score": None if dismissed else dice[7] % 11,
        "feedback": None if dismissed or dice[8] % 2 else words.SENTENCES[dice[8] % len(words.SENTENCES)],
        "createdByService": "delighted" if dice[9] % 4 == 0 else None,
        "outboundMessageId": world.roll("outbound", index)[0] if dice[9] % 4 else None,
        "surveyResponseId": None,
    }
