"""What every walk of a run works with beside the network: the journal it writes to, and the bytes that it may hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from headrace.journal.layout import WalkState
from headrace.journal.write import Journal
from headrace.model.page import Page, PageRef
from headrace.run.budget import ByteBudget, Shelf

T = TypeVar("T")
_SHELF_SHARE = 4
_FIRST_SHARE = 4


class Desk:
    """The journal of one run, written to from one thread of its own, and the run's budget of bytes.

    `shelf` is a part of the budget for pages that come before their turn; `early` says whether there is one. Of the
    walks of one resource, `early_pages` may be under way so.
    """

    def __init__(
        self, journal: Journal, run_id: str, budget_bytes: int, *, early: bool = False, early_pages: int = 0
    ) -> None:
        kept = budget_bytes // _SHELF_SHARE if early else 0
        self.journal: Final = journal
        self.run_id: Final = run_id
        self.budget: Final = ByteBudget(budget_bytes - kept)
        self.shelf: Final = Shelf(kept)
        self.early_pages: Final = early_pages
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="headrace-journal")

    async def append(self, page: Page) -> PageRef:
        """Write a page. Raises JournalError."""
        return await self._write(self.journal.append, self.run_id, page)

    async def begin_walk(self, walk: str, fingerprint: str) -> WalkState:
        """Begin a walk, or go on with it. Raises JournalError."""
        return await self._write(self.journal.begin_walk, self.run_id, walk, fingerprint)

    async def refs(self, walk: str) -> list[PageRef]:
        """The pages of a walk that the journal holds. Raises JournalError."""
        return await self._write(self.journal.refs, self.run_id, walk)

    def close(self) -> None:
        """Wait for what is being written; after it the journal may be closed."""
        self._writer.shutdown()

    async def _write(self, call: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, call, *args)


class Sizes:
    """How many bytes the next page of a resource is likely to need: as many as the last one.

    While it comes it is there twice, as a body and as records. A first page is taken for a good part of the budget.
    """

    def __init__(self, budget: ByteBudget) -> None:
        self._needed = budget.limit_bytes // _FIRST_SHARE

    def likely(self) -> int:
        """What to take before the page is asked for."""
        return self._needed

    def note(self, size: int) -> None:
        """A page of this size came."""
        self._needed = 2 * size
