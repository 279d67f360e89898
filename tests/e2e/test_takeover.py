"""A dataset in DuckDB that headrace and dlt load in turn: each goes on from where the other stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest

import headrace
from tests.e2e.api import served
from tests.e2e.warehouse import read_dataset
from tests.e2e.workplace import SIX, Emulate, Workplace

pytestmark = pytest.mark.timeout(120)
Row = dict[str, Any]
NAME, DATASET = "shop", "shop_data"


class Shop:
    """An API whose lists change between runs; `asked` is the `since` of every request for events."""

    def __init__(self) -> None:
        self.lists: dict[str, list[Row]] = {}
        self.asked: list[str] = []
        self.extra: dict[str, Any] = {}
        self.source = "rest_api"
        self.url = ""

    def answer(self, target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        name = parts.path.strip("/")
        since = query.get("since", [""])[0]
        if name.startswith("events"):
            self.asked.append(since)
        rows = [row for row in self.lists[name] if row.get("at", "") >= since]
        at = int(query.get("page", ["0"])[0])
        return 200, {"rows": rows[at : at + 2], "next": str(at + 2) if at + 2 < len(rows) else None}

    def config(self) -> dict[str, Any]:
        """Three dispositions, keys stated in both forms, and a JSON column."""
        if self.extra:
            return {"client": {"base_url": self.url}, **self.extra}
        paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "page"}
        common = {"data_selector": "rows", "paginator": paginator}
        since = {"cursor_path": "at", "initial_value": "2024-01-02", "start_param": "since"}
        return {
            "client": {"base_url": self.url},
            "resources": [
                {
                    "name": "Orders",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "columns": {"meta": {"data_type": "json"}},
                    "endpoint": {"path": "orders", **common},
                },
                {
                    "name": "events",
                    "write_disposition": "append",
                    "endpoint": {"path": "events", **common, "incremental": since},
                },
                {
                    "name": "prices",
                    "write_disposition": "replace",
                    "primary_key": ["sku"],
                    "endpoint": {"path": "prices", **common},
                },
                {
                    "name": "visits",
                    "primary_key": ["id"],
                    "write_disposition": "append",
                    "endpoint": {"path": "visits", **common, "incremental": {**since, "start_param": "since"}},
                },
            ],
        }


FIRST: dict[str, list[Row]] = {
    "orders": [
        {"id": 1, "total": 5, "lines": [{"sku": "a", "tags": ["x", "y"]}, {"sku": "b"}], "meta": {"k": [1]}},
        {"id": 2, "total": 7, "lines": [{"sku": "c"}], "made": "2024-03-01T10:00:00Z", "who": {"name": "ann"}},
        {"id": 3, "total": 9, "meta": None, "note": None},
    ],
    "events": [{"id": 1, "at": "2024-01-01"}, {"id": 2, "at": "2024-01-02"}, {"id": 3, "at": "2024-01-03", "v": 1.5}],
    "prices": [{"sku": "a", "price": 1}, {"sku": "b", "price": 2, "was": [3, 4]}],
    "visits": [{"id": 1, "at": "2024-01-05"}],
}
# Orders: one changed with an empty list, one new with a new column, and a text in a number column.
SECOND: dict[str, list[Row]] = {
    "orders": [
        {"id": 1, "total": 6, "lines": []},
        {"id": 2, "total": "many", "lines": [{"sku": "c", "extra": True}, {"sku": "d"}], "who": {"name": "bo"}},
        {"id": 3, "total": 9, "meta": {"k": [2]}},
        {"id": 4, "total": 1, "channel": 17, "lines": [{"sku": "z", "tags": ["q"]}]},
    ],
    "events": [*FIRST["events"], {"id": 4, "at": "2024-01-03"}, {"id": 5, "at": "2024-01-04"}],
    "prices": [{"sku": "c", "price": 3}],
    "visits": [*FIRST["visits"], {"id": 2, "at": "2024-01-05"}],
}
THIRD: dict[str, list[Row]] = {
    "orders": [
        {"id": 2, "total": 8, "channel": 18, "lines": [{"sku": "c", "extra": False}]},
        {"id": 4, "total": 2, "channel": "web", "fresh": "2024-05-05T05:05:05Z", "lines": []},
        {"id": 5, "total": 3, "channel": 19, "lines": [{"sku": "k", "tags": ["a"], "extra": True}]},
    ],
    "events": [*SECOND["events"], {"id": 6, "at": "2024-01-04", "v": 2.5}, {"id": 7, "at": "2024-01-06"}],
    "prices": [{"sku": "c", "price": 4, "was": [5]}, {"sku": "d", "price": 2.5}],
    "visits": [*SECOND["visits"], {"id": 3, "at": "2024-01-07"}],
}
FOURTH: dict[str, list[Row]] = {
    "orders": [
        {"id": 5, "total": 4, "fresh": "2024-05-05T05:05:06Z", "channel": "shop", "late": 1.5},
        {"id": 6, "total": 1, "lines": [{"sku": "n"}]},
    ],
    "events": [*THIRD["events"], {"id": 8, "at": "2024-01-06"}],
    "prices": [{"sku": "e", "price": 1}],
    "visits": [*THIRD["visits"], {"id": 4, "at": "2024-01-07"}],
}
ROUNDS = (FIRST, SECOND, THIRD, FOURTH)


@pytest.fixture(autouse=True, scope="module")
def quiet_dlt() -> Iterator[None]:
    with mock.patch.dict(os.environ, {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}):
        yield


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    with served(shop.answer) as shop.url:
        yield shop


def through_headrace(shop: Shop, folder: Path) -> headrace.RunReport:
    folder.mkdir(exist_ok=True)
    config = folder / f"{NAME}.json"
    config.write_text(json.dumps(shop.config()))
    report = headrace.load(config, to=f"duckdb:///{folder}/w.duckdb", dataset=DATASET, journal=str(folder / "journal"))
    assert report.status == "complete", report
    return report


def pipeline_in(folder: Path) -> Any:
    import dlt

    folder.mkdir(exist_ok=True)
    return dlt.pipeline(
        NAME,
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.duckdb(str(folder / "w.duckdb")),
        dataset_name=DATASET,
    )


def through_dlt(shop: Shop, folder: Path) -> Any:
    from dlt.sources.rest_api import rest_api_source

    pipeline = pipeline_in(folder)
    pipeline.run(rest_api_source(shop.config(), name=shop.source))
    return pipeline


def ask(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "w.duckdb"), read_only=True) as connection:
        connection.execute(f"USE {DATASET}")
        rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
        return rows


def tables(folder: Path) -> tuple[Any, Any]:
    """Columns in any order (dlt keeps a place for those that it has only seen null), and all records."""
    types, records = read_dataset(folder / "w.duckdb", DATASET)
    return types, records


def in_turn(shop: Shop, folder: Path, turns: str) -> tuple[Any, Any]:
    """Four rounds, each through dlt or headrace: what was asked for, and the tables then."""
    asked = []
    for turn, lists in zip(turns, ROUNDS, strict=True):
        shop.lists = deepcopy(lists)
        shop.asked.clear()
        (through_headrace if turn == "h" else through_dlt)(shop, folder)
        asked.append(shop.asked[0])
    return asked, tables(folder)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """Through dlt alone."""
    shop = Shop()
    with served(shop.answer) as shop.url:
        return in_turn(shop, tmp_path_factory.mktemp("alone") / "dlt", "dddd")


@pytest.mark.parametrize(
    ("turns", "source"),
    [("hdhd", "rest_api"), ("dhdh", "rest_api"), ("hhdd", "rest_api"), ("hddh", "rest_api"), ("dhhd", "my_shop")],
)
def test_loads_in_turn_make_the_tables_of_dlt_alone(
    turns: str, source: str, shop: Shop, tmp_path: Path, alone: tuple[Any, Any]
) -> None:
    shop.source = source
    assert in_turn(shop, tmp_path / "turns", turns) == alone
    ids = ask(tmp_path / "turns", "SELECT id FROM events ORDER BY id")
    assert [each for (each,) in ids] == [2, 3, 4, 5, 6, 7, 8]
    ids = ask(tmp_path / "turns", "SELECT id FROM visits ORDER BY id")
    assert [each for (each,) in ids] == [1, 2, 3, 4]
    assert ask(tmp_path / "turns", "SELECT DISTINCT schema_name FROM _dlt_loads") == [(source,)]


def stored(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The newest schema and state."""
    from dlt.common.versioned_state import decompress_state

    ((schema,), *_) = ask(folder, "SELECT schema FROM _dlt_version ORDER BY inserted_at DESC")
    ((state,), *_) = ask(folder, "SELECT state FROM _dlt_pipeline_state ORDER BY _dlt_load_id DESC")
    return json.loads(schema), decompress_state(state)


def test_a_pipeline_of_dlt_finds_schema_and_state_as_its_own_would_be(shop: Shop, tmp_path: Path) -> None:
    shop.lists = deepcopy(FIRST)
    report = through_headrace(shop, tmp_path / "ours")
    through_dlt(shop, tmp_path / "theirs")
    pipeline = pipeline_in(tmp_path / "ours")
    pipeline.sync_destination()
    schema, theirs = pipeline.default_schema, stored(tmp_path / "theirs")
    assert schema.name == "rest_api"
    assert not schema.is_modified
    assert pipeline.first_run is False
    said = "SELECT load_id, schema_name, status, schema_version_hash FROM _dlt_loads"
    assert ask(tmp_path / "ours", said) == [(report.load_id, "rest_api", 0, schema.version_hash)]
    # That a declared column takes nulls is dlt's default, which it does not write down. Else all is the same.
    del schema.tables["orders"]["columns"]["meta"]["nullable"]
    assert schema.version_hash == theirs[0]["version_hash"]
    parts = ("engine_version", "name", "tables", "settings", "normalizers")
    ours = schema.to_dict(bump_version=False)
    assert {part: ours[part] for part in parts} == {part: theirs[0][part] for part in parts}
    assert {name: list(table["columns"]) for name, table in ours["tables"].items()} == {
        name: list(table["columns"]) for name, table in theirs[0]["tables"].items()
    }
    apart = {"_local", "_version_hash", "_headrace_schema_hash"}
    state = {key: value for key, value in pipeline.state.items() if key not in apart}
    assert state == {key: value for key, value in theirs[1].items() if key not in apart}


def test_a_pipeline_that_was_there_before_learns_the_columns_that_headrace_added(shop: Shop, tmp_path: Path) -> None:
    shop.lists = deepcopy(FIRST)
    pipeline = through_dlt(shop, tmp_path)
    # The same increments as before: of the state, nothing but the schema is another.
    shop.lists["orders"] = deepcopy(SECOND["orders"])
    through_headrace(shop, tmp_path)
    assert "channel" not in pipeline.default_schema.get_table("orders")["columns"]
    pipeline.sync_destination()
    assert pipeline.default_schema.get_table("orders")["columns"]["channel"]["data_type"] == "bigint"


def test_a_load_of_nothing_new_writes_neither_schema_nor_state(shop: Shop, tmp_path: Path) -> None:
    shop.lists = deepcopy(FIRST)
    for _ in range(2):
        through_headrace(shop, tmp_path)
    for table, rows in (("_dlt_version", 1), ("_dlt_pipeline_state", 1), ("_dlt_loads", 2)):
        assert ask(tmp_path, f"SELECT count(*) FROM {table}") == [(rows,)]
    through_dlt(shop, tmp_path)
    assert ask(tmp_path, "SELECT count(*) FROM _dlt_pipeline_state") == [(1,)]


def test_a_full_refresh_is_one_for_dlt_too(shop: Shop, tmp_path: Path) -> None:
    shop.lists = deepcopy(FIRST)
    through_headrace(shop, tmp_path)
    shop.lists["events"] = []
    config = tmp_path / f"{NAME}.json"
    headrace.load(
        config, to=f"duckdb:///{tmp_path}/w.duckdb", dataset=DATASET, journal=str(tmp_path / "j"), full_refresh=True
    )
    shop.asked.clear()
    shop.lists["events"] = deepcopy(FIRST["events"])
    through_dlt(shop, tmp_path)
    assert shop.asked[0] == "2024-01-02"
    assert ask(tmp_path, "SELECT id FROM events ORDER BY id") == [(2,), (3,)]


def test_a_column_that_holds_json_goes_on_to(shop: Shop, tmp_path: Path) -> None:
    declared = shop.config()
    plain = deepcopy(declared)
    del plain["resources"][0]["columns"]
    for folder, second in ((tmp_path / "dlt", through_dlt), (tmp_path / "headrace", through_headrace)):
        shop.lists, shop.extra = deepcopy(FIRST), declared
        through_dlt(shop, folder)
        shop.lists, shop.extra = deepcopy(SECOND), plain
        second(shop, folder)
        assert ask(folder, "SELECT meta FROM orders WHERE id = 3") == [('{"k":[2]}',)]
    assert tables(tmp_path / "headrace") == tables(tmp_path / "dlt")


def per_row(shop: Shop) -> dict[str, Any]:
    config = shop.config()
    config["resources"] = [config["resources"][0], config["resources"][1]]
    config["resources"][0]["name"] = "orders"
    events = config["resources"][1]
    events |= {"write_disposition": "merge", "primary_key": "id"}
    events["endpoint"]["path"] = "events/{resources.orders.id}"
    return config


def test_the_rows_of_a_parent_have_one_place_for_dlt_and_their_own_again_after_it(shop: Shop, tmp_path: Path) -> None:
    shop.extra = per_row(shop)
    shop.lists = {
        "orders": [{"id": 1}, {"id": 2}],
        "events/1": [{"id": 10, "at": "2024-01-03"}, {"id": 11, "at": "2024-01-09"}],
        "events/2": [{"id": 20, "at": "2024-01-05"}],
    }
    turns = [
        (through_headrace, ["2024-01-02", "2024-01-02"]),
        (through_headrace, ["2024-01-05", "2024-01-09"]),
        (through_dlt, ["2024-01-05", "2024-01-05"]),
        (through_headrace, ["2024-01-09", "2024-01-09"]),
        (through_headrace, ["2024-01-02", "2024-01-09", "2024-01-10"]),
    ]
    for number, (through, asked) in enumerate(turns):
        shop.asked.clear()
        if number == 3:
            shop.lists["events/2"] += [{"id": 21, "at": "2024-01-10"}]
        if number == 4:
            shop.lists["orders"] += [{"id": 3}]
            shop.lists["events/3"] = [{"id": 30, "at": "2024-01-02"}]
        through(shop, tmp_path)
        assert sorted(shop.asked) == asked, number
    assert ask(tmp_path, "SELECT id FROM events ORDER BY id") == [(10,), (11,), (20,), (21,), (30,)]


def test_what_a_pipeline_asked_for_and_headrace_does_not_do_is_a_warning(shop: Shop, tmp_path: Path) -> None:
    from dlt.sources.rest_api import rest_api_source

    shop.lists = deepcopy(FIRST)
    source = rest_api_source(shop.config())
    source.resources["Orders"].apply_hints(schema_contract={"columns": "discard_value"})
    pipeline_in(tmp_path).run(source)
    warned = [notice for notice in through_headrace(shop, tmp_path).notices if "contract" in notice.message]
    assert [notice.severity for notice in warned] == ["warning"]
    assert "has a schema contract on `orders`, and the configuration has none" in warned[0].message


def changed(records: list[Row]) -> list[Row]:
    """As a vendor's records change: lists are emptied, fields are new, and some have another type."""
    after = deepcopy(records)
    for number, record in enumerate(after):
        for key, value in record.items():
            if isinstance(value, list) and number % 2:
                record[key] = []
            if isinstance(value, str) and key == "name" and number % 5 == 0:
                record[key] = number
        record["revised"] = number % 3 == 0
        record["change"] = {"number": number, "notes": [{"text": f"note {number}"}] * (number % 3)}
    return [*after[1:], {"id": "new", "change": {"number": "none"}}]


def test_a_vendors_records_loaded_in_turn_make_the_tables_of_dlt_alone(
    emulate: Emulate, workplace: Workplace, tmp_path: Path
) -> None:
    import dlt

    def load(folder: Path, lists: dict[str, list[Row]]) -> None:
        @dlt.source(name="rest_api")  # type: ignore[untyped-decorator]
        def vendor() -> Any:
            for name, rows in lists.items():
                yield dlt.resource(rows, name=name, primary_key="id", write_disposition="merge")

        database = dlt.destinations.duckdb(str(folder / "v.duckdb"))
        pipelines = str(folder / "pipelines")
        dlt.pipeline("vitally", pipelines_dir=pipelines, destination=database, dataset_name="vitally_data").run(
            vendor(), loader_file_format="parquet"
        )

    alone = tmp_path / "alone"
    alone.mkdir()
    with emulate(records="accounts=40,users=40,notes=40,tasks=40,conversations=40,admins=5") as emulator:
        # The API keeps churned accounts back.
        first = {name: [row for row in emulator.truth(name) if not row.get("churnedAt")] for name in SIX}
        second = {name: changed(rows) for name, rows in first.items()}
        load(alone, first)
        assert workplace.run(emulator.url).code == 0
        load(alone, second)
        load(workplace.folder, second)
        assert read_dataset(workplace.database, "vitally_data") == read_dataset(alone / "v.duckdb", "vitally_data")
        load(alone, first)
        assert workplace.run(emulator.url).code == 0
    assert read_dataset(workplace.database, "vitally_data") == read_dataset(alone / "v.duckdb", "vitally_data")


def test_of_a_pipelines_schemas_the_one_with_the_resources_is_gone_on_with(shop: Shop, tmp_path: Path) -> None:
    import dlt

    rows = dlt.resource([{"id": 1}], name="others")
    pipeline_in(tmp_path).run(dlt.source(lambda: rows, name="first")())
    shop.source, shop.lists = "my_shop", deepcopy(FIRST)
    through_dlt(shop, tmp_path)
    shop.lists = deepcopy(SECOND)
    ours = through_headrace(shop, tmp_path).load_id
    shop.lists = deepcopy(THIRD)
    shop.asked.clear()
    through_dlt(shop, tmp_path)
    assert shop.asked[0] == "2024-01-04"
    assert ask(tmp_path, "SELECT id FROM events ORDER BY id") == [(2,), (3,), (4,), (5,), (6,), (7,)]
    assert ask(tmp_path, f"SELECT schema_name FROM _dlt_loads WHERE load_id = '{ours}'") == [("my_shop",)]
