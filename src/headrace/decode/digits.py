r"""How numbers keep the digits that a double would lose, where they are for a decimal column of the root table.

Such a column takes texts exactly, so a batch in which one of these numbers is long is read again with all numbers
under its key in quotes: `{"price": 1.5}` becomes `{"price": "1.5"}`. What a text could not stand for (an exponent, a
number of too many digits) becomes broken JSON by that, and so ends in the row lane, which keeps literals one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from headrace.decode.nested import Leaf, NotPlain
from headrace.decode.shape import Shape
from headrace.decode.split import can_split, hides_keys, key_pattern, part_of, whole

# A double tells apart all numbers of 15 digits.
_LONG = "-?[0-9.]{17,}"
_NUMBER = r"-?[0-9]{1,28}(?:\.[0-9]+)?"


def long_ones(leaves: Sequence[Leaf], data: bytes, shape: Shape) -> frozenset[str]:
    """The keys of decimal columns whose numbers were read as doubles and may be more than that.

    Raises NotPlain where the numbers of such a column cannot be told from others in the bytes.
    """
    mine = [leaf for leaf in leaves if _is_decimal(leaf, shape) and pa.types.is_float64(leaf.values.type)]
    if not mine:
        return frozenset()
    keys = frozenset(leaf.key for leaf in mine)
    if any(part_of(key) or not can_split(key) for key in keys) or hides_keys(data):
        raise NotPlain("numbers whose digits cannot be told apart")
    count: int = pc.count_substring_regex(whole(data), rf'"(?:{_names(keys)})"\s*:\s*{_LONG}')[0].as_py()
    if count and any(leaf.key in keys and not _is_decimal(leaf, shape) for leaf in leaves):
        raise NotPlain("numbers of one key for a decimal column and for others")
    return keys if count else frozenset()


def quote(data: bytes, keys: Iterable[str]) -> bytes:
    """The batch with quotes around every number directly under these keys."""
    if not keys:
        return data
    pattern = rf'([^\\]"(?:{_names(keys)})"\s*:\s*)({_NUMBER})'
    replaced: bytes = pc.replace_substring_regex(whole(data), pattern, r'\1"\2"')[0].as_py()
    return replaced


def _is_decimal(leaf: Leaf, shape: Shape) -> bool:
    return leaf.table == 0 and not leaf.in_list and leaf.column in shape.decimals


def _names(keys: Iterable[str]) -> str:
    return "|".join(key_pattern(key) for key in sorted(keys))


def _whole(data: bytes) -> pa.Array:
    return pa.array([data], pa.large_binary())
