"""The contract on values: types, moments, coercion, variants, and declared columns."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

from tests.decode.rule import column, gives, moment, of_a, rule

TEN = moment(2024, 1, 1, 10)

TYPES = {
    "each JSON type has one": rule(
        [{"s": "x", "i": 1, "d": 1.5, "b": True}],
        root=gives({"s": "text", "i": "bigint", "d": "double", "b": "bool"}, {"s": "x", "i": 1, "d": 1.5, "b": True}),
    ),
    "8.0 is a double and 8 is none": rule(
        [b'{"a": 8.0, "b": 8, "c": 8e0, "d": -0.0}'],
        root=gives(
            {"a": "double", "b": "bigint", "c": "double", "d": "double"}, {"a": 8.0, "b": 8, "c": 8.0, "d": 0.0}
        ),
    ),
    "8.0 before 8": rule([b'{"a": 8.0}', b'{"a": 8}'], root=column("double", 8.0, 8.0)),
    "8 before 8.0": rule([b'{"a": 8}', b'{"a": 8.0}', b'{"a": 8e3}'], root=column("bigint", 8, 8, 8000)),
    "8 before 8.5": rule(
        [b'{"a": 8}', b'{"a": 8.5}'],
        root=gives({"a": "bigint", "a__v_double": "double"}, {"a": 8}, {"a__v_double": 8.5}),
    ),
    "8.0 and 8 in one list": rule(
        [b'{"l": [8, 8.0, 8.5]}'],
        root=gives({}, {}),
        l=gives({"value": "bigint", "value__v_double": "double"}, {"value": 8}, {"value": 8}, {"value__v_double": 8.5}),
    ),
    "a number in a text is a text": rule(
        of_a("8", "8.0", "true", "null", ""), root=column("text", "8", "8.0", "true", "null", "")
    ),
    "the ends of 64 bits": rule(of_a(2**63 - 1, -(2**63)), root=column("bigint", 2**63 - 1, -(2**63))),
    "integers above 2^53 are exact": rule(
        of_a(2**53 + 1, 1, 1712349466167123457), root=column("bigint", 2**53 + 1, 1, 1712349466167123457)
    ),
    "the range of doubles": rule(
        of_a(1e300, 5e-324, -1.7976931348623157e308), root=column("double", 1e300, 5e-324, -1.7976931348623157e308)
    ),
    "a number beyond a double is null": rule(
        [b'{"a": 1e400, "b": 1}', b'{"a": 1.5}'], root=gives({"b": "bigint", "a": "double"}, {"b": 1}, {"a": 1.5})
    ),
    "an integer beyond 64 bits in a double column": rule(of_a(1.5, 2**63), root=column("double", 1.5, 2.0**63)),
    "any Unicode": rule(
        [{"a": "ünïcødé ☃ 😀"}, b'{"a": "\\ud83d\\ude00"}', {"a": "x\u0000y"}],
        root=column("text", "ünïcødé ☃ 😀", "😀", "x\0y"),
    ),
}

MOMENTS = {
    f"{text!r} is a moment": rule(of_a(text), root=column("timestamp", expected))
    for text, expected in {
        "2024-01-01T10:00:00Z": TEN,
        "2024-01-01T10:00": TEN,
        "2024-01-01 10:00:00": TEN,
        "2024-01-01T12:00:00+02:00": TEN,
        "2024-01-01T12:00:00+0200": TEN,
        "20240101T100000Z": TEN,
        "2024/01/01 10:00": TEN,
        "2024-W01-1T10:00": TEN,
        "2024-01-01T10:00:00.123456Z": TEN.replace(microsecond=123456),
        "2024-01-01T10:00:00.1234567Z": TEN.replace(microsecond=123456),
        "1969-12-31T23:59:59.5Z": moment(1969, 12, 31, 23, 59, 59, 500000),
    }.items()
} | {
    f"{text!r} is none": rule(of_a(text), root=column("text", text))
    for text in (
        "2024-01-01",
        "2024-W01",
        "10:00:00",
        "1700000000",
        "2024-13-01T10:00:00",
        "2024-02-30T10:00:00Z",
        "2024-01-01T25:00:00Z",
        "0000-00-00T00:00:00",
        " 2024-01-01T10:00:00Z",
        "2024-01-01T10:00:00Zx",
        "now",
    )
}

COERCION = {
    "text takes everything": rule(of_a("x", 1, 2.5, True, 1e16), root=column("text", "x", "1", "2.5", "True", "1e+16")),
    "bigint takes texts of integers": rule(of_a(1, "12", "0x10", " 7 "), root=column("bigint", 1, 12, 16, 7)),
    "bigint refuses other texts": rule(
        of_a(1, "12.0"), root=gives({"a": "bigint", "a__v_text": "text"}, {"a": 1}, {"a__v_text": "12.0"})
    ),
    "bigint takes whole doubles": rule(of_a(1, 2.0), root=column("bigint", 1, 2)),
    "bigint refuses bool": rule(
        of_a(1, True), root=gives({"a": "bigint", "a__v_bool": "bool"}, {"a": 1}, {"a__v_bool": True})
    ),
    "double takes integers and texts": rule(of_a(1.5, 2, "2.5", "0x10"), root=column("double", 1.5, 2.0, 2.5, 16.0)),
    "double refuses bool": rule(
        of_a(1.5, False), root=gives({"a": "double", "a__v_bool": "bool"}, {"a": 1.5}, {"a__v_bool": False})
    ),
    "double rounds above 2^53": rule(of_a(1.5, 2**53 + 1), root=column("double", 1.5, 2.0**53)),
    "bool takes numbers": rule(
        of_a(True, 0, 1, 7, 2.5, 0.0), root=column("bool", True, False, True, True, True, False)
    ),
    "bool takes yes and no": rule(
        of_a(True, "yes", "NO", "t", "f", "1", "0"), root=column("bool", True, True, False, True, False, True, False)
    ),
    "bool refuses other texts": rule(
        of_a(True, "maybe"), root=gives({"a": "bool", "a__v_text": "text"}, {"a": True}, {"a__v_text": "maybe"})
    ),
    "timestamp takes seconds and bare dates": rule(
        of_a("2024-01-01T10:00:00Z", 5, 1.5, "2024-01-01", "1700000000"),
        root=column(
            "timestamp",
            TEN,
            moment(1970, 1, 1, 0, 0, 5),
            moment(1970, 1, 1, 0, 0, 1, 500000),
            moment(2024, 1, 1),
            moment(2023, 11, 14, 22, 13, 20),
        ),
    ),
    "timestamp refuses other texts": rule(
        of_a("2024-01-01T10:00:00Z", "notdate", "10:00:00"),
        root=gives(
            {"a": "timestamp", "a__v_text": "text"}, {"a": TEN}, {"a__v_text": "notdate"}, {"a__v_text": "10:00:00"}
        ),
    ),
    "timestamp refuses bool": rule(
        of_a("2024-01-01T10:00:00Z", True),
        root=gives({"a": "timestamp", "a__v_bool": "bool"}, {"a": TEN}, {"a__v_bool": True}),
    ),
    "a variant has the type of its first value": rule(
        of_a(1, "2024-01-01T10:00:00Z"),
        root=gives({"a": "bigint", "a__v_text": "timestamp"}, {"a": 1}, {"a__v_text": TEN}),
    ),
    "one column may have several variants": rule(
        of_a(1, "x", True, 1.5),
        root=gives(
            {"a": "bigint", "a__v_text": "text", "a__v_bool": "bool", "a__v_double": "double"},
            {"a": 1},
            {"a__v_text": "x"},
            {"a__v_bool": True},
            {"a__v_double": 1.5},
        ),
    ),
    "variants in a list": rule(
        [{"l": [1, "x", True]}],
        root=gives({}, {}),
        l=gives(
            {"value": "bigint", "value__v_text": "text", "value__v_bool": "bool"},
            {"value": 1},
            {"value__v_text": "x"},
            {"value__v_bool": True},
        ),
    ),
}

HINTS = {
    "a declared type wins over the first value": rule(of_a(1, 2), hints={"a": "text"}, root=column("text", "1", "2")),
    "declared columns come first": rule(
        [{"b": 1, "a": 2}], hints={"a": "double"}, root=gives({"a": "double", "b": "bigint"}, {"a": 2.0, "b": 1})
    ),
    "a declared column that never comes is there": rule(
        [{"b": 1}], hints={"a": "date"}, root=gives({"a": "date", "b": "bigint"}, {"b": 1})
    ),
    "names of hints are normalised": rule(
        [{"theKey": 1}], hints={"theKey": "text"}, root=column("text", "1", name="the_key")
    ),
    "what a declared type cannot take is a variant": rule(
        of_a(1, "x"),
        hints={"a": "bigint"},
        root=gives({"a": "bigint", "a__v_text": "text"}, {"a": 1}, {"a__v_text": "x"}),
    ),
    "decimal from text and numbers": rule(
        of_a("0.1", 3, 2.5), hints={"a": "decimal"}, root=column("decimal", Decimal("0.1"), Decimal(3), Decimal("2.5"))
    ),
    "decimal beyond 64 bits": rule(of_a(2**63), hints={"a": "decimal"}, root=column("decimal", Decimal(2**63))),
    "date from texts and numbers": rule(
        of_a("2024-01-01", "2024-01-01T10:00:00Z", 86400),
        hints={"a": "date"},
        root=column("date", date(2024, 1, 1), date(2024, 1, 1), date(1970, 1, 2)),
    ),
    "time from text": rule(of_a("10:00:00", "10:00"), hints={"a": "time"}, root=column("time", time(10), time(10))),
    "binary from base64 and integers": rule(
        of_a("aGVsbG8=", 5), hints={"a": "binary"}, root=column("binary", b"hello", b"\x05")
    ),
    "json takes a text that is JSON": rule(
        of_a('{"b": 1}', [1]), hints={"a": "json"}, root=column("json", '{"b":1}', "[1]")
    ),
    "a declared text is no moment": rule(
        of_a("2024-01-01T10:00:00Z"), hints={"a": "text"}, root=column("text", "2024-01-01T10:00:00Z")
    ),
}
