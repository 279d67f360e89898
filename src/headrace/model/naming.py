"""How a key of the data, or a resource's table, is written in the warehouse: dlt's `snake_case` convention, exactly.

A key is cut at its double underscores, each piece is normalised on its own, and the pieces are joined
again with `__`, the separator between nested fields. So `a__b` stays `a__b`, as it does in dlt 1.31.
"""

from __future__ import annotations

import re
from functools import lru_cache

SEPARATOR = "__"
EMPTY = "_empty"

_ALPHABET = str.maketrans("+-*@|", "x_xal")
_FOREIGN = re.compile(r"[^a-zA-Z\d_]+")
_WORD = re.compile(r"([^_])([A-Z][a-z]+)")
_CAPITAL = re.compile(r"([a-z0-9])([A-Z])")
_DIGIT = re.compile(r"\d")
_UNDERSCORES = re.compile(r"__+")


@lru_cache(maxsize=65536)
def normalise(key: str) -> str:
    """The name of the column, or of the last part of the table, that the key leads to; never empty."""
    pieces = [_piece(piece) for piece in key.split(SEPARATOR) if piece.strip()]
    return SEPARATOR.join(pieces) or EMPTY


def _piece(piece: str) -> str:
    name = _FOREIGN.sub("_", piece.strip().translate(_ALPHABET))
    name = _CAPITAL.sub(r"\1_\2", _WORD.sub(r"\1_\2", name)).lower()
    if _DIGIT.match(name):
        name = "_" + name
    bare = name.rstrip("_")
    return _UNDERSCORES.sub("_", bare + "x" * (len(name) - len(bare)))
