"""Resources that take values of their parent's row and of rows above it: each line asked once, whatever stops a run."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import duckdb
import pytest

from tests.e2e.api import served
from tests.e2e.workplace import Ran, Workplace, environment

pytestmark = pytest.mark.timeout(60)

DYING = Path(__file__).with_name("dying.py")
ORGS = [{"id": number, "name": f"org {number}"} for number in range(1, 6)]


class Forge:
    """Orgs (two a page), each with as many repos as its number, of the same names in all, each with two issues."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.orgs: list[dict[str, Any]] = list(ORGS)
        self.url = ""

    def rows(self, path: str) -> list[dict[str, Any]]:
        match [unquote(step) for step in path.strip("/").split("/")]:
            case ["orgs"]:
                return self.orgs
            case ["orgs", org, "repos"]:
                return [{"name": f"repo/{number}", "stars": number} for number in range(int(org))]
            case ["repos", org, repo, "issues"]:
                return [{"number": number, "title": f"{org} {repo} {number}"} for number in (1, 2)]
            case ["repos", org, repo, "issues", issue, "notes"]:
                return [{"text": f"{org} {repo} {issue}"}]
            case _:
                return []

    def answer(self, target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        at = int(parse_qs(parts.query).get("at", ["0"])[0])
        self.asked[f"{parts.path}@{at}"] += 1
        found = self.rows(parts.path)
        return 200, {"rows": found[at : at + 2], "next": str(at + 2) if at + 2 < len(found) else None}


@pytest.fixture
def forge() -> Iterator[Forge]:
    forge = Forge()
    with served(forge.answer) as forge.url:
        yield forge


def a_list(name: str, path: str, **more: Any) -> dict[str, Any]:
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "at"}
    return {"name": name, "endpoint": {"path": path, "data_selector": "rows", "paginator": paginator}, **more}


RESOURCES = (
    a_list(
        "notes",
        "repos/{resources.orgs.id}/{resources.repos.name}/issues/{resources.issues.number}/notes",
        include_from_parent=["number", "{resources.orgs.name}"],
    ),
    a_list("issues", "repos/{resources.orgs.id}/{resources.repos.name}/issues"),
    a_list("repos", "orgs/{resources.orgs.id}/repos"),
    a_list("orgs", "orgs"),
)
LINES = [(org, f"repo/{repo}", issue) for org in range(1, 6) for repo in range(org) for issue in (1, 2)]


def write(workplace: Workplace, forge: Forge) -> None:
    config = {"client": {"base_url": forge.url}, "resources": RESOURCES}
    (workplace.folder / "forge.json").write_text(json.dumps(config))


def go(workplace: Workplace, forge: Forge, *flags: str, command: str = "run") -> Ran:
    write(workplace, forge)
    return workplace.headrace(command, "forge.json", *flags, "--format", "json")


def loaded(workplace: Workplace, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(workplace.folder / "forge.duckdb"), read_only=True) as connection:
        found: list[tuple[Any, ...]] = connection.execute(f"SELECT {sql}").fetchall()
    return found


def check(workplace: Workplace) -> None:
    assert loaded(workplace, "title FROM forge_data.issues") == [
        (f"{org} {repo} {issue}",) for org, repo, issue in LINES
    ]
    assert loaded(workplace, "text, _issues_number, _orgs_name FROM forge_data.notes") == [
        (f"{org} {repo} {issue}", issue, f"org {org}") for org, repo, issue in LINES
    ]
    columns = loaded(workplace, "column_name FROM (DESCRIBE forge_data.repos)")
    assert {name for (name,) in columns if not name.startswith("_dlt_")} == {"name", "stars"}


def test_a_grandchild_is_asked_for_once_with_the_ids_of_every_line(forge: Forge, workplace: Workplace) -> None:
    ran = go(workplace, forge)
    assert ran.code == 0, ran.err
    check(workplace)
    assert set(forge.asked.values()) == {1}
    assert len([page for page in forge.asked if page.endswith("/notes@0")]) == len(LINES)


def test_a_value_that_a_row_above_lacks_is_a_reject_of_what_needs_it(forge: Forge, workplace: Workplace) -> None:
    forge.orgs = [ORGS[0], {"id": 2}]
    ran = go(workplace, forge)
    assert ran.code == 1
    report = ran.report["resources"]
    assert {name: report[name]["rejects"] for name in report} == {"orgs": 0, "repos": 0, "issues": 0, "notes": 4}
    reasons = loaded(workplace, "reason FROM forge_data._headrace_rejects")
    assert {reason for (reason,) in reasons} == {
        "a row of its parent `issues` gives no request: `orgs.name`, which include_from_parent names, is missing"
    }


@pytest.mark.parametrize(
    ("moment", "count"),
    [("after-append", 1), ("after-append", 6), ("before-append", 20), ("after-stage", 1), ("before-commit", 1)],
)
def test_a_run_that_is_killed_ends_with_the_same_lines(
    forge: Forge, workplace: Workplace, moment: str, count: int
) -> None:
    write(workplace, forge)
    command = [sys.executable, str(DYING), moment, str(count), "run", "forge.json"]
    killed = subprocess.run(command, cwd=workplace.folder, env=environment(), capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    ran = go(workplace, forge)
    assert ran.code == 0, ran.err
    check(workplace)


def test_check_explain_and_preview_say_whose_rows_and_values(forge: Forge, workplace: Workplace) -> None:
    plan = json.loads(go(workplace, forge, command="check").out)["plan"]
    notes = next(each for each in plan["resources"] if each["name"] == "notes")
    assert notes["parent"] == "issues"
    assert notes["path"] == RESOURCES[0]["endpoint"]["path"]
    explained = json.loads(go(workplace, forge, command="explain").out)
    notes = next(each for each in explained["resources"] if each["name"] == "notes")
    assert notes["parent"] == "issues"
    asked = notes["requests"][0]["url"]
    assert asked.endswith("/repos/{resources.orgs.id}/{resources.repos.name}/issues/{resources.issues.number}/notes")
    write(workplace, forge)
    seen = workplace.headrace("preview", "forge.json", "notes", "--format", "json")
    assert seen.code == 0, seen.err
    shown = json.loads(seen.out)
    assert shown["parents"][-1]["taken"] == {"orgs.id": 1, "repos.name": "repo/0", "number": 1}
    columns = {column["name"]: column["example"] for column in shown["tables"][0]["columns"]}
    assert columns["_orgs_name"] == "org 1"
