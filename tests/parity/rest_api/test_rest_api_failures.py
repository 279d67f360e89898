"""What stops dlt's run stops headrace's, with nothing of it loaded, and is told in words that help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.parity.rest_api.asking import FAMILY, child, config, of_parents, rows, things
from tests.parity.rest_api.case import Config
from tests.parity.rest_api.serving import Answer, Asked, serving
from tests.parity.rest_api.ways import Way, by_dlt, by_drop_in


def refuse_second(row: Config) -> bool:
    if row["id"] == 2:
        raise ValueError("no twos")
    return True


def refuse_all(_: Any, *__: Any, **___: Any) -> None:
    raise ValueError("no answers")


def late(asked: Asked) -> Answer:
    return Answer({"error": "no such page"}, 404) if "page" in asked.query else rows(1, next="/things?page=2")


FAILURES: dict[str, tuple[Callable[[Asked], Answer], tuple[Any, ...], tuple[str, ...]]] = {
    "a status that is an error": (lambda _: Answer({"error": "no such thing"}, 404), (things(),), ("404", "things")),
    "a status on a later page": (late, (things(paginator="json_link"),), ("404",)),
    "a missing cursor": (
        lambda _: Answer([{"id": 1, "at": 1}, {"id": 2}]),
        (things(incremental={"cursor_path": "at"}),),
        ("at", "things"),
    ),
    "a filter that raises": (
        lambda _: rows(1, 2),
        (things() | {"processing_steps": [{"filter": refuse_second}]},),
        ("no twos", "refuse_second"),
    ),
    "a map that raises": (
        lambda _: rows(1, 2),
        (things() | {"processing_steps": [{"map": refuse_second}]},),
        ("no twos", "refuse_second"),
    ),
    "an action that raises": (
        lambda _: rows(1, 2),
        (things(response_actions=[refuse_all]),),
        ("no answers", "refuse_all"),
    ),
    "a key of the parent that is not there": (
        of_parents({"id": 1}),
        (FAMILY, child("of/{resources.parents.id}", include_from_parent=["title"])),
        ("title", "parents"),
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_stops_dlt_stops_headrace_and_is_named(name: str, tmp_path: Path) -> None:
    handle, resources, words = FAILURES[name]
    (tmp_path / "dlt").mkdir()
    (tmp_path / "headrace").mkdir()
    with serving(handle) as server:
        theirs = by_dlt(config(server.url, *resources), tmp_path / "dlt")
        ours = by_drop_in(config(server.url, *resources), tmp_path / "headrace")
    assert theirs.problem
    assert not theirs.rows
    assert not ours.rows
    assert [word for word in words if word not in ours.problem] == [], ours.problem


@pytest.mark.parametrize("way", [by_dlt, by_drop_in])
def test_a_frozen_schema_refuses_a_new_column(way: Way, tmp_path: Path) -> None:
    answers = iter([rows(1), Answer({"data": [{"id": 2, "extra": "x"}]})])
    with serving(lambda _: next(answers)) as server:
        frozen = config(server.url, things() | {"schema_contract": {"columns": "freeze"}})
        assert not way(frozen, tmp_path).problem
        loaded = way(frozen, tmp_path)
    assert "extra" in loaded.problem
    assert loaded.values("things") == [1]
