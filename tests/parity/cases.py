"""Generated sets of pages: what real APIs send, and what nobody should but somebody does. The same for each seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from headrace.model.plan import ColumnHint

KEYS = (
    "id", "ID", "name", "createdAt", "created_at", "updated_at", "HTTPServer", "userID2", "a.b c", "1st", "trail_",
    "+1", "@t", "$ref", "a|b", "x*", "a__b", "__x", "naïve", "日本", "score", "mrr", "is_active", "tags", "items",
    "meta", "traits", "list", "value", "amount", "due date", "V2Api", "EMAIL", "trait.one", "trait-two", "x/y",
    'k"q', "back\\slash", "_under", "Custom_Field__c", "a,b", "c:d", "a",
)  # fmt: skip
TEXTS = (
    "", "plain", "ünïcødé ☃ 😀", "line\nbreak", 'tab\tquote"back\\slash', "null", "true", "12", "12.5", "0x1f", "yes",
    "2024-01-01", "2024-01-01T10:00:00Z", "2024-01-01 10:00:00", "2024-06-30T23:59:59.123456+05:30", "10:00:00",
    "2024-01-01T10:00:00.1234567Z", "20240101T100000Z", "1700000000", "2024/01/01 10:00", "  12 ", '{"a": 1}', "[1]",
    "\u0000nul", "a" * 300, "2024-W01-1T10:00", "\x7f", "nan", "-5", '"id": 5, "score": 8.0', ": 5", ',"a": [1.5, 2]',
)  # fmt: skip
INTEGERS = (0, 1, -1, 7, 42, 2**31, 2**53, 2**53 + 1, 1712349466167, 1700000000)
DOUBLES = (0.0, -0.0, 1.0, 1.5, -2.25, 3.14159, 1e16, 1e-7, 123456789.125, 8.0, 2.0**53)
# dlt fails on these where they have to be cast (docs/differences.md), so they come only in columns of one kind
EXTREME_INTEGERS = (2**63 - 1, -(2**63), 0, 5)
EXTREME_DOUBLES = (1e300, 5e-324, -1.7976931348623157e308, 2.0**63, 0.1)


@dataclass(frozen=True)
class Case:
    """One resource: its pages, how the pages fall into batches, and what the configuration says."""

    name: str
    pages: list[list[bytes]]
    batch: int = 2
    disposition: Literal["append", "replace", "merge"] = "append"
    primary_key: tuple[str, ...] = ()
    columns: tuple[ColumnHint, ...] = ()
    max_nesting: int | None = None

    def without(self, dropped: set[tuple[int, int]]) -> Case:
        """The case less some records, given as (page, record)."""
        pages = [
            [body for number, body in enumerate(page) if (place, number) not in dropped]
            for place, page in enumerate(self.pages)
        ]
        return Case(self.name, pages, self.batch, self.disposition, self.primary_key, self.columns, self.max_nesting)


Make = Callable[[random.Random], Any]


@dataclass
class _Field:
    """How one key behaves over the pages: mostly one kind, sometimes another, sometimes absent or null."""

    key: str
    makes: list[Make]
    absent: float
    null: float
    turn: int | None = None  # the record from which the second maker takes over
    second: list[Make] = field(default_factory=list)

    def value(self, rng: random.Random, number: int) -> tuple[bool, Any]:
        if rng.random() < self.absent:
            return False, None
        if rng.random() < self.null:
            return True, None
        makes = self.second if self.turn is not None and number >= self.turn else self.makes
        return True, rng.choice(makes)(rng)


def case(seed: int) -> Case:
    """The generated set of a seed."""
    rng = random.Random(seed)
    fields = _fields(rng, depth=0)
    merges = rng.random() < 0.25
    pages: list[list[bytes]] = []
    number = 0
    for _ in range(rng.randint(1, 5)):
        page: list[bytes] = []
        for _ in range(rng.choice([0, 1, 3, 8, 20]) if pages else 5):
            record = _record(rng, fields, number)
            if merges:
                record = {"key": f"k{number}", **record}
            page.append(_text(rng, record))
            number += 1
        pages.append(page)
    return Case(
        f"s{seed:05}",
        pages,
        batch=rng.randint(1, 3),
        disposition="merge" if merges else rng.choice(["append", "replace"]),
        primary_key=("key",) if merges else (),
        columns=_hints(rng, fields) if not _has_extremes(fields) and rng.random() < 0.2 else (),
        max_nesting=rng.choice([0, 1, 2, 3]) if rng.random() < 0.15 else None,
    )


def _hints(rng: random.Random, fields: list[_Field]) -> tuple[ColumnHint, ...]:
    types = ["text", "double", "bigint", "json", "bool", "timestamp", "date"]
    chosen = rng.sample(fields, k=min(len(fields), 2))
    return tuple(ColumnHint(found.key, rng.choice(types)) for found in chosen)


def _has_extremes(fields: list[_Field]) -> bool:
    return any(isinstance(make, partial) for one in fields for make in one.makes)


def _text(rng: random.Random, record: Any) -> bytes:
    style = rng.random()
    if style < 0.1:
        return json.dumps(record, indent=2, ensure_ascii=False).encode()
    if style < 0.3:
        return json.dumps(record).encode()
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()


def _fields(rng: random.Random, depth: int) -> list[_Field]:
    keys = rng.sample(KEYS, k=rng.randint(1, 9 if depth == 0 else 4))
    tidy = rng.random() < 0.5  # half of the sets are like real APIs: one kind for each key
    found = []
    for key in keys:
        makes = [_maker(rng, depth)]
        if tidy and rng.random() < 0.05:
            extremes: tuple[Any, ...] = rng.choice([EXTREME_INTEGERS, EXTREME_DOUBLES])
            makes = [partial(_one_of, extremes)]
        if not tidy and rng.random() < 0.35:
            makes.append(_maker(rng, depth))
        turn = rng.randint(0, 30) if not tidy and rng.random() < 0.25 else None
        second = [_maker(rng, depth)] if turn is not None else []
        found.append(_Field(key, makes, rng.choice([0, 0, 0.3]), rng.choice([0, 0.2, 0.9]), turn, second))
    return found


def _maker(rng: random.Random, depth: int) -> Make:
    roll = rng.random()
    if depth < 3 and roll < 0.15:
        inner = _fields(rng, depth + 1)
        return lambda rng: _record(rng, inner, rng.randint(0, 40))
    if depth < 3 and roll < 0.27:
        element = _maker(rng, depth + 1)

        def alike(rng: random.Random) -> list[Any]:
            return [element(rng) for _ in range(rng.choice([0, 0, 1, 2, 3]))]

        return alike
    if depth < 3 and roll < 0.31:
        elements: list[Make] = [_maker(rng, depth + 1), _maker(rng, depth + 1), lambda _: None]

        def mixed(rng: random.Random) -> list[Any]:
            return [rng.choice(elements)(rng) for _ in range(rng.randint(0, 3))]

        return mixed
    return rng.choice(_SCALARS)


_SCALARS: tuple[Make, ...] = (
    lambda rng: rng.choice(TEXTS),
    lambda rng: f"text {rng.randint(0, 999)}",
    lambda rng: f"2024-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T10:00:00.{rng.randint(0, 999):03}Z",
    lambda rng: f"2024-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
    lambda rng: rng.choice(INTEGERS),
    lambda rng: rng.randint(0, 1000),
    lambda rng: rng.choice(DOUBLES),
    lambda rng: round(rng.uniform(-100, 100), 2),
    lambda rng: rng.choice([rng.randint(0, 9), rng.uniform(0, 9)]),
    lambda rng: rng.random() < 0.5,
    lambda rng: rng.choice([True, 1, 0, 7, 2.5]),
    lambda rng: rng.choice([{}, []]),
    lambda _: None,
)


def _one_of(values: tuple[Any, ...], rng: random.Random) -> Any:
    return rng.choice(values)


def _record(rng: random.Random, fields: list[_Field], number: int) -> dict[str, Any]:
    found = {}
    order = fields if rng.random() < 0.8 else rng.sample(fields, k=len(fields))
    for one in order:
        there, value = one.value(rng, number)
        if there:
            found[one.key] = value
    return found
