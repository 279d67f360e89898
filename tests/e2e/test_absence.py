"""What a load lacks and what is gone are not the same: refused walks and rejected rows, in whole runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pytest

import headrace
from tests.e2e.api import served

pytestmark = pytest.mark.timeout(120)
Row = dict[str, Any]

CDC: Row = {"disposition": "merge", "strategy": "cdc"}
SCD2: Row = {"disposition": "merge", "strategy": "scd2"}
NAMES: Row = {"replace": "replace", "cdc": CDC, "scd2": SCD2}


class Place:
    """Lists by path, and the warehouse that they are loaded into."""

    def __init__(self, folder: Path, to: str) -> None:
        self.folder = folder
        self.to = to
        self.lists: dict[str, list[Row]] = {}
        self.url = ""

    def answer(self, target: str) -> tuple[int, Any]:
        return 200, {"rows": self.lists[target.lstrip("/")]}

    def load(self, *resources: Row) -> headrace.Report:
        database = self.folder / "place.duckdb"
        (self.folder / "place.json").write_text(
            json.dumps({"client": {"base_url": self.url}, "resources": list(resources)})
        )
        to = "dlt:duckdb" if self.to == "dlt" else f"duckdb:///{database}"
        with mock.patch.dict(os.environ, {"DESTINATION__DUCKDB__CREDENTIALS": f"duckdb:///{database}"}):
            return headrace.load(
                str(self.folder / "place.json"),
                to=to,
                dataset="tables",
                journal=str(self.folder / "journal"),
                environ={},
            )

    def there(self, table: str) -> list[int]:
        """The ids; of versions those that are open."""
        with duckdb.connect(str(self.folder / "place.duckdb"), read_only=True) as connection:
            rows = connection.sql(f'SELECT * FROM tables."{table}"').to_arrow_table().to_pylist()
        return sorted(row["id"] for row in rows if row.get("_dlt_valid_to") is None)


@pytest.fixture(params=["duckdb", "dlt"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path, request.param)
    with served(place.answer) as place.url:
        yield place


def a_list(name: str, path: str = "", **more: Any) -> Row:
    endpoint = {"path": path or name, "data_selector": "rows", "paginator": "single_page"}
    return {"name": name, "primary_key": "id", "write_disposition": "merge", "endpoint": endpoint, **more}


def ids(*numbers: int, **more: Any) -> list[Row]:
    return [{"id": number, **more} for number in numbers]


@pytest.mark.parametrize("way", NAMES)
def test_a_table_waits_for_a_walk_that_its_schema_contract_refuses(place: Place, way: str) -> None:
    both: Row = {"table_name": "things", "write_disposition": NAMES[way]}
    frozen = a_list("frozen", schema_contract={"columns": "freeze"}, **both)
    place.lists = {"free": ids(1, 2), "frozen": ids(11, 12)}
    place.load(a_list("free", **both), frozen)
    place.lists = {"free": ids(1, 3), "frozen": [*ids(11), *ids(13, new=True)]}
    assert place.load(a_list("free", **both), frozen).resources["frozen"].stopped == "error"
    assert place.there("things") == [1, 2, 11, 12]
    place.load(a_list("free", **both), {**frozen, "schema_contract": {"columns": "discard_value"}})
    assert place.there("things") == [1, 3, 11, 13]


@pytest.mark.parametrize("way", NAMES)
def test_what_rejected_rows_of_a_parent_would_have_brought_is_not_taken_for_gone(place: Place, way: str) -> None:
    lists = [
        a_list("towns"),
        a_list("streets", "towns/{resources.towns.id}/{resources.towns.key}", write_disposition=NAMES[way]),
        a_list("houses", "streets/{resources.streets.id}", write_disposition=NAMES[way]),
    ]
    below = {"towns/1/k": ids(10), "towns/2/k": ids(20), "streets/10": ids(100, 101), "streets/20": ids(200)}
    place.lists = {"towns": ids(1, 2, key="k"), **below}
    place.load(*lists)
    place.lists |= {"towns": [*ids(1, key="k"), *ids(2, key=None)], "streets/10": ids(100)}
    report = place.load(*lists)
    told = {notice.resource: notice.message for notice in report.notices}
    assert told.keys() == {"streets", "houses"}
    if way == "replace":
        assert (place.there("streets"), place.there("houses")) == ([10], [100])
        assert told["houses"] == (
            "rows above it were rejected, so nothing was asked for them, and what they had brought before is not in the"
            " table that this load replaces"
        )
    else:
        assert (place.there("streets"), place.there("houses")) == ([10, 20], [100, 101, 200])
        assert told["houses"] == (
            f"rows above it were rejected, so what this load lacks was not {'deleted' if way == 'cdc' else 'closed'};"
            " the next load without a reject is taken at its word"
        )
    place.lists["towns"] = ids(1, key="k")
    assert not place.load(*lists).notices
    assert (place.there("streets"), place.there("houses")) == ([10], [100])


@pytest.mark.parametrize(("way", "keyed"), [("cdc", True), ("scd2", True), ("scd2", False)])
def test_a_record_that_is_rejected_is_not_taken_for_gone(place: Place, way: str, keyed: bool) -> None:
    things = a_list("things", write_disposition=NAMES[way])
    if not keyed:
        del things["primary_key"]
    place.lists = {"things": ids(1, 2, 3, size=5)}
    place.load(things)
    place.lists = {"things": [*ids(1, size=2**70), *ids(2, size=5)]}
    report = place.load(things)
    assert report.resources["things"].rejects == 1
    assert place.there("things") == [1, 2, 3]
    assert [notice.message.split(",")[0] for notice in report.notices] == ["records were rejected"]
    place.lists = {"things": ids(2, 4, size=5)}
    assert not place.load(things).notices
    assert place.there("things") == [2, 4]
