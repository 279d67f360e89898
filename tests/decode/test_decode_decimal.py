"""Numbers for a decimal column keep the digits that a double would lose, in either lane."""

from __future__ import annotations

import random
from decimal import ROUND_HALF_UP, Decimal

import pytest

from headrace.decode.losses import Loss, Lost
from headrace.decode.observe import Reader
from tests.decode.making import SlowReader, decode, goes_fast, hints, resource

PRICED = resource(columns=hints(price="decimal", fee="decimal"))
LONG = "12345678901234567890.123456789"
LANES = pytest.mark.parametrize("lane", [Reader, SlowReader])


def number(text: str, name: str = "price") -> bytes:
    return f'{{"{name}": {text}}}'.encode()


@LANES
def test_all_digits_of_a_number_are_kept(lane: type[Reader]) -> None:
    texts = [LONG, f"-{LONG}", "0.1", "3", "null", '"7.5"', "1e2", "0.100000000000000005", "9007199254740993.5"]
    result = decode([number(text) for text in texts], of=PRICED, reader=lane(PRICED))
    wanted = [LONG, f"-{LONG}", "0.1", "3", None, "7.5", "100", "0.100000000", "9007199254740993.5"]
    assert result.values("price") == [None if text is None else Decimal(text) for text in wanted]
    assert result.types() == [("price", "decimal"), ("fee", "decimal")]
    assert result.counts == {Lost("things.price", Loss.PLACES).notice: 1}


def test_both_lanes_round_as_a_decimal_would() -> None:
    chance = random.Random(7)
    texts = [f"{chance.randrange(10**18)}.{chance.randrange(10**14):014}" for _ in range(300)]
    wanted = [Decimal(text).quantize(Decimal("1e-9"), ROUND_HALF_UP) for text in texts]
    for reader in (Reader(PRICED), SlowReader(PRICED)):
        assert decode([number(text) for text in texts], of=PRICED, reader=reader).values("price") == wanted


def test_long_numbers_of_several_columns_stay_in_the_fast_lane() -> None:
    records = [f'{{"price": {LONG}, "fee":2.5,"other": 1.25}}'.encode(), b'{"price":1,"fee":0.1234567890123456}']
    assert goes_fast(*records, of=PRICED)
    result = decode(records, of=PRICED)
    assert result.data() == [
        {"price": Decimal(LONG), "fee": Decimal("2.5"), "other": 1.25},
        {"price": Decimal(1), "fee": Decimal("0.123456789")},
    ]


def test_one_long_batch_teaches_the_next_one_nothing_wrong() -> None:
    batches = [[number(LONG)], [number("1.5"), number('"2.5"')], [number("3"), number(LONG)], [number("true")]]
    result = decode(*batches, of=PRICED)
    assert result.values("price") == [Decimal(LONG), Decimal("1.5"), Decimal("2.5"), Decimal(3), Decimal(LONG), None]
    assert result.values("price__v_bool")[-1] is True


@LANES
@pytest.mark.parametrize("deep", ['{"price": 0.12345678901234567}', "[0.12345678901234567]"])
def test_a_field_of_that_name_elsewhere_is_what_it_was(lane: type[Reader], deep: str) -> None:
    records = [f'{{"price": {LONG}, "l": [{{"price": 0.12345678901234567}}], "o": {deep}}}'.encode()]
    result = decode(records, of=PRICED, reader=lane(PRICED))
    assert result.values("price") == [Decimal(LONG)]
    assert result.values("price", "things__l") == [0.12345678901234567]
    assert result.type("price", "things__l") == "double"


@LANES
@pytest.mark.parametrize("text", ["1e30", f"{'9' * 31}.5"])
def test_a_number_that_no_decimal_holds_is_a_double_beside_it(lane: type[Reader], text: str) -> None:
    result = decode([number(LONG), number(text)], of=PRICED, reader=lane(PRICED))
    assert result.values("price") == [Decimal(LONG), None]
    assert result.values("price__v_double")[1] == float(text)


@LANES
def test_wei_is_rounded_from_all_digits(lane: type[Reader]) -> None:
    of = resource(columns=hints(price="wei"))
    result = decode([number("9007199254740993.4"), number("1")], of=of, reader=lane(of))
    assert result.values("price") == [Decimal(9007199254740993), Decimal(1)]


@LANES
def test_json_beside_a_decimal_column_reads_as_before(lane: type[Reader]) -> None:
    of = resource(columns=hints(price="decimal", raw="json"))
    result = decode([f'{{"price": {LONG}, "raw": {{"a": [1.50, 1e16]}}}}'.encode()], of=of, reader=lane(of))
    assert result.values("raw") == ['{"a":[1.5,1e+16]}']
    assert result.values("price") == [Decimal(LONG)]


def test_keys_that_are_spelt_with_escapes_lose_no_digit() -> None:
    result = decode([f'{{"pr\\u0069ce": {LONG}}}'.encode(), number("1.5")], of=PRICED)
    assert result.values("price") == [Decimal(LONG), Decimal("1.5")]
