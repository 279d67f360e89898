"""Runs that load what is new: from where the warehouse stands, for every row of a parent by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest

from tests.e2e.api import served
from tests.e2e.workplace import Ran, Workplace

pytestmark = pytest.mark.timeout(60)


class Log:
    """Events by list, two a page, of which `since` asks for those from there on; `queries` are what came."""

    def __init__(self) -> None:
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.queries: list[tuple[str, dict[str, list[str]]]] = []
        self.refused: set[str] = set()
        self.ignores_since = False
        self.url = ""

    def answer(self, target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        name = parts.path.strip("/")
        self.queries.append((name, query))
        if f"{name}@{query.get('at', ['0'])[0]}" in self.refused:
            return 403, {"error": "no"}
        since = "" if self.ignores_since else query.get("since", [""])[0]
        rows = [row for row in self.events.get(name, []) if row.get("at", "") >= since]
        at = int(query.get("at", ["0"])[0])
        return 200, {"rows": rows[at : at + 2], "next": str(at + 2) if at + 2 < len(rows) else None}

    def asked(self, name: str) -> list[str]:
        return [query.get("since", ["-"])[0] for asked, query in self.queries if asked == name]


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    with served(log.answer) as log.url:
        yield log


def a_list(name: str, path: str, incremental: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "at"}
    endpoint: dict[str, Any] = {"path": path, "data_selector": "rows", "paginator": paginator}
    if incremental is not None:
        endpoint["incremental"] = {"cursor_path": "at", "start_param": "since", **incremental}
    return {"name": name, "write_disposition": "append", "endpoint": endpoint, **more}


def go(workplace: Workplace, log: Log, *resources: dict[str, Any], args: tuple[str, ...] = ("run",)) -> Ran:
    config = {"client": {"base_url": log.url}, "resources": list(resources)}
    (workplace.folder / "log.json").write_text(json.dumps(config))
    log.queries.clear()
    return workplace.headrace(args[0], "log.json", "--format", "json", *args[1:])


def ids(workplace: Workplace, table: str) -> list[Any]:
    with duckdb.connect(str(workplace.folder / "log.duckdb"), read_only=True) as connection:
        return [row[0] for row in connection.execute(f"SELECT id FROM log_data.{table} ORDER BY id").fetchall()]


def event(number: int, day: int) -> dict[str, Any]:
    return {"id": number, "at": f"2024-01-{day:02}"}


EVENTS = a_list("events", "events", {"initial_value": "2024-01-02"})


def test_the_second_run_asks_from_where_the_first_came_to(log: Log, workplace: Workplace) -> None:
    log.events["events"] = [event(1, 1), event(2, 2), event(3, 3), event(4, 4)]
    assert go(workplace, log, EVENTS).code == 0
    assert set(log.asked("events")) == {"2024-01-02"}
    log.events["events"] += [event(5, 4), event(6, 5)]
    ran = go(workplace, log, EVENTS)
    assert ran.code == 0, ran.err
    assert set(log.asked("events")) == {"2024-01-04"}
    assert ids(workplace, "events") == [2, 3, 4, 5, 6]
    assert ran.report["resources"]["events"]["watermark"] == "2024-01-05"


def test_old_records_are_left_out_where_the_api_sends_them_all(log: Log, workplace: Workplace) -> None:
    log.ignores_since = True
    log.events["events"] = [event(1, 1), event(2, 2), event(3, 3)]
    assert go(workplace, log, EVENTS).code == 0
    log.events["events"] += [event(4, 3), event(5, 1)]
    assert go(workplace, log, EVENTS).code == 0
    assert ids(workplace, "events") == [2, 3, 4]


def test_a_run_that_failed_goes_on_from_the_same_start(log: Log, workplace: Workplace) -> None:
    log.events["events"] = [event(number, 1 + number) for number in range(1, 7)]
    log.refused = {"events@4"}
    assert go(workplace, log, EVENTS).code == 3
    log.refused = set()
    assert go(workplace, log, EVENTS).code == 0
    assert set(log.asked("events")) == {"2024-01-02"}
    assert ids(workplace, "events") == [1, 2, 3, 4, 5, 6]
    assert go(workplace, log, EVENTS).code == 0
    assert set(log.asked("events")) == {"2024-01-07"}
    assert ids(workplace, "events") == [1, 2, 3, 4, 5, 6]


def test_a_page_limit_does_not_move_the_start(log: Log, workplace: Workplace) -> None:
    log.events["events"] = [event(number, 9 - number) for number in range(1, 7)]  # the newest first
    assert go(workplace, log, EVENTS, args=("run", "--limit-pages", "1")).code == 1
    merged = {**EVENTS, "write_disposition": "merge", "primary_key": "id"}
    assert go(workplace, log, merged).code == 0
    assert ids(workplace, "events")[-1] == 6
    assert set(log.asked("events")) == {"2024-01-02"}


def test_a_full_refresh_begins_again(log: Log, workplace: Workplace) -> None:
    log.events["events"] = [event(1, 2), event(2, 3)]
    assert go(workplace, log, EVENTS).code == 0
    assert go(workplace, log, EVENTS, args=("run", "--full-refresh")).code == 0
    assert set(log.asked("events")) == {"2024-01-02"}
    assert ids(workplace, "events") == [1, 2]


def test_fetch_and_replay_load_what_one_run_would(log: Log, workplace: Workplace) -> None:
    log.events["events"] = [event(1, 2), event(2, 3)]
    assert go(workplace, log, EVENTS).code == 0
    log.events["events"] += [event(3, 3), event(4, 4)]
    assert go(workplace, log, EVENTS, args=("fetch",)).code == 0
    assert set(log.asked("events")) == {"2024-01-03"}
    assert go(workplace, log, EVENTS, args=("replay",)).code == 0
    assert ids(workplace, "events") == [1, 2, 3, 4]
    assert go(workplace, log, EVENTS).code == 0
    assert set(log.asked("events")) == {"2024-01-04"}


def test_every_row_of_a_parent_has_its_own_place(log: Log, workplace: Workplace) -> None:
    logs = a_list("logs", "logs", primary_key="id", write_disposition="replace")
    entries = a_list("entries", "logs/{resources.logs.id}", {"initial_value": "2024-01-01"})
    log.events["logs"] = [{"id": "a"}, {"id": "b"}]
    log.events["logs/a"] = [event(1, 9), event(2, 10)]
    log.events["logs/b"] = [event(3, 2), event(4, 3)]
    assert go(workplace, log, logs, entries).code == 0
    log.events["logs/b"] += [event(5, 4)]
    ran = go(workplace, log, logs, entries)
    assert ran.code == 0, ran.err
    assert log.asked("logs/a") == ["2024-01-10"]
    assert log.asked("logs/b") == ["2024-01-03"]
    assert ids(workplace, "entries") == [1, 2, 3, 4, 5]


def test_children_are_asked_for_new_rows_of_the_parent_alone(log: Log, workplace: Workplace) -> None:
    details = a_list("details", "events/{resources.events.id}")
    log.events |= {"events": [event(1, 3)], "events/1": [{"id": 10}], "events/2": [{"id": 20}]}
    assert go(workplace, log, EVENTS, details).code == 0
    log.events["events"] += [event(2, 4)]
    assert go(workplace, log, EVENTS, details).code == 0
    assert [name for name, _ in log.queries if name != "events"] == ["events/2"]
    assert ids(workplace, "details") == [10, 20]


def test_a_record_without_the_value_stops_the_walk_with_a_mend(log: Log, workplace: Workplace) -> None:
    log.events["events"] = [{"id": 1}]
    log.ignores_since = True
    ran = go(workplace, log, EVENTS)
    assert ran.code == 3
    assert "on_cursor_value_missing" in ran.out


def test_rows_in_order_end_the_walk_early(log: Log, workplace: Workplace) -> None:
    log.ignores_since = True
    log.events["events"] = [event(number, 20 - number) for number in range(1, 15)]
    ordered = a_list("events", "events", {"initial_value": "2024-01-15", "row_order": "desc"})
    ran = go(workplace, log, ordered)
    assert ran.code == 0, ran.err
    assert len(log.queries) == 3
    assert ids(workplace, "events") == [1, 2, 3, 4, 5]


def test_a_parents_place_waits_for_its_children(log: Log, workplace: Workplace) -> None:
    details = a_list("details", "events/{resources.events.id}")
    log.events |= {"events": [event(1, 3), event(2, 4)], "events/1": [{"id": 10}], "events/2": [{"id": 20}]}
    assert go(workplace, log, EVENTS, details, args=("run", "--resource", "events")).code == 0
    merged = {**EVENTS, "write_disposition": "merge", "primary_key": "id"}
    assert go(workplace, log, merged, details).code == 0
    assert ids(workplace, "details") == [10, 20]


def test_a_run_of_some_resources_does_not_make_the_others_forget(log: Log, workplace: Workplace) -> None:
    plain = a_list("plain", "plain")
    log.events |= {"events": [event(1, 3)], "plain": [{"id": 1}]}
    assert go(workplace, log, EVENTS, plain).code == 0
    log.refused = {"plain@0"}
    assert go(workplace, log, EVENTS, plain, args=("run", "--resource", "plain")).code == 3
    log.refused = set()
    assert go(workplace, log, EVENTS, plain).code == 0
    assert ids(workplace, "events") == [1]


def test_a_full_refresh_of_one_resource_leaves_the_others(log: Log, workplace: Workplace) -> None:
    plain = a_list("plain", "plain")
    log.events |= {"events": [event(1, 3), event(2, 4)], "plain": [{"id": 1}]}
    assert go(workplace, log, EVENTS, plain).code == 0
    log.events["events"] = [event(3, 5)]
    log.refused = {"plain@0"}
    assert go(workplace, log, EVENTS, plain, args=("run", "--full-refresh", "--resource", "plain")).code == 3
    log.refused = set()
    assert go(workplace, log, EVENTS, plain).code == 0
    assert ids(workplace, "events") == [1, 2, 3]


def test_a_full_refresh_drops_no_table_that_others_fill(log: Log, workplace: Workplace) -> None:
    other = a_list("other", "other", table_name="events")
    log.events |= {"events": [event(1, 3)], "other": [{"id": 9}]}
    assert go(workplace, log, EVENTS, other).code == 0
    ran = go(workplace, log, EVENTS, other, args=("run", "--full-refresh", "--resource", "events"))
    assert ran.code == 2
    assert "other" in ran.out


def test_a_replace_empties_no_table_that_others_fill(log: Log, workplace: Workplace) -> None:
    way: dict[str, Any] = {"write_disposition": "replace", "table_name": "both"}
    one, other = a_list("one", "one", **way), a_list("other", "other", **way)
    log.events |= {"one": [{"id": 1}], "other": [{"id": 2}]}
    assert go(workplace, log, one, other).code == 0
    ran = go(workplace, log, one, other, args=("run", "--resource", "other"))
    assert ran.code == 2
    assert "to replace other would drop the rows of one" in ran.out
    assert ids(workplace, "both") == [1, 2]


def test_a_replay_of_old_pages_takes_no_increment_back(log: Log, workplace: Workplace) -> None:
    merged = {**EVENTS, "write_disposition": "merge", "primary_key": "id"}
    log.events["events"] = [event(1, 3)]
    assert go(workplace, log, merged, args=("fetch", "--journal", "j1")).code == 0
    log.events["events"] += [event(2, 9)]
    assert go(workplace, log, merged, args=("run", "--journal", "j2")).code == 0
    assert go(workplace, log, merged, args=("replay", "--journal", "j1")).code == 0
    assert go(workplace, log, merged, args=("run", "--journal", "j2")).code == 0
    assert set(log.asked("events")) == {"2024-01-09"}


def test_what_a_row_shows_beside_its_id_does_not_make_it_another(log: Log, workplace: Workplace) -> None:
    logs = a_list("logs", "logs", write_disposition="replace")
    more: dict[str, Any] = {"include_from_parent": ["name"], "primary_key": "id"}
    entries = a_list("entries", "logs/{resources.logs.id}", {"initial_value": "2024-01-01"}, **more)
    log.events |= {"logs": [{"id": "a", "name": "old"}], "logs/a": [event(1, 9)]}
    assert go(workplace, log, logs, entries).code == 0
    log.events["logs"] = [{"id": "a", "name": "new"}]
    assert go(workplace, log, logs, entries).code == 0
    assert ids(workplace, "entries") == [1]


def test_a_record_that_cannot_be_sifted_stops_its_own_resource_alone(log: Log, workplace: Workplace) -> None:
    plain = a_list("plain", "plain")
    log.ignores_since = True
    log.events |= {"events": [{"id": 1}], "plain": [{"id": 1}]}
    assert go(workplace, log, EVENTS, plain).code == 3
    assert go(workplace, log, EVENTS, plain).code == 3
    assert ids(workplace, "plain") == [1]


def test_rows_of_a_run_that_proved_nothing_are_not_there_twice_after_the_next(log: Log, workplace: Workplace) -> None:
    log.events["a"] = [{"id": n, "at": f"2026-01-0{n}"} for n in range(1, 6)]
    events = a_list("events", "a", {})
    assert go(workplace, log, events).code == 0
    log.events["a"] += [{"id": n, "at": f"2026-02-0{n - 5}"} for n in range(6, 10)]
    assert go(workplace, log, events, args=("run", "--limit-pages", "1")).code == 1
    assert ids(workplace, "events") == [1, 2, 3, 4, 5, 6]
    log.refused = {"a@4"}
    assert go(workplace, log, events).code == 3
    log.refused = set()
    assert go(workplace, log, events, args=("run", "--new")).code == 0
    assert ids(workplace, "events") == [*range(1, 10)]
    assert go(workplace, log, events).code == 0
    assert ids(workplace, "events") == [*range(1, 10)]


def test_children_of_a_run_that_proved_nothing_are_not_there_twice(log: Log, workplace: Workplace) -> None:
    log.events["shops"] = [{"id": "x"}, {"id": "y"}]
    for shop in ("x", "y"):
        log.events[shop] = [{"id": f"{shop}{n}", "at": f"2026-01-0{n}"} for n in range(1, 4)]
    resources = (a_list("shops", "shops", write_disposition="replace"), a_list("visits", "{resources.shops.id}", {}))
    assert go(workplace, log, *resources, args=("run", "--limit-pages", "3")).code == 1
    assert ids(workplace, "visits") == ["x1", "x2", "x3", "y1", "y2"]
    assert go(workplace, log, *resources).code == 0
    assert ids(workplace, "visits") == ["x1", "x2", "x3", "y1", "y2", "y3"]


def test_children_of_new_rows_that_come_again_are_not_there_twice(log: Log, workplace: Workplace) -> None:
    details = a_list("details", "events/{resources.events.id}")
    log.events["events"] = [event(1, 3), event(2, 4)]
    log.events |= {f"events/{number}": [{"id": 10 * number}] for number in (1, 2)}
    assert go(workplace, log, EVENTS, details, args=("run", "--limit-pages", "1")).code == 1
    assert ids(workplace, "details") == [10]
    assert go(workplace, log, EVENTS, details, args=("run", "--resource", "details")).code == 0
    assert ids(workplace, "details") == [10, 20]
    assert go(workplace, log, EVENTS, details).code == 0
    assert ids(workplace, "details") == [10, 20]
    assert go(workplace, log, EVENTS, details).code == 0
    assert ids(workplace, "details") == [10, 20]


def test_children_stay_where_the_rows_above_them_come_no_more(log: Log, workplace: Workplace) -> None:
    log.ignores_since = True
    details = a_list("details", "events/{resources.events.id}", {})
    log.events["events"] = [event(1, 3), event(2, 4)]
    log.events |= {f"events/{number}": [event(10 * number, 9)] for number in (1, 2, 3)}
    anew = {**EVENTS, "endpoint": {**EVENTS["endpoint"], "incremental": {"cursor_path": "at"}}}
    assert go(workplace, log, anew, details, args=("run", "--limit-pages", "1")).code == 1
    assert go(workplace, log, anew).code == 0
    log.events["events"] += [event(3, 5)]
    assert go(workplace, log, anew, details).code == 0
    assert ids(workplace, "details") == [10, 30]


def test_a_run_that_another_journals_run_has_outrun_brings_no_row_twice(log: Log, workplace: Workplace) -> None:
    plain = a_list("plain", "plain")
    log.events |= {"events": [event(1, 3), event(2, 4)], "plain": [{"id": 1}]}
    log.refused = {"events@0"}
    assert go(workplace, log, EVENTS, plain).code == 3
    log.refused = set()
    assert go(workplace, log, EVENTS, args=("run", "--journal", "other")).code == 0
    ran = go(workplace, log, EVENTS, plain)
    assert ran.code == 2
    assert "`events` up to 2024-01-04" in ran.out
    assert log.queries == []
    log.events["events"] += [event(3, 5)]
    assert go(workplace, log, EVENTS, plain, args=("run", "--new")).code == 0
    assert ids(workplace, "events") == [1, 2, 3]
