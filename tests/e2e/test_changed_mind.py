"""A configuration that changes while a run is unfinished loses no row and leaves none of before in the way."""

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


class Shop:
    """Nine records a list, three a page by cursor; a request in `broken` (list, cursor) is refused."""

    def __init__(self) -> None:
        self.broken: set[tuple[str, str]] = set()
        self.url = ""

    def answer(self, target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        name, cursor = parts.path.strip("/"), parse_qs(parts.query).get("cursor", ["0"])[0]
        if (name, cursor) in self.broken:
            return 403, {"error": "no"}
        at = int(cursor)
        rows = [{"id": f"{name}{n}"} for n in range(at, at + 3)]
        return 200, {"rows": rows, "other": [{"id": "x"}], "next": str(at + 3) if at < 6 else None}


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    with served(shop.answer) as shop.url:
        yield shop


def go(workplace: Workplace, shop: Shop, *names: str, command: str = "run", **changes: Any) -> Ran:
    """Run a configuration of these lists; `changes` are keys of every resource, two of them of its endpoint."""
    selector, params = changes.pop("selector", "rows"), changes.pop("params", {})
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
    resources = [
        {
            "name": name,
            "endpoint": {"path": name, "data_selector": selector, "params": params, "paginator": paginator},
            **changes,
        }
        for name in names
    ]
    config = {"client": {"base_url": shop.url}, "resources": resources}
    (workplace.folder / "shop.json").write_text(json.dumps(config))
    return workplace.headrace(command, "shop.json", "--format", "json")


def ids(workplace: Workplace, table: str) -> list[str]:
    with duckdb.connect(str(workplace.folder / "shop.duckdb"), read_only=True) as connection:
        return [row[0] for row in connection.execute(f"SELECT id FROM shop_data.{table} ORDER BY id").fetchall()]


def nine(name: str) -> list[str]:
    return [f"{name}{n}" for n in range(9)]


@pytest.mark.parametrize("way", [{"write_disposition": "append"}, {"write_disposition": "replace"}])
def test_another_table_gets_all_of_the_rows(shop: Shop, workplace: Workplace, way: dict[str, str]) -> None:
    shop.broken = {("a", "6")}
    assert go(workplace, shop, "a", table_name="one", **way).code == 3
    shop.broken = set()
    assert go(workplace, shop, "a", table_name="two", **way).code == 0
    assert ids(workplace, "two") == nine("a")


def test_a_change_and_back_while_the_warehouse_did_not_look(shop: Shop, workplace: Workplace) -> None:
    shop.broken = {("a", "6")}
    merge = {"write_disposition": "merge", "primary_key": "id"}
    assert go(workplace, shop, "a", **merge).code == 3
    assert go(workplace, shop, "a", command="fetch", params={"sort": "x"}, **merge).code == 3
    shop.broken = set()
    ran = go(workplace, shop, "a", **merge)
    assert ran.code == 0, ran.err
    assert ran.report["resources"]["a"]["rows"] == {"a": 9}
    assert ids(workplace, "a") == nine("a")


def test_a_resource_that_is_gone_does_not_hold_the_run_open(shop: Shop, workplace: Workplace) -> None:
    shop.broken = {("b", "6")}
    assert go(workplace, shop, "a", "b", write_disposition="replace").code == 3
    assert go(workplace, shop, "a", write_disposition="replace").code == 0
    again = go(workplace, shop, "a", write_disposition="replace")
    assert (again.code, again.report["requests"]) == (0, 3)


def test_what_a_replay_found_unfinished_goes_on(shop: Shop, workplace: Workplace) -> None:
    shop.broken = {("a", "6")}
    assert go(workplace, shop, "a", command="fetch").code == 3
    assert go(workplace, shop, "a", command="replay").code == 1
    shop.broken = set()
    assert go(workplace, shop, "a").code == 0
    assert ids(workplace, "a") == nine("a")


def test_a_replay_by_another_selector_is_refused(shop: Shop, workplace: Workplace) -> None:
    assert go(workplace, shop, "a", command="fetch").code == 0
    ran = go(workplace, shop, "a", command="replay", selector="other")
    assert ran.code == 2
    assert "selector" in ran.report["errors"][0]["message"]
    assert go(workplace, shop, "a", command="replay").code == 0
    assert ids(workplace, "a") == nine("a")


def test_full_refresh_begins_anew_whatever_is_unfinished(shop: Shop, workplace: Workplace) -> None:
    shop.broken = {("b", "6")}
    assert go(workplace, shop, "a", "b").code == 3
    shop.broken = set()
    assert workplace.headrace("run", "shop.json", "--full-refresh", "--format", "json").code == 0
    assert ids(workplace, "a") == nine("a")
    assert ids(workplace, "b") == nine("b")


def test_a_walk_that_has_no_page_yet_changes_without_a_word(shop: Shop, workplace: Workplace) -> None:
    shop.broken = {("a", "0"), ("b", "6")}
    assert go(workplace, shop, "a", "b").code == 3
    shop.broken = set()
    ran = go(workplace, shop, "a", "b", params={"sort": "x"})
    assert ran.code == 0, ran.err
    restarted = [each["resource"] for each in ran.report["notices"] if "starts again" in each["message"]]
    assert restarted == ["b"]


def test_a_template_of_the_time_keeps_its_value_until_the_run_is_over(workplace: Workplace) -> None:
    asked: list[dict[str, list[str]]] = []
    refused = [True]

    def answer(target: str) -> tuple[int, Any]:
        query = parse_qs(urlsplit(target).query)
        asked.append(query)
        page = int(query.get("page", ["1"])[0])
        if page == 3 and refused:
            return 403, {"error": "not yet"}
        return 200, {"items": [{"id": 2 * page}, {"id": 2 * page + 1}] if page < 5 else []}

    paginator = "{type: page_number, page_param: page, base_page: 1, total_path: null}"
    until = "{{ now_utc().strftime('%Y-%m-%dT%H:%M:%S.%f') }}"
    (workplace.folder / "t.yaml").write_text(
        "client: {base_url: 'https://api.example.com', auth: {type: basic, username: u, password: p}}\n"
        "resources:\n"
        "  - name: birds\n"
        "    write_disposition: append\n"
        f'    endpoint: {{path: birds, data_selector: items, params: {{until: "{until}"}}, paginator: {paginator}}}\n'
    )
    stated = "resources.birds.endpoint.data_selector=items"
    with served(answer) as url:
        first = workplace.run(url, "--set", stated, config=str(workplace.folder / "t.yaml"))
        refused.clear()
        before = len(asked)
        again = workplace.run(url, "--set", stated, config=str(workplace.folder / "t.yaml"))
        later = len(asked)
        third = workplace.run(url, "--set", stated, config=str(workplace.folder / "t.yaml"))
    assert (first.code, again.code, third.code) == (3, 0, 0), (first.err, again.err)
    assert [query["page"] for query in asked[before:later]] == [["3"], ["4"], ["5"]]
    assert len({query["until"][0] for query in asked[:later]}) == 1
    assert asked[later]["until"] != asked[0]["until"]
    assert again.report["resources"]["birds"]["records"] == 8
