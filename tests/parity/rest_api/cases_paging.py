"""Every paginator: stated with its arguments, as an alias, as an object, of a class of the user's, and detected."""

from __future__ import annotations

from typing import Any

from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    HeaderLinkPaginator,
    JSONLinkPaginator,
    JSONResponseCursorPaginator,
    OffsetPaginator,
    PageNumberPaginator,
    SinglePagePaginator,
)
from requests import Response

from tests.parity.rest_api.case import APPENDED, Case, one, paged


class Skipping(BasePaginator):  # type: ignore[misc]
    """A paginator as users write them: `skip` grows by what came."""

    def __init__(self, param: str = "skip") -> None:
        super().__init__()
        self.param = param
        self.skipped = 0

    def init_request(self, request: Any) -> None:
        self.skipped = 0
        request.params = request.params | {self.param: 0, "top": 3}

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        self.skipped += len(data or [])
        self._has_next_page = bool(response.json()["has_more"])

    def update_request(self, request: Any) -> None:
        request.params = request.params | {self.param: self.skipped}


def register_skipping(module: Any) -> None:
    module.register_paginator("skipping", Skipping)


LINKS = [
    Case("single_page", paged("things", "single_page"), APPENDED),
    Case("single_page object", paged("things", SinglePagePaginator()), APPENDED),
    Case("json_link absolute", paged("json_link/absolute", {"type": "json_link"}), APPENDED),
    Case("json_link relative", paged("json_link/relative", {"type": "json_link"}), APPENDED),
    Case("json_link only a query", paged("json_link/query", {"type": "json_link"}), APPENDED),
    Case(
        "json_link nested path",
        paged("json_link/relative", {"type": "json_link", "next_url_path": "links.next"}),
        APPENDED,
    ),
    Case("json_link alias", paged("json_link/relative", "json_link"), APPENDED),
    Case("json_response alias", paged("json_link/relative", "json_response"), APPENDED),
    Case("json_link object", paged("json_link/relative", JSONLinkPaginator("links.next")), APPENDED),
    Case(
        "json_link with parameters of the first page",
        paged("json_link/absolute", "json_link", params={"first": "yes", "k": "a b&ü"}),
        APPENDED,
    ),
    Case("header_link", paged("header_link", "header_link"), APPENDED),
    Case(
        "header_link other relation",
        paged("header_link", {"type": "header_link", "links_next_key": "more"}, params={"rel": "more"}),
        APPENDED,
    ),
    Case("header_link object", paged("header_link", HeaderLinkPaginator()), APPENDED),
    Case("header_cursor", paged("header_cursor", "header_cursor"), APPENDED),
    Case(
        "header_cursor named",
        paged("header_cursor", {"type": "header_cursor", "cursor_key": "X-Cursor", "cursor_param": "after"}),
        APPENDED,
    ),
]

CURSORS = [
    Case("cursor alias", paged("cursor/null", "cursor"), APPENDED),
    *(
        Case(
            f"cursor that ends {end}",
            paged(f"cursor/{end}", {"type": "cursor", "cursor_path": "meta.next", "cursor_param": "after"}),
            APPENDED,
        )
        for end in ("null", "empty", "zero", "absent")
    ),
    Case(
        "cursor object",
        paged("cursor/null", JSONResponseCursorPaginator(cursor_path="meta.next", cursor_param="after")),
        APPENDED,
    ),
    Case(
        "cursor with has_more",
        paged("cursor_more", {"type": "cursor", "cursor_path": "next", "has_more_path": "has_more"}),
        APPENDED,
    ),
    Case(
        "cursor until a page is empty",
        paged("cursor_more", {"type": "cursor", "cursor_path": "next", "stop_after_empty_page": True}),
        APPENDED,
    ),
    Case(
        "cursor in the last record",
        paged("cursor_last", {"type": "cursor", "cursor_path": "rows[-1].id", "cursor_param": "after"}),
        APPENDED,
    ),
    Case(
        "cursor in the body",
        paged(
            "cursor_body",
            {"type": "cursor", "cursor_path": "next", "cursor_body_path": "page.after"},
            method="POST",
            json={"kind": "all"},
        ),
        APPENDED,
    ),
]

COUNTS = [
    Case("offset", paged("offset", {"type": "offset", "limit": 3}), APPENDED),
    Case(
        "offset without a total",
        paged("offset", {"type": "offset", "limit": 2, "total_path": None}),
        APPENDED,
    ),
    Case(
        "offset named",
        paged("offset", {"type": "offset", "limit": 3, "offset_param": "skip", "limit_param": "top"}),
        APPENDED,
    ),
    Case(
        "offset from 3",
        paged("offset", {"type": "offset", "limit": 3, "offset": 3}),
        {"things": (4, 9)},
    ),
    Case(
        "offset with a maximum",
        paged("offset", {"type": "offset", "limit": 3, "total_path": None, "maximum_offset": 6}),
        {"things": (6, 12)},
    ),
    Case(
        "offset with has_more",
        paged(
            "offset",
            {
                "type": "offset",
                "limit": 3,
                "total_path": None,
                "has_more_path": "has_more",
                "stop_after_empty_page": False,
            },
        ),
        APPENDED,
    ),
    Case("offset object", paged("offset", OffsetPaginator(limit=3, total_path="total")), APPENDED),
    Case(
        "offset in the body",
        paged(
            "offset_body",
            {
                "type": "offset",
                "limit": 3,
                "offset_param": None,
                "limit_param": None,
                "offset_body_path": "page.offset",
                "limit_body_path": "page.limit",
                "total_path": "meta.count",
            },
            method="POST",
        ),
        APPENDED,
    ),
    Case("page_number", paged("pages/0", "page_number"), APPENDED),
    Case("page_number from 1", paged("pages/1", {"type": "page_number", "base_page": 1}), APPENDED),
    Case(
        "page_number that begins at the second",
        paged("pages/1", {"type": "page_number", "base_page": 1, "page": 2}),
        {"things": (4, 9)},
    ),
    Case(
        "page_number without a total",
        paged("pages/1", {"type": "page_number", "base_page": 1, "total_path": None, "page_param": "p"}),
        APPENDED,
    ),
    Case(
        "page_number with a maximum",
        paged("pages/0", {"type": "page_number", "total_path": None, "maximum_page": 2}),
        {"things": (6, 12)},
    ),
    Case(
        "page_number with has_more",
        paged(
            "pages/1",
            {
                "type": "page_number",
                "base_page": 1,
                "total_path": None,
                "has_more_path": "has_more",
                "stop_after_empty_page": False,
            },
        ),
        APPENDED,
    ),
    Case("page_number object", paged("pages/1", PageNumberPaginator(base_page=1)), APPENDED),
    Case(
        "page_number in the body",
        paged(
            "pages_body",
            {
                "type": "page_number",
                "base_page": 1,
                "page_param": None,
                "page_body_path": "page",
                "total_path": None,
                "has_more_path": "more",
            },
            method="POST",
        ),
        APPENDED,
    ),
]

OTHERS = [
    Case("a paginator of the client", one("pages/0", client={"paginator": {"type": "page_number"}}), APPENDED),
    Case(
        "the endpoint's paginator wins over the client's",
        one({"path": "offset", "paginator": {"type": "offset", "limit": 3}}, client={"paginator": "single_page"}),
        APPENDED,
    ),
    Case("a paginator class of the user", paged("offset", Skipping(), data_selector="rows"), APPENDED),
    Case(
        "a registered paginator",
        paged("offset", "skipping", data_selector="rows"),
        APPENDED,
        prepare=register_skipping,
    ),
]

DETECTED = [
    Case("detected Link header", one("header_link"), APPENDED),
    Case("detected next URL", one("detect/next_url"), APPENDED),
    Case("detected nested next URL", one({"path": "detect/next_nested", "paginator": "auto"}), APPENDED),
    Case("detected cursor", one("detect/next_token"), APPENDED),
    Case("detected page number from 0", one("detect/total_pages"), APPENDED),
    Case(
        "detected number of pages alone",
        one("detect/total_pages_alone"),
        APPENDED,
        differs="H2: nothing says whether the API counts from 0 or 1; dlt takes it for 0",
        ours={"things": (3, 6)},
    ),
    Case("detected single page", one("detect/nothing", client={"paginator": {"type": "auto"}}), APPENDED),
    Case("detected bare list", one("bare"), APPENDED),
    Case(
        "detected page number from 1",
        one("detect/total_pages_from_1"),
        {"things": (9, 18)},
        differs="H2: dlt asks for the first page twice and for the last one never",
        ours=APPENDED,
    ),
    Case(
        "detected OData link",
        one("detect/odata"),
        {"things": (3, 6)},
        differs="H3: dlt does not see `@odata.nextLink` and stops after the first page",
        ours=APPENDED,
    ),
]

CASES = [*LINKS, *CURSORS, *COUNTS, *OTHERS, *DETECTED]
