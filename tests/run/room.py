"""Whole runs in one process: an API in memory, a warehouse in memory, and a journal on the disk."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest

from headrace.errors import RequestRefused
from headrace.model.event import Event
from headrace.model.page import PageRequest, Reply
from headrace.model.plan import Resource, ResponseAction, RetryPolicy
from headrace.model.table import Receipt
from headrace.run import flow, wire
from headrace.run.desk import Desk
from headrace.run.options import Outcome, RunOptions
from headrace.sinks.base import Commit, Sink, Staging
from headrace.sinks.memory import MemorySink, Warehouse
from headrace.transport.base import Ignored

T = TypeVar("T")
URL = "https://api.test"
PATIENCE_S = 15.0


class Killed(BaseException):
    """Stands for SIGKILL: nobody catches it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One page: its records, and how many bytes it has."""

    rows: Sequence[Any] = ()
    size: int = 0


@dataclass(slots=True)
class Api:
    """Lists by path, each page by page. `refused` are paths that get 403, `ignored` those that end their walk.

    A reply takes `turns` of the loop, or as many as `slow` has for its path.
    """

    lists: dict[str, list[Sent]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)
    slow: dict[str, int] = field(default_factory=dict)
    before: Callable[[str], None] = lambda _page: None
    asked: list[str] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    turns: int = 1
    is_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def fetch(
        self,
        request: PageRequest,
        retry: RetryPolicy,
        accept: Callable[[Reply], T],
        actions: tuple[ResponseAction, ...] = (),
    ) -> T:
        """One page, after a few turns of the loop."""
        del retry, actions
        path = urlsplit(request.url).path.strip("/")
        at = next((int(value.literal or 0) for name, value in request.params if name == "at"), 0)
        self.asked.append(f"{path}@{at}")
        self.is_asked.set()
        self.before(f"{path}@{at}")
        body = self.body(path, at)
        self.in_flight += len(body)
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            for _ in range(self.slow.get(path, self.turns)):
                await asyncio.sleep(0)
            if path in self.refused:
                raise RequestRefused(f"{path} is refused", url=request.url, status=403)
            if path in self.ignored:
                raise Ignored(f"{path} is ignored", status=404)
            return accept(Reply(200, {}, body, request.url, time.time(), 0.0))
        finally:
            self.in_flight -= len(body)

    def conceal(self, request: PageRequest, text: str) -> str:
        """Nothing here is secret."""
        del request
        return text

    def body(self, path: str, at: int) -> bytes:
        """The page at a place of a list."""
        pages = self.lists.get(path, [Sent()])
        following = str(at + 1) if at + 1 < len(pages) else None
        page = pages[at] if at < len(pages) else Sent()
        body = {"rows": list(page.rows), "next": following, "pages": len(pages), "pad": "x" * page.size}
        return json.dumps(body).encode()


class Sinks:
    """Makes sinks over one warehouse. `before_*` and `after_*` are called around the sink's own methods."""

    def __init__(self) -> None:
        self.warehouse = Warehouse()
        self.after_stage: Callable[[Staging], None] = lambda _staging: None
        self.before_commit: Callable[[], None] = lambda: None
        self.after_commit: Callable[[], None] = lambda: None

    def open(
        self,
        url: str,
        dataset: str,
        *,
        pipeline: str = "",
        folder: Path | None = None,
        memory_budget_bytes: int = 0,
        resources: Sequence[Resource] = (),
    ) -> Sink:
        """In the place of `open_sink`."""
        del url, dataset, pipeline, folder, memory_budget_bytes, resources
        return _Sink(self)


class _Sink(MemorySink):
    def __init__(self, sinks: Sinks) -> None:
        super().__init__(sinks.warehouse)
        self._sinks = sinks

    def stage(self, staging: Staging) -> Receipt:
        receipt = super().stage(staging)
        self._sinks.after_stage(staging)
        return receipt

    def commit(self, commit: Commit) -> Receipt:
        self._sinks.before_commit()
        receipt = super().commit(commit)
        self._sinks.after_commit()
        return receipt


@dataclass
class Room:
    """A folder, an API and a warehouse to run in."""

    folder: Path
    api: Api = field(default_factory=Api)
    sinks: Sinks = field(default_factory=Sinks)
    events: list[Event] = field(default_factory=list)
    desks: list[Desk] = field(default_factory=list)
    leaving: Callable[[], object] = lambda: None
    """Called when the connections are closed, after which there is one more turn of the loop."""

    def write(self, *resources: Mapping[str, Any], **more: Any) -> Path:
        """The configuration."""
        path = self.folder / "room.json"
        path.write_text(json.dumps({"client": {"base_url": URL}, "resources": list(resources), **more}))
        return path

    def run(
        self, mode: Any = "run", *, go: Callable[[Coroutine[Any, Any, Outcome]], Outcome] | None = None, **options: Any
    ) -> Outcome:
        """One run, which must not hang."""
        asked = RunOptions(
            config=str(self.folder / "room.json"), journal=str(self.folder / "journal"), mode=mode, **options
        )
        return wire.execute(asked, environ={}, listen=self.events.append, go=go or patiently)

    def ids(self, table: str) -> list[Any]:
        """The ids that a table holds."""
        return sorted(row["id"] for row in self.sinks.warehouse.tables.get(table, []))


def is_idle(desk: Desk) -> bool:
    """Whether all bytes were given back."""

    async def take_all() -> None:
        await asyncio.wait_for(desk.budget.acquire(desk.budget.limit_bytes), 1)

    asyncio.run(take_all())
    return True


def patiently(work: Coroutine[Any, Any, T]) -> T:
    """Run it, but not for ever: a run that hangs is interrupted, and says so in its report."""
    return asyncio.run(asyncio.wait_for(work, PATIENCE_S))


@contextlib.contextmanager
def furnished(folder: Path) -> Iterator[Room]:
    """A room whose runs ask its API and load into its warehouse."""
    room = Room(folder)

    @contextlib.asynccontextmanager
    async def open_transport(*_: object, **__: object) -> AsyncIterator[Api]:
        yield room.api
        room.leaving()
        await asyncio.sleep(0)

    def open_desk(*args: Any, **more: Any) -> Desk:
        room.desks.append(Desk(*args, **more))
        return room.desks[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow, "open_transport", open_transport)
        patch.setattr(flow, "Desk", open_desk)
        patch.setattr(flow, "open_sink", room.sinks.open)
        patch.setattr(wire, "read_seen", lambda *_, **__: MemorySink(room.sinks.warehouse).seen())
        yield room


CURSOR: dict[str, Any] = {"type": "cursor", "cursor_path": "next", "cursor_param": "at"}
NUMBERS: dict[str, Any] = {"type": "page_number", "base_page": 0, "page_param": "at", "total_path": "pages"}


def a_list(name: str, path: str | None = None, *, paginator: Any = CURSOR, **more: Any) -> dict[str, Any]:
    """A resource of pages, with a cursor unless it says otherwise."""
    endpoint: dict[str, Any] = {"path": path or name, "data_selector": "rows", "paginator": paginator}
    if "incremental" in more:
        endpoint["incremental"] = more.pop("incremental")
    return {"name": name, "write_disposition": more.pop("way", "append"), "endpoint": endpoint, **more}


def pages(sizes: Sequence[int], name: str = "") -> list[Sent]:
    """One page for each size, each with one record."""
    return [Sent([{"id": f"{name}{number}"}], size) for number, size in enumerate(sizes)]
