"""A walk without network or journal: an API is a function from request to response, driven to the walk's end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from headrace.envelope.split import compile_splitter
from headrace.model.envelope import Envelope, Facts, Visit
from headrace.model.page import PageRequest
from headrace.model.plan import AutoPaging, Client, Paging, Request, Resource
from headrace.model.position import Done, Position, Start, dump, load
from headrace.walk.after import after, ask
from headrace.walk.detect import Detection, detect
from headrace.walk.request import build
from headrace.walk.value import all_alike

BASE = "https://api.example.com/v1"
CLIENT = Client(BASE)


@dataclass
class Answer:
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


Api = Callable[[PageRequest], Answer]


@dataclass
class Walked:
    done: Done
    records: list[Any]
    requests: list[PageRequest]
    detection: Detection | None = None

    @property
    def pages(self) -> int:
        return len(self.requests)


def resource(paging: Paging, selector: str | None = "data", **request: Any) -> Resource:
    return Resource("items", "items", Request("items", **request), paging, selector)


def facts(envelope: Envelope, **more: Any) -> Facts:
    digest = hashlib.blake2b(b"\n".join(envelope.records), digest_size=16).digest()
    return Facts(
        records=len(envelope.records),
        records_digest=digest,
        cursor=envelope.cursor,
        total=envelope.total,
        has_more=envelope.has_more,
        **more,
    )


def walk(what: Resource, api: Api, *, client: Client = CLIENT, limit: int = 400) -> Walked:
    """Every position goes through its text form on the way, as on a resume."""
    position: Position = Start()
    out = Walked(Done("", proven=False), [], [])
    visits: dict[bytes, list[Visit]] = {}
    cursor_seen, last, repeats = False, b"", 0
    while not isinstance(position, Done):
        assert out.pages < limit, "the walk does not end"
        request = build(client, what, position)
        assert request == build(client, what, position)
        answer = api(request)
        out.requests.append(request)
        body = answer.body if isinstance(answer.body, bytes) else msgspec.json.encode(answer.body)
        envelope = compile_splitter(ask(what)).split(body)
        if isinstance(what.paging, AutoPaging) or what.selector is None:
            out.detection = detect(what, answer.headers, body, envelope)
            what = msgspec.structs.replace(what, paging=out.detection.paging, selector=out.detection.selector)
            envelope = compile_splitter(ask(what)).split(body)
        known = facts(
            envelope,
            page=out.pages - 1,
            url=request.url,
            headers=answer.headers,
            visits=tuple(visits.get(dump(position), ())),
            cursor_seen=cursor_seen,
            records_before=len(out.records),
        )
        repeats = repeats + 1 if known.records_digest == last else 0
        last = known.records_digest
        alike = repeats > 0 and all_alike(envelope.records)
        known = msgspec.structs.replace(known, repeats=repeats, alike=alike)
        following = load(dump(after(what.paging, position, known)))
        visits.setdefault(dump(position), []).append(Visit(known.page, known.records_digest))
        cursor_seen = cursor_seen or not isinstance(following, Done)
        out.records += [msgspec.json.decode(record) for record in envelope.records]
        position = following
    out.done = position
    return out


def param(request: PageRequest, name: str, default: str | None = None) -> str | None:
    """A query parameter, also from the URL's own query."""
    from urllib.parse import parse_qsl, urlsplit

    for key, value in request.params:
        if key == name:
            return value.literal
    return dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True)).get(name, default)
