"""The fast lane: one batch of record bytes through Arrow's JSON reader, with no Python object for a field."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from headrace.decode import digits
from headrace.decode.clash import tag
from headrace.decode.lift import lift
from headrace.decode.literals import NeedsLiterals, doubles_apart
from headrace.decode.losses import Losses
from headrace.decode.memory import Memory, merge_memory, merged, only_texts
from headrace.decode.names import normalise
from headrace.decode.nested import Exploded, Leaf, NotPlain, explode
from headrace.decode.observed import Kind, ObservedColumn, ObservedTable
from headrace.decode.shape import Shape
from headrace.decode.split import Part, Splits, can_split, holds_mark, part_of, split, whole
from headrace.model.records import Records

_LONG_INTEGER = r"^-?[0-9]{19,}$"


class Changed(NotPlain):
    """Arrow refused the batch: a field changes kind, a key comes twice, a number or string is out of range."""


@dataclass(frozen=True, slots=True)
class Read:
    """The tables of a batch, what it taught, and what was lost in it."""

    tables: tuple[ObservedTable, ...]
    memory: Memory
    losses: Losses


def read(records: Records, shape: Shape, memory: Memory) -> Read:
    """Read a batch. Raises NotPlain if the row lane must take it."""
    lifted: dict[str, pa.Array] = {}
    if shape.json or shape.depth <= 0:
        records, lifted = lift(records, shape)
    joined = _checked(records)
    exact: frozenset[str] = frozenset()
    quoted: frozenset[str] = frozenset()
    while True:
        data = digits.quote(split(tag(joined, memory.clashes), _with_exact(memory.splits, exact)), quoted)
        table, learnt = _parse(data, memory, pretty=not records.are_lines)
        # What is text in this batch alone is nothing to remember.
        memory = memory if quoted else learnt
        if table.num_rows != len(records):
            raise NotPlain("the number of rows is not the number of records")
        exploded = explode(table, shape)
        for key in lifted:
            exploded.claim(0, normalise(key), (key,))
        if exploded.clashing:
            memory = _with_clashes(memory, exploded.clashing)
            continue
        if wanted := digits.long_ones(exploded.leaves, data, shape):
            quoted |= wanted
            continue
        try:
            doubles = doubles_apart(exploded.leaves, data)
        except NeedsLiterals as needed:
            if needed.keys <= exact:
                raise NotPlain("numbers whose literals cannot be told apart") from None
            exact |= needed.keys
            continue
        return Read(_tables(exploded, doubles, lifted), memory, exploded.losses)


def _checked(records: Records) -> bytes:
    """The records, one a line. Raises NotPlain where Arrow must not see them."""
    if not records.are_objects:  # its reader may end the process on a row that is none
        raise NotPlain("a record that is no object")
    if holds_mark(records.lines) or not _is_utf8(records.lines):
        raise NotPlain("bytes that Arrow must not see")
    return records.lines


def _with_clashes(memory: Memory, keys: set[str]) -> Memory:
    """The memory with these keys as well. Raises NotPlain if that brings nothing new, or a key cannot be found."""
    if keys <= memory.clashes or not all(can_split(key) for key in keys):
        raise NotPlain("keys of one column that cannot be told apart")
    return merge_memory(memory, Memory(pa.schema([]), {}, frozenset(keys)))


def _with_exact(splits: Splits, exact: frozenset[str]) -> Splits:
    if not exact:
        return splits
    literal: frozenset[Part] = frozenset({"F", "Z", "N"})
    return {**splits, **{key: splits.get(key, frozenset()) | literal for key in exact}}


def _is_utf8(data: bytes) -> bool:
    try:
        whole(data).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _parse(data: bytes, memory: Memory, *, pretty: bool) -> tuple[pa.Table, Memory]:
    """Read the bytes with every text field a string; the memory that comes back knows the new ones."""
    try:
        table = _read_json(data, memory.texts, pretty=pretty)
    except pa.ArrowInvalid as first:
        if not memory.texts:
            raise Changed(str(first)) from None
        try:  # what was a string in earlier batches may be something else in this one
            table = _read_json(data, pa.schema([]), pretty=pretty)
        except pa.ArrowInvalid as error:
            raise Changed(str(error)) from None
        # from now on such keys are split, so that the text fields may be stated again
        turned = _turned(pa.struct(list(memory.texts)), pa.struct(list(table.schema)))
        memory = merge_memory(memory, Memory(pa.schema([]), turned))
    texts = merged(memory.texts, only_texts(table.schema))
    if _has_temporal(table.schema):
        try:
            table = _read_json(data, texts, pretty=pretty)
        except pa.ArrowInvalid as error:  # pragma: no cover - the same bytes were read a moment ago
            raise Changed(str(error)) from None
    return table, memory if texts is memory.texts else Memory(texts, memory.splits, memory.clashes)


def _read_json(data: bytes, texts: pa.Schema, *, pretty: bool) -> pa.Table:
    return pj.read_json(
        pa.BufferReader(data),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
        parse_options=pj.ParseOptions(
            explicit_schema=texts, newlines_in_values=pretty, unexpected_field_behavior="infer"
        ),
        # Arrow's own pool gives memory back from each thread; the kernel then spends a tenth of a load on clearing it.
        memory_pool=pa.system_memory_pool(),
    )


def _has_temporal(schema: pa.Schema) -> bool:
    return any(_temporal_in(field.type) for field in schema)


def _temporal_in(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(_temporal_in(field.type) for field in kind)
    return _temporal_in(kind.value_type) if pa.types.is_list(kind) else bool(pa.types.is_temporal(kind))


def _turned(old: pa.DataType, new: pa.DataType) -> dict[str, frozenset[Part]]:
    """The keys that held text before and hold another kind now."""
    found: dict[str, frozenset[Part]] = {}
    fields = {field.name: field.type for field in new}
    for field in old:
        here = fields.get(field.name)
        if here is None:
            continue
        parts = {_part_of_type(field.type), _part_of_type(here)}
        if len(parts - {None}) > 1 and can_split(field.name) and not part_of(field.name):
            found[field.name] = frozenset(part for part in parts if part is not None)
        elif parts == {"O"}:
            found |= _turned(field.type, here)
        elif parts == {"L"} and pa.types.is_struct(field.type.value_type) and pa.types.is_struct(here.value_type):
            found |= _turned(field.type.value_type, here.value_type)
    return found


def _part_of_type(kind: pa.DataType) -> Part | None:
    if pa.types.is_null(kind):
        return None
    if pa.types.is_struct(kind):
        return "O"
    if pa.types.is_list(kind):
        return "L"
    if pa.types.is_boolean(kind):
        return "B"
    return "S" if pa.types.is_string(kind) or pa.types.is_temporal(kind) else "N"


def _tables(
    exploded: Exploded, doubles: dict[int, dict[Kind, pa.Array]], lifted: dict[str, pa.Array]
) -> tuple[ObservedTable, ...]:
    parts: list[dict[str, dict[Kind, pa.Array]]] = [{} for _ in exploded.frames]
    for key, texts in lifted.items():
        parts[0][normalise(key)] = {"json": texts}
    for leaf in exploded.leaves:
        if leaf.values.null_count == len(leaf.values):
            continue
        column = parts[leaf.table].setdefault(leaf.column, {})
        for kind, values in _kinds(leaf, doubles).items():
            if values.null_count < len(values):
                column[kind] = _both(column[kind], values) if kind in column else values
    return tuple(
        ObservedTable(
            frame.name,
            frame.parent,
            frame.rows,
            frame.parent_rows,
            frame.list_index,
            frame.root_rows,
            {name: ObservedColumn(_disjoint(kinds)) for name, kinds in columns.items()},
        )
        for frame, columns in zip(exploded.frames, parts, strict=True)
    )


def _kinds(leaf: Leaf, doubles: dict[int, dict[Kind, pa.Array]]) -> dict[Kind, pa.Array]:
    kind = leaf.values.type
    if id(leaf) in doubles:
        return doubles[id(leaf)]
    if pa.types.is_float64(kind):
        return {"double": leaf.values}
    if part_of(leaf.key) == "Z":
        return _long_integers(leaf.values)
    if pa.types.is_string(kind):
        return {"text": leaf.values}
    return {"bool": leaf.values} if pa.types.is_boolean(kind) else {"bigint": leaf.values}


def _long_integers(literals: pa.Array) -> dict[Kind, pa.Array]:
    """Integers of 16 digits and more, read as text: 64 bits where they fit, else left as text."""
    small = pc.invert(pc.match_substring_regex(literals, _LONG_INTEGER))
    distinct = pc.unique(pc.if_else(small, None, literals)).drop_null()
    fits = pa.array([text for text in distinct.to_pylist() if -(2**63) <= int(text) < 2**63], pa.string())
    small = pc.or_(small, pc.is_in(literals, value_set=fits))
    return {
        "bigint": pc.if_else(small, literals, None).cast(pa.int64()),
        "huge": pc.if_else(small, None, literals),
    }


def _both(one: pa.Array, other: pa.Array) -> pa.Array:
    if pc.any(pc.and_(pc.is_valid(one), pc.is_valid(other))).as_py():
        raise NotPlain("one key twice in a record")
    return pc.coalesce(one, other)


def _disjoint(parts: dict[Kind, pa.Array]) -> dict[Kind, pa.Array]:
    """The parts, made sure to overlap nowhere: once a key is split, Arrow no longer sees that it came twice."""
    if len(parts) > 1:
        counts = [pc.is_valid(part).cast(pa.int8()) for part in parts.values()]
        total = counts[0]
        for count in counts[1:]:
            total = pc.add(total, count)
        if pc.max(total).as_py() > 1:
            raise NotPlain("one key twice in a record")
    return parts
