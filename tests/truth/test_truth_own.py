"""Scaffolds of our own, each with one guess that is wrong, against servers that know better."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import headrace
from tests.truth.drive import Drive, drive
from tests.truth.facts import Auth, Endpoint, Facts, Paging
from tests.truth.server import SECRET, played

SCAFFOLD = """# Overview

A service for people who watch birds.

# Configuration Example

```python
import dlt
from dlt.sources.rest_api import rest_api_source

source = rest_api_source({{
    "client": {{
        "base_url": "https://api.example.com",
        "auth": {{"type": "{auth}", {credential}: dlt.secrets["watcher_token"]}},
    }},
    "resource_defaults": {{"primary_key": "{key}", "write_disposition": "merge"}},
    "resources": [
        {{
            "name": "sightings",
            "endpoint": {{
                "path": "{path}",
                {selector}
                {paginator}
            }},
        }},
    ],
}})
```

# Authentication

- **Type**: as above

# Resources

- **Resource Name**: sightings

# Error Handling

Ask again after 429.

# Schema

Not known.
"""
BIRDS = Endpoint("sightings", "/sightings", paging=Paging("offset", "skip", size_param="take", size=10, start=0))
BEARER = Auth("bearer")


def paginator(words: str) -> str:
    return f'"paginator": {{{words}}},'


@dataclass(frozen=True)
class Case:
    """What the scaffold says, and how the API is."""

    endpoint: Endpoint
    paginator: str
    selector: str = '"data_selector": "data",'
    path: str = "/sightings"
    key: str = "id"
    auth: str = "bearer"
    credential: str = '"token"'
    known: Auth = BEARER

    def write(self, folder: Path) -> Path:
        document = folder / "birds.md"
        document.write_text(
            SCAFFOLD.format(
                auth=self.auth,
                credential=self.credential,
                key=self.key,
                path=self.path,
                selector=self.selector,
                paginator=self.paginator,
            )
        )
        return document


def paged(kind: str, param: str | None = None, path: str | None = None, **others: object) -> Paging:
    return replace(Paging(kind, param, path, size_param="limit", size=10), **others)  # type: ignore[arg-type]


STATED_OFFSET = paginator('"type": "offset", "limit": 10, "offset_param": "skip", "limit_param": "take"')
NUMBERED = paginator('"type": "page_number", "limit": 10, "page_param": "page"')
CASES = {
    "the body itself is the list": Case(BIRDS, STATED_OFFSET),
    "the selector names what wraps the list": Case(replace(BIRDS, selector="data.items"), STATED_OFFSET),
    "the path begins with a filler": Case(BIRDS, STATED_OFFSET, path="/v1/sightings"),
    "pages are counted from 0": Case(replace(BIRDS, paging=paged("page_number", "page", start=0)), NUMBERED),
    "pages are counted from 1": Case(replace(BIRDS, paging=paged("page_number", "page", start=1)), NUMBERED),
    "page 0 is refused": Case(replace(BIRDS, name="seen_here", paging=paged("page_number", "page", start=1)), NUMBERED),
    "the key is another": Case(replace(BIRDS, key=("ring", "season")), STATED_OFFSET, key="season"),
    "the size has another name": Case(
        replace(BIRDS, paging=paged("offset", "skip", size_param="count", start=0)),
        paginator('"type": "offset", "limit": 4, "offset_param": "skip"'),
    ),
    "only the cursor's parameter is known": Case(
        replace(BIRDS, selector="data", paging=paged("cursor", "after", "meta.next_cursor")),
        paginator('"type": "cursor", "cursor_param": "after"'),
    ),
    "the cursor is a field of the last record": Case(
        replace(BIRDS, selector="data", paging=paged("cursor", "starting_after", "id", path_from="last_record")),
        paginator('"type": "cursor", "cursor_param": "starting_after"'),
    ),
    "what is read as a link is a cursor": Case(
        replace(BIRDS, selector="data", paging=paged("cursor", "page_token", "meta.next_page_token")),
        paginator('"type": "cursor", "cursor_path": "meta.next_page_token"'),
    ),
    "pages are linked, and nothing says so": Case(replace(BIRDS, paging=paged("link_header")), ""),
}
ASKED = {
    "client.auth.name": Case(
        BIRDS,
        STATED_OFFSET,
        auth="api_key",
        credential='"name": "api_key", "location": "header", "api_key"',
        known=Auth("api_key", "X-Watcher", "header"),
    ),
    "resources.sightings.endpoint.paginator.offset_param": Case(BIRDS, paginator('"type": "offset", "limit": 20')),
    "resources.sightings.endpoint.paginator": Case(
        replace(BIRDS, paging=Paging()), paginator('"type": "offset", "limit": 100')
    ),
    "resources.sightings.endpoint.paginator.cursor_param": Case(
        replace(BIRDS, selector="data", paging=paged("cursor", "from", "next_key")),
        paginator('"type": "cursor", "cursor_path": "next_key"'),
    ),
}


def driven(case: Case, folder: Path) -> Drive:
    with played(Facts(case.known, (case.endpoint,))) as server:
        return drive(case.write(folder), server, folder)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_wrong_guess_costs_a_request_and_never_a_row(case: Case, tmp_path: Path) -> None:
    outcome = driven(case, tmp_path)
    assert (outcome.verdict, dict(outcome.flags)) == ("whole", {}), outcome.why


@pytest.mark.parametrize(("flag", "case"), ASKED.items(), ids=ASKED)
def test_what_cannot_be_settled_is_a_question_that_one_flag_answers(flag: str, case: Case, tmp_path: Path) -> None:
    outcome = driven(case, tmp_path)
    assert (outcome.verdict, list(outcome.flags)) == ("whole", [flag]), outcome.why


def test_a_question_is_asked_before_a_row_is_loaded(tmp_path: Path) -> None:
    case = ASKED["resources.sightings.endpoint.paginator.offset_param"]
    with played(Facts(BEARER, (BIRDS,))) as server:
        report = headrace.load(
            case.write(tmp_path),
            base_url=server.url,
            to=tmp_path / "w.duckdb",
            journal=tmp_path / "journal",
            environ={"WATCHER_TOKEN": SECRET},
        )
    assert report.exit_code == 3
    assert report.resources["sightings"].rows == {}
    assert [error.message.count("--set resources.sightings.endpoint.paginator") for error in report.errors] == [2]


def test_a_resume_asks_nothing_that_was_settled(tmp_path: Path) -> None:
    case = CASES["pages are counted from 0"]
    document = case.write(tmp_path)
    with played(Facts(BEARER, (case.endpoint,))) as server:
        for server.forbids in ("page=2", ""):
            report = headrace.load(
                document,
                base_url=server.url,
                to=tmp_path / "w.duckdb",
                journal=tmp_path / "journal",
                environ={"WATCHER_TOKEN": SECRET},
            )
        pages = [asked.rpartition("page=")[2] for asked in server.asked]
    assert pages == ["1", "0", "1", "2", "2", "3"]
    assert report.resumed
    assert report.records == 26
    assert any("counted from 0" in notice.message for notice in report.notices)


def test_a_key_that_does_not_tell_records_apart_is_told(tmp_path: Path) -> None:
    case = CASES["the key is another"]
    document = case.write(tmp_path)
    with played(Facts(BEARER, (case.endpoint,))) as server:
        for _ in range(2):
            report = headrace.load(
                document,
                base_url=server.url,
                to=tmp_path / "w.duckdb",
                journal=tmp_path / "journal",
                environ={"WATCHER_TOKEN": SECRET},
            )
    assert report.exit_code == 0
    assert report.resources["sightings"].rows == {"sightings": 26}
    warning = next(notice for notice in report.notices if notice.severity == "warning")
    assert "two records of the first page have the same `season`" in warning.message
    assert "--set resources.sightings.primary_key=NAME" in warning.message


def test_a_guessed_key_that_later_pages_share_is_told(tmp_path: Path) -> None:
    endpoint = replace(BIRDS, key=("flock", "ring"), paging=replace(BIRDS.paging, size=3))
    stated = paginator('"type": "offset", "limit": 3, "offset_param": "skip", "limit_param": "take"')
    with played(Facts(BEARER, (endpoint,))) as server:
        report = headrace.load(
            Case(endpoint, stated, key="ring").write(tmp_path),
            base_url=server.url,
            to=tmp_path / "w.duckdb",
            journal=tmp_path / "journal",
            environ={"WATCHER_TOKEN": SECRET},
        )
    assert report.resources["sightings"].duplicates == 1
    warnings = [notice.message for notice in report.notices if notice.severity == "warning"]
    assert any("`ring` is a guess" in message and "primary_key=NAME" in message for message in warnings)


RINGED = replace(BIRDS, key=("sightingId",), fields=("sightingId",), is_parent=True)
RINGS = Endpoint("rings", "/sightings/{of}/rings", parent="sightings", parent_key="sightingId", parent_param="of")
CHILD = """    {
            "name": "rings",
            "endpoint": {"path": "/sightings/{of}/rings", "data_selector": "data"},
        },
    ],
})"""


def with_rings(folder: Path) -> Path:
    document = Case(RINGED, STATED_OFFSET).write(folder)
    document.write_text(document.read_text().replace("    ],\n})", f"    {CHILD}"))
    return document


def test_a_parents_key_has_the_name_that_its_rows_give_it(tmp_path: Path) -> None:
    with played(Facts(BEARER, (RINGED, RINGS))) as server:
        outcome = drive(with_rings(tmp_path), server, tmp_path)
    assert (outcome.verdict, dict(outcome.flags)) == ("whole", {}), outcome.why


def test_a_resume_finds_the_parents_key_again(tmp_path: Path) -> None:
    document = with_rings(tmp_path)
    with played(Facts(BEARER, (RINGED, RINGS))) as server:
        for server.forbids in ("sightings-4/rings", ""):
            report = headrace.load(
                document,
                base_url=server.url,
                to=tmp_path / "w.duckdb",
                journal=tmp_path / "journal",
                environ={"WATCHER_TOKEN": SECRET},
            )
        expected = len(server.shelf.marks(RINGS))
    assert report.exit_code == 0
    assert report.resumed
    assert report.resources["rings"].rows == {"rings": expected}
    assert [asked for asked in server.asked if asked.endswith("sightings-1/rings")] == [
        "GET /sightings/sightings-1/rings"
    ]
    assert any("`{of}` is `sightingId`" in notice.message for notice in report.notices)
