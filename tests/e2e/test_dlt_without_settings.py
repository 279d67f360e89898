"""`--to dlt:duckdb` with no settings at all: the file is not called as the dataset, which DuckDB would refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("dlt", reason="the dlt extra is not installed")
import duckdb

from tests.e2e.api import served
from tests.e2e.workplace import Workplace


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, workplace: Workplace) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(workplace.folder / "home"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


def answer(_target: str) -> tuple[int, Any]:
    return 200, [{"id": 1, "k": [{"x": 1}]}, {"id": 2, "k": []}]


def load(workplace: Workplace, *flags: str) -> set[str]:
    """The files that a run has made, after a second one that has nothing new to say."""
    with served(answer) as url:
        config = {
            "client": {"base_url": url},
            "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
            "resources": [{"name": "things", "endpoint": {"path": "things", "paginator": "single_page"}}],
        }
        (workplace.folder / "shop.json").write_text(json.dumps(config))
        for _ in range(2):
            ran = workplace.headrace("run", "shop.json", "--to", "dlt:duckdb", *flags)
            assert ran.code == 0, ran.err
            assert "identical to the dataset name" not in ran.err
    return {file.name for file in workplace.folder.glob("*.d*b")}


def rows(workplace: Workplace, file: str, dataset: str) -> list[Any]:
    with duckdb.connect(str(workplace.folder / file)) as connection:
        found: list[Any] = connection.sql(f"SELECT id FROM {dataset}.things ORDER BY id").fetchall()
        return found


def test_the_file_is_called_as_the_document(workplace: Workplace) -> None:
    assert load(workplace) == {"shop.duckdb"}
    assert rows(workplace, "shop.duckdb", "shop_data") == [(1,), (2,)]


@pytest.mark.parametrize("dataset", ["shop", "SHOP"])
def test_a_dataset_that_is_called_as_the_document_has_a_file_of_another_name(
    workplace: Workplace, dataset: str
) -> None:
    assert load(workplace, "--dataset", dataset) == {f"{dataset}_db.duckdb"}
    assert rows(workplace, f"{dataset}_db.duckdb", "shop") == [(1,), (2,)]


def test_a_file_that_is_configured_stays_as_it_is(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", "duckdb:///own.db")
    assert load(workplace) == {"own.db"}
    monkeypatch.delenv("DESTINATION__DUCKDB__CREDENTIALS")
    secrets = workplace.folder / ".dlt" / "secrets.toml"
    secrets.parent.mkdir()
    secrets.write_text('[destination.duckdb]\ncredentials = "duckdb:///kept.db"\n')
    assert load(workplace, "--journal", "j2") == {"own.db", "kept.db"}
