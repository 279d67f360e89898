"""Requests with values of rows above their parent's, by `headrace run` and by the drop-in alike, over real sockets."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from typing import Any

import dlt
import pytest

from tests.parity.rest_api.asking import config, went_well
from tests.parity.rest_api.case import Config
from tests.parity.rest_api.serving import Answer, Asked, serving
from tests.parity.rest_api.ways import Loaded, Way, by_drop_in, by_load

ORGS: list[dict[str, Any]] = [{"id": 1, "name": "one", "team": "t"}, {"id": 2, "name": "two", "team": "t"}]


def a_list(name: str, path: str, **more: Any) -> Config:
    return {"name": name, "endpoint": {"path": path, "paginator": "single_page", "data_selector": "data"}, **more}


def forge(asked: Asked, orgs: list[dict[str, Any]] = ORGS) -> Answer:
    """Orgs; repos `a` and `b` of whatever is asked for; and a record that says by which path it came."""
    match asked.segments:
        case ["orgs"]:
            return Answer({"data": orgs})
        case ["repos", _]:
            return Answer({"data": [{"id": "a"}, {"id": "b"}]})
        case _:
            return Answer({"data": [{"id": asked.raw_path}]})


BY_ORG = a_list("repos", "repos/{resources.orgs.id}")
BY_TEAM = a_list("repos", "repos/{resources.orgs.team}")
ISSUES = a_list(
    "issues", "issues/{resources.orgs.id}/{resources.repos.id}", include_from_parent=["id", "{resources.orgs.name}"]
)
NOTES = a_list("notes", "notes/{resources.orgs.id}/{resources.issues.id:raw}")
PATHS = ["/issues/1/a", "/issues/1/b", "/issues/2/a", "/issues/2/b"]


def loaded_by(
    load: Way, folder: Path, *resources: Config, orgs: list[dict[str, Any]] = ORGS
) -> tuple[Loaded, list[str]]:
    """What was loaded, and what was asked for."""
    with serving(functools.partial(forge, orgs=orgs)) as server:
        loaded = load(config(server.url, a_list("orgs", "orgs"), *resources), folder)
        return loaded, list(server.paths)


@pytest.mark.parametrize("repos", [BY_ORG, BY_TEAM], ids=["by org", "by team"])
def test_every_line_is_asked_once_and_rows_on_the_way_are_loaded_as_without_it(
    load: Way, repos: Config, tmp_path: Path
) -> None:
    loaded, paths = loaded_by(load, tmp_path, repos, ISSUES, NOTES)
    went_well(loaded)
    assert loaded.values("issues") == PATHS
    assert loaded.values("notes") == [f"/notes/{path.split('/')[2]}/{path}" for path in PATHS]
    assert loaded.values("repos") == (["a", "b"] if repos is BY_TEAM else ["a", "a", "b", "b"])
    counted = Counter(paths)
    assert {path: counted[path] for path in PATHS} == dict.fromkeys(PATHS, 1)
    assert sum(path.startswith("/notes") for path in paths) == len(PATHS)


def test_values_of_rows_above_become_columns(load: Way, tmp_path: Path) -> None:
    loaded, _ = loaded_by(load, tmp_path, BY_TEAM, ISSUES)
    went_well(loaded)
    assert loaded.values("issues", "_orgs_name") == ["one", "one", "two", "two"]
    assert loaded.values("issues", "_repos_id") == ["a", "a", "b", "b"]


def test_parameters_of_the_older_form_may_name_rows_above(load: Way, tmp_path: Path) -> None:
    issues = a_list("issues", "issues/{org}/{repo}")
    issues["endpoint"]["params"] = {
        "org": {"type": "resolve", "resource": "orgs", "field": "id"},
        "repo": {"type": "resolve", "resource": "repos", "field": "id"},
        "of": "{resources.orgs.name} and {{braces}}",
    }
    loaded, _ = loaded_by(load, tmp_path, BY_ORG, issues)
    assert went_well(loaded).values("issues") == PATHS


def test_a_null_above_asks_for_nothing(load: Way, tmp_path: Path) -> None:
    loaded, paths = loaded_by(load, tmp_path, BY_TEAM, ISSUES, orgs=[ORGS[0], {**ORGS[1], "id": None}])
    assert loaded.values("issues") == PATHS[:2]
    assert not any("None" in path for path in paths)


def test_what_has_no_line_above_it_is_refused_with_the_mend(tmp_path: Path) -> None:
    issues = a_list("issues", "issues/{resources.teams.id}/{resources.repos.id}")
    for load in (by_load, by_drop_in):
        loaded, paths = loaded_by(load, tmp_path, BY_ORG, a_list("teams", "teams"), issues)
        assert "neither of them is asked for with the other's rows" in loaded.problem
        assert paths == []


def test_a_record_takes_only_what_is_above_it(tmp_path: Path) -> None:
    issues = a_list("issues", "issues/{resources.orgs.id}", include_from_parent=["{resources.repos.id}"])
    for load in (by_load, by_drop_in):
        assert "which is not above `orgs`" in loaded_by(load, tmp_path, BY_ORG, issues)[0].problem


def upper(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"].upper()}


@pytest.mark.parametrize(
    "more",
    [
        {"processing_steps": [{"map": upper}]},
        {"processing_steps": [{"map": upper}], "parallelized": True},
        {"processing_steps": [{"map": upper}], "selected": False},
    ],
    ids=["alone", "parallelized", "not loaded"],
)
@pytest.mark.parametrize("repos", [BY_ORG, BY_TEAM], ids=["by org", "by team"])
def test_the_drop_in_keeps_the_line_through_steps_of_python(repos: Config, more: Config, tmp_path: Path) -> None:
    loaded, _ = loaded_by(by_drop_in, tmp_path, {**repos, **more}, ISSUES, NOTES)
    went_well(loaded)
    assert loaded.values("issues") == [path.replace("a", "A").replace("b", "B") for path in PATHS]
    assert len(loaded.values("notes")) == len(PATHS)


def left_as_it_is(response: Any, *_: Any, **__: Any) -> Any:
    return response


@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_drop_in_keeps_the_line_where_dlts_client_walks(which: int, tmp_path: Path) -> None:
    """A response action of a user's own is called by dlt's client alone."""
    resources = [BY_ORG, ISSUES, NOTES]
    endpoint = {**resources[which]["endpoint"], "response_actions": [left_as_it_is]}
    resources[which] = {**resources[which], "endpoint": endpoint}
    loaded, _ = loaded_by(by_drop_in, tmp_path, *resources)
    went_well(loaded)
    assert loaded.values("issues") == PATHS
    assert len(loaded.values("notes")) == len(PATHS)
    assert loaded.values("repos") == ["a", "a", "b", "b"]


def test_equal_requests_with_other_values_for_their_records_are_each_loaded(load: Way, tmp_path: Path) -> None:
    loaded, _ = loaded_by(load, tmp_path, {**BY_TEAM, "include_from_parent": ["name"]})
    assert went_well(loaded).values("repos", "_orgs_name") == ["one", "one", "two", "two"]


def test_an_increment_on_the_way_down_lets_the_same_rows_through_for_every_line(load: Way, tmp_path: Path) -> None:
    orgs = a_list("orgs", "orgs")
    orgs["endpoint"]["paginator"] = {"type": "json_link", "next_url_path": "next"}
    repos = a_list("repos", "repos/{resources.orgs.team}")
    repos["endpoint"]["incremental"] = {"cursor_path": "at", "initial_value": 5}
    of_team = [{"id": "old", "at": 1}, {"id": "a", "at": 5}, {"id": "b", "at": 6}]

    def handle(asked: Asked) -> Answer:
        if asked.segments == ["orgs"]:
            second = "page" in asked.query
            following = None if second else f"{asked.origin}/orgs?page=2"
            return Answer({"data": [ORGS[1] if second else ORGS[0]], "next": following})
        return Answer({"data": of_team}) if asked.segments[0] == "repos" else forge(asked)

    with serving(handle) as server:
        source = config(server.url, orgs, repos, ISSUES)
        loaded = went_well(load(source, tmp_path))
        assert (loaded.values("repos"), loaded.values("issues")) == (["a", "b"], PATHS)
        of_team.append({"id": "new", "at": 7})
        loaded = went_well(load(source, tmp_path))
    assert loaded.values("repos") == ["a", "b", "new"]
    assert [each for each in loaded.values("issues") if "new" in each] == ["/issues/1/new", "/issues/2/new"]


def test_a_row_above_may_be_one_of_a_resource_of_dlts_own(tmp_path: Path) -> None:
    orgs = dlt.resource([ORGS], name="orgs")
    with serving(forge) as server:
        loaded = by_drop_in(config(server.url, orgs, BY_TEAM, ISSUES), tmp_path)
    assert went_well(loaded).values("issues") == PATHS
    assert loaded.values("issues", "_orgs_name") == ["one", "one", "two", "two"]
