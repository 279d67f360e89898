"""Rows of a parent that are gone in the next run: what was loaded for them stays, and nothing is there twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from tests.e2e.api import served
from tests.e2e.test_increments import EVENTS, Log, a_list, event
from tests.e2e.workplace import Workplace

pytestmark = pytest.mark.timeout(120)

SHOPS = a_list("shops", "shops", write_disposition="replace")
VISITS = a_list("visits", "{resources.shops.id}", {})
DETAILS = a_list("details", "events/{resources.events.id}")


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    with served(log.answer) as log.url:
        yield log


class Place:
    """A warehouse, built in or through dlt, that runs load into."""

    def __init__(self, workplace: Workplace, log: Log, to: str) -> None:
        self._workplace, self._log, self._to = workplace, log, to

    def run(self, *resources: dict[str, Any], args: tuple[str, ...] = ()) -> int:
        config = {"client": {"base_url": self._log.url}, "resources": list(resources)}
        (self._workplace.folder / "log.json").write_text(json.dumps(config))
        ran = self._workplace.headrace("run", "log.json", "--format", "json", "--to", self._to, *args)
        assert ran.code in (0, 1, 3), ran.out + ran.err
        return ran.code

    def ids(self, table: str) -> list[Any]:
        with duckdb.connect(str(self._workplace.folder / "w.duckdb"), read_only=True) as connection:
            return [row[0] for row in connection.execute(f"SELECT id FROM log_data.{table} ORDER BY id").fetchall()]


@pytest.fixture(params=["duckdb:///w.duckdb", "dlt:duckdb"])
def place(request: pytest.FixtureRequest, workplace: Workplace, log: Log, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", f"duckdb:///{workplace.folder / 'w.duckdb'}")
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("DLT_DATA_DIR", str(workplace.folder / "dlt"))
    return Place(workplace, log, request.param)


def visits(shop: str, count: int) -> list[dict[str, Any]]:
    return [{"id": f"{shop}{n}", "at": f"2026-01-0{n}"} for n in range(1, count + 1)]


def test_rows_of_a_parent_that_is_gone_stay_where_the_run_proved_nothing(log: Log, place: Place) -> None:
    log.events |= {"shops": [{"id": "x"}, {"id": "y"}], "x": visits("x", 3), "y": visits("y", 3)}
    assert place.run(SHOPS, VISITS, args=("--limit-pages", "3")) == 1
    assert place.ids("visits") == ["x1", "x2", "x3", "y1", "y2"]
    log.events["shops"] = [{"id": "y"}]
    for _ in range(2):
        assert place.run(SHOPS, VISITS) == 0
        assert place.ids("visits") == ["x1", "x2", "x3", "y1", "y2", "y3"]
    log.events |= {"shops": [{"id": "x"}, {"id": "y"}], "x": visits("x", 4)}
    for _ in range(2):
        assert place.run(SHOPS, VISITS) == 0
        assert place.ids("visits") == ["x1", "x2", "x3", "x4", "y1", "y2", "y3"]


def test_rows_below_an_increment_that_did_not_move_stay_where_its_row_is_gone(log: Log, place: Place) -> None:
    log.events["events"] = [event(1, 3), event(2, 4), event(3, 5)]
    log.events |= {f"events/{number}": [{"id": 10 * number}] for number in (1, 2, 3)}
    assert place.run(EVENTS, DETAILS, args=("--limit-pages", "2")) == 1
    assert place.ids("details") == [10, 20]
    del log.events["events"][0]
    for _ in range(2):
        assert place.run(EVENTS, DETAILS) == 0
        assert place.ids("details") == [10, 20, 30]


def test_a_shorter_run_takes_back_only_what_it_asks_for(log: Log, place: Place) -> None:
    log.events |= {"shops": [{"id": "x"}, {"id": "y"}], "x": visits("x", 2), "y": visits("y", 2)}
    log.events |= {"shops": [{"id": "x"}, {"id": "y"}, {"id": "z"}], "z": visits("z", 3)}
    assert place.run(SHOPS, VISITS, args=("--limit-pages", "3")) == 1
    assert place.run(SHOPS, VISITS, args=("--limit-pages", "1")) == 1
    assert place.ids("visits") == ["x1", "x2", "y1", "y2", "z1", "z2"]
    assert place.run(SHOPS, VISITS) == 0
    assert place.ids("visits") == ["x1", "x2", "y1", "y2", "z1", "z2", "z3"]


def test_a_run_whose_rows_were_taken_back_in_part_has_each_once_when_it_is_gone_on_with(log: Log, place: Place) -> None:
    log.events |= {"shops": [{"id": "x"}, {"id": "y"}], "x": visits("x", 2), "y": visits("y", 4)}
    log.refused = {"y@2"}
    assert place.run(SHOPS, VISITS, args=("--journal", "one")) == 3
    assert place.ids("visits") == ["x1", "x2", "y1", "y2"]
    log.events["shops"] = [{"id": "y"}]
    assert place.run(SHOPS, VISITS, args=("--journal", "other", "--limit-pages", "1")) == 1
    assert place.ids("visits") == ["x1", "x2", "y1", "y2"]
    log.refused = set()
    assert place.run(SHOPS, VISITS, args=("--journal", "one")) == 0
    assert place.ids("visits") == ["x1", "x2", "y1", "y2", "y3", "y4"]
