"""How a merge deals with the rows that are there already: dlt's strategies, each with what may be set of it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Order: TypeAlias = Literal["asc", "desc"]

ROW_ID = "_dlt_id"


class DeleteInsert(msgspec.Struct, frozen=True, tag="delete-insert"):
    """Rows of a known primary or merge key go, with what hangs on them, and the new ones come."""


class Upsert(msgspec.Struct, frozen=True, tag="upsert"):
    """A row of a known primary key is updated. Ids are digests of the key, so that a row keeps its own.

    `skip_unchanged`: one that is as it was keeps its load, too; with `row_version`, that column alone says so.
    """

    skip_unchanged: bool = False
    row_version: str | None = None


class InsertOnly(msgspec.Struct, frozen=True, tag="insert-only"):
    """A row of a known primary key does not enter; of its children those do that are at new places in their list."""


class Scd2(msgspec.Struct, frozen=True, tag="scd2"):
    """A table of versions. What a load does not have any more is closed, what is new to it opens.

    `row_version` tells versions apart; as `_dlt_id` it is a digest of the whole record. `valid_from` and `valid_to` are
    columns. `active` is what stands in `valid_to` of an open version (None: null), and `boundary` the moment of change
    (None: that of the load), both in ISO 8601.
    """

    valid_from: str = "_dlt_valid_from"
    valid_to: str = "_dlt_valid_to"
    active: str | None = None
    boundary: str | None = None
    row_version: str = ROW_ID


class Cdc(msgspec.Struct, frozen=True, tag="cdc"):
    """As `Upsert`, and rows go whose key a load does not have; with a merge key, only beside equal ones of that."""

    skip_unchanged: bool = False
    row_version: str | None = None


Strategy: TypeAlias = DeleteInsert | Upsert | InsertOnly | Scd2 | Cdc


def word(strategy: Strategy) -> str:
    """What dlt calls it."""
    return str(strategy.__struct_config__.tag)


def takes_whole_loads(disposition: str, strategy: Strategy) -> bool:
    """Whether what a load lacks means something, so that a part of one must not enter."""
    return disposition == "replace" or (disposition == "merge" and isinstance(strategy, Scd2 | Cdc))


def links_by_root_id(strategy: Strategy) -> bool:
    """Whether all tables below a merged root carry its id."""
    return not isinstance(strategy, Scd2)
