"""What notes, tasks, projects and their categories look like, and what they hang on."""

from __future__ import annotations

from functools import partial

from headrace.emulate import accounts, admins, traits, users, words
from headrace.emulate.chance import DAY_MS, Dice, day, iso
from headrace.emulate.world import END_MS, START_MS, Links, Record, World, external

CATEGORIES = ("General", "QBR", "Onboarding", "Support ☎", "Renewal", "Risk", "Handover", "Internal")
STATUSES = 3


def links(world: World, kind: str, index: int) -> Links:
    """One account with its organization, or, one time in ten, an organization alone."""
    return _hung(world, world.roll(kind, index)[1])


def _hung(world: World, dice: Dice) -> Links:
    chosen, alone = world.pick("accounts", dice[3]), world.pick("organizations", dice[3] >> 8)
    if alone is not None and (chosen is None or dice[4] % 10 == 0):
        return Links(organizations=(alone,))
    return Links() if chosen is None else Links(accounts=(chosen,), organizations=())


def _parents(world: World, dice: Dice) -> Record:
    """accountId, organizationId and the embedded parents, null in the lean profile."""
    linked = _hung(world, dice)
    account = linked.accounts[0] if linked.accounts else None
    organization = linked.organizations[0] if linked.organizations else None
    stale = dice[5] % 3 == 0
    return {
        "account": None if world.lean or account is None else accounts.embedded(world, account, stale=stale),
        "organization": None
        if world.lean or organization is None
        else accounts.embedded_organization(world, organization),
        "accountId": None if account is None else world.id("accounts", account),
        "organizationId": None if organization is None else world.id("organizations", organization),
    }


def note(world: World, index: int) -> Record:
    """A note as it is listed."""
    key, dice = world.roll("notes", index)
    created, updated = world.stamps(index, dice)
    parents = _parents(world, dice)
    chosen = world.pick("noteCategories", dice[6]) if dice[6] % 4 else None
    author = dice[7] if dice[7] % 11 else None
    guests = world.pick("users", dice[8]) if world.settings.switch("note.users_shape") == "full" else None
    record: Record = {
        "id": key,
        "createdAt": iso(created),
        "updatedAt": iso(updated),
        "externalId": external(f"note-{index}", dice[9]) if dice[9] % 2 else None,
        "organizationId": parents["organizationId"],
        "categoryId": None if chosen is None else world.id("noteCategories", chosen),
        "subject": words.SUBJECTS[dice[8] % len(words.SUBJECTS)] if dice[8] % 13 else None,
        "note": words.html(dice[10], 1 + dice[11] % 4),
        "noteDate": iso(created - created % DAY_MS),
        "meetingDescription": words.SENTENCES[dice[11] % len(words.SENTENCES)] if dice[11] % 5 == 0 else None,
        "tags": list(words.some(words.TAGS, dice[9], (dice[9] >> 8) % 5)),
        "users": [] if guests is None else [users.embedded(world, guests)],
        "account": parents["account"],
        "organization": parents["organization"],
        "author": None if author is None else admins.admin_of(world, author),
        "category": None if chosen is None else category(world, "noteCategories", chosen),
        "archivedAt": iso(updated) if dice[4] % 12 == 1 else None,
        "source": source(dice),
        "accountId": parents["accountId"],
        "authorId": None if author is None else world.pick_id("admins", author),
        "traits": {} if world.lean else traits.full(world, "notes", index),
    }
    return record if world.newer else _older(record)


def task(world: World, index: int) -> Record:
    """A task as it is listed; open when completedAt is null, dueDate a bare date."""
    key, dice = world.roll("tasks", index)
    created, updated = world.stamps(index, dice)
    parents = _parents(world, dice)
    chosen = world.pick("taskCategories", dice[6]) if dice[6] % 4 else None
    assigned = dice[7] if dice[7] % 7 else None
    done = dice[8] if dice[8] % 2 else None
    record: Record = {
        "id": key,
        "createdAt": iso(created),
        "updatedAt": iso(updated),
        "externalId": external(f"task-{index}", dice[9]) if dice[9] % 2 else None,
        "organizationId": parents["organizationId"],
        "name": words.SUBJECTS[dice[8] % len(words.SUBJECTS)],
        "description": words.html(dice[10], 1 + dice[11] % 2) if dice[11] % 7 else None,
        "completedAt": None if done is None else iso(updated),
        "dueDate": day(END_MS + dice[10] % 200 * DAY_MS) if dice[10] % 4 else None,
        "account": parents["account"],
        "organization": parents["organization"],
        "tags": list(words.some(words.TAGS, dice[9], (dice[9] >> 8) % 5)),
        "archivedAt": iso(updated) if dice[4] % 12 == 1 else None,
        "meetingId": world.roll("meetings", index)[0] if dice[11] % 9 == 0 else None,
        "source": source(dice),
        "accountId": parents["accountId"],
        "categoryId": None if chosen is None else world.id("taskCategories", chosen),
        "assignedToId": None if assigned is None else world.pick_id("admins", assigned),
        "completedById": None if done is None else world.pick_id("admins", done),
        "assignedTo": None if assigned is None else admins.admin_of(world, assigned),
        "completedBy": None if done is None else admins.admin_of(world, done),
        "category": None if chosen is None else category(world, "taskCategories", chosen),
        "projects": _projects(world, dice[3] >> 4) if dice[11] % 3 == 0 else [],
        "traits": {} if world.lean else traits.full(world, "tasks", index),
    }
    return record if world.newer else _older(record)


def source(dice: Dice) -> str | None:
    """The integration that made a record, null for one made by hand."""
    return ("jira", "asana", "hubspot")[dice[11] % 3] if dice[11] % 5 == 1 else None


def _older(record: Record) -> Record:
    """The record as the older docs have it."""
    return {name: value for name, value in record.items() if name not in {"meetingDescription", "source", "meetingId"}}


def category(world: World, kind: str, index: int) -> Record:
    """A category of notes or tasks, embedded and in its own list alike."""
    key, dice = world.roll(kind, index)
    made = iso(START_MS + index * DAY_MS + dice[0] % DAY_MS)
    name = CATEGORIES[index % len(CATEGORIES)]
    return {
        "id": key,
        "createdAt": made,
        "updatedAt": made,
        "name": name if index < len(CATEGORIES) else f"{name} {index}",
    }


def project(world: World, index: int) -> Record:
    """A project as it is listed: ids only, no embedded parents."""
    key, dice = world.roll("projects", index)
    created, updated = world.stamps(index, dice)
    linked = _hung(world, dice)
    begun, done = dice[6] % 3 > 0, dice[6] % 3 > 1
    return {
        "id": key,
        "createdAt": iso(created),
        "updatedAt": iso(updated),
        "name": f"{words.SUBJECTS[dice[5] % len(words.SUBJECTS)]} {index}",
        "accountId": world.id("accounts", linked.accounts[0]) if linked.accounts else None,
        "organizationId": world.id("organizations", linked.organizations[0]) if linked.organizations else None,
        "templateId": world.roll("projectTemplates", dice[7] % 5)[0] if dice[7] % 4 else None,
        "durationInDays": dice[8] % 120,
        "targetStartDate": day(created) if dice[9] % 5 else None,
        "actualStartDate": day(created + DAY_MS) if begun else None,
        "targetCompletionDate": day(created + dice[8] % 120 * DAY_MS),
        "actualCompletionDate": day(updated) if done else None,
        "ownedByVitallyUserId": world.pick_id("admins", dice[10]),
        "projectCategoryId": world.roll("projectCategories", dice[7] % 4)[0] if dice[7] % 3 else None,
        "projectStatusId": world.roll("projectStatuses", dice[6] % STATUSES)[0],
        "archivedAt": iso(updated) if dice[4] % 12 == 1 else None,
        "traits": {} if world.lean else traits.full(world, "projects", index),
    }


def _projects(world: World, dice: int) -> list[object]:
    """One or two projects inside a task: id and name in the lean profile, richer in the full one."""
    first = world.pick("projects", dice)
    if first is None:
        return []
    chosen = {first, (first + dice // 7 % 2) % world.counts["projects"]}
    return [world.cached(("project", index), partial(_inside, world, index)) for index in sorted(chosen)]


def _inside(world: World, index: int) -> Record:
    record = project(world, index)
    if world.lean:
        return {"id": record["id"], "name": record["name"]}
    for name in ("actualStartDate", "targetCompletionDate"):
        if isinstance(record[name], str):
            record[name] = f"{record[name]}T00:00:00.000Z"  # inside a task, dates come as full datetimes
    return {name: value for name, value in record.items() if name != "templateId"}
