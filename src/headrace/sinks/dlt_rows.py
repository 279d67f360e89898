"""Staged rows on their way into dlt: the last read of a key stays, and ids are those of the merge strategy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.normalizers.json.helpers import get_nested_row_hash, get_row_hash

from headrace.model.strategy import Order
from headrace.model.table import ROW, TableSchema
from headrace.sinks.dlt_staging import Staged

ID, PARENT_ID, ROOT_ID, LIST_INDEX, LOAD_ID = (
    "_dlt_id",
    "_dlt_parent_id",
    "_dlt_root_id",
    "_dlt_list_idx",
    "_dlt_load_id",
)
_ROW, _PLACE, _VALUED = "row", "place", "valued"


class LastReads:
    """Of rows with one key only the last stays, with its children. Made from all batches of one root table.

    With `sort` it is the first by that column, with `first` the first one read. `lost` is how many root rows go.
    """

    def __init__(
        self,
        batches: Iterable[Staged],
        root: str,
        key: tuple[str, ...],
        sort: tuple[str, Order] | None = None,
        *,
        first: bool = False,
    ) -> None:
        wanted = tuple(dict.fromkeys((*key, ID, *(sort or ())[:1])))
        parts = [
            rows for batch in batches for _, rows in batch.rows(lambda table: wanted if table.name == root else ())
        ]
        self._gone: pa.Array = pa.array([], pa.int64())
        self._orphaned: pa.Array = pa.array([], pa.string())
        self._next = self._first = 0
        self._sort, self._takes_first = sort, first
        if key and parts and all(name in part.schema.names for part in parts for name in key):
            self._decide(pa.concat_tables(parts, promote_options="permissive"), key)

    @property
    def lost(self) -> int:
        """How many root rows another one with their key has replaced."""
        return len(self._gone)

    def of_root(self, rows: pa.Table) -> pa.Table:
        """The rows that stay of the next batch of the root; they are counted through all batches."""
        self._first, self._next = self._next, self._next + rows.num_rows
        if not self.lost:
            return rows
        places = pa.array(range(self._first, self._next), pa.int64())
        return rows.filter(pc.invert(pc.is_in(places, value_set=self._gone)))

    def of_child(self, rows: pa.Table) -> pa.Table:
        """The rows that hang on a root that stays."""
        if ROW in rows.schema.names:
            lost = pc.is_in(pc.add(rows[ROW], self._first), value_set=self._gone)
            return rows.filter(pc.invert(lost)).drop_columns([ROW])
        if not len(self._orphaned) or ROOT_ID not in rows.schema.names:
            return rows
        return rows.filter(pc.invert(pc.is_in(rows[ROOT_ID], value_set=self._orphaned)))

    def _decide(self, roots: pa.Table, key: tuple[str, ...]) -> None:
        roots = roots.append_column(_ROW, pa.array(range(roots.num_rows), pa.int64()))
        keyed = self._in_order(roots)
        for name in key:  # nulls are equal to nothing
            keyed = keyed.filter(pc.is_valid(keyed[name]))
        keyed = keyed.append_column(_PLACE, pa.array(range(keyed.num_rows), pa.int64()))
        last = keyed.group_by(list(key)).aggregate([(_PLACE, "max")])[f"{_PLACE}_max"]
        if len(last) == keyed.num_rows:
            return
        self._gone = keyed[_ROW].filter(pc.invert(pc.is_in(keyed[_PLACE], value_set=last.combine_chunks())))
        self._gone = self._gone.combine_chunks()
        lost = pc.is_in(roots[_ROW], value_set=self._gone)
        ids, staying = roots[ID].filter(lost), roots[ID].filter(pc.invert(lost)).combine_chunks()
        # The data may bring equal ids; what hangs on one that stays is not an orphan.
        self._orphaned = ids.filter(pc.invert(pc.is_in(ids, value_set=staying))).combine_chunks()

    def _in_order(self, roots: pa.Table) -> pa.Table:
        """The rows, those that stand for their key last."""
        by = [(_ROW, "descending" if self._takes_first else "ascending")]
        if self._sort is not None and self._sort[0] in roots.schema.names:
            name, order = self._sort
            roots = roots.append_column(_VALUED, pc.is_valid(roots[name]))  # what has no value comes first
            by = [(_VALUED, "ascending"), (name, "descending" if order == "asc" else "ascending"), *by]
        return roots if by == [(_ROW, "ascending")] else roots.sort_by(by)


class KeyedIds:
    """The ids that dlt gives to rows that are upserted: digests of the key, so that a row keeps its id.

    Used for the tables of one batch, parents first. It looks at each row, but at its key alone.
    """

    def __init__(self, key: tuple[str, ...]) -> None:
        self._key = list(key)
        self._new: dict[str, dict[str, str]] = {}
        self._roots: Mapping[str, str] = {}

    def of_root(self, rows: pa.Table) -> pa.Table:
        """The rows of the root."""
        ids = [get_row_hash(row, subset=self._key) for row in rows.select(self._key).to_pylist()]
        self._new = {}
        self._roots = dict(zip(rows[ID].to_pylist(), ids, strict=True))
        return _with(rows, {ID: ids})

    def of_child(self, table: TableSchema, rows: pa.Table) -> pa.Table:
        """The rows of a nested table."""
        parents = self._new.get(table.parent or "", self._roots)
        above = [parents[one] for one in rows[PARENT_ID].to_pylist()]
        places = rows[LIST_INDEX].to_pylist()
        ids = [get_nested_row_hash(one, table.name, place) for one, place in zip(above, places, strict=True)]
        self._new[table.name] = dict(zip(rows[ID].to_pylist(), ids, strict=True))
        roots = (
            {ROOT_ID: [self._roots[one] for one in rows[ROOT_ID].to_pylist()]} if ROOT_ID in rows.schema.names else {}
        )
        return _with(rows, {ID: ids, PARENT_ID: above, **roots})


def _with(rows: pa.Table, values: Mapping[str, list[str]]) -> pa.Table:
    for name, column in values.items():
        rows = rows.set_column(rows.schema.names.index(name), name, pa.array(column, pa.string()))
    return rows
