"""The Python API takes options as people have them, and says what is wrong with those that it cannot take."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

import headrace
from headrace.errors import ConfigError
from headrace.model.plan import DeclaredLimit
from headrace.run.aside import Go, in_own_thread, is_in_loop
from headrace.run.choices import chosen
from tests.e2e.api import served


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    with served(lambda _target: (200, [{"id": 1}])) as url:
        single = [{"name": name, "endpoint": {"path": name, "paginator": "single_page"}} for name in ("a", "b")]
        path = tmp_path / "c.json"
        path.write_text(json.dumps({"client": {"base_url": url}, "resources": single}))
        yield path


def test_load_works_within_a_running_loop(config: Path) -> None:
    async def cell() -> headrace.RunReport:
        return headrace.load(config, resources="a")

    report = asyncio.run(cell())
    assert (report.status, list(report.resources)) == ("complete", ["a"])


def test_errors_come_out_of_the_thread_as_they_are(tmp_path: Path) -> None:
    async def cell() -> headrace.RunReport:
        return headrace.load(tmp_path / "absent.json")

    with pytest.raises(ConfigError, match="no file"):
        asyncio.run(cell())


def test_ctrl_c_cancels_the_run_in_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    async def work() -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "interrupted"
        return "whole"

    waits: list[float | None] = []

    class Pressed(Future[str]):
        def result(self, timeout: float | None = None) -> str:
            waits.append(timeout)
            if len(waits) == 1:
                begun.wait()
                raise KeyboardInterrupt
            return super().result(timeout)

    monkeypatch.setattr("headrace.run.aside.Future", Pressed)

    def call(go: Go[str]) -> str:
        return go(work())

    assert in_own_thread(call) == "interrupted"


def test_whether_a_loop_runs() -> None:
    async def inside() -> bool:
        return is_in_loop()

    assert (is_in_loop(), asyncio.run(inside())) == (False, True)


def test_a_path_as_destination_is_a_duckdb_file(config: Path, tmp_path: Path) -> None:
    report = headrace.load(config, to=tmp_path / "x.duckdb", journal=tmp_path / "j", rate="1000/60")
    assert report.status == "complete"
    assert (tmp_path / "x.duckdb").exists()
    assert (tmp_path / "j" / "identity.json").exists()


@pytest.mark.parametrize(
    ("given", "name", "read"),
    [
        ({"rate": "10/2.5"}, "rate", DeclaredLimit(requests=10, window_s=2.5)),
        ({"rate": DeclaredLimit(requests=1, window_s=2.0)}, "rate", DeclaredLimit(requests=1, window_s=2.0)),
        ({"rate": None}, "rate", None),
        ({"resources": "accounts"}, "resources", ("accounts",)),
        ({"resources": ["a", "b"]}, "resources", ("a", "b")),
        ({"allow_origins": "https://x"}, "allow_origins", ("https://x",)),
        ({"to": Path("/tmp/x.db")}, "to", "duckdb:////tmp/x.db"),
        ({"to": Path("x.db")}, "to", "duckdb:///x.db"),
        ({"to": "memory://"}, "to", "memory://"),
        ({"journal": Path("j")}, "journal", "j"),
        ({"limit_pages": 1}, "limit_pages", 1),
        ({"limit_pages": None}, "limit_pages", None),
    ],
)
def test_an_option_is_read_as_the_flag_is(given: dict[str, Any], name: str, read: object) -> None:
    assert getattr(chosen("c.json", "run", given), name) == read


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"limit_pages": 0}, "limit_pages is 0"),
        ({"max_concurrency": -1}, "max_concurrency"),
        ({"memory_mb": 0}, "memory_mb"),
        ({"memory_mb": "192"}, "memory_mb"),
        ({"rate": "fast"}, "rate: 'fast' is not N/SECONDS"),
        ({"rate": "0/60"}, "rate"),
        ({"rate": 1000}, "rate"),
        ({"resources": 7}, "resources"),
        ({"resources": [7]}, "resources"),
        ({"dataset": Path("x")}, "dataset"),
        ({"strict": "yes"}, "strict"),
        ({"resource": "a"}, "did you mean `resources`"),
        ({"mode": "fetch"}, "is no option"),
    ],
)
def test_an_option_that_cannot_be_is_refused_by_name(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        chosen("c.json", "run", given)


def test_a_configuration_that_is_no_path_is_refused() -> None:
    with pytest.raises(ConfigError, match="takes the path"):
        headrace.load({"client": {}})  # type: ignore[arg-type]
