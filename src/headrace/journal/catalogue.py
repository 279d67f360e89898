"""The index made safe: for many threads, and made again from the segments as soon as anything in it is in doubt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from headrace.journal.frame import Entry
from headrace.journal.index import Index
from headrace.journal.layout import Mark, RunSummary
from headrace.journal.recover import Tail, recover
from headrace.journal.rows import DOUBTS, PageRow, RunRow, WalkRow, impossible
from headrace.journal.segment import size_of

_T = TypeVar("_T")
_CHUNK = 1000


class Catalogue:
    """Answers from the index. `lock` may be held by the caller over several questions."""

    def __init__(self, folder: Path, uid: str, index: Index) -> None:
        self._folder = folder
        self._uid = uid
        self._index = index
        self._until: Mark | None = None
        self.lock = threading.RLock()

    def catch_up(self, remake: Callable[[], Index]) -> Tail | None:
        """Take in what the segments hold beyond the index; `remake` gives an empty one where this one is bad."""
        try:
            return recover(self._index, self._folder, self._uid)
        except DOUBTS:
            self._index.close()
            self._index = remake()
            return recover(self._index, self._folder, self._uid)

    def apply(self, entries: list[Entry], synced: Mark) -> None:
        """Take in frames, all of them synced; `synced` is how far the segments may be read if it comes to that."""
        with self.lock:
            self._until = synced
            try:
                self._index.apply(entries)
            except DOUBTS:
                self._remade(Index.runs)  # which takes in the entries too

    def runs(self) -> list[RunRow]:
        """The runs in the order in which they were begun."""
        return self._ask(lambda index: index.runs())

    def run(self, run_id: str) -> RunRow | None:
        """One run."""
        return self._ask(lambda index: index.run(run_id))

    def walk(self, run_id: str, walk: str) -> WalkRow | None:
        """One walk."""
        return self._ask(lambda index: index.walk(run_id, walk))

    def walks(self, run_id: str) -> Iterator[WalkRow]:
        """The walks of a run in the order in which they were begun."""
        after = -1
        while rows := self._ask(partial(Index.walks, run_id=run_id, after=after, count=_CHUNK)):
            yield from (row for _, row in rows)
            after = rows[-1][0]

    def pages(self, run_id: str, walk: str, start: int = 0) -> Iterator[list[tuple[int, PageRow]]]:
        """The pages of a walk from number `start` on, in order, a bounded list at a time."""
        while rows := self._ask(partial(Index.pages, run_id=run_id, walk=walk, start=start, count=_CHUNK)):
            yield rows
            start = rows[-1][0] + 1

    def summaries(self) -> list[RunSummary]:
        """Every run with its sums, the oldest first."""
        segments = self._ask(lambda index: index.segments())
        made = []
        for row in self.runs():
            walks = list(self.walks(row.run.run_id))
            held = tuple(number for number, segment in segments.items() if segment.run_id == row.run.run_id)
            made.append(
                RunSummary(
                    run=row.run,
                    state=row.state,
                    over_at=row.over_at,
                    walks=len(walks),
                    walks_ended=sum(walk.ended for walk in walks),
                    pages=sum(walk.pages for walk in walks),
                    records=sum(walk.records for walk in walks),
                    body_bytes=sum(walk.body_bytes for walk in walks),
                    stored_bytes=sum(size_of(self._folder, number) for number in held),
                    segments=held,
                )
            )
        return made

    def forget(self, run_id: str) -> list[int]:
        """Drop a run; gives the segments that held it, in order."""
        return self._ask(lambda index: index.forget(run_id))

    def close(self) -> None:
        """Let go of the index; may be called twice."""
        with self.lock:
            self._index.close()

    def _ask(self, question: Callable[[Index], _T]) -> _T:
        with self.lock:
            try:
                return question(self._index)
            except DOUBTS:
                return self._remade(question)

    def _remade(self, question: Callable[[Index], _T]) -> _T:
        """From here on a private index serves; the next process to open the journal mends the folder's own."""
        self._index.close()
        try:
            self._index = Index.private(self._uid)
            recover(self._index, self._folder, self._uid, self._until)
            return question(self._index)
        except BaseException as error:
            self._index.close()  # what is half made must not answer: the next question makes it again
            if isinstance(error, (*DOUBTS, OSError)):
                raise impossible(self._folder, error) from error
            raise
