"""The table contract, rule by rule: some records, and the tables that dlt makes of them.

Decode must make these tables (tests/decode/test_decode_contract.py), and so must dlt itself
(tests/parity/test_parity_contract.py), so that no rule stands here that dlt does not keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from headrace.model.plan import ColumnHint

Row = dict[str, Any]
Types = dict[str, str]
Page = Sequence[Any]


@dataclass(frozen=True)
class Rule:
    """`pages` of records, each a value or raw bytes. `types` and `rows` are by table, named by what follows the root.

    System columns are left out of both, and nulls out of the rows.
    """

    pages: Sequence[Page]
    types: dict[str, Types]
    rows: dict[str, list[Row]]
    columns: tuple[ColumnHint, ...] = ()
    max_nesting: int | None = None


@dataclass(frozen=True)
class _Table:
    types: Types
    rows: list[Row] = field(default_factory=list)


def rule(*pages: Page, depth: int | None = None, hints: Types | None = None, **tables: _Table) -> Rule:
    """`root` and, by what follows the root's name, the child tables: `tags=…` is `root__tags`."""
    named = {"" if name == "root" else f"__{name}": table for name, table in tables.items()}
    return Rule(
        pages,
        {name: table.types for name, table in named.items()},
        {name: table.rows for name, table in named.items()},
        tuple(ColumnHint(name, data_type) for name, data_type in (hints or {}).items()),
        depth,
    )


def gives(types: Types, *rows: Row) -> _Table:
    return _Table(types, list(rows))


def column(kind: str, *values: Any, name: str = "a") -> _Table:
    """A table of one column; None for a row without a value."""
    return _Table({name: kind}, [{} if value is None else {name: value} for value in values])


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def of_a(*values: Any) -> list[Row]:
    """One page: a record for each value, under the key `a`."""
    return [{"a": value} for value in values]


TEN = moment(2024, 1, 1, 10)

SHAPE = {
    "an object becomes columns": rule([{"a": {"b": {"c": 1}}, "d": 2}], root=gives({"d": "bigint", "a__b__c": "bigint"}, {"a__b__c": 1, "d": 2})),
    "a list of objects becomes a child table": rule([{"l": [{"x": 1}, {"x": 2}]}], root=gives({}, {}), l=column("bigint", 1, 2, name="x")),
    "a list of scalars has them in value": rule([{"l": ["p", "q"]}], root=gives({}, {}), l=column("text", "p", "q", name="value")),
    "a list in an object is named by its path": rule([{"o": {"l": [1]}}], root=gives({}, {}), o__l=column("bigint", 1, name="value")),
    "a list in a list stands in a table called list": rule([{"l": [[1, 2], [3]]}], root=gives({}, {}), l=gives({}, {}, {}), l__list=column("bigint", 1, 2, 3, name="value")),
    "three lists deep": rule([{"l": [[[1]]]}], root=gives({}, {}), l=gives({}, {}), l__list=gives({}, {}), l__list__list=column("bigint", 1, name="value")),
    "a child of a child": rule([{"l": [{"m": [{"x": 1}]}, {"m": [{"x": 2}]}]}], root=gives({}, {}), l=gives({}, {}, {}), l__m=column("bigint", 1, 2, name="x")),
    "objects and scalars in one list": rule([{"l": [None, 1, {"x": 2}]}], root=gives({}, {}), l=gives({"value": "bigint", "x": "bigint"}, {}, {"value": 1}, {"x": 2})),
    "an empty object or list makes nothing": rule([{"a": {}, "b": [], "c": 1}], root=column("bigint", 1, name="c")),
    "what is only null makes no column": rule([{"a": None, "b": 1}, {"a": None}], root=column("bigint", 1, None, name="b")),
    "an empty record is a row": rule([{}, {"a": 1}], root=column("bigint", None, 1)),
    "a record that is no object is wrapped": rule([1, "x", [5], None], root=gives({"value": "bigint", "value__v_text": "text"}, {"value": 1}, {"value__v_text": "x"}, {}, {}), value=column("bigint", 5, name="value")),
    "object in one row and scalar in another": rule([{"f": {"a": 1}}, {"f": 2}], root=gives({"f__a": "bigint", "f": "bigint"}, {"f__a": 1}, {"f": 2})),
    "scalar in one row and list in another": rule([{"f": 1}, {"f": [2]}], root=gives({"f": "bigint"}, {"f": 1}, {}), f=column("bigint", 2, name="value")),
    "null where an object was": rule([{"f": {"a": 1}}, {"f": None}], root=gives({"f__a": "bigint"}, {"f__a": 1}, {})),
    "nulls first": rule(of_a(None, None, "x"), root=column("text", None, None, "x")),
    "nulls first in a list": rule([{"l": [None]}, {"l": [None, 1.5]}], root=gives({}, {}, {}), l=column("double", None, None, 1.5, name="value")),
    "depth 0 keeps all nested values as JSON": rule([{"o": {"b": 1}, "l": [1, {"c": None}]}], depth=0, root=gives({"o": "json", "l": "json"}, {"o": '{"b":1}', "l": '[1,{"c":null}]'})),
    "depth 1 opens one level": rule([{"o": {"b": {"c": 1}}, "l": [{"x": {"y": 2}}]}], depth=1, root=gives({"o__b": "json"}, {"o__b": '{"c":1}'}), l=gives({"x": "json"}, {"x": '{"y":2}'})),
    "depth counts a list in a list twice": rule([{"l": [[1]]}], depth=2, root=gives({}, {}), l=gives({"list": "json"}, {"list": "[1]"})),
    "a column declared json is not opened": rule([{"o": {"b": [1.0]}}], hints={"o": "json"}, root=column("json", '{"b":[1.0]}', name="o")),
    "the last object of a record comes first": rule([{"a": {"x": 1}, "b": {"y": 2}, "c": 3}], root=gives({"c": "bigint", "b__y": "bigint", "a__x": "bigint"}, {"a__x": 1, "b__y": 2, "c": 3})),
}  # fmt: skip

NAMES = {
    "keys are normalised": rule([{"camelCase": 1, "HTTPServer": 2, "a.b c": 3, "1st": 4, "trail_": 5, "@t": 6, "日本": 7}], root=gives({"camel_case": "bigint", "http_server": "bigint", "a_b_c": "bigint", "_1st": "bigint", "trailx": "bigint", "at": "bigint", "x": "bigint"}, {"camel_case": 1, "http_server": 2, "a_b_c": 3, "_1st": 4, "trailx": 5, "at": 6, "x": 7})),
    "child tables and their columns too": rule([{"My List": [{"TheKey": 1}]}], root=gives({}, {}), my_list=column("bigint", 1, name="the_key")),
    "an empty key has a name": rule([{"": 1, "b": {"": 2}}], root=gives({"_empty": "bigint", "b___empty": "bigint"}, {"_empty": 1, "b___empty": 2})),
    "of two keys with one name the last stands": rule([{"aB": 1, "a_b": 2}, {"a_b": 3, "aB": 4}], root=column("bigint", 2, 4, name="a_b")),
    "a null that comes last stands too": rule([{"aB": 1, "a_b": None}, {"aB": 2}], root=column("bigint", None, 2, name="a_b")),
    "two keys with one name in different records": rule([{"aB": 1}, {"a_b": "2"}], root=column("bigint", 1, 2, name="a_b")),
    "an object's path and a key with one name": rule([{"a": {"b": 1}}, {"a__b": 2}], root=column("bigint", 1, 2, name="a__b")),
    "two lists with one name": rule([{"myL": [1], "my_l": [2]}], root=gives({}, {}), my_l=column("bigint", 2, name="value")),
    "a key that comes twice": rule([b'{"a": 1, "a": 2}', b'{"o": {"x": 1}, "o": {"y": 2}}'], root=gives({"a": "bigint", "o__y": "bigint"}, {"a": 2}, {"o__y": 2})),
    "keys spelt with escapes": rule([b'{"\\u0061": 1}', b'{"a": 1.5, "n\\u00e9": 1}'], root=gives({"a": "bigint", "a__v_double": "double", "nx": "bigint"}, {"a": 1}, {"a__v_double": 1.5, "nx": 1})),
}  # fmt: skip

TYPES = {
    "each JSON type has one": rule([{"s": "x", "i": 1, "d": 1.5, "b": True}], root=gives({"s": "text", "i": "bigint", "d": "double", "b": "bool"}, {"s": "x", "i": 1, "d": 1.5, "b": True})),
    "8.0 is a double and 8 is none": rule([b'{"a": 8.0, "b": 8, "c": 8e0, "d": -0.0}'], root=gives({"a": "double", "b": "bigint", "c": "double", "d": "double"}, {"a": 8.0, "b": 8, "c": 8.0, "d": 0.0})),
    "8.0 before 8": rule([b'{"a": 8.0}', b'{"a": 8}'], root=column("double", 8.0, 8.0)),
    "8 before 8.0": rule([b'{"a": 8}', b'{"a": 8.0}', b'{"a": 8e3}'], root=column("bigint", 8, 8, 8000)),
    "8 before 8.5": rule([b'{"a": 8}', b'{"a": 8.5}'], root=gives({"a": "bigint", "a__v_double": "double"}, {"a": 8}, {"a__v_double": 8.5})),
    "8.0 and 8 in one list": rule([b'{"l": [8, 8.0, 8.5]}'], root=gives({}, {}), l=gives({"value": "bigint", "value__v_double": "double"}, {"value": 8}, {"value": 8}, {"value__v_double": 8.5})),
    "a number in a text is a text": rule(of_a("8", "8.0", "true", "null", ""), root=column("text", "8", "8.0", "true", "null", "")),
    "the ends of 64 bits": rule(of_a(2**63 - 1, -(2**63)), root=column("bigint", 2**63 - 1, -(2**63))),
    "integers above 2^53 are exact": rule(of_a(2**53 + 1, 1, 1712349466167123457), root=column("bigint", 2**53 + 1, 1, 1712349466167123457)),
    "the range of doubles": rule(of_a(1e300, 5e-324, -1.7976931348623157e308), root=column("double", 1e300, 5e-324, -1.7976931348623157e308)),
    "a number beyond a double is null": rule([b'{"a": 1e400, "b": 1}', b'{"a": 1.5}'], root=gives({"b": "bigint", "a": "double"}, {"b": 1}, {"a": 1.5})),
    "an integer beyond 64 bits in a double column": rule(of_a(1.5, 2**63), root=column("double", 1.5, 2.0**63)),
    "any Unicode": rule([{"a": "ünïcødé ☃ 😀"}, b'{"a": "\\ud83d\\ude00"}', {"a": "x\u0000y"}], root=column("text", "ünïcødé ☃ 😀", "😀", "x\0y")),
}  # fmt: skip

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
        "2024-01-01", "2024-W01", "10:00:00", "1700000000", "2024-13-01T10:00:00", "2024-02-30T10:00:00Z",
        "2024-01-01T25:00:00Z", "0000-00-00T00:00:00", " 2024-01-01T10:00:00Z", "2024-01-01T10:00:00Zx", "now",
    )
}  # fmt: skip

COERCION = {
    "text takes everything": rule(of_a("x", 1, 2.5, True, 1e16), root=column("text", "x", "1", "2.5", "True", "1e+16")),
    "bigint takes texts of integers": rule(of_a(1, "12", "0x10", " 7 "), root=column("bigint", 1, 12, 16, 7)),
    "bigint refuses other texts": rule(of_a(1, "12.0"), root=gives({"a": "bigint", "a__v_text": "text"}, {"a": 1}, {"a__v_text": "12.0"})),
    "bigint takes whole doubles": rule(of_a(1, 2.0), root=column("bigint", 1, 2)),
    "bigint refuses bool": rule(of_a(1, True), root=gives({"a": "bigint", "a__v_bool": "bool"}, {"a": 1}, {"a__v_bool": True})),
    "double takes integers and texts": rule(of_a(1.5, 2, "2.5", "0x10"), root=column("double", 1.5, 2.0, 2.5, 16.0)),
    "double refuses bool": rule(of_a(1.5, False), root=gives({"a": "double", "a__v_bool": "bool"}, {"a": 1.5}, {"a__v_bool": False})),
    "double rounds above 2^53": rule(of_a(1.5, 2**53 + 1), root=column("double", 1.5, 2.0**53)),
    "bool takes numbers": rule(of_a(True, 0, 1, 7, 2.5, 0.0), root=column("bool", True, False, True, True, True, False)),
    "bool takes yes and no": rule(of_a(True, "yes", "NO", "t", "f", "1", "0"), root=column("bool", True, True, False, True, False, True, False)),
    "bool refuses other texts": rule(of_a(True, "maybe"), root=gives({"a": "bool", "a__v_text": "text"}, {"a": True}, {"a__v_text": "maybe"})),
    "timestamp takes seconds and bare dates": rule(of_a("2024-01-01T10:00:00Z", 5, 1.5, "2024-01-01", "1700000000"), root=column("timestamp", TEN, moment(1970, 1, 1, 0, 0, 5), moment(1970, 1, 1, 0, 0, 1, 500000), moment(2024, 1, 1), moment(2023, 11, 14, 22, 13, 20))),
    "timestamp refuses other texts": rule(of_a("2024-01-01T10:00:00Z", "notdate", "10:00:00"), root=gives({"a": "timestamp", "a__v_text": "text"}, {"a": TEN}, {"a__v_text": "notdate"}, {"a__v_text": "10:00:00"})),
    "timestamp refuses bool": rule(of_a("2024-01-01T10:00:00Z", True), root=gives({"a": "timestamp", "a__v_bool": "bool"}, {"a": TEN}, {"a__v_bool": True})),
    "a variant has the type of its first value": rule(of_a(1, "2024-01-01T10:00:00Z"), root=gives({"a": "bigint", "a__v_text": "timestamp"}, {"a": 1}, {"a__v_text": TEN})),
    "one column may have several variants": rule(of_a(1, "x", True, 1.5), root=gives({"a": "bigint", "a__v_text": "text", "a__v_bool": "bool", "a__v_double": "double"}, {"a": 1}, {"a__v_text": "x"}, {"a__v_bool": True}, {"a__v_double": 1.5})),
    "variants in a list": rule([{"l": [1, "x", True]}], root=gives({}, {}), l=gives({"value": "bigint", "value__v_text": "text", "value__v_bool": "bool"}, {"value": 1}, {"value__v_text": "x"}, {"value__v_bool": True})),
}  # fmt: skip

HINTS = {
    "a declared type wins over the first value": rule(of_a(1, 2), hints={"a": "text"}, root=column("text", "1", "2")),
    "declared columns come first": rule([{"b": 1, "a": 2}], hints={"a": "double"}, root=gives({"a": "double", "b": "bigint"}, {"a": 2.0, "b": 1})),
    "a declared column that never comes is there": rule([{"b": 1}], hints={"a": "date"}, root=gives({"a": "date", "b": "bigint"}, {"b": 1})),
    "names of hints are normalised": rule([{"theKey": 1}], hints={"theKey": "text"}, root=column("text", "1", name="the_key")),
    "what a declared type cannot take is a variant": rule(of_a(1, "x"), hints={"a": "bigint"}, root=gives({"a": "bigint", "a__v_text": "text"}, {"a": 1}, {"a__v_text": "x"})),
    "decimal from text and numbers": rule(of_a("0.1", 3, 2.5), hints={"a": "decimal"}, root=column("decimal", Decimal("0.1"), Decimal(3), Decimal("2.5"))),
    "decimal beyond 64 bits": rule(of_a(2**63), hints={"a": "decimal"}, root=column("decimal", Decimal(2**63))),
    "date from texts and numbers": rule(of_a("2024-01-01", "2024-01-01T10:00:00Z", 86400), hints={"a": "date"}, root=column("date", date(2024, 1, 1), date(2024, 1, 1), date(1970, 1, 2))),
    "time from text": rule(of_a("10:00:00", "10:00"), hints={"a": "time"}, root=column("time", time(10), time(10))),
    "binary from base64 and integers": rule(of_a("aGVsbG8=", 5), hints={"a": "binary"}, root=column("binary", b"hello", b"\x05")),
    "json takes a text that is JSON": rule(of_a('{"b": 1}', [1]), hints={"a": "json"}, root=column("json", '{"b":1}', "[1]")),
    "a declared text is no moment": rule(of_a("2024-01-01T10:00:00Z"), hints={"a": "text"}, root=column("text", "2024-01-01T10:00:00Z")),
}  # fmt: skip

EVOLUTION = {
    "a new key in a later page is a new column": rule(of_a(1), [{"a": 2, "b": "x"}], root=gives({"a": "bigint", "b": "text"}, {"a": 1}, {"a": 2, "b": "x"})),
    "a type that changes in a later page is a variant": rule(of_a(1), of_a("x"), of_a(2), root=gives({"a": "bigint", "a__v_text": "text"}, {"a": 1}, {"a__v_text": "x"}, {"a": 2})),
    "a child table may come late": rule([{"a": 1, "l": []}], [{"a": 2, "l": [5]}], root=column("bigint", 1, 2), l=column("bigint", 5, name="value")),
    "a column of nulls is decided by a later page": rule(of_a(None, None), of_a(1.5), root=column("double", None, None, 1.5)),
    "a text column takes the moments of a later page as text": rule(of_a("x"), of_a("2024-01-01T10:00:00Z"), root=column("text", "x", "2024-01-01T10:00:00Z")),
    "a moment column refuses the texts of a later page": rule(of_a("2024-01-01T10:00:00Z"), of_a("soon"), root=gives({"a": "timestamp", "a__v_text": "text"}, {"a": TEN}, {"a__v_text": "soon"})),
    "an object turns into a list": rule([{"f": {"x": 1}}], [{"f": [{"x": 2}]}], root=gives({"f__x": "bigint"}, {"f__x": 1}, {}), f=column("bigint", 2, name="x")),
    "empty pages change nothing": rule([], of_a(1), [], of_a(2), root=column("bigint", 1, 2)),
}  # fmt: skip

TRAPS = {
    "texts that look like dates stay as written": rule(of_a("2024-01-01", "2024-01-02", "2024-01-03 00:00:00"), root=column("text", "2024-01-01", "2024-01-02", "2024-01-03 00:00:00")),
    "a text among moments": rule(of_a("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z", "x"), root=gives({"a": "timestamp", "a__v_text": "text"}, {"a": TEN}, {"a": TEN}, {"a__v_text": "x"})),
    "records with newlines": rule([b'{\n  "a": "one",\n  "l": [\n    1\n  ]\n}', b'{"a":"two"}', b'{ "a" : "a\\nb" }\n'], root=column("text", "one", "two", "a\nb"), l=column("bigint", 1, name="value")),
    "carriage returns and tabs": rule([b'{\r\n\t"a":\t1\r\n}', b'{"a": 2}'], root=column("bigint", 1, 2)),
    "texts with the look of keys": rule([{"a": '"a": 5, "b": 8.0'}, {"a": '{"a": 1.5}'}], root=column("text", '"a": 5, "b": 8.0', '{"a": 1.5}')),
    "mixed kinds beside texts with the look of keys": rule([{"a": 1, "t": '"a": "x"'}, {"a": 8.5, "t": ',"a": 8'}, {"a": "y"}], root=gives({"a": "bigint", "t": "text", "a__v_double": "double", "a__v_text": "text"}, {"a": 1, "t": '"a": "x"'}, {"t": ',"a": 8', "a__v_double": 8.5}, {"a__v_text": "y"})),
    "empty objects in a column of nulls": rule([{"a": {}}, {"a": None}, {"a": {"b": {}}}], root=gives({}, {}, {}, {})),
    "lists of nothing but nulls": rule([{"l": [None, None]}], root=gives({}, {}), l=gives({}, {}, {})),
    "keys that no name tells apart": rule([{"a b": 1, "a-b": 2, "a.b": 3}], root=column("bigint", 3, name="a_b")),
    "all kinds under one key": rule(of_a(1, 1.5, True, "x", {"b": 1}, [2], None), root=gives({"a": "bigint", "a__v_double": "double", "a__v_bool": "bool", "a__v_text": "text", "a__b": "bigint"}, {"a": 1}, {"a__v_double": 1.5}, {"a__v_bool": True}, {"a__v_text": "x"}, {"a__b": 1}, {}, {}), a=column("bigint", 2, name="value")),
    "our own columns in the data": rule([{"_dlt_load_id": "mine", "l": [{"_dlt_parent_id": "x", "_dlt_list_idx": 9, "v": 1}]}], root=gives({}, {}), l=column("bigint", 1, name="v")),
}  # fmt: skip

GROUPS = {
    "shape": SHAPE, "names": NAMES, "types": TYPES, "moments": MOMENTS, "coercion": COERCION, "hints": HINTS,
    "evolution": EVOLUTION, "traps": TRAPS,
}  # fmt: skip
RULES = {f"{group}: {name}": one for group, rules in GROUPS.items() for name, one in rules.items()}
