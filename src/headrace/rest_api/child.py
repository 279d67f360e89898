"""The increment of a child resource: each row of the parent has its own, beside the one that dlt knows of."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from copy import deepcopy
from functools import cached_property
from typing import Any, Self

from dlt.extract import Incremental
from dlt.extract.pipe import Pipe
from dlt.extract.state import resource_state

from headrace.rest_api.increment import Measured, arguments_of
from headrace.rest_api.line import Line
from headrace.rest_api.places import Place, Places

_log = logging.getLogger("headrace.rest_api")
_PLACES, _TOLD = "headrace_places", "headrace_told"  # on the pipe, which dlt makes anew for each extraction


class ChildIncrement(Incremental[Any]):  # type: ignore[misc]
    """What dlt's step calls in place of its own increment. dlt makes a copy for each page of parents."""

    _places: Places

    @classmethod
    def of(cls, increment: Incremental[Any]) -> Self:
        """The same increment as one of ours."""
        made = cls(**arguments_of(increment))
        made.resource_name = increment.resource_name
        made._dedup_key_from_hints = increment._dedup_key_from_hints  # noqa: SLF001
        made.__is_resolved__, made.__exception__ = increment.__is_resolved__, increment.__exception__
        if hasattr(increment, "__orig_class__"):
            made.__orig_class__ = increment.__orig_class__
        return made

    def merge(self, other: Incremental[Any]) -> Incremental[Any]:
        """As dlt, which copies by this too; what comes is one of ours."""
        return ChildIncrement.of(super().merge(other))

    def bind(self, pipe: Pipe) -> Self:
        """As dlt. What an earlier run has left is looked at first, once in an extraction."""
        begun = vars(pipe).get(_PLACES)
        before = None if begun or self.end_value is not None else self._left(pipe)
        super().bind(pipe)
        self._places = begun or Places(self, before)
        self._places.note(self._cached_state)
        setattr(pipe, _PLACES, self._places)
        return self

    def open(self, values: Mapping[str, Any], *, again: bool) -> Place:
        """The place of the row that gives a request these values; `again`: where it stood at first."""
        return self._places.open(values, self, again=again)

    @cached_property
    def beginning(self) -> Measured:
        """The increment of a row that was never seen."""
        return Measured(self, None)

    def __call__(self, rows: Any, meta: Any = None) -> Any:  # noqa: ANN401 - whatever flows in dlt's pipes
        """What is new to the row of the parent that these rows are of. dlt's own cursor sees them all."""
        place = meta.place if isinstance(meta, Line) else meta
        if not isinstance(place, Place):
            tell_one_cursor(self._bound_pipe, "its steps mark the rows with something of their own")
            return super().__call__(rows, meta)
        kept = place.sift(rows)
        super().__call__(rows, meta)
        self._places.note(self._cached_state)
        return kept

    def _left(self, pipe: Pipe) -> Mapping[str, Any] | None:
        """The state of dlt's cursor before this run."""
        found: Mapping[str, Any] | None = resource_state(pipe.name).get("incremental", {}).get(self.cursor_path)
        return deepcopy(found)


def tell_one_cursor(pipe: Pipe, why: str) -> None:
    """Say, once in an extraction, that a child has one cursor for all rows of its parent."""
    if not vars(pipe).get(_TOLD):
        setattr(pipe, _TOLD, True)
        _log.warning("%s has one cursor for all rows of its parent, as in dlt, because %s", pipe.name, why)
