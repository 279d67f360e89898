"""The listable objects: how each record is made, what it hangs on, and which parameters its list takes."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from headrace.emulate import accounts, admins, conversations, nps, users, work
from headrace.emulate.world import Links, Record, World


def _alone(_: World, __: int) -> Links:
    return Links()


class Kind(msgspec.Struct, frozen=True):
    """One object. `sorts` is False where the list takes no sortBy; `filters` are its further parameters.

    `external` says how a single record is found by externalId: "yes", "sourced" (with ?source= only) or "no".
    `children` are the objects that can be listed under one of its records.
    """

    make: Callable[[World, int], Record]
    links: Callable[[World, int], Links] = _alone
    sorts: bool = True
    filters: tuple[str, ...] = ()
    single: bool = True
    external: str = "no"
    children: tuple[str, ...] = ()


_UNDER = ("users", "conversations", "notes", "tasks", "projects", "npsResponses")


def _category(kind: str) -> Callable[[World, int], Record]:
    return lambda world, index: work.category(world, kind, index)


def _hangs(kind: str) -> Callable[[World, int], Links]:
    return lambda world, index: work.links(world, kind, index)


KINDS: dict[str, Kind] = {
    "accounts": Kind(accounts.account, accounts.links, filters=("status",), external="yes", children=_UNDER),
    "organizations": Kind(accounts.organization, external="yes", children=("accounts", *_UNDER)),
    "users": Kind(users.user, users.links, external="yes"),
    "admins": Kind(admins.admin, sorts=False, single=False),
    "conversations": Kind(conversations.conversation, conversations.links, external="switch"),
    "notes": Kind(work.note, _hangs("notes"), filters=("archived", "source"), external="sourced"),
    "tasks": Kind(work.task, _hangs("tasks"), filters=("archived", "source"), external="sourced"),
    "projects": Kind(work.project, _hangs("projects"), filters=("archived",)),
    "npsResponses": Kind(nps.response, nps.links),
    "noteCategories": Kind(_category("noteCategories"), sorts=False, single=False),
    "taskCategories": Kind(_category("taskCategories"), sorts=False, single=False),
}
