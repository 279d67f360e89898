"""What a run is bound to: a destination, a folder, and a name that leads to neither of another's."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

import headrace
from headrace.errors import ConfigError, JournalError
from tests.e2e.api import served
from tests.run.room import Room, Sent, a_list


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/x", "a\\b", ".hidden", "a\0b", "..", "a\nb"])
def test_a_name_that_leads_elsewhere_is_refused(room: Room, name: str, tmp_path: Path) -> None:
    path = room.write(a_list("a"), name=name)
    with pytest.raises(ConfigError) as raised:
        headrace.load(path, environ={})
    assert [getattr(fault, "path", "") for fault in raised.value.faults] == ["name"]
    assert [each.name for each in tmp_path.iterdir()] == ["room.json"]


@pytest.mark.parametrize("name", ["vitally", "my api", "a.b", "Ärger-2"])
def test_a_plain_name_is_taken(room: Room, name: str) -> None:
    assert headrace.read_plan(room.write(a_list("a"), name=name), environ={}).name == name


def test_a_destination_that_cannot_be_does_not_bind_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with served(lambda _target: (200, [{"id": 1}])) as url:
        resource = {"name": "a", "endpoint": {"path": "a", "paginator": "single_page"}}
        Path("c.json").write_text(json.dumps({"client": {"base_url": url}, "resources": [resource]}))
        wrong = headrace.load("c.json", to="duckdb:///absent/x.duckdb")
        assert (wrong.status, wrong.errors[0].kind) == ("failed", "sink")
        assert headrace.load("c.json", to="duckdb:///x.duckdb").status == "complete"
        with pytest.raises(JournalError, match="needs one of its own"):
            headrace.load("c.json", to="duckdb:///y.duckdb")
    with duckdb.connect("x.duckdb", read_only=True) as connection:
        assert connection.execute("SELECT id FROM c_data.a").fetchall() == [(1,)]


def test_a_journal_with_a_page_stays_whose_it_is(room: Room) -> None:
    room.api.lists = {"a": [Sent([{"id": 1}])]}
    room.write(a_list("a"))
    room.run("fetch", to="memory://one")
    with pytest.raises(JournalError, match="needs one of its own"):
        room.run(to="memory://two")
    assert room.run(to="memory://one").report.status == "complete"


def test_a_journal_that_was_refused_all_pages_is_anybodys(room: Room) -> None:
    room.api.refused = {"a"}
    room.write(a_list("a"))
    assert room.run(to="memory://one").report.status == "failed"
    room.api.refused = set()
    assert room.run(to="memory://two").report.status == "complete"
