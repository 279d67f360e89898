"""What the fast lane remembers from batch to batch, so that it need not find out the same thing twice."""

from __future__ import annotations

import msgspec
import pyarrow as pa

from headrace.decode.split import Part, part_of, plain_key


class Memory(msgspec.Struct, frozen=True):
    """What earlier batches taught; it makes reading faster and changes no result.

    `texts` is a pyarrow.Schema of the fields known to hold strings, so that none is taken for a timestamp;
    `splits` are the keys whose values change kind, `clashes` those that share a column with another key.
    """

    texts: pa.Schema
    splits: dict[str, frozenset[Part]]
    clashes: frozenset[str] = frozenset()


EMPTY_MEMORY = Memory(pa.schema([]), {})


def merge_memory(one: Memory, other: Memory) -> Memory:
    """What both know."""
    splits = {
        key: one.splits.get(key, frozenset()) | other.splits.get(key, frozenset())
        for key in (*one.splits, *other.splits)
    }
    clashes = one.clashes | other.clashes
    texts = merged(one.texts, other.texts)
    if clashes:
        texts = pa.schema(list(_less(pa.struct(list(texts)), clashes)))
    return Memory(texts, one.splits if splits == one.splits else splits, clashes)


def _less(kind: pa.DataType, keys: frozenset[str]) -> pa.DataType:
    """The type without texts under these keys: stated, they would be columns again beside the tagged ones."""
    if pa.types.is_list(kind):
        return pa.list_(_less(kind.value_type, keys))
    if not pa.types.is_struct(kind):
        return kind
    kept = [field for field in kind if pa.types.is_nested(field.type) or plain_key(field.name) not in keys]
    return pa.struct([(one.name, one.type if part_of(one.name) == "C" else _less(one.type, keys)) for one in kept])


def only_texts(schema: pa.Schema) -> pa.Schema:
    """The schema of the fields that hold text."""
    kept = [(field.name, _text_type(field.type)) for field in schema]
    return pa.schema([(name, kind) for name, kind in kept if kind is not None])


def _text_type(kind: pa.DataType) -> pa.DataType | None:
    """The type with all but strings left out, None if it holds none; times are strings that Arrow took for times."""
    if pa.types.is_struct(kind):
        inner = [(field.name, _text_type(field.type)) for field in kind]
        kept = [(name, text) for name, text in inner if text is not None]
        return pa.struct(kept) if kept else None
    if pa.types.is_list(kind):
        element = _text_type(kind.value_type)
        return None if element is None else pa.list_(element)
    return pa.string() if pa.types.is_string(kind) or pa.types.is_temporal(kind) else None


def merged(old: pa.Schema, new: pa.Schema) -> pa.Schema:
    """Both schemas together; the old one itself if the new one brings nothing. Where they differ in kind, the new."""
    if not old:
        return new
    merged = _merged_type(pa.struct(list(old)), pa.struct(list(new)))
    return old if merged == pa.struct(list(old)) else pa.schema(list(merged))


def _merged_type(old: pa.DataType, new: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(old) and pa.types.is_struct(new):
        fields = {field.name: field.type for field in old}
        for field in new:
            fields[field.name] = _merged_type(fields[field.name], field.type) if field.name in fields else field.type
        return pa.struct(list(fields.items()))
    if pa.types.is_list(old) and pa.types.is_list(new):
        return pa.list_(_merged_type(old.value_type, new.value_type))
    return new
