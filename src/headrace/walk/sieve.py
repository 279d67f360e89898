"""Which records of a walk are new, by the increment that the configuration states, and where the next run begins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from headrace.envelope.pick import Picker
from headrace.errors import WalkStuck
from headrace.model.envelope import ABSENT, Absent
from headrace.model.plan import Incremental, Json, Resource
from headrace.model.position import Seen
from headrace.walk.bind import Window

Comparable: TypeAlias = "str | int | float"
_DAY: Final = len("2024-01-31")


class Sieve:
    """Sifts the records of one walk, page by page in order. `window` is what the walk asks for.

    The rules are dlt's: a record below the start is dropped, as is one at the start that the last run has seen, and
    one at or past the end.
    """

    def __init__(self, resource: Resource, rule: Incremental, seen: Seen | None = None) -> None:
        stateless = rule.end_value is not None
        if seen is None or stateless or seen.cursor_path != rule.cursor_path:
            seen = Seen(rule.cursor_path)
        known = seen.last_value is not None
        start = _lagged(rule, seen.last_value) if known else rule.initial_value
        self.window: Final = Window(start, rule.end_value, rule.initial_value)
        self.sifted = 0
        self._rule: Final = rule
        self._name: Final = resource.name
        key = resource.primary_key if rule.primary_key is None else rule.primary_key
        self._picker: Final = Picker([rule.cursor_path, *key])
        self._whole: Final = rule.primary_key is None and not key
        self._told_apart: Final = (
            rule.range_start == "closed" and not stateless and not rule.lag and rule.primary_key != ()
        )
        self._known: Final = frozenset(seen.digests) if known else frozenset[str]()
        self._last: Json = start if not rule.lag else (seen.last_value if known else start)
        self._at_last: dict[str, None] = dict.fromkeys(seen.digests if known else ())

    @property
    def seen(self) -> Seen | None:
        """What to leave to the next run; None where no state is kept."""
        if self._rule.end_value is not None:
            return None
        return Seen(self._rule.cursor_path, self._last, tuple(self._at_last))

    def sift(self, records: Sequence[bytes]) -> list[int]:
        """The places of the records that stay.

        Raises:
            WalkStuck: a record lacks the value and the configuration wants an error, or values cannot be compared.
        """
        kept = [place for place, record in enumerate(records) if self._stays(record)]
        self.sifted += len(records) - len(kept)
        return kept

    @property
    def may_end_walks(self) -> bool:
        """Whether `is_past` can ever be true."""
        return self._rule.row_order is not None and self._bound is not None

    def is_past(self, records: Sequence[bytes]) -> bool:
        """Whether the order that the configuration states makes all later pages needless."""
        if not self.may_end_walks:
            return False
        ahead = self._rule.row_order == "asc"
        return any(
            self._out_at_end(value) if ahead else self._compare(value, self._bound) < 0
            for record in records
            if not isinstance(value := self._value(record), Absent)
        )

    @property
    def _bound(self) -> Json:
        """Where the new records end, in the order that the configuration states."""
        return self.window.end if self._rule.row_order == "asc" else self.window.start

    def _stays(self, record: bytes) -> bool:
        value = self._value(record)
        if isinstance(value, Absent):
            return self._rule.on_missing == "include"
        if self._rule.end_value is not None and self._out_at_end(value):
            return False
        start = self.window.start
        if start is not None:
            order = self._compare(value, start)
            if order < 0 or (order == 0 and self._rule.range_start == "open"):
                return False
            if order == 0 and self._told_apart and self._known and self._digest(record) in self._known:
                return False
        self._advance(record, value)
        return True

    def _advance(self, record: bytes, value: Comparable) -> None:
        order = 1 if self._last is None else self._compare(value, self._last)
        if order > 0:
            self._last, self._at_last = value, {}
        if order >= 0 and self._told_apart:
            self._at_last[self._digest(record)] = None

    def _out_at_end(self, value: Comparable) -> bool:
        order = self._compare(value, self._rule.end_value)
        return order > 0 or (order == 0 and self._rule.range_end == "open")

    def _value(self, record: bytes) -> Comparable | Absent:
        """The value at the cursor; ABSENT where there is none and that is allowed."""
        found = self._picker.pick(record)[0]
        if isinstance(found, Absent) or found is None:
            if self._rule.on_missing == "raise":
                raise WalkStuck(
                    f"{self._name}: a record has no value at `{self._rule.cursor_path}`, the incremental cursor;"
                    " correct `cursor_path`, or set `on_cursor_value_missing` to `include` or `exclude`."
                )
            return ABSENT
        if not isinstance(found, str | int | float):
            kind = "an object" if isinstance(found, dict) else "a list"
            raise WalkStuck(f"{self._name}: the incremental cursor `{self._rule.cursor_path}` leads to {kind}.")
        return found

    def _compare(self, value: Comparable, bound: Json) -> int:
        """Below 0 where `value` comes before `bound`, in the order that counts here."""
        if isinstance(value, str) is not isinstance(bound, str) or isinstance(bound, dict | list):
            raise WalkStuck(
                f"{self._name}: the value {value!r} at `{self._rule.cursor_path}` cannot be compared with {bound!r};"
                " state `initial_value` and `end_value` as the API writes its values."
            )
        order = int(value > bound) - int(value < bound)
        return order if self._rule.latest == "max" else -order

    def _digest(self, record: bytes) -> str:
        """By which a record at the boundary is known again: its key, or all of it."""
        parts = record if self._whole else msgspec.json.encode(_plain(self._picker.pick(record)[1:]))
        return hashlib.blake2b(parts, digest_size=12).hexdigest()


def _plain(values: tuple[Json | Absent, ...]) -> list[Json]:
    return [None if isinstance(value, Absent) else value for value in values]


def _lagged(rule: Incremental, value: Json) -> Json:
    """The last value moved back by `lag`, never past the initial value (as in dlt)."""
    if not rule.lag:
        return value
    back = -rule.lag if rule.latest == "max" else rule.lag
    moved = value + back if isinstance(value, int | float) else _moved(value, back)
    if isinstance(value, int):
        moved = int(moved)
    first = rule.initial_value
    if first is not None and ((moved < first) if rule.latest == "max" else (moved > first)):
        return first
    return moved


def _moved(value: str, back: float) -> str:
    """A date moved by days, a time by seconds, written as it was."""
    try:
        if len(value) == _DAY:
            return (date.fromisoformat(value) + timedelta(days=back)).isoformat()
        moment = datetime.fromisoformat(value) + timedelta(seconds=back)
    except ValueError as error:
        raise WalkStuck(
            f"`lag` needs a number, a date or a time as the incremental cursor; {value!r} is none."
        ) from error
    digits = "milliseconds" if "." in value and moment.microsecond % 1000 == 0 else "auto"
    text = moment.isoformat(sep="T" if "T" in value else " ", timespec=digits)
    return text.replace("+00:00", "Z") if value.endswith("Z") else text
