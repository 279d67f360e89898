"""DuckDB's refusals, each as one sentence with its mend; those that can be provoked are."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pytest

from headrace.errors import SinkError
from headrace.sinks.duckdb import DuckDBSink
from headrace.sinks.faults import sentence

from .making import InDuckDB, World


def refused(path: Path) -> str:
    with pytest.raises(SinkError) as caught:
        DuckDBSink(path, "d").open("r", {})
    return str(caught.value).replace(str(path.parent), "…")


def test_a_database_that_another_process_holds_is_named_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "held.duckdb"
    code = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        told = refused(path)
        assert holder.stdin is not None
        holder.stdin.close()
    assert told.startswith("the warehouse '…/held.duckdb' is held by another process (")
    assert told.endswith(f"PID {holder.pid}): close it, then run again")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("a shopping list, rather longer than twelve bytes")
    assert refused(path) == "the warehouse '…/notes.txt' is no DuckDB database, or is damaged: name another"


def test_a_sqlite_database_is_refused_without_a_download(tmp_path: Path) -> None:
    path = tmp_path / "lite.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    assert refused(path) == "the warehouse '…/lite.db' is no DuckDB database, or is damaged: name another"


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "torn.duckdb"
    duckdb.connect(str(path)).close()
    body = bytearray(path.read_bytes())
    body[20:4096] = b"\xff" * (4096 - 20)
    path.write_bytes(body)
    assert "is no DuckDB database, or is damaged" in refused(path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "w.duckdb" / "w.duckdb") == (
        "the warehouse '…/w.duckdb' cannot be made: create the folder '…' first"
    )


def test_a_folder_is_no_warehouse(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    assert refused(folder) == "the warehouse '…/folder' is a folder: name a file"


def test_a_disk_without_room_is_told_and_leaves_the_warehouse_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    code = f"""
import resource
from pathlib import Path
from headrace.errors import SinkError
from headrace.model.table import Watermark
from headrace.sinks.base import Staging
from headrace.sinks.duckdb import DuckDBSink
from tests.sinks.making import batch, root, schema
table = root("t", {{"v": "text"}})
sink = DuckDBSink(Path({str(path)!r}), "d")
sink.open("r", {{}})
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
rows = [{{"v": str(n) * 40, "_dlt_id": str(n)}} for n in range(20000)]
try:
    sink.stage(Staging((batch(table, rows),), (), Watermark("t", 1, 20000), schema(table)))
except SinkError as error:
    print(error)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=20)
    assert "has no room to grow on its disk: free some space, then run again" in told.stdout, told.stderr
    sink = DuckDBSink(path, "d")
    assert sink.open("r", {}).staged == {}
    sink.close()


READ_ONLY = """
import os, sys
from pathlib import Path
import duckdb, pyarrow
from headrace.errors import SinkError
from headrace.sinks.duckdb import DuckDBSink
if os.geteuid() == 0:  # root may write everything
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
try:
    DuckDBSink(Path(sys.argv[1]), "d").open("r", {})
except SinkError as error:
    print(error)
"""


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o777), (0o666, 0o555), (None, 0o555)])
def test_what_may_not_be_written_is_told_before_anything_is_fetched(file_mode: int | None, folder_mode: int) -> None:
    with tempfile.TemporaryDirectory() as name:  # not pytest's, whose parents nobody else may enter
        folder, path = Path(name), Path(name) / "w.duckdb"
        if file_mode is not None:
            duckdb.connect(str(path)).close()
            path.chmod(file_mode)
        folder.chmod(folder_mode)
        told = subprocess.run(
            [sys.executable, "-c", READ_ONLY, path], capture_output=True, text=True, check=False, timeout=20
        )
        folder.chmod(0o777)
        assert [one.name for one in folder.iterdir()] == ([] if file_mode is None else ["w.duckdb"])
    assert told.stdout == (
        f"the warehouse {str(path)!r} may not be written: give this user write access to it and to its folder, "
        "or name another file\n"
    ), told.stderr


def test_a_disk_that_fills_up_during_the_commit_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    code = f"""
import resource
from pathlib import Path
from headrace.errors import SinkError
from tests.sinks.making import InDuckDB, World, batch, root
table = root("t", {{"v": "text"}}, disposition="merge", key=["v"])
world = World(InDuckDB(Path({str(path)!r})))
world.open("r")
world.stage("t", batch(table, [{{"v": str(n) * 40, "_dlt_id": str(n)}} for n in range(5000)]))
world.stage("t", batch(table, [{{"v": "7" * 40, "_dlt_id": "again"}}]))
size = Path({str(path)!r} + ".wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    world.commit("t")
except SinkError as error:
    print(error)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=20)
    assert "has no room to grow on its disk: free some space, then run again" in told.stdout, told.stderr
    world = World(InDuckDB(path))
    assert world.open("r").staged["t"].pages == 2
    assert world.commit("t").rows == {"t": 5000}
    world.sink.close()


def test_too_little_memory_is_told(tmp_path: Path) -> None:
    sink = DuckDBSink(tmp_path / "w.duckdb", "d")
    sink.open("r", {})
    with duckdb.connect(str(tmp_path / "w.duckdb")) as other:
        other.execute("SET memory_limit = '20MB'")
        with pytest.raises(duckdb.OutOfMemoryException) as caught:
            other.execute("SELECT list(range) FROM range(50000000)").fetchall()
    sink.close()
    assert "raise the memory budget" in sentence(str(caught.value), Path("w"))


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        ('IO Error: Cannot open file "w": Permission denied', "give this user write access"),
        (
            'Cannot execute statement of type "CREATE" on database "w" attached in read-only mode!',
            "write access",
        ),
        ('IO Error: Could not set lock on file "w": Resource temporarily unavailable', "is held by another process"),
        (
            "IO Error: Trying to read a database file with version 99, but we can only read versions 64 to 70.",
            "pip install -U duckdb",
        ),
        (
            "Can't open a connection to same database file with a different configuration",
            "close that",
        ),
        ('TransactionContext Error: Catalog write-write conflict on create with "t"', "changed by another connection"),
        ("FATAL Error: Failed: database has been invalidated because of a previous fatal error", "run again"),
        ('IO Error: Could not write file "w": No space left on device', "free some space"),
    ],
)
def test_every_known_error_has_its_mend(error: str, mend: str) -> None:
    told = sentence(error, Path("w"))
    assert told.startswith("the warehouse 'w' ")
    assert mend in told
    assert "\n" not in told


def test_an_unknown_error_is_told_in_its_first_words() -> None:
    error = "Conversion Error: Could not convert\nstring 'x'\n\nLINE 1: SELECT secret_statement"
    assert sentence(error, Path("w")) == "the warehouse 'w' refused: Conversion Error: Could not convert string 'x'"
    assert len(sentence("x" * 9999, Path("w"))) < 400
