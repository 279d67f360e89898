"""A dlt pipe that decides, when it is about to run, whether its pages stay bytes to the end or become rows at once."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from typing import Any, Self

from dlt.common.configuration.container import Container
from dlt.common.storages.load_package import LoadPackageStateInjectableContext
from dlt.extract.incremental import Incremental, IncrementalResourceWrapper
from dlt.extract.items import ResolvablePipeItem
from dlt.extract.items_transform import LimitItem, MetricsItem
from dlt.extract.pipe import ForkPipe, Pipe
from dlt.extract.source import SourceInjectableContext, SourceSchemaInjectableContext

from headrace.rest_api.line import Line
from headrace.rest_api.page import JsonPage, LastPage
from headrace.rest_api.tables import TableMaker, table_maker

_log = logging.getLogger("headrace.rest_api")
_INCREMENT = (IncrementalResourceWrapper, Incremental)
_WHOLE = (*_INCREMENT, LimitItem, MetricsItem)
"""The steps that let pages through as they are, or records out of them."""


class Channel(Pipe):  # type: ignore[misc]
    """The pipe of a resource that our engine feeds. dlt runs clones of it, one for each extraction.

    `asked` are the requests that this extraction has made for a parent's rows.
    """

    _steps: list[Any]

    def __init__(self, name: str, steps: list[Any] | None = None, parent: Pipe | None = None) -> None:
        super().__init__(name, steps, parent)
        self.asked: set[bytes] = set()
        self._is_open = False

    @classmethod
    def of(cls, pipe: Pipe) -> Self:
        """The same pipe as one of ours."""
        channel = cls(pipe.name, [], pipe.parent)
        channel.instance_id, channel._steps, channel._gen_idx = pipe.instance_id, pipe._steps, pipe._gen_idx  # noqa: SLF001
        return channel

    @property
    def gathers(self) -> bool:
        """Whether nobody looks at the pages one by one, so that several may come as one."""
        return isinstance(self.tail, Outlet) and self.tail.gathers

    def _clone(self, new_name: str | None = None) -> Channel:
        channel = Channel.of(self)
        channel.name = new_name or self.name
        channel._steps = self._steps.copy()  # noqa: SLF001
        return channel

    def fork(self, child_pipe: Pipe, child_step: int = -1, copy_on_fork: bool = False) -> Pipe:
        """As dlt, by way of our own outlet."""
        self._outlet()
        return super().fork(child_pipe, child_step, copy_on_fork)

    def evaluate_gen(self) -> None:
        """As dlt, which calls this once for every pipe that hangs on this one; then the way of the pages is set."""
        super().evaluate_gen()
        if self._is_open:
            return
        self._is_open = True
        steps = [
            step for place, step in enumerate(self._steps) if place != self._gen_idx and not isinstance(step, ForkPipe)
        ]
        looks = next((step for step in steps if not isinstance(step, _WHOLE)), None)
        if looks is not None:
            _log.info("%s: rows go through Python, and dlt normalises them, because of the step %r", self.name, looks)
        maker = _maker(self) if looks is None else None
        if maker is None:
            self._insert_at_pos(_as_rows, self._gen_idx + 1)
            return
        self._steps = [Sieve(step) if isinstance(step, _INCREMENT) else step for step in self._steps]
        gathers = not any(map(_may_end_early, steps))
        if gathers and self.parent is None:  # nothing says which page of a parent is the last
            maker.write_files()
        self._outlet().begin(maker, gathers=gathers)

    def _outlet(self) -> Outlet:
        """The last step, added if it is not there."""
        if not isinstance(self.tail, Outlet):
            self._insert_at_pos(Outlet(self), len(self))
        tail = self.tail
        assert isinstance(tail, Outlet)  # noqa: S101 - for mypy
        return tail


class Outlet(ForkPipe):  # type: ignore[misc]
    """The end of a channel: pages go to the pipes that hang on it as they are, and out as finished tables."""

    def __init__(self, channel: Channel) -> None:
        self._pipes: list[tuple[Pipe, int]] = []
        self.copy_on_fork = False
        self._channel = channel
        self._maker: TableMaker | None = None
        self._gathers = False
        self._outgoing: deque[ResolvablePipeItem] = deque()

    @property
    def gathers(self) -> bool:
        """Whether pages go into tables alone, several at a time."""
        return self._gathers and not self._pipes

    def begin(self, maker: TableMaker, *, gathers: bool) -> None:
        """From now on pages become tables; `gathers`: several at a time, until the last one has come."""
        self._maker = maker
        self._gathers = gathers

    def __call__(self, item: Any, meta: Any = None) -> Iterator[Any]:  # noqa: ANN401 - whatever flows in dlt's pipes
        """The item for every pipe that hangs on this one, and for the tables.

        dlt runs through what this gives later, and not always in the order in which it was given: so all is done now,
        and whichever is run through first gives what is next.
        """
        for pipe, step in self._pipes:
            if pipe is not self._channel and not isinstance(item, LastPage):
                given = item if isinstance(pipe, Channel) or not isinstance(item, JsonPage) else item.rows()
                self._outgoing.append(ResolvablePipeItem(given, step, pipe, meta))
        if isinstance(meta, Line) and meta.again:  # it went out when it was there for another line
            return self._next()
        if not self._pipes or self.has_pipe(self._channel):
            self._let_out(item, None if isinstance(meta, Line) else meta)
        return self._next()

    def _let_out(self, item: Any, meta: Any) -> None:  # noqa: ANN401
        end = len(self._channel) - 1
        if self._maker is None or not isinstance(item, JsonPage):
            self._outgoing.append(ResolvablePipeItem(item, end, self._channel, meta))
            return
        self._maker.put(item)
        at_once = not self._gathers or (isinstance(item, LastPage) and item.waits)
        if at_once or isinstance(item, LastPage) or self._maker.is_full:
            self._maker.read()
        for table, rows in self._maker.take(all_of_it=at_once):
            self._outgoing.append(ResolvablePipeItem(rows, end, self._channel, table))

    def _next(self) -> Iterator[ResolvablePipeItem]:
        while self._outgoing:
            yield self._outgoing.popleft()

    def has_pipe(self, pipe: Pipe) -> bool:
        """Whether a pipe hangs on this one."""
        return any(one is pipe for one, _ in self._pipes)


class Sieve:
    """dlt's increment, which looks at rows, in the way of pages that stay bytes: what it lets through goes on."""

    def __init__(self, increment: IncrementalResourceWrapper | Incremental[Any]) -> None:
        self.increment = increment

    def __call__(self, item: Any, meta: Any = None) -> Any:  # noqa: ANN401 - whatever flows in dlt's pipes
        """The page without the records that the increment leaves out."""
        if not isinstance(item, JsonPage) or isinstance(item, LastPage) or not _sieves(self.increment):
            return item
        rows = item.rows()
        kept = self.increment(rows, meta)
        if kept is None or not all(isinstance(row, dict) for row in rows):
            return kept
        staying = set(map(id, kept))
        return JsonPage([record for row, record in zip(rows, item.records, strict=True) if id(row) in staying])


def increment_of(step: object) -> Incremental[Any] | None:
    """The increment of a step, if it is one and has one."""
    step = step.increment if isinstance(step, Sieve) else step
    found = step.incremental if isinstance(step, IncrementalResourceWrapper) else step
    return found if isinstance(found, Incremental) else None


def _sieves(increment: IncrementalResourceWrapper | Incremental[Any]) -> bool:
    return not isinstance(increment, IncrementalResourceWrapper) or increment.incremental is not None


def _may_end_early(step: object) -> bool:
    """Whether a step may close the generator, so that nothing says which page was the last."""
    increment = increment_of(step)
    if increment is not None:
        return increment.row_order is not None
    return isinstance(step, LimitItem | MetricsItem)


def _as_rows(item: Any, meta: Any = None) -> Any:  # noqa: ANN401 - whatever flows in dlt's pipes
    """A page as a plain list of rows; nothing for what only says that the walk is over."""
    del meta
    if isinstance(item, LastPage):
        return None
    return item.rows() if isinstance(item, JsonPage) else item


def _maker(channel: Channel) -> TableMaker | None:
    """What makes tables of the pages, if they go into a load and dlt's schema lets us."""
    container = Container()
    if LoadPackageStateInjectableContext not in container or SourceInjectableContext not in container:
        return None
    source = container[SourceInjectableContext].source
    resource = source.resources.with_pipe(channel)
    return table_maker(
        resource, container[SourceSchemaInjectableContext].schema, container[LoadPackageStateInjectableContext].load_id
    )
