"""How rows are named: `_dlt_id` of roots and children, made for a whole batch at once.

A root's id is the page's prefix and four base64 characters of the record's number in the page; a child's is its
parent's id, a dot, and its index in the list. Ids are unique within a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from headrace.decode.rows import RecordPage

ID = "_dlt_id"
LOAD_ID = "_dlt_load_id"
PARENT_ID = "_dlt_parent_id"
ROOT_ID = "_dlt_root_id"
LIST_INDEX = "_dlt_list_idx"

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BLOCK = 64**2


@lru_cache(maxsize=8)
def _suffixes(block: int) -> pa.Array:
    """The four characters of the record numbers `block * 4096` and on."""
    head = _ALPHABET[block // 64 % 64] + _ALPHABET[block % 64]
    return pa.array([head + one + two for one in _ALPHABET for two in _ALPHABET], pa.string())


@lru_cache(maxsize=8)
def _counted(count: int) -> pa.Array:
    """The four characters of each of a page's records."""
    starts = range(0, count, _BLOCK)
    return pa.concat_arrays([_suffixes(start // _BLOCK).slice(0, count - start) for start in starts])


def root_ids(pages: Sequence[RecordPage]) -> pa.Array:
    """The ids of all records of the pages, in order, as one string array."""
    suffixes: list[pa.Array] = [pa.array([], pa.string())]
    ends = [0]
    for page in pages:
        if page.numbers is not None:
            suffixes += (_suffixes(number // _BLOCK).slice(number % _BLOCK, 1) for number in page.numbers)
        elif page.records:
            suffixes.append(_counted(len(page.records)))
        ends.append(ends[-1] + len(page.records if page.numbers is None else page.numbers))
    page_of = pc.list_parent_indices(pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.nulls(ends[-1])))
    prefixes = pa.array([page.prefix for page in pages], pa.string()).take(page_of)
    return pc.binary_join_element_wise(prefixes, pa.concat_arrays(suffixes), "")


def child_ids(parent_ids: pa.Array, list_index: pa.Array) -> pa.Array:
    """The ids of children, one for each of `parent_ids` (already taken to the children's rows)."""
    return pc.binary_join_element_wise(parent_ids, list_index.cast(pa.string()), ".")


def own_ids(given: pa.Array | None, made: pa.Array) -> pa.Array:
    """`made`, but where the data brings a non-empty id of its own, that one."""
    if given is None:
        return made
    usable = pc.fill_null(pc.not_equal(given, ""), fill_value=False)
    return pc.if_else(usable, given, made)
