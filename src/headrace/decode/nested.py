"""How an Arrow table of JSON objects falls apart into dlt's tables: objects into columns, lists into child tables."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from headrace.decode import clash
from headrace.decode.losses import Loss, Losses, Lost, add
from headrace.decode.names import joined, normalise
from headrace.decode.observed import Indices, count_up
from headrace.decode.shape import Shape
from headrace.decode.split import part_of, plain_key


class NotPlain(Exception):
    """This batch holds something that only the row lane can take; the message says what."""


@dataclass(slots=True)
class Leaf:
    """The values under one JSON key, as long as table number `table`, for its column `column`.

    `key` is the key as it was read (with its mark if it was split); for the elements of a list it is the list's.
    """

    table: int
    column: str
    key: str
    in_list: bool
    values: pa.Array


@dataclass(slots=True)
class Frame:
    """A table as it is taken apart: what `ObservedTable` says of it, less the columns."""

    name: str
    parent: int | None
    rows: int
    parent_rows: Indices
    list_index: Indices
    root_rows: Indices


@dataclass(frozen=True, slots=True)
class _List:
    name: str
    key: str
    values: pa.Array


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where in a table's objects the reader is: names and plain keys down to here, and the depth still to open."""

    table: int
    depth: int
    path: tuple[str, ...] = ()
    source: tuple[str, ...] = ()


@dataclass(slots=True)
class Exploded:
    """All tables of a batch, parents first, and all their leaves, not yet told apart by kind.

    `claims` remembers which keys lead to a column or child table: two may not, for then their order in each
    record decides, which Arrow does not tell. `clashing` are keys of one object that do; `clash` can settle those.
    """

    shape: Shape
    frames: list[Frame]
    leaves: list[Leaf] = field(default_factory=list)
    claims: dict[tuple[int, bool, str], tuple[str, ...]] = field(default_factory=dict)
    clashing: set[str] = field(default_factory=set)
    losses: Losses = field(default_factory=dict)

    def claim(self, table: int, name: str, source: tuple[str, ...], *, as_list: bool = False) -> None:
        """Note that the key at `source` leads to `name`. Raises NotPlain if a key of another object does too."""
        other = self.claims.setdefault((table, as_list, name), source)
        if other == source:
            return
        if as_list or other[:-1] != source[:-1]:
            raise NotPlain(f"two keys lead to {name}")
        self.clashing |= {other[-1], source[-1]}


def explode(batch: pa.Table, shape: Shape) -> Exploded:
    """Take a table of root objects apart. Raises NotPlain where JSON text is wanted or two keys meet."""
    none = pa.array([], pa.int64())
    root = Frame(shape.table, None, batch.num_rows, none, none, count_up(batch.num_rows))
    out = Exploded(shape, [root])
    columns = [(name, _one(column)) for name, column in zip(batch.column_names, batch.columns, strict=True)]
    _rows(out, columns, _Spot(0, shape.depth))
    return out


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _children(objects: pa.Array) -> list[tuple[str, pa.Array]]:
    """The fields of an array of objects, null where the object is."""
    return [(child.name, array) for child, array in zip(objects.type, objects.flatten(), strict=True)]


def _rows(out: Exploded, columns: list[tuple[str, pa.Array]], top: _Spot) -> None:
    """Give one table its leaves, then make its child tables, all one level below the row."""
    lists: list[_List] = []
    _fields(out, columns, top, lists)
    for found in lists:
        _list(out, top.table, found, top.depth - 1)


def _fields(out: Exploded, columns: list[tuple[str, pa.Array]], spot: _Spot, lists: list[_List]) -> None:
    _settle(out, [(plain_key(key), values) for key, values in columns if part_of(key) == "C"], spot)
    for key, values in columns:
        if part_of(key) == "C":
            continue
        plain = plain_key(key)
        part = normalise(plain)
        name, source = joined(spot.path, part), (*spot.source, plain)
        if not pa.types.is_nested(values.type):
            out.claim(spot.table, name, source)
            out.leaves.append(Leaf(spot.table, name, key, in_list=False, values=values))
            continue
        if values.null_count:
            out.claim(spot.table, name, source)
        if values.null_count == len(values):
            continue
        if spot.depth <= 0 or out.shape.stays_json(out.frames[spot.table].name, name):
            raise NotPlain(f"{name} stays JSON text")
        if pa.types.is_struct(values.type):
            below = _Spot(spot.table, spot.depth - 1, (*spot.path, part), source)
            _fields(out, _children(values), below, lists)
        else:
            out.claim(spot.table, name, source, as_list=True)
            lists.append(_List(name, key, values))


def _settle(out: Exploded, tagged: list[tuple[str, pa.Array]], spot: _Spot) -> None:
    """Give the table the leaves of keys that were tagged because they may be rivals for one column."""
    groups: dict[str, dict[str, pa.Array]] = {}
    for key, values in tagged:
        groups.setdefault(normalise(key), {})[key] = values
    for part, rivals in groups.items():
        name = joined(spot.path, part)
        out.claim(spot.table, name, (*spot.source, *rivals))
        settled = clash.settle(list(rivals.values()))
        out.leaves += (Leaf(spot.table, name, key, in_list=False, values=values) for key, values in settled.standing)
        if settled.fallen:
            add(out.losses, Lost(f"{out.frames[spot.table].name}.{name}", Loss.NAMES), settled.fallen)


def _list(out: Exploded, parent: int, found: _List, depth: int) -> None:
    """Make the child table of one list column; a list that is empty in every row makes none."""
    # Arrow's reader loses leading nulls of a list whose type it does not know yet (apache/arrow#47417).
    if found.values.offsets[-1].as_py() > len(found.values.values):
        raise NotPlain("a list that begins with nulls")
    elements = found.values.flatten()
    if len(elements) == 0:
        return
    table = _frame(out, parent, found)
    if pa.types.is_struct(elements.type):
        _rows(out, _children(elements), _Spot(table, depth))
    elif pa.types.is_list(elements.type):
        # as in dlt, a list in a list stands in a row of its own, under the key `list`, one level down
        if depth - 1 <= 0 and elements.null_count < len(elements):
            raise NotPlain("a list in a list stays JSON text")
        _list(out, table, _List("list", found.key, elements), depth - 2)
    else:
        out.leaves.append(Leaf(table, "value", found.key, in_list=True, values=elements))


def _frame(out: Exploded, parent: int, found: _List) -> int:
    """Add the rows of a child table; the number it gets."""
    above = out.frames[parent]
    parent_rows = pc.list_parent_indices(found.values)
    lengths = pc.fill_null(pc.list_value_length(found.values), 0).cast(pa.int64())
    starts = pc.subtract(pc.cumulative_sum(lengths), lengths)
    list_index = pc.subtract(count_up(len(parent_rows)), starts.take(parent_rows))
    name = joined((above.name,), found.name)
    root_rows = above.root_rows.take(parent_rows)
    out.frames.append(Frame(name, parent, len(parent_rows), parent_rows, list_index, root_rows))
    return len(out.frames) - 1
