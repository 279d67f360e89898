"""Both lanes give the same tables, whatever the reader remembers, and lose no record."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.decode.observe import Reader
from headrace.decode.rows import RecordPage
from headrace.model.records import Records
from tests.decode.making import Result, SlowReader, decode, decode_pages, goes_fast, page, resource
from tests.parity.cases import Case, case
from tests.parity.oracle import resource_of

SEEDS = 120


def batches(one: Case) -> list[list[RecordPage]]:
    pages = [RecordPage(n, f"page{n:06}", records) for n, records in enumerate(one.pages)]
    return [pages[start : start + one.batch] for start in range(0, len(pages), one.batch)]


def outcome(result: Result) -> object:
    rows = {
        name: sorted(
            repr(sorted((key, repr(value)) for key, value in row.items() if value is not None)) for row in rows
        )
        for name, rows in result.rows.items()
    }
    return result.schema, rows, [(reject.page, reject.record) for reject in result.rejects]


@pytest.mark.parametrize("start", range(0, SEEDS, 20))
def test_both_lanes_give_the_same_tables(start: int) -> None:
    for seed in range(start, start + 20):
        one = case(seed)
        of = resource_of(one)
        fast = decode_pages(batches(one), of, Reader(of))
        slow = decode_pages(batches(one), of, SlowReader(of))
        assert outcome(fast) == outcome(slow), seed


@pytest.mark.parametrize("start", range(0, SEEDS, 20))
def test_what_a_reader_remembers_changes_no_result(start: int) -> None:
    for seed in range(start, start + 20):
        one = case(seed)
        of = resource_of(one)
        expected = outcome(decode_pages(batches(one), of, Reader(of)))
        warm = Reader(of)
        for pages in random.Random(seed).sample(batches(one) * 2, k=2 * len(batches(one))):
            warm.observe(pages)
        assert outcome(decode_pages(batches(one), of, warm)) == expected, seed


def test_most_generated_batches_go_the_fast_way_once_the_reader_is_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = {"fast": 0, "slow": 0}
    fast = Reader._fast

    def counted(self: Reader, records: Records) -> object:
        tables = fast(self, records)
        taken["slow" if tables is None else "fast"] += 1
        return tables

    for seed in range(SEEDS):
        one = case(seed)
        reader = Reader(resource_of(one))
        for pages in batches(one):
            reader.observe(pages)
        monkeypatch.setattr(Reader, "_fast", counted)
        for pages in batches(one):
            if any(one_page.records for one_page in pages):
                reader.observe(pages)
        monkeypatch.undo()
    assert taken["fast"] > 0.6 * sum(taken.values()), taken


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**66), 2**66)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["2024-01-01T10:00:00Z", "2024-01-01", "12", '"a": 5', "8.0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abAB,:\u0410"), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(JSON, max_size=4), max_size=3))
def test_records_in_are_root_rows_out_and_rejects(pages: list[list[object]]) -> None:
    result = decode(*pages)
    for decoded, records in zip(result.decoded, pages, strict=True):
        roots = sum(batch.rows.num_rows for batch in decoded.batches if batch.schema.parent is None)
        assert decoded.records == len(records) == roots + len(decoded.rejects)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "A", "c d"]), JSON, max_size=4), min_size=1, max_size=5))
def test_both_lanes_agree_on_any_json(records: list[object]) -> None:
    of = resource()
    assert outcome(decode(records, of=of)) == outcome(decode(records, of=of, reader=SlowReader(of)))


def test_plain_records_go_the_fast_way() -> None:
    assert goes_fast({"id": 1, "name": "x", "tags": ["a"], "owner": {"id": 2}}, {"id": 2, "name": None, "tags": []})


def test_a_key_that_changes_kind_goes_the_fast_way_once_it_is_known() -> None:
    reader = Reader(resource())
    reader.observe([page(0, {"a": 1}, {"a": "x"}, {"a": True}, {"a": {"b": 1}}, {"a": [1]})])
    records = Records.of([b'{"a": 1}', b'{"a": "x"}', b'{"a": true}', b'{"a": {"b": 1}}', b'{"a": [1]}'])
    assert reader._fast(records) is not None


def test_a_reader_may_be_used_by_many_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    of = resource()
    reader = Reader(of)
    many = [[page(n, *({"a": n if n % 2 else str(n), f"k{n % 7}": 1.5} for _ in range(20)))] for n in range(40)]
    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(lambda pages: len(reader.observe(pages).tables[0].columns), many))
    assert tables == [2] * 40
