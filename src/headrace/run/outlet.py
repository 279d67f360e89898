"""Where the pages of one resource go, in their order: to the warehouse, and to the resources that hang on its rows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import msgspec

from headrace.model.plan import Resource
from headrace.run.conduct import FetchedPage
from headrace.run.deliver import Delivery
from headrace.run.desk import Desk
from headrace.run.ends import WalkEnd
from headrace.run.fan import Fan
from headrace.run.reread import records_of
from headrace.walk.sieve import Sieve


@dataclass(slots=True)
class Outlet:
    """`delivery` None: the resource is not loaded (a fetch, or a parent that only its children need)."""

    desk: Desk
    resource: Resource
    delivery: Delivery | None
    fans: list[Fan] = field(default_factory=list)

    async def put(self, page: FetchedPage) -> None:
        """Hand on the next page; waits while whoever takes it has no room. Raises WalkStuck for what cannot be sifted.

        A page is sifted here, once: whatever hangs on it sees the records that stay. The bytes that are held for it
        are given back before anything is waited for that may need bytes itself.
        """
        budget = self.desk.budget
        if page.held_bytes is None:
            await budget.acquire(page.size)
            page = msgspec.structs.replace(page, held_bytes=page.size)
        held = page.held_bytes or 0
        try:
            page = await self._prepared(page)
        except BaseException:
            budget.release(held)
            raise
        if self.delivery is not None and not page.again:
            self.delivery.put(self.resource.name, page)
        else:
            budget.release(held)
        if page.ref is not None:
            for fan in self.fans:
                await fan.feed(page, page.records or ())

    async def finish(self, end: WalkEnd | None) -> None:
        """No more pages will come; `end` None: the run is being given up."""
        if self.delivery is not None:
            self.delivery.finish(self.resource.name)
        if end is not None:
            for fan in self.fans:
                await fan.close(end)

    async def _prepared(self, page: FetchedPage) -> FetchedPage:
        """With its records at hand, and sifted, where somebody here needs that."""
        if page.ref is None or not (self.fans or page.sieve is not None):
            return page
        if page.records is None or page.added:
            records = await asyncio.to_thread(records_of, self.desk.journal, self.resource, page)
            page = msgspec.structs.replace(page, records=records, added=b"")
        return _sifted(page, page.sieve) if page.sieve is not None else page


def _sifted(page: FetchedPage, sieve: Sieve) -> FetchedPage:
    records = page.records or ()
    kept = sieve.sift(records)
    if len(kept) == len(records):
        return page
    return msgspec.structs.replace(page, records=[records[place] for place in kept], numbers=kept)
