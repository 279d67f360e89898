"""dlt's increment over a state of its own: from a mark where it begins to the mark that it has come to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from dlt.common.jsonpath import compile_path
from dlt.extract import Incremental

Mark: TypeAlias = list[Any]
"""The last value, and behind it by what the rows that have it are known again."""


def mark_of(state: Mapping[str, Any]) -> Mark:
    """What an increment's state says, in an order that does not change from run to run."""
    return [state.get("last_value"), *sorted(state.get("unique_hashes") or ())]


def arguments_of(increment: Incremental[Any]) -> dict[str, Any]:
    """What an increment is configured by; the function, the key and the lag are no part of its mapping."""
    beside = {"last_value_func": increment.last_value_func, "primary_key": increment.primary_key, "lag": increment.lag}
    return {**increment, **beside}


_read = lru_cache(compile_path)


class Measured(Incremental[Any]):  # type: ignore[misc]
    """An increment like one that is bound, but begins at a mark; at the initial value if there is none."""

    def __init__(self, like: Incremental[Any], mark: Mark | None) -> None:
        # What a scheduler has to say is in the other one's bounds; a path takes long to read, and there are many rows.
        beside = {"cursor_path": _read(like.cursor_path), "allow_external_schedulers": False}
        super().__init__(**arguments_of(like) | beside)
        if hasattr(like, "__orig_class__"):  # the type of the cursor, by which a lag is measured
            self.__orig_class__ = like.__orig_class__
        self._begins_at = mark
        self.is_new = mark is None
        self.bind(like._bound_pipe)  # noqa: SLF001

    def get_state(self) -> dict[str, Any]:
        """The state to begin with, as dlt has it."""
        last, *digests = self._begins_at or [None]
        last = self.initial_value if last is None else last
        return {
            "initial_value": self.initial_value,
            "last_value": last,
            "unique_hashes": digests,
            "start_value": last,
        }

    @property
    def mark(self) -> Mark:
        """Where it stands by now."""
        return mark_of(self._cached_state)
