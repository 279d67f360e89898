"""The shared corpus of configurations as found: what dlt takes and needs no Python gives dlt's plan."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest

from headrace.model.plan import Plan, Ref, Text
from headrace.spec.document import open_document
from headrace.spec.explain import check_object
from headrace.spec.faults import Faults
from headrace.spec.node import Node, Opaque
from headrace.spec.read import Options, Reading, open_source, read
from headrace.walk.bind import fields_of

from .dlt_objects import stand_in, written
from .documents import CORPUS, errors, plan_of
from .oracle import dlt_takes
from .understood import by_dlt, by_headrace

_LISTED = CORPUS / "EXPECT.tsv"
_NEEDS_PYTHON = {
    "661_dlt_docs_basic_40.py": "processing steps",
    "663_dlt_docs_basic_43.py": "processing steps",
    "671_dlt_docs_advanced_60.py": "a response action that is a function",
    "688_dlt_rest_api_tutorial_zoom.py": "an auth class of its own",
}


@cache
def listed(kind: str, *expected: str) -> list[str]:
    """The files of a class, by what is expected of them."""
    if not _LISTED.exists():
        return []
    with _LISTED.open(encoding="utf-8") as rows:
        every = list(csv.DictReader(rows, delimiter="\t"))
    return [row["file"] for row in every if row["class"] == kind and row["expect"] in expected]


def valid() -> list[str]:
    """The files that dlt takes as they are, or once values are given."""
    return listed("valid", "runnable", "values")


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


def as_data(node: Node) -> Any:
    """The configuration as dlt would be given it: values from outside have a stand-in, and so have computed bounds."""
    match node.value:
        case dict() as mapping:
            return {key: as_data(sub) for key, sub in mapping.items()}
        case list() as elements:
            return [as_data(sub) for sub in elements]
        case Text() as words:
            return written(words)
        case Opaque(kind="expression"):
            return stand_in(Ref(node.path.rpartition(".")[2], "config"))
        case Opaque():
            raise TypeError(node.path)
        case plain:
            return plain


def a_row(paths: Iterable[str]) -> dict[str, Any]:
    """A row that has a value at each of the paths; the values come after every start of an increment."""
    row: dict[str, Any] = {}
    for path in paths:
        *above, last = re.sub(r"\['(.+?)'\]", r".\1", path).split(".")
        inner = row
        for key in above:
            inner = inner.setdefault(key, {})
        inner[last] = f"~{last}"
    return row


def rows_for(plan: Plan) -> dict[str, dict[str, Any]]:
    """A row of each parent, with what its children and its own increment want of it."""
    own = {each.name: (each.incremental.cursor_path, *each.primary_key) for each in plan.resources if each.incremental}
    wanted: dict[str, list[str]] = {}
    for each in plan.resources:
        if each.parent is not None:
            above = each.parent.resource
            wanted.setdefault(above, [*own.get(above, ())]).extend((*map(str, fields_of(each)), *each.parent.include))
    return {name: a_row(paths) for name, paths in wanted.items()}


def both(name: str) -> tuple[Reading, dict[str, Any]]:
    """A file as headrace reads it, and as dlt would be given it, with every value from outside there."""
    path = CORPUS / name
    if not path.exists():
        pytest.skip(f"the corpus is not here ({path})")
    source = open_source(str(path))
    config = open_document(source.text, source.format, Faults()).config
    data = as_data(config) if config is not None else {}
    options = Options(lookup=stand_in)
    if "base_url" in read(source, options).needs:
        options = Options(lookup=stand_in, base_url="https://host.test")
        data["client"] = {**data.get("client", {}), "base_url": "https://host.test"}
    return read(source, options), data


@pytest.mark.parametrize(
    "name", [name for name in valid() if name not in _NEEDS_PYTHON] or ["626_dlt_tests_valid_configs_1.py"]
)
def test_a_valid_file_comes_to_what_dlt_makes_of_it(name: str) -> None:
    told, data = both(name)
    plan = plan_of(told)
    ours, theirs = by_headrace(plan, rows_for(plan)), by_dlt(data, rows_for(plan))
    beside = {each.name: each for each in plan.resources if each.beside}
    for each in beside:  # dlt decides by the order of extraction how a table of several is filled: differences.md
        theirs[each] = theirs[each]._replace(disposition=ours[each].disposition, keys=ours[each].keys)
    assert ours == theirs


@pytest.mark.parametrize("name", listed("broken", "refuse") or ["616_dlt_tests_invalid_configs_0.py"])
def test_what_dlt_refuses_is_refused_with_its_line_and_a_mend(name: str) -> None:
    told, data = both(name)
    assert not dlt_takes(data)
    assert told.plan is None
    assert all(fault.line and fault.path and fault.fix for fault in errors(told))


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
