"""How a played API answers one request for a page: by its own parameters alone, whatever others it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.truth.facts import Endpoint
from tests.truth.shelf import page_size, put


class Refused(Exception):
    """The request makes no sense to the API."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Answer:
    """A body and the headers that page."""

    body: Any
    headers: Mapping[str, str]


def answered(endpoint: Endpoint, rows: list[dict[str, Any]], asked: Mapping[str, str], url: str) -> Answer:
    """The page that is asked for. `url` is the endpoint's own, `asked` its parameters."""
    paging = endpoint.paging
    if endpoint.is_one:
        return Answer(_body(endpoint, rows[0]), {})
    if paging.kind == "single":
        return Answer(_body(endpoint, rows), {})
    size = _size(endpoint, asked)
    start = _start(endpoint, rows, asked, size)
    page = rows[start : start + size]
    end = start + len(page)
    more = end < len(rows)
    body = _body(endpoint, page)
    headers: dict[str, str] = {}
    following = f"{url}?{urlencode({**_without_place(asked), '_after': end})}"
    match paging.kind:
        case "link_header":
            headers["Link"] = f'<{following}>; rel="next"' if more else f'<{url}>; rel="first"'
        case "next_url" if paging.path is not None:
            _tell(body, paging.path, following if more else None)
        case "cursor" if paging.path is not None and paging.path_from is None:
            _tell(body, paging.path, f"c{end}" if more else None)
        case _:
            pass
    return Answer(body, headers)


def _tell(body: Any, path: str, value: str | None) -> None:
    """Where there is no more, a key at the top is null, and one in an object of its own is not there."""
    if value is not None or "." not in path:
        put(body, path, value)  # type: ignore[arg-type]


def _without_place(asked: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if name != "_after"}


def _body(endpoint: Endpoint, page: list[dict[str, Any]] | dict[str, Any]) -> Any:
    if endpoint.selector == "$":
        return page
    body: dict[str, Any] = {}
    put(body, endpoint.selector, page)  # type: ignore[arg-type]
    return body


def _size(endpoint: Endpoint, asked: Mapping[str, str]) -> int:
    most, name = page_size(endpoint), endpoint.paging.size_param
    if name is None:
        return most
    return min(_number(asked[name], 1), most) if name in asked else max(3, most // 4)


def _start(endpoint: Endpoint, rows: list[dict[str, Any]], asked: Mapping[str, str], size: int) -> int:
    paging = endpoint.paging
    if paging.kind in {"next_url", "link_header"}:
        return _number(asked.get("_after", "0"), 0)
    place = asked.get(paging.param or "")
    if place is None or place == "":
        return 0
    match paging.kind:
        case "offset":
            return _number(place, 0) - (paging.start or 0)
        case "page_number":
            first = paging.start if paging.start is not None else 1
            if _number(place, 0) < first and len(endpoint.name) % 2:
                raise Refused(400, f"pages begin with {first}")
            return max(_number(place, 0) - first, 0) * size
        case _:
            return _behind(endpoint, rows, place)


def _behind(endpoint: Endpoint, rows: list[dict[str, Any]], cursor: str) -> int:
    paging = endpoint.paging
    if paging.path_from is not None and paging.path is not None:
        for place, row in enumerate(rows):
            if row.get(paging.path) == cursor:
                return place + 1
    elif cursor.startswith("c") and cursor[1:].isdigit():
        return int(cursor[1:])
    raise Refused(400, "no such cursor")


def _number(text: str, least: int) -> int:
    if not text.isdigit() or int(text) < least:
        raise Refused(400, f"{text} is no number that could be meant")
    return int(text)
