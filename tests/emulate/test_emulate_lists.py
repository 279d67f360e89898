from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from operator import itemgetter
from urllib.parse import quote

import pytest

from headrace.emulate.catalogue import KINDS
from headrace.emulate.control import Running
from tests.emulate.conftest import SMALL
from tests.emulate.talk import ask, ids, pages, walk

Start = Callable[..., Running]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limit", ["7", "100"])
def test_a_walk_gives_every_record_of_the_truth_once(lean: Running, kind: str, limit: str) -> None:
    read = walk(lean.url, kind, limit=limit, status="activeOrChurned")
    by_id = itemgetter("id")
    assert sorted(read, key=by_id) == sorted(lean.truth(kind), key=by_id)


@pytest.mark.parametrize("sort", ["updatedAt", "createdAt"])
@pytest.mark.parametrize("kind", [name for name in KINDS if KINDS[name].sorts])
def test_lists_run_from_the_newest_to_the_oldest(lean: Running, kind: str, sort: str) -> None:
    read = [(record[sort], record["id"]) for record in walk(lean.url, kind, limit="9", sortBy=sort)]
    assert read == sorted(read, reverse=True)


def test_equal_stamps_across_a_page_edge_lose_and_repeat_nothing(start: Start) -> None:
    emulator = start(records={**SMALL, "tasks": 600})
    truth = emulator.truth("tasks")
    stamps = [record["updatedAt"] for record in truth]
    assert max(map(stamps.count, set(stamps))) > 10
    assert sorted(ids(walk(emulator.url, "tasks", limit="3"))) == sorted(ids(truth))


def test_the_order_is_by_update_unless_asked_otherwise(lean: Running) -> None:
    plain, by_update = walk(lean.url, "tasks"), walk(lean.url, "tasks", sortBy="updatedAt")
    assert plain == by_update != walk(lean.url, "tasks", sortBy="createdAt")


def test_a_switch_turns_the_order_by_creation_round(start: Start) -> None:
    emulator = start(switches={"sort.createdAt_direction": "asc"})
    read = [record["createdAt"] for record in walk(emulator.url, "notes", sortBy="createdAt", limit="8")]
    assert read == sorted(read)
    assert len(read) == SMALL["notes"]


def test_the_envelope_is_results_and_next_and_ends_with_null(lean: Running) -> None:
    read = list(pages(lean.url, "notes", limit="30"))
    assert [set(page) for page in read] == [{"results", "next"}] * 3
    assert read[-1]["next"] is None


def test_an_empty_list_is_no_results_and_a_null_next(start: Start) -> None:
    emulator = start(records=dict.fromkeys(KINDS, 0))
    assert ask(emulator.url, "/users").body == b'{"results":[],"next":null}'


def test_a_full_last_page_has_no_next(lean: Running) -> None:
    assert len(list(pages(lean.url, "tasks", limit="20"))) == SMALL["tasks"] // 20


def test_a_cursor_is_padded_base64_of_json_with_value_and_id(lean: Running) -> None:
    page = ask(lean.url, "/tasks?limit=5").json
    inside = json.loads(b64decode(page["next"], validate=True))
    last = page["results"][-1]
    assert inside == {"sortValue": last["updatedAt"], "lastId": last["id"]}
    assert page["next"].endswith("=")


def test_a_page_has_a_hundred_records_unless_asked_otherwise(start: Start) -> None:
    emulator = start(records={**SMALL, "users": 130})
    assert len(ask(emulator.url, "/users").json["results"]) == 100


def test_a_limit_over_the_maximum_is_refused_in_the_form_of_ajv(lean: Running) -> None:
    reply = ask(lean.url, "/users?limit=101")
    error = reply.json["error"]
    assert (reply.status, error["message"], error["errors"][0]["keyword"]) == (400, "validation failed", "maximum")
    assert set(error["errors"][0]) == {"instancePath", "schemaPath", "keyword", "params", "message"}


@pytest.mark.parametrize(("text", "keyword"), [("0", "minimum"), ("-3", "minimum"), ("ten", "type"), ("", "type")])
def test_a_limit_that_is_no_positive_number_is_refused(lean: Running, text: str, keyword: str) -> None:
    reply = ask(lean.url, f"/users?limit={text}")
    assert (reply.status, reply.json["error"]["errors"][0]["keyword"]) == (400, keyword)


def test_switches_clamp_a_limit_or_take_the_default(start: Start) -> None:
    emulator = start(page_cap=20, switches={"page.limit_over_max": "clamp", "page.limit_invalid": "default"})
    assert [len(ask(emulator.url, f"/users?limit={text}").json["results"]) for text in ("500", "0", "x")] == [20] * 3


def test_the_page_cap_is_the_largest_and_the_usual_page(start: Start) -> None:
    emulator = start(page_cap=10)
    assert len(ask(emulator.url, "/users").json["results"]) == 10
    assert ask(emulator.url, "/users?limit=11").status == 400


def test_a_switch_sets_the_usual_page(start: Start) -> None:
    emulator = start(switches={"page.default_limit": "4"})
    assert len(ask(emulator.url, "/users").json["results"]) == 4
    assert len(ask(emulator.url, "/users?limit=50").json["results"]) == 50


@pytest.mark.parametrize("query", ["sortBy=name", "status=gone"])
def test_a_bad_value_is_refused_or_ignored(lean: Running, start: Start, query: str) -> None:
    assert ask(lean.url, f"/accounts?{query}").json["error"]["errors"][0]["keyword"] == "enum"
    lenient = start(switches={"sort.bad_value": "ignore", "status.bad_value": "ignore"})
    assert ask(lenient.url, f"/accounts?{query}").body == ask(lenient.url, "/accounts").body


def test_unknown_parameters_are_ignored(lean: Running) -> None:
    assert ask(lean.url, "/notes?offset=30&order_by=x").body == ask(lean.url, "/notes").body


def test_churned_accounts_are_hidden_unless_asked_for(lean: Running) -> None:
    everything = walk(lean.url, "accounts", status="activeOrChurned")
    active, churned = walk(lean.url, "accounts"), walk(lean.url, "accounts", status="churned")
    assert active == walk(lean.url, "accounts", status="active")
    assert churned
    assert all(record["churnedAt"] for record in churned)
    assert not any(record["churnedAt"] for record in active)
    assert sorted(ids(everything)) == sorted(ids(active) + ids(churned))


@pytest.mark.parametrize("kind", ["notes", "tasks", "projects"])
def test_archived_records_are_listed_unless_one_side_is_asked_for(lean: Running, kind: str) -> None:
    on, off = walk(lean.url, kind, archived="true"), walk(lean.url, kind, archived="false")
    assert on
    assert all(record["archivedAt"] for record in on)
    assert not any(record["archivedAt"] for record in off)
    assert sorted(ids(walk(lean.url, kind))) == sorted(ids(on) + ids(off))


def test_a_switch_hides_archived_records(start: Start) -> None:
    emulator = start(switches={"archived.omitted": "active"})
    assert not any(record["archivedAt"] for record in walk(emulator.url, "tasks"))


def test_archived_must_be_a_boolean(lean: Running) -> None:
    assert ask(lean.url, "/tasks?archived=maybe").status == 400


def test_a_source_narrows_notes_and_tasks(lean: Running) -> None:
    read = walk(lean.url, "tasks", source="asana")
    assert ids(read) == [record["id"] for record in walk(lean.url, "tasks") if record["source"] == "asana"] != []


def test_a_malformed_cursor_is_refused_or_restarts(lean: Running, start: Start) -> None:
    for text in ("xyz", "!!!", b64encode(b"{}").decode(), b64encode(b'{"sortValue":1,"lastId":2}').decode()):
        assert ask(lean.url, f"/users?from={quote(text)}").status == 400
    lenient = start(switches={"cursor.invalid": "restart"})
    assert ask(lenient.url, "/users?from=xyz").body == ask(lenient.url, "/users").body


def test_a_plus_that_was_not_encoded_spoils_the_cursor(lean: Running) -> None:
    assert ask(lean.url, "/users?from=ab+d").status == 400


def test_a_cursor_of_another_walk_is_refused(lean: Running) -> None:
    following = quote(ask(lean.url, "/tasks?limit=5").json["next"])
    assert ask(lean.url, f"/tasks?limit=9&from={following}").status == 200
    assert ask(lean.url, f"/tasks?archived=false&from={following}").status == 400


@pytest.mark.parametrize(("value", "same"), [("honour", False), ("restart", True)])
def test_switches_take_a_cursor_of_another_walk(start: Start, value: str, same: bool) -> None:
    emulator = start(switches={"cursor.params_changed": value})
    following = quote(ask(emulator.url, "/tasks?limit=5").json["next"])
    reply = ask(emulator.url, f"/tasks?archived=false&from={following}")
    assert (reply.body == ask(emulator.url, "/tasks?archived=false").body) is same


def test_a_cursor_from_before_a_restart_goes_on_where_it_was(start: Start) -> None:
    before, after = start(), start()
    following = quote(ask(before.url, "/tasks?limit=5").json["next"])
    assert ask(after.url, f"/tasks?from={following}").body == ask(before.url, f"/tasks?from={following}").body


def test_offset_cursors_walk_the_same_records(start: Start) -> None:
    emulator = start(switches={"cursor.kind": "offset"})
    assert walk(emulator.url, "tasks", limit="9") == walk(emulator.url, "tasks")
    inside = json.loads(b64decode(ask(emulator.url, "/tasks?limit=9").json["next"]))
    assert inside == {"offset": 9}


def test_a_switch_leaves_next_out_at_the_end(start: Start) -> None:
    assert set(ask(start(switches={"next.at_end": "absent"}).url, "/admins").json) == {"results"}


def test_a_switch_puts_empty_pages_into_a_walk_that_still_ends(start: Start) -> None:
    emulator = start(switches={"next.empty_page": "on"})
    read = list(pages(emulator.url, "tasks", limit="5"))
    empty = [page for page in read if not page["results"]]
    assert empty
    assert all(page["next"] for page in empty)
    assert sorted(ids([record for page in read for record in page["results"]])) == sorted(ids(emulator.truth("tasks")))


def test_admins_are_listed_by_id_or_by_name(lean: Running, start: Start) -> None:
    assert ids(walk(lean.url, "admins", limit="5")) == sorted(ids(lean.truth("admins")))
    named = walk(start(switches={"admins.order": "name"}).url, "admins", limit="5")
    names = [record["name"] or "" for record in named]
    assert names == sorted(names)
    assert len(names) == SMALL["admins"]


def test_lists_without_sorting_ignore_sort_by(lean: Running) -> None:
    assert ask(lean.url, "/noteCategories?sortBy=nonsense").status == 200


def test_gzip_is_offered_by_a_switch_to_those_who_take_it(start: Start) -> None:
    import gzip

    emulator = start(switches={"encoding": "gzip"})
    packed = ask(emulator.url, "/users", encoding="gzip")
    plain = ask(emulator.url, "/users")
    assert (packed.headers["Content-Encoding"], plain.headers["Content-Encoding"]) == ("gzip", None)
    assert gzip.decompress(packed.body) == plain.body
