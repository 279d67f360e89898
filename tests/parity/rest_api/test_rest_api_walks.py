"""Walks that dlt cuts short or mixes up (H4, H10, H33 of the contract), over real sockets."""

from __future__ import annotations

from pathlib import Path

from tests.parity.rest_api.asking import config, rows, things, went_well
from tests.parity.rest_api.serving import Answer, Asked, serving
from tests.parity.rest_api.ways import Way, by_load

LINKED = {"type": "json_link", "next_url_path": "next"}


def linked(asked: Asked, pages: list[list[int]]) -> Answer:
    """A page of a list with a link to the next one."""
    at = int(asked.query.get("page", "0"))
    following = f"{asked.origin}{asked.raw_path}?page={at + 1}" if at + 1 < len(pages) else None
    return rows(*pages[at], next=following)


def test_h4_a_paginator_on_the_client_walks_every_resource_to_its_end(load: Way, tmp_path: Path) -> None:
    def handle(asked: Asked) -> Answer:
        page = int(asked.query.get("seite", "0"))
        return rows(*([page] if page < 3 else []))

    paginator = {"type": "page_number", "page_param": "seite", "total_path": None}
    with serving(handle) as server:
        loaded = went_well(load(config(server.url, things(), "others", paginator=paginator), tmp_path))
    assert (loaded.values("things"), loaded.values("others")) == ([0, 1, 2], [0, 1, 2])


def test_h10_every_page_of_every_child_of_every_page_of_parents_is_walked(load: Way, tmp_path: Path) -> None:
    """Three parents on two pages; the second has three pages of children, the others one."""
    children = {"1": [[10]], "2": [[20, 21], [22], [23]], "3": [[30]]}

    def handle(asked: Asked) -> Answer:
        if asked.segments == ["parents"]:
            return linked(asked, [[1, 2], [3]])
        return linked(asked, children[asked.segments[1]])

    parents = {"name": "parents", "endpoint": {"path": "parents"}}
    kids = {"name": "children", "endpoint": {"path": "of/{resources.parents.id}/children"}}
    with serving(handle) as server:
        loaded = went_well(load(config(server.url, parents, kids, paginator=LINKED), tmp_path))
        assert len(server.asked) == len({(asked.raw_path, asked.query.get("page")) for asked in server.asked}) == 7
    assert loaded.values("children") == [10, 20, 21, 22, 23, 30]


def test_h33_a_page_of_html_is_told_with_its_place_and_how_it_begins(tmp_path: Path) -> None:
    page = Answer(b"<html><body>Please sign in</body></html>", headers={"Content-Type": "text/html"})
    with serving(lambda _: page) as server:
        loaded = by_load(config(server.url, things(paginator="single_page")), tmp_path)
    assert "/things" in loaded.problem
    assert "Please sign in" in loaded.problem
