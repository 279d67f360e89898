"""Where the increment of each row of a parent stands, and what dlt's one cursor says of rows that have no place yet."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from dlt.common.configuration.container import Container
from dlt.extract import Incremental
from dlt.extract.items_transform import LimitItem
from dlt.extract.pipe import Pipe
from dlt.extract.source import SourceInjectableContext
from dlt.extract.state import resource_state

from headrace.rest_api.channel import increment_of
from headrace.rest_api.increment import Mark, Measured, mark_of

_log = logging.getLogger("headrace.rest_api")
_KEY_BYTES = 9
STATE = "headrace"
"""Under this name our marks lie in the state of a resource, beside dlt's own `incremental`."""


class Places:
    """The places of all rows of a parent, in one extraction of a child resource.

    In dlt's state: `rows`, the mark of each row by its key; `dlt`, how we have left dlt's own cursor, so that we see
    whether dlt has loaded meanwhile; `covered`, up to where dlt had loaded then, for rows that have no place, and
    `once`, if that is forgotten with the next run.

    `increment` is bound, and `before` is the state of dlt's cursor as it was before that.
    """

    def __init__(self, increment: Incremental[Any], before: Mapping[str, Any] | None) -> None:
        self._increment = increment
        self._covered: Measured | None = None
        self._ours: dict[str, Any] = {}
        if increment.end_value is None:
            kept = resource_state(increment.resource_name).setdefault(STATE, {})
            self._ours = kept.setdefault(increment.cursor_path, {})
            self._go_on(before)
        self._first: dict[str, Mark | None] = {}
        self._rows: dict[str, Mark] = self._ours.setdefault("rows", {})

    def open(self, values: Mapping[str, Any], increment: Incremental[Any], *, again: bool) -> Place:
        """The place of the row that gives a request these values, with a bound increment to measure it by.

        `again`: as it stood when it was first opened in this extraction, for records that go to another line of rows.
        """
        key = _key(values)
        before = self._rows.get(key)
        first = self._first.setdefault(key, before)
        return Place(key, Measured(increment, first if again else before), self)

    def new(self, rows: Any) -> Any:  # noqa: ANN401 - whatever flows in dlt's pipes
        """The rows of one that had no place which dlt has not loaded."""
        return rows if rows is None or self._covered is None else self._covered(rows)

    def keep(self, key: str, mark: Mark) -> None:
        """Where a row stands now."""
        self._rows[key] = mark

    def walked(self, key: str) -> None:
        """A row was walked to its end: from now on it has a place, if only at the beginning."""
        if self._covered is not None:
            self._rows.setdefault(key, [None])

    def note(self, state: Mapping[str, Any]) -> None:
        """This is how we leave dlt's own cursor."""
        self._ours["dlt"] = mark_of(state)

    def _go_on(self, before: Mapping[str, Any] | None) -> None:
        """Go on from what the last run has left: ours, or one of dlt's own source."""
        pipe = self._increment._bound_pipe  # noqa: SLF001
        if not before:  # whoever drops dlt's cursor wants everything again
            self._ours.clear()
            return
        merges = _merges(pipe)
        if _has_moved(before) and self._ours.get("dlt") != mark_of(before):
            if not merges:
                self._ours |= {"rows": {}, "covered": mark_of(before), "once": _all_come(pipe)}
            self._tell(merges=merges)
        elif self._ours.get("once"):
            del self._ours["covered"], self._ours["once"]
        if "covered" in self._ours and not merges:
            self._covered = Measured(self._increment, self._ours["covered"])

    def _tell(self, *, merges: bool) -> None:
        rest = (
            "rows that it has skipped are merged now"
            if merges
            else "what lies before dlt's cursor counts as loaded, since an appended row cannot be taken back"
        )
        _log.warning(
            "%s: the last load kept one cursor for all rows of the parent, as dlt's own source does; each row is read"
            " from its beginning or its own place once, and %s",
            self._increment.resource_name, rest,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """The place of one row of a parent, under its key. It goes with the row's pages, as dlt's `meta`."""

    key: str
    increment: Measured
    places: Places

    def sift(self, rows: Any) -> Any:  # noqa: ANN401 - whatever flows in dlt's pipes
        """What is new to this row; its place moves on."""
        if isinstance(rows, list) and not rows:
            return rows
        kept = self.increment(rows)
        self.places.keep(self.key, self.increment.mark)
        return self.places.new(kept) if self.increment.is_new else kept

    def walked(self) -> None:
        """The row's walk has come to its end."""
        self.places.walked(self.key)


def _key(values: Mapping[str, Any]) -> str:
    """A row is known again by what it says of itself in its request, whatever else becomes of that."""
    whole = msgspec.json.encode(sorted(values.items()), enc_hook=str)
    return base64.b64encode(hashlib.blake2b(whole, digest_size=_KEY_BYTES).digest()).decode()


def _has_moved(state: Mapping[str, Any]) -> bool:
    """Whether rows have come through an increment."""
    last, *digests = mark_of(state)
    return last is not None and (last != state.get("initial_value") or bool(digests))


def _merges(pipe: Pipe) -> bool:
    """Whether a row that comes again takes the place of the one that is there."""
    container = Container()
    if SourceInjectableContext not in container:
        return False
    resource = container[SourceInjectableContext].source.resources.with_pipe(pipe)
    if resource.has_dynamic_table_name or resource.has_other_dynamic_hints:
        return False
    table = resource.compute_table_schema()
    keys = (column.get("primary_key") or column.get("merge_key") for column in table["columns"].values())
    return table["write_disposition"] == "merge" and any(keys)


def _all_come(pipe: Pipe) -> bool:
    """Whether all rows of the parent come in every run, and each is walked to its end."""
    if any(isinstance(step, LimitItem) for step in pipe.steps):
        return False
    while (pipe := pipe.parent) is not None:
        if any(isinstance(step, LimitItem) or increment_of(step) is not None for step in pipe.steps):
            return False
    return True
