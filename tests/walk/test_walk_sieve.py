"""Records are sifted as dlt sifts them, run after run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import WalkStuck
from headrace.model.plan import Incremental, Request, Resource
from headrace.model.position import Seen
from headrace.walk.sieve import Sieve

Row = dict[str, Any]


def a_sieve(rule: Incremental, seen: Seen | None = None, key: tuple[str, ...] = ()) -> Sieve:
    return Sieve(Resource("notes", "notes", Request("notes"), primary_key=key), rule, seen)


def sift(sieve: Sieve, rows: list[Row]) -> list[Row]:
    return [rows[place] for place in sieve.sift([json.dumps(row).encode() for row in rows])]


def run_dlt(rule: Incremental, runs: list[list[Row]], key: tuple[str, ...]) -> list[list[Row]]:
    """What dlt's own step lets through, one run after the other, with the state that it would keep."""
    from dlt.extract.incremental.transform import JsonIncremental

    kept, last, hashes = [], rule.initial_value, set[str]()
    for rows in runs:
        wanted = rule.primary_key if rule.primary_key is not None else (key or None)
        step = JsonIncremental(
            "notes",
            rule.cursor_path,
            rule.initial_value,
            rule.initial_value if rule.end_value is not None else last,
            rule.end_value,
            max if rule.latest == "max" else min,
            list(wanted) if wanted is not None else None,
            set() if rule.end_value is not None else hashes,
            rule.on_missing,
            rule.lag,
            rule.range_start,
            rule.range_end,
        )
        kept.append([row for row in rows if step(row)[0] is not None])
        last = step.last_value
        step.unique_hashes |= {str(step.compute_unique_value(row, step.primary_key)) for row in step.last_rows}
        hashes = step.unique_hashes
    return kept


rules = st.builds(
    Incremental,
    cursor_path=st.just("at"),
    initial_value=st.sampled_from([None, 2]),
    latest=st.sampled_from(["max", "min"]),
    primary_key=st.sampled_from([None, (), ("id",)]),
    range_start=st.sampled_from(["closed", "open"]),
    range_end=st.sampled_from(["closed", "open"]),
    on_missing=st.sampled_from(["include", "exclude"]),
) | st.builds(
    Incremental,
    cursor_path=st.just("at"),
    initial_value=st.just(1),
    end_value=st.sampled_from([3, 4]),
    range_end=st.sampled_from(["closed", "open"]),
    on_missing=st.just("include"),
)
rows = st.lists(
    st.fixed_dictionaries({"id": st.integers(0, 6), "at": st.integers(0, 5)})
    | st.fixed_dictionaries({"id": st.integers(0, 6)}),
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(rules, st.lists(rows, min_size=1, max_size=3), st.sampled_from([(), ("id",)]))
def test_runs_let_through_what_dlt_lets_through(rule: Incremental, runs: list[list[Row]], key: tuple[str, ...]) -> None:
    seen: Seen | None = None
    ours = []
    for batch in runs:
        sieve = a_sieve(rule, seen, key)
        ours.append(sift(sieve, batch))
        seen = sieve.seen
    assert ours == run_dlt(rule, runs, key)


def test_no_state_is_kept_with_an_end() -> None:
    assert a_sieve(Incremental("at", initial_value=1, end_value=3)).seen is None


def test_another_cursor_begins_again() -> None:
    sieve = a_sieve(Incremental("other", initial_value=1), Seen("at", 7))
    assert sieve.window.start == 1


@pytest.mark.parametrize(
    ("value", "lag", "start"),
    [
        (10, 3, 7),
        ("2024-03-01", 1, "2024-02-29"),
        ("2024-03-01T00:00:10Z", 20, "2024-02-29T23:59:50Z"),
        ("2024-03-01T00:00:10.500Z", 1, "2024-03-01T00:00:09.500Z"),
        ("2024-03-01 00:00:10", 1, "2024-03-01 00:00:09"),
    ],
)
def test_lag_moves_the_start_back_in_the_form_of_the_value(value: object, lag: float, start: object) -> None:
    sieve = a_sieve(Incremental("at", lag=lag), Seen("at", value))
    assert sieve.window.start == start
    assert sieve.seen == Seen("at", value)


def test_lag_stays_behind_the_initial_value() -> None:
    assert a_sieve(Incremental("at", initial_value=9, lag=3), Seen("at", 10)).window.start == 9


def test_a_value_that_is_missing_is_an_error_unless_stated() -> None:
    with pytest.raises(WalkStuck, match="no value at `at`"):
        sift(a_sieve(Incremental("at")), [{"id": 1}])


def test_values_that_cannot_be_compared_are_an_error() -> None:
    with pytest.raises(WalkStuck, match="cannot be compared"):
        sift(a_sieve(Incremental("at", initial_value=5)), [{"at": "2024"}])


@pytest.mark.parametrize(
    ("order", "end", "values", "past"),
    [("desc", None, [9, 5], False), ("desc", None, [5, 4], True), ("asc", 8, [5, 7], False), ("asc", 8, [7, 8], True)],
)
def test_stated_order_makes_later_pages_needless(order: Any, end: Any, values: list[int], past: bool) -> None:
    rule = Incremental("at", initial_value=5, end_value=end, row_order=order)
    assert a_sieve(rule).is_past([json.dumps({"at": value}).encode() for value in values]) is past


texts = st.text(max_size=4) | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.none()
wholes = st.fixed_dictionaries(
    {"id": texts, "at": st.integers(0, 2), "k": st.floats(-1e15, 1e15)},
    optional={"more": st.dictionaries(st.text(max_size=3), texts | st.lists(texts, max_size=2), max_size=3)},
)


@settings(max_examples=200, deadline=None)
@given(st.lists(wholes, max_size=6), st.sampled_from([None, "id", ["id"], ["id", "k"], ["k", "id"]]))
def test_records_at_the_boundary_have_the_digests_of_dlt(batch: list[Row], key: str | list[str] | None) -> None:
    from dlt.extract.incremental.transform import JsonIncremental

    fields = (key,) if isinstance(key, str) else tuple(key or ())
    sieve = a_sieve(Incremental("at", key_listed=isinstance(key, list)), key=fields)
    sift(sieve, batch)
    step = JsonIncremental("notes", "at", None, None, None, max, key, set(), "raise")
    for row in batch:
        step(row)
    assert sieve.seen is not None
    assert set(sieve.seen.digests) == {step.compute_unique_value(row, key) for row in step.last_rows}


def test_the_state_of_an_increment_says_where_it_began() -> None:
    sieve = a_sieve(Incremental("at", initial_value=2, latest="min"))
    assert sieve.seen == Seen("at", 2, (), 2, "min")
