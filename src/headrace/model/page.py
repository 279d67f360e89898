"""A request for a page, the bytes that came back, and where they lie in the journal."""

from __future__ import annotations

from typing import Literal

import msgspec

from headrace.model.plan import Auth, Json, NoAuth, Text
from headrace.model.position import Position


class PageRequest(msgspec.Struct, frozen=True):
    """One HTTP request. Credentials and secrets are references (`Text`), resolved in transport alone.

    `url` is absolute and may have a query of its own (a next link, followed as given); `params` are added to it.
    `json`, `form` or `raw_body` is the body; the last is sent as it is. `repeats` are parameters that are not sent with
    this request, but that its `url`, a link of the API's, may hold: their secrets are filled in there.
    """

    url: str
    method: Literal["GET", "POST"] = "GET"
    params: tuple[tuple[str, Text], ...] = ()
    headers: tuple[tuple[str, Text], ...] = ()
    json: Json = None
    form: tuple[tuple[str, Text], ...] | None = None
    raw_body: Text | None = None
    auth: Auth = NoAuth()
    resource: str = ""
    repeats: tuple[tuple[str, Text], ...] = ()


class Reply(msgspec.Struct, frozen=True):
    """A response with its body decompressed. Header names are lower case; `url` is where it came from, redacted.

    In headers and `url` a mark stands for each secret of the request (`transport.conceal`); the body is as it came.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    url: str
    fetched_at: float
    elapsed_s: float


class Page(msgspec.Struct, frozen=True):
    """One page of a walk as the journal keeps it.

    `walk` names the walk within the run (the resource's name for a walk without parent), `number` counts from 0.
    `position` is the one that asked for this page, `next` the one that follows it. `detected` is what detection
    made of this page (selector, paging), as JSON, empty where nothing was detected.
    `records_digest` is a BLAKE2b of the record bytes, `fingerprint` one of the walk's request template.
    """

    walk: str
    number: int
    position: Position
    next: Position
    body: bytes
    status: int
    headers: dict[str, str]
    fetched_at: float
    records: int
    records_digest: bytes
    fingerprint: str
    detected: bytes = b""


class PageRef(msgspec.Struct, frozen=True):
    """Where a page lies in the journal, with all of it but the body and headers.

    `attempt` counts how often the walk was begun.
    """

    walk: str
    number: int
    segment: int
    offset: int
    length: int
    body_bytes: int
    records: int
    position: Position
    next: Position
    records_digest: bytes
    detected: bytes = b""
    attempt: int = 1
