"""A server that nobody here wrote: Datasette, by its Link header and by the next URL in its body."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.error import URLError
from urllib.request import urlopen

import duckdb
import pytest

from tests.e2e.workplace import Workplace

ROWS = 25_000


@pytest.fixture(scope="module")
def datasette(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("datasette")
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, placed TEXT, total REAL, note TEXT)")
        database.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, order_id INTEGER, sku TEXT, quantity INTEGER)")
        database.executemany(
            "INSERT INTO orders VALUES (?, ?, ?, ?)",
            (
                (n, f"2026-03-{n % 28 + 1:02} 10:00:00", n / 8, None if n % 7 else f"näh {n}")
                for n in range(1, ROWS + 1)
            ),
        )
        database.executemany(
            "INSERT INTO items VALUES (?, ?, ?, ?)",
            ((n, n // 2 + 1, f"sku-{n % 99}", n % 5) for n in range(1, ROWS + 1)),
        )
    database.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "datasette", "serve", str(folder / "shop.db"), "--port", str(port)]
    command += ["--setting", "max_returned_rows", "1000"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                urlopen(url + "/-/versions.json", timeout=5).close()
                break
            except URLError:
                time.sleep(0.1)
        yield url
        process.terminate()


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_two_tables_load_exactly(datasette: str, workplace: Workplace) -> None:
    config = {
        "client": {"base_url": datasette + "/shop"},
        "resources": [
            {
                "name": "orders",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {
                    "path": "orders.json",
                    "params": {"_shape": "array", "_size": 1000},
                    "data_selector": "$",
                    "paginator": {"type": "header_link", "links_next_key": "next"},
                },
            },
            {
                "name": "items",
                "endpoint": {
                    "path": "items.json",
                    "params": {"_shape": "objects", "_size": 1000},
                    "data_selector": "rows",
                    "paginator": {"type": "json_link", "next_url_path": "next_url"},
                },
            },
        ],
    }
    (workplace.folder / "shop.json").write_text(json.dumps(config))
    ran = workplace.headrace("run", "shop.json", "--format", "json")
    assert ran.code == 0, ran.err + ran.out
    with duckdb.connect(str(workplace.folder / "shop.duckdb"), read_only=True) as connection:
        orders = connection.execute(
            "SELECT count(*), count(DISTINCT id), sum(total), count(note), min(placed) FROM shop_data.orders"
        ).fetchone()
        items = connection.execute("SELECT count(*), sum(id), sum(quantity), max(sku) FROM shop_data.items").fetchone()
    assert orders is not None
    assert orders[:4] == (ROWS, ROWS, sum(n / 8 for n in range(1, ROWS + 1)), ROWS // 7)
    assert items == (ROWS, ROWS * (ROWS + 1) // 2, sum(n % 5 for n in range(1, ROWS + 1)), "sku-98")
