"""What a conversation looks like in a list and alone, and the messages that only the single one carries."""

from __future__ import annotations

from headrace.emulate import accounts, admins, traits, users, words
from headrace.emulate.chance import iso
from headrace.emulate.world import Links, Record, World

HOUR_MS = 3_600_000
MOST_MESSAGES = 12
_NUMBERED = "4000-a000-"
"""The middle of a message's id, whose end tells conversation and number, so that it can be found by its id."""


def links(world: World, index: int) -> Links:
    """The account that a conversation is listed under, and that account's organization; the record names neither."""
    chosen = world.pick("accounts", world.roll("conversations", index)[1][3])
    if chosen is None:
        return Links()
    return Links(accounts=(chosen,), organizations=accounts.links(world, chosen).organizations)


def conversation(world: World, index: int) -> Record:
    """A conversation as it is listed: no messages, no account."""
    key, dice = world.roll("conversations", index)
    created, updated = world.stamps(index, dice)
    source = words.CHANNELS[dice[4] % len(words.CHANNELS)]
    capital = world.settings.switch("conversation.status_case") == "capitalised"
    status = ("open", "closed")[dice[5] % 2]
    rating = ("satisfied", "unsatisfied", "neutral", None)[dice[6] % 4]
    kept: traits.Traits = {
        "zendesk.status": ("new", "open", "pending", "solved")[dice[7] % 4],
        "zendesk.tags": list(words.some(words.TAGS, dice[8], dice[9] % 6)),
        "zendesk.type": "ticket" if dice[7] % 3 else None,
        "zendesk.description": words.html(dice[10], 4),
    }
    if not world.lean:
        kept |= traits.full(world, "conversations", index)
    return {
        "id": key,
        "createdAt": iso(created),
        "updatedAt": iso(updated),
        "externalId": None if dice[4] % 4 else f"conv-{index}",
        "externalUrl": f"https://support.example.net/{source}/{index}" if dice[5] % 3 else None,
        "subject": words.SUBJECTS[dice[8] % len(words.SUBJECTS)] if dice[8] % 13 else None,
        "source": source,
        "status": status.capitalize() if capital else status,
        "rating": rating.capitalize() if capital and rating else rating,
        "traits": kept,
    }


def whole(world: World, index: int, listed: Record) -> Record:
    """The single record: what the list has, with messages, accounts, users and admins."""
    dice = world.roll("conversations", index)[1]
    writer = world.pick("users", dice[11])
    by = {"accounts": links(world, index).accounts, "users": () if writer is None else (writer,)}
    admin = world.pick("admins", dice[6])
    found: Record = {**listed, "messages": messages(world, index)}
    if world.settings.switch("conversation.embed_depth") == "ids":
        found |= {kind: [{"id": world.id(kind, at)} for at in chosen] for kind, chosen in by.items()}
        found["admins"] = [] if admin is None else [{"id": world.id("admins", admin)}]
        return found
    found["accounts"] = [accounts.embedded(world, at, with_segments=True) for at in by["accounts"]]
    found["users"] = [users.embedded(world, at) for at in by["users"]]
    found["admins"] = [] if admin is None else [admins.admin_of(world, admin)]
    return found


def messages(world: World, index: int) -> list[Record]:
    """All messages of a conversation, oldest first."""
    key, dice = world.roll("conversations", index)
    created, _ = world.stamps(index, dice)
    return [_message(world, index, at, key, created) for at in range(dice[9] % (MOST_MESSAGES + 1))]


def conversation_of(message_id: str) -> tuple[int, int] | None:
    """(conversation, number) of a message's id, None if it is no message's id."""
    head, tail = message_id[14:24], message_id[24:]
    if len(message_id) != 36 or head != _NUMBERED or not set(tail) <= set("0123456789abcdef"):  # noqa: PLR2004 - a UUID
        return None
    return int(tail[:9], 16), int(tail[9:], 16)


def _message(world: World, index: int, at: int, conversation_id: str, created: int) -> Record:
    key, dice = world.roll("messages", index * (MOST_MESSAGES + 1) + at)
    inbound = dice[0] % 2 == 0
    writer = world.pick_id("users", world.roll("conversations", index)[1][11])
    customer = {"type": "user", "id": writer}
    own = {"type": "admin", "id": world.pick_id("admins", dice[1])}
    others = [{"type": "admin", "id": world.pick_id("admins", dice[2] + step)} for step in range(dice[3] % 3)]
    return {
        "id": f"{key[:9]}{key[9:13]}-{_NUMBERED}{index:09x}{at:03x}",
        "type": "inbound" if inbound else "outbound",
        "externalId": f"msg-{index}-{at}",
        "externalUrl": f"https://support.example.net/m/{index}/{at}" if dice[4] % 3 else None,
        "conversationId": conversation_id,
        "message": words.html(dice[5], 1 + dice[6] % 4),
        "timestamp": iso(created + at * HOUR_MS + dice[7] % HOUR_MS),
        "from": customer if inbound else own,
        "to": [own if inbound else customer],
        "cc": others,
        "bcc": others[:1] if dice[8] % 5 == 0 else [],
    }
