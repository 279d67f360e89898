"""Where tables differ from dlt's on purpose (docs/differences.md): dlt runs beside, so each line stays true."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from tests.parity.cases import Case
from tests.parity.oracle import IDS, through_decode, through_dlt

pytestmark = [pytest.mark.parity, pytest.mark.timeout(60)]


def case(*records: str | bytes, hint: str = "", **changes: Any) -> Case:
    from headrace.model.plan import ColumnHint

    pages = [[record.encode() if isinstance(record, str) else record for record in records]]
    return Case("things", pages, columns=(ColumnHint("a", hint),) if hint else (), **changes)


def assert_dlt_stops(one: Case, folder: Path, problem: str) -> None:
    """dlt loads nothing of the whole run."""
    with pytest.raises(PipelineStepFailed) as failed:
        through_dlt([one], folder)
    texts = []
    error: BaseException | None = failed.value
    while error is not None:
        texts.append(f"{type(error).__name__}: {error}")
        error = error.__cause__ or error.__context__
    assert problem in "\n".join(texts)


def outcome(one: Case) -> tuple[list[dict[str, Any]], list[int]]:
    """The rows of the root less our own columns and nulls, and which records are rejects."""
    tables, rejects = through_decode(one)
    rows = [
        {name: value for name, value in row.items() if value is not None and name not in IDS}
        for row in tables.rows["things"]
    ]
    return rows, [reject.record for reject in rejects]


LARGE = [
    ("9223372036854775808", "", [{"z": 1}]),
    ("1180591620717411303424", "", [{"z": 1}]),
    ("1180591620717411303424", "text", [{"a": "1180591620717411303424"}, {"z": 1}]),
    ("1180591620717411303424", "decimal", [{"a": Decimal(2**70)}, {"z": 1}]),
]


@pytest.mark.parametrize(("digits", "hint", "rows"), LARGE)
def test_an_integer_beyond_64_bits_does_not_stop_the_load(
    digits: str, hint: str, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    one = case(f'{{"a": {digits}}}', '{"z": 1}', hint=hint)
    assert outcome(one) == (rows, [] if hint else [0])
    assert_dlt_stops(one, tmp_path, "too large to convert" if digits.startswith("9") else "exceeds 64-bit range")


MISFITS = [
    ('{"a": 1}', '{"a": "99999999999999999999"}', {"a__v_text": "99999999999999999999"}),
    ('{"a": 1}', '{"a": 1e300}', {"a__v_double": 1e300}),
    ('{"a": "2024-01-01T10:00:00Z"}', '{"a": 1000000000000000000}', {"a__v_bigint": 10**18}),
]


@pytest.mark.parametrize(("first", "second", "row"), MISFITS)
def test_a_value_too_large_for_its_column_goes_to_the_variant(
    first: str, second: str, row: dict[str, Any], tmp_path: Path
) -> None:
    one = case(first, second)
    rows, rejected = outcome(one)
    assert (rows[1], rejected) == (row, [])
    assert_dlt_stops(one, tmp_path, "too large")


def test_what_a_variant_cannot_take_has_a_variant_of_its_own(tmp_path: Path) -> None:
    one = case('{"a": 1}', '{"a": "2024-01-01T10:00:00Z"}', '{"a": "soon"}')
    rows, rejected = outcome(one)
    assert (rows[2], rejected) == ({"a__v_text__v_text": "soon"}, [])
    assert_dlt_stops(one, tmp_path, "for value `soon` in table `things` column `a__v_text`")


@pytest.mark.parametrize("text", [b'"x\\ud800y"', b'"x\xffy"'], ids=["half a surrogate pair", "no UTF-8"])
def test_text_that_is_not_unicode_is_mended_and_counted(text: bytes, tmp_path: Path) -> None:
    one = case(b'{"a": ' + text + b"}", '{"a": "z"}')
    assert outcome(one) == ([{"a": "x\ufffdy"}, {"a": "z"}], [])
    assert_dlt_stops(one, tmp_path, "utf-8" if b"\xff" in text else "UTF-8")


def test_a_merge_sets_a_record_without_a_key_aside(tmp_path: Path) -> None:
    one = case('{"id": 1}', '{"id": null, "x": 1}', '{"id": 2}', disposition="merge", primary_key=("id",))
    assert outcome(one) == ([{"id": 1}, {"id": 2}], [1])
    assert_dlt_stops(one, tmp_path, "Cannot coerce NULL in table `things` column `id`")


@pytest.mark.parametrize("number", ["0.1234567891234", '"0.1234567891234"'])
def test_a_decimal_of_too_many_places_is_rounded_and_counted(number: str, tmp_path: Path) -> None:
    one = case(f'{{"a": {number}}}', hint="decimal")
    assert outcome(one) == ([{"a": Decimal("0.123456789")}], [])
    assert_dlt_stops(one, tmp_path, "Rescaling Decimal value would cause data loss")


def test_a_decimal_column_keeps_digits_that_a_double_loses(tmp_path: Path) -> None:
    one = case('{"a": 12345678901234567890.123456789}', '{"a": 0.5}', hint="decimal")
    assert outcome(one) == ([{"a": Decimal("12345678901234567890.123456789")}, {"a": Decimal("0.5")}], [])
    (theirs, _) = through_dlt([one], tmp_path)["things"].rows["things"]
    assert theirs["a"] == Decimal(repr(12345678901234567890.123456789))


def test_ids_of_rows_lead_back_to_their_page(tmp_path: Path) -> None:
    one = case('{"l": [1, 2]}')
    ours, theirs = through_decode(one)[0], through_dlt([one], tmp_path)["things"]
    again = through_decode(one)[0]
    assert ours.rows == again.rows
    root = ours.rows["things"][0]["_dlt_id"]
    assert [row["_dlt_id"] for row in ours.rows["things__l"]] == [f"{root}.0", f"{root}.1"]
    assert len(root) == len(theirs.rows["things"][0]["_dlt_id"]) == 14
    assert all("." not in row["_dlt_id"] for row in theirs.rows["things__l"])


def test_two_names_in_one_are_told_where_dlt_says_nothing(tmp_path: Path) -> None:
    from tests.decode.making import decode

    one = case('{"aB": 1, "a_b": 2}')
    assert outcome(one)[0] == [{"a_b": 2}]
    assert [row["a_b"] for row in through_dlt([one], tmp_path)["things"].rows["things"]] == [2]
    assert list(decode(one.pages[0]).counts.values()) == [1]
