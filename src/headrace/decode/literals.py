r"""Which of the numbers that Arrow read as doubles were written as integers, told without looking at each record.

Arrow's reader makes a column double as soon as one number has a fraction or is beyond 64 bits; dlt takes `8` and
`8.0` for different types. Three looks, each a single pass of RE2 over the batch at most:
no value is whole → all were written with a fraction; no integer literal under these keys → the same;
no fraction `.0` and no exponent under these keys, nothing beyond 2^53 → the whole ones are the integers.
Where none of the three holds, the keys are split by literal (`split`) and the batch is read again.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from headrace.decode.nested import Leaf, NotPlain
from headrace.decode.observed import Kind
from headrace.decode.split import can_split, hides_keys, key_pattern, part_of, whole

_EXACT = float(2**53)
# What may stand between a key and one of its numbers: numbers and nulls of lists. No quote or brace is in it.
_RUN = r"(?:[-0-9eE+.,\s\[\]]|null)*"
_PLAIN_RUN = r"(?:[-0-9+.,\s\[\]]|null)*"


class NeedsLiterals(Exception):
    """The batch must be read again with these keys split by literal."""

    def __init__(self, keys: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(keys)))
        self.keys = keys


def doubles_apart(leaves: Sequence[Leaf], data: bytes) -> dict[int, dict[Kind, pa.Array]]:
    """For each leaf (by `id`) of doubles, its parts by kind. Raises NeedsLiterals or NotPlain.

    Args:
        leaves: the leaves of one batch; those that are not double are left out.
        data: the bytes that they were read from.
    """
    doubles = [leaf for leaf in leaves if pa.types.is_float64(leaf.values.type) and part_of(leaf.key) != "F"]
    unclear = [leaf for leaf in doubles if _has_whole(leaf.values)]
    parts: dict[int, dict[Kind, pa.Array]] = {id(leaf): {"double": leaf.values} for leaf in doubles}
    if not unclear:
        return parts
    keys = frozenset(leaf.key for leaf in unclear)
    if part_of("".join(sorted(keys))) or any(part_of(key) or not can_split(key) for key in keys) or hides_keys(data):
        raise NotPlain("numbers whose literals cannot be told apart")
    names = "|".join(key_pattern(key) for key in sorted(keys))
    if not _found(data, rf'"(?:{names})"\s*:(?:{_RUN}[\[,\s])?-?[0-9]+[,\s\]}}]'):
        return parts
    if _has_whole_fractions(data, names) or any(pc.max(pc.abs(leaf.values)).as_py() >= _EXACT for leaf in unclear):
        if any(leaf.in_list for leaf in unclear):
            raise NotPlain("a list of numbers with and without fractions")
        raise NeedsLiterals(keys)
    for leaf in unclear:
        parts[id(leaf)] = _by_value(leaf.values)
    return parts


def _has_whole(values: pa.Array) -> bool:
    finite = pc.all(pc.is_finite(values)).as_py()
    if finite is False:
        raise NotPlain("a number that is not finite")
    return bool(pc.any(pc.equal(pc.floor(values), values)).as_py())


def _has_whole_fractions(data: bytes, names: str) -> bool:
    """Whether a literal such as `8.0` or `8e3` may stand under these keys: whole, but a double by its writing."""
    if _found(data, rf'"(?:{names})"\s*:{_RUN}\.0*[^0-9eE]'):
        return True
    exponents = _found(data, rf'"(?:{names})"\s*:{_PLAIN_RUN}[eE]')
    # one digit other than 0 before the point and a negative exponent: certainly below 1
    small = rf'"(?:{names})"\s*:\s*-?[1-9](?:\.[0-9]*)?[eE]-0*[1-9][0-9]*[,\s}}]'
    return bool(exponents) and exponents != _found(data, small)


def _found(data: bytes, pattern: str) -> int:
    count: int = pc.count_substring_regex(whole(data), pattern)[0].as_py()
    return count


def _by_value(values: pa.Array) -> dict[Kind, pa.Array]:
    whole = pc.equal(pc.floor(values), values)
    integers = pc.if_else(whole, values, None).cast(pa.int64())
    rest = pc.if_else(whole, None, values)
    if rest.null_count == len(rest):
        return {"bigint": integers}
    return {"bigint": integers, "double": rest}
