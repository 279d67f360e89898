"""Every table that a run makes equals what the API holds, record for record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.oracle import dlt_dataset
from tests.e2e.warehouse import read_dataset
from tests.e2e.workplace import EXAMPLE, ROOT, SIX, Emulate, Emulated, Workplace

RECORDS = "accounts=230,users=310,notes=200,tasks=260,conversations=190,admins=30"
FAULTS = "429:0.05,500:0.05,reset:0.01,slow:0.01,truncate:0.01,html:0.01"
SEED = ROOT.parent / "shared" / "seed" / "config.md"


def listed(emulator: Emulated) -> dict[str, list[dict[str, Any]]]:
    """What the six lists show: accounts that have churned are hidden by the API's default; newest update first."""
    truth = {name: emulator.truth(name) for name in SIX}
    truth["accounts"] = [record for record in truth["accounts"] if record["churnedAt"] is None]
    for records in truth.values():
        records.sort(key=lambda record: (record.get("updatedAt", ""), record["id"]), reverse=True)
    return truth


def assert_equal_to_dlt(
    workplace: Workplace, folder: Path, truth: dict[str, list[dict[str, Any]]], dataset: str
) -> None:
    types, records = read_dataset(workplace.database, dataset)
    expected_types, expected = dlt_dataset(folder, truth)
    assert {table: len(rows) for table, rows in records.items()} == {name: len(truth[name]) for name in SIX}
    assert {t: dict(sorted(c.items())) for t, c in types.items()} == {
        t: dict(sorted(c.items())) for t, c in expected_types.items()
    }
    assert records == expected


@pytest.mark.timeout(90)
@pytest.mark.parametrize("profile", ["lean", "full"])
def test_every_table_equals_what_the_api_holds(
    emulate: Emulate, workplace: Workplace, tmp_path: Path, profile: str
) -> None:
    with emulate(records=RECORDS, profile=profile) as emulator:
        ran = workplace.run(emulator.url)
        truth = listed(emulator)
    assert ran.code == 0, ran.err
    assert ran.report["status"] == "complete"
    assert any("churned" in sentence for sentence in ran.report["resources"]["accounts"]["hides"])
    assert_equal_to_dlt(workplace, tmp_path, truth, "vitally_data")


@pytest.mark.skipif(not SEED.exists(), reason="the seed document is not beside the project")
@pytest.mark.timeout(60)
def test_the_seed_document_runs_as_it_stands(emulate: Emulate, workplace: Workplace, tmp_path: Path) -> None:
    with emulate(records=RECORDS) as emulator:
        ran = workplace.run(emulator.url, config=SEED)
        truth = listed(emulator)
    assert ran.code == 0, ran.err
    assert_equal_to_dlt(workplace, tmp_path, truth, "config_data")


@pytest.mark.timeout(90)
def test_faults_change_nothing_but_the_report(emulate: Emulate, workplace: Workplace, tmp_path: Path) -> None:
    more = "accounts=900,users=1800,notes=1600,tasks=1900,conversations=1500,admins=60"
    with emulate("--faults", FAULTS, records=more) as emulator:
        ran = workplace.run(emulator.url)
        truth = listed(emulator)
        stats = emulator.stats()
    assert ran.code == 0, ran.err
    report = ran.report
    assert report["requests"] == stats["requests"]
    assert report["http_429"] == stats["http_429"]
    assert sum(each["retries"] for each in report["resources"].values()) > 0
    assert_equal_to_dlt(workplace, tmp_path, truth, "vitally_data")


@pytest.mark.timeout(60)
def test_a_second_run_changes_nothing(emulate: Emulate, workplace: Workplace) -> None:
    with emulate(records=RECORDS) as emulator:
        assert workplace.run(emulator.url).code == 0
        once = read_dataset(workplace.database, "vitally_data")
        assert workplace.run(emulator.url, config=EXAMPLE).code == 0
    assert read_dataset(workplace.database, "vitally_data") == once
