"""The shared corpus of configurations as found: what dlt takes and needs no Python gives a plan, and is understood."""

from __future__ import annotations

import csv
from functools import cache

import pytest

from headrace.spec.explain import check_object
from headrace.spec.read import Reading, open_source, read

from .documents import CORPUS, errors

_LISTED = CORPUS / "EXPECT.tsv"
_NEEDS_PYTHON = {
    "661_dlt_docs_basic_40.py": "processing steps",
    "663_dlt_docs_basic_43.py": "processing steps",
    "671_dlt_docs_advanced_60.py": "a response action that is a function",
    "688_dlt_rest_api_tutorial_zoom.py": "an auth class of its own",
}


def valid() -> list[str]:
    """The files that dlt takes as they are, or once values are given."""
    if not _LISTED.exists():
        return []
    with _LISTED.open(encoding="utf-8") as rows:
        listed = list(csv.DictReader(rows, delimiter="\t"))
    return [row["file"] for row in listed if row["class"] == "valid" and row["expect"] in {"runnable", "values"}]


@cache
def reading(name: str) -> Reading:
    path = CORPUS / name
    if not path.exists():
        pytest.skip(f"the corpus is not here ({path})")
    return read(open_source(str(path)))


@pytest.mark.parametrize(
    "name", [name for name in valid() if name not in _NEEDS_PYTHON] or ["626_dlt_tests_valid_configs_1.py"]
)
def test_a_valid_file_that_needs_no_python_gives_a_plan(name: str) -> None:
    assert reading(name).plan is not None, errors(reading(name))


@pytest.mark.parametrize("name", _NEEDS_PYTHON)
def test_a_valid_file_that_needs_python_says_so_and_nothing_else(name: str) -> None:
    found = errors(reading(name))
    assert found
    assert {fault.code for fault in found} <= {"python-object", "not-yet"}, found
    assert all("Python" in fault.problem + fault.fix for fault in found)


@pytest.mark.parametrize(
    ("name", "parents", "increments"),
    [
        ("626_dlt_tests_valid_configs_1.py", {"post_comments": "posts"}, {}),
        ("638_dlt_tests_valid_configs_13.py", {"comments": "issues"}, {}),
        ("665_dlt_docs_advanced_53.py", {"post_comments": "posts"}, {}),
        ("680_dlt_rest_api_pipeline.py", {"issue_comments": "issues"}, {"issues": "updated_at"}),
        ("687_dlt_rest_api_tutorial_pokemon_pipeline.py", {"berry_details": "berries"}, {}),
        ("735_dlt_docs_yml_source_configuration.yaml", {}, {"encounter_conditions": "name"}),
        (
            "748_datadisciple_github_rest_api_source_pipeline.py",
            {"issue_comments": "issues", "pr_comments": "repos"},
            {"pr_comments": "updated_at"},
        ),
    ],
)
def test_parents_and_increments_are_told(name: str, parents: dict[str, str], increments: dict[str, str]) -> None:
    resources = check_object(reading(name))["plan"]["resources"]
    assert {each["name"]: each["parent"] for each in resources if each["parent"]} == parents
    told = {each["name"]: each["incremental"]["cursor_path"] for each in resources if each["incremental"]}
    assert told == increments


def test_a_parent_stands_before_its_children_in_every_plan() -> None:
    for name in valid():
        plan = reading(name).plan
        seen: set[str] = set()
        for resource in plan.resources if plan is not None else ():
            assert resource.parent is None or resource.parent.resource in seen, (name, resource.name)
            seen.add(resource.name)
