"""Which tables of dlt's own a load makes: the record of loads, and none that only dlt's pipelines read."""

from __future__ import annotations

import duckdb
import pytest

from tests.e2e.workplace import Emulate, Workplace


@pytest.mark.timeout(60)
def test_of_dlts_own_tables_there_is_the_record_of_loads_alone(emulate: Emulate, workplace: Workplace) -> None:
    with emulate(records="accounts=30,users=30,notes=30,tasks=30,conversations=30,admins=5") as emulator:
        assert workplace.run(emulator.url).code == 0
    with duckdb.connect(str(workplace.database), read_only=True) as connection:
        tables = connection.sql("SELECT table_name FROM information_schema.tables").fetchall()
    assert [table for (table,) in tables if table.startswith("_dlt_")] == ["_dlt_loads"]
