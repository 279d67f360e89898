"""A dataset that `headrace run --to dlt:NAME` and a pipeline of dlt's load in turn: no row is there twice."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("dlt", reason="the dlt extra is not installed")
import dlt
import dlt.sources.rest_api
import duckdb

import headrace.rest_api
from tests.e2e.api import served
from tests.e2e.workplace import Workplace


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, workplace: Workplace) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(workplace.folder / "home"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


class Turns:
    """One configuration, and whoever loads it next; each time the API has five more events."""

    def __init__(self, workplace: Workplace, url: str, events: list[dict[str, Any]]) -> None:
        self.file = workplace.folder / "shop.duckdb"
        self._workplace = workplace
        self._events = events
        incremental = {"cursor_path": "id", "initial_value": 0}
        endpoint = {
            "path": "events",
            "paginator": "single_page",
            "params": {"since": "{incremental.start_value}"},
            "incremental": incremental,
        }
        self.config: Any = {"client": {"base_url": url}, "resources": [{"name": "events", "endpoint": endpoint}]}
        (workplace.folder / "shop.json").write_text(json.dumps(self.config))

    def take(self, who: str) -> None:
        self._events += [{"id": len(self._events) + n + 1} for n in range(5)]
        if who == "headrace run":
            ran = self._workplace.headrace("run", "shop.json", "--to", "dlt:duckdb")
            assert ran.code == 0, ran.err
            return
        module = headrace.rest_api if who == "headrace.rest_api" else dlt.sources.rest_api
        line = dlt.pipeline(
            "shop_data",
            destination=dlt.destinations.duckdb(str(self.file)),
            dataset_name="shop_data",
            pipelines_dir=str(self._workplace.folder / "pipelines"),
        )
        line.run(module.rest_api_source(self.config))

    def ids(self) -> list[int]:
        with duckdb.connect(str(self.file)) as connection:
            return [row[0] for row in connection.sql("SELECT id FROM shop_data.events ORDER BY id").fetchall()]


@pytest.mark.parametrize(
    "order",
    [
        ("headrace run", "headrace.rest_api", "headrace run", "dlt"),
        ("dlt", "headrace run", "headrace run", "headrace.rest_api"),
        ("headrace.rest_api", "headrace run", "dlt", "headrace run"),
    ],
    ids=" then ".join,
)
def test_each_goes_on_where_the_other_left_off(workplace: Workplace, order: tuple[str, ...]) -> None:
    events: list[dict[str, Any]] = []

    def answer(target: str) -> tuple[int, Any]:
        since = int(parse_qs(urlsplit(target).query).get("since", ["0"])[0])
        return 200, [event for event in events if event["id"] >= since]

    with served(answer) as url:
        turns = Turns(workplace, url, events)
        for who in order:
            turns.take(who)
            assert turns.ids() == [event["id"] for event in events], who
