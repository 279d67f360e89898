"""The SQL of dlt's other merge strategies: what of the staging does not enter, what of the dataset goes or closes."""

# ruff: noqa: S608 - identifiers come through ddl.quote, moments are made here

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from headrace.model.strategy import Order, Scd2
from headrace.model.table import ROW
from headrace.sinks.ddl import Names, quote, temporary
from headrace.sinks.merge_sql import DOOMED, LOSERS, Source

MARKED = temporary("_headrace_marked")
KNOWN = temporary("_headrace_known")

_ID, _ROW = quote("_dlt_id"), quote(ROW)


def losers(
    names: Names, root: str, key: Sequence[str], source: Source, sort: tuple[str, Order] | None, *, last: bool
) -> str:
    """The root rows that are not the first of their key: by `sort`, and among equals as the last or first one read."""
    by = [] if sort is None else [f"s.{quote(sort[0])} {sort[1].upper()} NULLS LAST"]
    order = ", ".join([*by, f"s.{_ROW} {'DESC' if last else 'ASC'}"])
    keys = ", ".join(f"s.{quote(column)}" for column in key)
    known = source.where("s", *(f"s.{quote(column)} IS NOT NULL" for column in key))
    return (
        f"CREATE OR REPLACE TEMPORARY TABLE {LOSERS} AS SELECT row, id FROM (SELECT s.{_ROW} AS row, s.{_ID} AS id,"
        f" row_number() OVER (PARTITION BY {keys} ORDER BY {order}) AS place"
        f" FROM {names.staged(root)} AS s{known}) WHERE place > 1"
    )


def marked(names: Names, root: str, column: str, sql_type: str, source: Source) -> str:
    """The root rows that are to go: true in a column of truths, anything in another."""
    is_marked = f"s.{quote(column)}" if sql_type == "BOOLEAN" else f"s.{quote(column)} IS NOT NULL"
    return (
        f"CREATE OR REPLACE TEMPORARY TABLE {MARKED} AS SELECT s.{_ROW} AS row, s.{_ID} AS id"
        f" FROM {names.staged(root)} AS s{source.where('s', is_marked)}"
    )


def without(names: Names, table: str, rows: str) -> str:
    """Take the rows out of the staging that hang on, or are, the root rows in the table `rows`."""
    return f"DELETE FROM {names.staged(table)} AS s WHERE s.{_ROW} IN (SELECT row FROM {rows})"


def forget(rows: str, others: str) -> str:
    """Take rows out of one table of root rows that another has."""
    return f"DELETE FROM {rows} AS r WHERE r.row IN (SELECT row FROM {others})"


def without_known_ids(names: Names, table: str, source: Source) -> str:
    """Take the rows out of the staging whose id the dataset has."""
    known = f"s.{_ID} IN (SELECT d.{_ID} FROM {names.data(table)} AS d)"
    return f"DELETE FROM {names.staged(table)} AS s{source.where('s', known)}"


def known_keys(names: Names, root: str, key: Sequence[str], source: Source) -> str:
    """The staged root rows whose key the dataset has."""
    there = f"EXISTS (SELECT 1 FROM {names.data(root)} AS d WHERE {_same(key)})"
    return _known(names, root, source, there)


def unchanged(names: Names, root: str, key: Sequence[str], columns: Iterable[tuple[str, bool]], source: Source) -> str:
    """The staged root rows of a known key that differ from its row in none of the `columns`.

    With each comes whether it is in the staging.
    """
    same = (
        f"s.{quote(name)} IS NOT DISTINCT FROM d.{quote(name)}" if is_staged else f"d.{quote(name)} IS NULL"
        for name, is_staged in columns
    )
    there = f"EXISTS (SELECT 1 FROM {names.data(root)} AS d WHERE {' AND '.join([_same(key), *same])})"
    return _known(names, root, source, there)


def delete_changed_roots(names: Names, root: str, key: Sequence[str], source: Source) -> str:
    """Delete the root rows of staged keys, but for those that are as they were."""
    anew = source.where("s", _same(key), f"NOT EXISTS (SELECT 1 FROM {KNOWN} AS k WHERE k.row = s.{_ROW})")
    return f"DELETE FROM {names.data(root)} AS d WHERE EXISTS (SELECT 1 FROM {names.staged(root)} AS s{anew})"


def absent(names: Names, root: str, key: Sequence[str], merge_key: Sequence[str], source: Source) -> str:
    """The ids of the root rows whose key is not staged; with a merge key, beside equal ones of that only."""
    where = _is_absent(names, root, key, merge_key, source)
    ids = f"SELECT d.{_ID} AS id FROM {names.data(root)} AS d WHERE {where}"
    return f"CREATE OR REPLACE TEMPORARY TABLE {DOOMED} AS {ids}"


def delete_absent(names: Names, root: str, key: Sequence[str], merge_key: Sequence[str], source: Source) -> str:
    """Delete these rows."""
    return f"DELETE FROM {names.data(root)} AS d WHERE {_is_absent(names, root, key, merge_key, source)}"


def close_absent(
    names: Names, root: str, way: Scd2, merge_key: Sequence[str], source: Source, *, moment: dt.datetime
) -> str:
    """Close the open versions that are not staged; with a merge key, beside equal ones of that only."""
    version = quote(way.row_version)
    staged = f"SELECT s.{version} FROM {names.staged(root)} AS s{source.where('s')}"
    beside = _beside(names, root, merge_key, source)
    where = " AND ".join([_is_open(way), f"d.{version} NOT IN ({staged})", *beside])
    return f"UPDATE {names.data(root)} AS d SET {quote(way.valid_to)} = {_literal(moment)} WHERE {where}"


def known_versions(names: Names, root: str, way: Scd2, source: Source) -> str:
    """The staged root rows whose version is open."""
    version = quote(way.row_version)
    open_ = f"SELECT d.{version} FROM {names.data(root)} AS d WHERE {_is_open(way)}"
    return _known(names, root, source, f"s.{version} IN ({open_})")


def open_versions(names: Names, root: str, way: Scd2, source: Source, moment: dt.datetime) -> str:
    """Write into the staging from when on its rows hold."""
    until = "NULL" if way.active is None else _literal(dt.datetime.fromisoformat(way.active))
    moments = f"{quote(way.valid_from)} = {_literal(moment)}, {quote(way.valid_to)} = {until}"
    return f"UPDATE {names.staged(root)} AS s SET {moments}{source.where('s')}"


def _known(names: Names, root: str, source: Source, condition: str) -> str:
    return (
        f"CREATE OR REPLACE TEMPORARY TABLE {KNOWN} AS SELECT s.{_ROW} AS row"
        f" FROM {names.staged(root)} AS s{source.where('s', condition)}"
    )


def _same(columns: Sequence[str]) -> str:
    return " AND ".join(f"s.{quote(column)} = d.{quote(column)}" for column in columns)


def _beside(names: Names, root: str, merge_key: Sequence[str], source: Source) -> list[str]:
    if not merge_key:
        return []
    return [f"EXISTS (SELECT 1 FROM {names.staged(root)} AS s{source.where('s', _same(merge_key))})"]


def _is_absent(names: Names, root: str, key: Sequence[str], merge_key: Sequence[str], source: Source) -> str:
    present = f"EXISTS (SELECT 1 FROM {names.staged(root)} AS s{source.where('s', _same(key))})"
    return " AND ".join([f"NOT {present}", *_beside(names, root, merge_key, source)])


def _is_open(way: Scd2) -> str:
    until = f"d.{quote(way.valid_to)}"
    return f"{until} IS NULL" if way.active is None else f"{until} = {_literal(dt.datetime.fromisoformat(way.active))}"


def _literal(moment: dt.datetime) -> str:
    return f"TIMESTAMPTZ '{moment.astimezone(dt.UTC).isoformat(sep=' ')}'"
