"""Which tables of dlt's own a load makes: those that a pipeline of dlt reads to take a dataset over."""

from __future__ import annotations

import duckdb
import pytest

from tests.e2e.workplace import Emulate, Workplace


@pytest.mark.timeout(60)
def test_of_dlts_own_tables_there_are_those_that_a_pipeline_reads(emulate: Emulate, workplace: Workplace) -> None:
    with emulate(records="accounts=30,users=30,notes=30,tasks=30,conversations=30,admins=5") as emulator:
        assert workplace.run(emulator.url).code == 0
    with duckdb.connect(str(workplace.database), read_only=True) as connection:
        tables = connection.sql("SELECT table_name FROM information_schema.tables ORDER BY ALL").fetchall()
    own = [table for (table,) in tables if table.startswith("_dlt_")]
    assert own == ["_dlt_loads", "_dlt_pipeline_state", "_dlt_version"]
