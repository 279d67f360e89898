"""The SQL that moves staged rows into the dataset: dlt's delete-insert, with the last read of a key winning."""

# ruff: noqa: S608 - identifiers come through ddl.quote, values are parameters

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from headrace.model.table import PAGE_CHARS, ROW
from headrace.sinks.ddl import LOAD_ID, WALK, Names, quote, quoted, temporary

LOSERS = temporary("_headrace_losers")
DOOMED = temporary("_headrace_doomed")
ORPHANED = temporary("_headrace_orphaned")

_ID, _PARENT_ID, _ROOT_ID = quote("_dlt_id"), quote("_dlt_parent_id"), quote("_dlt_root_id")


@dataclass(frozen=True, slots=True)
class Link:
    """One table on the way from a child up to its root (the root itself left out)."""

    table: str
    has_root_id: bool


@dataclass(frozen=True, slots=True)
class Source:
    """The staged rows that enter: of the walks with these numbers, or all (None)."""

    walks: tuple[int, ...] | None = None

    def where(self, alias: str, *conditions: str) -> str:
        """A WHERE clause, or nothing where everything enters."""
        own = [] if self.walks is None else [f"{alias}.{quote(WALK)} IN ({', '.join(map(str, self.walks))})"]
        every = [*own, *conditions]
        return f" WHERE {' AND '.join(every)}" if every else ""


def losers(names: Names, root: str, primary_key: Sequence[str], source: Source) -> str:
    """The root rows whose key was read again later in this load. Null keys are equal to nothing."""
    keys = quoted(primary_key)
    known = [f"s.{quote(key)} IS NOT NULL" for key in primary_key]
    same = " AND ".join(f"s.{quote(key)} = last.{quote(key)}" for key in primary_key)
    staged = names.staged(root)
    return (
        f"CREATE OR REPLACE TEMPORARY TABLE {LOSERS} AS"
        f" SELECT s.{quote(ROW)} AS row, s.{_ID} AS id FROM {staged} AS s"
        f" JOIN (SELECT {keys}, max(s.{quote(ROW)}) AS _headrace_last FROM {staged} AS s"
        f"{source.where('s', *known)} GROUP BY {keys} HAVING count(*) > 1) AS last"
        f" ON {same} AND s.{quote(ROW)} < last._headrace_last{source.where('s')}"
    )


def no_losers() -> str:
    """Where no key is looked at, none is read twice."""
    return f"CREATE OR REPLACE TEMPORARY TABLE {LOSERS} (row BIGINT, id VARCHAR)"


def lost_as_well(rows: str) -> str:
    """Rows of another table of staged root rows do not enter either."""
    return f"INSERT INTO {LOSERS} SELECT r.row, r.id FROM {rows} AS r WHERE r.row NOT IN (SELECT row FROM {LOSERS})"


def orphaned(names: Names, root: str, source: Source) -> str:
    """The ids that only losers have: rows that hang on them do not enter (data may bring equal ids of its own)."""
    return (
        f"CREATE OR REPLACE TEMPORARY TABLE {ORPHANED} AS SELECT id FROM {LOSERS} EXCEPT SELECT s.{_ID}"
        f" FROM {names.staged(root)} AS s{source.where('s', _is_no_loser())}"
    )


def doomed(names: Names, root: str, keys: Iterable[Sequence[str]], source: Source) -> str:
    """The ids of the root rows that staged rows replace; with several keys, a match in any of them is one."""
    return (
        f"CREATE OR REPLACE TEMPORARY TABLE {DOOMED} AS"
        f" SELECT d.{_ID} AS id FROM {names.data(root)} AS d WHERE {_matches(names, root, keys, source)}"
    )


def delete_roots(names: Names, root: str, keys: Iterable[Sequence[str]], source: Source) -> str:
    """Delete the root rows that staged rows replace, by key (an id need not be unique)."""
    return f"DELETE FROM {names.data(root)} AS d WHERE {_matches(names, root, keys, source)}"


def withdrawn(names: Names, root: str, delivered: str | None) -> str:
    """The ids of the root rows that one load (the first parameter) brought, less those that other rows have too.

    `delivered` is the table of the ids that each walk (the second parameter) brought, where several did. Rows of the
    pages in the last parameter stay.
    """
    where = _brought(names, delivered)
    return (
        f"CREATE OR REPLACE TEMPORARY TABLE {DOOMED} AS SELECT d.{_ID} AS id FROM {names.data(root)} AS d WHERE {where}"
        f" EXCEPT SELECT d.{_ID} FROM {names.data(root)} AS d WHERE ({where}) IS NOT TRUE"
    )


def delete_brought(names: Names, root: str, delivered: str | None) -> str:
    """Delete the root rows that one load brought, of one walk where `delivered` is given; parameters as above."""
    return f"DELETE FROM {names.data(root)} AS d WHERE {_brought(names, delivered)}"


def delete_children(names: Names, path: Sequence[Link]) -> str:
    """Delete the rows of the table at the lower end of `path` that hang on a doomed root. Deepest tables first."""
    return f"DELETE FROM {names.data(path[0].table)} AS d WHERE {_hangs_on(DOOMED, names.data, path, 'd')}"


def insert_roots(names: Names, root: str, columns: Sequence[str], source: Source, *, distinct: bool) -> str:
    """Insert the staged root rows in their order; the load id is the statement's parameter.

    `distinct` says that there are no losers to leave out.
    """
    where = source.where("s", *([] if distinct else [_is_no_loser()]))
    return (
        f"INSERT INTO {names.data(root)} ({quoted([*columns, LOAD_ID])})"
        f" SELECT {_of('s', columns)}, ? FROM {names.staged(root)} AS s{where}"
    )


def insert_children(
    names: Names, path: Sequence[Link], columns: Sequence[str], source: Source, *, distinct: bool
) -> str:
    """Insert the staged rows of the table at the lower end of `path`, but those that hang on an orphaned id."""
    table = path[0].table
    kept = [] if distinct else [f"({_hangs_on(ORPHANED, names.staged, path, 's')}) IS NOT TRUE"]
    return (
        f"INSERT INTO {names.data(table)} ({quoted(columns)})"
        f" SELECT {_of('s', columns)} FROM {names.staged(table)} AS s{source.where('s', *kept)}"
    )


def fill_root_id(names: Names, path: Sequence[Link]) -> str:
    """Give rows that were made without `_dlt_root_id` the one that their parents lead to. Parents first."""
    child = names.data(path[0].table)
    if len(path) == 1:
        return f"UPDATE {child} SET {_ROOT_ID} = {_PARENT_ID} WHERE {_ROOT_ID} IS NULL"
    return (
        f"UPDATE {child} AS c SET {_ROOT_ID} = p.{_ROOT_ID} FROM {names.data(path[1].table)} AS p"
        f" WHERE c.{_ROOT_ID} IS NULL AND c.{_PARENT_ID} = p.{_ID}"
    )


def _brought(names: Names, delivered: str | None) -> str:
    page = f"d.{_ID}[:{PAGE_CHARS}]"
    by_load = f"d.{quote(LOAD_ID)} = $1 AND {page} NOT IN (SELECT unnest(${2 if delivered is None else 3}))"
    if delivered is None:
        return by_load
    of_walk = "i.load_id = $1 AND i.walk = $2"
    return f"{by_load} AND d.{_ID} IN (SELECT i.id FROM {names.data(delivered)} AS i WHERE {of_walk})"


def _of(alias: str, columns: Iterable[str]) -> str:
    return ", ".join(f"{alias}.{quote(column)}" for column in columns)


def _is_no_loser() -> str:
    return f"NOT EXISTS (SELECT 1 FROM {LOSERS} AS l WHERE l.row = s.{quote(ROW)})"


def _matches(names: Names, root: str, keys: Iterable[Sequence[str]], source: Source) -> str:
    staged = names.staged(root)
    every = (" AND ".join(f"s.{quote(column)} = d.{quote(column)}" for column in key) for key in keys if key)
    return " OR ".join(f"EXISTS (SELECT 1 FROM {staged} AS s{source.where('s', same)})" for same in every)


def _hangs_on(ids: str, qualified: Callable[[str], str], path: Sequence[Link], alias: str) -> str:
    """Whether a row hangs on a root of `ids`: by its root's id, else by its parent's, up to the first that knows."""
    if path[0].has_root_id:
        return f"{alias}.{_ROOT_ID} IN (SELECT id FROM {ids})"
    if len(path) == 1:
        return f"{alias}.{_PARENT_ID} IN (SELECT id FROM {ids})"
    above = f"p{len(path)}"
    return (
        f"{alias}.{_PARENT_ID} IN (SELECT {above}.{_ID} FROM {qualified(path[1].table)} AS {above}"
        f" WHERE {_hangs_on(ids, qualified, path[1:], above)})"
    )
