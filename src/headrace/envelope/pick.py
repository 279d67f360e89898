"""How a few values are taken out of single records, while the rest of each record is only skipped over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from headrace.envelope.find import find
from headrace.envelope.path import parse
from headrace.envelope.tree import Keys, Leaves, apart
from headrace.model.envelope import ABSENT, Absent
from headrace.model.plan import Json

_raw: Final = msgspec.json.Decoder(msgspec.Raw)


class Picker:
    """Takes the first match of each path. Stateless after it is made, so it may be shared between threads.

    Raises ValueError for a path that is none (`envelope.path.parse`).
    """

    __slots__ = ("_leaves", "_paths")

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths: Final = tuple(parse(path) for path in paths)
        chains = tuple(chain for path in self._paths if (chain := path.keys) is not None)
        self._leaves: Final = _leaves(chains) if len(chains) == len(self._paths) else None

    def pick(self, record: bytes) -> tuple[Json | Absent, ...]:
        """The values, in the order of the paths; ABSENT where a path leads to nothing, which null is not.

        Raises:
            msgspec.DecodeError: the record is not JSON in UTF-8.
        """
        if self._leaves is not None:
            try:
                return tuple(
                    msgspec.json.decode(raw) if isinstance(raw, msgspec.Raw) else ABSENT
                    for raw in self._leaves.decode(record)
                )
            except msgspec.ValidationError:  # of another shape: something on the way is no object
                pass
        root = _raw.decode(record)
        found = (find(path, root).matches for path in self._paths)
        return tuple(msgspec.json.decode(matches[0]) if matches else ABSENT for matches in found)


def _leaves(chains: tuple[Keys, ...]) -> Leaves | None:
    return Leaves(chains) if apart(chains) else None
