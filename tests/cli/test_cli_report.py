"""`headrace report`: what a run said at its end, said again; and what the pages say of a run that left no report."""

from __future__ import annotations

import io
import json
import os
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from headrace.cli.main import main
from headrace.cli.world import World
from headrace.journal.layout import Identity, RunRecord
from headrace.journal.write import Journal, open_journal
from headrace.model.page import Page
from headrace.model.position import Done, Position, Start, Token
from headrace.report.collect import Failure, Proof, RejectReason, ResourceReport, RunReport
from tests.cli.vendor import serving

ROWS = [{"id": 1, "name": "Ann", "tags": ["a", "b"]}, {"id": 2, "name": "Bob", "tags": []}]
END = Done("the last page", proven=True)


def said(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    world = World(environ={"COLUMNS": "80"}, stdout=out, stderr=err, argv0="headrace")
    code = main(argv, world)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def journal(name: str = "acme") -> Journal:
    return open_journal(Path(".headrace") / name, Identity(name, f"duckdb:///{name}.duckdb", f"{name}_data"))


def begun(into: Journal, run_id: str, at: float = 1_764_000_000.0, *resources: str) -> None:
    into.begin(RunRecord(run_id, at, resources or ("users", "teams"), "acme"))


def page(walk: str, number: int, following: Position) -> Page:
    position: Position = Start() if number == 0 else Token(str(number))
    return Page(walk, number, position, following, b"{}", 200, {}, 1_764_000_001.0, 5, b"d" * 16, "f")


REPORT = RunReport(
    run_id="20251124T160000Z-aa1111",
    status="complete",
    resources={
        "users": ResourceReport(
            pages=3,
            records=250,
            rows={"users": 248, "users__tags": 500},
            rejects=2,
            bytes=91_000,
            requests=4,
            retries=1,
            retried={"500": 1},
            proof=Proof(complete=True, why="the cursor at `next` is null"),
            stopped="end",
            reject_reasons=(RejectReason("users.id must have a value <and> has none", 2, 1, 7),),
        )
    },
    requests=4,
    wall_s=2.5,
    cpu_s=0.4,
    peak_rss_mb=99.0,
    load_id="1764000000.1",
)


def kept(run_id: str = REPORT.run_id, at: float = 1_764_000_000.0, name: str = "acme") -> None:
    with journal(name) as into:
        begun(into, run_id, at, "users")
        into.begin_walk(run_id, "users", "f")
        into.append(run_id, page("users", 0, END))
        into.finish(run_id, REPORT.to_json())


def test_the_object_is_byte_for_byte_that_of_the_run() -> None:
    with serving(users=(200, ROWS)) as vendor:
        Path("acme.yaml").write_text(f"client: {{base_url: '{vendor.url}'}}\nresources: [users]\n")
        code, printed, _ = said("run", "acme.yaml", "--format", "json")
    assert code == 0
    assert said("report", "--format", "json") == (0, printed, "")


def test_a_person_reads_the_summary_of_the_run_again() -> None:
    with serving(users=(200, ROWS)) as vendor:
        Path("acme.yaml").write_text(f"client: {{base_url: '{vendor.url}'}}\nresources: [users]\n")
        summary = said("run", "acme.yaml")[1]
    code, again, err = said("report")
    assert (code, err) == (0, "")
    first, verdict, *rest = again.splitlines()
    assert re.fullmatch(r"Run \d{8}T\d{6}Z-\w{6}, \d{4}-\d\d-\d\d \d\d:\d\d( to \d\d:\d\d)? UTC", first)
    assert verdict == "✓ acme → duckdb:///acme.duckdb  complete"
    assert rest == summary.splitlines()[1:]


def test_without_a_name_it_is_the_newest_run_of_all_journals() -> None:
    kept("20251124T160000Z-aa1111", 1_764_000_000.0, "zoo")
    kept("20251125T160000Z-bb2222", 1_764_086_400.0, "acme")
    assert "Run 20251125T160000Z-bb2222" in said("report")[1]


@pytest.mark.parametrize("name", ["20251124T160000Z-aa1111", "20251124", "aa1111"])
def test_a_run_is_named_by_its_id_or_by_enough_of_it(name: str) -> None:
    kept("20251124T160000Z-aa1111", 1_764_000_000.0, "zoo")
    kept("20251125T160000Z-bb2222", 1_764_086_400.0, "acme")
    code, out, _ = said("report", name)
    assert code == 0
    assert "Run 20251124T160000Z-aa1111, 2025-11-24 16:00" in out


def test_a_name_that_fits_several_runs_or_none_is_a_mistake() -> None:
    kept("20251124T160000Z-aa1111", 1_764_000_000.0, "zoo")
    kept("20251125T160000Z-bb2222", 1_764_086_400.0, "acme")
    code, out, err = said("report", "202511")
    assert (code, out) == (2, "")
    assert "2 runs begin or end with 202511, such as 20251125T160000Z-bb2222, 20251124T160000Z-aa1111" in err
    code, out, err = said("report", "cc3333")
    assert (code, out) == (2, "")
    assert "There is no run cc3333: the last ones are 20251125T160000Z-bb2222" in err


def test_where_there_is_no_journal_it_says_so() -> None:
    assert said("report")[0] == 2
    assert "There is no journal in .headrace/ of this folder" in said("report")[2]
    code, _, err = said("report", "--journal", "elsewhere")
    assert code == 2
    assert "There is no journal in elsewhere" in err


def test_a_journal_without_a_run_is_told() -> None:
    journal().close()
    code, _, err = said("report")
    assert code == 2
    assert "holds no run yet; `headrace run CONFIG` makes one" in err


def test_of_a_run_that_was_killed_the_pages_tell() -> None:
    with journal() as into:
        begun(into, "20251124T160000Z-aa1111")
        into.begin_walk("20251124T160000Z-aa1111", "users", "f")
        into.append("20251124T160000Z-aa1111", page("users", 0, Token("1")))
        into.append("20251124T160000Z-aa1111", page("users", 1, Token("2")))
    code, out, err = said("report")
    assert (code, err) == (0, "")
    assert "begun 2025-11-24 16:00 UTC, not over" in out
    assert "interrupted; what was fetched is kept" in " ".join(out.split())
    assert "  users         2       10        0  interrupted\n" in out
    assert "  teams         0        0        0  not begun\n" in out
    assert "This run is not over" in out
    assert "headrace run CONFIG" in out
    told = json.loads(said("report", "--format", "json")[1])
    assert told["status"] == "failed"
    assert told["resources"]["users"]["pages"] == 2
    assert told["resources"]["users"]["proof"] == {"complete": False, "why": "its end is not in the journal"}


def test_a_run_that_is_fetched_and_not_loaded_says_how_to_load_it() -> None:
    with journal() as into:
        begun(into, "20251124T160000Z-aa1111", 1_764_000_000.0, "users", "comments")
        for walk in ("users", "users/1", "comments"):
            into.begin_walk("20251124T160000Z-aa1111", walk, "f")
        into.append("20251124T160000Z-aa1111", page("users", 0, END))
        into.append("20251124T160000Z-aa1111", page("comments", 0, END))
    out = said("report")[1]
    assert "headrace replay CONFIG" in out
    assert "✓ acme → .headrace/acme  complete" in out


def test_the_walks_of_a_childs_rows_are_counted_for_the_child() -> None:
    with journal() as into:
        begun(into, "20251124T160000Z-aa1111", 1_764_000_000.0, "users", "comments")
        for walk in ("comments", "comments/1", "comments/2"):
            into.begin_walk("20251124T160000Z-aa1111", walk, "f")
        into.append("20251124T160000Z-aa1111", page("comments/1", 0, END))
        into.append("20251124T160000Z-aa1111", page("comments/2", 0, END))
    told = json.loads(said("report", "--format", "json")[1])
    assert list(told["resources"]) == ["users", "comments"]
    assert (told["resources"]["comments"]["pages"], told["resources"]["comments"]["records"]) == (2, 10)


def test_an_abandoned_run_is_told_as_one_and_no_command_goes_on_with_it() -> None:
    with journal() as into:
        begun(into, "20251124T160000Z-aa1111")
        into.begin_walk("20251124T160000Z-aa1111", "users", "f")
        into.append("20251124T160000Z-aa1111", page("users", 0, Token("1")))
        into.abandon("20251124T160000Z-aa1111")
    out = said("report")[1]
    assert "UTC, abandoned" in out.splitlines()[0]
    assert "This run was abandoned with --new" in out
    assert "headrace run" not in out


def test_the_report_of_another_version_is_told_by_its_pages() -> None:
    with journal() as into:
        begun(into, "20251124T160000Z-aa1111", 1_764_000_000.0, "users")
        into.begin_walk("20251124T160000Z-aa1111", "users", "f")
        into.append("20251124T160000Z-aa1111", page("users", 0, END))
        into.finish("20251124T160000Z-aa1111", b'{"of": "another version"}')
    assert "The report of this run cannot be read any more" in said("report")[1]


# --- the page -----------------------------------------------------------------------------------


class Seen(HTMLParser):
    """What a browser would make of the page: every tag, and the text."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def outside(seen: Seen) -> Iterator[str]:
    """Whatever a browser would fetch or run."""
    for tag, attributes in seen.tags:
        if tag in {"script", "link", "img", "iframe", "object", "embed", "form", "base"}:
            yield tag
        yield from (name for name in attributes if name in {"src", "href", "action", "srcset"} or name.startswith("on"))


def test_the_page_stands_alone_and_holds_the_whole_report() -> None:
    kept()
    code, out, err = said("report", "--format", "html")
    assert (code, err) == (0, "")
    seen = Seen(out)
    assert seen.open == []
    assert list(outside(seen)) == []
    assert "url(" not in out
    assert "@import" not in out
    for words in ("acme", "250", "users__tags", "248", "500", "2 rejects of users", "run 20251124T160000Z-aa1111"):
        assert words.lower() in seen.text.lower()
    assert "users.id must have a value <and> has none" in seen.text  # escaped in the page, and so whole in its text


def test_what_an_api_wrote_cannot_become_a_tag_of_the_page() -> None:
    evil = "<script>alert(1)</script>"
    with journal() as into:
        begun(into, "20251124T160000Z-aa1111", 1_764_000_000.0, evil)
        report = RunReport(
            run_id="20251124T160000Z-aa1111",
            status="failed",
            resources={
                evil: ResourceReport(pages=1, rows={evil: 1}, requests=1, proof=Proof(complete=False, why=evil))
            },
            errors=(Failure("source", f"{evil} `{evil}`", evil, 500, "https://x/?a=<b>"),),
        )
        into.finish("20251124T160000Z-aa1111", report.to_json())
    out = said("report", "--format", "html")[1]
    assert list(outside(Seen(out))) == []
    assert "<script" not in out
    assert Seen(out).text.count(evil) >= 3


def test_the_page_goes_to_a_file() -> None:
    kept()
    code, out, err = said("report", "--format", "html", "--output", "run.html")
    assert (code, out, err) == (0, "", "Written to run.html.\n")
    assert Path("run.html").read_text(encoding="utf-8") == said("report", "--format", "html")[1]


def test_a_run_under_way_says_that_it_is_running_and_what_it_has_so_far() -> None:
    run_id = "20251124T160000Z-aa1111"
    with journal() as into:
        begun(into, run_id, time.time(), "users", "teams", "tags")
        for walk, following in (("users", Token("1")), ("teams", END)):
            into.begin_walk(run_id, walk, "f")
            into.append(run_id, page(walk, 0, following))
        into.sync()
        code, out, err = said("report")
        told = json.loads(said("report", "--format", "json")[1])
        html = said("report", "--format", "html")[1]
    assert (code, err) == (0, "")
    assert "not over" in out
    assert "· acme → duckdb:///acme.duckdb  running; 2 pages so far" in out
    assert "  users         1        5        0  under way\n" in out
    assert "  teams         1        5        0  the last page\n" in out
    assert "  tags          0        0        0  not begun yet\n" in out
    assert f"This run is under way (process {os.getpid()} on " in " ".join(out.split())
    assert "interrupted" not in out
    assert "What next" not in out
    assert (told["running"], told["status"]) == (True, "incomplete")
    assert (told["running"], told["resources"]["users"]["proof"]["why"]) == (True, "it is under way")
    assert "<p class=verdict>Running; 2 pages so far</p>" in html
    assert "running;" not in said("report")[1]
    assert "running" not in json.loads(said("report", "--format", "json")[1])


def test_a_run_that_is_gone_on_with_is_not_told_by_the_report_of_its_earlier_try() -> None:
    with journal() as into:
        begun(into, REPORT.run_id, 1_764_000_000.0, "users")
        into.begin_walk(REPORT.run_id, "users", "f")
        into.append(REPORT.run_id, page("users", 0, Token("1")))
        into.note_report(REPORT.run_id, REPORT.to_json())
    with journal():
        assert "running; 1 page so far" in said("report")[1]
    assert "running;" not in said("report")[1]
