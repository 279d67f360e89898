from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from headrace.emulate.api import Api
from headrace.emulate.control import Running
from headrace.emulate.mutate import Mutator
from headrace.emulate.vitally import Settings, Step
from headrace.errors import HeadraceError
from tests.emulate.talk import ask, ids, walk

Start = Callable[..., Running]


def once(at: int, do: Callable[[], None]) -> Callable[[int], None]:
    return lambda number: do() if number == at else None


def test_a_walk_by_update_misses_an_unread_row_that_is_updated(start: Start) -> None:
    emulator = start()
    oldest = walk(emulator.url, "tasks")[-1]["id"]
    read = walk(emulator.url, "tasks", between=once(2, lambda: emulator.mutate("tasks", "update", oldest)), limit="20")
    assert oldest not in ids(read)
    assert len(read) == len(emulator.truth("tasks")) - 1
    assert walk(emulator.url, "tasks")[0]["id"] == oldest


def test_a_walk_by_creation_does_not_miss_it(start: Start) -> None:
    emulator = start()
    oldest = walk(emulator.url, "tasks")[-1]["id"]
    change = once(2, lambda: emulator.mutate("tasks", "update", oldest))
    read = walk(emulator.url, "tasks", between=change, limit="20", sortBy="createdAt")
    assert sorted(ids(read)) == sorted(ids(emulator.truth("tasks")))


def test_a_script_makes_the_same_loss_with_no_help(start: Start) -> None:
    emulator = start(script=(Step("tasks", 2, "update_unread"),))
    before = {record["id"]: record for record in emulator.truth("tasks")}
    read = walk(emulator.url, "tasks", limit="20")
    missed = set(before) - set(ids(read))
    after = {record["id"]: record for record in emulator.truth("tasks")}
    assert len(missed) == 1
    assert after[missed.pop()]["updatedAt"] > max(record["updatedAt"] for record in before.values())


@pytest.mark.parametrize(("kind", "grown"), [("update_read", 0), ("create", 1), ("archive", 0), ("delete", -1)])
def test_other_scripted_changes_lose_nothing_that_was_there(start: Start, kind: str, grown: int) -> None:
    emulator = start(script=(Step("notes", 1, kind),))
    before = emulator.truth("notes")
    read = walk(emulator.url, "notes", limit="20")
    assert sorted(ids(read)) == sorted(ids(before))
    after = emulator.truth("notes")
    assert len(after) == len(before) + grown
    if kind in {"update_read", "archive"}:
        assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


def test_offset_cursors_repeat_a_row_when_one_jumps_ahead(start: Start) -> None:
    emulator = start(script=(Step("tasks", 2, "update_unread"),), switches={"cursor.kind": "offset"})
    read = ids(walk(emulator.url, "tasks", limit="20"))
    assert len(set(read)) == len(read) - 1


def test_a_created_record_is_newest_and_can_be_asked_for(start: Start) -> None:
    emulator = start()
    known = set(ids(emulator.truth("users")))
    emulator.mutate("users", "create")
    first = ask(emulator.url, "/users?limit=1").json["results"][0]
    assert first["id"] not in known
    assert first["createdAt"] == first["updatedAt"]
    assert ask(emulator.url, f"/users/{first['id']}").json == first


def test_a_deleted_record_is_gone_everywhere(start: Start) -> None:
    emulator = start()
    key = emulator.truth("notes")[3]["id"]
    assert ask(emulator.url, f"/notes/{key}").status == 200
    emulator.mutate("notes", "delete", key)
    assert ask(emulator.url, f"/notes/{key}").status == 404
    assert key not in ids(walk(emulator.url, "notes")) + ids(emulator.truth("notes"))


def test_an_account_that_churns_vanishes_from_the_usual_list(start: Start) -> None:
    emulator = start()
    key = ask(emulator.url, "/accounts?limit=1").json["results"][0]["id"]
    emulator.mutate("accounts", "archive", key)
    assert key not in ids(walk(emulator.url, "accounts"))
    assert ask(emulator.url, "/accounts?status=churned&limit=1").json["results"][0]["id"] == key


@pytest.mark.parametrize(("value", "moves"), [("yes", True), ("no", False)])
def test_archiving_moves_the_update_or_not(start: Start, value: str, moves: bool) -> None:
    emulator = start(switches={"archive_moves_updatedAt": value})
    before = next(record for record in emulator.truth("tasks") if not record["archivedAt"])
    emulator.mutate("tasks", "archive", before["id"])
    after = ask(emulator.url, f"/tasks/{before['id']}").json
    assert after["archivedAt"]
    assert (after["updatedAt"] > before["updatedAt"]) is moves


def test_an_update_changes_the_stamp_and_a_text_and_nothing_else(start: Start) -> None:
    emulator = start(profile="full")
    before = emulator.truth("users")[5]
    for _ in range(2):
        emulator.mutate("users", "update", before["id"])
    after = emulator.truth("users")[5]
    assert {name for name in before if before[name] != after[name]} == {"updatedAt", "name"}
    assert after["name"].count("✎") == 1


def test_records_without_stamps_can_change_too(start: Start) -> None:
    emulator = start()
    emulator.mutate("admins", "update")
    assert sum("✎" in (record["name"] or "") for record in emulator.truth("admins")) == 1


@pytest.mark.parametrize(
    "wish", [("planets", "update"), ("users", "paint"), ("users", "update_read"), ("users", "update", "x")]
)
def test_a_change_that_cannot_be_made_is_refused(start: Start, wish: tuple[str, ...]) -> None:
    with pytest.raises(HeadraceError, match="400"):
        start().mutate(*wish)


def test_records_change_while_they_are_served(start: Start) -> None:
    emulator = start(mutate_per_s=200)
    before = {name: emulator.truth(name) for name in ("users", "tasks")}
    time.sleep(0.3)
    assert before != {name: emulator.truth(name) for name in ("users", "tasks")}


def test_changes_by_chance_are_the_same_for_the_same_seed_and_clock() -> None:
    def changed() -> list[bytes]:
        settings = Settings(profile="lean", records=dict.fromkeys(("users", "notes", "tasks", "conversations"), 20))
        api = Api(settings, lambda: 0.0)
        mutator = Mutator(api, settings, lambda: 1_800_000_000.0)
        for _ in range(60):
            mutator.any()
        return [body for shelf in api.shelves.values() for body in shelf.live()]

    assert changed() == changed()


def test_stamps_never_run_backwards_with_the_clock() -> None:
    settings, clock = Settings(profile="lean"), [2_000_000_000.0]
    api = Api(settings, lambda: 0.0)
    mutator = Mutator(api, settings, lambda: clock[0])
    mutator.apply("update", "users", 0)
    clock[0] -= 500
    mutator.apply("update", "users", 1)
    assert api.get("users?limit=2").body.count(b"2033-05-18T03:33:20.000Z") >= 2


def test_lists_under_a_parent_show_new_records(start: Start) -> None:
    emulator = start()
    accounts = ids(emulator.truth("accounts"))

    def count() -> int:
        return sum(len(walk(emulator.url, f"accounts/{key}/conversations")) for key in accounts)

    before = count()
    emulator.mutate("conversations", "create")
    assert count() == before + 1
