"""Schema contracts and nested hints in whole runs: what enters, what is told, and what a run after it makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest

from tests.e2e.api import served
from tests.e2e.workplace import Ran, Workplace

pytestmark = pytest.mark.timeout(120)
Row = dict[str, Any]


class Shop:
    """Lists whose pages hold two records each; a page in `broken` (list, number) is refused."""

    def __init__(self) -> None:
        self.lists: dict[str, list[Row]] = {}
        self.broken: set[tuple[str, int]] = set()
        self.asked = 0
        self.url = ""

    def answer(self, target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        name, page = parts.path.strip("/"), int(parse_qs(parts.query).get("page", ["0"])[0])
        self.asked += 1
        if (name, page) in self.broken:
            return 403, {"error": "no"}
        rows = self.lists[name][2 * page : 2 * page + 2]
        return 200, {"rows": rows, "next": page + 1 if len(self.lists[name]) > 2 * page + 2 else None}


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    with served(shop.answer) as shop.url:
        yield shop


def go(workplace: Workplace, shop: Shop, *flags: str, command: str = "run", **hints: Any) -> Ran:
    """Run all lists, those called `things` with these hints; all of them append."""
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "page"}
    resources = [
        {
            "name": name,
            "endpoint": {"path": name, "data_selector": "rows", "paginator": paginator},
            **(hints if name == "things" else {}),
        }
        for name in shop.lists
    ]
    config = {"client": {"base_url": shop.url}, "resources": resources}
    (workplace.folder / "shop.json").write_text(json.dumps(config))
    return workplace.headrace(command, "shop.json", "--format", "json", *flags)


def ask(workplace: Workplace, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(workplace.folder / "shop.duckdb"), read_only=True) as connection:
        found: list[tuple[Any, ...]] = connection.execute(query).fetchall()
        return found


def columns(workplace: Workplace, table: str) -> list[str]:
    named = ask(
        workplace, f"SELECT column_name FROM duckdb_columns() WHERE table_name = '{table}' ORDER BY column_index"
    )
    return [name for (name,) in named if not name.startswith("_dlt_")]


def plain(*ids: int, **more: Any) -> list[Row]:
    return [{"id": number, **more} for number in ids]


def test_what_is_frozen_fails_its_resource_alone_and_loads_without_a_request_once_it_may(
    shop: Shop, workplace: Workplace
) -> None:
    shop.lists = {"things": plain(1, 2), "others": plain(1)}
    assert go(workplace, shop, schema_contract={"columns": "freeze"}).code == 0
    shop.lists = {"things": [*plain(3, 4, 5), {"id": 6, "new": "x"}], "others": plain(2)}
    ran = go(workplace, shop, schema_contract={"columns": "freeze"})
    assert ran.code == 4
    (error,) = ran.report["errors"]
    assert error["resource"] == "things"
    assert error["message"].startswith("things.new is a new column, and the schema contract freezes columns (page 1, ")
    assert ran.report["resources"]["things"]["stopped"] == "error"
    assert ran.report["resources"]["others"]["rows"] == {"others": 1}
    assert "Traceback" not in ran.err
    assert ask(workplace, "SELECT id FROM shop_data.things ORDER BY id") == [(1,), (2,)]
    assert ask(workplace, "SELECT id FROM shop_data.others ORDER BY id") == [(1,), (2,)]
    assert columns(workplace, "things") == ["id"]
    asked = shop.asked
    assert go(workplace, shop, schema_contract={"columns": "freeze"}).report["errors"] == ran.report["errors"]
    assert go(workplace, shop, schema_contract={"columns": "discard_value"}).code == 0
    assert shop.asked == asked
    assert ask(workplace, "SELECT id FROM shop_data.things ORDER BY id") == [(n,) for n in range(1, 7)]
    assert columns(workplace, "things") == ["id"]


def test_a_discarded_row_is_a_reject_with_its_bytes_and_what_is_below_a_row_is_told(
    shop: Shop, workplace: Workplace
) -> None:
    shop.lists = {"things": plain(1, a=1, k=[{"x": 1}])}
    contract = {"columns": "discard_row", "data_type": "discard_row"}
    assert go(workplace, shop, schema_contract=contract).code == 0
    shop.lists = {
        "things": [*plain(2, a=2, k=[{"x": 2}, {"x": "no"}]), *plain(3, new=1, k=[{"x": 3}]), *plain(4, a="no")]
    }
    ran = go(workplace, shop, schema_contract=contract)
    assert ran.code == 1
    things = ran.report["resources"]["things"]
    assert (things["rows"], things["rejects"]) == ({"things": 1, "things__k": 1}, 2)
    assert [(one["page"], one["record"]) for one in things["reject_reasons"]] == [(0, 1), (1, 0)]
    kept = ask(workplace, "SELECT page, record, reason FROM shop_data._headrace_rejects ORDER BY page")
    assert [reason for _, _, reason in kept] == [one["reason"] for one in things["reject_reasons"]]
    (told,) = [each["message"] for each in ran.report["notices"]]
    assert told.startswith("things__k: the schema contract does not take a row of this table; it is discarded")
    assert ask(workplace, "SELECT x FROM shop_data.things__k ORDER BY x") == [(1,), (2,)]


def test_a_discarded_value_is_counted_and_told(shop: Shop, workplace: Workplace) -> None:
    shop.lists = {"things": plain(1, a=1)}
    assert go(workplace, shop, schema_contract={"columns": "discard_value"}).code == 0
    shop.lists = {"things": plain(2, 3, new="x")}
    ran = go(workplace, shop, schema_contract={"columns": "discard_value"})
    assert ran.code == 0
    (told,) = [each["message"] for each in ran.report["notices"]]
    assert told.startswith("things.new: the schema contract does not take a value; it is discarded")
    assert told.endswith("(2 times)")
    assert ask(workplace, "SELECT id FROM shop_data.things ORDER BY id") == [(1,), (2,), (3,)]


def test_a_table_may_have_any_columns_until_the_run_that_made_it_is_over(shop: Shop, workplace: Workplace) -> None:
    shop.lists = {"things": [*plain(1, 2), *plain(3, new=1)]}
    shop.broken = {("things", 1)}
    assert go(workplace, shop, schema_contract={"columns": "freeze"}).code == 3
    assert ask(workplace, "SELECT id FROM shop_data.things ORDER BY id") == [(1,), (2,)]
    shop.broken = set()
    assert go(workplace, shop, schema_contract={"columns": "freeze"}).code == 0
    assert columns(workplace, "things") == ["id", "new"]
    shop.lists = {"things": plain(4, newer=1)}
    assert go(workplace, shop, schema_contract={"columns": "freeze"}).code == 4


def test_a_replay_elsewhere_decides_as_the_run_did(shop: Shop, workplace: Workplace) -> None:
    contract = {"columns": "freeze", "data_type": "discard_value"}
    shop.lists = {"things": [*plain(1, a=1), *plain(2, a="x"), *plain(3, new=1)]}
    assert go(workplace, shop, schema_contract=contract).code == 0
    found = ask(workplace, "SELECT id, a, new FROM shop_data.things ORDER BY id")
    assert found == [(1, 1, None), (2, None, None), (3, None, 1)]
    (workplace.folder / "shop.duckdb").unlink()
    assert go(workplace, shop, command="replay", schema_contract=contract).code == 0
    assert ask(workplace, "SELECT id, a, new FROM shop_data.things ORDER BY id") == found


def test_a_table_that_is_made_anew_may_have_any_columns(shop: Shop, workplace: Workplace) -> None:
    shop.lists = {"things": plain(1)}
    assert go(workplace, shop, schema_contract={"columns": "freeze"}).code == 0
    shop.lists = {"things": plain(2, new=1)}
    assert go(workplace, shop, "--full-refresh", schema_contract={"columns": "freeze"}).code == 0
    assert ask(workplace, "SELECT id, new FROM shop_data.things") == [(2, 1)]


def test_tables_that_are_frozen_are_frozen_from_the_beginning(shop: Shop, workplace: Workplace) -> None:
    shop.lists = {"things": plain(1), "others": plain(1)}
    ran = go(workplace, shop, schema_contract="freeze")
    assert ran.code == 4
    assert ran.report["errors"][0]["message"].startswith(
        "the table things is new, and the schema contract freezes tables"
    )
    assert ran.report["resources"]["others"]["rows"] == {"others": 1}


def test_nested_hints_give_child_tables_their_types(shop: Shop, workplace: Workplace) -> None:
    shop.lists = {"things": [*plain(1, k=[{"x": 1, "o": {"p": [1]}}]), *plain(2, k=[{"x": None}])]}
    typed = {"x": {"data_type": "text", "nullable": False}, "o": {"data_type": "json"}, "at": {"data_type": "date"}}
    ran = go(workplace, shop, nested_hints={"k": {"columns": typed}})
    assert ran.code == 1
    assert ran.report["resources"]["things"]["reject_reasons"][0]["reason"].startswith("things__k.x must have a value")
    assert ask(workplace, 'SELECT x, o, "at" FROM shop_data.things__k') == [("1", '{"p":[1]}', None)]
    assert columns(workplace, "things__k") == ["x", "o", "at"]


def test_dlt_takes_a_dataset_with_a_contract_over_without_a_change_of_its_schema(
    shop: Shop, workplace: Workplace
) -> None:
    dlt = pytest.importorskip("dlt")
    from dlt.sources.rest_api import rest_api_source

    shop.lists = {"things": plain(1, k=[{"x": 1}])}
    hints: dict[str, Any] = {
        "schema_contract": {"columns": "discard_row"},
        "nested_hints": {
            "k": {"columns": {"x": {"name": "x", "data_type": "double"}}, "schema_contract": "discard_value"}
        },
    }
    assert go(workplace, shop, **hints).code == 0
    config = json.loads((workplace.folder / "shop.json").read_text())
    shop.lists = {"things": [*plain(2, k=[{"x": 2, "y": 1}]), *plain(3, new=1)]}
    pipeline = dlt.pipeline(
        "shop",
        pipelines_dir=str(workplace.folder / "pipelines"),
        destination=dlt.destinations.duckdb(str(workplace.folder / "shop.duckdb")),
        dataset_name="shop_data",
    )
    pipeline.run(rest_api_source(config), loader_file_format="parquet")
    assert ask(workplace, "SELECT id FROM shop_data.things ORDER BY id") == [(1,), (2,)]
    assert ask(workplace, "SELECT x FROM shop_data.things__k ORDER BY x") == [(1.0,), (2.0,)]
    stored = ask(workplace, "SELECT schema FROM shop_data._dlt_version ORDER BY version")
    tables = [json.loads(schema)["tables"] for (schema,) in stored]
    assert (
        tables[0]["things"]["schema_contract"] == tables[-1]["things"]["schema_contract"] == {"columns": "discard_row"}
    )
    assert tables[0]["things__k"]["columns"] == tables[-1]["things__k"]["columns"]
    assert tables[0]["things__k"]["schema_contract"] == "discard_value"


@pytest.mark.parametrize("to", ["dlt:duckdb"])
def test_a_destination_of_dlt_is_given_what_the_contract_lets_in(
    shop: Shop, workplace: Workplace, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dlt")
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(workplace.folder / "shop.duckdb"))
    contract = {"columns": "discard_row", "data_type": "discard_value"}
    shop.lists = {"things": [*plain(1, 2, a=1, k=[{"x": 1}]), *plain(3, late=1)]}
    shop.broken = {("things", 1)}
    assert go(workplace, shop, "--to", to, schema_contract=contract).code == 3
    shop.broken = set()
    assert go(workplace, shop, "--to", to, schema_contract=contract).code == 0
    shop.lists = {"things": [*plain(4, new=1), *plain(5, a="x", k=[{"x": 2, "y": 1}])]}
    ran = go(workplace, shop, "--to", to, schema_contract=contract)
    assert ran.code == 1
    assert ran.report["resources"]["things"]["rejects"] == 1
    assert ask(workplace, "SELECT id, a, late FROM shop_data.things ORDER BY id") == [
        (1, 1, None),
        (2, 1, None),
        (3, None, 1),
        (5, None, None),
    ]
    assert ask(workplace, "SELECT x FROM shop_data.things__k ORDER BY x") == [(1,), (1,)]
    assert columns(workplace, "things__k") == ["x"]
    assert go(workplace, shop, "--to", to, "--new", schema_contract="freeze").code == 4
