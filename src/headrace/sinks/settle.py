"""What a commit takes and what it leaves: decided here once, from watermarks alone, for every warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from headrace.errors import SinkError
from headrace.model.plan import Disposition
from headrace.model.position import Seen
from headrace.model.strategy import DeleteInsert, Scd2, takes_whole_loads
from headrace.model.table import Schema, TableSchema, Watermark
from headrace.sinks.base import AskedFor, Commit, Staging, WalkCommit


class Entry(msgspec.Struct, frozen=True):
    """Walks of one root table that enter the dataset together, in one way.

    `emptied` is True where a replace must empty the table first, `joins` where this run has filled it before.
    `lacks`: what is absent need not be gone, for something was rejected.
    """

    table: str
    disposition: Disposition
    walks: tuple[str, ...]
    emptied: bool = False
    joins: bool = False
    lacks: bool = False


class Delivery(msgspec.Struct, frozen=True):
    """What one load brings of one walk: rows of a root table, and those that hang on them.

    `keyed`: they are merged by a key. `shared`: other walks fill the table in the same load. `asks`, `provisional` and
    `asked_for` as in `WalkCommit`; of what is taken back, `asked_for` is what stays of it.
    """

    load_id: str
    walk: str
    table: str
    keyed: bool = False
    shared: bool = False
    asks: str = ""
    provisional: bool = False
    asked_for: tuple[AskedFor, ...] = ()

    @property
    def which(self) -> tuple[str, str]:
        """What no other delivery has."""
        return self.load_id, self.walk

    @property
    def staying_pages(self) -> list[str]:
        """Of what is taken back, the pages whose rows stay."""
        return [page for each in self.asked_for for page in each.pages]


class Settlement(msgspec.Struct, frozen=True):
    """What one commit does: drop `dropped` roots, take back `withdrawn`, let `entries` in, write down `positions`.

    `entered` are the walks whose position moves; those that a commit names and that are not in it either are
    taken already or stay in the staging. `deliveries` are what has to be known of them, should they begin again.
    `waiting` is what earlier runs have brought for rows of a parent that did not come again: it stays, but may yet.
    """

    dropped: tuple[str, ...]
    entries: tuple[Entry, ...]
    positions: tuple[tuple[str, Watermark], ...]
    withdrawn: tuple[Delivery, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    waiting: tuple[Delivery, ...] = ()

    @property
    def entered(self) -> frozenset[str]:
        """The names of the walks that enter."""
        return frozenset(mark.walk for _, mark in self.positions)


def settle(
    commit: Commit,
    staged: Mapping[str, Watermark],
    committed: Mapping[str, Watermark],
    begun: AbstractSet[str],
    *,
    rejected: AbstractSet[str] = frozenset(),
    abandoned: Iterable[Delivery] = (),
    provisional: Iterable[Delivery] = (),
) -> Settlement:
    """Decide what `commit` does, given this run's watermarks and the root tables that it has `begun` to fill.

    A table is emptied or dropped at most once in a run. A replace waits until all walks of its table that the commit
    names are complete, and so does a merge to which it means something what a load lacks. `abandoned` is what this run
    brought of walks that have begun again since: it goes with their first rows. So does, of `provisional`, what an
    earlier run brought of walks that ask for the same again, for the same rows of a parent. Of `rejected` walks this
    run has rejected something: it is absent, and not gone.
    Raises SinkError where the commit speaks of pages that the staging does not hold.
    """
    fresh = [walk for walk in commit.walks if not _covers(committed.get(walk.walk), walk.watermark)]
    for walk in fresh:
        _check_pages(walk, staged, committed)
    held = held_back(fresh, commit.schema)
    # A walk that failed before its first page changes nothing, and must not count as begun.
    entering = [one for one in fresh if one.walk not in held and (one.watermark.pages > 0 or one.watermark.complete)]
    deliveries = _deliveries(commit, entering)
    asked = {(walk.walk, walk.asks): walk for walk in entering}
    parts = [_again(old, asked[old.walk, old.asks]) for old in provisional if (old.walk, old.asks) in asked]
    return Settlement(
        dropped=_dropped(commit, entering, begun),
        entries=_entries(entering, begun, rejected),
        positions=tuple((walk.table, walk.watermark) for walk in entering),
        withdrawn=_withdrawn(
            [*map(_whole, abandoned), *(old for old, is_left in parts if not is_left)], entering, deliveries
        ),
        deliveries=deliveries,
        waiting=tuple(old for old, _ in parts if old.asked_for),
    )


def further(before: Seen | None, now: Seen) -> Seen:
    """How far an increment has come: never back, for a replay may be older than what is there."""
    if before is None or (before.cursor_path, before.latest) != (now.cursor_path, now.latest):
        return now
    one, other = before.last_value, now.last_value
    if isinstance(one, str) is not isinstance(other, str) or one is None or other is None:
        return now
    if one == other:
        return msgspec.structs.replace(now, digests=tuple(dict.fromkeys((*before.digests, *now.digests))))
    return before if (one > other) is (now.latest == "max") else now


def to_take(staging: Staging, taken: Watermark | None) -> bool:
    """Whether the rows of `staging` are new, `taken` being the walk's furthest watermark.

    Raises SinkError where pages between both are missing, or where some of them are taken and some are not.
    """
    mark, pages = staging.watermark, taken.pages if taken else 0
    if mark.pages <= pages:
        return False
    if staging.first_page is not None and staging.first_page != pages:
        raise SinkError(
            f"walk {mark.walk!r}: a batch begins at page {staging.first_page}, but the warehouse has taken "
            f"pages 0 to {pages - 1}; go on at page {pages}"
            if pages
            else f"walk {mark.walk!r}: a batch begins at page {staging.first_page}, but the warehouse has taken "
            "no page yet; begin at page 0"
        )
    return True


def check_roots(staging: Staging, roots: Mapping[str, str]) -> None:
    """Raises SinkError where a batch is for a table that is another root's; `roots` has the root of each table."""
    for table in (batch.schema for batch in staging.batches if batch.rows.num_rows):
        known = roots.get(table.name, table.root)
        if known != table.root:
            raise SinkError(
                f"walk {staging.watermark.walk!r}: the table {table.name!r} belongs to what fills {known!r}, but "
                f"{table.root!r} brings rows for it as well; give one of the two resources another table_name"
            )


def roots_of(schema: Schema) -> dict[str, str]:
    """The root of each table."""
    return {table.name: table.root for table in schema.tables.values()}


def begun_again(marks: Iterable[Watermark], fingerprints: Mapping[str, str]) -> list[str]:
    """The walks whose fingerprint is no longer that of their watermark. Walks that are not named stay."""
    return sorted({mark.walk for mark in marks if fingerprints.get(mark.walk, mark.fingerprint) != mark.fingerprint})


def is_of(walk: str, resources: Sequence[str]) -> bool:
    """Whether a walk is one of some resources, or that of a row which they are asked for."""
    return any(walk == name or walk.startswith(f"{name}/") for name in resources)


def later(*marks: Watermark | None) -> Watermark | None:
    """The furthest of some watermarks of one walk."""
    return max((mark for mark in marks if mark), key=lambda mark: (mark.pages, mark.complete), default=None)


def family(root: str, *schemas: Schema) -> tuple[TableSchema, ...]:
    """The tables of a root in all of the schemas, parents first; of a table in several, the last one's."""
    tables = {table.name: table for schema in schemas for table in schema.tables.values() if table.root == root}
    return tuple(sorted(tables.values(), key=lambda table: _depth(table, tables)))


def _depth(table: TableSchema, tables: Mapping[str, TableSchema]) -> int:
    depth = 0
    while table.parent is not None and table.parent in tables:
        table, depth = tables[table.parent], depth + 1
    return depth


def _covers(committed: Watermark | None, mark: Watermark) -> bool:
    """Whether what is committed of a walk is all that the commit speaks of."""
    if committed is None:
        return False
    return committed.pages >= mark.pages and (committed.complete or not mark.complete)


def _check_pages(walk: WalkCommit, staged: Mapping[str, Watermark], committed: Mapping[str, Watermark]) -> None:
    mark = later(staged.get(walk.walk), committed.get(walk.walk))
    pages = mark.pages if mark else 0
    if walk.watermark.pages != pages:
        raise SinkError(
            f"walk {walk.walk!r}: {walk.watermark.pages} pages are to be committed, but the warehouse has taken "
            f"{pages}; stage the others first"
        )


def _must_be_whole(walk: WalkCommit, schema: Schema) -> bool:
    table = schema.tables.get(walk.table)
    return takes_whole_loads(walk.disposition, DeleteInsert() if table is None else table.strategy)


def held_back(walks: Sequence[WalkCommit], schema: Schema) -> frozenset[str]:
    """The walks that stay in the staging: it means something what a load of their table lacks, and one is not over."""
    whole = [walk for walk in walks if _must_be_whole(walk, schema)]
    waiting = {walk.table for walk in whole if not walk.watermark.complete}
    return frozenset(walk.walk for walk in whole if walk.table in waiting)


def _dropped(commit: Commit, entering: list[WalkCommit], begun: AbstractSet[str]) -> tuple[str, ...]:
    """A root is dropped only together with something that enters it, unless no walk of this commit fills it."""
    named = {walk.table for walk in commit.walks}
    filled = {walk.table for walk in entering}
    return tuple(root for root in commit.drop if root not in begun and (root in filled or root not in named))


def _entries(entering: list[WalkCommit], begun: AbstractSet[str], rejected: AbstractSet[str]) -> tuple[Entry, ...]:
    lacking = {walk.table for walk in entering if walk.lacks or walk.walk in rejected}
    groups: dict[tuple[str, Disposition], list[str]] = {}
    for walk in entering:
        groups.setdefault((walk.table, walk.disposition), []).append(walk.walk)
    # What replaces a table comes before what is added to it.
    ordered = sorted(groups.items(), key=lambda group: group[0][1] != "replace")
    return tuple(
        Entry(
            table,
            disposition,
            tuple(walks),
            emptied=disposition == "replace" and table not in begun,
            joins=table in begun,
            lacks=table in lacking,
        )
        for (table, disposition), walks in ordered
    )


def _deliveries(commit: Commit, entering: list[WalkCommit]) -> tuple[Delivery, ...]:
    filling = [walk for walk in entering if walk.disposition != "skip"]
    tables = [walk.table for walk in filling]
    return tuple(
        Delivery(
            commit.load_id,
            walk.walk,
            walk.table,
            keyed=(keyed := _is_keyed(walk, commit.schema)),
            shared=tables.count(walk.table) > 1,
            asks=walk.asks,
            provisional=(provisional := walk.provisional and not keyed),
            asked_for=tuple(each for each in walk.asked_for or () if each.pages) if provisional else (),
        )
        for walk in filling
    )


def _again(old: Delivery, walk: WalkCommit) -> tuple[Delivery, bool]:
    """An old delivery with what stays of it as a walk asks for the same again; and whether all of it stays."""
    if walk.asked_for is None:
        return _whole(old), False
    rows = {row for each in walk.asked_for for row in each.rows}
    staying = tuple(each for each in old.asked_for if not rows.issuperset(each.rows))
    is_left = bool(old.asked_for) and len(staying) == len(old.asked_for)
    return msgspec.structs.replace(old, asked_for=staying), is_left


def _whole(old: Delivery) -> Delivery:
    """To be taken back with nothing left."""
    return msgspec.structs.replace(old, asked_for=())


def _is_keyed(walk: WalkCommit, schema: Schema) -> bool:
    table = schema.tables.get(walk.table)
    if walk.disposition != "merge" or table is None:
        return False
    return bool(table.primary_key or table.merge_key) or isinstance(table.strategy, Scd2)


def _withdrawn(
    abandoned: Iterable[Delivery], entering: list[WalkCommit], deliveries: tuple[Delivery, ...]
) -> tuple[Delivery, ...]:
    """What earlier attempts brought and their walk, which enters now, would not have.

    Rows merged by a key are kept: they stand in the place of older ones, which nothing could bring back. They go where
    the walk now fills the same table without looking at keys, for there they would be beside their equals.
    """
    tables = {walk.walk: walk.table for walk in entering}
    merging = {delivery.walk for delivery in deliveries if delivery.keyed}
    return tuple(
        old
        for old in abandoned
        if old.walk in tables and (not old.keyed or (tables[old.walk] == old.table and old.walk not in merging))
    )
