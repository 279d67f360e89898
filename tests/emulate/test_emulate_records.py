from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from headrace.emulate import conversations
from headrace.emulate.catalogue import KINDS
from headrace.emulate.control import Running
from headrace.emulate.traits import ACCOUNT_KEYS
from headrace.emulate.vitally import Settings
from headrace.emulate.world import World

SCHEMA = Path(__file__).parents[3] / "shared" / "reference" / "vendor-schema.yaml"
SIX = ("accounts", "admins", "conversations", "notes", "tasks", "users")
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}")

Json = dict[str, Any]


@cache
def schema() -> Json:
    objects: Json = yaml.safe_load(SCHEMA.read_text())["objects"]
    return objects


def made(kind: str, count: int = 200, **changes: Any) -> list[Json]:
    world = World(Settings(**changes))
    return [json.loads(msgspec.json.encode(KINDS[kind].make(world, index))) for index in range(count)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("profile", ["lean", "full"])
def test_a_record_is_the_same_whatever_was_asked_before(kind: str, profile: str) -> None:
    first, later = World(Settings(profile=profile)), World(Settings(profile=profile))  # type: ignore[arg-type]
    for index in (5, 3, 9, 1):
        KINDS[kind].make(later, index)
    assert msgspec.json.encode(KINDS[kind].make(first, 7)) == msgspec.json.encode(KINDS[kind].make(later, 7))


@pytest.mark.parametrize("kind", KINDS)
def test_another_seed_gives_other_records(kind: str) -> None:
    assert made(kind, 5, seed=1) != made(kind, 5, seed=2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("profile", ["lean", "full"])
def test_all_records_of_an_object_have_the_same_keys(kind: str, profile: str) -> None:
    keys = {tuple(record) for record in made(kind, 60, profile=profile)}
    assert len(keys) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_uuids_and_never_repeat(kind: str) -> None:
    found = [record["id"] for record in made(kind)]
    assert len(set(found)) == len(found)
    assert all(UUID.fullmatch(key) for key in found)


@pytest.mark.parametrize("kind", [name for name in KINDS if KINDS[name].sorts])
def test_time_stamps_are_iso_with_milliseconds_and_never_updated_before_created(kind: str) -> None:
    for record in made(kind):
        assert STAMP.fullmatch(record["createdAt"])
        assert STAMP.fullmatch(record["updatedAt"])
        assert record["createdAt"] <= record["updatedAt"]


@pytest.mark.skipif(not SCHEMA.exists(), reason="the vendor's schema is not beside this project")
@pytest.mark.parametrize("kind", SIX)
@pytest.mark.parametrize("profile", ["lean", "full"])
def test_a_record_has_exactly_the_fields_of_the_schema(kind: str, profile: str) -> None:
    fields = schema()[kind]["fields"]
    wanted = {field["name"] for field in fields}
    records = made(kind, 120, profile=profile)
    if kind == "conversations":
        world = World(Settings(profile=profile))  # type: ignore[arg-type]
        whole = [conversations.whole(world, at, dict(record)) for at, record in enumerate(records)]
        records = json.loads(msgspec.json.encode(whole))
    assert set(records[0]) == wanted
    for field in fields:
        values = [record[field["name"]] for record in records]
        if not field["nullable"]:
            assert None not in values
        kinds = {"string": str, "number": (int, float), "integer": int, "object": dict, "boolean": bool}
        expected = kinds.get(field["json"], list)
        assert all(isinstance(value, expected) for value in values if value is not None), field["name"]  # type: ignore[arg-type]


@pytest.mark.skipif(not SCHEMA.exists(), reason="the vendor's schema is not beside this project")
@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("notes", "account"), ("tasks", "account"), ("notes", "author"), ("notes", "category"), ("tasks", "category"),
        ("tasks", "projects"), ("users", "accounts"), ("users", "segments"), ("accounts", "keyRoles"),
        ("accounts", "segments"), ("tasks", "assignedTo"), ("tasks", "completedBy"),
    ],
)  # fmt: skip
def test_an_embedded_record_has_exactly_the_fields_of_the_schema(kind: str, field: str) -> None:
    fields = schema()[kind]["fields"]
    wanted = {inner["name"] for inner in next(one for one in fields if one["name"] == field)["fields"]}
    found: list[Json] = []
    for record in made(kind):
        value = record[field]
        found += value if isinstance(value, list) else [value] if value else []
    assert found
    assert all(set(one) == wanted for one in found)


def test_about_one_account_in_ten_is_churned() -> None:
    churned = sum(record["churnedAt"] is not None for record in made("accounts", 1000, profile="lean"))
    assert 60 <= churned <= 140


def test_full_accounts_have_about_ninety_traits() -> None:
    sizes = [len(record["traits"]) for record in made("accounts")]
    assert ACCOUNT_KEYS == 92
    assert 85 <= sum(sizes) / len(sizes) <= 92


def test_traits_hold_every_documented_trap() -> None:
    traits = [record["traits"] for record in made("accounts")]
    keys = set().union(*traits)
    assert {"EMAIL", "email", "createdAt", "CREATED_AT"} <= keys
    assert {"hspot.scorecard__activation", "hspot.channel__slack_rounded_", "sfdc.Account_Health__c"} <= keys
    together = [one for one in traits if "EMAIL" in one and "email" in one]
    assert together
    values = [value for one in traits for value in one.values()]
    assert None in values
    assert any(isinstance(value, list) and value for value in values)
    assert any(value == [] for value in values)
    contacted = [one["hspot.notes_last_contacted"] for one in traits if one.get("hspot.notes_last_contacted")]
    assert contacted
    assert all(isinstance(value, int) and value > 2**31 for value in contacted)


def test_one_trait_changes_its_type_between_records() -> None:
    types = {type(record["traits"].get("legacy_score")) for record in made("accounts")}
    assert types == {int, str, type(None)}


def test_some_notes_and_tasks_have_empty_traits() -> None:
    for kind in ("notes", "tasks"):
        sizes = {len(record["traits"]) for record in made(kind)}
        assert 0 in sizes
        assert max(sizes) > 0


def test_due_dates_are_bare_dates() -> None:
    dates = [record["dueDate"] for record in made("tasks") if record["dueDate"]]
    assert dates
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", text) for text in dates)


def test_external_ids_are_texts_empty_texts_and_nulls() -> None:
    found = {record["externalId"] for record in made("accounts", 600, profile="lean")}
    assert {"", None, "acct-1"} <= found


def test_some_avatars_are_junk() -> None:
    found = {record["avatar"] for record in made("users")}
    assert any(avatar and avatar.startswith("<img") for avatar in found)
    assert None in found


def test_some_embedded_copies_are_stale() -> None:
    own = {record["id"]: record["updatedAt"] for record in made("accounts", 300)}
    ages = {own[note["account"]["id"]] > note["account"]["updatedAt"] for note in made("notes") if note["account"]}
    assert ages == {True, False}


def test_a_share_of_records_has_the_same_stamp_as_many_others() -> None:
    records = made("tasks", 3000, profile="lean")
    assert Counter(record["updatedAt"] for record in records).most_common(1)[0][1] > 60
    assert Counter(record["createdAt"] for record in records).most_common(1)[0][1] > 4


def test_numbers_are_written_as_javascript_writes_them() -> None:
    for record in made("accounts"):
        assert not re.search(r"\d\.0[,}]", json.dumps(record["mrr"]) + ",")


def test_embedded_accounts_follow_the_rules_of_their_place() -> None:
    user = next(user for user in made("users") if user["accounts"])
    assert "segments" in user["accounts"][0]
    assert "keyRoles" not in user["accounts"][0]
    note = next(note for note in made("notes") if note["account"])
    assert not {"segments", "keyRoles"} & set(note["account"])
    hung = next(note for note in made("notes") if note["organization"])
    assert hung["account"] is None
    assert hung["accountId"] is None


def test_lean_records_are_about_a_kilobyte_and_full_ones_several() -> None:
    def mean(kind: str, profile: str) -> float:
        records = made(kind, 300, profile=profile)
        return sum(len(json.dumps(record, ensure_ascii=False).encode()) for record in records) / len(records)

    assert 700 < mean("accounts", "lean") < 1400
    assert 3000 < mean("accounts", "full") < 7000
    for kind in ("users", "notes", "tasks"):
        assert 700 < mean(kind, "lean") < 1400
        assert 4000 < mean(kind, "full") < 10_000


def test_lean_records_embed_no_parents_but_keep_lists_for_child_tables() -> None:
    tables = 0
    for kind in ("accounts", "users", "notes", "tasks", "conversations"):
        records = made(kind, 300, profile="lean")
        assert not any(record.get("account") or record.get("organization") for record in records)
        lists: dict[str, int] = {}
        for record in records:
            for name, value in [*record.items(), *record["traits"].items()]:
                if isinstance(value, list):
                    lists[name] = lists.get(name, 0) + len(value)
        tables += sum(count > 0 for count in lists.values())
        assert 1.5 <= sum(lists.values()) / len(records) <= 4
    assert tables == 9


def test_lean_traits_neither_collide_nor_change_type() -> None:
    for kind in ("accounts", "users", "conversations"):
        types: dict[str, set[type]] = {}
        for record in made(kind, profile="lean"):
            keys = [re.sub(r"[^a-z0-9]+", "_", key.lower()) for key in record["traits"]]
            assert len(set(keys)) == len(keys)
            for key, value in record["traits"].items():
                types.setdefault(key, set()).add(type(value))
        assert all(len(found - {type(None)}) == 1 for found in types.values())


@pytest.mark.parametrize(("value", "expected"), [("null", None), ("{}", {}), ("absent", "absent")])
def test_a_switch_decides_how_an_unfilled_key_role_looks(value: str, expected: object) -> None:
    records = made("accounts", switches={"keyRoles.unfilled_user": value})
    users = [role.get("vitallyUser", "absent") for record in records for role in record["keyRoles"]]
    assert expected in users


def test_older_docs_know_fewer_fields() -> None:
    older = {"switches": {"doc_version": "older"}}
    assert not {"meetingDescription", "source"} & set(made("notes", 1, **older)[0])
    assert not {"meetingId", "source"} & set(made("tasks", 1, **older)[0])
    assert "permanentlyBounced" not in made("users", 1, **older)[0]


def test_a_switch_capitalises_conversation_states() -> None:
    states = {
        record["status"] for record in made("conversations", switches={"conversation.status_case": "capitalised"})
    }
    assert states == {"Open", "Closed"}


def test_a_switch_puts_users_into_notes() -> None:
    assert all(note["users"] == [] for note in made("notes", 5))
    assert all(note["users"][0]["email"] != "" for note in made("notes", 5, switches={"note.users_shape": "full"}))


@pytest.mark.parametrize("kind", KINDS)
def test_objects_can_do_without_any_other_object(kind: str) -> None:
    nothing = dict.fromkeys(KINDS, 0)
    assert len(made(kind, 20, records={**nothing, kind: 20})) == 20


def test_truth_is_every_record_of_an_object(full: Running) -> None:
    assert full.truth("accounts") == made("accounts", 60, records={"accounts": 60, "organizations": 9, "admins": 12})
