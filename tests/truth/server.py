"""A local server that behaves as the facts of an API say, and as real ones do where the facts say nothing.

A path that it does not know is a 404, a wrong or missing credential a 401, a parameter that it does not know changes
nothing: whoever pages by a wrong one gets the first page for ever.
"""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

from aiohttp import web

from tests.truth.answer import Refused, answered
from tests.truth.facts import Auth, Endpoint, Facts
from tests.truth.shelf import Shelf

SECRET = "s3cr3t-of-the-test"
GRANTED = "granted-token"


@dataclass
class Played:
    """A server that runs: where it is, what it holds, and what it was asked."""

    facts: Facts
    shelf: Shelf
    url: str = ""
    beginning: str = ""
    """What all paths begin with, as far as the user takes it for a part of the base URL."""
    asked: list[str] = field(default_factory=list)
    forbids: str = ""
    """What a request must not end with for now."""

    @property
    def base_url(self) -> str:
        """What the user gives."""
        return f"{self.url}/{self.beginning}" if self.beginning else self.url

    async def answer(self, request: web.Request) -> web.Response:
        """Any request."""
        self.asked.append(f"{request.method} {request.path_qs}")
        if "token" in request.path and request.method == "POST" and request.path.startswith("/oauth/"):
            return web.json_response({"access_token": GRANTED, "token_type": "bearer", "expires_in": 3600})
        body = await _body(request)
        if not allowed(self.facts.auth, request, body):
            return web.json_response({"error": "who are you?"}, status=401)
        found = self._at(request)
        if found is None:
            return web.json_response({"error": "not found"}, status=404)
        endpoint, parent = found
        forbidden = bool(self.forbids) and request.path_qs.endswith(self.forbids)
        if forbidden or endpoint.method != request.method:
            return web.json_response({"error": "not so"}, status=403 if forbidden else 405)
        asked = body if endpoint.paging.location == "body" else {**body, **request.query}
        try:
            page = answered(endpoint, self.shelf.records(endpoint, parent), asked, f"{self.url}{request.path}")
        except Refused as refused:
            return web.json_response({"error": str(refused)}, status=refused.status)
        return web.json_response(page.body, headers=dict(page.headers))

    def _at(self, request: web.Request) -> tuple[Endpoint, str] | None:
        path = unquote(request.path).strip("/")
        literal = sorted(self.facts.endpoints, key=lambda each: "{" in each.path)
        for endpoint in literal:
            found = endpoint.pattern.fullmatch(path)
            if found is None:
                continue
            parent = path if endpoint.is_open else found.groupdict().get("parent") or ""
            above = found.groupdict().get("above")
            if endpoint.parent is None or parent in self.shelf.parents(endpoint, None if above is None else [above]):
                return endpoint, parent
        return None


async def _body(request: web.Request) -> dict[str, str]:
    if not request.can_read_body:
        return {}
    if request.content_type == "application/json":
        sent = await request.json()
        return {str(key): str(value) for key, value in sent.items()} if isinstance(sent, dict) else {}
    return {key: str(value) for key, value in (await request.post()).items()}


def allowed(auth: Auth, request: web.Request, body: Mapping[str, str]) -> bool:
    """Whether the request proves itself as this API wants it."""
    header = request.headers.get("Authorization", "")
    match auth.kind:
        case "http_basic":
            scheme, _, coded = header.partition(" ")
            return scheme == "Basic" and SECRET in base64.b64decode(coded).decode()
        case "api_key":
            name = auth.name or ""
            place: Mapping[str, str] = {"header": request.headers, "query": request.query, "body": body}.get(
                auth.location or "header", {}
            )
            return SECRET in place.get(name, "")
        case "none":
            return True
        case _:
            return header in {f"Bearer {SECRET}", f"Bearer {GRANTED}"}


@contextmanager
def played(facts: Facts) -> Iterator[Played]:
    """A server of these facts, in a thread of its own."""
    server = Played(facts, Shelf(facts))
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(_app(server), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def _app(server: Played) -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    return app
