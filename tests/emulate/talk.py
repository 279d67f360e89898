"""A small HTTP client for the emulator's tests: one request, or a whole walk."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from typing import Any
from urllib.parse import urlencode, urlsplit

KEY = "Basic " + b64encode(b"sk_live_test:").decode()

Json = Any


@dataclass(frozen=True)
class Reply:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Json:
        return json.loads(self.body)


def ask(
    url: str, path: str, method: str = "GET", body: bytes = b"", *, authorization: str = KEY, encoding: str = "identity"
) -> Reply:
    """One request on a connection of its own; `authorization=""` sends no such header."""
    sent = {"Accept-Encoding": encoding} | ({"Authorization": authorization} if authorization else {})
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, f"/resources{path}" if path[:2] != "/_" else path, body or None, sent)
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def nothing(_: int) -> None:
    """What is done between two pages unless told."""


def pages(url: str, name: str, *, between: Callable[[int], None] = nothing, **params: str) -> Iterator[Json]:
    """Every page of a walk; `between` is called with the number of each page after it was read."""
    following: str | None = None
    for number in range(1, 10_000):
        cursor = {} if following is None else {"from": following}
        reply = ask(url, f"/{name}?{urlencode({**params, **cursor})}")
        assert reply.status == 200, reply.body
        page = reply.json
        yield page
        between(number)
        following = page.get("next")
        if following is None:
            return


def walk(url: str, name: str, *, between: Callable[[int], None] = nothing, **params: str) -> list[Json]:
    """Every record of a walk, in the order read."""
    return [record for page in pages(url, name, between=between, **params) for record in page["results"]]


def ids(records: list[Json]) -> list[str]:
    return [record["id"] for record in records]
