"""Tables as decode makes them and sinks take them, and the schema that both keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from headrace.model.plan import Disposition, SchemaContract
from headrace.model.strategy import DeleteInsert, Order, Strategy

if TYPE_CHECKING:
    import pyarrow as pa

DataType: TypeAlias = Literal[
    "text", "bigint", "double", "bool", "timestamp", "date", "time", "decimal", "wei", "binary", "json"
]

ROW = "headrace:row"
"""A column of no schema, in batches of children that a merge by digests links: the place of their root in its batch."""


PAGE_CHARS = 10
"""How many characters of a root's `_dlt_id` are those of its page."""


class Column(msgspec.Struct, frozen=True):
    """One column: `name` is normalised; `variant` marks `<col>__v_<type>`; `key` marks a primary or merge key."""

    name: str
    data_type: DataType
    nullable: bool = True
    variant: bool = False


class TableSchema(msgspec.Struct, frozen=True):
    """One table. `parent` is None for a root; a child belongs to the resource of its root.

    `columns` are in order of first appearance, system columns included. How a merge is done is said of roots alone:
    `hard_delete` is the column that marks rows which are to go, `dedup_sort` the one that chooses among equal keys.
    `since` is the run that made the table, if that is known: while it lasts, a schema contract takes all columns.
    `contract` is what the configuration states.
    """

    name: str
    root: str
    parent: str | None
    columns: tuple[Column, ...]
    disposition: Disposition = "append"
    primary_key: tuple[str, ...] = ()
    merge_key: tuple[str, ...] = ()
    strategy: Strategy = DeleteInsert()
    hard_delete: str = ""
    dedup_sort: tuple[str, Order] | None = None
    since: str = ""
    contract: SchemaContract | None = None


class Schema(msgspec.Struct, frozen=True):
    """All tables of a dataset by name, a parent before its children."""

    tables: dict[str, TableSchema]


class TableBatch(msgspec.Struct, frozen=True):
    """Rows for one table, all columns already of their final types (a sink adds missing columns, never casts).

    `rows` is a pyarrow.Table whose columns are a subset of `schema.columns`, and `ROW` where it is needed. Its schema
    may be newer than the warehouse's: the sink evolves the warehouse first.
    """

    schema: TableSchema
    rows: pa.Table


class Reject(msgspec.Struct, frozen=True):
    """A record that no table can take: its bytes, where it lies, and why, in one sentence."""

    table: str
    walk: str
    page: int
    record: int
    reason: str
    body: bytes


class Watermark(msgspec.Struct, frozen=True):
    """How far the pages of one walk have been taken: `pages` pages, numbers 0 … pages − 1.

    `fingerprint` is that of the walk's requests: pages of another one are not these.
    """

    walk: str
    pages: int
    records: int = 0
    complete: bool = False
    fingerprint: str = ""


class Alike(msgspec.Struct, frozen=True):
    """How many records were rejected for one reason, and the place of the first."""

    records: int
    page: int
    record: int


class Figures(msgspec.Struct, frozen=True):
    """What one walk has brought so far: rows and duplicates that entered, and what was not as it should be.

    `rows` goes by table, `reasons` (of rejects) and `losses` by the sentence that decode has for each. `variants` are
    new columns that stand beside the one of their name, as `table.column`.
    """

    rows: dict[str, int] = {}
    duplicates: int = 0
    rejects: int = 0
    reasons: dict[str, Alike] = {}
    losses: dict[str, int] = {}
    variants: tuple[str, ...] = ()


class Receipt(msgspec.Struct, frozen=True):
    """What the sink has durably taken.

    `rows` by table; `duplicates` by root table: rows of this load that a later read of the same key replaced.
    Of a commit, `load_id` is the load that it made, or the run's last one where nothing entered any more (empty: there
    is none), and `figures` are those of the whole run by walk, all its tries together.
    """

    rows: dict[str, int]
    watermarks: tuple[Watermark, ...]
    load_id: str = ""
    duplicates: dict[str, int] = {}
    figures: dict[str, Figures] = {}
