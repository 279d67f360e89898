from __future__ import annotations

from collections.abc import Callable

import pytest

from headrace.emulate.catalogue import KINDS
from headrace.emulate.control import Running
from tests.emulate.talk import ask, ids, walk

Start = Callable[..., Running]
SINGLE = [name for name in KINDS if KINDS[name].single]


@pytest.mark.parametrize("kind", [name for name in SINGLE if name != "conversations"])
def test_a_single_record_is_the_listed_one_bare(full: Running, kind: str) -> None:
    record = full.truth(kind)[4]
    assert ask(full.url, f"/{kind}/{record['id']}").json == record


@pytest.mark.parametrize("kind", ["accounts", "organizations", "users", "conversations"])
def test_a_record_is_found_by_its_external_id(full: Running, kind: str) -> None:
    record = next(record for record in full.truth(kind) if record["externalId"])
    assert ask(full.url, f"/{kind}/{record['externalId']}").json["id"] == record["id"]


@pytest.mark.parametrize("kind", ["notes", "tasks"])
def test_an_external_id_of_notes_and_tasks_needs_its_source(start: Start, kind: str) -> None:
    emulator = start(records={kind: 300})
    record = next(record for record in emulator.truth(kind) if record["externalId"] and record["source"])
    path = f"/{kind}/{record['externalId']}"
    assert ask(emulator.url, path).status == 404
    assert ask(emulator.url, f"{path}?source=nowhere").status == 404
    assert ask(emulator.url, f"{path}?source={record['source']}").json["id"] == record["id"]


def test_a_switch_hides_conversations_from_their_external_id(start: Start) -> None:
    emulator = start(switches={"conversation.get_by_external_id": "off"})
    record = next(record for record in emulator.truth("conversations") if record["externalId"])
    assert ask(emulator.url, f"/conversations/{record['externalId']}").status == 404


@pytest.mark.parametrize(
    "path", ["/nothing", "/accounts/none", "/nps_responses", "/accounts/x/y/z", "", "/admins/x", "/"]
)
def test_unknown_paths_are_404_with_an_error(full: Running, path: str) -> None:
    reply = ask(full.url, path)
    assert (reply.status, reply.json) == (404, {"error": "Not found"})


def test_a_switch_sets_the_text_of_404(start: Start) -> None:
    assert ask(start(switches={"errors.404_body": "gone"}).url, "/x").json == {"error": "gone"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_writing_is_refused_in_json(full: Running, method: str) -> None:
    reply = ask(full.url, "/accounts", method, b'{"name": "x"}')
    assert (reply.status, set(reply.json)) == (405, {"error"})
    assert reply.headers["Allow"] == "GET, HEAD"


def test_only_a_single_conversation_carries_messages(full: Running) -> None:
    for listed in full.truth("conversations"):
        whole = ask(full.url, f"/conversations/{listed['id']}").json
        assert set(whole) - set(listed) == {"messages", "accounts", "users", "admins"}
        assert {name: whole[name] for name in listed} == listed
        for message in whole["messages"]:
            assert message["conversationId"] == listed["id"]
            assert message["from"]["type"] == ("user" if message["type"] == "inbound" else "admin")


def test_messages_are_listed_under_their_conversation_and_found_by_id(full: Running) -> None:
    seen = []
    for listed in full.truth("conversations"):
        page = ask(full.url, f"/conversations/{listed['id']}/messages").json
        assert page["next"] is None
        seen += page["results"]
    assert full.truth("messages") == seen != []
    assert len(set(ids(seen))) == len(seen)
    assert ask(full.url, f"/messages/{seen[7]['id']}").json == seen[7]


@pytest.mark.parametrize("key", ["x", "00000000-0000-4000-a000-fffffffff000", "00000000-0000-4000-a000-00000000000z"])
def test_a_message_that_does_not_exist_is_404(full: Running, key: str) -> None:
    assert ask(full.url, f"/messages/{key}").status == 404


def test_a_switch_embeds_ids_only_in_a_conversation(start: Start) -> None:
    emulator = start(profile="full", switches={"conversation.embed_depth": "ids"})
    whole = ask(emulator.url, f"/conversations/{emulator.truth('conversations')[0]['id']}").json
    assert [set(one) for one in whole["accounts"] + whole["users"] + whole["admins"]] == [{"id"}] * 3


@pytest.mark.parametrize("child", KINDS["accounts"].children)
def test_what_hangs_on_accounts_is_listed_under_them(full: Running, child: str) -> None:
    found = [walk(full.url, f"accounts/{account['id']}/{child}", limit="2") for account in full.truth("accounts")]
    read = [key for page in found for key in ids(page)]
    assert set(read) <= set(ids(full.truth(child)))
    assert len(set(read)) > len(full.truth(child)) // 2
    if child in {"notes", "tasks", "projects"}:
        for account, page in zip(full.truth("accounts"), found, strict=True):
            assert {record["accountId"] for record in page} <= {account["id"]}
    if child == "users":
        linked = {record["id"] for record in full.truth("users") if record["accounts"]}
        assert set(read) == linked


def test_accounts_of_an_organization_hide_churned_ones_unless_asked(full: Running, start: Start) -> None:
    def read(emulator: Running, query: str = "") -> set[str]:
        paths = [f"/organizations/{one['id']}/accounts{query}" for one in emulator.truth("organizations")]
        return {key for path in paths for key in ids(ask(emulator.url, path).json["results"])}

    linked = [account for account in full.truth("accounts") if account["organizationId"]]
    assert read(full) == {account["id"] for account in linked if not account["churnedAt"]}
    assert read(full, "?status=activeOrChurned") == set(ids(linked))
    generous = start(switches={"accounts.by_org_status_default": "all"})
    assert read(generous) == set(ids(linked))


def test_custom_fields_are_a_bare_array_sorted_by_label(full: Running) -> None:
    found = ask(full.url, "/customFields?model=accounts").json
    labels = [field["label"] for field in found]
    assert labels == sorted(labels) != []
    assert ask(full.url, "/customFields?model=planets").status == 400


def test_users_are_searched_by_exactly_one_thing(full: Running) -> None:
    user = next(user for user in full.truth("users") if user["email"] and user["externalId"])
    for query in (
        f"email={user['email']}",
        f"externalId={user['externalId']}",
        f"emailSubdomain={user['email'].split('@')[1]}",
    ):
        page = ask(full.url, f"/users/search?{query}").json
        assert set(page) == {"results"}
        assert user["id"] in ids(page["results"])
    assert ask(full.url, "/users/search").status == 400
    assert ask(full.url, "/users/search?email=a&externalId=b").status == 400


def test_an_admin_is_searched_by_email(full: Running, start: Start) -> None:
    admin = full.truth("admins")[2]
    assert ask(full.url, f"/admins/search?email={admin['email']}").json == admin
    assert ask(full.url, "/admins/search").status == 400
    assert ask(full.url, "/admins/search?email=none").status == 404
    assert ask(start(switches={"admins.search_miss": "null"}).url, "/admins/search?email=none").json is None


def test_health_scores_are_unknown_unless_a_switch_says_so(full: Running, start: Start) -> None:
    emulator = start(switches={"healthScores.body": "json"})
    key = full.truth("accounts")[0]["id"]
    assert ask(full.url, f"/accounts/{key}/healthScores").status == 404
    assert ask(emulator.url, f"/accounts/{key}/healthScores").json["next"] is None


def test_an_id_may_be_percent_encoded(full: Running) -> None:
    key = full.truth("users")[0]["id"]
    assert ask(full.url, f"/users/{key.replace('-', '%2D')}").json["id"] == key


def test_truth_of_an_unknown_object_is_404(full: Running) -> None:
    assert ask(full.url, "/_truth/planets").status == 404
    assert ask(full.url, "/_else").status == 404
