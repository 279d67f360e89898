"""Ctrl-C, a second run, halves of a run, a wrong token, a dead port: each ends as CLI.md says."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from headrace.run.tasks import ctrl_c_cancels_this_task
from tests.e2e.api import served
from tests.e2e.warehouse import read_dataset
from tests.e2e.workplace import EXAMPLE, SECRETS, SIX, Emulate, Emulated, Workplace, environment

RECORDS = "accounts=700,users=900,notes=800,tasks=800,conversations=700,admins=40"


@contextmanager
def serving(bodies: list[bytes]) -> Iterator[str]:
    """A server that answers every request with the next body, the last one again and again."""
    with served(lambda _: (200, bodies.pop(0) if len(bodies) > 1 else bodies[0])) as url:
        yield url


def wait_for_pages(emulator: Emulated, pages: int) -> None:
    while emulator.stats()["requests"] < pages:
        pass


@pytest.mark.timeout(60)
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_ends_in_order_and_the_same_command_resumes(
    emulate: Emulate, workplace: Workplace, stop: signal.Signals
) -> None:
    with emulate("--latency-ms", "80", records=RECORDS) as emulator:
        process = workplace.start(workplace.arguments(emulator.url))
        wait_for_pages(emulator, 15)
        process.send_signal(stop)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 130, err
        assert json.loads(out)["status"] == "failed"
        assert "to resume: " in err
        assert "Traceback" not in err
        asked = emulator.stats()["requests"]
        ran = workplace.run(emulator.url)
        total = emulator.stats()["requests"]
    assert ran.code == 0, ran.err
    pages = sum(each["pages"] for each in ran.report["resources"].values())
    assert total - asked <= pages - asked + len(SIX)


@pytest.mark.parametrize("theirs", [False, True])
def test_a_sigterm_that_a_program_has_taken_for_itself_is_left_to_it(theirs: bool) -> None:
    seen: list[int] = []

    def take(number: int, frame: object) -> None:
        del frame
        seen.append(number)

    async def stopped() -> bool:
        with ctrl_c_cancels_this_task():
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(10):
                try:
                    await asyncio.sleep(0)
                except asyncio.CancelledError:
                    return True
        return False

    before = signal.signal(signal.SIGTERM, take if theirs else signal.SIG_DFL)
    try:
        assert asyncio.run(stopped()) is not theirs
        assert signal.getsignal(signal.SIGTERM) == (take if theirs else signal.SIG_DFL)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == ([signal.SIGTERM] if theirs else [])


@pytest.mark.timeout(60)
def test_two_runs_of_one_pipeline_are_kept_apart(emulate: Emulate, workplace: Workplace) -> None:
    with emulate(records=RECORDS) as emulator:
        # A pace at which the first run cannot end: it holds the journal from before its first request until it is told.
        first = workplace.start(workplace.arguments(emulator.url, "--rate", "2/600"))
        wait_for_pages(emulator, 1)
        second = workplace.run(emulator.url)
        first.send_signal(signal.SIGINT)
        _, err = first.communicate(timeout=20)
        third = workplace.run(emulator.url)
    assert first.returncode == 130, err
    assert second.code == 2
    assert str(first.pid) in second.report["errors"][0]["message"]
    assert third.code == 0, third.err


@pytest.mark.timeout(60)
def test_fetch_then_run_asks_the_api_for_nothing(emulate: Emulate, workplace: Workplace) -> None:
    with emulate(records=RECORDS) as emulator:
        assert workplace.run(emulator.url, command="fetch").code == 0
        asked = emulator.stats()["requests"]
        assert not workplace.database.exists()
        ran = workplace.run(emulator.url)
        assert emulator.stats()["requests"] == asked
    assert ran.code == 0, ran.err
    assert ran.report["resources"]["users"]["records"] == 900
    assert len(read_dataset(workplace.database, "vitally_data")[1]["users"]) == 900


@pytest.mark.timeout(60)
def test_replay_needs_no_api(emulate: Emulate, workplace: Workplace) -> None:
    with emulate(records=RECORDS) as emulator:
        assert workplace.run(emulator.url, command="fetch").code == 0
    ran = workplace.run("http://127.0.0.1:9/resources", command="replay")
    assert ran.code == 0, ran.err + ran.out
    once = read_dataset(workplace.database, "vitally_data")
    assert len(once[1]["tasks"]) == 800
    assert workplace.run("http://127.0.0.1:9/resources", command="replay").code == 0
    assert read_dataset(workplace.database, "vitally_data") == once
    workplace.database.unlink()
    assert workplace.run("http://127.0.0.1:9/resources", command="replay").code == 0
    assert read_dataset(workplace.database, "vitally_data") == once


@pytest.mark.timeout(60)
def test_a_wrong_token_is_one_sentence_and_no_secret(emulate: Emulate, workplace: Workplace) -> None:
    with emulate("--token", "another", records=RECORDS) as emulator:
        ran = workplace.run(emulator.url)
    assert ran.code == 3
    assert SECRETS["SECRET_TOKEN"] not in ran.out + ran.err
    assert "401" in ran.report["errors"][0]["message"]
    assert "Traceback" not in ran.err
    everything = b"".join(path.read_bytes() for path in workplace.folder.rglob("*") if path.is_file())
    assert SECRETS["SECRET_TOKEN"].encode() not in everything


@pytest.mark.timeout(60)
def test_a_dead_port_is_one_sentence(workplace: Workplace) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ran = workplace.run(f"http://127.0.0.1:{port}/resources", "--resource", "admins")
    assert ran.code == 3
    assert "Traceback" not in ran.err
    assert ran.report["resources"]["admins"]["stopped"] == "error"


@pytest.mark.timeout(60)
def test_a_failed_resource_does_not_keep_the_others_from_loading(emulate: Emulate, workplace: Workplace) -> None:
    config = workplace.folder / "vitally.md"
    config.write_text(EXAMPLE.read_text().replace('"path": "/notes"', '"path": "/nowhere"'))
    with emulate(records=RECORDS) as emulator:
        ran = workplace.run(emulator.url, config=config)
    assert ran.code == 3
    assert ran.report["resources"]["notes"]["stopped"] == "error"
    assert len(read_dataset(workplace.database, "vitally_data")[1]["users"]) == 900


@pytest.mark.timeout(60)
def test_a_warehouse_that_is_no_database_is_exit_4_and_what_was_fetched_is_kept(
    emulate: Emulate, workplace: Workplace
) -> None:
    workplace.database.write_text("this is no database")
    with emulate(records=RECORDS) as emulator:
        ran = workplace.run(emulator.url)
        assert ran.code == 4, ran.out + ran.err
        workplace.database.unlink()
        assert workplace.run(emulator.url).code == 0


@pytest.mark.timeout(60)
def test_a_run_into_duckdb_imports_no_dlt(emulate: Emulate, workplace: Workplace) -> None:
    program = (
        "import sys; from headrace.cli.main import main; code = main(sys.argv[1:]);"
        " print(sorted({name.split('.')[0] for name in sys.modules} & {'dlt', 'requests', 'pandas', 'httpx'}), code,"
        " file=sys.stderr)"
    )
    with emulate(records="accounts=20,users=20,notes=20,tasks=20,conversations=20,admins=5") as emulator:
        done = subprocess.run(
            [sys.executable, "-c", program, *workplace.arguments(emulator.url)],
            cwd=workplace.folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stderr.rstrip().endswith("[] 0")


@pytest.mark.timeout(60)
def test_the_python_api_does_the_same(emulate: Emulate, tmp_path: Path) -> None:
    import headrace

    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        with emulate(records=RECORDS) as emulator:
            report = headrace.load(
                EXAMPLE, to="duckdb:///v.duckdb", base_url=emulator.url, environ=SECRETS, resources=("users", "admins")
            )
    finally:
        os.chdir(here)
    assert report.status == "complete"
    with duckdb.connect(str(tmp_path / "v.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM vitally_data.users").fetchone() == (900,)


@pytest.mark.timeout(60)
def test_rules_beyond_those_of_dlt_reach_the_tables(workplace: Workplace) -> None:
    records = [{"id": 1, "n": 1}, {"id": 2, "n": 2.5}, {"id": 3, "n": 3, "ok": True}, {"id": 4, "ok": 7}]
    with serving([json.dumps(records).encode()]) as url:
        resource = {"name": "things", "endpoint": {"path": "things", "paginator": "single_page"}}
        config = {"client": {"base_url": url}, "resources": [resource]}
        (workplace.folder / "things.json").write_text(json.dumps(config))
        ran = workplace.headrace("run", "things.json", "--widen-numbers", "--strict", "--format", "json")
    assert ran.code == 1, ran.err
    assert ran.report["resources"]["things"]["rejects"] == 1
    with duckdb.connect(str(workplace.folder / "things.duckdb"), read_only=True) as connection:
        found = connection.execute("SELECT id, n FROM things_data.things ORDER BY id").fetchall()
    assert found == [(1, 1.0), (2, 2.5), (3, 3.0)]


@pytest.mark.timeout(60)
def test_a_value_that_went_beside_its_column_is_told(workplace: Workplace) -> None:
    with serving([json.dumps([{"id": 1, "price": 2}, {"id": 2, "price": 2.5}]).encode()]) as url:
        resource = {"name": "things", "endpoint": {"path": "things", "paginator": "single_page"}}
        (workplace.folder / "things.json").write_text(
            json.dumps({"client": {"base_url": url}, "resources": [resource]})
        )
        ran = workplace.headrace("run", "things.json", "--format", "json")
    assert ran.code == 0, ran.err
    told = [notice["message"] for notice in ran.report["notices"]]
    assert any("things.price__v_double" in message and "--widen-numbers" in message for message in told), told
