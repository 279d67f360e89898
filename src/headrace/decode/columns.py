"""How a folded batch becomes Arrow tables of their final types, with the columns of our own, less the rejects."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from headrace.decode import digests, identity
from headrace.decode.coerce import ARROW_OF_TYPE
from headrace.decode.declared import keys_of, required
from headrace.decode.infer import Folded, FoldedTable, Misfit, system_columns
from headrace.decode.losing import losing
from headrace.decode.losses import Loss, Lost, add
from headrace.decode.merging import links, strategy_of
from headrace.decode.names import normalise
from headrace.decode.observed import Observation, ObservedTable, count_up
from headrace.decode.rejects import keep_mask, rejects, root_rows_of
from headrace.model.strategy import Cdc, DeleteInsert, InsertOnly, Scd2, Upsert
from headrace.model.table import ROW, Reject, TableBatch, TableSchema


class Decoded(msgspec.Struct, frozen=True):
    """One batch, ready for a sink: `batches` parents first, those without rows left out.

    `records` = root rows + rejects, always. `counts` are sentences on what names and types could not hold, each with
    how many values it is about; they may be summed over batches.
    """

    batches: tuple[TableBatch, ...]
    rejects: tuple[Reject, ...]
    records: int
    counts: dict[str, int]


def cast(observation: Observation, folded: Folded) -> Decoded:
    """Lay out the values as `folded` says. Pure; batches may be cast in parallel once they are folded."""
    resource = observation.resource
    root = normalise(resource.table)
    misfits = [
        (table, misfit)
        for table, plan in zip(observation.tables, folded.tables, strict=True)
        for misfit in plan.misfits
    ]
    losses = dict(observation.losses)
    for lost, count in folded.discarded:
        add(losses, lost, count)
    rows: dict[str, list[tuple[ObservedTable, FoldedTable, pa.Table]]] = {}
    ids: list[pa.Array] = []
    for table, plan in zip(observation.tables, folded.tables, strict=True):
        schema = folded.schema.tables.get(table.name)
        if schema is None:  # a schema contract lets no such table in
            ids.append(_ids(observation, table, ids))
            continue
        data = _data(plan)
        found = [*_lost(table, plan), *_reserved(table, merges=links(resource))]
        if observation.rules.strict:
            misfits += [(table, Misfit(mask, lost.reason)) for lost, mask in found]
        else:
            for lost, mask in found:
                add(losses, lost, pc.sum(mask).as_py())
        needed = required(resource, table.name) & {column.name for column in schema.columns}
        needed |= set(keys_of(resource)) if table.parent is None else set()
        misfits += [(table, misfit) for misfit in _missing(data, table, needed, plan.gone)]
        ids.append(_ids(observation, table, ids))
        rows.setdefault(table.name, []).append((table, plan, _with_system(table, schema, data, ids)))
    rejected = root_rows_of(misfits)
    keep = keep_mask(observation.tables[0].rows if observation.tables else 0, rejected)
    places = _places(observation, keep)
    batches = []
    for name, parts in rows.items():
        kept = [_kept(_at(places, table, rows), keep, table, plan.gone) for table, plan, rows in parts]
        whole = kept[0] if len(kept) == 1 else pa.concat_tables(kept, promote_options="default")
        if whole.num_rows:
            batches.append(TableBatch(folded.schema.tables[name], whole))
    return Decoded(
        tuple(batches),
        rejects(observation, root, rejected),
        observation.records,
        {lost.notice: count for lost, count in losses.items()},
    )


def _data(plan: FoldedTable) -> dict[str, pa.Array]:
    """The columns of the data, each put together from its pieces."""
    columns: dict[str, pa.Array] = {}
    for piece in plan.pieces:
        before = columns.get(piece.column)
        columns[piece.column] = piece.values if before is None else pc.coalesce(before, piece.values)
    return columns


def _lost(table: ObservedTable, plan: FoldedTable) -> list[tuple[Lost, pa.Array]]:
    """The values that change on the way into their column, as masks over the rows."""
    found = []
    for piece in plan.pieces:
        loss = losing(piece.original, piece.kind, piece.values, piece.data_type)
        if loss is not None:
            found.append((Lost(f"{table.name}.{piece.column}", loss[0]), loss[1]))
    return found


def _reserved(table: ObservedTable, *, merges: bool) -> list[tuple[Lost, pa.Array]]:
    """The values of fields whose column is ours, as masks over the rows; only an `_dlt_id` of the data's is taken."""
    found = []
    for name in (column.name for column in system_columns(table, merges=merges)):
        field = table.columns.get(name)
        for kind, values in field.parts.items() if field else ():
            if (name, kind) != (identity.ID, "text"):
                found.append((Lost(f"{table.name}.{name}", Loss.RESERVED), pc.is_valid(values)))
    return found


def _at(places: pa.Array | None, table: ObservedTable, rows: pa.Table) -> pa.Table:
    """The rows of a child table with the place of their root, where a merge needs it."""
    return rows if places is None or table.parent is None else _placed(rows, places.take(table.root_rows))


def _kept(rows: pa.Table, keep: pa.Array | None, table: ObservedTable, gone: pa.Array | None) -> pa.Table:
    """The rows whose record stays, less those that a schema contract discards."""
    if keep is not None and gone is not None:
        return rows.filter(pc.and_not(keep.take(table.root_rows), gone))
    if gone is not None:
        return rows.filter(pc.invert(gone))
    return rows if keep is None else rows.filter(keep.take(table.root_rows))


def _missing(
    data: dict[str, pa.Array], table: ObservedTable, names: Iterable[str], gone: pa.Array | None
) -> list[Misfit]:
    found = []
    for name in sorted(names):
        values = data.get(name)
        nulls = pa.repeat(pa.scalar(value=True), table.rows) if values is None else pc.is_null(values)
        nulls = nulls if gone is None else pc.and_not(nulls, gone)
        if pc.any(nulls).as_py():
            reason = f"{table.name}.{name} must have a value and has none; correct the key, or load by append"
            found.append(Misfit(nulls, reason))
    return found


def _places(observation: Observation, keep: pa.Array | None) -> pa.Array | None:
    """Where each root row will stand among those that are kept, if its children must say so."""
    if not observation.tables or isinstance(strategy_of(observation.resource), DeleteInsert):
        return None
    return count_up(observation.tables[0].rows) if keep is None else pc.cumulative_sum(keep.cast(pa.int64()), start=-1)


def _placed(part: pa.Table, places: pa.Array) -> pa.Table:
    return part.append_column(ROW, places)


def _ids(observation: Observation, table: ObservedTable, ids: list[pa.Array]) -> pa.Array:
    """The `_dlt_id` of every row: that of the data if it brings one, else made from what a merge looks at.

    Where it looks at no id, it is made from the page or the parent.
    """
    if table.parent is None:
        made = _root_ids(observation, table)
    else:
        above = ids[table.parent].take(table.parent_rows)
        digested = not isinstance(strategy_of(observation.resource), DeleteInsert)
        if digested:
            made = digests.of_children(above, table.name, table.list_index)
        else:
            made = identity.child_ids(above, table.list_index)
    own = table.columns.get(identity.ID)
    return identity.own_ids(own.parts.get("text") if own else None, made)


def _root_ids(observation: Observation, table: ObservedTable) -> pa.Array:
    resource = observation.resource
    match strategy_of(resource):
        case Upsert() | InsertOnly() | Cdc():
            return digests.of_keys(table, map(normalise, resource.primary_key))
        case Scd2(row_version=identity.ID):
            made = digests.of_records(observation.pages)
        case _:
            made = identity.root_ids(observation.pages)
    return made if observation.record_of_row is None else made.take(observation.record_of_row)


def _with_system(table: ObservedTable, schema: TableSchema, data: dict[str, pa.Array], ids: list[pa.Array]) -> pa.Table:
    """The rows with our own columns, in the order of the schema. `_dlt_load_id` is the sink's."""
    ours = {identity.ID: ids[-1]}
    if table.parent is not None:
        ours[identity.PARENT_ID] = ids[table.parent].take(table.parent_rows)
        ours[identity.LIST_INDEX] = table.list_index
        if any(column.name == identity.ROOT_ID for column in schema.columns):  # of a table that was merged once, too
            ours[identity.ROOT_ID] = ids[0].take(table.root_rows)
    arrays = {**data, **ours}
    names = [column.name for column in schema.columns if column.name in arrays]
    types = {column.name: ARROW_OF_TYPE[column.data_type] for column in schema.columns}
    return pa.table([arrays[name] for name in names], schema=pa.schema([(name, types[name]) for name in names]))
